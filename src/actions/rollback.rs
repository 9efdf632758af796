//! `rollback`: back to a release, to a backup, or both.

use crate::actions::inputs::{
    COMPOSE_FILES, DATABASE_SERVICE, DATABASES, LOCK_WAIT, PROJECT_NAME, STATE_DIR,
};
use crate::actions::steps::database::{self, Chosen, Swapped};
use crate::actions::steps::former::{self, Needs};
use crate::actions::steps::site::Site;
use crate::actions::steps::{ending, images, switch};
use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec, no_rules};
use crate::domain::input::{InputSpec, Kind, Need, Values};
use crate::domain::release::state::State;
use crate::domain::release::{Release, Restore};
use crate::failure::{Failure, Outcome};
use crate::report::release::Account;

/// What `rollback` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "rollback",
    about: "Returns a Docker Compose stack to an earlier release, and its database to a backup.",
    long_about: "A release comes back with its images, files and environment, and must become healthy. A backup is \
        restored into a new database beside the live one, checked, and swapped in by renaming; the live one is kept.",
    inputs: &[
        InputSpec {
            name: "to",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The release to return to: `previous`, an id, or how many releases to go back. It must have been healthy once. Without it: `previous`, or the current one if `backup` is given.",
            examples: &["previous", "2"],
        },
        InputSpec {
            name: "backup",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The backup to restore: its name, or `latest`. What was written since is lost, so `confirm-data-loss` must be true.",
            examples: &["latest"],
        },
        InputSpec {
            name: "confirm-data-loss",
            kind: Kind::Bool,
            need: Need::Default("false"),
            doc: "Says that losing what was written since the backup is intended.",
            examples: &["true"],
        },
        DATABASE_SERVICE,
        InputSpec {
            doc: "The database that is meant by `backup: latest`, where there are backups of several.",
            examples: &["shop"],
            ..DATABASES
        },
        InputSpec {
            name: "allow-other-server",
            kind: Kind::Bool,
            need: Need::Default("false"),
            doc: "Whether the backup may come from another server (another data directory), or be of a database that this server does not have: after the old one was lost.",
            examples: &["true"],
        },
        InputSpec {
            name: "directory",
            kind: Kind::Path,
            need: Need::Optional,
            doc: "Where backups are kept. Without it: `backups` in the project's state folder.",
            examples: &["/backups/odoo"],
        },
        COMPOSE_FILES,
        PROJECT_NAME,
        LOCK_WAIT,
        STATE_DIR,
    ],
    examples: &[&[], &["backup", "confirm-data-loss"]],
    outputs: &[
        OutputSpec {
            name: "result",
            doc: "How it ended: `done`, `failed`, `rolled-back`, `restored`, `needs-person`, `bad-input`, `bug` or `unavailable`.",
        },
        OutputSpec { name: "release", doc: "The release that runs now." },
        OutputSpec { name: "backup", doc: "The backup that was restored; empty if none was." },
    ],
    outcomes: &[
        Outcome::Done,
        Outcome::Failed,
        Outcome::RolledBack,
        Outcome::Restored,
        Outcome::NeedsPerson,
        Outcome::BadInput,
        Outcome::Bug,
        Outcome::Unavailable,
    ],
    icon: "rotate-ccw",
    color: "orange",
    after_cancel: AfterCancel::Recover,
    rules: no_rules,
};

/// Rolls back.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let mut account = Account::new("rollback");
    let result = rollback(values, world, &mut account).await;
    ending::of(world.events, SPEC.outputs, &account, result)
}

/// The story. What it learns goes into the account, also when it fails.
async fn rollback(values: &Values, world: World<'_>, account: &mut Account) -> Result<(), Failure> {
    let backup = values.text("backup");
    if backup.is_some() && !values.flag("confirm-data-loss") {
        return Err(Failure::new(Outcome::BadInput, "the input `backup` needs `confirm-data-loss: true`")
            .why("restoring a backup loses what was written to the database since it was made")
            .help("set it if that is intended; leave `backup` out to return to a release and keep the data"));
    }
    let site = Site::open(values, world, "rollback").await?;
    account.project = site.project.to_string();
    let result = steps(&site, values, backup, account).await;
    account.phases = site.phases.times();
    result
}

