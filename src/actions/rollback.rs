//! `rollback`: back to a release, to a backup, or both.

use crate::actions::inputs::{COMPOSE_FILES, DATABASE_SERVICE, LOCK_WAIT, PROJECT_NAME, STATE_DIR};
use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec};
use crate::domain::input::{InputSpec, Kind, Need, Values};
use crate::failure::Outcome;

/// What `rollback` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "rollback",
    about: "Returns a Docker Compose stack to an earlier release, and its database to a backup.",
    long_about: "A release comes back with its images, files and environment, and must become healthy. A backup is \
        restored into a new database beside the live one, checked, and swapped in by renaming; the live one is kept.",
    inputs: &[
        InputSpec {
            name: "to",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The release to return to: `previous`, an id, or how many releases to go back. Without it: `previous`, or the current one if `backup` is given.",
            examples: &["previous", "2"],
        },
        InputSpec {
            name: "backup",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The backup to restore: its name, or `latest`. What was written since is lost, so `confirm-data-loss` must be true.",
            examples: &["latest"],
        },
        InputSpec {
            name: "confirm-data-loss",
            kind: Kind::Bool,
            need: Need::Default("false"),
            doc: "Says that losing what was written since the backup is intended.",
            examples: &["true"],
        },
        DATABASE_SERVICE,
        InputSpec {
            name: "directory",
            kind: Kind::Path,
            need: Need::Optional,
            doc: "Where backups are kept. Without it: `backups` in the project's state folder.",
            examples: &["/backups/odoo"],
        },
        COMPOSE_FILES,
        PROJECT_NAME,
        LOCK_WAIT,
        STATE_DIR,
    ],
    outputs: &[
        OutputSpec {
            name: "result",
            doc: "How it ended: `done`, `failed`, `rolled-back`, `needs-person`, `bad-input`, `bug` or `unavailable`.",
        },
        OutputSpec { name: "release", doc: "The release that runs now." },
        OutputSpec { name: "backup", doc: "The backup that was restored; empty if none was." },
    ],
    icon: "rotate-ccw",
    color: "orange",
    after_cancel: AfterCancel::Recover,
};

/// Rolls back.
pub async fn run(_values: &Values, _world: World<'_>) -> Ending {
    Ending::new(Outcome::Bug)
}
