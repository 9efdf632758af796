//! Texts with expressions in them: `{{version}}-{{sha}}`.

use jiff::civil::DateTime;

use crate::domain::input::nearest;
use crate::domain::version::Version;

use super::facts::{Facts, GitRef};

/// Hex digits of a short commit, as `git` and docker/metadata-action have it by default.
const SHORT: usize = 7;

/// How long a text with its values may be, in bytes: a tag has 128, but the name of a branch may come many times.
const LONGEST: usize = 64 * 1024;

/// What an expression stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// The version without `v`.
    Version,
    /// The version without `v` and build metadata, as `type=semver` has it.
    Semver,
    /// The version as it is written.
    Raw,
    /// One of its numbers, from 0.
    Part(usize),
    /// The first seven digits of the commit.
    Sha,
    /// The branch.
    Branch,
    /// The tag that started the run.
    Tag,
    /// The time of the build in UTC, in a format of moment.js.
    Date(Vec<Unit>),
    /// `true` on the default branch, else `false`; or the other way round.
    IsDefaultBranch(bool),
}

/// A part of a format of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Four digits.
    Year,
    /// The last two digits of the year.
    ShortYear,
    /// Two digits, from 01; as all that follow.
    Month,
    Day,
    Hour,
    Minute,
    Second,
    /// What stands between them.
    Sign(char),
}

/// Names of expressions without arguments.
const NAMES: [(&str, Expression); 10] = [
    ("version", Expression::Version),
    ("raw", Expression::Raw),
    ("major", Expression::Part(0)),
    ("minor", Expression::Part(1)),
    ("patch", Expression::Part(2)),
    ("sha", Expression::Sha),
    ("branch", Expression::Branch),
    ("tag", Expression::Tag),
    ("is_default_branch", Expression::IsDefaultBranch(true)),
    ("is_not_default_branch", Expression::IsDefaultBranch(false)),
];

/// What the letters of a date's format stand for. `YYYY` is before `YY`, with which it begins.
const UNITS: [(&str, Unit); 7] = [
    ("YYYY", Unit::Year),
    ("YY", Unit::ShortYear),
    ("MM", Unit::Month),
    ("DD", Unit::Day),
    ("HH", Unit::Hour),
    ("mm", Unit::Minute),
    ("ss", Unit::Second),
];

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Expression(Expression),
}

/// A text with expressions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// Why a template has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// It needs a version, and there is none: an error.
    NoVersion,
    /// What it stands for does not exist here: no tag.
    LeftOut(String),
    /// It has a text that cannot be used: an error.
    Wrong(String),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// An expression that is not known or not closed, in words behind the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let (inner, behind) = behind.split_once("}}").ok_or("a `{{` is not closed")?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Expression(expression(inner.trim())?));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The text between the expressions.
    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Expression(_) => None,
        })
    }

    /// Whether there is an expression of which this is true.
    pub(super) fn has(&self, is: impl Fn(&Expression) -> bool) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Expression(one) if is(one)))
    }

    /// Whether it is this expression and nothing else.
    pub(super) fn is(&self, one: &Expression) -> bool {
        matches!(self.0.as_slice(), [Part::Expression(only)] if only == one)
    }

    /// Whether nothing was written.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it needs a version.
    pub(super) fn needs_version(&self) -> bool {
        self.has(|one| {
            matches!(
                one,
                Expression::Version | Expression::Semver | Expression::Raw | Expression::Part(_)
            )
        })
    }

    /// The same with versions that have no build metadata.
    pub(super) fn without_build(self) -> Self {
        let parts = self.0.into_iter().map(|part| match part {
            Part::Expression(Expression::Version) => Part::Expression(Expression::Semver),
            part => part,
        });
        Self(parts.collect())
    }

    /// What stands before and behind the numbers of a series (`{{major}}`, `{{major}}.{{minor}}`), and how many those
    /// are. `None` where its numbers are others, or are not divided by dots.
    pub(super) fn around_numbers(&self) -> Option<(Self, usize, Self)> {
        let is_number = |at: usize, number: usize| matches!(self.0.get(at), Some(Part::Expression(Expression::Part(one))) if *one == number);
        let is_dot = |at: usize| matches!(self.0.get(at), Some(Part::Text(text)) if text == ".");
        let start = (0..self.0.len()).find(|at| is_number(*at, 0))?;
        let (mut count, mut end) = (1, start + 1);
        while is_dot(end) && is_number(end + 1, count) {
            (count, end) = (count + 1, end + 2);
        }
        let (before, behind) = (self.0.get(..start)?, self.0.get(end..)?);
        Some((Self(before.to_vec()), count, Self(behind.to_vec())))
    }

    /// The text with values for its expressions. `version` is what those of versions stand for.
    pub(super) fn fill(
        &self,
        facts: &Facts<'_>,
        version: Option<&Version>,
    ) -> Result<String, Nothing> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Expression(one) => filled.push_str(&value(one, facts, version)?),
            }
            if filled.len() > LONGEST {
                return Err(Nothing::Wrong("it comes to more than 64 KiB".to_owned()));
            }
        }
        Ok(filled)
    }
}

