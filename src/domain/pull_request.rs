//! Pull requests, and what a `workflow_run` job may believe about one.
//!
//! The run of a fork's pull request has no token that can write, so a second workflow, started by `workflow_run`, posts
//! for it. Everything that the first run left behind was written by a stranger. What GitHub itself says is believed: the
//! event's payload, and the pull request as the API tells it.

use std::fmt;

use serde_json::Value;

use crate::domain::repository::Repository;

/// A pull request as GitHub tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the base repository.
    pub number: u64,
    /// Whether it is neither closed nor merged.
    pub is_open: bool,
    /// The newest commit of the branch that is to be merged.
    pub head_sha: String,
    /// The full name of the repository of that branch; empty if it was deleted.
    pub head_repository: String,
    /// The branch that it is to be merged into.
    pub base_ref: String,
    /// The commit of that branch.
    pub base_sha: String,
    /// The full name of the repository that it is to be merged into.
    pub base_repository: String,
    /// Its page.
    pub url: String,
}

/// The run that started a `workflow_run` job, from the event's payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedRun {
    /// Number of the run.
    pub id: u64,
    /// What started the run: `pull_request`, `push`, ...
    pub event: String,
    /// How it ended: `success`, `failure`, ...; empty if the payload does not say.
    pub conclusion: String,
    /// The commit that it ran for: of a pull request the head of its branch, not the merge commit.
    pub head_sha: String,
    /// The branch; chosen by the pull request's author.
    pub head_branch: String,
    /// The full name of the repository of that branch; empty if it was deleted.
    pub head_repository: String,
    /// Numbers of pull requests that GitHub connects with the run; none for forks.
    pub pull_requests: Vec<u64>,
}

impl FinishedRun {
    /// Reads the payload of a `workflow_run` event; `None` if it is none, or has no usable commit.
    pub fn of_event(event: &Value) -> Option<Self> {
        let run = event.get("workflow_run")?;
        let text =
            |at: &str| run.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let numbers = run.get("pull_requests").and_then(Value::as_array);
        let numbers = numbers.into_iter().flatten();
        let read = Self {
            id: run.get("id").and_then(Value::as_u64)?,
            event: text("/event"),
            conclusion: text("/conclusion"),
            head_sha: text("/head_sha"),
            head_branch: text("/head_branch"),
            head_repository: text("/head_repository/full_name"),
            pull_requests: numbers.filter_map(|pull| pull.get("number")?.as_u64()).collect(),
        };
        is_sha(&read.head_sha).then_some(read)
    }

    /// Whether the run was for a pull request of another repository.
    pub fn is_of_fork(&self, ours: &Repository) -> bool {
        !ours.is(&self.head_repository)
    }

    /// The filter `OWNER:BRANCH` by which pull requests are listed; `None` if the repository is gone.
    pub fn head_filter(&self) -> Option<String> {
        let owner = Repository::parse(&self.head_repository)?;
        (!self.head_branch.is_empty()).then(|| format!("{}:{}", owner.owner(), self.head_branch))
    }

    /// Whether a result of this run may be posted on a pull request whose number came from an untrusted file.
    pub fn may_post_on(&self, pull: &PullRequest, ours: &Repository) -> Result<(), Mismatch> {
        if !ours.is(&pull.base_repository) {
            return Err(Mismatch::OtherRepository(pull.base_repository.clone()));
        }
        if !pull.is_open {
            return Err(Mismatch::Closed);
        }
        if pull.head_sha != self.head_sha {
            return Err(Mismatch::OtherCommit {
                pull: pull.head_sha.clone(),
                run: self.head_sha.clone(),
            });
        }
        Ok(())
    }
}

/// Why a result is not posted on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It is to be merged into this repository, not into ours.
    OtherRepository(String),
    /// It is closed or merged.
    Closed,
    /// Its newest commit is not the one that the run was for: there is a newer run, or the number is forged.
    OtherCommit {
        /// The pull request's newest commit.
        pull: String,
        /// The run's commit.
        run: String,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherRepository(name) => write!(f, "it belongs to {name}"),
            Self::Closed => f.write_str("it is not open"),
            Self::OtherCommit { pull, run } => {
                write!(f, "its newest commit is {pull}, and the run was for {run}")
            }
        }
    }
}

