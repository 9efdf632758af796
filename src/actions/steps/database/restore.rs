//! A backup restored into a new database, swapped in, swapped back.
//!
//! Separate steps, so that a story can stop and start the application between them: [`prepare`] touches nothing that is
//! live, [`swap`] renames, [`swap_back`] renames the other way round, [`discard`] drops what was never live. The
//! previous database is always kept.

use super::bench::{Bench, guarded, note};
use crate::adapters::postgres::{Server, catalog};
use crate::adapters::storage::local::Entry;
use crate::domain::backup::manifest::Manifest;
use crate::domain::backup::restore::{Names, drop_database, row_differences, version_gate};
use crate::domain::backup::{archive, sql};
use crate::failure::{Failure, Outcome};

/// A restored database needs about what the old one had, and room to build its indexes.
const ROOM_PERCENT: u64 = 120;

/// A backup restored beside the live database.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The names of the databases.
    pub names: Names,
    /// What was restored.
    pub manifest: Manifest,
    /// Rows written to the live database since the backup; `None` if that cannot be told.
    pub writes_lost: Option<u64>,
    /// Whether a live database is there to be kept.
    live_exists: bool,
}

/// A backup that is live.
#[derive(Clone, Debug)]
pub struct Swapped {
    /// The names of the databases.
    pub names: Names,
    /// What the former database is called now; `None` if there was none.
    pub previous: Option<String>,
}

impl Swapped {
    /// The statement that removes the former database, for people.
    pub fn drop_previous_sql(&self) -> Option<String> {
        self.previous.as_deref().map(drop_database)
    }
}

/// Steps 0 to 3 of a restore: checks everything that can be checked, restores into a new database, compares the rows.
///
/// The live database is not touched. On failure the new one is dropped. `id` is short and of plain characters.
pub async fn prepare(bench: Bench<'_>, entry: &Entry, id: &str) -> Result<Prepared, Failure> {
    let names = Names::new(&entry.manifest.database.name, id);
    let (writes_lost, live_exists) = guarded(bench, preflight(bench, entry), "the restore").await?;
    let filled = guarded(bench, fill(bench, entry, &names.new), "the restore").await;
    let prepared = Prepared { names, manifest: entry.manifest.clone(), writes_lost, live_exists };
    match filled {
        Ok(()) => Ok(prepared),
        Err(failure) => {
            let name = prepared.names.new.clone();
            match discard(bench, prepared).await {
                Ok(()) => Err(failure),
                Err(left) => {
                    let help = format!("drop the new database {name} by hand: {left}");
                    Err(failure.help(help))
                }
            }
        }
    }
}

async fn preflight(bench: Bench<'_>, entry: &Entry) -> Result<(Option<u64>, bool), Failure> {
    let manifest = &entry.manifest;
    let checked = entry.clone();
    let archive = tokio::task::spawn_blocking(move || checked.verify())
        .await
        .map_err(|error| Failure::new(Outcome::Bug, "a thread broke off").why(error))??;
    let database = &manifest.database;
    let mut session = bench.server.session(Server::maintenance_database(&database.name)).await?;
    let here = catalog::describe(&mut session).await?;
    archive::gate(archive, here.server.major())
        .and_then(|()| version_gate(manifest, &here.server))
        .map_err(|why| refused(manifest, &why).help("restore it on a server of its version"))?;
    let roles = catalog::roles(&mut session).await?;
    let absent: Vec<_> =
        database.roles.iter().filter(|role| !roles.contains(role)).map(|r| sql::ident(r)).collect();
    if !absent.is_empty() {
        return Err(refused(manifest, &format!("the server lacks roles: {}", absent.join(", ")))
            .help("create them first: CREATE ROLE ..."));
    }
    let available = catalog::available_extensions(&mut session).await?;
    let lacking: Vec<_> =
        database.extensions.keys().filter(|name| !available.contains(name)).cloned().collect();
    if !lacking.is_empty() {
        return Err(refused(
            manifest,
            &format!("the server lacks extensions: {}", lacking.join(", ")),
        )
        .help("use an image that has them"));
    }
    let obstacles = catalog::obstacles(&mut session, &database.name).await?;
    if !obstacles.is_empty() {
        return Err(refused(
            manifest,
            &format!("{} is bound to {}", database.name, obstacles.join(", ")),
        )
        .help("end these first; a database that has them cannot be swapped"));
    }
    let folder = catalog::data_directory(&mut session).await?;
    room_for_restore(bench.server, &folder, manifest).await?;
    let live_exists = catalog::databases(&mut session).await?.contains(&database.name);
    if !live_exists {
        return Ok((None, false));
    }
    let mut live = bench.server.session(&database.name).await?;
    let now = catalog::describe(&mut live).await?.database;
    Ok((manifest.writes_since(&now), true))
}

