//! How a check ends: summary, annotations, outcome.

use crate::actions::steps::ending::annotation;
use crate::actions::validate_config::gather::Gathered;
use crate::actions::{Ending, World};
use crate::domain::finding::Finding;
use crate::failure::{Failure, Outcome};
use crate::report::findings::annotations::annotations;
use crate::report::findings::summary::{Told, sections};
use crate::report::markdown::prose;

/// An answer.
pub fn of(
    outcome: Outcome,
    findings: &[Finding],
    (gathered, world): (&Gathered, World<'_>),
) -> Ending {
    let mut ending = Ending::new(outcome);
    let told = Told {
        fails: outcome == Outcome::Failed,
        scope: gathered.scope.clone(),
        not_checked: gathered.not_checked.clone(),
        more: Vec::new(),
    };
    ending.summary = sections(findings, &told);
    // On a terminal each finding was shown with its line already.
    if world.job.on_runner {
        ending.annotations = annotations(findings, &|_| false);
    }
    ending
}

/// It could not be checked.
pub fn of_failure(failure: &Failure) -> Ending {
    let mut ending = Ending::new(failure.outcome);
    let word = failure.outcome.word();
    ending.summary = vec![format!(
        "### ❌ validate-config: {word}\n\nNothing can be said of this repository: {}\n",
        prose(&failure.to_string())
    )];
    ending.annotations = vec![annotation("validate-config", failure)];
    ending
}
