//! `deploy`: render, check, pull, migrate, switch, watch health, record; or return to the former release.

use crate::actions::inputs::{COMPOSE_FILES, DATABASE_SERVICE, LOCK_WAIT, PROJECT_NAME, STATE_DIR};
use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec};
use crate::domain::input::{InputSpec, Kind, Need, Secrecy, Values};
use crate::failure::Outcome;

/// What `deploy` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "deploy",
    about: "Deploys a Docker Compose stack on this host; returns to the former release by itself when it does not become healthy.",
    long_about: "Renders and checks the compose files, pulls the images, backs the database up and migrates it, \
        brings the new release up and watches its health. If it does not become healthy, the former release comes \
        back: its images, its files, its environment.",
    inputs: &[
        COMPOSE_FILES,
        PROJECT_NAME,
        InputSpec {
            name: "env",
            kind: Kind::Map(Secrecy::ByKey),
            need: Need::Optional,
            doc: "The stack's `.env`, as `KEY=value` lines; added to a `.env` of the checkout, and stronger than it. Never printed, stored with mode 0600.",
            examples: &[
                "TAG=${{ github.sha }}\nPOSTGRES_PASSWORD=${{ secrets.POSTGRES_PASSWORD }}",
            ],
        },
        InputSpec {
            name: "secret-files",
            kind: Kind::Map(Secrecy::All),
            need: Need::Optional,
            doc: "Files with secrets that the compose file mounts, as `path=content` lines or a YAML map; the path is relative to the first compose file's folder.",
            examples: &["secrets/db_password=${{ secrets.DB_PASSWORD }}"],
        },
        InputSpec {
            name: "pull",
            kind: Kind::Choice(&["always", "missing", "never"]),
            need: Need::Default("always"),
            doc: "When to pull images.",
            examples: &["missing"],
        },
        InputSpec {
            name: "migrate-service",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The service in whose new image `migrate-command` runs.",
            examples: &["app"],
        },
        InputSpec {
            name: "migrate-command",
            kind: Kind::Command,
            need: Need::Optional,
            doc: "Command that migrates the database, run once in the new image before the switch. No shell: use `sh -c '...'` for one.",
            examples: &["python manage.py migrate --noinput"],
        },
        InputSpec {
            name: "database-service",
            doc: "The Compose service that runs PostgreSQL. With it, the database is backed up before `migrate-command` runs.",
            ..DATABASE_SERVICE
        },
        InputSpec {
            name: "health-url",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "Address that must answer with a status from 200 to 299. A redirect is not healthy.",
            examples: &["http://localhost:8069/web/health"],
        },
        InputSpec {
            name: "health-service",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The service in whose container `health-command` runs.",
            examples: &["app"],
        },
        InputSpec {
            name: "health-command",
            kind: Kind::Command,
            need: Need::Optional,
            doc: "Command that must exit with 0 inside `health-service`.",
            examples: &["python manage.py check --deploy"],
        },
        InputSpec {
            name: "health-delay",
            kind: Kind::Duration,
            need: Need::Default("0s"),
            doc: "How long to wait before the first look.",
            examples: &["10s"],
        },
        InputSpec {
            name: "health-interval",
            kind: Kind::Duration,
            need: Need::Default("5s"),
            doc: "Time between two looks.",
            examples: &["5s"],
        },
        InputSpec {
            name: "health-retries",
            kind: Kind::Integer { min: 1, max: 10_000 },
            need: Need::Default("30"),
            doc: "How many looks before the release counts as unhealthy.",
            examples: &["30"],
        },
        InputSpec {
            name: "health-timeout",
            kind: Kind::Duration,
            need: Need::Default("5s"),
            doc: "How long one request or command of a look may take.",
            examples: &["5s"],
        },
        LOCK_WAIT,
        STATE_DIR,
        InputSpec {
            name: "dry-run",
            kind: Kind::Bool,
            need: Need::Default("false"),
            doc: "Show what would change, and stop.",
            examples: &["true"],
        },
    ],
    outputs: &[
        OutputSpec {
            name: "result",
            doc: "How it ended: `done`, `failed`, `rolled-back`, `restored`, `needs-person`, `bad-input`, `bug` or `unavailable`.",
        },
        OutputSpec { name: "release", doc: "The release that runs now." },
        OutputSpec { name: "previous-release", doc: "The release that ran before." },
    ],
    icon: "upload-cloud",
    color: "blue",
    after_cancel: AfterCancel::Recover,
};

/// Deploys.
pub async fn run(_values: &Values, _world: World<'_>) -> Ending {
    Ending::new(Outcome::Bug)
}
