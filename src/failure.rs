//! What went wrong, why, and what to do; and how a run can end.
//!
//! The lowest room: it knows nothing of the others. Exit codes and words are the table in README.md ("When it fails")
//! and part of the interface: they never change meaning.

use std::fmt;

/// How a run ends: the process's exit code and the word in the output `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It did what it was asked to do.
    Done,
    /// The answer is no, or it failed and nothing was changed.
    Failed,
    /// It failed and the former release runs again.
    RolledBack,
    /// It failed, the former release runs again, and the database was restored.
    Restored,
    /// It failed and left something that a person has to look at.
    NeedsPerson,
    /// The inputs or the files it was given are wrong. Nothing was touched.
    BadInput,
    /// A defect of `mta` itself.
    Bug,
    /// Something outside was unavailable (engine, registry, lock). Nothing was changed.
    Unavailable,
}

impl Outcome {
    /// Every outcome, in the order of the exit codes.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::RolledBack,
        Self::Restored,
        Self::NeedsPerson,
        Self::BadInput,
        Self::Bug,
        Self::Unavailable,
    ];

    /// The exit code of the process.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::RolledBack => 2,
            Self::Restored => 3,
            Self::NeedsPerson => 4,
            Self::BadInput => 64,
            Self::Bug => 70,
            Self::Unavailable => 75,
        }
    }

    /// The word in the output `result`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
            Self::Restored => "restored",
            Self::NeedsPerson => "needs-person",
            Self::BadInput => "bad-input",
            Self::Bug => "bug",
            Self::Unavailable => "unavailable",
        }
    }

    /// One line for tables of exit codes.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "the answer is no, or it failed and nothing was changed",
            Self::RolledBack => "it failed and the former release runs again",
            Self::Restored => "it failed, the former release runs again, the database was restored",
            Self::NeedsPerson => "it failed and a person has to look at it",
            Self::BadInput => "an input or a file is wrong, nothing was touched",
            Self::Bug => "a defect of mta itself",
            Self::Unavailable => "something outside was unavailable, nothing was changed",
        }
    }
}

/// A place in a file of the repository, for an annotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Path relative to the repository, with `/`.
    pub file: String,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub column: Option<u32>,
}

/// One failure in words that its reader can act on.
///
/// `what` completes "failed to ..." or states the fact in lower case; `why` is the cause that was observed; `help` is
/// what to do. All three name the file, host, container or input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the run ends because of it.
    pub outcome: Outcome,
    /// What happened.
    pub what: String,
    /// Why, as far as it was observed. Empty where `what` says it all.
    pub why: String,
    /// What to do.
    pub help: String,
    /// Where, if a file of the repository is to blame.
    pub place: Option<Place>,
}

impl Failure {
    /// A failure with its outcome and what happened.
    pub fn new(outcome: Outcome, what: impl Into<String>) -> Self {
        Self { outcome, what: what.into(), why: String::new(), help: String::new(), place: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn why(mut self, why: impl fmt::Display) -> Self {
        self.why = why.to_string();
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Adds the place in a file.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same failure with another outcome: what was "failed, nothing changed" below may be worse above.
    #[must_use]
    pub fn ending(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.why.is_empty() {
            write!(f, ": {}", self.why)?;
        }
        if !self.help.is_empty() {
            write!(f, "\nWhat to do: {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_codes_are_the_table_of_the_design() {
        let table: Vec<_> = Outcome::ALL.iter().map(|o| (o.code(), o.word())).collect();
        assert_eq!(
            table,
            [
                (0, "done"),
                (1, "failed"),
                (2, "rolled-back"),
                (3, "restored"),
                (4, "needs-person"),
                (64, "bad-input"),
                (70, "bug"),
                (75, "unavailable"),
            ]
        );
    }

    #[test]
    fn a_failure_reads_what_why_help() {
        let failure =
            Failure::new(Outcome::Unavailable, "no Docker engine answers at /run/docker.sock")
                .why("connection refused")
                .help("start it: systemctl start docker");
        assert_eq!(
            failure.to_string(),
            "no Docker engine answers at /run/docker.sock: connection refused\n\
             What to do: start it: systemctl start docker"
        );
    }
}
