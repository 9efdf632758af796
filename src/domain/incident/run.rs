//! Which run of which workflow is meant.

use serde_json::Value;

use crate::domain::job::Job;

/// Which runs of a workflow speak of the same code, so that a success of one mends a failure of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// Those of a branch.
    #[default]
    Branch,
    /// Those of all tags: a tag has one run, and the next one is what comes after it.
    Tags,
    /// Those of one pull request: its number, or `owner/name:branch` of its head where GitHub does not tell the number.
    /// Its head may have the name of a branch of ours.
    Pull(String),
}

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
    /// Which runs it belongs to.
    pub line: Line,
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
        let number = job.event.pointer("/pull_request/number").and_then(Value::as_u64);
        let head = text("/pull_request/head/repo/full_name");
        let line = if of_pull_request {
            Line::Pull(pull(number, head, branch))
        } else if job.workflow_ref.contains("@refs/tags/") {
            Line::Tags
        } else {
            Line::Branch
        };
        Some(Self {
            id,
            attempt: job.run_attempt.parse().unwrap_or(1),
            number: job.run_number.parse().unwrap_or(0),
            workflow: name.clone(),
            branch: branch.unwrap_or(&job.ref_name).to_owned(),
            line,
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
            line: line_of(run),
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

    /// Whether another one of the same workflow and branch is newer and all of it succeeded. Of a tag only the same tag's
    /// count: GitHub's list does not say which names are tags.
    pub fn is_overtaken_by(&self, other: &Self) -> bool {
        let is_beside = match (&self.line, &other.line) {
            (Line::Pull(one), Line::Pull(other)) => one == other,
            (Line::Pull(_), _) | (_, Line::Pull(_)) => false,
            _ => self.branch == other.branch,
        };
        is_beside
            && self.path == other.path
            && other.number > self.number
            && other.conclusion == "success"
    }

    /// Whether another one of the same workflow and branch came before it and succeeded.
    pub fn comes_after(&self, other: &Self) -> bool {
        self.line == other.line
            && self.branch == other.branch
            && self.path == other.path
            && other.number < self.number
            && other.conclusion == "success"
    }

    /// The name of what it belongs to, for a key. No branch can begin with a colon.
    pub fn line_name(&self) -> String {
        match &self.line {
            Line::Branch => self.branch.clone(),
            Line::Tags => ":tags".to_owned(),
            Line::Pull(which) => format!(":pull {which}"),
        }
    }

    /// Its place among the runs of its workflow: later runs and later attempts are greater.
    pub const fn place(&self) -> (u64, u64) {
        (self.number, self.attempt)
    }
}

/// What a run belongs to as the API tells it, which does not say of a name whether it is a tag: only a release is always
/// of one.
fn line_of(run: &Value) -> Line {
    let text = |at: &str| run.pointer(at).and_then(Value::as_str);
    let event = text("/event").unwrap_or_default();
    if event == "release" {
        return Line::Tags;
    }
    if !event.starts_with("pull_request") {
        return Line::Branch;
    }
    // Those of other repositories that have the same commit are listed too.
    let here = run.pointer("/repository/id");
    let pulls = run.get("pull_requests").and_then(Value::as_array).into_iter().flatten();
    let mut ours = pulls.filter(|pull| here.is_none() || pull.pointer("/base/repo/id") == here);
    let number = ours.next().and_then(|pull| pull.get("number")).and_then(Value::as_u64);
    Line::Pull(pull(number, text("/head_repository/full_name"), text("/head_branch")))
}

fn pull(number: Option<u64>, head: Option<&str>, branch: Option<&str>) -> String {
    let by_head = || format!("{}:{}", head.unwrap_or_default(), branch.unwrap_or_default());
    number.map_or_else(by_head, |number| number.to_string())
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
        assert_ne!(run.line_name(), "fix/1", "a branch of ours may have that name");
    }

    #[test]
    fn a_run_is_overtaken_by_a_newer_green_one_of_its_own_line() {
        let run = Run { number: 5, path: "ci.yml".into(), branch: "main".into(), ..Run::default() };
        let green = Run { number: 6, conclusion: "success".into(), ..run.clone() };
        assert!(run.is_overtaken_by(&green));
        let pull = |which: &str| Line::Pull(which.into());
        for other in [
            Run { number: 5, ..green.clone() },
            Run { number: 4, ..green.clone() },
            Run { conclusion: "failure".into(), ..green.clone() },
            Run { conclusion: String::new(), ..green.clone() },
            Run { path: "nightly.yml".into(), ..green.clone() },
            Run { branch: "dev".into(), ..green.clone() },
            // Somebody's fork has a `main` too.
            Run { line: pull("bob/shop:main"), ..green.clone() },
        ] {
            assert!(!run.is_overtaken_by(&other), "{other:?}");
        }
        let of_pull = |run: &Run, which| Run { line: pull(which), ..run.clone() };
        assert!(of_pull(&run, "7").is_overtaken_by(&of_pull(&green, "7")));
        assert!(!of_pull(&run, "7").is_overtaken_by(&of_pull(&green, "8")));
        assert!(Run { line: Line::Tags, ..run }.is_overtaken_by(&green));
    }

    #[test]
    fn runs_of_tags_belong_together_and_each_pull_request_stands_for_itself() {
        let workflow_ref = |at: &str| format!("acme/shop/.github/workflows/ci.yml@refs/{at}");
        let tag = |name: &str| Job {
            ref_name: name.into(),
            workflow_ref: workflow_ref(&format!("tags/{name}")),
            ..job()
        };
        let line = |job: &Job| Run::of_job(job).unwrap().line_name();
        assert_eq!(line(&tag("v1")), line(&tag("v2")));
        let branch = Job { ref_name: "v1".into(), workflow_ref: workflow_ref("heads/v1"), ..job() };
        assert_eq!(line(&branch), "v1");

        let head = json!({"ref": "main", "sha": "b", "repo": {"full_name": "bob/shop"}});
        let told = |number: u64| json!({"pull_request": {"number": number, "head": head}});
        let of = |event| Job { event_name: "pull_request_target".into(), event, ..job() };
        assert_eq!(line(&of(told(7))), ":pull 7");
        assert_ne!(line(&of(told(7))), line(&of(told(8))));

        let api = |more: serde_json::Value| {
            let mut run = json!({"id": 5, "path": "ci.yml", "head_branch": "main", "head_sha": "c",
                "event": "pull_request", "repository": {"id": 1}, "head_repository": {"full_name": "bob/shop"}});
            run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Run::of_api(&run).unwrap().line_name()
        };
        let pulls = json!([{"number": 3, "base": {"repo": {"id": 2}}}, {"number": 7, "base": {"repo": {"id": 1}}}]);
        assert_eq!(api(json!({"pull_requests": pulls})), ":pull 7");
        assert_eq!(api(json!({"pull_requests": []})), ":pull bob/shop:main");
        assert_eq!(api(json!({"event": "release", "head_branch": "v1"})), ":tags");
        assert_eq!(api(json!({"event": "push"})), "main");
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
