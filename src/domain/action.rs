//! What an action is to the outside: its name, inputs and outputs, as data.
//!
//! `action.yml`, the README's tables, `--help` and the parser are all made from these tables.

use crate::domain::finding::Rule;
use crate::domain::input::InputSpec;
use crate::failure::Outcome;

/// One action.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    /// The name: folder, subcommand, value of the umbrella's input `action`.
    pub name: &'static str,
    /// One sentence for lists.
    pub about: &'static str,
    /// A few paragraphs for the README and `--help`.
    pub long_about: &'static str,
    /// The inputs, in the order in which they are documented.
    pub inputs: &'static [InputSpec],
    /// Inputs that do something useful together as they stand, each by its own first example. The README begins with the
    /// first set, `--help` ends with all.
    pub examples: &'static [&'static [&'static str]],
    /// The outputs; all of them are always written.
    pub outputs: &'static [OutputSpec],
    /// How it can end, in the order of the exit codes.
    pub outcomes: &'static [Outcome],
    /// Feather icon of the action's branding.
    pub icon: &'static str,
    /// Colour of the action's branding: white, yellow, blue, green, orange, red, purple or gray-dark.
    pub color: &'static str,
    /// What a cancelled job needs.
    pub after_cancel: AfterCancel,
    /// The rules that it checks, for its documentation.
    pub rules: fn() -> Vec<&'static Rule>,
}

/// For actions that check no rules.
pub const fn no_rules() -> Vec<&'static Rule> {
    Vec::new()
}

/// Whether a cancelled run leaves something that a second step puts right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterCancel {
    /// Nothing to do.
    Nothing,
    /// Nothing to do: it ends by itself, within the time that the runner gives, and takes with it what is secret.
    Ends,
    /// A second inner step runs `mta recover` when the job was cancelled.
    Recover,
}

/// How an action can end that judges and changes nothing.
pub const JUDGES: &[Outcome] =
    &[Outcome::Done, Outcome::Failed, Outcome::BadInput, Outcome::Bug, Outcome::Unavailable];

/// One output of an action.
#[derive(Clone, Copy, Debug)]
pub struct OutputSpec {
    /// The name, in lower case with `-`.
    pub name: &'static str,
    /// One line of documentation.
    pub doc: &'static str,
}

/// The values of an action's outputs. A name that is never set is written as the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputValues(Vec<(&'static str, String)>);

impl OutputValues {
    /// Sets an output; the last value of a name counts.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The value of an output, empty if it was never set.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The names that were set and are in no row of the table: a defect of the story, which would be lost in silence.
    pub fn unknown(&self, specs: &[OutputSpec]) -> Vec<&'static str> {
        let is_known = |name: &str| specs.iter().any(|spec| spec.name == name);
        self.0.iter().map(|(name, _)| *name).filter(|name| !is_known(name)).collect()
    }
}
