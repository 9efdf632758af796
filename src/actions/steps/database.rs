//! The database as a step of deploy, backup and rollback.

pub mod back_up;
pub mod bench;
pub mod kept;
pub mod restore;
pub mod start;
pub mod which;

use std::num::NonZeroUsize;

use jiff::Timestamp;

use crate::actions::steps::database::back_up::Origin;
use crate::actions::steps::database::bench::Bench;
use crate::actions::steps::database::restore::OtherServer;
use crate::actions::steps::site::Site;
use crate::actions::steps::switch;
use crate::adapters::host::process;
use crate::adapters::postgres::Server;
use crate::adapters::storage::local::{Directory, Entry};
use crate::domain::backup::manifest::{MadeBy, Provenance};
use crate::domain::backup::restore::Names;
use crate::domain::backup::retention;
use crate::domain::input::Values;
use crate::domain::release::{Release, Restore};
use crate::failure::{Failure, Outcome};
use crate::report::release::{Note, Restored};

/// A backup that was chosen.
#[derive(Clone, Debug)]
pub struct Chosen {
    directory: Directory,
    entry: Entry,
    other: OtherServer,
}

/// A backup that is restored beside the live database.
#[derive(Clone, Debug)]
pub struct Prepared {
    place: Place,
    directory: Directory,
    restored: restore::Prepared,
}

/// A backup that is live.
#[derive(Clone, Debug)]
pub struct Swapped {
    /// The backup's name.
    pub backup: String,
    place: Place,
    directory: Directory,
    databases: restore::Swapped,
    writes_lost: Option<u64>,
}

/// The database's service and its container.
#[derive(Clone, Debug)]
pub struct Place {
    /// The Compose service.
    pub service: String,
    /// Id of its container.
    pub container: String,
}

impl Swapped {
    /// Which database is live from which backup.
    pub fn restored(&self) -> Restored {
        Restored { backup: self.backup.clone(), database: self.databases.names.live.clone() }
    }

    /// What was kept and what was lost, for the reader.
    pub fn kept(&self) -> Note {
        let lost = match self.writes_lost {
            Some(0) => "Nothing was written to the database since the backup.".to_owned(),
            Some(rows) => {
                format!("About {rows} rows were inserted, updated or deleted since the backup.")
            }
            None => "How much was written since the backup cannot be told.".to_owned(),
        };
        match (&self.databases.previous, self.databases.drop_previous_sql()) {
            (Some(previous), Some(sql)) => Note {
                text: format!(
                    "{lost} The database as it was before the restore is kept as `{previous}`. When it is no longer \
                     needed, in `psql` of the service `{}`:",
                    self.place.service
                ),
                command: Some(sql),
            },
            _ => Note { text: lost, command: None },
        }
    }
}

/// The directory of backups: the input `directory`, else `backups` in the project's state.
pub fn directory(site: &Site<'_>, values: &Values) -> Result<Directory, Failure> {
    let path = values.path("directory").map(|path| site.world.job.workspace.join(path));
    Directory::open(&path.unwrap_or_else(|| site.store.backups()))
}

/// The running container of the database's service: the input `database-service`, else what `release` recorded.
pub async fn place(
    site: &Site<'_>,
    service: Option<&str>,
    release: Option<&Release>,
) -> Result<Place, Failure> {
    let recorded = release.and_then(|release| release.database_service.as_deref());
    let Some(service) = service.or(recorded) else {
        return Err(Failure::new(Outcome::BadInput, "the input `database-service` is missing")
            .why("no release of the project has recorded which service runs PostgreSQL")
            .help("name the Compose service: `database-service: db`"));
    };
    let containers = site.containers().await?;
    let running = containers.iter().find(|c| c.service == service && c.state == "running");
    if let Some(found) = running {
        return Ok(Place { service: service.to_owned(), container: found.id.clone() });
    }
    if let Some(found) = containers.iter().find(|c| c.service == service) {
        return Err(Failure::new(
            Outcome::Unavailable,
            format!("the container {} of `database-service: {service}` does not run", found.name),
        )
        .why(format!("it is {}", found.state))
        .help(format!("look at it: docker logs {}", found.name)));
    }
    let mut services: Vec<_> = containers.iter().map(|c| c.service.as_str()).collect();
    services.dedup();
    let known = if services.is_empty() {
        format!("the project {} has no containers", site.project)
    } else {
        format!("the project {} has {}", site.project, services.join(", "))
    };
    Err(Failure::new(Outcome::BadInput, format!("no container runs `database-service: {service}`"))
        .why(known))
}

