//! A job that fails and succeeds on the same commit: no change mended it, so none is waited for.

use serde::{Deserialize, Serialize};

use crate::domain::incident::memory::{Section, Seen};
use crate::domain::shown::cut;

/// So many runs in a row in which it succeeds, and a flaky job counts as steady again.
pub const STEADY_AFTER: usize = 3;

/// Failures that a success on the same commit has followed, of all jobs: so many are kept.
pub const FLAKES: usize = 10;

/// The longest line of an error that is kept of one, in characters.
const LONGEST: usize = 160;

/// What is known of a job that is flaky.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaky {
    /// The run that showed it.
    pub since: Seen,
    /// How often it succeeded, that run included.
    pub successes: u64,
    /// The place of the last run in which it did.
    pub last: (u64, u64),
    /// The numbers of the runs since the last failure in which it succeeded. Attempts of one run are one, and those of
    /// the run that failed are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steady: Vec<u64>,
}

/// A failure that a success on the same commit has followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flake {
    /// The job.
    pub job: String,
    /// The run that failed.
    pub failed: Seen,
    /// The line that explains it; empty if it is not known. Foreign, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

impl Flake {
    /// The last failure of a job.
    fn of(section: &Section) -> Self {
        let (job, failed) = (section.job.clone(), section.last.clone());
        let error = section.reason.as_ref().map(|reason| cut(&reason.headline, LONGEST));
        Self { job, failed, error: error.unwrap_or_default() }
    }

    /// Whether it is the same failure of the same job.
    fn is(&self, other: &Self) -> bool {
        self.job == other.job && self.failed.place() == other.failed.place()
    }
}

/// What a success of a job that was broken means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// It is known already.
    Known,
    /// A later commit mended it.
    Mended,
    /// It failed and succeeded on the same commit: that is new.
    Flaky,
    /// It was flaky, and still is.
    Counted,
    /// It was flaky, and has succeeded often enough.
    Steady,
}

impl Section {
    /// Whether it is open, and what failed succeeded on the same commit.
    pub const fn is_flaky(&self) -> bool {
        self.is_open() && self.flaky.is_some()
    }

    /// Whether it was flaky and has succeeded often enough since.
    pub const fn is_steady_again(&self) -> bool {
        !self.is_open() && !self.is_gone && self.flaky.is_some()
    }

    /// Takes in that it succeeded; what failed before on the same commit goes to `flakes`, the newest first. Whether
    /// that closes it is up to who asks.
    pub fn succeed(&mut self, seen: &Seen, flakes: &mut Vec<Flake>) -> Success {
        let is_same_commit = seen.sha == self.last.sha;
        let is_new = self.flaky.is_none();
        if is_new && !is_same_commit {
            return Success::Mended;
        }
        let begun = Flaky { since: seen.clone(), successes: 0, last: (0, 0), steady: Vec::new() };
        let failed = self.last.number;
        let flaky = self.flaky.get_or_insert(begun);
        if flaky.last == seen.place() {
            return Success::Known;
        }
        flaky.last = seen.place();
        flaky.successes += 1;
        if seen.number > failed && !flaky.steady.contains(&seen.number) {
            flaky.steady.push(seen.number);
        }
        let is_steady = flaky.steady.len() >= STEADY_AFTER;
        if is_same_commit {
            let failure = Flake::of(self);
            if !flakes.iter().any(|one| one.is(&failure)) {
                flakes.insert(0, failure);
                flakes.truncate(FLAKES);
            }
        }
        match () {
            () if is_new => Success::Flaky,
            () if is_steady => Success::Steady,
            () => Success::Counted,
        }
    }

    /// Takes in that it failed once more.
    pub fn fail_again(&mut self, seen: &Seen) {
        self.count += 1;
        self.last = seen.clone();
        if let Some(flaky) = &mut self.flaky {
            flaky.steady.clear();
        }
    }
}
