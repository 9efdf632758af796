//! `backup`: a dump of the stack's database with a manifest, written so that half a backup never looks like one.

use std::num::NonZeroUsize;

use crate::actions::inputs::{
    COMPOSE_FILES, DATABASE_SERVICE, DATABASES, LOCK_WAIT, PROJECT_NAME, STATE_DIR,
};
use crate::actions::steps::database::back_up::{self, Made};
use crate::actions::steps::database::which::{self, Which};
use crate::actions::steps::former::{self, Needs};
use crate::actions::steps::site::{self, Site};
use crate::actions::steps::{checkout, database, ending};
use crate::actions::{Ending, World};
use crate::adapters::host::store::Store;
use crate::adapters::storage::local::Directory;
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec, no_rules};
use crate::domain::backup::manifest::MadeBy;
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::input::{InputSpec, Kind, Need, Values};
use crate::failure::{Failure, Outcome};
use crate::report::backup as report;
use crate::report::release::Account;

/// How many files that are not ours a backup names; the list shows them.
const OTHERS_SAID: usize = 5;

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
            doc: "What to do: make a backup, or list those that exist, and what else is kept, with its size.",
            examples: &["create"],
        },
        DATABASE_SERVICE,
        DATABASES,
        InputSpec {
            name: "allow-empty",
            kind: Kind::Bool,
            need: Need::Default("false"),
            doc: "Whether a backup of a database without a single table is one. Else it is an error: most likely it is the wrong database.",
            examples: &["true"],
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
            doc: "How many backups that this action made to keep of each database; older ones are deleted after a backup that succeeded. What `deploy` makes before migrations is counted apart.",
            examples: &["7"],
        },
        COMPOSE_FILES,
        PROJECT_NAME,
        LOCK_WAIT,
        STATE_DIR,
    ],
    examples: &[&["database-service"], &["database-service", "directory", "keep-last"]],
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
        Some("list") => list(values, world).await,
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
    // What an early end left is put right first: a database that is half restored must not become a backup.
    former::settle_and_go_on(&site, &mut Account::new("backup"), Needs::Database).await?;
    let running = database::running(&site)?;
    let directory = database::directory(&site, values)?;
    let service = values.text("database-service");
    let place = database::place(&site, service, running.as_ref()).await?;
    let server = database::server(&site, &place, "backup").await?;
    let bench = database::bench(&site, &server, &directory);
    let Which { full: mut databases, empty } = which::find(bench, values.list("databases")).await?;
    let refused = if values.flag("allow-empty") {
        databases.extend(empty);
        Vec::new()
    } else {
        empty
    };
    back_up::sweep(bench, &databases).await?;

    let origin = database::origin(&site, &place, running.as_ref(), MadeBy::Backup);
    let mut made = Vec::new();
    for database in &databases {
        site.phases.begin("back the database up");
        let backup = back_up::back_up(bench, database, &origin).await?;
        site.note(report::line(&backup.entry.manifest));
        made.push(backup);
    }
    if !refused.is_empty() {
        return Ok(without(&refused, &made));
    }
    let kept = back_up::retain(bench, &made, keep_last(values));
    database::kept::sweep(&site, bench).await;
    let others = directory.others()?;
    for other in others.iter().take(OTHERS_SAID) {
        site.note(format!("{} is not ours: left alone", other.path));
    }
    if let Some(more) = others.len().checked_sub(OTHERS_SAID).filter(|more| *more > 0) {
        site.note(format!("and {more} more files that are not ours: `mode: list` shows them"));
    }
    site.phases.end();
    let mut ending = told(&made);
    if let Err(failure) = kept {
        ending.annotations.push(late(&failure));
    }
    Ok(ending)
}

/// The input `keep-last`; all are kept where there is none.
fn keep_last(values: &Values) -> NonZeroUsize {
    let keep = values.number("keep-last").and_then(|keep| usize::try_from(keep).ok());
    keep.and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MAX)
}

/// The ending where a database has not a single table. The others were backed up; nothing older was deleted.
fn without(empty: &[String], made: &[Made]) -> Ending {
    let failure = Failure::new(
        Outcome::Failed,
        format!("the database {} has not a single table", empty.join(", ")),
    )
    .why("a backup of it would be an empty one, and nobody would notice before it is needed")
    .help("name the databases with `databases`, or set `allow-empty: true` if it is meant to be empty");
    let mut ending = if made.is_empty() { Ending::new(Outcome::Failed) } else { told(made) };
    ending.outcome = Outcome::Failed;
    ending.summary.push(report::failed(&failure));
    ending.annotations.push(ending::annotation("backup", &failure));
    ending
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

/// The story of `mode: list`. It needs no lock, and where no engine answers it shows the files alone.
async fn list(values: &Values, world: World<'_>) -> Result<Ending, Failure> {
    let project = checkout::project_name(values, world.job)?;
    let store = Store::open(&site::state_dir(values, world), &project)?;
    let path = values.path("directory").map(|path| world.job.workspace.join(path));
    let directory = Directory::open(&path.unwrap_or_else(|| store.backups()))?;
    let (mut entries, broken) = directory.entries()?;
    entries.retain(|entry| entry.manifest.project == project.as_str());
    let backups = entries.into_iter().map(|entry| entry.manifest).collect();
    let others = directory.others()?.into_iter().map(|other| (other.path.to_string(), other.size));
    let kept = database::kept::seen(values, world, &project, &directory).await;
    let kept = found(world, "databases kept by restores", kept).into_iter();
    let kept = kept.map(|(listed, kept)| (listed.name, listed.size, kept.told()));
    let releases = found(world, "kept releases", store.kept()).into_iter();
    let releases = releases.map(|(id, size, standing)| (id.to_string(), size, standing));
    let listing = report::Listing {
        backups,
        broken,
        others: others.collect(),
        kept: kept.collect(),
        releases: releases.collect(),
    };
    listing.lines().into_iter().for_each(|line| world.events.emit(Event::Note(line)));
    let mut ending = Ending::new(Outcome::Done);
    ending.summary.push(report::list(&listing));
    Ok(ending)
}

/// What was found; where it was not, that is said, and the rest of the list is shown.
fn found<T>(world: World<'_>, what: &str, found: Result<Vec<T>, Failure>) -> Vec<T> {
    found.unwrap_or_else(|failure| {
        world.events.emit(Event::Note(format!("{what} are not listed: {failure}")));
        Vec::new()
    })
}
