//! All tags of one image: made of a recipe and the facts of the build, the same for the same facts.

use std::collections::BTreeMap;

use crate::domain::image::Tag;
use crate::domain::shown::visible;
use crate::domain::version::Version;
use crate::failure::{Failure, Outcome};

use super::clean::{clean, hashed, hyphenated, trimmed};
use super::facts::{Facts, GitRef};
use super::pattern::{Made, Pattern, invalid};
use super::standing::{Family, Fate, Kind, Planned, fate};
use super::template::{Nothing, short};

/// How many lines `tags` may have.
const MOST: usize = 100;

/// A class of tags: what stands before all tags of an environment, such as `uat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class(Tag);

impl Class {
    /// Reads a class: the input `tag-class`, or the name of an environment, cleaned as a tag is.
    ///
    /// # Errors
    /// Nothing of it may stand in a tag.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        clean(text.trim()).map(Self).ok_or_else(|| {
            Failure::new(Outcome::BadInput, format!("invalid tag-class \"{}\"", visible(text)))
                .why("it has no letter or digit that a tag may have")
                .help("set `tag-class` to a short word, such as uat")
        })
    }

    /// The text before the hyphen.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Which tags an image gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Those of an environment: `uat-latest`, `uat-v1.4.0`, `uat-1a2b3c4`.
    Class(Class),
    /// Those of a release: `1.4.0`, `1.4.0-1a2b3c4`, `latest`, and the branch.
    Release,
    /// Those of the input `tags`.
    Patterns(Vec<Pattern>),
}

impl Recipe {
    /// Reads the input `tags`: one pattern a line; empty lines and comments (`#`, behind a line with a blank before it)
    /// do not count.
    ///
    /// # Errors
    /// A line that is not known, or more than 100.
    pub fn patterns(text: &str) -> Result<Self, Failure> {
        let lines = text.lines().map(without_comment).filter(|line| !line.is_empty());
        let patterns: Vec<Pattern> =
            lines.take(MOST + 1).map(Pattern::parse).collect::<Result<_, _>>()?;
        if patterns.is_empty() || patterns.len() > MOST {
            let why =
                if patterns.is_empty() { "it has no line" } else { "it has more than 100 lines" };
            return Err(Failure::new(Outcome::BadInput, "invalid tags")
                .why(why)
                .help("write one tag a line"));
        }
        Ok(Self::Patterns(patterns))
    }

    /// Whether the version of what is built has to be known.
    pub fn needs_version(&self) -> bool {
        match self {
            Self::Class(_) | Self::Release => true,
            Self::Patterns(patterns) => patterns.iter().any(Pattern::needs_version),
        }
    }
}

/// A line without blanks around it and the comment behind it.
fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| {
        let before = line.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(char::is_whitespace)
    };
    let comment = line.match_indices('#').map(|(at, _)| at).find(begins);
    comment.and_then(|at| line.get(..at)).unwrap_or(line).trim()
}

/// A tag that is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The line or the name of it.
    pub what: String,
    /// Why.
    pub why: String,
}

/// The tags of one image, the most important one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The tags.
    pub tags: Vec<Planned>,
    /// What is not made, and why.
    pub left_out: Vec<LeftOut>,
}

impl Plan {
    /// The tags that will point to what is built.
    pub fn set(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(|one| one.fate == Fate::Set).map(|one| &one.tag)
    }

    /// The tags of which it is to be asked where they stand before they are set: those for the highest version.
    pub fn guarded(&self) -> Vec<&Planned> {
        self.tags.iter().filter(|one| one.is_guarded()).collect()
    }

    /// The same tags, of which those stay that stand on a higher version. `standing` has the version that a guarded
    /// tag stands on, where it is known.
    #[must_use]
    pub fn standing(mut self, standing: &BTreeMap<Tag, Version>) -> Self {
        for one in &mut self.tags {
            one.fate = fate(one.kind, standing.get(&one.tag), one.version.as_ref());
        }
        self
    }
}

/// A tag on its way: what it was written as, and what was made of that.
struct Draft {
    what: String,
    made: Made,
}

