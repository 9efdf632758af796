//! Sets the label `fix-pending` where the branch or the pull request of a run says that it fixes an issue of ours. Nothing
//! depends on it: what keeps it from being set is a note.

use crate::actions::World;
use crate::actions::create_failure_issue::WRITE_ISSUES;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::actions::steps::github;
use crate::adapters::github::client::Operation;
use crate::adapters::github::errors::Error;
use crate::adapters::github::{issues, labels};
use crate::domain::event::Event;
use crate::domain::incident::promise::{self, LABEL, MOST, Mark, Marked};
use crate::domain::incident::run::Run;
use crate::domain::repository::Repository;

/// Looks up the issues that the event of this run says are to be fixed, and labels those that are ours and open. Where it
/// names none, nothing is asked.
pub async fn mark(
    (world, inputs): (World<'_>, &Inputs),
    operation: &Operation<'_>,
    (repository, run): (&Repository, &Run),
) -> Vec<Marked> {
    let note = |text: String| world.events.emit(Event::Note(text));
    let is_own = run.id.to_string() == world.job.run_id;
    let Some(said) = promise::promise(world.job, repository).filter(|_| is_own) else {
        return Vec::new();
    };
    if !said.is_trusted {
        note(format!("no label `{LABEL}`: anybody can open a pull request from a fork"));
        return Vec::new();
    }
    if said.issues.len() > MOST {
        note(format!("{} names many issues: the first {MOST} are looked up", said.by.noun()));
    }
    let mut marked = Vec::new();
    for &number in said.issues.iter().take(MOST) {
        match one(inputs, operation, (repository, number)).await {
            Ok(Some(mark)) => marked.push(Marked { number, by: said.by, mark }),
            Ok(None) => {
                note(format!("no label `{LABEL}`: {repository}#{number} is no open issue of ours"));
            }
            Err(error) => {
                note(format!("no label `{LABEL}`: {}", github::failed(&error, WRITE_ISSUES)));
                if error.will_repeat() {
                    break;
                }
            }
        }
    }
    marked
}

/// Labels one issue; `None` where it is none of ours.
async fn one(
    inputs: &Inputs,
    operation: &Operation<'_>,
    (repository, number): (&Repository, u64),
) -> Result<Option<Mark>, Error> {
    let found = match issues::get(operation, repository, number).await {
        Err(Error::NotFound { .. }) => None,
        found => found?,
    };
    // An issue that was moved is answered by the one that it is now.
    let is_it = |issue: &_| promise::is_ours(issue, &inputs.marker_label, &inputs.author);
    let Some(issue) = found.filter(|issue| issue.number == number && is_it(issue)) else {
        return Ok(None);
    };
    if promise::has_label(&issue.labels, LABEL) {
        return Ok(Some(Mark::There));
    }
    if inputs.dry_run {
        return Ok(Some(Mark::Wanted));
    }
    labels::add(operation, repository, (number, LABEL)).await?;
    Ok(Some(Mark::Set))
}
