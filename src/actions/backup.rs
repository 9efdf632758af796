//! `backup`: a dump of the stack's database with a manifest, written so that half a backup never looks like one.

use crate::actions::inputs::{COMPOSE_FILES, DATABASE_SERVICE, LOCK_WAIT, PROJECT_NAME, STATE_DIR};
use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec};
use crate::domain::input::{InputSpec, Kind, Need, Values};
use crate::failure::Outcome;

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
    icon: "archive",
    color: "green",
    after_cancel: AfterCancel::Recover,
};

/// Backs up, or lists backups.
pub async fn run(_values: &Values, _world: World<'_>) -> Ending {
    Ending::new(Outcome::Bug)
}
