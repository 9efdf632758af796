//! `create-failure-issue`: one issue for a workflow that is broken, kept up to date, closed when it is green again.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::actions::create_failure_issue::apply::{Desk, Done};
use crate::actions::create_failure_issue::gather::Gathered;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::actions::create_failure_issue::names::Names;
use crate::actions::steps::github;
use crate::actions::{Ending, World};
use crate::adapters::github::errors::Error;
use crate::adapters::github::{issues, runs};
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec, no_rules};
use crate::domain::incident::closing;
use crate::domain::incident::issue::{self, Issue};
use crate::domain::incident::jobs::{Stage, Standing};
use crate::domain::incident::key::{Key, assign};
use crate::domain::incident::life::{self, Known};
use crate::domain::incident::memory::Seen;
use crate::domain::incident::news::News;
use crate::domain::input::Values;
use crate::domain::repository::Repository;
use crate::failure::{Failure, Outcome};
use crate::report::incident::{Failing, Links};

mod apply;
mod around;
mod ending;
mod file;
mod gather;
mod inputs;
mod names;
mod notify;
mod promise;
mod table;
mod words;

/// What writing an issue needs.
const WRITE_ISSUES: &str = "issues: write";

/// What `create-failure-issue` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "create-failure-issue",
    about: "Opens one issue when a workflow breaks, keeps it up to date, and closes it when the workflow is green again.",
    long_about: "To be used in a job at the end that always runs. The first failure opens an issue with the failed stage, all \
        jobs, run, branch, commit and links to the logs; further ones are counted in it; a success of what was broken on a \
        later commit closes it. A Slack channel can be told too. What keeps it from writing the issue is a warning, and the \
        report is in the step summary: it makes no run red but for wrong inputs (64), a defect of its own (70), and when it is \
        cancelled or cannot start (75).",
    inputs: table::INPUTS,
    examples: &[&[], &["run-id", "dry-run"]],
    outputs: OUTPUTS,
    outcomes: &[Outcome::Done, Outcome::BadInput, Outcome::Bug, Outcome::Unavailable],
    icon: "alert-circle",
    color: "red",
    after_cancel: AfterCancel::Nothing,
    rules: no_rules,
};

const OUTPUTS: &[OutputSpec] = &[
    OutputSpec {
        name: "result",
        doc: "How it ended: `done`, `bad-input`, `bug` or `unavailable`.",
    },
    OutputSpec {
        name: "action",
        doc: "What was done: `created`, `updated`, `reopened`, `closed`, `none`, `skipped` (no issue for this run), or `error`.",
    },
    OutputSpec { name: "issue-number", doc: "Number of the issue; empty if there is none." },
    OutputSpec { name: "issue-url", doc: "Its page." },
    OutputSpec {
        name: "issues",
        doc: "All issues that were looked at, as JSON: `number`, `url`, `action`.",
    },
    OutputSpec {
        name: "failed-stages",
        doc: "The jobs that failed, as JSON: `job`, `step`, `url`, `error`, `exit-code`.",
    },
    OutputSpec {
        name: "fingerprint",
        doc: "By what the first failure is known again: the same for the same error at another time and commit.",
    },
    OutputSpec { name: "first-bad-sha", doc: "The commit with which it began." },
    OutputSpec { name: "occurrences", doc: "How many runs failed." },
    OutputSpec {
        name: "flaky",
        doc: "Whether a job is flaky (`true` or `false`): it failed and succeeded on the same commit, and has not succeeded in three runs in a row since.",
    },
    OutputSpec { name: "report-path", doc: "Path of the report as Markdown." },
];

/// Looks at a run and brings its issue up to date.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let told = match Inputs::read(values) {
        Ok(inputs) => story(&inputs, world).await,
        Err(failure) => Err(failure),
    };
    told.unwrap_or_else(|failure| ending::of_failure(&failure))
}

