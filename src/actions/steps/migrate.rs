//! The database is migrated once, by a command in the new image, before the application is switched.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;

use crate::actions::steps::database::start;
use crate::actions::steps::site::Site;
use crate::actions::steps::{database, images, switch};
use crate::adapters::docker::compose::{Ended, Once};
use crate::domain::input::duration_text;
use crate::domain::release::{Migrated, Release};
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
/// directory and the record go back. What is known of the database is in the account from the moment that the command
/// may have begun, and recorded for the next run.
pub async fn run(
    site: &Site<'_>,
    release: &Release,
    migration: Option<&Migration>,
    account: &mut Account,
) -> Result<(), Failure> {
    let Some(migration) = migration else { return Ok(()) };
    let migrated = migrate(site, release, migration, account).await;
    let Err(failure) = migrated else { return Ok(()) };
    // Compose was ended, not what it runs: where the command has begun, its container goes on until it is removed.
    if account.migrated.is_some()
        && let Err(left) = remove_containers(site).await
    {
        let help = format!(
            "the migration may still run: {left}. When the engine answers: `{}`",
            site.command("recover", &[])
        );
        return Err(failure.ending(Outcome::NeedsPerson).help(help));
    }
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
    let mut backups = Vec::new();
    if let Some(service) = database.filter(|service| runs(service)) {
        site.phases.begin("back the database up");
        let (named, keep) = (&migration.databases, migration.keep_last);
        backups = database::before_migration(site, service, named, keep).await?;
    }
    images::hold(site, release).await?;
    let model = switch::place(site, release)?;
    if let Some(service) = database.filter(|service| !runs(service)) {
        site.phases.begin("start the database");
        start::service(site, &model, service, &release.health, &containers).await?;
    }
    site.phases.begin("migrate the database");
    let migrated = Migrated {
        service: migration.service.clone(),
        database_service: migration.database_service.clone(),
        backups,
        ended: false,
    };
    site.store.save_state(&site.store.state()?.migrating(migrated.clone()))?;
    account.migrate_command = Some(migration.argv.join(" "));
    account.migrated = Some(migrated.clone());
    execute(site, migration).await?;
    let migrated = Migrated { ended: true, ..migrated };
    account.migrated = Some(migrated.clone());
    site.store.save_state(&site.store.state()?.migrating(migrated))
}

async fn execute(site: &Site<'_>, migration: &Migration) -> Result<(), Failure> {
    let name = format!("{}{}", prefix(site), Timestamp::now().as_millisecond());
    let once = Once {
        name: &name,
        service: &migration.service,
        argv: &migration.argv,
        limit: migration.limit,
    };
    let world = site.world;
    let ran =
        site.compose.run_once(&switch::rendering(site), &once, world.events, world.cancel).await;
    match ran {
        Ok(Ended::ByItself) => Ok(()),
        Ok(Ended::OverTime) => Err(over_time(migration.limit)),
        Err(failure) => Err(failed(&failure)),
    }
}

/// Removes the containers of migrations, also of runs that were killed.
pub async fn remove_containers(site: &Site<'_>) -> Result<(), Failure> {
    site.engine.remove_once_containers(site.project.as_str(), &prefix(site)).await
}

/// How the names of the containers of migrations begin.
fn prefix(site: &Site<'_>) -> String {
    format!("{}-mta-migrate-", site.project)
}

fn over_time(limit: Duration) -> Failure {
    let limit = duration_text(limit);
    let what = "the migration took too long and was ended; the application was not switched";
    Failure::new(Outcome::NeedsPerson, what)
        .why(format!("`migrate-timeout` is {limit}: its time was over, and it may be half done"))
        .help("with a larger `migrate-timeout` it gets more time")
}

fn failed(failure: &Failure) -> Failure {
    let what = "the migration failed; the application was not switched";
    let why = if failure.why.is_empty() {
        failure.what.clone()
    } else {
        format!("{}: {}", failure.what, failure.why.trim_end_matches([' ', ':']))
    };
    Failure::new(Outcome::NeedsPerson, what).why(why).help("see its output above")
}
