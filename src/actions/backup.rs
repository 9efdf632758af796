//! `backup`: a dump of the stack's database with a manifest, written so that half a backup never looks like one.

use std::num::NonZeroUsize;

use camino::Utf8Path;

use crate::actions::inputs::{COMPOSE_FILES, DATABASE_SERVICE, LOCK_WAIT, PROJECT_NAME, STATE_DIR};
use crate::actions::steps::database::back_up::{self, Made};
use crate::actions::steps::site::{DEFAULT_STATE_DIR, Site};
use crate::actions::steps::{checkout, database, ending};
use crate::actions::{Ending, World};
use crate::adapters::host::store::Store;
use crate::adapters::storage::local::Directory;
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec, no_rules};
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::input::{InputSpec, Kind, Need, Values};
use crate::failure::{Failure, Outcome};
use crate::report::backup as report;

/// What `backup` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "backup",
    about: "Backs up the PostgreSQL database of a Docker Compose stack, checks what was written, and keeps the last ones.",
    long_about: "Dumps with the database container's own `pg_dump`, under a temporary name; checks, hashes and renames \
        it; writes the manifest last. A backup without a manifest is none.",
    inputs: &[
        InputSpec {
            name: "mode",
            kind: Kind::Choice(&["create", "list"]),
            need: Need::Default("create"),
            doc: "What to do: make a backup, or list those that exist.",
            examples: &["create"],
        },
        DATABASE_SERVICE,
        InputSpec {
            name: "databases",
            kind: Kind::Words,
            need: Need::Optional,
            doc: "The databases to back up. Without it: the one that the container was set up with (`POSTGRES_DB`).",
            examples: &["odoo", "shop, reports"],
        },
        InputSpec {
            name: "directory",
            kind: Kind::Path,
            need: Need::Optional,
            doc: "Where backups are kept. Without it: `backups` in the project's state folder.",
            examples: &["/backups/odoo"],
        },
        InputSpec {
            name: "keep-last",
            kind: Kind::Integer { min: 1, max: 100_000 },
            need: Need::Default("7"),
            doc: "How many backups of each database to keep; older ones are deleted after a backup that succeeded.",
            examples: &["7"],
        },
        COMPOSE_FILES,
        PROJECT_NAME,
        LOCK_WAIT,
        STATE_DIR,
    ],
    outputs: &[
        OutputSpec {
            name: "result",
            doc: "How it ended: `done`, `failed`, `needs-person`, `bad-input`, `bug` or `unavailable`.",
        },
        OutputSpec {
            name: "backup",
            doc: "Name of the backup, to give to `rollback`. With several databases: one a line.",
        },
        OutputSpec {
            name: "path",
            doc: "Path of the dump on the host. With several databases: one a line.",
        },
        OutputSpec { name: "size", doc: "Size in bytes, of all dumps together." },
    ],
    outcomes: &[
        Outcome::Done,
        Outcome::Failed,
        Outcome::NeedsPerson,
        Outcome::BadInput,
        Outcome::Bug,
        Outcome::Unavailable,
    ],
    icon: "archive",
    color: "green",
    after_cancel: AfterCancel::Recover,
    rules: no_rules,
};

/// Backs up, or lists backups.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let result = match values.text("mode") {
        Some("list") => list(values, world),
        _ => create(values, world).await,
    };
    result.unwrap_or_else(|failure| {
        let mut ending = Ending::new(failure.outcome);
        ending.summary.push(report::failed(&failure));
        ending.annotations.push(ending::annotation("backup", &failure));
        ending
    })
}

/// The story of `mode: create`.
async fn create(values: &Values, world: World<'_>) -> Result<Ending, Failure> {
    let site = Site::open(values, world, "backup").await?;
    let running = database::running(&site)?;
    let directory = database::directory(&site, values)?;
    let service = values.text("database-service");
    let place = database::place(&site, service, running.as_ref()).await?;
    let server = database::server(&site, &place, "backup").await?;
    let bench = database::bench(&site, &server, &directory);
    let databases = wanted(values, server.default_database());
    back_up::sweep(bench, &databases).await?;

    let origin = database::origin(&site, running.as_ref());
    let mut made = Vec::new();
    for database in &databases {
        site.phases.begin("back the database up");
        let backup = back_up::back_up(bench, database, &origin).await?;
        site.note(report::line(&backup.entry.manifest));
        made.push(backup);
    }
    let keep =
        values.number("keep-last").and_then(|keep| NonZeroUsize::new(usize::try_from(keep).ok()?));
    let kept = match keep {
        Some(keep) => back_up::retain(bench, &made, keep),
        None => Ok(()),
    };
    site.phases.end();
    let mut ending = told(&made);
    if let Err(failure) = kept {
        ending.annotations.push(late(&failure));
    }
    Ok(ending)
}

/// The databases of the input, each once, or the one that the container was set up with.
fn wanted(values: &Values, default: &str) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    for name in values.list("databases") {
        if !wanted.contains(name) {
            wanted.push(name.clone());
        }
    }
    if wanted.is_empty() { vec![default.to_owned()] } else { wanted }
}

/// Outputs and summary of what was made.
fn told(made: &[Made]) -> Ending {
    let lines = |of: &dyn Fn(&Made) -> String| made.iter().map(of).collect::<Vec<_>>().join("\n");
    let mut ending = Ending::new(Outcome::Done);
    ending.outputs.set("backup", lines(&|made| made.entry.manifest.name.to_string()));
    ending.outputs.set("path", lines(&|made| made.entry.dump.to_string()));
    let size: u64 = made.iter().map(|made| made.entry.manifest.size).sum();
    ending.outputs.set("size", size.to_string());
    let table: Vec<_> = made.iter().map(|made| (made.entry.manifest.clone(), made.took)).collect();
    ending.summary.push(report::made(&table));
    ending
}

/// The backup is there; that an old one could not be deleted does not make it red.
fn late(failure: &Failure) -> Annotation {
    Annotation { level: Level::Warning, ..ending::annotation("backup", failure) }
}

/// The story of `mode: list`. It needs no engine and no lock.
fn list(values: &Values, world: World<'_>) -> Result<Ending, Failure> {
    let project = checkout::project_name(values, world.job)?;
    let workspace = &world.job.workspace;
    let root = if let Some(path) = values.path("directory") {
        workspace.join(path)
    } else {
        let state_dir =
            values.path("state-dir").map_or(Utf8Path::new(DEFAULT_STATE_DIR), |path| path);
        Store::open(&workspace.join(state_dir), &project)?.backups()
    };
    let (mut entries, broken) = Directory::open(&root)?.entries()?;
    entries.retain(|entry| entry.manifest.project == project.as_str());
    let manifests: Vec<_> = entries.into_iter().map(|entry| entry.manifest).collect();
    for manifest in &manifests {
        world.events.emit(Event::Note(report::line(manifest)));
    }
    let mut ending = Ending::new(Outcome::Done);
    ending.summary.push(report::list(&manifests, &broken));
    Ok(ending)
}
