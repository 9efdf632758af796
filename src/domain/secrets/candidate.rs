//! What a matcher found, before it is known how much it matters in its file.

use std::ops::Range;

use crate::domain::event::Level;
use crate::domain::finding::Rule;

/// A secret at its place in the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What found it.
    pub(super) rule: &'static Rule,
    /// How much it matters in code and configuration.
    pub(super) level: Level,
    /// Where the secret is.
    pub(super) range: Range<usize>,
    /// What it is, without the secret: a whole sentence.
    pub(super) what: String,
}

impl Candidate {
    /// One with the level of its rule.
    pub(super) fn new(rule: &'static Rule, range: Range<usize>, what: String) -> Self {
        Self { rule, level: rule.level, range, what }
    }

    /// The same with another level.
    pub(super) fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}
