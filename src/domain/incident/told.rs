//! What people are told in a comment.

use serde::{Deserialize, Serialize};

/// What people are told in a comment. Repetitions are no news: they are counted in the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// These jobs fail too, since this run.
    MoreFail(Vec<String>),
    /// It was closed, and these jobs fail again.
    FailsAgain(Vec<String>),
    /// A commit said that it fixes this, and the run of it failed.
    NotHeld(String),
    /// All that was broken succeeded.
    Fixed,
    /// The same, but these jobs, or legs of them, do not run any more.
    Gone(Vec<String>),
}
