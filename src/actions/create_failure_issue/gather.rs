//! What is known before anything is decided: the run, its stages, the issues that are there.

use std::time::Duration;

use serde_json::Value;

use crate::actions::World;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::actions::create_failure_issue::names::Names;
use crate::actions::steps::github;
use crate::adapters::github::client::Operation;
use crate::adapters::github::errors::Error;
use crate::adapters::github::{contents, logs, refs, runs};
use crate::domain::event::Event;
use crate::domain::incident::jobs::{Job, Stage, Standing, Verdict, family, of_file, stages};
use crate::domain::incident::key::{MOST_JOBS, Scope};
use crate::domain::incident::life::Known;
use crate::domain::incident::memory::Recalled;
use crate::domain::incident::reason::{self, Reason};
use crate::domain::incident::run::{Line, Run};
use crate::domain::incident::workflow::{Needs, Workflow};
use crate::domain::redact::Redactor;
use crate::domain::repository::Repository;
use crate::failure::{Failure, Outcome};

/// What the API of runs needs.
const READ_RUNS: &str = "actions: read";

/// A run and what became of it.
pub struct Gathered {
    /// The run.
    pub run: Run,
    /// The same as people may see it.
    pub shown: Run,
    /// Its stages, those that failed first.
    pub stages: Vec<Stage>,
    /// The environment that was deployed to; empty if there is none.
    pub environment: String,
    /// Why the first stages failed, as far as their logs say it.
    pub reasons: Vec<Reason>,
    /// Whether the stages are all of the run, by the names that people see. Those of `needs` are neither.
    pub is_whole: bool,
}

/// How long reading logs may take in all, if that is not more than its share of the whole time.
const LOGS_TIME: Duration = Duration::from_secs(15);

/// Logs may take one part of so many: the rest is for the issue.
const LOGS_SHARE: u32 = 4;

/// Logs that are read of a run that says something new.
const LOGS: usize = 2;

/// Logs that are read where all that fails is known: what it was the issue remembers.
const LOGS_OF_A_REPEAT: usize = 1;

/// Which run is meant: the one that the user names, the one that started this one, or this one.
pub async fn run(
    inputs: &Inputs,
    world: World<'_>,
    operation: &Operation<'_>,
    repository: &Repository,
) -> Result<Run, Failure> {
    let job = world.job;
    if let Some(id) = inputs.run_id {
        let run = runs::get(operation, repository, id).await.map_err(|error| match error {
            // GitHub says "not found" of what a token may not see, too.
            Error::NotFound { .. } => Failure::new(
                Outcome::BadInput,
                format!("{repository} has no run {id}, or the token may not see it"),
            )
            .why(&error)
            .help(format!(
                "check `run-id`, the number in the address of the run's page, of this repository; if it is right, {}",
                github::help(&error, READ_RUNS)
            )),
            error => github::failed(&error, READ_RUNS),
        })?;
        return Ok(in_its_line(inputs, world, operation, (repository, run)).await);
    }
    let started_by = job.event.get("workflow_run").filter(|_| job.event_name == "workflow_run");
    let run = started_by.map_or_else(|| Run::of_job(job), Run::of_api).ok_or_else(|| {
        Failure::new(Outcome::BadInput, "there is no run to look at")
            .why("this is no job of GitHub Actions, or its event does not name a run")
            .help("give `run-id`, the number in the address of the run's page")
    })?;
    if started_by.is_none() {
        return Ok(run);
    }
    Ok(in_its_line(inputs, world, operation, (repository, run)).await)
}

/// A run of which the API told a name, and not whether it is a tag's. That is looked up where it matters: not for the
/// default branch, and not for names that get no issue.
async fn in_its_line(
    inputs: &Inputs,
    world: World<'_>,
    operation: &Operation<'_>,
    (repository, run): (&Repository, Run),
) -> Run {
    let default = default_branch(world);
    let counts = default.is_none() || inputs.branches.matches(&run.branch);
    let is_open = run.line == Line::Branch && run.event != "schedule" && !run.branch.is_empty();
    if !counts || !is_open || default == Some(run.branch.as_str()) {
        return run;
    }
    match refs::is_tag(operation, repository, &run.branch).await {
        Ok(true) => Run { line: Line::Tags, ..run },
        Ok(false) => run,
        Err(error) => {
            let what = "whether it is a run of a tag is not known";
            let why = github::failed(&error, "contents: read");
            world.events.emit(Event::Note(format!("{what}: {why}")));
            run
        }
    }
}

/// The name of the default branch; some events do not tell it.
pub fn default_branch(world: World<'_>) -> Option<&str> {
    world.job.event.pointer("/repository/default_branch").and_then(Value::as_str)
}

/// Why a run gets no issue; `None` if it does.
pub fn left_out(inputs: &Inputs, world: World<'_>, run: &Run) -> Option<String> {
    if run.is_of_pull_request() && !inputs.pull_requests {
        return Some("it is of a pull request (`skip-pull-requests`)".to_owned());
    }
    if run.is_of_pull_request() || inputs.branches.matches(&run.branch) {
        return None;
    }
    let default = default_branch(world);
    // By hand, and by some events, nobody says which branch is the default one: no failure is passed over for that.
    let is_default = default.is_none_or(|default| default == run.branch) && run.line != Line::Tags;
    let counts = inputs.default_branch && is_default;
    (!counts).then(|| format!("`{}` is none of `branches`", run.branch))
}

