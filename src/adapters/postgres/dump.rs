//! Dumps: one snapshot, exported by a session that also counts the rows, and `pg_dump` in it.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use super::Server;
use super::catalog::{self, Described};
use super::session::Session;
use crate::adapters::docker::exec::{Exec, Fed};
use crate::failure::{Failure, Outcome};

/// A snapshot of one database, held open by its session.
pub struct Snapshot {
    /// The database and its server.
    pub described: Described,
    /// Rows of each table in the snapshot.
    pub rows: BTreeMap<String, u64>,
    id: String,
    _session: Session,
}

impl Server<'_> {
    /// Takes a snapshot and counts the rows in it.
    pub async fn snapshot(&self, database: &str) -> Result<Snapshot, Failure> {
        let mut session = self.session(database).await?;
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let id = session.run("SELECT pg_export_snapshot()").await?.trim().to_owned();
        let described = catalog::describe(&mut session).await?;
        let rows = catalog::count_rows(&mut session).await?;
        Ok(Snapshot { described, rows, id, _session: session })
    }

    /// Dumps the snapshot in the custom format into `sink`. The sink is worth nothing if this fails.
    pub async fn dump<W>(&self, snapshot: &Snapshot, sink: W) -> Result<W, Failure>
    where
        W: Write + Send + 'static,
    {
        let id = format!("--snapshot={}", snapshot.id);
        let args = ["-Fc", "--no-password", "--lock-wait-timeout=60s", &id];
        let command = self.command("pg_dump", &args, Some(&snapshot.described.database.name));
        let (sink, done) = Exec::start(self.engine, &command).await?.pour(sink).await?;
        self.succeeded("pg_dump", done)?;
        Ok(sink)
    }

    /// Reads the table of contents of an archive.
    pub async fn list<R>(&self, archive: R) -> Result<(), Failure>
    where
        R: Read + Send + 'static,
    {
        self.pg_restore(&["--list"], None, archive).await.map(|_| ())
    }

    /// Decodes an archive completely; the answer has the hash of what was read. The list of contents alone finds no
    /// damage in the data.
    pub async fn decode<R>(&self, archive: R) -> Result<Fed, Failure>
    where
        R: Read + Send + 'static,
    {
        self.pg_restore(&["-f", "/dev/null"], None, archive).await
    }

    /// Feeds an archive to `pg_restore`.
    pub(super) async fn pg_restore<R>(
        &self,
        args: &[&str],
        database: Option<&str>,
        archive: R,
    ) -> Result<Fed, Failure>
    where
        R: Read + Send + 'static,
    {
        let command = self.command("pg_restore", args, database);
        let mut fed = Exec::start(self.engine, &command).await?.feed(archive).await?;
        fed.finished = self
            .succeeded("pg_restore", fed.finished)
            .map_err(|failure| failure.ending(Outcome::Failed))?;
        Ok(fed)
    }
}
