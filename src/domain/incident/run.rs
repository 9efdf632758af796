//! Which run of which workflow is meant.

use serde_json::Value;

use crate::domain::job::Job;

/// A run of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Its number in all of GitHub.
    pub id: u64,
    /// Which attempt of it, from 1.
    pub attempt: u64,
    /// Its number among the runs of its workflow, from 1. A run that is repeated keeps it.
    pub number: u64,
    /// The workflow's name.
    pub workflow: String,
    /// The workflow's file: `.github/workflows/ci.yml`.
    pub path: String,
    /// The branch or tag; of a pull request the branch that is to be merged.
    pub branch: String,
    /// The commit.
    pub sha: String,
    /// What started it: `push`, `schedule`, `pull_request`, ...
    pub event: String,
    /// Who started it.
    pub actor: String,
    /// How it ended: `success`, `failure`, ...; empty while it goes on.
    pub conclusion: String,
}

impl Run {
    /// The run that this job is of; `None` outside Actions.
    pub fn of_job(job: &Job) -> Option<Self> {
        let id = job.run_id.parse().ok()?;
        let path = path_of(&job.workflow_ref, &job.repository);
        let of_pull_request = job.event_name.starts_with("pull_request");
        let text = |at: &str| job.event.pointer(at).and_then(Value::as_str);
        let branch = text("/pull_request/head/ref").filter(|_| of_pull_request);
        let sha = text("/pull_request/head/sha").filter(|_| of_pull_request);
        let name = if job.workflow.is_empty() { &path } else { &job.workflow };
        Some(Self {
            id,
            attempt: job.run_attempt.parse().unwrap_or(1),
            number: job.run_number.parse().unwrap_or(0),
            workflow: name.clone(),
            branch: branch.unwrap_or(&job.ref_name).to_owned(),
            sha: sha.unwrap_or(&job.sha).to_owned(),
            event: job.event_name.clone(),
            actor: job.actor.clone(),
            conclusion: String::new(),
            path,
        })
    }

    /// A run as the API and the event `workflow_run` tell it; `None` if it has no number or no commit.
    pub fn of_api(run: &Value) -> Option<Self> {
        let text =
            |at: &str| run.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| run.get(name).and_then(Value::as_u64);
        let path = text("/path");
        // The description's own example has `.github/workflows/build.yml@main`.
        let path = path.split('@').next().unwrap_or_default().to_owned();
        let read = Self {
            id: number("id")?,
            attempt: number("run_attempt").unwrap_or(1),
            number: number("run_number").unwrap_or(0),
            workflow: Some(text("/name")).filter(|name| !name.is_empty()).unwrap_or(path.clone()),
            path,
            branch: text("/head_branch"),
            sha: text("/head_sha"),
            event: text("/event"),
            actor: text("/actor/login"),
            conclusion: text("/conclusion"),
        };
        (!read.sha.is_empty()).then_some(read)
    }

    /// Whether it is for a pull request: what it says is not (yet) true of a branch that others build on.
    pub fn is_of_pull_request(&self) -> bool {
        self.event.starts_with("pull_request")
    }

    /// Its place among the runs of its workflow: later runs and later attempts are greater.
    pub const fn place(&self) -> (u64, u64) {
        (self.number, self.attempt)
    }
}

/// The file in `owner/name/.github/workflows/ci.yml@refs/heads/main`.
fn path_of(workflow_ref: &str, repository: &str) -> String {
    let path = workflow_ref.split("@refs/").next().unwrap_or_default();
    let path = path.split('@').next().unwrap_or_default();
    let path = path.strip_prefix(repository).unwrap_or(path);
    path.trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job() -> Job {
        Job {
            repository: "acme/shop".into(),
            sha: "a".repeat(40),
            ref_name: "main".into(),
            event_name: "push".into(),
            actor: "ann".into(),
            run_id: "77".into(),
            run_attempt: "2".into(),
            run_number: "12".into(),
            workflow: "Nightly".into(),
            workflow_ref: "acme/shop/.github/workflows/nightly.yml@refs/heads/main".into(),
            ..Job::default()
        }
    }

    #[test]
    fn the_runner_says_which_run_this_is() {
        let run = Run::of_job(&job()).unwrap();
        assert_eq!((run.id, run.place()), (77, (12, 2)));
        assert_eq!(
            (run.path.as_str(), run.workflow.as_str()),
            (".github/workflows/nightly.yml", "Nightly")
        );
        assert_eq!((run.branch.as_str(), run.sha.len()), ("main", 40));
        assert!(!run.is_of_pull_request());
        assert_eq!(Run::of_job(&Job::default()), None);
    }

    #[test]
    fn of_a_pull_request_the_head_counts_not_the_merge_commit() {
        let event = json!({"pull_request": {"head": {"ref": "fix/1", "sha": "b".repeat(40)}}});
        let job =
            Job { event_name: "pull_request".into(), ref_name: "7/merge".into(), event, ..job() };
        let run = Run::of_job(&job).unwrap();
        assert_eq!((run.branch.as_str(), run.sha.as_str()), ("fix/1", "b".repeat(40).as_str()));
        assert!(run.is_of_pull_request());
    }

    #[test]
    fn the_api_says_it_in_its_own_words() {
        let told = json!({"id": 5, "run_attempt": 1, "run_number": 3, "name": "CI", "path": ".github/workflows/ci.yml@main",
            "head_branch": "main", "head_sha": "c".repeat(40), "event": "push", "actor": {"login": "ann"},
            "conclusion": "failure"});
        let run = Run::of_api(&told).unwrap();
        assert_eq!(
            (run.path.as_str(), run.conclusion.as_str()),
            (".github/workflows/ci.yml", "failure")
        );
        assert_eq!(Run::of_api(&json!({"id": 5})), None);
        let unnamed = json!({"id": 5, "path": ".github/workflows/ci.yml", "head_sha": "c"});
        assert_eq!(Run::of_api(&unnamed).unwrap().workflow, ".github/workflows/ci.yml");
    }
}
