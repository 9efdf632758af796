//! A workflow `Nightly` of `acme/app` on the fake GitHub, and the action in a job at its end.

use std::process::Command;

use serde_json::{Value, json};

use crate::kit::github::tracker::Issue;
use crate::kit::github::wire::Response;
use crate::kit::github::{FakeGitHub, Fault, TOKEN};
use crate::kit::scene::{Ran, Scene};

/// A commit whose digits are all this one.
pub fn sha(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// A job as the API tells it: one step passed, and one ended like the job.
pub fn job(name: &str, conclusion: &str, minute: u64) -> Value {
    let at = |minute: u64| format!("2026-11-30T{:02}:{:02}:00Z", 10 + minute / 60, minute % 60);
    let step = |number, name: &str, conclusion: &str| {
        json!({"name": name, "number": number, "status": "completed", "conclusion": conclusion,
            "started_at": at(minute), "completed_at": at(minute + 1)})
    };
    let steps = if conclusion == "skipped" {
        json!([])
    } else {
        json!([step(1, "Set up job", "success"), step(2, "Run the thing", conclusion)])
    };
    json!({"id": 9000 + minute, "name": name, "status": "completed", "conclusion": conclusion, "steps": steps,
        "started_at": at(minute), "completed_at": at(minute + 1), "runner_name": "r1"})
}

/// A run of the workflow.
#[derive(Clone)]
pub struct Run {
    pub number: u64,
    pub attempt: u64,
    pub workflow: &'static str,
    pub sha: String,
    pub jobs: Vec<Value>,
    pub event: (&'static str, Value),
    pub branch: &'static str,
    /// `heads` or `tags`.
    pub kind: &'static str,
}

impl Run {
    /// A run of `main`, by its jobs and their conclusions.
    pub fn of(number: u64, digit: char, jobs: &[(&str, &str)]) -> Self {
        let jobs =
            jobs.iter().zip(1..).map(|((name, conclusion), minute)| job(name, conclusion, minute));
        let event = ("push", json!({"repository": {"default_branch": "main"}}));
        Self {
            number,
            attempt: 1,
            workflow: "nightly",
            sha: sha(digit),
            jobs: jobs.collect(),
            event,
            branch: "main",
            kind: "heads",
        }
    }
}

/// A folder for a job of the action.
fn scene() -> std::sync::Arc<Scene> {
    let scene = Scene::of("create-failure-issue");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    std::sync::Arc::new(scene)
}

pub struct Bed {
    pub github: FakeGitHub,
    /// Where logs lie.
    storage: FakeGitHub,
    scene: std::sync::Arc<Scene>,
}

impl Bed {
    /// `main` has the commits `a` to `f`, in this order.
    pub async fn new() -> Self {
        Self::at("").await
    }

    /// The same on a GitHub whose API lies below a path.
    pub async fn at(prefix: &str) -> Self {
        let github = FakeGitHub::start_at(prefix).await;
        "abcdef".chars().for_each(|digit| github.push(&sha(digit)));
        let storage = FakeGitHub::start().await;
        Self { github, storage, scene: scene() }
    }

    /// Another machine that works for the same repository.
    pub fn beside(&self) -> Self {
        Self { github: self.github.clone(), storage: self.storage.clone(), scene: scene() }
    }

    /// The log of a job, which can be read once.
    pub fn log(&self, job: u64, text: &str) {
        self.github.set_log(job, &format!("{}/logs/{job}?sig=1", self.storage.url()));
        let answer = Response { status: 200, headers: Vec::new(), body: text.to_owned() };
        self.storage.script("GET logs", Fault::Answer(answer));
    }

    /// The log of a job lies on a server that takes the request and never answers.
    pub fn log_hangs(&self, job: u64) {
        self.github.set_log(job, &format!("{}/logs/{job}?sig=1", self.storage.url()));
        self.storage.script("GET logs", Fault::Held);
    }

    /// The action in a job at the end of the run.
    pub async fn run(&self, run: &Run) -> Ran {
        self.run_with(run, &[]).await
    }

    /// The same with inputs.
    pub async fn run_with(&self, run: &Run, inputs: &[(&str, &str)]) -> Ran {
        self.run_in(run, inputs, &[]).await
    }

    /// The same with more environment.
    pub async fn run_in(&self, run: &Run, inputs: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
        let mut command = self.prepared(run, inputs);
        command.envs(env.iter().copied());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let ran = self.scene.ran(&output);
        assert_eq!(self.github.violations(), [""; 0]);
        let read = self.storage.requests();
        assert!(read.iter().all(|request| request.all("authorization").is_empty()), "{read:?}");
        let shown = ran.log.replace(&format!("::add-mask::{TOKEN}"), "");
        assert!(!shown.contains(TOKEN) && !ran.summary.contains(TOKEN), "{shown}");
        ran
    }

    /// The action, to be started: the run's jobs are known to GitHub.
    pub fn prepared(&self, run: &Run, inputs: &[(&str, &str)]) -> Command {
        let id = 500 + run.number;
        let mut jobs = run.jobs.clone();
        jobs.push(json!({"id": 1, "name": "failure", "status": "in_progress", "conclusion": null, "steps": [],
            "started_at": "2026-11-30T10:50:00Z", "completed_at": null, "runner_name": "here"}));
        self.github.set_jobs((id, run.attempt), jobs);
        let mut command = self.command(run, inputs);
        command.env("GITHUB_RUN_ID", id.to_string());
        command
    }

    fn command(&self, run: &Run, inputs: &[(&str, &str)]) -> Command {
        let mut command = self.scene.command(run.event.0, &run.event.1, inputs);
        let Run { workflow, kind, branch, .. } = run;
        let file = format!("acme/app/.github/workflows/{workflow}.yml@refs/{kind}/{branch}");
        command
            .env("GITHUB_API_URL", self.github.url())
            .env("MTA_TOKEN", TOKEN)
            .env("GITHUB_REPOSITORY", "acme/app")
            .env("GITHUB_RUN_NUMBER", run.number.to_string())
            .env("GITHUB_RUN_ATTEMPT", run.attempt.to_string())
            .env("GITHUB_WORKFLOW", run.workflow)
            .env("GITHUB_WORKFLOW_REF", file)
            .env("GITHUB_REF_NAME", run.branch)
            .env("GITHUB_SHA", &run.sha)
            .env("GITHUB_ACTOR", "ann")
            .env("RUNNER_NAME", "here");
        command
    }

    /// The only issue.
    #[track_caller]
    pub fn issue(&self) -> Issue {
        let issues = self.github.issues();
        assert_eq!(issues.len(), 1, "{issues:#?}");
        issues.into_iter().next().unwrap()
    }

    /// The texts of all comments but their markers.
    pub fn comments(&self) -> Vec<String> {
        let comments = self.github.comments().into_iter();
        comments.map(|comment| comment.body.split_once('\n').unwrap().1.to_owned()).collect()
    }
}

/// The action said what it did, and was green.
#[track_caller]
pub fn did(ran: &Ran, action: &str) {
    let told = (ran.code, ran.output("result"), ran.output("action"));
    assert_eq!(told, (0, "done", action), "{}\n{}", ran.log, ran.summary);
}