/// What became of the run, of which GitHub told these jobs. `shown` is the run as people may see it.
pub async fn stages_of(
    (inputs, world): (&Inputs, World<'_>),
    names: &Names<'_>,
    operation: &Operation<'_>,
    (repository, run, shown): (&Repository, Run, Run),
    (jobs, known): (Result<Vec<Job>, Error>, &[Known]),
) -> Result<Gathered, Failure> {
    let told_environment = inputs.environment.as_ref().map(|name| names.hide(name));
    let none = Needs::default();
    // They are those of this job's own run, and say nothing of another one.
    let own = inputs.needs.as_ref().filter(|_| run.id.to_string() == world.job.run_id);
    let needs = own.unwrap_or(&none);
    let mut jobs = match jobs {
        Ok(jobs) => jobs,
        Err(error) => {
            let failure = github::failed(&error, READ_RUNS);
            let stages = own.map(Needs::stages);
            let Some(mut stages) = stages else {
                return Err(failure.help(format!(
                    "{}; or give `needs: ${{{{ toJSON(needs) }}}}`, which needs no permission",
                    github::help(&error, READ_RUNS)
                )));
            };
            world
                .events
                .emit(Event::Note(format!("the jobs are known from `needs` alone: {failure}")));
            names.stages(&mut stages);
            let environment = told_environment.unwrap_or_default();
            let reasons = Vec::new();
            return Ok(Gathered { run, shown, stages, environment, reasons, is_whole: false });
        }
    };
    let all_is_well = run.conclusion == "success";
    let failed: Vec<String> =
        jobs.iter().filter(|job| job.has_failed()).map(|job| family(&job.name)).collect();
    let is_known = known
        .iter()
        .any(|one| matches!(&one.recalled, Recalled::All(memory) if memory.knows_well(&failed)));
    // GitHub calls a job cancelled that took longer than it may: the file says how long that is.
    let was_cancelled = jobs.iter().any(|job| job.verdict == Verdict::Cancelled);
    let is_needless = failed.is_empty() || is_known;
    let workflow = if all_is_well || is_needless && !was_cancelled {
        Workflow::default()
    } else {
        workflow(world, operation, (repository, &run)).await
    };
    for job in &mut jobs {
        job.end_by(workflow.limit(&job.name));
    }
    let mut stages = stages(&jobs, |job| all_is_well || workflow.tolerates(job, needs));
    if stages.is_empty() {
        stages.extend(of_file(&run.path, &run.conclusion));
    }
    let environment =
        told_environment.unwrap_or_else(|| names.hide(environment(&workflow, &stages)));
    names.stages(&mut stages);
    let failed = stages.iter().filter(|stage| stage.standing == Standing::Failed).count();
    let logs = match inputs.scope {
        // Each error has an issue of its own, unless there are too many.
        Scope::Fingerprint if failed <= MOST_JOBS => MOST_JOBS,
        _ if is_known => LOGS_OF_A_REPEAT,
        _ => LOGS,
    };
    let limits = (logs, LOGS_TIME.min(inputs.timeout / LOGS_SHARE));
    let reasons = reasons(world, operation, (repository, &run), (&stages, limits)).await;
    Ok(Gathered { run, shown, stages, environment, reasons, is_whole: true })
}

/// The workflow's file; what cannot be read says nothing.
async fn workflow(
    world: World<'_>,
    operation: &Operation<'_>,
    (repository, run): (&Repository, &Run),
) -> Workflow {
    match contents::text(operation, repository, (&run.path, &run.sha)).await {
        Ok(text) => Workflow::read(&text),
        Err(error) => {
            let what = "which jobs may fail is not known";
            world
                .events
                .emit(Event::Note(format!("{what}: {}", github::failed(&error, "contents: read"))));
            Workflow::default()
        }
    }
}

/// What the logs of the first stages say. One that cannot be read says nothing.
async fn reasons(
    world: World<'_>,
    operation: &Operation<'_>,
    (repository, run): (&Repository, &Run),
    (stages, (most, time)): (&[Stage], (usize, Duration)),
) -> Vec<Reason> {
    let failed = stages.iter().filter(|stage| stage.standing == Standing::Failed);
    let legs = failed.filter_map(|stage| Some((stage, stage.failed_legs().next()?)));
    let Ok(redactor) = Redactor::new() else { return Vec::new() };
    let hide = |text: &str| world.events.harmless(&redactor.hide(text));
    let mut found = Vec::new();
    // The issue matters more than its reason: logs have a time of their own.
    let operation = &operation.client().operation_within(time);
    // The log of a job that still runs cannot be had.
    for (stage, leg) in legs.filter(|(_, leg)| leg.completed.is_some()).take(most) {
        match logs::end(operation, repository, leg.id).await {
            Ok((bytes, beginning)) => {
                found.extend(reason::of(run, (stage, leg), (&bytes, beginning), hide));
            }
            Err(error) => {
                let failure = unread(&error);
                world.events.emit(Event::Note(format!("why it failed is not known: {failure}")));
                break;
            }
        }
    }
    found
}

/// What is told of a log that cannot be read.
fn unread(error: &Error) -> Failure {
    let failure = github::failed(error, READ_RUNS);
    match error.refusal().map(|refusal| refusal.status) {
        Some(410) => failure.help(
            "nothing: GitHub has deleted it, as it does after the days that the repository's settings say \
             (Actions, General)",
        ),
        _ => failure,
    }
}

fn environment<'a>(workflow: &'a Workflow, stages: &[Stage]) -> &'a str {
    let failed = stages.iter().filter(|stage| stage.standing == Standing::Failed);
    let jobs: Vec<&Job> = failed.flat_map(|stage| stage.legs.iter()).collect();
    let found = jobs.iter().find_map(|job| workflow.environment(&job.name));
    found.unwrap_or_default()
}
