//! Runs of workflows: one by its number, its jobs, and the newest ones.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::errors::Error;
use crate::adapters::github::pages;
use crate::domain::incident::jobs::{Job, Step, Verdict};
use crate::domain::incident::run::Run;
use crate::domain::repository::Repository;

/// Asks for a run.
pub async fn get(
    operation: &Operation<'_>,
    repository: &Repository,
    id: u64,
) -> Result<Run, Error> {
    let id = id.to_string();
    let path = ["repos", repository.owner(), repository.name(), "actions", "runs", &id];
    let url = operation.client().url(&path, &[]);
    let call = Call::get(format!("read the run {id} of {repository}"), url);
    let told: Value = operation.get(&call).await?;
    let why = || "the answer is no run of a workflow".to_owned();
    Run::of_api(&told).ok_or_else(|| Error::Unusable { what: call.what, why: why() })
}

/// Runs that are asked for: some of them may have been cancelled, or be of a fork's branch.
const RECENT: &str = "20";

#[derive(Deserialize)]
struct Recent {
    #[serde(default)]
    workflow_runs: Vec<Value>,
}

/// Which runs are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that have ended, in whatever way.
    Ended,
    /// Those that succeeded.
    Green,
}

/// The newest runs of a run's workflow, on branches of its branch's name.
pub async fn recent(
    operation: &Operation<'_>,
    repository: &Repository,
    (run, which): (&Run, Which),
) -> Result<Vec<Run>, Error> {
    let file = run.path.rsplit('/').next().unwrap_or_default();
    let (owner, name) = (repository.owner(), repository.name());
    let path = ["repos", owner, name, "actions", "workflows", file, "runs"];
    let status = match which {
        Which::Ended => "completed",
        Which::Green => "success",
    };
    let query = [("branch", run.branch.as_str()), ("status", status), ("per_page", RECENT)];
    let url = operation.client().url(&path, &query);
    let call = Call::get(format!("list the runs of {file} in {repository}"), url);
    let told: Recent = operation.get(&call).await?;
    Ok(told.workflow_runs.iter().filter_map(Run::of_api).collect())
}

/// A job as the API tells it; anything but the number may be missing.
#[derive(Deserialize)]
struct Told {
    id: u64,
    name: Option<String>,
    conclusion: Option<String>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    runner_name: Option<String>,
    #[serde(default)]
    steps: Option<Vec<ToldStep>>,
}

#[derive(Deserialize)]
struct ToldStep {
    name: Option<String>,
    number: Option<u64>,
    conclusion: Option<String>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
}

impl From<ToldStep> for Step {
    fn from(told: ToldStep) -> Self {
        Self {
            name: told.name.unwrap_or_default(),
            number: told.number.unwrap_or_default(),
            verdict: Verdict::of(told.conclusion.as_deref()),
            started: told.started_at,
            completed: told.completed_at,
        }
    }
}

impl From<Told> for Job {
    fn from(told: Told) -> Self {
        Self {
            id: told.id,
            name: told.name.unwrap_or_default(),
            verdict: Verdict::of(told.conclusion.as_deref()),
            started: told.started_at,
            completed: told.completed_at,
            steps: told.steps.unwrap_or_default().into_iter().map(Step::from).collect(),
        }
    }
}

/// The jobs of the run's attempt. `runner` is the machine that asks: the job that runs there and in which nothing has
/// failed is the one that asks, and left out.
pub async fn jobs(
    operation: &Operation<'_>,
    repository: &Repository,
    run: &Run,
    runner: &str,
) -> Result<Vec<Job>, Error> {
    let (id, attempt) = (run.id.to_string(), run.attempt.to_string());
    let (owner, name) = (repository.owner(), repository.name());
    let path = ["repos", owner, name, "actions", "runs", &id, "attempts", &attempt, "jobs"];
    let url = operation.client().url(&path, &[("per_page", "100")]);
    let call = Call::get(format!("list the jobs of the run {id} of {repository}"), url);
    pages::list_in(operation, call, "jobs", |told: Told| {
        let is_here = told.runner_name.as_deref() == Some(runner) && !runner.is_empty();
        let job = Job::from(told);
        let asks = is_here && job.verdict == Verdict::Unfinished && !job.has_failed();
        (!asks).then_some(job)
    })
    .await
}