/// Whether a text is the full name of a commit: SHA-1 or SHA-256 in lower-case hex.
fn is_sha(text: &str) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    matches!(text.len(), 40 | 64) && text.bytes().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHA: &str = "1111111111111111111111111111111111111111";
    const NEWER: &str = "2222222222222222222222222222222222222222";

    fn payload() -> Value {
        json!({"action": "completed", "workflow_run": {
            "id": 30, "event": "pull_request", "conclusion": "failure", "head_sha": SHA,
            "head_branch": "fix/1", "head_repository": {"full_name": "stranger/app"},
            "pull_requests": [],
        }})
    }

    fn ours() -> Repository {
        Repository::parse("acme/app").unwrap()
    }

    fn pull() -> PullRequest {
        PullRequest {
            number: 7,
            is_open: true,
            head_sha: SHA.into(),
            head_repository: "stranger/app".into(),
            base_repository: "Acme/app".into(),
            ..PullRequest::default()
        }
    }

    #[test]
    fn the_run_of_a_fork_is_read() {
        let run = FinishedRun::of_event(&payload()).unwrap();
        assert_eq!((run.id, run.event.as_str(), run.head_sha.as_str()), (30, "pull_request", SHA));
        assert!(run.is_of_fork(&ours()));
        assert!(!run.is_of_fork(&Repository::parse("Stranger/App").unwrap()));
        assert_eq!(run.head_filter().unwrap(), "stranger:fix/1");
        assert!(run.pull_requests.is_empty());
    }

    #[test]
    fn what_is_missing_is_empty_and_numbers_are_kept() {
        let mut event = payload();
        let run = &mut event["workflow_run"];
        run["head_repository"] = Value::Null;
        run["conclusion"] = Value::Null;
        run["pull_requests"] = json!([{"number": 7}, {"id": 1}, {"number": "x"}, {"number": 8}]);
        let run = FinishedRun::of_event(&event).unwrap();
        assert_eq!(run.pull_requests, [7, 8]);
        assert_eq!((run.conclusion.as_str(), run.head_filter()), ("", None));
        assert!(run.is_of_fork(&ours()), "an unknown repository is not trusted");
    }

    #[test]
    fn other_events_and_crooked_commits_are_no_run() {
        for (at, value) in [
            ("/workflow_run/head_sha", json!("main")),
            ("/workflow_run/head_sha", json!("../../x")),
            ("/workflow_run/head_sha", Value::Null),
            ("/workflow_run/id", json!("30")),
        ] {
            let mut event = payload();
            *event.pointer_mut(at).unwrap() = value;
            assert_eq!(FinishedRun::of_event(&event), None, "{at}");
        }
        assert_eq!(FinishedRun::of_event(&json!({"pull_request": {"number": 1}})), None);
        assert_eq!(FinishedRun::of_event(&Value::Null), None);
    }

    #[test]
    fn only_the_open_pull_request_of_this_commit_and_repository_is_posted_on() {
        let run = FinishedRun::of_event(&payload()).unwrap();
        assert_eq!(run.may_post_on(&pull(), &ours()), Ok(()));
        let newer = PullRequest { head_sha: NEWER.into(), ..pull() };
        let closed = PullRequest { is_open: false, ..pull() };
        let foreign = PullRequest { base_repository: "stranger/app".into(), ..pull() };
        for (pull, why) in [
            (newer, format!("its newest commit is {NEWER}, and the run was for {SHA}")),
            (closed, "it is not open".to_owned()),
            (foreign, "it belongs to stranger/app".to_owned()),
        ] {
            assert_eq!(run.may_post_on(&pull, &ours()).unwrap_err().to_string(), why);
        }
    }
}