async fn steps(
    site: &Site<'_>,
    values: &Values,
    backup: Option<&str>,
    account: &mut Account,
) -> Result<(), Failure> {
    let (target, backup) = find(site, values, backup)?;
    let needs = if backup.is_some() { Needs::Database } else { Needs::Application };
    former::settle_and_go_on(site, account, needs).await?;
    let before = site.containers().await?;
    let state = site.store.state()?;
    let current = current(site, &state)?;
    account.previous.clone_from(&current);
    account.running.clone_from(&current);
    have_images(site, &target).await?;
    account.tried = Some(target.clone());

    let restore = match &backup {
        Some(backup) => Some(database::intend(site, values, &target, backup).await?),
        None => None,
    };
    site.go_on()?;
    site.store.save_state(&state.clone().begin(target.id.clone()).restoring(restore.clone()))?;
    let swapped = match backup.zip(restore) {
        Some((backup, restore)) => Some(swap(site, &state, &backup, &restore).await?),
        None => None,
    };

    site.phases.begin("bring the release up");
    let switched = match switch::bring_up(site, &target, &before).await {
        Ok(switched) => switched,
        Err(failure) if site.world.cancel.is_cancelled() => return Err(failure),
        Err(failure) => return go_back(site, account, swapped, failure).await,
    };
    account.changes = switched.changes;
    let Some(sickness) = switched.verdict else {
        let again = former::runs_already(site, &target, current.as_ref());
        let id = target.id.clone();
        let state = if again { state.replace_current(id) } else { state.commit(id) };
        site.store.save_state(&state).map_err(|failure| former::not_recorded(&failure))?;
        account.running = Some(target);
        if let Some(swapped) = swapped {
            account.restored = Some(swapped.restored());
            account.notes.push(swapped.kept());
        }
        return Ok(());
    };
    let failure =
        Failure::new(Outcome::Failed, format!("release {} did not become healthy", target.id))
            .why(sickness.reasons.join("; "));
    account.sickness = Some(sickness);
    go_back(site, account, swapped, failure).await
}

/// Makes sure that the target's images are here, before anything is touched: without them nothing can come back.
async fn have_images(site: &Site<'_>, target: &Release) -> Result<(), Failure> {
    let Err(failure) = images::hold(site, target).await else { return Ok(()) };
    site.go_on()?;
    let said = [failure.why.as_str(), "nothing was changed"].into_iter();
    let why = said.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    let commit = target.sha.get(..7).map(|sha| format!("deploy its commit {sha} again, "));
    Err(failure.why(why).help(format!(
        "{}bring the image back to this host, or name another release with the input `to`",
        commit.unwrap_or_default()
    )))
}

/// Restores the backup beside the live database and swaps it in. Where that fails, nothing was changed, and the record
/// says so again.
async fn swap(
    site: &Site<'_>,
    state: &State,
    backup: &Chosen,
    restore: &Restore,
) -> Result<Swapped, Failure> {
    let swapped = match database::prepare(site, backup, restore).await {
        Ok(prepared) => database::swap_in(site, prepared).await,
        Err(failure) => Err(failure),
    };
    if let Err(failure) = &swapped
        && failure.outcome != Outcome::NeedsPerson
        && !site.world.cancel.is_cancelled()
    {
        site.store.save_state(state)?;
    }
    swapped
}

/// The former database first, then the former release.
async fn go_back(
    site: &Site<'_>,
    account: &mut Account,
    swapped: Option<Swapped>,
    failure: Failure,
) -> Result<(), Failure> {
    site.phases.begin("return to the former release");
    let restored = swapped.is_some();
    if let Some(swapped) = swapped {
        database::swap_back(site, swapped).await?;
        site.store.save_state(&site.store.state()?.restoring(None))?;
    }
    match former::come_back(site, account, failure).await {
        Err(failure) if restored && failure.outcome == Outcome::RolledBack => {
            Err(failure.ending(Outcome::Restored))
        }
        other => other,
    }
}

/// The release and the backup that are meant; both are known to exist before anything is touched.
fn find(
    site: &Site<'_>,
    values: &Values,
    backup: Option<&str>,
) -> Result<(Release, Option<Chosen>), Failure> {
    let to = values.text("to").unwrap_or(if backup.is_some() { "current" } else { "previous" });
    let state = site.store.state()?;
    let id = state.target(to, &site.store.releases()?).map_err(|why| {
        Failure::new(
            Outcome::BadInput,
            format!("the input `to: {to}` names no release of {} to return to", site.project),
        )
        .why(why)
    })?;
    let chosen = match backup {
        Some(name) => Some(database::choose(site, values, name)?),
        None => None,
    };
    Ok((site.store.release(&id)?, chosen))
}

fn current(site: &Site<'_>, state: &State) -> Result<Option<Release>, Failure> {
    state.current.as_ref().map(|id| site.store.release(id)).transpose()
}