/// The first digits of a commit.
pub(super) fn short(sha: &str) -> &str {
    sha.get(..SHORT).unwrap_or(sha)
}

fn expression(text: &str) -> Result<Expression, String> {
    let (name, argument) = match text.split_once(char::is_whitespace) {
        Some((name, argument)) => (name, argument.trim()),
        None => (text, ""),
    };
    if name == "date" {
        return date(argument).map(Expression::Date);
    }
    if let Some((_, known)) = NAMES.into_iter().find(|(known, _)| *known == name) {
        let has_none = argument.is_empty();
        return if has_none {
            Ok(known)
        } else {
            Err(format!("`{{{{{name}}}}}` takes no argument"))
        };
    }
    let names = NAMES.iter().map(|(name, _)| *name).chain(["date"]);
    let hint = nearest(name, names.clone()).map(|near| format!("; did you mean `{{{{{near}}}}}`?"));
    let names: Vec<&str> = names.collect();
    Err(format!(
        "the expression `{{{{{name}}}}}` is not known{}; known are {}",
        hint.unwrap_or_default(),
        names.join(", ")
    ))
}

/// A format of dates in quotes; `YYYYMMDD` if none is given.
fn date(argument: &str) -> Result<Vec<Unit>, String> {
    let format = match argument {
        "" => "YYYYMMDD",
        quoted => ['\'', '"']
            .into_iter()
            .find_map(|quote| {
                let inner = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
                (!inner.contains(quote)).then_some(inner)
            })
            .ok_or("the format of `{{date}}` is not in quotes, or something is behind it (dates are in UTC)")?,
    };
    let mut units = Vec::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let unit = UNITS.iter().find_map(|(name, unit)| Some((rest.strip_prefix(name)?, *unit)));
        let (behind, unit) = match unit {
            Some(found) => found,
            None if c.is_ascii_alphabetic() => {
                return Err(format!(
                    "`{c}` in the format of `{{{{date}}}}` is not known; known are YYYY, YY, MM, DD, HH, mm and ss"
                ));
            }
            None => (rest.get(c.len_utf8()..).unwrap_or_default(), Unit::Sign(c)),
        };
        units.push(unit);
        rest = behind;
    }
    Ok(units)
}

fn value(
    one: &Expression,
    facts: &Facts<'_>,
    version: Option<&Version>,
) -> Result<String, Nothing> {
    let left_out = |why: &str| Err(Nothing::LeftOut(why.to_owned()));
    let version = version.ok_or(Nothing::NoVersion);
    match one {
        Expression::Version => version.map(|version| version.as_str().to_owned()),
        Expression::Semver => {
            let text = version?.as_str();
            Ok(text.split_once('+').map_or(text, |(before, _)| before).to_owned())
        }
        Expression::Raw => version.map(|version| version.raw().to_owned()),
        Expression::Part(index) => {
            let version = version?;
            match version.part(*index) {
                Some(part) => Ok(part.to_owned()),
                None => left_out(&format!("the version {version} has too few numbers")),
            }
        }
        Expression::Sha => Ok(short(facts.sha).to_owned()),
        Expression::Branch => match facts.git_ref {
            GitRef::Branch(branch) => Ok(branch.to_owned()),
            _ => left_out("what is built is not a branch"),
        },
        Expression::Tag => match facts.git_ref {
            GitRef::Tag(tag) => Ok(tag.to_owned()),
            _ => left_out("what is built is not a tag"),
        },
        Expression::Date(units) => Ok(units.iter().map(|unit| shown(*unit, &facts.at)).collect()),
        Expression::IsDefaultBranch(expected) => match facts.default_branch {
            Some(branch) => {
                Ok((*expected == (facts.git_ref == GitRef::Branch(branch))).to_string())
            }
            None => left_out("the default branch is not known"),
        },
    }
}

fn shown(unit: Unit, at: &DateTime) -> String {
    match unit {
        Unit::Year => format!("{:04}", at.year()),
        Unit::ShortYear => format!("{:02}", at.year().rem_euclid(100)),
        Unit::Month => format!("{:02}", at.month()),
        Unit::Day => format!("{:02}", at.day()),
        Unit::Hour => format!("{:02}", at.hour()),
        Unit::Minute => format!("{:02}", at.minute()),
        Unit::Second => format!("{:02}", at.second()),
        Unit::Sign(c) => c.to_string(),
    }
}
