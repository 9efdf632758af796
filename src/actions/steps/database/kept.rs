//! Databases that restores keep beside the live one: dropped when nobody needs them any more.

use jiff::Timestamp;

use super::bench::{Bench, note};
use crate::actions::World;
use crate::actions::steps::site::{self, Site};
use crate::adapters::docker::endpoint::Endpoint;
use crate::adapters::docker::engine::Engine;
use crate::adapters::host::process::ChildEnv;
use crate::adapters::host::store::Store;
use crate::adapters::postgres::Server;
use crate::adapters::postgres::catalog::{self, Listed};
use crate::adapters::storage::local::Directory;
use crate::domain::backup::kept::Kept;
use crate::domain::backup::restore::Names;
use crate::domain::compose::project::ProjectName;
use crate::domain::input::Values;
use crate::failure::Failure;

/// The kept databases of a project, with their marks.
pub async fn list(bench: Bench<'_>, project: &str) -> Result<Vec<(Listed, Kept)>, Failure> {
    let mut session = bench.server.session("postgres").await?;
    let listed = catalog::databases(&mut session).await?;
    let marked = listed.into_iter().filter_map(|one| one.kept().map(|kept| (one, kept)));
    Ok(marked.filter(|(_, kept)| kept.project == project).collect())
}

/// The kept databases, without the project's lock: of the service that the input or the current release names. None
/// where neither does.
///
/// # Errors
/// Where the engine or the server does not answer.
pub async fn seen(
    values: &Values,
    world: World<'_>,
    project: &ProjectName,
    directory: &Directory,
) -> Result<Vec<(Listed, Kept)>, Failure> {
    let store = Store::open(&site::state_dir(values, world), project)?;
    let current = store.state()?.current.map(|id| store.release(&id)).transpose()?;
    let recorded = current.and_then(|release| release.database_service);
    let named = values.text("database-service").map(ToOwned::to_owned).or(recorded);
    let Some(service) = named else { return Ok(Vec::new()) };
    let endpoint = Endpoint::find(&ChildEnv::from_process())?;
    let engine = Engine::connect(&endpoint).await?;
    let containers = engine.containers(project.as_str()).await?;
    let running = containers.iter().find(|one| one.service == service && one.state == "running");
    let Some(container) = running else { return Ok(Vec::new()) };
    let server = Server::of(&engine, &container.id, "mta-list").await?;
    let bench = Bench { server: &server, directory, events: world.events, cancel: world.cancel };
    list(bench, project.as_str()).await
}

/// Drops those that may go. That one stays is no reason for a run to fail.
pub async fn sweep(site: &Site<'_>, bench: Bench<'_>) {
    if let Err(failure) = drop_old(site, bench).await {
        note(bench, format!("databases kept by earlier restores were not looked at: {failure}"));
    }
}

async fn drop_old(site: &Site<'_>, bench: Bench<'_>) -> Result<(), Failure> {
    let kept = list(bench, site.project.as_str()).await?;
    if kept.is_empty() {
        return Ok(());
    }
    let (entries, _) = bench.directory.entries()?;
    let restoring = site.store.state()?.restore;
    let restoring = restoring.map(|restore| Names::new(&restore.database, &restore.id));
    for (listed, kept) in kept {
        if restoring
            .as_ref()
            .is_some_and(|names| [&names.new, &names.previous].contains(&&listed.name))
        {
            continue;
        }
        let newest = entries.iter().find(|entry| {
            entry.manifest.project == kept.project && entry.manifest.database.name == kept.of
        });
        let may_go = kept.may_go(newest.map(|entry| entry.manifest.started), Timestamp::now());
        // The backup that it goes for is read once more, whole.
        if !may_go || newest.is_some_and(|entry| entry.verify().is_err()) {
            continue;
        }
        match bench.server.drop_ours(&listed.name).await {
            Ok(()) => note(bench, format!("dropped the database {}: {}", listed.name, kept.told())),
            Err(failure) => note(bench, format!("{} was not dropped: {failure}", listed.name)),
        }
    }
    Ok(())
}