async fn room_for_restore(
    server: &Server<'_>,
    folder: &str,
    manifest: &Manifest,
) -> Result<(), Failure> {
    let need = manifest.database.size / 100 * ROOM_PERCENT;
    match server.free_bytes(folder).await? {
        Some(free) if free < need => Err(refused(
            manifest,
            &format!(
                "the server has {free} bytes free in {folder}, a second database needs {need}"
            ),
        )
        .help("make room on the disk of the database")),
        _ => Ok(()),
    }
}

async fn fill(bench: Bench<'_>, entry: &Entry, new: &str) -> Result<(), Failure> {
    let manifest = &entry.manifest;
    bench.server.create_like(new, &manifest.database).await?;
    let fed = bench.server.fill(new, entry.reader()?).await?;
    if fed.sha256 != manifest.sha256 {
        return Err(refused(manifest, "the file changed while it was read"));
    }
    let mut session = bench.server.session(new).await?;
    let rows = catalog::count_rows(&mut session).await?;
    let differences = row_differences(&manifest.rows, &rows);
    if !differences.is_empty() {
        return Err(refused(
            manifest,
            &format!("restored it is not what was dumped: {}", differences.join(", ")),
        ));
    }
    session.run("ANALYZE").await?;
    note(bench, format!("restored {} as {new}: {} rows", manifest.name, manifest.total_rows()));
    Ok(())
}

/// Steps 5 and 6: the restored database takes the live name, the former one is kept. All or nothing.
pub async fn swap(bench: Bench<'_>, prepared: &Prepared) -> Result<Swapped, Failure> {
    let names = &prepared.names;
    let (live, new, previous) = (&*names.live, &*names.new, &*names.previous);
    let steps: &[_] =
        if prepared.live_exists { &[(live, previous), (new, live)] } else { &[(new, live)] };
    rename(bench, steps, new).await?;
    let previous = prepared.live_exists.then(|| previous.to_owned());
    note(bench, format!("{live} is now the restored database"));
    Ok(Swapped { names: names.clone(), previous })
}

/// Step 7 backwards: the former database is live again, the restored one is kept under its first name.
pub async fn swap_back(bench: Bench<'_>, swapped: &Swapped) -> Result<(), Failure> {
    let (live, new) = (&*swapped.names.live, &*swapped.names.new);
    match swapped.previous.as_deref() {
        Some(previous) => rename(bench, &[(live, new), (previous, live)], previous).await?,
        None => rename(bench, &[(live, new)], live).await?,
    }
    note(bench, format!("{live} is the former database again; the restored one is kept as {new}"));
    Ok(())
}

/// Whether the former database lies aside, so the restored one is live.
pub async fn is_swapped(bench: Bench<'_>, names: &Names) -> Result<bool, Failure> {
    let mut session = bench.server.session(Server::maintenance_database(&names.live)).await?;
    Ok(catalog::databases(&mut session).await?.contains(&names.previous))
}

/// Undoes what a killed run did: swaps back if it had swapped, else drops the new database if it is there.
pub async fn undo(bench: Bench<'_>, names: Names) -> Result<(), Failure> {
    if is_swapped(bench, &names).await? {
        let previous = Some(names.previous.clone());
        return swap_back(bench, &Swapped { names, previous }).await;
    }
    let here = Server::maintenance_database(&names.new);
    let mut session = bench.server.session(here).await?;
    if catalog::databases(&mut session).await?.contains(&names.new) {
        bench.server.drop_new(&names.new).await?;
        note(bench, format!("{} was dropped: it had never been live", names.new));
    }
    Ok(())
}

/// Drops a restored database that was never live.
pub async fn discard(bench: Bench<'_>, prepared: Prepared) -> Result<(), Failure> {
    let new = &prepared.names.new;
    let here = Server::maintenance_database(new);
    let mut session = bench.server.session(here).await?;
    if catalog::databases(&mut session).await?.contains(new) {
        bench.server.drop_new(new).await?;
    }
    Ok(())
}

/// Renames, and where the connection was lost in the middle finds out what became of it: `consumed` is a name that is
/// gone afterwards.
async fn rename(bench: Bench<'_>, steps: &[(&str, &str)], consumed: &str) -> Result<(), Failure> {
    let Err(failure) = bench.server.rename_databases(steps).await else { return Ok(()) };
    let unknown = |why: Failure| {
        failure.clone().ending(Outcome::NeedsPerson).help(format!(
            "see which databases there are (psql -l); what cannot be told from here: {why}"
        ))
    };
    let mut session =
        bench.server.session(Server::maintenance_database(steps[0].0)).await.map_err(unknown)?;
    let names = catalog::databases(&mut session).await.map_err(unknown)?;
    if names.iter().any(|name| name == consumed) { Err(failure) } else { Ok(()) }
}

fn refused(manifest: &Manifest, why: &str) -> Failure {
    Failure::new(Outcome::Failed, format!("the backup {} cannot be restored here", manifest.name))
        .why(why)
}
