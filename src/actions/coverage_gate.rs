//! `coverage-gate`: may this change pass? Exact, and "could not check" is never a pass.

use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, JUDGES, OutputSpec, no_rules};
use crate::domain::coverage::gate::Verdict;
use crate::domain::input::Values;

mod baseline;
mod change;
mod ending;
mod findings;
mod gate;
mod inputs;
mod links;
mod post;
mod publish;
mod reports;
mod stale;
mod table;
mod told;

/// What `coverage-gate` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "coverage-gate",
    about: "Blocks a pull request whose coverage is too low, fell, or whose changed lines are not tested, and names the lines.",
    long_about: "Reads Cobertura, LCOV, JaCoCo, Clover, OpenCover, coverage.py, Go, Istanbul, SimpleCov, llvm-cov and gcov \
        reports, recognised by what is in them, and joins them. Counts in whole numbers: 79.999 % is not 80 %. The baseline \
        is kept in the repository itself. What cannot be checked is an error and never a pass.",
    inputs: table::INPUTS,
    examples: &[&["reports"], &["reports", "base"]],
    outputs: OUTPUTS,
    outcomes: JUDGES,
    icon: "check-circle",
    color: "green",
    after_cancel: AfterCancel::Nothing,
    rules: no_rules,
};

const OUTPUTS: &[OutputSpec] = &[
    OutputSpec {
        name: "result",
        doc: "How it ended: `done`, `failed`, `bad-input`, `bug` or `unavailable`.",
    },
    OutputSpec { name: "verdict", doc: "`pass`, `fail`, or `error` if it could not be checked." },
    OutputSpec { name: "total-percent", doc: "Share of all files together, floored: `87.49`." },
    OutputSpec { name: "covered", doc: "How many lines (or what `metric` counts) are covered." },
    OutputSpec { name: "total", doc: "How many there are." },
    OutputSpec {
        name: "patch-percent",
        doc: "Share of the changed lines, floored; empty if none of them can run.",
    },
    OutputSpec {
        name: "delta",
        doc: "Difference to the baseline in percentage points, what the change deletes left out, as the gate judges and tells it: `-0.53`.",
    },
    OutputSpec {
        name: "uncovered-json",
        doc: "Path of `uncovered.json`: what is not covered, for tools.",
    },
    OutputSpec { name: "sarif-file", doc: "Path of the findings as SARIF, for code scanning." },
    OutputSpec { name: "comment-file", doc: "Path of the comment as Markdown." },
    OutputSpec { name: "badge-file", doc: "Path of the badge as SVG." },
    OutputSpec { name: "html-file", doc: "Path of the HTML report, if `html` is on." },
    OutputSpec { name: "baseline-commit", doc: "The commit that was compared with." },
];

/// Judges, or posts the comment of a fork's run.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let result = match values.text("mode") {
        Some("post") => post::run(values, world).await,
        _ => gate::run(values, world).await,
    };
    result.unwrap_or_else(|failure| {
        let mut ending = ending::of_failure(&failure);
        ending.outputs.set("verdict", Verdict::Error.word());
        ending
    })
}