async fn story(inputs: &Inputs, world: World<'_>) -> Result<Ending, Failure> {
    let repository = repository(world)?;
    let token = inputs.token.as_ref().ok_or_else(|| {
        Failure::new(Outcome::BadInput, "there is no token to read the run with")
            .help("run it as an action, or give `--token-file`")
    })?;
    let client = github::client_within(world, token, Some(inputs.timeout))?;
    let operation = client.operation();
    let run = gather::run(inputs, world, &operation, &repository).await?;
    let names = Names::new(world)?;
    let shown = names.run(&run);
    let left_out = gather::left_out(inputs, world, &run).map(|why| names.hide(&why));
    let jobs = runs::jobs(&operation, &repository, &run, &world.job.runner_name).await;
    // As late as may be: another run may write an issue meanwhile.
    let known = if left_out.is_some() {
        Ok(Vec::new())
    } else {
        let label = (inputs.marker_label.as_str(), looked_back(inputs));
        let ours = |found: Issue| issue::known(&found, &shown, &inputs.author);
        issues::list(&operation, &repository, label, ours).await
    };
    let before = known.as_deref().unwrap_or_default();
    let of = (&repository, run, shown);
    let gathered =
        gather::stages_of((inputs, world), &names, &operation, of, (jobs, before)).await?;
    let links = Links { server: world.job.server_url.clone(), repository: repository.clone() };
    let everything = news(world, &gathered, None);
    let memory = life::first(&everything);
    let failing = Failing {
        links: &links,
        run: &gathered.shown,
        stages: &gathered.stages,
        environment: &gathered.environment,
        reasons: &gathered.reasons,
        only: None,
        memory: &memory,
        earlier: None,
    };
    let told = ending::Told { world, inputs, failing };
    if let Some(why) = left_out {
        let of = (&repository, &gathered.run);
        let marked = promise::mark((world, inputs), &operation, of).await;
        return Ok(told.without(&why, &marked));
    }
    let desk = Desk {
        inputs,
        world,
        operation: &operation,
        repository: &repository,
        run: &gathered.run,
        failing,
        around: &OnceCell::new(),
        file: &OnceCell::new(),
    };
    let (done, error) = match known {
        Ok(known) => Box::pin(issues(desk, &gathered, &known)).await,
        Err(error) => (Vec::new(), Some(error)),
    };
    let told_of = (error.is_none() || !done.is_empty()).then_some(done.as_slice());
    let github = (&operation, &repository, &gathered.run);
    let warning = notify::notify((world, inputs), github, (&everything, failing), told_of).await;
    let failure = error.as_ref().map(|error| github::failed(error, WRITE_ISSUES));
    let mut ending = match (error, failure) {
        (Some(Error::NotAllowed { .. }), Some(failure)) if done.is_empty() => {
            told.not_allowed(&failure)
        }
        (_, Some(failure)) if done.is_empty() => told.trouble(&failure),
        (_, failure) => told.with(&done, failure.as_ref()),
    };
    ending.annotations.extend(warning);
    Ok(ending)
}

/// How far back closed issues are looked at where there are too many: as long as they may be opened again, and half a
/// year, so that a new one can name the one before and "not planned" is remembered.
fn looked_back(inputs: &Inputs) -> Timestamp {
    let time = inputs.rules.window.max(Duration::from_hours(180 * 24));
    Timestamp::now().checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Brings every issue up to date that this run says something about. What cannot be done with one keeps nobody from the
/// others, unless it will fail with them too; the first error is told.
async fn issues(
    desk: Desk<'_>,
    gathered: &Gathered,
    known: &[Known],
) -> (Vec<Done>, Option<Error>) {
    let Desk { inputs, world, failing, .. } = desk;
    let failed: Vec<&Stage> =
        gathered.stages.iter().filter(|stage| stage.standing == Standing::Failed).collect();
    let told = (failing.run, gathered.reasons.as_slice());
    let broken_in = |job: &str| life::broken_in(known, job);
    let mut keys: Vec<(Key, Vec<&Stage>)> = assign(inputs.scope, told, &failed, broken_in);
    for one in known {
        if !keys.iter().any(|(key, _)| *key == one.key) {
            keys.push((one.key.clone(), Vec::new()));
        }
    }
    let (mut all, mut first) = (Vec::new(), None);
    for (key, stages) in keys {
        let news = news(world, gathered, Some(&stages));
        let failing = Failing { only: Some(&news.failed), ..failing };
        match apply::apply(Desk { failing, ..desk }, known, &key, &news).await {
            Ok(done) => all.push(done),
            Err(error) => {
                let is_last = error.will_repeat();
                first = first.or(Some(error));
                if is_last {
                    break;
                }
            }
        }
    }
    (all, first)
}

/// What the run says; of an issue that is only for some jobs, `failed` are those of them that failed.
fn news(world: World<'_>, gathered: &Gathered, failed: Option<&[&Stage]>) -> News {
    let Gathered { run, stages, reasons, is_whole, .. } = gathered;
    let is_of_this_run = run.id.to_string() == world.job.run_id;
    let claims = if is_of_this_run { closing::claims(&world.job.event) } else { Vec::new() };
    let seen = Seen::new(run, Timestamp::now());
    let told = News::of(run, seen, stages, failed);
    // A job that is not among some of them may well be there.
    News { reasons: reasons.clone(), claims, has_skipped: told.has_skipped || !is_whole, ..told }
}

fn repository(world: World<'_>) -> Result<Repository, Failure> {
    let name = &world.job.repository;
    Repository::parse(name).ok_or_else(|| {
        Failure::new(Outcome::BadInput, format!("`{name}` is no name of a repository"))
            .help("run it in a job of GitHub Actions, or in a checkout of a repository on GitHub")
    })
}
