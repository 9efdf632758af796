//! What is recorded of a backup. It is written last: a dump without a manifest is no backup.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::backup::name::BackupName;

/// The version of the format that is written.
pub const SCHEMA: u32 = 1;

/// Everything that is recorded of one backup. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format.
    pub schema: u32,
    /// Version of `mta` that wrote it.
    pub tool: String,
    /// Name of the backup.
    pub name: BackupName,
    /// Its place among the backups of its database in its directory, from 1: which one is the newest must not hang on a
    /// clock. 0 in manifests of before it was counted.
    #[serde(default)]
    pub sequence: u64,
    /// Which action made it: retention counts those of `deploy` apart from those of `backup`.
    #[serde(default)]
    pub made_by: MadeBy,
    /// The Compose service of the database, so that a restore needs no one to name it. Empty where it was not recorded.
    #[serde(default)]
    pub service: String,
    /// Compose project.
    pub project: String,
    /// What the database was.
    pub database: Database,
    /// The server that was dumped.
    pub server: ServerVersion,
    /// What `pg_dump --version` said.
    pub dumper: String,
    /// When the dump began.
    pub started: Timestamp,
    /// When the dump was checked and complete.
    pub finished: Timestamp,
    /// Size of the dump in bytes.
    pub size: u64,
    /// SHA-256 of the dump, 64 hex digits.
    pub sha256: String,
    /// Rows of each table, counted in the snapshot that was dumped. Keys are `schema.table`, quoted where needed.
    pub rows: BTreeMap<String, u64>,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Manifest {
    /// Rows written to the database since, as far as its counters tell; `None` if it is another database by now or its
    /// counters were reset.
    pub fn writes_since(&self, now: &Database) -> Option<u64> {
        if now.oid != self.database.oid {
            return None;
        }
        now.writes.checked_sub(self.database.writes)
    }

    /// Rows of all tables together.
    pub fn total_rows(&self) -> u64 {
        self.rows.values().sum()
    }

    /// Reads a manifest; the error says why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: u32,
        }
        let Versioned { schema } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if schema != SCHEMA {
            return Err(format!("its format is version {schema}, this `mta` reads {SCHEMA}"));
        }
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

/// The action that made a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MadeBy {
    /// `backup`; also what older versions made, which did not tell.
    #[default]
    Backup,
    /// `deploy`, before a migration.
    Deploy,
}

/// A database as the catalog describes it: what `CREATE DATABASE` needs to make the same again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The role that owns it.
    pub owner: String,
    /// Encoding: `UTF8`.
    pub encoding: String,
    /// `LC_COLLATE`.
    pub collate: String,
    /// `LC_CTYPE`.
    pub ctype: String,
    /// Locale provider: `c` (libc), `i` (ICU), `b` (built in); absent before `PostgreSQL` 15.
    pub provider: Option<String>,
    /// Locale of the provider, if it is not libc.
    pub locale: Option<String>,
    /// Settings of `ALTER DATABASE ... SET` and `ALTER ROLE ... IN DATABASE ... SET`.
    pub settings: Vec<Setting>,
    /// Rights on the database itself; `None` where they are the default ones.
    pub grants: Option<Vec<Grant>>,
    /// Extensions and their versions.
    pub extensions: BTreeMap<String, String>,
    /// Roles that own something in it or have rights in it. A restore needs them.
    pub roles: Vec<String>,
    /// `pg_database_size` in bytes.
    pub size: u64,
    /// Object id: a database that was dropped and made again has another one.
    pub oid: u32,
    /// Rows inserted, updated and deleted so far, as `pg_stat_database` counts them.
    pub writes: u64,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The role that it is for; `None` for all.
    pub role: Option<String>,
    /// Name of the setting.
    pub name: String,
    /// The value as the catalog stores it.
    pub value: String,
}

/// One right on the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role; `None` is PUBLIC.
    pub role: Option<String>,
    /// `CONNECT`, `CREATE` or `TEMPORARY`.
    pub privilege: String,
    /// Whether the role may pass it on.
    pub grantable: bool,
}

/// The version of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerVersion {
    /// `server_version_num`: 150018.
    pub number: u32,
    /// `server_version`: `15.18 (Debian 15.18-0+deb12u1)`.
    pub text: String,
    /// `system_identifier` of the cluster, digits: another data directory has another one. Empty where it is not known.
    #[serde(default)]
    pub system: String,
}

impl ServerVersion {
    /// The major version: 15.
    pub fn major(&self) -> u32 {
        self.number / 10_000
    }
}

/// Where a backup comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The release that ran; empty if none is recorded.
    pub release: String,
    /// Image ids of the services of that release.
    pub images: BTreeMap<String, String>,
    /// Commit that the release was made from; empty if unknown.
    pub git_sha: String,
    /// Page of the run; empty outside Actions.
    pub run_url: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example(started: &str) -> Manifest {
        let started: Timestamp = started.parse().unwrap();
        Manifest {
            schema: SCHEMA,
            tool: "0.1.0".into(),
            name: BackupName::new("shop", started, 1),
            sequence: 1,
            made_by: MadeBy::Backup,
            service: "db".into(),
            project: "shop".into(),
            database: Database {
                name: "shop".into(),
                owner: "shop".into(),
                encoding: "UTF8".into(),
                collate: "C.UTF-8".into(),
                ctype: "C.UTF-8".into(),
                ..Database::default()
            },
            server: ServerVersion {
                number: 150_018,
                text: "15.18".into(),
                ..ServerVersion::default()
            },
            dumper: "pg_dump (PostgreSQL) 15.18".into(),
            started,
            finished: started,
            size: 4,
            sha256: "0".repeat(64),
            rows: BTreeMap::from([("public.orders".to_owned(), 3)]),
            provenance: Provenance::default(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let manifest = example("2026-11-23T02:03:04Z");
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        assert_eq!(Manifest::parse(&text), Ok(manifest));
    }

    #[test]
    fn a_manifest_of_before_places_were_counted_is_read() {
        let mut value = serde_json::to_value(example("2026-11-23T02:03:04Z")).unwrap();
        let fields = value.as_object_mut().unwrap();
        fields.remove("sequence");
        fields.remove("made_by");
        fields.remove("service");
        fields["server"].as_object_mut().unwrap().remove("system");
        let read = Manifest::parse(&value.to_string()).unwrap();
        assert_eq!(
            (read.sequence, read.made_by, read.server.system.as_str()),
            (0, MadeBy::Backup, "")
        );
    }

    #[test]
    fn writes_are_counted_only_for_the_same_database() {
        let manifest = example("2026-11-23T02:03:04Z");
        let now = |oid, writes| Database { oid, writes, ..Database::default() };
        assert_eq!(manifest.writes_since(&now(0, 12)), Some(12));
        assert_eq!(manifest.writes_since(&now(7, 12)), None);
    }

    #[test]
    fn a_newer_format_and_half_a_file_are_refused() {
        assert!(Manifest::parse("{\"schema\": 2}").unwrap_err().contains("version 2"));
        let text = serde_json::to_string(&example("2026-11-23T02:03:04Z")).unwrap();
        assert!(Manifest::parse(&text[..text.len() / 2]).is_err());
        assert!(Manifest::parse("").is_err());
    }
}
