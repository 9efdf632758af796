//! One line of the input `tags`.

use crate::domain::image::Tag;
use crate::domain::input::nearest;
use crate::domain::shown::visible;
use crate::domain::version::Version;
use crate::failure::{Failure, Outcome};

use super::facts::{Facts, GitRef};
use super::fields;
use super::standing::Kind;
use super::template::{Expression, Nothing, Template, short};

/// How long a line may be, in bytes.
const LONGEST: usize = 1000;

/// What docker/metadata-action has and is not read here yet.
const NOT_YET: [&str; 3] = ["schedule", "pep440", "match"];

/// A line: a text with expressions (`{{version}}-{{sha}}`), or `type=...` and its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    line: String,
    source: Source,
    enable: Template,
    prefix: Template,
    suffix: Template,
    priority: i64,
}

/// What the middle of the tag is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// A text.
    Text(Template),
    /// A version in a form, that of the build unless it has a value of its own.
    Semver { pattern: Template, value: Option<Template> },
    /// The branch, the tag or the pull request that is built; not the others.
    Ref(Event),
    /// The commit.
    Sha(Length),
    /// `edge`, or what it is given, on one branch: the default one unless it names another.
    Edge { branch: Option<String>, value: Template },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Branch,
    Tag,
    PullRequest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Short,
    Long,
}

/// What a line comes to for one build.
pub(super) struct Made {
    /// The text of the tag, not yet cleaned.
    pub(super) text: String,
    /// What it says of its image.
    pub(super) kind: Kind,
    /// The version that it is of.
    pub(super) version: Option<Version>,
    /// Where in it the word `latest` or the numbers of a series stand, if that is known.
    pub(super) around: Option<Around>,
}

/// What stands around the part of a tag that all versions of its family have in its place.
pub(super) struct Around {
    /// What stands before it.
    pub(super) before: String,
    /// What stands behind it.
    pub(super) behind: String,
    /// How many numbers it has: 0 for `latest`, 2 for `1.4`.
    pub(super) shared: usize,
}

impl Pattern {
    /// Reads a line. Types: `raw`, `semver`, `ref`, `sha`, `edge`; attributes: `enable priority prefix suffix` of all,
    /// `value` (raw, semver, edge), `pattern` (semver), `event` (ref), `format` (sha), `branch` (edge). Expressions:
    /// `version raw major minor patch sha branch tag is_default_branch is_not_default_branch`, and `date` with a format
    /// in quotes behind it.
    ///
    /// # Errors
    /// What of it is not known, by name.
    pub fn parse(line: &str) -> Result<Self, Failure> {
        let line = line.trim();
        let read = || {
            if line.len() > LONGEST {
                return Err("it is longer than 1000 characters".to_owned());
            }
            let fields = fields::split(line)?;
            let is_typed =
                |field: &String| field.trim_start().to_ascii_lowercase().starts_with("type=");
            if fields.iter().any(is_typed) { typed(line, &fields) } else { bare(line) }
        };
        read().map_err(|why| invalid(line, &why))
    }

    /// The line.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// What decides the order: higher ones first.
    pub const fn priority(&self) -> i64 {
        self.priority
    }

    /// Whether it needs the version of what is built.
    pub fn needs_version(&self) -> bool {
        if self.enable == constant("false") {
            return false;
        }
        let own = match &self.source {
            Source::Text(text) => text.needs_version(),
            Source::Semver { value, .. } => value.as_ref().is_none_or(Template::needs_version),
            Source::Ref(_) | Source::Sha(_) => false,
            Source::Edge { value, .. } => value.needs_version(),
        };
        own || [&self.enable, &self.prefix, &self.suffix].iter().any(|one| one.needs_version())
    }