/// The tags of an image, all to be set; where they stand now is for [`Plan::standing`].
///
/// # Errors
/// No version where one is needed, a commit that is none, or not a single tag.
pub fn plan(recipe: &Recipe, facts: &Facts<'_>) -> Result<Plan, Failure> {
    let is_sha = matches!(facts.sha.len(), 40 | 64)
        && facts.sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_sha {
        let what = match facts.sha {
            "" => "the commit is not known".to_owned(),
            sha => format!("invalid commit \"{}\"", visible(sha)),
        };
        return Err(Failure::new(Outcome::BadInput, what)
            .why("every image is known by its commit, 40 or 64 hex digits")
            .help("run it in a checkout of a git repository (actions/checkout)"));
    }
    let mut plan = Plan::default();
    let drafts = drafts(recipe, facts, &mut plan.left_out)?;
    let mut taken: BTreeMap<Tag, (String, Kind)> = BTreeMap::new();
    for Draft { what, made } in drafts {
        let Some(tag) = distinct(&made, facts, &mut taken) else {
            if clean(&made.text).is_none() {
                plan.left_out
                    .push(LeftOut { what, why: "nothing of it may stand in a tag".to_owned() });
            }
            continue;
        };
        plan.tags.push(planned(tag, made, facts));
    }
    if plan.tags.is_empty() {
        let why: Vec<String> = plan
            .left_out
            .iter()
            .map(|one| format!("{}: {}", visible(&one.what), one.why))
            .collect();
        return Err(Failure::new(Outcome::BadInput, "no tag for the image")
            .why(why.join("; "))
            .help("add a line to `tags` that always holds, such as `{{sha}}`"));
    }
    Ok(plan)
}

/// The tag of a text. `None` where no tag can be made of it, or the same was made of the same before. A tag that
/// another text took first gets a hash, and so does a branch with the name of another tag (`1.4.0`).
fn distinct(
    made: &Made,
    facts: &Facts<'_>,
    taken: &mut BTreeMap<Tag, (String, Kind)>,
) -> Option<Tag> {
    // A git tag `v1.4.0` is what the version `v1.4.0` is; a branch of that name is not.
    let is_tag = matches!(facts.git_ref, GitRef::Tag(_));
    let is_same = |(other, of): &(String, Kind)| {
        let kinds = [*of, made.kind];
        let is_plain = kinds.iter().all(|one| matches!(one, Kind::Ref | Kind::Other));
        *other == made.text && (is_tag || is_plain || !kinds.contains(&Kind::Ref))
    };
    let mut tag = clean(&made.text)?;
    if made.kind == Kind::Ref && is_branch_latest(facts) && Family::of_latest(&tag).is_some() {
        tag = hashed(tag.as_str(), &made.text)?;
    }
    while let Some(other) = taken.get(&tag) {
        if is_same(other) {
            return None;
        }
        let next = hashed(tag.as_str(), &made.text)?;
        // A hash behind a tag that has one already, as far as it can go.
        if next == tag {
            return None;
        }
        tag = next;
    }
    taken.insert(tag.clone(), (made.text.clone(), made.kind));
    Some(tag)
}

/// Whether a branch is built that is called as a tag for the highest version is (`latest`, `uat-latest`).
fn is_branch_latest(facts: &Facts<'_>) -> bool {
    let GitRef::Branch(branch) = facts.git_ref else { return false };
    clean(branch).is_some_and(|tag| Family::of_latest(&tag).is_some())
}

/// A tag as it is planned. One that reads as the highest version is guarded as such, whatever it was made of.
fn planned(tag: Tag, made: Made, facts: &Facts<'_>) -> Planned {
    let own = family(&tag, &made);
    let latest = own.clone().or_else(|| Family::of_latest(&tag));
    let is_behind = tag == Tag::latest() || tag.as_str().ends_with("-latest");
    let kind = match made.kind {
        Kind::Latest | Kind::Series => made.kind,
        Kind::Ref if is_branch_latest(facts) => Kind::Ref,
        Kind::Version | Kind::Commit if !is_behind => made.kind,
        other if latest.is_none() => other,
        _ => Kind::Latest,
    };
    let family = match kind {
        Kind::Latest => latest,
        Kind::Series => own,
        _ => None,
    };
    let instead_of = (tag.as_str() != made.text).then_some(made.text);
    Planned { tag, kind, fate: Fate::Set, version: made.version, instead_of, family }
}

/// The tags that say one version of what a tag is made of, by what stands around its part that moves; `None` where the
/// tag is not made of that alone.
fn family(tag: &Tag, made: &Made) -> Option<Family> {
    let (around, version) = (made.around.as_ref()?, made.version.as_ref()?);
    let numbers: Option<Vec<&str>> = (0..around.shared).map(|at| version.part(at)).collect();
    let moving = if around.shared == 0 { "latest".to_owned() } else { numbers?.join(".") };
    let (before, behind) = (hyphenated(&around.before), hyphenated(&around.behind));
    let before = trimmed(&before);
    let is_all = tag.as_str() == format!("{before}{moving}{behind}");
    is_all.then(|| Family::new(before, &behind, around.shared))
}

