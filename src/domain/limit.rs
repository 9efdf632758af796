//! What is checked is bounded; where a bound is reached, that is a finding of this rule.

use crate::domain::event::Level;
use crate::domain::finding::Rule;

/// More than is checked.
pub const LIMIT: Rule = Rule {
    id: "files.limit",
    level: Level::Error,
    about: "more text, services, ports or findings than are checked",
    help: "What is checked is bounded in time and memory, so that no pull request can stop a runner. What is left out is said, and never counted as clean.",
};
