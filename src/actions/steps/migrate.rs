//! The database is migrated once, by a command in the new image, before the application is switched.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;

use crate::actions::steps::site::Site;
use crate::actions::steps::{database, images, switch, watch};
use crate::adapters::docker::compose::{Ended, Once};
use crate::adapters::docker::container::ContainerInfo;
use crate::domain::compose::model::Model;
use crate::domain::health::Policy;
use crate::domain::input::duration_text;
use crate::domain::release::Release;
use crate::failure::{Failure, Outcome};
use crate::report::release::Account;

/// What migrates the database.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// In whose new image it runs.
    pub service: String,
    /// The service that runs the database; it is backed up first, and started if it does not run yet.
    pub database_service: Option<String>,
    /// The databases that are backed up; all of the server where none is named.
    pub databases: Vec<String>,
    /// How many backups of migrations to keep of each database.
    pub keep_last: NonZeroUsize,
    /// How long it may take.
    pub limit: Duration,
}

/// Backs the database up and migrates it, if a migration is asked for.
///
/// The release is recorded as pending by now. Whatever fails here leaves the application as it was: the project
/// directory and the record go back, and the failure names the backup.
pub async fn run(
    site: &Site<'_>,
    release: &Release,
    migration: Option<&Migration>,
    account: &mut Account,
) -> Result<(), Failure> {
    let Some(migration) = migration else { return Ok(()) };
    let migrated = migrate(site, release, migration, account).await;
    let Err(failure) = migrated else { return Ok(()) };
    if site.world.cancel.is_cancelled() {
        return Err(failure);
    }
    if let Some(previous) = &account.previous {
        switch::place(site, previous)?;
    }
    let state = site.store.state()?;
    site.store.save_state(&state.abandon())?;
    Err(failure)
}

async fn migrate(
    site: &Site<'_>,
    release: &Release,
    migration: &Migration,
    account: &mut Account,
) -> Result<(), Failure> {
    let database = migration.database_service.as_deref();
    let containers = site.containers().await?;
    let runs =
        |service: &str| containers.iter().any(|c| c.service == service && c.state == "running");
    if let Some(service) = database.filter(|service| runs(service)) {
        site.phases.begin("back the database up");
        let (named, keep) = (&migration.databases, migration.keep_last);
        account.backups = database::before_migration(site, service, named, keep).await?;
    }
    images::hold(site, release).await?;
    let model = switch::place(site, release)?;
    if let Some(service) = database.filter(|service| !runs(service)) {
        start_database(site, &model, service, &release.health, &containers).await?;
    }
    site.phases.begin("migrate the database");
    let prefix = format!("{}-mta-migrate-", site.project);
    let name = format!("{prefix}{}", Timestamp::now().as_millisecond());
    let once = Once {
        name: &name,
        service: &migration.service,
        argv: &migration.argv,
        limit: migration.limit,
    };
    let world = site.world;
    let ran =
        site.compose.run_once(&switch::rendering(site), &once, world.events, world.cancel).await;
    let failure = match ran {
        Ok(Ended::ByItself) => return Ok(()),
        Ok(Ended::OverTime) => over_time(migration.limit, account),
        Err(failure) => failed(&failure, account),
    };
    // Compose was ended, not what it runs: its container goes on until it is removed.
    match site.engine.remove_once_containers(site.project.as_str(), &prefix).await {
        Ok(()) => Err(failure),
        Err(left) => {
            let help = format!("the migration may still run: {left}. Then: {}", failure.help);
            Err(failure.ending(Outcome::NeedsPerson).help(help))
        }
    }
}

fn over_time(limit: Duration, account: &Account) -> Failure {
    let limit = duration_text(limit);
    let what = "the migration took too long and was ended; the application was not switched";
    Failure::new(Outcome::Failed, what)
        .why(format!("`migrate-timeout` is {limit}: its time was over, and it may be half done"))
        .help(format!("{}; with a larger `migrate-timeout` it gets more time", undo(account)))
}

fn failed(failure: &Failure, account: &Account) -> Failure {
    Failure::new(Outcome::Failed, "the migration failed; the application was not switched")
        .why(failure.to_string())
        .help(undo(account))
}

fn undo(account: &Account) -> String {
    if account.backups.is_empty() {
        return "look at the output above; the database is as the migration left it".to_owned();
    }
    format!(
        "if the migration left the database half done: rollback with `backup: {}` and `confirm-data-loss: true`",
        account.backups.join("`, then with `backup: ")
    )
}

/// A first deploy has no database yet: it is started and waited for.
async fn start_database(
    site: &Site<'_>,
    model: &Model,
    service: &str,
    policy: &Policy,
    before: &[ContainerInfo],
) -> Result<(), Failure> {
    site.phases.begin("start the database");
    site.compose
        .up_service(&switch::rendering(site), service, site.world.events, site.world.cancel)
        .await?;
    let policy = Policy { url: None, command: None, ..policy.clone() };
    let alone = model.only(service);
    match watch::watch(site, &alone, &policy, before).await? {
        None => Ok(()),
        Some(reasons) => Err(Failure::new(
            Outcome::NeedsPerson,
            format!("the database service `{service}` did not become healthy"),
        )
        .why(reasons.join("; "))
        .help(format!("look at it: docker compose -p {} logs {service}", site.project))),
    }
}
