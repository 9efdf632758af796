//! A backup restored into a new database, swapped in, swapped back.
//!
//! Separate steps, so that a story can stop and start the application between them: [`prepare`] touches nothing that is
//! live, [`swap`] renames, [`swap_back`] renames the other way round, [`discard`] drops what was never live. The
//! previous database is always kept.

use super::bench::{Bench, guarded, note};
use jiff::Timestamp;

use crate::adapters::postgres::catalog::Listed;
use crate::adapters::postgres::{Server, catalog};
use crate::adapters::storage::local::Entry;
use crate::domain::backup::kept::{Kept, Kind};
use crate::domain::backup::manifest::Manifest;
use crate::domain::backup::restore::{
    Names, Renaming, drop_database, row_differences, version_gate,
};
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
    /// The live database, which is kept; `None` where there is none.
    live: Option<Listed>,
}

/// Whether a backup of another server may be restored, or one of a database that the server does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherServer {
    /// It may: the old server is lost.
    Allowed,
    /// It is refused: most likely the wrong backup was named.
    Refused,
}

/// A backup that is live.
#[derive(Clone, Debug)]
pub struct Swapped {
    /// The names of the databases.
    pub names: Names,
    /// What the former database is called now; `None` if there was none.
    pub previous: Option<String>,
    /// The Compose project.
    pub project: String,
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
pub async fn prepare(
    bench: Bench<'_>,
    entry: &Entry,
    id: &str,
    other: OtherServer,
) -> Result<Prepared, Failure> {
    let names = Names::new(&entry.manifest.database.name, id);
    let (writes_lost, live) = guarded(bench, preflight(bench, entry, other), "the restore").await?;
    let filled = guarded(bench, fill(bench, entry, &names), "the restore").await;
    let prepared = Prepared { names, manifest: entry.manifest.clone(), writes_lost, live };
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

/// How many rows were written since, and the live database.
async fn preflight(
    bench: Bench<'_>,
    entry: &Entry,
    other: OtherServer,
) -> Result<(Option<u64>, Option<Listed>), Failure> {
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
    let databases = catalog::databases(&mut session).await?;
    let live = databases.iter().find(|listed| listed.name == database.name).cloned();
    if other == OtherServer::Refused {
        belongs_here(manifest, &here.server.system, &databases)?;
    }
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
    if live.is_none() {
        return Ok((None, None));
    }
    let mut session = bench.server.session(&database.name).await?;
    let now = catalog::describe(&mut session).await?.database;
    Ok((manifest.writes_since(&now), live))
}

/// A backup belongs to the server that it was made from, which still has its database.
fn belongs_here(manifest: &Manifest, system: &str, databases: &[Listed]) -> Result<(), Failure> {
    let help = "name another backup; if the old server is lost and this is what is wanted, set \
                `allow-other-server: true`";
    let made_on = &manifest.server.system;
    if !made_on.is_empty() && made_on != system {
        let why = format!(
            "it was made on another server: its system identifier is {made_on}, the one here is {system}"
        );
        return Err(refused(manifest, &why).help(help));
    }
    let name = &manifest.database.name;
    if databases.iter().any(|listed| listed.name == *name) {
        return Ok(());
    }
    let known: Vec<_> = databases.iter().map(|listed| listed.name.as_str()).collect();
    let why = format!("this server has no database {name}; it has {}", known.join(", "));
    Err(refused(manifest, &why).help(help))
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

async fn fill(bench: Bench<'_>, entry: &Entry, names: &Names) -> Result<(), Failure> {
    let manifest = &entry.manifest;
    let new = names.new.as_str();
    bench.server.create_like(new, &manifest.database, &mark(Kind::New, manifest, names)).await?;
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
    let mut renaming = Renaming { steps: vec![(new, live)], comments: vec![(live, None)] };
    if let Some(former) = &prepared.live {
        let aside = mark(Kind::Previous, &prepared.manifest, names).comment();
        renaming = Renaming {
            steps: vec![(live, previous), (new, live)],
            comments: vec![(previous, Some(aside)), (live, former.comment.clone())],
        };
    }
    rename(bench, &renaming, new).await?;
    let previous = prepared.live.is_some().then(|| previous.to_owned());
    note(bench, format!("{live} is now the restored database"));
    Ok(Swapped { names: names.clone(), previous, project: prepared.manifest.project.clone() })
}

/// Step 7 backwards: the former database is live again, the restored one is kept under its first name.
pub async fn swap_back(bench: Bench<'_>, swapped: &Swapped) -> Result<(), Failure> {
    let (live, new) = (&*swapped.names.live, &*swapped.names.new);
    let mut session = bench.server.session(Server::maintenance_database(live)).await?;
    let listed = catalog::databases(&mut session).await?;
    let comment = listed.into_iter().find(|one| one.name == live).and_then(|one| one.comment);
    let aside = Kept {
        kind: Kind::TakenBack,
        of: live.to_owned(),
        project: swapped.project.clone(),
        since: Timestamp::now(),
    };
    let mut renaming =
        Renaming { steps: vec![(live, new)], comments: vec![(new, Some(aside.comment()))] };
    let mut consumed = live;
    if let Some(previous) = swapped.previous.as_deref() {
        renaming.steps.push((previous, live));
        renaming.comments.push((live, comment));
        consumed = previous;
    }
    rename(bench, &renaming, consumed).await?;
    note(bench, format!("{live} is the former database again; the restored one is kept as {new}"));
    Ok(())
}

/// Whether the former database lies aside, so the restored one is live.
pub async fn is_swapped(bench: Bench<'_>, names: &Names) -> Result<bool, Failure> {
    let mut session = bench.server.session(Server::maintenance_database(&names.live)).await?;
    Ok(has(&catalog::databases(&mut session).await?, &names.previous))
}

/// Undoes what a killed run did: swaps back if it had swapped, else drops the new database if it is there.
pub async fn undo(bench: Bench<'_>, names: Names, project: &str) -> Result<(), Failure> {
    if is_swapped(bench, &names).await? {
        let previous = Some(names.previous.clone());
        return swap_back(bench, &Swapped { names, previous, project: project.to_owned() }).await;
    }
    let here = Server::maintenance_database(&names.new);
    let mut session = bench.server.session(here).await?;
    if has(&catalog::databases(&mut session).await?, &names.new) {
        bench.server.drop_ours(&names.new).await?;
        note(bench, format!("{} was dropped: it had never been live", names.new));
    }
    Ok(())
}

/// Drops a restored database that was never live.
pub async fn discard(bench: Bench<'_>, prepared: Prepared) -> Result<(), Failure> {
    let new = &prepared.names.new;
    let here = Server::maintenance_database(new);
    let mut session = bench.server.session(here).await?;
    if has(&catalog::databases(&mut session).await?, new) {
        bench.server.drop_ours(new).await?;
    }
    Ok(())
}

/// Renames, and where the connection was lost in the middle finds out what became of it: `consumed` is a name that is
/// gone afterwards.
async fn rename(bench: Bench<'_>, wanted: &Renaming<'_>, consumed: &str) -> Result<(), Failure> {
    let Err(failure) = bench.server.rename_databases(wanted).await else { return Ok(()) };
    let unknown = |why: Failure| {
        failure.clone().ending(Outcome::NeedsPerson).help(format!(
            "see which databases there are (psql -l); what cannot be told from here: {why}"
        ))
    };
    let here = Server::maintenance_database(wanted.steps[0].0);
    let mut session = bench.server.session(here).await.map_err(unknown)?;
    let listed = catalog::databases(&mut session).await.map_err(unknown)?;
    if has(&listed, consumed) { Err(failure) } else { Ok(()) }
}

fn has(listed: &[Listed], name: &str) -> bool {
    listed.iter().any(|one| one.name == name)
}

fn mark(kind: Kind, manifest: &Manifest, names: &Names) -> Kept {
    let (of, project) = (names.live.clone(), manifest.project.clone());
    Kept { kind, of, project, since: Timestamp::now() }
}

fn refused(manifest: &Manifest, why: &str) -> Failure {
    Failure::new(Outcome::Failed, format!("the backup {} cannot be restored here", manifest.name))
        .why(why)
}
