//! The database: back it up; restore a backup into a new database, swap it in, swap it back.
//!
//! A restore is separate steps, so that a story can stop and start the application between them: [`prepare`] touches
//! nothing that is live, [`swap`] renames, [`swap_back`] renames the other way round, [`discard`] drops what was never
//! live. The previous database is always kept.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::adapters::postgres::dump::Snapshot;
use crate::adapters::postgres::{Server, Whose, catalog};
use crate::adapters::storage::local::{Directory, Entry, Partial};
use crate::domain::backup::manifest::{Manifest, Provenance, SCHEMA};
use crate::domain::backup::restore::{Names, drop_database, row_differences, version_gate};
use crate::domain::backup::{archive, sql};
use crate::domain::event::{Event, Sink};
use crate::failure::{Failure, Outcome};

/// A restored database needs about what the old one had, and room to build its indexes.
const ROOM_PERCENT: u64 = 120;

/// What the steps work with.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The server.
    pub server: &'a Server<'a>,
    /// Where backups are kept.
    pub directory: &'a Directory,
    /// Told what happens.
    pub events: &'a dyn Sink,
    /// Ends the work.
    pub cancel: &'a CancellationToken,
}

/// What a backup is made of and by whom.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The Compose project.
    pub project: String,
    /// Release, images, commit, run.
    pub provenance: Provenance,
}

/// A backup that was made, and how long it took.
#[derive(Clone, Debug)]
pub struct Made {
    /// The backup.
    pub entry: Entry,
    /// From the snapshot to the manifest.
    pub took: Duration,
}

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

/// Ends what killed runs left in the server and in the directory. The caller holds the project's lock.
pub async fn sweep(bench: Bench<'_>, databases: &[String]) -> Result<(), Failure> {
    let ended = bench.server.end_sessions(Whose::LeftOver).await?;
    if ended > 0 {
        note(bench, format!("ended {ended} sessions that an earlier run had left in the server"));
    }
    for database in databases {
        for file in bench.directory.sweep(database)? {
            note(bench, format!("removed {file}, left by a run that did not end"));
        }
    }
    Ok(())
}

/// Backs up one database. Whatever fails, nothing is left under a final name and no session stays in the server.
pub async fn back_up(bench: Bench<'_>, database: &str, origin: &Origin) -> Result<Made, Failure> {
    let began = Instant::now();
    let entry = guarded(bench, make(bench, database, origin), "the backup").await?;
    Ok(Made { entry, took: began.elapsed() })
}

async fn make(bench: Bench<'_>, database: &str, origin: &Origin) -> Result<Entry, Failure> {
    let started = Timestamp::now();
    let dumper = bench.server.version_of("pg_dump").await?;
    let snapshot = bench.server.snapshot(database).await?;
    room_for_dump(bench.directory, &snapshot)?;
    let partial = bench.directory.begin(database, started)?;
    let mut partial = bench.server.dump(&snapshot, partial).await?;
    check(bench.server, &mut partial).await?;
    let (sha256, size) = partial.written();
    let manifest = Manifest {
        schema: SCHEMA,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        name: partial.name.clone(),
        project: origin.project.clone(),
        database: snapshot.described.database,
        server: snapshot.described.server,
        dumper,
        started,
        finished: Timestamp::now(),
        size,
        sha256,
        rows: snapshot.rows,
        provenance: origin.provenance.clone(),
    };
    partial.publish()?.record(manifest)
}

/// The last backup's size tells more than the database's, which has indexes and is not compressed.
fn room_for_dump(directory: &Directory, snapshot: &Snapshot) -> Result<(), Failure> {
    let database = &snapshot.described.database;
    let (entries, _) = directory.entries()?;
    let last = entries.iter().find(|entry| entry.manifest.database.name == database.name);
    let need = last.map_or(database.size, |entry| database.size.min(entry.manifest.size * 2));
    let free = directory.free_bytes()?;
    if free >= need {
        return Ok(());
    }
    Err(Failure::new(Outcome::Unavailable, format!("no room for a backup in {}", directory.root()))
        .why(format!("{free} bytes are free, {} may need {need}", database.name))
        .help("make room, keep fewer backups (`keep-last`), or use another `directory`"))
}

/// Reads what was written back from the disk and decodes all of it.
async fn check(server: &Server<'_>, partial: &mut Partial) -> Result<(), Failure> {
    let bad = |why: String| {
        Failure::new(Outcome::Failed, "the dump that was written is not whole").why(why)
    };
    let head = partial.reread()?;
    partial.head().map_err(bad)?;
    server.list(head).await?;
    let fed = server.decode(partial.reread()?).await?;
    if (fed.sha256.as_str(), fed.size) != (partial.written().0.as_str(), partial.written().1) {
        return Err(bad("the disk gives back other bytes than were written".to_owned()));
    }
    Ok(())
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

/// Does the work unless it is cancelled; when it does not succeed, no session of ours stays in the server.
async fn guarded<T>(
    bench: Bench<'_>,
    work: impl Future<Output = Result<T, Failure>>,
    what: &str,
) -> Result<T, Failure> {
    let result = tokio::select! {
        done = work => done,
        () = bench.cancel.cancelled() => {
            Err(Failure::new(Outcome::Failed, format!("{what} was cancelled")).why("nothing was changed"))
        }
    };
    if let Err(failure) = result {
        if let Err(left) = bench.server.end_sessions(Whose::Own).await {
            note(bench, format!("sessions of this run may be left in the server: {left}"));
        }
        return Err(failure);
    }
    result
}

fn refused(manifest: &Manifest, why: &str) -> Failure {
    Failure::new(Outcome::Failed, format!("the backup {} cannot be restored here", manifest.name))
        .why(why)
}

fn note(bench: Bench<'_>, text: String) {
    bench.events.emit(Event::Note(text));
}
