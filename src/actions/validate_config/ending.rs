//! How a check ends: summary, annotations, outcome.

use crate::actions::steps::ending::annotation;
use crate::actions::validate_config::gather::Gathered;
use crate::actions::{Ending, World};
use crate::domain::finding::Finding;
use crate::domain::odoo::module::Installable;
use crate::failure::{Failure, Outcome};
use crate::report::findings::annotations::annotations;
use crate::report::findings::summary::{Told, sections};
use crate::report::markdown::{Table, code, details, prose};

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
        more: modules(gathered),
    };
    ending.summary = sections(findings, &told);
    // On a terminal each finding was shown with its line already.
    if world.job.on_runner {
        ending.listed = annotations(findings, &|_| false);
    }
    ending
}

/// The Odoo modules with their versions.
fn modules(gathered: &Gathered) -> Vec<String> {
    if gathered.modules.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(&["Module", "Version", "Installable"]);
    for (folder, version, installable) in &gathered.modules {
        let installable = if *installable == Installable::Yes { "yes" } else { "no" };
        table.raw_row(&[code(folder), code(version), installable.to_owned()]);
    }
    let title = format!("{} Odoo modules", gathered.modules.len());
    vec![details(&title, &table.render())]
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