/// A name for the sessions of this run, and an id for the databases that it makes.
fn id() -> String {
    Timestamp::now().strftime("%Y%m%d%H%M%S").to_string()
}

/// A server whose sessions carry the name of this run.
pub async fn server<'s>(
    site: &'s Site<'_>,
    place: &Place,
    what: &str,
) -> Result<Server<'s>, Failure> {
    let tag = format!("mta-{what}-{}-{}", id(), process::own_id());
    Server::of(&site.engine, &place.container, &tag).await
}

/// The tools of this run.
pub fn bench<'b>(
    site: &'b Site<'_>,
    server: &'b Server<'b>,
    directory: &'b Directory,
) -> Bench<'b> {
    Bench { server, directory, events: site.world.events, cancel: site.world.cancel }
}

/// What a backup records of its making.
pub fn origin(
    site: &Site<'_>,
    place: &Place,
    running: Option<&Release>,
    made_by: MadeBy,
) -> Origin {
    let images = running.map(|release| &release.images).into_iter().flatten();
    Origin {
        project: site.project.to_string(),
        made_by,
        service: place.service.clone(),
        provenance: Provenance {
            release: running.map(|release| release.id.to_string()).unwrap_or_default(),
            images: images.map(|(service, image)| (service.clone(), image.id.clone())).collect(),
            git_sha: running.map(|release| release.sha.clone()).unwrap_or_default(),
            run_url: site.world.job.run_url(),
        },
    }
}

/// The release that runs, if one is recorded.
pub fn running(site: &Site<'_>) -> Result<Option<Release>, Failure> {
    site.store.state()?.current.map(|id| site.store.release(&id)).transpose()
}

/// Backs the databases up before they are migrated, all that have a table or those that are named; the backups' names
/// come back. Earlier backups of deploys go, but for the last `keep`.
pub async fn before_migration(
    site: &Site<'_>,
    service: &str,
    databases: &[String],
    keep: NonZeroUsize,
) -> Result<Vec<String>, Failure> {
    let running = running(site)?;
    let place = place(site, Some(service), None).await?;
    let server = server(site, &place, "backup").await?;
    let directory = Directory::open(&site.store.backups())?;
    let bench = bench(site, &server, &directory);
    let which = which::find(bench, databases).await?;
    back_up::sweep(bench, &which.full).await?;
    for empty in &which.empty {
        site.note(format!("the database {empty} has no table, so there is nothing to back up"));
    }
    let origin = origin(site, &place, running.as_ref(), MadeBy::Deploy);
    let mut made = Vec::new();
    for database in &which.full {
        made.push(back_up::back_up(bench, database, &origin).await?);
    }
    if let Err(failure) = back_up::retain(bench, &made, keep) {
        site.note(format!("older backups were not deleted: {failure}"));
    }
    kept::sweep(site, bench).await;
    Ok(made.iter().map(|made| made.entry.manifest.name.to_string()).collect())
}

/// The backup that the inputs name; it is known to exist before anything is touched.
pub fn choose(site: &Site<'_>, values: &Values, name: &str) -> Result<Chosen, Failure> {
    let database = match values.list("databases") {
        [] => None,
        [one] => Some(one.as_str()),
        more => {
            let what = format!("the input `databases` names {} databases", more.len());
            return Err(Failure::new(Outcome::BadInput, what)
                .why("a rollback restores one backup, which is of one database")
                .help("name one; run the action once for each"));
        }
    };
    let directory = directory(site, values)?;
    let entry = directory.find(name, site.project.as_str(), database)?;
    if retention::Entry::of(&entry.manifest).is_in_doubt(Timestamp::now()) {
        site.note(format!("the backup {} claims to be made in the future", entry.manifest.name));
    }
    let allowed = values.flag("allow-other-server");
    let other = if allowed { OtherServer::Allowed } else { OtherServer::Refused };
    Ok(Chosen { directory, entry, other })
}

/// What a restore of the backup will work on, to be recorded before it begins.
pub async fn intend(
    site: &Site<'_>,
    values: &Values,
    target: &Release,
    chosen: &Chosen,
) -> Result<Restore, Failure> {
    let made_from = Some(chosen.entry.manifest.service.as_str()).filter(|name| !name.is_empty());
    let service = values.text("database-service").or(made_from);
    let place = place(site, service, Some(target)).await?;
    let database = chosen.entry.manifest.database.name.clone();
    Ok(Restore { service: place.service, database, id: id() })
}

