//! What is wrong with an input, in words. No fault ever holds the value of a secret or of a map.

use std::fmt;

use crate::failure::{Failure, Outcome};

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is required and was not given.
    Missing,
    /// No input has that name.
    Unknown,
    /// The value is not of its kind.
    Malformed,
    /// It was given twice with different values.
    Conflicting,
    /// The inputs as a whole cannot be read.
    Unreadable,
}

/// One fault of the inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The input, as its table spells it; for an unknown one as the user spelled it; empty for the inputs as a whole.
    pub input: String,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong, as a fragment in lower case that names the input.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Fault {
    /// A fault in words.
    pub fn new(
        input: &str,
        kind: FaultKind,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { input: input.to_owned(), kind, what: what.into(), help: help.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.help.is_empty() {
            write!(f, ". {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(Outcome::BadInput, fault.what).help(fault.help)
    }
}
