//! One job that failed: since when, how often, and why.

use serde::{Deserialize, Serialize};

use crate::domain::incident::memory::{Flaky, Seen};
use crate::domain::incident::reason::{CHOSEN, Reason};

/// Errors of a job before the present one that are kept.
pub const FORMER: usize = 3;

/// One job that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its name without legs.
    pub job: String,
    /// The first run of those in which it failed without a success between.
    pub first: Seen,
    /// The last one.
    pub last: Seen,
    /// How many of them there were.
    pub count: u64,
    /// The run in which it succeeded again, or was gone for good; `None` while it is broken.
    #[serde(default)]
    pub fixed: Option<Seen>,
    /// The legs of its matrix that failed and have not succeeded since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<String>,
    /// The runs, by their places, that would have shown a success and did not have the job, or not these legs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<(u64, u64)>,
    /// Whether it did not succeed but is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_gone: bool,
    /// Why it failed when that was known last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<LastReason>,
    /// With which other errors it failed before, without a success between; the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Former>,
    /// What is known of it where it fails and succeeds on the same commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Flaky>,
}

/// What a log said: kept, because the log of a later run may not be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastReason {
    /// The line that explains most. Foreign, without secrets.
    pub headline: String,
    /// With which code the process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The lines that explain it, without those around them. Foreign, without secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The run.
    pub seen: Seen,
    /// By what it is known again; empty where the text was written before it was kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// The run since which the job has failed with it; `None` where it is `seen`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Seen>,
}

/// An error that another one has followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// The line that explained most. Foreign, without secrets.
    pub headline: String,
    /// By what it is known again.
    pub fingerprint: String,
    /// The first run whose log said it.
    pub since: Seen,
    /// The last one.
    pub until: Seen,
}

impl LastReason {
    /// What is kept of a reason.
    pub fn of(reason: &Reason, seen: &Seen) -> Self {
        let lines = reason.excerpt.iter().filter_map(|line| line.strip_prefix(CHOSEN));
        Self {
            headline: reason.headline.clone(),
            exit_code: reason.exit_code,
            lines: lines.map(str::to_owned).collect(),
            seen: seen.clone(),
            fingerprint: reason.fingerprint.clone(),
            since: None,
        }
    }

    /// The run since which the job has failed with it.
    pub fn since(&self) -> &Seen {
        self.since.as_ref().unwrap_or(&self.seen)
    }

    /// Whether it is another error. Where one of the two has no fingerprint that is not known.
    fn is_other_than(&self, before: &Self) -> bool {
        let is_known = !self.fingerprint.is_empty() && !before.fingerprint.is_empty();
        is_known && self.fingerprint != before.fingerprint
    }

    /// The same when another one has followed.
    fn over(self) -> Former {
        let since = self.since().clone();
        let Self { headline, fingerprint, seen: until, .. } = self;
        Former { headline, fingerprint, since, until }
    }
}

impl Section {
    /// A job that fails for the first time since it succeeded.
    pub fn begun(job: &str, seen: &Seen) -> Self {
        Self {
            job: job.to_owned(),
            first: seen.clone(),
            last: seen.clone(),
            count: 1,
            fixed: None,
            legs: Vec::new(),
            missing: Vec::new(),
            is_gone: false,
            reason: None,
            former: Vec::new(),
            flaky: None,
        }
    }

    /// Takes in what the log of a run says. Answers whether the job failed with another error before, which is kept
    /// beside it.
    pub fn explain(&mut self, reason: &Reason, seen: &Seen) -> bool {
        let mut now = LastReason::of(reason, seen);
        let before = self.reason.take();
        let other = before.as_ref().is_some_and(|before| now.is_other_than(before));
        match before {
            Some(before) if other => {
                // One that comes back is no former one any more.
                self.former.retain(|one| one.fingerprint != now.fingerprint);
                self.former.insert(0, before.over());
                self.former.truncate(FORMER);
            }
            Some(before) => now.since = Some(before.since.unwrap_or(before.seen)),
            None => {}
        }
        self.reason = Some(now);
        other
    }

    /// Whether it is broken.
    pub const fn is_open(&self) -> bool {
        self.fixed.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn seen(number: u64) -> Seen {
        let sha = format!("c{number}");
        Seen { run: number, number, attempt: 1, sha, at: Timestamp::UNIX_EPOCH }
    }

    fn said(headline: &str) -> Reason {
        Reason {
            stage: "test".into(),
            job: 9,
            headline: headline.into(),
            exit_code: None,
            excerpt: Vec::new(),
            fingerprint: headline.to_owned(),
        }
    }

    /// The job failed with these errors, one a run; what was told as another one.
    fn failed(errors: &[&str]) -> (Section, Vec<u64>) {
        let mut section = Section::begun("test", &seen(1));
        let runs = errors.iter().zip(1..);
        let others = runs.filter(|(error, number)| section.explain(&said(error), &seen(*number)));
        let others = others.map(|(_, number)| number).collect();
        (section, others)
    }

    fn former(section: &Section) -> Vec<(&str, u64, u64)> {
        let shown = |one: &Former| (one.since.number, one.until.number);
        section
            .former
            .iter()
            .map(|one| (one.headline.as_str(), shown(one).0, shown(one).1))
            .collect()
    }

    #[test]
    fn another_error_is_told_once_and_the_one_before_is_kept_with_its_runs() {
        let (section, others) = failed(&["a", "a", "b", "b"]);
        assert_eq!(others, [3]);
        assert_eq!(former(&section), [("a", 1, 2)]);
        let reason = section.reason.unwrap();
        assert_eq!((reason.headline.as_str(), reason.since().number), ("b", 3));
        assert_eq!(reason.seen.number, 4);
    }

    #[test]
    fn an_error_that_comes_back_stands_once_and_only_the_newest_are_kept() {
        let (section, others) = failed(&["a", "b", "a"]);
        assert_eq!((others, former(&section)), (vec![2, 3], vec![("b", 2, 2)]));
        let (section, _) = failed(&["a", "b", "c", "d", "e"]);
        assert_eq!(former(&section), [("d", 4, 4), ("c", 3, 3), ("b", 2, 2)]);
    }

    #[test]
    fn what_has_no_fingerprint_is_no_other_error() {
        let (mut section, _) = failed(&["a"]);
        let unknown = Reason { fingerprint: String::new(), ..said("b") };
        assert!(!section.explain(&unknown, &seen(2)));
        assert!(!section.explain(&said("c"), &seen(3)), "of an older text it is not known");
        assert_eq!(former(&section), []);
        assert_eq!(section.reason.unwrap().since().number, 1);
    }
}