fn drafts(
    recipe: &Recipe,
    facts: &Facts<'_>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Draft>, Failure> {
    let no_version = || facts.lack.cloned().unwrap_or_else(no_version);
    let needed = || facts.version.ok_or_else(no_version);
    match recipe {
        Recipe::Class(class) => of_class(class.as_str(), needed, facts, left_out),
        Recipe::Release => Ok(release(needed()?, facts, left_out)),
        Recipe::Patterns(patterns) => {
            let mut sorted: Vec<&Pattern> = patterns.iter().collect();
            sorted.sort_by_key(|pattern| std::cmp::Reverse(pattern.priority()));
            let mut drafts = Vec::new();
            for pattern in sorted {
                let what = pattern.line().to_owned();
                match pattern.text(facts) {
                    Ok(made) => drafts.push(Draft { what, made }),
                    Err(Nothing::NoVersion) => return Err(no_version()),
                    Err(Nothing::Wrong(why)) => return Err(invalid(&what, &why)),
                    Err(Nothing::LeftOut(why)) => left_out.push(LeftOut { what, why }),
                }
            }
            Ok(drafts)
        }
    }
}

/// `uat-latest`, `uat-v1.4.0`, `uat-1a2b3c4`; of a pull request the last alone, which needs no version.
fn of_class<'a>(
    class: &str,
    version: impl FnOnce() -> Result<&'a Version, Failure>,
    facts: &Facts<'_>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Draft>, Failure> {
    let latest = format!("{class}-latest");
    let commit = named(format!("{class}-{}", short(facts.sha)), Kind::Commit, facts);
    if is_pull_request(facts) {
        let version = facts.version.map_or("...", Version::as_str);
        left_out.extend([latest, format!("{class}-v{version}")].map(of_pull_request));
        return Ok(vec![commit]);
    }
    let of_version = named(format!("{class}-v{}", version()?), Kind::Version, facts);
    Ok(vec![named(latest, Kind::Latest, facts), of_version, commit])
}

/// `1.4.0`, `1.4.0-1a2b3c4`, `latest`, the branch; of a pull request the second alone. What comes before a release is
/// not the latest one, nor is what another branch than the default one has: it is not merged yet.
fn release(version: &Version, facts: &Facts<'_>, left_out: &mut Vec<LeftOut>) -> Vec<Draft> {
    let commit = named(format!("{version}-{}", short(facts.sha)), Kind::Commit, facts);
    if is_pull_request(facts) {
        let names = [version.to_string(), "latest".to_owned(), "the branch".to_owned()];
        left_out.extend(names.map(of_pull_request));
        return vec![commit];
    }
    let mut drafts = vec![named(version.to_string(), Kind::Version, facts), commit];
    let not_latest = match (facts.git_ref, facts.default_branch) {
        _ if version.is_before_release() => Some(format!("{version} comes before a release")),
        (GitRef::Branch(built), Some(default)) if built != default => {
            Some(format!("what is built is not the branch {}", visible(default)))
        }
        (GitRef::Branch(_), None) => Some("the default branch is not known".to_owned()),
        _ => None,
    };
    match not_latest {
        Some(why) => left_out.push(LeftOut { what: "latest".to_owned(), why }),
        None => drafts.push(named("latest".to_owned(), Kind::Latest, facts)),
    }
    match facts.git_ref {
        GitRef::Branch(branch) => drafts.push(named(branch.to_owned(), Kind::Ref, facts)),
        _ => left_out.push(LeftOut {
            what: "the branch".to_owned(),
            why: "what is built is not a branch".to_owned(),
        }),
    }
    drafts
}

const fn is_pull_request(facts: &Facts<'_>) -> bool {
    matches!(facts.git_ref, GitRef::PullRequest(_))
}

/// What a pull request does not get: it would take the place of what is merged.
fn of_pull_request(what: String) -> LeftOut {
    LeftOut { what, why: "what is built is a pull request".to_owned() }
}

fn named(text: String, kind: Kind, facts: &Facts<'_>) -> Draft {
    let version = facts.version.cloned();
    Draft { what: text.clone(), made: Made { text, kind, version, around: None } }
}

fn no_version() -> Failure {
    Failure::new(Outcome::BadInput, "no version for the tags of the image")
        .why("a tag has the version in its name, and none was found")
        .help("set `version-from` to the file that says it, such as VERSION or package.json")
}
