//! Stories: one per action. Inputs and outputs as tables, then `run`, read from top to bottom.
//!
//! Stories never import one another; what two of them share lives in `actions::steps`.

use tokio_util::sync::CancellationToken;

use crate::domain::action::{ActionSpec, OutputValues};
use crate::domain::event::{Annotation, Sink};
use crate::domain::input::Values;
use crate::domain::job::Job;
use crate::failure::Outcome;

pub mod backup;
pub mod build_push;
pub mod coverage_gate;
pub mod create_failure_issue;
pub mod deploy;
pub mod inputs;
pub mod recover;
pub mod rollback;
pub mod steps;
pub mod validate_config;

/// Every action that is packaged, in the order of the documentation.
pub const ALL: &[&ActionSpec] = &[
    &validate_config::SPEC,
    &coverage_gate::SPEC,
    &build_push::SPEC,
    &deploy::SPEC,
    &backup::SPEC,
    &rollback::SPEC,
    &create_failure_issue::SPEC,
];

/// What a story gets from the outside.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The job it runs for.
    pub job: &'a Job,
    /// Where its events go.
    pub events: &'a dyn Sink,
    /// Cancelled on SIGINT and SIGTERM; every wait and child observes it.
    pub cancel: &'a CancellationToken,
}

/// How a story ends. The caller writes it: outputs, step summary, annotations, exit code.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Exit code and word of `result`.
    pub outcome: Outcome,
    /// The outputs; `result` is added by the caller.
    pub outputs: OutputValues,
    /// The step summary, Markdown, one string a section.
    pub summary: Vec<String>,
    /// Messages for the run's page, in any order. Where there are more than fit, the summary gets a list of them.
    pub annotations: Vec<Annotation>,
    /// Messages for the run's page that the summary lists already.
    pub listed: Vec<Annotation>,
    /// What the last line of the log says in place of the outcome's meaning: "3 errors in 41 files".
    pub verdict: Option<String>,
}

impl Ending {
    /// An ending with an outcome and nothing else yet.
    pub fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            outputs: OutputValues::default(),
            summary: Vec::new(),
            annotations: Vec::new(),
            listed: Vec::new(),
            verdict: None,
        }
    }
}

/// Runs the action of that name; `None` if there is none.
pub async fn run(name: &str, values: &Values, world: World<'_>) -> Option<Ending> {
    match name {
        "validate-config" => Some(validate_config::run(values, world).await),
        "coverage-gate" => Some(coverage_gate::run(values, world).await),
        "build-push" => Some(build_push::run(values, world).await),
        "create-failure-issue" => Some(create_failure_issue::run(values, world).await),
        "deploy" => Some(deploy::run(values, world).await),
        "backup" => Some(backup::run(values, world).await),
        "rollback" => Some(rollback::run(values, world).await),
        recover::NAME => Some(recover::run(values, world).await),
        _ => None,
    }
}
