//! `validate-config`: everything that would break the deploy or leak a secret, at file and line, in one run.

use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, JUDGES, OutputSpec};
use crate::domain::event::{Event, Level};
use crate::domain::finding::Finding;
use crate::domain::input::Values;
use crate::domain::validation::{self, count};
use crate::failure::{Failure, Outcome};
use crate::report::findings::terminal::{self, Reader};

mod ending;
mod facts;
mod gather;
mod inputs;
mod publish;
mod secrets;
mod table;

use inputs::Inputs;

/// What `validate-config` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "validate-config",
    about: "Finds what would break the deploy or leak a secret, at file and line, in one run: compose files, `.env`, git, secrets, Odoo manifests.",
    long_about: "Reads compose files as Compose v2 does and everything around them together: `.env` and its example, \
        `.gitignore` and the index, secret files, Odoo manifests. All findings in one run, each at its \
        line, with what to do. Needs no token, no engine and no network, so it works on pull requests of forks.",
    inputs: table::INPUTS,
    examples: &[&[], &["compose-files", "mode"]],
    outputs: OUTPUTS,
    outcomes: JUDGES,
    icon: "search",
    color: "blue",
    after_cancel: AfterCancel::Nothing,
    rules: validation::rules,
};

const OUTPUTS: &[OutputSpec] = &[
    OutputSpec {
        name: "result",
        doc: "How it ended: `done`, `failed`, `bad-input`, `bug` or `unavailable`.",
    },
    OutputSpec {
        name: "errors",
        doc: "How many errors were found; empty if it could not be checked.",
    },
    OutputSpec { name: "warnings", doc: "How many warnings were found." },
    OutputSpec { name: "findings-json", doc: "Path of the findings as JSON." },
    OutputSpec { name: "sarif-file", doc: "Path of the findings as SARIF, for code scanning." },
];

/// Checks, and tells.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    match validate(values, world).await {
        Ok(ending) => ending,
        Err(failure) => ending::of_failure(&failure),
    }
}

async fn validate(values: &Values, world: World<'_>) -> Result<Ending, Failure> {
    let inputs = Inputs::read(values, world)?;
    let gathered = gather::all(&inputs, world).await?;
    let reported = validation::settle(gathered.findings.clone(), &inputs.levels);
    let files = gathered.files();
    let reader = if world.job.on_runner { Reader::Runner } else { Reader::Person };
    let (notices, above): (Vec<&Finding>, Vec<&Finding>) =
        reported.iter().partition(|finding| finding.level == Level::Notice);
    let told = above.iter().map(|finding| terminal::finding(finding, &files, reader));
    for text in told.chain(terminal::notices(&notices, &files, reader)) {
        world.events.emit(Event::Note(text));
    }
    if !gathered.scope.is_empty() {
        world.events.emit(Event::Note(format!("looked at {}", gathered.scope.join(", "))));
    }
    for sentence in &gathered.not_checked {
        world.events.emit(Event::Note(format!("not checked: {sentence}")));
    }
    let fails = validation::fails(&reported, inputs.fail_on);
    let outcome = if fails { Outcome::Failed } else { Outcome::Done };
    let mut ending = ending::of(outcome, &reported, (&gathered, world));
    ending.verdict = Some(format!(
        "{} in {} file{}",
        terminal::counts(&reported),
        gathered.count,
        if gathered.count == 1 { "" } else { "s" }
    ));
    ending.outputs.set("errors", count(&reported, Level::Error).to_string());
    ending.outputs.set("warnings", count(&reported, Level::Warning).to_string());
    publish::files(&inputs, world, (&reported, &files), &mut ending);
    Ok(ending)
}