/// Restores the backup beside the live database, which is not touched.
pub async fn prepare(
    site: &Site<'_>,
    chosen: &Chosen,
    restore: &Restore,
) -> Result<Prepared, Failure> {
    site.phases.begin("restore the backup into a new database");
    let place = place(site, Some(&restore.service), None).await?;
    let server = server(site, &place, "restore").await?;
    let bench = bench(site, &server, &chosen.directory);
    back_up::sweep(bench, &[]).await?;
    let restored = restore::prepare(bench, &chosen.entry, &restore.id, chosen.other).await?;
    Ok(Prepared { place, directory: chosen.directory.clone(), restored })
}

/// Stops the application and swaps the restored database in. When that fails, the application is started again.
pub async fn swap_in(site: &Site<'_>, prepared: Prepared) -> Result<Swapped, Failure> {
    site.phases.begin("swap the database");
    let Prepared { place, directory, restored } = prepared;
    let server = server(site, &place, "restore").await?;
    let bench = bench(site, &server, &directory);
    let running = application(site, &place).await?;
    let writes_lost = restored.writes_lost;
    let backup = restored.manifest.name.to_string();
    let swapped = match stop(site, &running).await {
        Ok(()) => restore::swap(bench, &restored).await,
        Err(failure) => Err(failure),
    };
    match swapped {
        Ok(databases) => Ok(Swapped { backup, place, directory, databases, writes_lost }),
        Err(failure) => {
            let started = start_application(site, &running).await;
            let discarded = restore::discard(bench, restored).await;
            match started.and(discarded) {
                Ok(()) => Err(failure),
                Err(second) => {
                    let help = format!("the way back was not clean: {second}");
                    Err(failure.ending(Outcome::NeedsPerson).help(help))
                }
            }
        }
    }
}

/// Undoes a restore that a killed run left: a database that was swapped in goes out again (it is kept under its first
/// name), one that was never live is dropped. Finds out by the names that are there, so it may be called again. A
/// database that does not run is started first, as it is in the `current` release.
pub async fn undo(
    site: &Site<'_>,
    restore: &Restore,
    current: Option<&Release>,
) -> Result<(), Failure> {
    if let Some(current) = current {
        start::unless_running(site, &restore.service, current).await?;
    }
    let place = place(site, Some(&restore.service), None).await?;
    let server = server(site, &place, "restore").await?;
    let directory = Directory::open(&site.store.backups())?;
    let bench = bench(site, &server, &directory);
    let names = Names::new(&restore.database, &restore.id);
    if restore::is_swapped(bench, &names).await? {
        stop_application(site, &place).await?;
    }
    restore::undo(bench, names, site.project.as_str()).await
}

/// Stops the application and gives the former database its name back. The caller brings the former release up.
pub async fn swap_back(site: &Site<'_>, swapped: Swapped) -> Result<(), Failure> {
    let server = server(site, &swapped.place, "restore").await?;
    let bench = bench(site, &server, &swapped.directory);
    stop_application(site, &swapped.place).await?;
    let back = restore::swap_back(bench, &swapped.databases).await;
    back.map_err(|failure| failure.ending(Outcome::NeedsPerson))
}

/// Stops every service but the database.
async fn stop_application(site: &Site<'_>, place: &Place) -> Result<(), Failure> {
    stop(site, &application(site, place).await?).await
}

/// The services that run, but for the database.
async fn application(site: &Site<'_>, place: &Place) -> Result<Vec<String>, Failure> {
    let containers = site.containers().await?;
    let mut services: Vec<_> = containers
        .into_iter()
        .filter(|c| c.service != place.service && matches!(&*c.state, "running" | "restarting"))
        .map(|container| container.service)
        .collect();
    services.dedup();
    Ok(services)
}

async fn stop(site: &Site<'_>, services: &[String]) -> Result<(), Failure> {
    if services.is_empty() {
        return Ok(());
    }
    let world = site.world;
    site.compose.stop(&switch::rendering(site), services, world.events, world.cancel).await
}

async fn start_application(site: &Site<'_>, services: &[String]) -> Result<(), Failure> {
    if services.is_empty() {
        return Ok(());
    }
    let world = site.world;
    site.compose.start(&switch::rendering(site), services, world.events, world.cancel).await
}
