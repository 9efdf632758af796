//! `mta recover`: what a cancelled or killed run left behind, put right. Not an action of its own: the second inner step
//! of deploy, backup and rollback runs it with their inputs.

use std::time::Duration;

use crate::actions::inputs::{COMPOSE_FILES, LOCK_WAIT, PROJECT_NAME, STATE_DIR};
use crate::actions::steps::former::{self, Settled};
use crate::actions::steps::site::{self, Left, Site};
use crate::actions::steps::{checkout, drift, ending};
use crate::actions::{Ending, World};
use crate::domain::event::Event;
use crate::domain::input::{InputSpec, Value, Values};
use crate::domain::release::ReleaseId;
use crate::failure::{Failure, Outcome};
use crate::report::markdown::heading;
use crate::report::release::{Account, Note};

/// The subcommand.
pub const NAME: &str = "recover";

/// What it takes: what finds the project on this host. Everything else it knows from the state.
pub const INPUTS: &[InputSpec] = &[PROJECT_NAME, COMPOSE_FILES, STATE_DIR, LOCK_WAIT];

/// Returns to the current release if a pending one was left.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let project = match checkout::project_name(values, world.job) {
        Ok(project) => project,
        // The step before had the same inputs and the same files, and refused them.
        Err(_) if world.job.on_runner => return nothing_began(world),
        Err(failure) => return ending::of(world.events, &[], &Account::new(NAME), Err(failure)),
    };
    let mut account = Account::new(NAME);
    account.project = project.to_string();
    let result = match site::left(values, world, &project) {
        Ok(Left::Nothing) => return nothing_began(world),
        Ok(Left::Settled) => {
            tidy_up(values, world, &mut account).await;
            Ok(())
        }
        Ok(Left::Pending) => recover(values, world, &mut account).await,
        Err(failure) => Err(failure),
    };
    ending::of(world.events, &[], &account, result)
}

/// The ending where no run can have begun anything.
pub fn nothing_began(world: World<'_>) -> Ending {
    let said = "nothing was begun, so there is nothing to put right";
    world.events.emit(Event::Note(said.to_owned()));
    let mut ending = Ending::new(Outcome::Done);
    ending.summary.push(heading(3, &format!("✅ recover: {said}")));
    ending
}

/// Nothing is pending: what a killed migration left goes, if that can be had without waiting. It is no reason to fail.
async fn tidy_up(values: &Values, world: World<'_>, account: &mut Account) {
    let mut at_once = values.clone();
    at_once.set(LOCK_WAIT.name, Value::Duration(Duration::ZERO));
    if let Err(failure) = recover(&at_once, world, account).await {
        world.events.emit(Event::Note(format!("nothing was left pending ({})", failure.what)));
    }
}

async fn recover(values: &Values, world: World<'_>, account: &mut Account) -> Result<(), Failure> {
    let site = Site::open(values, world, NAME).await?;
    site.phases.begin("return to the current release");
    let settled = former::settle(&site, account).await;
    let mended = match &settled {
        Ok(Settled::Clean) => mend(&site, account).await,
        _ => Ok(()),
    };
    account.phases = site.phases.times();
    match settled? {
        Settled::Clean => mended?,
        Settled::Returned(id) => {
            site.note(format!("release {id} runs again"));
            account.running = Some(site.store.release(&id)?);
        }
        Settled::Sick(failure) => return Err(failure),
        Settled::NothingBefore(id, left) => site.note(first_one(&id, &left)),
    }
    Ok(())
}

/// What became of a first release that was left pending.
fn first_one(id: &ReleaseId, left: &[String]) -> String {
    let left = match left {
        [] => "no container of it is there".to_owned(),
        names => format!("its containers were left for you to look at: {}", names.join(", ")),
    };
    format!("release {id} was the first one and had not become healthy; {left}")
}

/// Nothing is pending: what runs is held against what is recorded, and brought to it where it is another release.
async fn mend(site: &Site<'_>, account: &mut Account) -> Result<(), Failure> {
    let differences = drift::differences(site).await?;
    let current = site.store.state()?.current.map(|id| site.store.release(&id)).transpose()?;
    let Some(current) = current.filter(|_| !differences.is_empty()) else {
        site.note("nothing was left pending");
        return Ok(());
    };
    for difference in differences {
        account.notes.push(Note { text: difference, command: None });
    }
    site.note(format!("what runs is not what is recorded; returning to release {}", current.id));
    former::return_to(site, &current).await?;
    account.running = Some(current);
    Ok(())
}