    /// The text of the tag.
    pub(super) fn text(&self, facts: &Facts<'_>) -> Result<Made, Nothing> {
        match self.enable.fill(facts, facts.version)?.as_str() {
            "true" => {}
            "false" => return Err(Nothing::LeftOut("`enable` says false".to_owned())),
            other => {
                let why = format!("`enable` is \"{}\", neither true nor false", visible(other));
                return Err(Nothing::Wrong(why));
            }
        }
        let middle = self.middle(facts)?;
        let prefix = self.prefix.fill(facts, facts.version)?;
        let suffix = self.suffix.fill(facts, facts.version)?;
        let around = middle.around.map(|Around { before, behind, shared }| {
            let (before, behind) = (format!("{prefix}{before}"), format!("{behind}{suffix}"));
            Around { before, behind, shared }
        });
        Ok(Made { text: format!("{prefix}{}{suffix}", middle.text), around, ..middle })
    }

    fn middle(&self, facts: &Facts<'_>) -> Result<Made, Nothing> {
        let made =
            |text, kind| Ok(Made { text, kind, version: facts.version.cloned(), around: None });
        let left_out = |why: &str| Err(Nothing::LeftOut(why.to_owned()));
        match &self.source {
            Source::Text(text) => {
                let kind = kind(text, facts.version);
                series_of_a_release(kind, facts.version)?;
                filled(text, kind, facts, facts.version)
            }
            Source::Semver { pattern, value } => semver(pattern, value.as_ref(), facts),
            Source::Ref(event) => match (event, facts.git_ref) {
                (Event::Branch, GitRef::Branch(name)) | (Event::Tag, GitRef::Tag(name)) => {
                    made(name.to_owned(), Kind::Ref)
                }
                (Event::PullRequest, GitRef::PullRequest(number)) => {
                    made(number.to_string(), Kind::Ref)
                }
                (Event::Branch, _) => left_out("what is built is not a branch"),
                (Event::Tag, _) => left_out("what is built is not a tag"),
                (Event::PullRequest, _) => left_out("what is built is not a pull request"),
            },
            Source::Sha(Length::Short) => made(short(facts.sha).to_owned(), Kind::Commit),
            Source::Sha(Length::Long) => made(facts.sha.to_owned(), Kind::Commit),
            Source::Edge { branch, value } => {
                let Some(branch) = branch.as_deref().or(facts.default_branch) else {
                    return left_out("the default branch is not known");
                };
                if facts.git_ref != GitRef::Branch(branch) {
                    return left_out(&format!(
                        "what is built is not the branch {}",
                        visible(branch)
                    ));
                }
                made(value.fill(facts, facts.version)?, Kind::Ref)
            }
        }
    }
}

/// A line that cannot be used, and why.
pub(super) fn invalid(line: &str, why: &str) -> Failure {
    let shown: String = line.chars().take(100).collect();
    Failure::new(Outcome::BadInput, format!("invalid line \"{}\" in tags", visible(&shown))).why(why).help(
        "write one tag a line, such as `{{version}}` or `type=semver,pattern={{major}}.{{minor}}`",
    )
}

/// A version in a form. As in docker/metadata-action, what is no semantic version gives no tag, and one before a
/// release gives only its whole.
fn semver(
    pattern: &Template,
    value: Option<&Template>,
    facts: &Facts<'_>,
) -> Result<Made, Nothing> {
    let own = match value {
        Some(value) => {
            let text = value.fill(facts, facts.version)?;
            let wrong =
                |why| Nothing::LeftOut(format!("\"{}\" is no version: it {why}", visible(&text)));
            Some(Version::parse(&text).map_err(wrong)?)
        }
        None => None,
    };
    if own.is_none() && matches!(facts.git_ref, GitRef::PullRequest(_)) {
        return Err(Nothing::LeftOut("what is built is a pull request".to_owned()));
    }
    let none = || Nothing::LeftOut("no version was found".to_owned());
    let version = own.as_ref().or(facts.version).ok_or_else(none)?;
    if semver::Version::parse(version.as_str()).is_err() {
        return Err(Nothing::LeftOut(format!("{version} is no semantic version")));
    }
    if version.is_before_release() && !pattern.is(&Expression::Raw) {
        return filled(&whole(), Kind::Version, facts, Some(version));
    }
    filled(pattern, kind(pattern, Some(version)), facts, Some(version))
}

