//! `mta recover`: what a cancelled or killed run left behind, put right. Not an action of its own: the second inner step
//! of deploy, backup and rollback runs it with their inputs.

use crate::actions::steps::ending;
use crate::actions::steps::former::{self, Settled};
use crate::actions::steps::site::Site;
use crate::actions::{Ending, World};
use crate::domain::input::Values;
use crate::failure::Failure;
use crate::report::release::Account;

/// The subcommand.
pub const NAME: &str = "recover";

/// Returns to the current release if a pending one was left.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let mut account = Account::new("recover");
    let result = recover(values, world, &mut account).await;
    ending::of(&account, result)
}

async fn recover(values: &Values, world: World<'_>, account: &mut Account) -> Result<(), Failure> {
    let site = Site::open(values, world, "recover").await?;
    account.project = site.project.to_string();
    site.phases.begin("return to the current release");
    let settled = former::settle(&site).await;
    account.phases = site.phases.times();
    match settled? {
        Settled::Clean => site.note("nothing was left pending"),
        Settled::Returned(id) => {
            site.note(format!("release {id} runs again"));
            account.running = Some(site.store.release(&id)?);
        }
        Settled::Sick(failure) => return Err(failure),
        Settled::NothingBefore(id) => site.note(format!(
            "release {id} was the first one and had not become healthy; its containers were left for you to look at"
        )),
    }
    Ok(())
}
