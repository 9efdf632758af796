//! One backup of one database: dumped, read back, decoded, and only then recorded.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::bench::{Bench, guarded, note};
use crate::adapters::postgres::dump::Snapshot;
use crate::adapters::postgres::{Server, Whose};
use crate::adapters::storage::local::{Directory, Entry, Partial};
use crate::domain::backup::manifest::{MadeBy, Manifest, Provenance, SCHEMA};
use crate::domain::backup::retention::{self, Verdict};
use crate::domain::backup::room;
use crate::failure::{Failure, Outcome};

/// What a backup is made of and by whom.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The Compose project.
    pub project: String,
    /// The action.
    pub made_by: MadeBy,
    /// The Compose service of the database.
    pub service: String,
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

/// Ends what killed runs left in the server and in the directory. The caller holds the project's lock.
pub async fn sweep(bench: Bench<'_>, databases: &[String]) -> Result<(), Failure> {
    let ended = bench.server.end_sessions(Whose::LeftOver).await?;
    if ended > 0 {
        note(bench, format!("ended {ended} sessions that an earlier run had left in the server"));
    }
    for database in databases {
        let swept = bench.directory.sweep(database)?;
        for name in swept.removed {
            note(bench, format!("removed the half dump {name}, left by a run that did not end"));
        }
        for name in swept.finished {
            note(bench, format!("{name} is whole, its run ended before it was recorded: recorded"));
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
    room_for_dump(bench.directory, &origin.project, &snapshot)?;
    let partial = bench.directory.begin(database, started)?;
    let mut partial = bench.server.dump(&snapshot, partial).await?;
    check(bench.server, &mut partial).await?;
    let (sha256, size) = partial.written();
    let manifest = Manifest {
        schema: SCHEMA,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        name: partial.name.clone(),
        sequence: bench.directory.next_sequence(database)?,
        made_by: origin.made_by,
        service: origin.service.clone(),
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
    partial.record(manifest)
}

/// A disk that is full while the dump is written costs nothing but time; this finds out before.
fn room_for_dump(directory: &Directory, project: &str, snapshot: &Snapshot) -> Result<(), Failure> {
    let database = &snapshot.described.database;
    let (entries, _) = directory.entries()?;
    let manifests = entries.iter().map(|entry| &entry.manifest);
    let need = room::for_dump(database.size, room::last(manifests, project, &database.name));
    let free = directory.free_bytes()?;
    if free >= need {
        return Ok(());
    }
    Err(Failure::new(Outcome::Unavailable, format!("no room for a backup in {}", directory.root()))
        .why(format!("{free} bytes are free, a dump of {} may need {need}", database.name))
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

/// Deletes what is too old, of the project, databases and action of these backups. Called after all of them succeeded.
pub fn retain(bench: Bench<'_>, made: &[Made], keep_last: NonZeroUsize) -> Result<(), Failure> {
    let (entries, _) = bench.directory.entries()?;
    for Made { entry, .. } in made {
        let own = &entry.manifest;
        let group: Vec<_> = entries
            .iter()
            .filter(|other| {
                other.manifest.project == own.project
                    && other.manifest.made_by == own.made_by
                    && other.manifest.database.name == own.database.name
            })
            .collect();
        let seen: Vec<_> = group.iter().map(|one| retention::Entry::of(&one.manifest)).collect();
        for decision in retention::decide(&seen, keep_last, Timestamp::now()) {
            let verdict = match decision.verdict {
                Verdict::Keep => "kept",
                Verdict::Delete => "deleted",
            };
            if decision.verdict == Verdict::Delete
                && let Some(old) = group.iter().find(|one| one.manifest.name == decision.name)
            {
                old.delete()?;
            }
            note(bench, format!("{} {verdict}: {}", decision.name, decision.reason));
        }
    }
    Ok(())
}
