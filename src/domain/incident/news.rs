//! What a run says about the jobs of one issue.

use crate::domain::incident::closing::Claim;
use crate::domain::incident::jobs::{Stage, Standing, Verdict};
use crate::domain::incident::memory::Seen;
use crate::domain::incident::reason::Reason;
use crate::domain::incident::run::Run;

/// One leg of a matrix in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The job without legs.
    pub job: String,
    /// The name with the values of the matrix.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
}

/// What a success on the commit that failed shows of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSameCommit {
    /// That it is flaky: nothing mended it, and later runs are waited for.
    Flaky,
    /// That it works. Of a pull request, which may have no later run.
    Mended,
}

/// What a run says about the jobs of one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The run.
    pub seen: Seen,
    /// The jobs that failed, the first one first.
    pub failed: Vec<String>,
    /// The jobs that succeeded, or may fail.
    pub passed: Vec<String>,
    /// Jobs that the run has at all, whatever became of them.
    pub present: Vec<String>,
    /// The legs of jobs with a matrix.
    pub legs: Vec<Leg>,
    /// Whether something succeeded, and nothing failed, was blocked or cancelled.
    pub is_green: bool,
    /// Whether jobs were skipped: GitHub lists a skipped matrix or called workflow under another name than one that ran.
    pub has_skipped: bool,
    /// Whether jobs still run beside the one that asks: others that report at the end, or some that were not waited for.
    /// A job that is to run after one of those is not listed yet.
    pub has_unfinished: bool,
    /// What a success on the commit that failed shows.
    pub on_same_commit: OnSameCommit,
    /// Why jobs failed, as far as it is known.
    pub reasons: Vec<Reason>,
    /// Commits of the push that say what they fix.
    pub claims: Vec<Claim>,
}

impl News {
    /// What the stages of a run say. Of an issue that is only for some jobs, `failed` are those of them that failed.
    pub fn of(run: &Run, seen: Seen, stages: &[Stage], failed: Option<&[&Stage]>) -> Self {
        let of = |standings: &[Standing]| names(stages, standings);
        let failed = failed.map_or_else(
            || of(&[Standing::Failed]),
            |stages| stages.iter().map(|stage| stage.name.clone()).collect(),
        );
        let mut passed = of(&[Standing::Passed, Standing::Tolerated]);
        let could_start = !stages.iter().any(|stage| stage.name == run.path);
        if could_start && !stages.is_empty() {
            // Jobs are proof that the workflow's file can be read.
            passed.push(run.path.clone());
        }
        Self {
            seen,
            failed,
            passed,
            present: stages.iter().map(|stage| stage.name.clone()).collect(),
            legs: stages.iter().flat_map(legs).collect(),
            is_green: of(&[Standing::Failed, Standing::Blocked, Standing::Cancelled]).is_empty()
                && !of(&[Standing::Passed]).is_empty(),
            has_skipped: !of(&[Standing::Skipped]).is_empty(),
            has_unfinished: !of(&[Standing::Unfinished]).is_empty(),
            on_same_commit: if run.is_of_pull_request() {
                OnSameCommit::Mended
            } else {
                OnSameCommit::Flaky
            },
            reasons: Vec::new(),
            claims: Vec::new(),
        }
    }
}

fn names(stages: &[Stage], standings: &[Standing]) -> Vec<String> {
    let stages = stages.iter().filter(|stage| standings.contains(&stage.standing));
    stages.map(|stage| stage.name.clone()).collect()
}

/// The legs of a stage, if it has a matrix. One that failed and may do so counts as a success where the stage does.
fn legs(stage: &Stage) -> impl Iterator<Item = Leg> {
    let is_tolerated = stage.standing == Standing::Tolerated;
    stage.legs.iter().filter(move |leg| leg.name != stage.name).map(move |leg| {
        let verdict = match leg.verdict {
            _ if leg.has_failed() && is_tolerated => Verdict::Succeeded,
            _ if leg.has_failed() => Verdict::Failed,
            verdict => verdict,
        };
        Leg { job: stage.name.clone(), name: leg.name.clone(), verdict }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::jobs::{Job, stages};
    use jiff::Timestamp;

    const FILE: &str = ".github/workflows/ci.yml";

    fn said(jobs: &[(&str, &str)]) -> News {
        let job = |(name, conclusion): &(&str, &str)| Job {
            id: 1,
            name: (*name).to_owned(),
            verdict: Verdict::of(Some(conclusion)),
            started: None,
            completed: None,
            steps: Vec::new(),
        };
        let jobs: Vec<Job> = jobs.iter().map(job).collect();
        let run = Run { path: FILE.into(), ..Run::default() };
        let seen = Seen::new(&run, Timestamp::UNIX_EPOCH);
        News::of(&run, seen, &stages(&jobs, |name| name.starts_with("may fail")), None)
    }

    #[test]
    fn green_is_a_run_in_which_something_succeeded_and_nothing_was_held_up() {
        for (jobs, is_green, has_unfinished) in [
            (&[("a", "success")][..], true, false),
            (&[("a", "success"), ("report", "")], true, true),
            (&[("a", "success"), ("b", "skipped")], true, false),
            (&[("a", "success"), ("b", "cancelled")], false, false),
            (&[("a", "failure"), ("b", "success")], false, false),
            (&[("report", "")], false, true),
            (&[], false, false),
        ] {
            let news = said(jobs);
            assert_eq!(
                (news.is_green, news.has_unfinished),
                (is_green, has_unfinished),
                "{jobs:?}"
            );
        }
    }

    #[test]
    fn legs_are_those_of_a_matrix() {
        let news = said(&[
            ("a", "failure"),
            ("test (1)", "failure"),
            ("test (2)", "success"),
            ("may fail (1)", "failure"),
        ]);
        let legs: Vec<_> = news
            .legs
            .iter()
            .map(|leg| (leg.job.as_str(), leg.name.as_str(), leg.verdict))
            .collect();
        assert_eq!(
            legs,
            [
                ("test", "test (1)", Verdict::Failed),
                ("test", "test (2)", Verdict::Succeeded),
                ("may fail", "may fail (1)", Verdict::Succeeded),
            ]
        );
        assert!(said(&[("a", "success")]).legs.is_empty());
    }

    #[test]
    fn a_run_that_has_jobs_shows_that_the_file_can_be_read() {
        assert!(said(&[("a", "failure")]).passed.contains(&FILE.to_owned()));
        assert!(said(&[]).passed.is_empty());
        assert_eq!(said(&[(FILE, "failure")]).failed, [FILE]);
        assert!(said(&[(FILE, "failure")]).passed.is_empty());
    }
}
