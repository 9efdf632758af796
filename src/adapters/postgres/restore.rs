//! Restores: a new database, filled in one transaction, and the swap of names.

use std::io::Read;
use std::time::Duration;

use super::Server;
use crate::adapters::docker::exec::Fed;
use crate::domain::backup::kept::Kept;
use crate::domain::backup::manifest::Database;
use crate::domain::backup::restore::{
    Renaming, comment, create_database, dress_database, drop_database, rename,
};
use crate::domain::backup::sql::literal;
use crate::failure::Failure;

/// How often a swap is tried: the server itself waits 5 s for others to leave the database.
const TRIES: u32 = 3;

impl Server<'_> {
    /// Creates a database like another one: encoding, locale, owner, settings, rights. Its comment is our mark.
    pub async fn create_like(
        &self,
        name: &str,
        like: &Database,
        mark: &Kept,
    ) -> Result<(), Failure> {
        let mut session = self.session(Self::maintenance_database(name)).await?;
        session.run(&create_database(name, like)).await?;
        session.run(&comment(name, Some(&mark.comment()))).await?;
        for sql in dress_database(name, like) {
            session.run(&sql).await?;
        }
        Ok(())
    }

    /// Fills an empty database from an archive: all of it or nothing.
    pub async fn fill<R>(&self, database: &str, archive: R) -> Result<Fed, Failure>
    where
        R: Read + Send + 'static,
    {
        let args = ["--no-password", "--exit-on-error", "--single-transaction"];
        self.pg_restore(&args, Some(database), archive).await
    }

    /// Drops a database of ours: one with our mark, or one that the record of a restore names as new.
    pub async fn drop_ours(&self, name: &str) -> Result<(), Failure> {
        let mut session = self.session(Self::maintenance_database(name)).await?;
        session.run(drop_database(name).trim_end_matches(';')).await.map(|_| ())
    }

    /// Renames databases in one transaction while a second session ends whoever uses one of them.
    ///
    /// The lock of the renaming keeps newcomers out. Connections are never forbidden by a flag: it would outlive a kill
    /// and lock everyone out.
    pub async fn rename_databases(&self, renaming: &Renaming<'_>) -> Result<(), Failure> {
        let here = Self::maintenance_database(renaming.steps[0].0);
        let mut last = None;
        for _ in 0..TRIES {
            match self.rename_once(renaming, here).await {
                Ok(()) => return Ok(()),
                Err(failure) if failure.why.contains("being accessed by other users") => {
                    last = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        last.map_or(Ok(()), Err)
    }

    async fn rename_once(&self, wanted: &Renaming<'_>, here: &str) -> Result<(), Failure> {
        let mut renaming = self.session(here).await?;
        let mut ending = self.session(here).await?;
        let names: Vec<_> = wanted.steps.iter().map(|(from, _)| literal(from)).collect();
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname IN ({}) AND pid <> pg_backend_pid()",
            names.join(", ")
        );
        ending.run(&end).await?;
        let sql = rename(wanted);
        let sql = sql.trim_end_matches(';');
        let ender = async {
            loop {
                ending.run(&end).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            done = renaming.run(sql) => done.map(|_| ()),
            failed = ender => failed,
        }
    }
}
