//! All tags of one image: made of a recipe and the facts of the build, the same for the same facts.

use std::collections::BTreeMap;

use crate::domain::image::Tag;
use crate::domain::shown::visible;
use crate::domain::version::Version;
use crate::failure::{Failure, Outcome};

use super::clean::{clean, hashed};
use super::facts::{Facts, GitRef};
use super::pattern::{Made, Pattern, invalid};
use super::standing::{Fate, Kind, fate};
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
    /// Reads the input `tags`: one pattern a line; empty lines and comments (`#`) do not count.
    ///
    /// # Errors
    /// A line that is not known, or more than 100.
    pub fn patterns(text: &str) -> Result<Self, Failure> {
        let lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
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

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The tag.
    pub tag: Tag,
    /// What it says of its image.
    pub kind: Kind,
    /// Whether it is set or stays.
    pub fate: Fate,
    /// What it was made of, where that is another text: to be told.
    pub instead_of: Option<String>,
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
}

/// A tag on its way: what it was written as, and what was made of that.
struct Draft {
    what: String,
    made: Made,
}

/// The tags of an image. `standing` has the versions that tags of the repository stand on, as far as they are known.
///
/// # Errors
/// No version where one is needed, a commit that is none, or not a single tag.
pub fn plan(
    recipe: &Recipe,
    facts: &Facts<'_>,
    standing: &BTreeMap<Tag, Version>,
) -> Result<Plan, Failure> {
    let is_sha = matches!(facts.sha.len(), 40 | 64)
        && facts.sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_sha {
        let what = format!("invalid commit \"{}\"", visible(facts.sha));
        return Err(Failure::new(Outcome::BadInput, what)
            .why("it is not 40 or 64 hex digits")
            .help("check the repository out before (actions/checkout), or set GITHUB_SHA"));
    }
    let mut plan = Plan::default();
    let drafts = drafts(recipe, facts, &mut plan.left_out)?;
    let mut taken: BTreeMap<Tag, (String, Kind)> = BTreeMap::new();
    for Draft { what, made: Made { text, kind, version } } in drafts {
        let Some(tag) = distinct(&text, kind, &mut taken) else {
            if clean(&text).is_none() {
                plan.left_out
                    .push(LeftOut { what, why: "nothing of it may stand in a tag".to_owned() });
            }
            continue;
        };
        let fate = fate(kind, standing.get(&tag), version.as_ref());
        let instead_of = (tag.as_str() != text).then_some(text);
        plan.tags.push(Planned { tag, kind, fate, instead_of });
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
/// another text took first gets a hash, and so does a branch with the name of another tag (`latest`).
fn distinct(text: &str, kind: Kind, taken: &mut BTreeMap<Tag, (String, Kind)>) -> Option<Tag> {
    let is_same = |(other, of): &(String, Kind)| {
        other == text && (*of == kind || (*of != Kind::Ref && kind != Kind::Ref))
    };
    let mut tag = clean(text)?;
    while let Some(other) = taken.get(&tag) {
        if is_same(other) {
            return None;
        }
        let next = hashed(tag.as_str(), text)?;
        // A hash behind a tag that has one already, as far as it can go.
        if next == tag {
            return None;
        }
        tag = next;
    }
    taken.insert(tag.clone(), (text.to_owned(), kind));
    Some(tag)
}

fn drafts(
    recipe: &Recipe,
    facts: &Facts<'_>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Draft>, Failure> {
    let needed = || facts.version.ok_or_else(no_version);
    match recipe {
        Recipe::Class(class) => {
            let (class, version) = (class.as_str(), needed()?);
            Ok(vec![
                named(format!("{class}-latest"), Kind::Latest, facts),
                named(format!("{class}-v{version}"), Kind::Version, facts),
                named(format!("{class}-{}", short(facts.sha)), Kind::Commit, facts),
            ])
        }
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

/// `1.4.0`, `1.4.0-1a2b3c4`, `latest`, the branch. What comes before a release is not the latest one.
fn release(version: &Version, facts: &Facts<'_>, left_out: &mut Vec<LeftOut>) -> Vec<Draft> {
    let mut drafts = vec![
        named(version.to_string(), Kind::Version, facts),
        named(format!("{version}-{}", short(facts.sha)), Kind::Commit, facts),
    ];
    if version.is_before_release() {
        let why = format!("{version} comes before a release");
        left_out.push(LeftOut { what: "latest".to_owned(), why });
    } else {
        drafts.push(named("latest".to_owned(), Kind::Latest, facts));
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

fn named(text: String, kind: Kind, facts: &Facts<'_>) -> Draft {
    Draft { what: text.clone(), made: Made { text, kind, version: facts.version.cloned() } }
}

fn no_version() -> Failure {
    Failure::new(Outcome::BadInput, "no version for the tags of the image")
        .why("a tag has the version in its name, and none was found")
        .help("set `version-from` to the file that says it, such as VERSION or package.json")
}
