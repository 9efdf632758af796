//! Inputs of actions: what they are (tables), and how raw strings become typed values.
//!
//! Two stages: raw pairs from any source ([`RawInput`]), then [`Values`]; all faults are reported together. The rules for
//! the kinds are in `number` (numbers and units) and `collection` (lists, maps, commands). Nothing here knows where raw
//! pairs come from. Tests: below each file, and `tests/it/runner/inputs.rs`.

use std::time::Duration;

use camino::Utf8PathBuf;
use secrecy::SecretString;

mod collection;
mod fault;
mod mask;
mod name;
mod number;
mod raw;
mod read;

pub use fault::{Fault, FaultKind};
pub use mask::{Masked, Why, masks};
pub use name::{nearest, same_name};
pub use number::{bytes_text, duration_text, percent, percent_text};
pub use raw::{Origin, RawInput, environment_name, from_json};
pub use read::{accepted, check, read};

/// One input of an action.
#[derive(Clone, Copy, Debug)]
pub struct InputSpec {
    /// The name, in lower case with `-`.
    pub name: &'static str,
    /// What a value looks like.
    pub kind: Kind,
    /// Whether it must be given.
    pub need: Need,
    /// One line of documentation.
    pub doc: &'static str,
    /// Values as a user would write them.
    pub examples: &'static [&'static str],
}

/// Whether an input must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be given.
    Required,
    /// It may be left out; nothing stands for it.
    Optional,
    /// It may be left out; this stands for it.
    Default(&'static str),
}

/// What the value of an input looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that is masked and never printed.
    Secret,
    /// `true|True|TRUE|false|False|FALSE`.
    Bool,
    /// A whole number in a range, both ends included.
    Integer {
        /// The smallest value accepted.
        min: u64,
        /// The largest value accepted.
        max: u64,
    },
    /// `90s`, `5m`, `2h`, `2d`, `1m30s`; a bare number is seconds.
    Duration,
    /// `500`, `10KiB`, `1MB`, `2GiB`.
    Bytes,
    /// An exact decimal number from 0 to 100, with or without `%`.
    Percent,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One item a line.
    Lines,
    /// One item a line or separated by commas.
    Words,
    /// `key=value` lines, or a YAML map.
    Map(Secrecy),
    /// A path, relative to the workspace or absolute.
    Path,
    /// Glob patterns, one a line.
    Globs,
    /// A command line in POSIX quoting; split into words, nothing is expanded, no shell runs.
    Command,
}

/// Which values of a map are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Every value.
    All,
    /// Values whose key looks like that of a secret. No value is ever printed.
    ByKey,
}

/// A typed value.
#[derive(Clone, Debug)]
pub enum Value {
    /// [`Kind::Text`] and [`Kind::Choice`].
    Text(String),
    /// [`Kind::Secret`].
    Secret(SecretString),
    /// [`Kind::Bool`].
    Bool(bool),
    /// [`Kind::Integer`] and [`Kind::Bytes`].
    Number(u64),
    /// [`Kind::Duration`].
    Duration(Duration),
    /// [`Kind::Percent`].
    Percent(Percent),
    /// [`Kind::Lines`], [`Kind::Words`], [`Kind::Globs`] and [`Kind::Command`].
    List(Vec<String>),
    /// [`Kind::Map`], in the order given.
    Map(Vec<(String, SecretString)>),
    /// [`Kind::Path`].
    Path(Utf8PathBuf),
}

/// A percentage as an exact decimal; a binary fraction would round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent {
    /// Millionths of one per cent: 80 % is `80_000_000`. Six digits after the point are exact; more are refused.
    pub millionths: u64,
}

impl Percent {
    /// How many digits after the point it takes to write it.
    pub const fn digits(self) -> u32 {
        let mut rest = self.millionths % 1_000_000;
        let mut digits = 0;
        while rest > 0 {
            rest = rest * 10 % 1_000_000;
            digits += 1;
        }
        digits
    }
}

/// The typed inputs of one run.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(&'static str, Value)>);

impl Values {
    /// Text or choice, if given or defaulted.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.find(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A secret.
    pub fn secret(&self, name: &str) -> Option<&SecretString> {
        match self.find(name) {
            Some(Value::Secret(secret)) => Some(secret),
            _ => None,
        }
    }

    /// A truth value; absent is false.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.find(name), Some(Value::Bool(true)))
    }

    /// A whole number or a number of bytes.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.find(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A duration.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        match self.find(name) {
            Some(Value::Duration(duration)) => Some(*duration),
            _ => None,
        }
    }

    /// A percentage.
    pub fn percent(&self, name: &str) -> Option<Percent> {
        match self.find(name) {
            Some(Value::Percent(percent)) => Some(*percent),
            _ => None,
        }
    }

    /// A list, empty if absent.
    pub fn list(&self, name: &str) -> &[String] {
        match self.find(name) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// A map, empty if absent.
    pub fn map(&self, name: &str) -> &[(String, SecretString)] {
        match self.find(name) {
            Some(Value::Map(pairs)) => pairs,
            _ => &[],
        }
    }

    /// A path.
    pub fn path(&self, name: &str) -> Option<&Utf8PathBuf> {
        match self.find(name) {
            Some(Value::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// Sets a value.
    pub fn set(&mut self, name: &'static str, value: Value) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
    }

    fn find(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
