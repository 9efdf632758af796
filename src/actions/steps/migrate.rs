//! The database is migrated once, by a command in the new image, before the application is switched.

use jiff::Timestamp;

use crate::actions::steps::site::Site;
use crate::actions::steps::{database, images, switch};
use crate::adapters::docker::compose::Once;
use crate::domain::compose::model::Model;
use crate::domain::health::Policy;
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
}

/// Backs the database up and migrates it, if a migration is asked for.
///
/// The release is recorded as pending by now. A migration that fails leaves the application as it was: the pending
/// record goes, the failure names the backup.
pub async fn run(
    site: &Site<'_>,
    release: &Release,
    migration: Option<&Migration>,
    account: &mut Account,
) -> Result<(), Failure> {
    let Some(migration) = migration else { return Ok(()) };
    images::hold(site, release).await?;
    let model = switch::place(site, release)?;
    if let Some(service) = &migration.database_service {
        start_database(site, &model, service, &release.health).await?;
        if account.previous.is_some() {
            site.phases.begin("back the database up");
            account.backup = Some(database::before_migration(site, service).await?);
        }
    }
    site.phases.begin("migrate the database");
    let name = format!("{}-mta-migrate-{}", site.project, Timestamp::now().as_millisecond());
    let once = Once { name: &name, service: &migration.service, argv: &migration.argv };
    let ran = site
        .compose
        .run_once(&switch::rendering(site), &once, site.world.events, site.world.cancel)
        .await;
    let Err(failure) = ran else { return Ok(()) };
    site.engine.remove_containers_named(&name).await?;
    let state = site.store.state()?;
    if let Some(previous) = &account.previous {
        switch::place(site, previous)?;
    }
    site.store.save_state(&state.abandon())?;
    Err(failed(&failure, account))
}

fn failed(failure: &Failure, account: &Account) -> Failure {
    let undo = match &account.backup {
        Some(backup) => format!(
            "if the migration left the database half done: rollback with `backup: {backup}` and `confirm-data-loss: true`"
        ),
        None => "look at the output above; the database is as the migration left it".to_owned(),
    };
    Failure::new(Outcome::Failed, "the migration failed; the application was not switched")
        .why(failure.to_string())
        .help(undo)
}

/// A first deploy has no database yet: it is started and waited for. One that runs is left alone.
async fn start_database(
    site: &Site<'_>,
    model: &Model,
    service: &str,
    policy: &Policy,
) -> Result<(), Failure> {
    let containers = site.containers().await?;
    if containers.iter().any(|c| c.service == service && c.state == "running") {
        return Ok(());
    }
    site.phases.begin("start the database");
    site.compose
        .up_service(&switch::rendering(site), service, site.world.events, site.world.cancel)
        .await?;
    let policy = Policy { url: None, command: None, ..policy.clone() };
    let alone = model.only(service);
    match switch::watch(site, &alone, &policy).await? {
        None => Ok(()),
        Some(reasons) => Err(Failure::new(
            Outcome::NeedsPerson,
            format!("the database service `{service}` did not become healthy"),
        )
        .why(reasons.join("; "))
        .help(format!("look at it: docker compose -p {} logs {service}", site.project))),
    }
}
