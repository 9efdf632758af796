//! How a gate ends: outputs, summary, annotations.

use crate::actions::Ending;
use crate::actions::coverage_gate::findings::Findings;
use crate::actions::coverage_gate::links;
use crate::actions::coverage_gate::told::Told;
use crate::actions::steps::ending::annotation;
use crate::domain::coverage::gate::Verdict;
use crate::domain::coverage::ratio::Ratio;
use crate::failure::{Failure, Outcome};
use crate::report::coverage::verdict as report;
use crate::report::coverage::{annotations, comment, summary};

/// A verdict.
pub fn of(found: &Findings, told: Told) -> Ending {
    let assessment = &found.assessment;
    let verdict = assessment.verdict();
    let outcome = if verdict == Verdict::Pass { Outcome::Done } else { Outcome::Failed };
    let mut ending = with(outcome, verdict, told);
    ending.summary = summary::summary(assessment);
    let annotations = annotations::annotations(assessment).into_iter();
    let shown = &found.links.shown;
    ending.annotations.splice(0..0, annotations.map(|one| links::moved(one, shown)));
    let share = |ratio: Ratio| ratio.shown().trim_end_matches(" %").to_owned();
    ending.outputs.set("total-percent", share(assessment.total));
    ending.outputs.set("covered", assessment.total.covered.to_string());
    ending.outputs.set("total", assessment.total.total.to_string());
    let patch = assessment.patch.as_ref().filter(|patch| patch.ratio.total > 0);
    ending.outputs.set("patch-percent", patch.map(|patch| share(patch.ratio)).unwrap_or_default());
    if let Some(regression) = &assessment.regression {
        ending.outputs.set("delta", report::delta(assessment).unwrap_or_default());
        ending.outputs.set("baseline-commit", regression.commit.clone());
    }
    ending
}

/// It could not be judged.
pub fn of_error(failure: &Failure, told: Told) -> Ending {
    let mut ending = with(failure.outcome, Verdict::Error, told);
    ending.summary = vec![comment::error_section(failure)];
    ending.annotations.insert(0, annotation("coverage-gate", failure));
    ending
}

/// It did not come to judging: wrong inputs.
pub fn of_failure(failure: &Failure) -> Ending {
    of_error(failure, Told::default())
}

fn with(outcome: Outcome, verdict: Verdict, told: Told) -> Ending {
    let mut ending = Ending::new(outcome);
    ending.outputs.set("verdict", verdict.word());
    for (name, path) in told.files {
        ending.outputs.set(name, path);
    }
    ending.annotations = told.annotations;
    ending
}
