//! Inputs that several actions have in common, declared once.

use crate::domain::input::{InputSpec, Kind, Need};

/// `project-name`.
pub const PROJECT_NAME: InputSpec = InputSpec {
    name: "project-name",
    kind: Kind::Text,
    need: Need::Optional,
    doc: "Name of the Compose project. Without it: the compose file's `name:`, else the repository's name.",
    examples: &["shop"],
};

/// `compose-files`.
pub const COMPOSE_FILES: InputSpec = InputSpec {
    name: "compose-files",
    kind: Kind::Lines,
    need: Need::Optional,
    doc: "Compose files, one a line, later ones override earlier ones. Without it: `compose.yaml`, `compose.yml`, `docker-compose.yml` or `docker-compose.yaml`, with its override file; or those of `COMPOSE_FILE` in `.env`.",
    examples: &["docker-compose.yml", "docker-compose.yml\ndocker-compose.prod.yml"],
};

/// `profiles`.
pub const PROFILES: InputSpec = InputSpec {
    name: "profiles",
    kind: Kind::Words,
    need: Need::Optional,
    doc: "Profiles of the compose files that belong to the stack; services of other profiles are left out. Without it: `COMPOSE_PROFILES` in the project's env file.",
    examples: &["worker, metrics"],
};

/// `state-dir`.
pub const STATE_DIR: InputSpec = InputSpec {
    name: "state-dir",
    kind: Kind::Path,
    need: Need::Default("/var/lib/mta"),
    doc: "Folder on the host in which `mta` keeps the releases, backups and lock of each project. The runner's user must own it.",
    examples: &["/srv/mta"],
};

/// `lock-wait`.
pub const LOCK_WAIT: InputSpec = InputSpec {
    name: "lock-wait",
    kind: Kind::Duration,
    need: Need::Default("10m"),
    doc: "How long to wait while another deploy, backup or rollback of the project runs.",
    examples: &["30s", "10m"],
};

/// `database-service`.
pub const DATABASE_SERVICE: InputSpec = InputSpec {
    name: "database-service",
    kind: Kind::Text,
    need: Need::Optional,
    doc: "The Compose service that runs PostgreSQL. Without it: the one that the release, or the backup to restore, has recorded.",
    examples: &["db"],
};

/// `databases`.
pub const DATABASES: InputSpec = InputSpec {
    name: "databases",
    kind: Kind::Words,
    need: Need::Optional,
    doc: "The databases that are meant, separated by commas or lines. Without it: all databases of the server but templates and an empty `postgres` beside others.",
    examples: &["odoo", "shop, reports"],
};

/// `registry`.
pub const REGISTRY: InputSpec = InputSpec {
    name: "registry",
    kind: Kind::Text,
    need: Need::Optional,
    doc: "The registry that `username` and `password` are for: they are sent to no other. Without it: that of the images, if they are all of one.",
    examples: &["ghcr.io", "docker.io"],
};

/// `username`.
pub const USERNAME: InputSpec = InputSpec {
    name: "username",
    kind: Kind::Text,
    need: Need::Optional,
    doc: "The account at the registry. Without it: what `docker login` left on this machine; for ghcr.io, else the job's own token.",
    examples: &["${{ github.actor }}"],
};

/// `password`.
pub const PASSWORD: InputSpec = InputSpec {
    name: "password",
    kind: Kind::Secret,
    need: Need::Optional,
    doc: "Its password, or better an access token.",
    examples: &["${{ secrets.GITHUB_TOKEN }}"],
};
