//! What people are told in a comment.

use serde::{Deserialize, Serialize};

/// What people are told in a comment. Repetitions are no news: they are counted in the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// These jobs fail too, since this run.
    MoreFail(Vec<String>),
    /// These jobs, which failed before, fail with another error since this run.
    OtherError(Vec<Error>),
    /// It was closed, and these jobs fail again.
    FailsAgain(Vec<String>),
    /// A commit said that it fixes this, and the run of it failed.
    NotHeld(String),
    /// All that was broken succeeded.
    Fixed,
    /// These jobs failed and succeeded on the same commit.
    Flaky(Vec<String>),
    /// The same as fixed, and these jobs, which were flaky, have succeeded often enough.
    Steady(Vec<String>),
    /// The same as fixed, but these jobs, or legs of them, do not run any more.
    Gone(Vec<String>),
}

/// The error of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The job.
    pub job: String,
    /// The line that explains most. Foreign, without secrets.
    pub headline: String,
}

impl Told {
    /// The version of the memory's format that knows it.
    pub const fn version(&self) -> u32 {
        match self {
            Self::MoreFail(_)
            | Self::FailsAgain(_)
            | Self::NotHeld(_)
            | Self::Fixed
            | Self::Gone(_) => 1,
            Self::OtherError(_) | Self::Flaky(_) | Self::Steady(_) => 2,
        }
    }
}