/// A version in the form that what comes before a release has, whatever its line says.
fn whole() -> Template {
    constant("{{version}}").without_build()
}

/// A text with its values, and where the versions of its family would stand in it.
fn filled(
    text: &Template,
    kind: Kind,
    facts: &Facts<'_>,
    version: Option<&Version>,
) -> Result<Made, Nothing> {
    let fill = |template: &Template| template.fill(facts, version);
    let made = fill(text)?;
    let is_latest = made == "latest" || made.ends_with("-latest");
    let kind = if kind == Kind::Other && is_latest { Kind::Latest } else { kind };
    let around = match kind {
        Kind::Series => match text.around_numbers() {
            Some((before, shared, behind)) => {
                Some(Around { before: fill(&before)?, behind: fill(&behind)?, shared })
            }
            None => None,
        },
        Kind::Latest => made.strip_suffix("latest").map(|before| Around {
            before: before.to_owned(),
            behind: String::new(),
            shared: 0,
        }),
        _ => None,
    };
    Ok(Made { text: made, kind, version: version.cloned(), around })
}

/// `1.4` is the highest release of its series: what comes before a release never is.
fn series_of_a_release(kind: Kind, version: Option<&Version>) -> Result<(), Nothing> {
    match version {
        Some(version) if kind == Kind::Series && version.is_before_release() => {
            Err(Nothing::LeftOut(format!("{version} comes before a release")))
        }
        _ => Ok(()),
    }
}

/// What a text says of its image, by its expressions. The numbers of a version are the version where it has no more
/// than three, and nothing behind them: those of 17.0.1.2.3 and of 1.4.0.post1 are a series.
fn kind(text: &Template, version: Option<&Version>) -> Kind {
    let is_whole = |version: &Version| {
        let numbers = version.as_str().split('+').next().unwrap_or_default();
        version.parts() <= 3 && numbers.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
    };
    if text.has(|one| *one == Expression::Sha) {
        Kind::Commit
    } else if text.has(|one| matches!(one, Expression::Branch | Expression::Tag)) {
        Kind::Ref
    } else if text
        .has(|one| matches!(one, Expression::Version | Expression::Semver | Expression::Raw))
        || (text.has(|one| *one == Expression::Part(2)) && version.is_some_and(is_whole))
    {
        Kind::Version
    } else if text.has(|one| matches!(one, Expression::Part(_))) {
        Kind::Series
    } else {
        Kind::Other
    }
}

/// A line without a type. What stands between its expressions must be of a tag: nothing is cleaned that somebody wrote.
fn bare(line: &str) -> Result<Pattern, String> {
    let text = Template::parse(line)?;
    let wrong = text.literals().flat_map(str::chars).find(|c| !Tag::may_have(*c));
    if let Some(c) = wrong {
        return Err(format!("`{}` cannot be in a tag", visible(&c.to_string())));
    }
    if line.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(pattern(line, Source::Text(text), 200))
}

fn pattern(line: &str, source: Source, priority: i64) -> Pattern {
    Pattern {
        line: line.to_owned(),
        source,
        enable: constant("true"),
        prefix: Template::default(),
        suffix: Template::default(),
        priority,
    }
}

fn constant(text: &str) -> Template {
    Template::parse(text).unwrap_or_default()
}

fn no_attribute(field: &str) -> String {
    format!("`{}` is not `key=value`", visible(field))
}

/// The attributes of a line that have not been used yet. What has no name has an empty one.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn read(fields: &[String]) -> Result<Self, String> {
        let mut attributes: Vec<(String, String)> = Vec::new();
        for field in fields {
            let (key, value) = field.split_once('=').unwrap_or(("", field));
            let key = key.trim().to_ascii_lowercase();
            if attributes.iter().any(|(other, _)| *other == key) {
                return Err(if key.is_empty() {
                    no_attribute(value)
                } else {
                    format!("`{}` is there twice", visible(&key))
                });
            }
            attributes.push((key, value.trim().to_owned()));
        }
        Ok(Self(attributes))
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.swap_remove(at).1)
    }

    fn template(&mut self, key: &str) -> Result<Option<Template>, String> {
        self.take(key).map(|text| Template::parse(&text)).transpose()
    }
}

