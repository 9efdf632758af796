//! What the catalog says of a database.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::session::Session;
use crate::domain::backup::kept::Kept;
use crate::domain::backup::manifest::{Database, ServerVersion};
use crate::domain::backup::sql::{ident, literal};
use crate::failure::{Failure, Outcome};

/// Tables counted by one statement.
const AT_ONCE: usize = 200;

/// Columns that came with later versions are read through `to_jsonb`, so that one query serves 13 to 18.
const DESCRIBE: &str = "SELECT jsonb_build_object(
 'server', jsonb_build_object('number', current_setting('server_version_num')::int,
   'text', current_setting('server_version'),
   'system', (SELECT system_identifier::text FROM pg_control_system())),
 'database', jsonb_build_object('name', d.datname, 'owner', pg_get_userbyid(d.datdba),
  'encoding', pg_encoding_to_char(d.encoding),
  'collate', to_jsonb(d)->>'datcollate', 'ctype', to_jsonb(d)->>'datctype',
  'provider', to_jsonb(d)->>'datlocprovider',
  'locale', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'),
  'settings', coalesce((SELECT jsonb_agg(jsonb_build_object('role', r.rolname,
     'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1)))
     FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c LEFT JOIN pg_roles r ON r.oid = s.setrole
     WHERE s.setdatabase = d.oid), '[]'),
  'grants', (SELECT jsonb_agg(jsonb_build_object('role', r.rolname, 'privilege', a.privilege_type,
     'grantable', a.is_grantable))
     FROM aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee),
  'extensions', coalesce((SELECT jsonb_object_agg(extname, extversion) FROM pg_extension), '{}'),
  'roles', (SELECT coalesce(jsonb_agg(rolname ORDER BY rolname), '[]') FROM pg_roles WHERE rolname !~ '^pg_' AND (
     oid = d.datdba
     OR oid IN (SELECT refobjid FROM pg_shdepend WHERE dbid = d.oid AND refclassid = 'pg_authid'::regclass)
     OR oid IN (SELECT c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'))),
  'size', pg_database_size(d.oid), 'oid', d.oid::bigint,
  'writes', coalesce((SELECT tup_inserted + tup_updated + tup_deleted FROM pg_stat_database t
     WHERE t.datid = d.oid), 0)))
FROM pg_database d WHERE d.datname = current_database()";

/// Tables whose rows `pg_dump` dumps: not those of extensions.
const FROM_TABLES: &str = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 AND NOT EXISTS (SELECT FROM pg_depend x
  WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')";

/// A database and its server.
#[derive(Clone, Debug, Deserialize)]
pub struct Described {
    /// The server.
    pub server: ServerVersion,
    /// The database.
    pub database: Database,
}

/// Describes the session's database.
pub async fn describe(session: &mut Session) -> Result<Described, Failure> {
    read(session.json(DESCRIBE).await?)
}

/// Counts the rows of every table of the session's database, in its transaction.
pub async fn count_rows(session: &mut Session) -> Result<BTreeMap<String, u64>, Failure> {
    let names = "coalesce(jsonb_agg(jsonb_build_array(n.nspname, c.relname)), '[]')";
    let tables: Vec<(String, String)> =
        read(session.json(&format!("SELECT {names} {FROM_TABLES}")).await?)?;
    let mut rows = BTreeMap::new();
    for some in tables.chunks(AT_ONCE) {
        let counts: Vec<_> = some
            .iter()
            .map(|(schema, table)| {
                format!(
                    "SELECT format('%I.%I', {}::text, {}::text) AS t, count(*) AS n FROM ONLY {}.{}",
                    literal(schema),
                    literal(table),
                    ident(schema),
                    ident(table)
                )
            })
            .collect();
        let sql = format!("SELECT jsonb_object_agg(t, n) FROM ({}) q", counts.join(" UNION ALL "));
        let counted: BTreeMap<String, u64> = read(session.json(&sql).await?)?;
        rows.extend(counted);
    }
    Ok(rows)
}

/// Whether the session's database has a table of its own.
pub async fn has_tables(session: &mut Session) -> Result<bool, Failure> {
    read(session.json(&format!("SELECT to_jsonb(count(*) > 0) {FROM_TABLES}")).await?)
}

/// A database as the list of all has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub comment: Option<String>,
    /// `pg_database_size` in bytes; 0 where our role may not ask.
    pub size: u64,
}

impl Listed {
    /// What the mark of ours says, if it has one.
    pub fn kept(&self) -> Option<Kept> {
        self.comment.as_deref().and_then(Kept::read)
    }
}

/// All databases that take connections and are no templates, by name.
pub async fn databases(session: &mut Session) -> Result<Vec<Listed>, Failure> {
    let sql = "SELECT coalesce(jsonb_agg(jsonb_build_object('name', datname, \
               'comment', shobj_description(oid, 'pg_database'), 'size', \
               CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) ELSE 0 END) \
               ORDER BY datname), '[]') FROM pg_database WHERE datallowconn AND NOT datistemplate";
    read(session.json(sql).await?)
}

/// The roles of the server.
pub async fn roles(session: &mut Session) -> Result<Vec<String>, Failure> {
    read(session.json("SELECT jsonb_agg(rolname) FROM pg_roles").await?)
}

/// The extensions that could be created.
pub async fn available_extensions(session: &mut Session) -> Result<Vec<String>, Failure> {
    read(session.json("SELECT coalesce(jsonb_agg(name), '[]') FROM pg_available_extensions").await?)
}

/// What forbids to rename a database, by name: prepared transactions, logical slots, subscriptions.
pub async fn obstacles(session: &mut Session, database: &str) -> Result<Vec<String>, Failure> {
    let name = literal(database);
    let sql = format!(
        "SELECT coalesce(jsonb_agg(what), '[]') FROM (
         SELECT 'the prepared transaction ' || quote_literal(gid) AS what FROM pg_prepared_xacts WHERE database = {name}
         UNION ALL SELECT 'the logical replication slot ' || slot_name FROM pg_replication_slots
          WHERE database = {name}
         UNION ALL SELECT 'the subscription ' || quote_ident(s.subname) FROM pg_subscription s
          JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = {name}) q"
    );
    read(session.json(&sql).await?)
}

/// Where the server keeps its data.
pub async fn data_directory(session: &mut Session) -> Result<String, Failure> {
    read(session.json("SELECT to_jsonb(current_setting('data_directory'))").await?)
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| {
        Failure::new(Outcome::Bug, "the catalog's answer is not as expected").why(error)
    })
}