/// A line with a type.
fn typed(line: &str, fields: &[String]) -> Result<Pattern, String> {
    let mut attributes = Attributes::read(fields)?;
    let name = attributes.take("type").unwrap_or_default();
    let (source, priority, known) = source(&name, &mut attributes)?;
    let mut pattern = pattern(line, source, priority);
    if let Some(text) = attributes.take("priority") {
        pattern.priority =
            text.parse().map_err(|_| format!("`priority={}` is no number", visible(&text)))?;
    }
    if let Some(enable) = attributes.template("enable")? {
        if !enable.has(|_| true) && enable != constant("true") && enable != constant("false") {
            return Err("`enable` is neither true nor false".to_owned());
        }
        pattern.enable = enable;
    }
    pattern.prefix = match attributes.template("prefix")? {
        Some(prefix) => prefix,
        None => constant(match pattern.source {
            Source::Sha(_) => "sha-",
            Source::Ref(Event::PullRequest) => "pr-",
            _ => "",
        }),
    };
    pattern.suffix = attributes.template("suffix")?.unwrap_or_default();
    match attributes.0.first() {
        Some((key, value)) if key.is_empty() => Err(no_attribute(value)),
        Some((key, _)) => Err(format!(
            "`type={name}` has no attribute `{}`; it has {known}, enable, priority, prefix and suffix",
            visible(key)
        )),
        None => Ok(pattern),
    }
}

/// What a type is, its default priority, and its own attributes in words.
fn source(name: &str, attributes: &mut Attributes) -> Result<(Source, i64, &'static str), String> {
    Ok(match name {
        "raw" => {
            let value = match attributes.template("value")? {
                Some(value) => Some(value),
                None => attributes.template("")?,
            };
            (Source::Text(value.ok_or("`type=raw` needs `value`")?), 200, "value")
        }
        "semver" => {
            let pattern = attributes.template("pattern")?.ok_or("`type=semver` needs `pattern`")?;
            let value = attributes.template("value")?.filter(|value| !value.is_empty());
            (Source::Semver { pattern: pattern.without_build(), value }, 900, "pattern, value")
        }
        "ref" => {
            let event = match attributes.take("event").as_deref() {
                Some("branch") => Event::Branch,
                Some("tag") => Event::Tag,
                Some("pr") => Event::PullRequest,
                _ => return Err("`type=ref` needs `event`, which is branch, tag or pr".to_owned()),
            };
            (Source::Ref(event), 600, "event")
        }
        "sha" => {
            let length = match attributes.take("format").as_deref() {
                None | Some("short") => Length::Short,
                Some("long") => Length::Long,
                Some(_) => {
                    return Err("`format` of `type=sha` is neither short nor long".to_owned());
                }
            };
            (Source::Sha(length), 100, "format")
        }
        "edge" => {
            let value = attributes.template("value")?.unwrap_or_else(|| constant("edge"));
            let branch = attributes.take("branch").filter(|branch| !branch.is_empty());
            (Source::Edge { branch, value }, 700, "branch, value")
        }
        later if NOT_YET.contains(&later) => {
            return Err(format!("`type={later}` of docker/metadata-action is not supported yet"));
        }
        other => {
            let known = ["raw", "semver", "ref", "sha", "edge"];
            let hint = nearest(other, known.into_iter())
                .map(|near| format!("; did you mean `type={near}`?"));
            let hint = hint.unwrap_or_default();
            return Err(format!(
                "`type={}` is not known{hint}; known are {}",
                visible(other),
                known.join(", ")
            ));
        }
    })
}
