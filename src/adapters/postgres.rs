//! PostgreSQL through the programs in the database's own container: they fit the server, and no port is needed.
//!
//! The credentials are the container's own. They are read inside the container and never leave it.

pub mod catalog;
pub mod dump;
pub mod restore;
pub mod session;

use std::collections::BTreeMap;

use bollard::query_parameters::InspectContainerOptions;

use crate::adapters::docker::engine::Engine;
use crate::adapters::docker::exec::{self, ExecCommand, Finished};
use crate::domain::backup::sql::conninfo;
use crate::failure::{Failure, Outcome};

/// Hands the container's password to a program by its environment. The words are constant: what varies is in `"$@"`.
const WITH_PASSWORD: &str = r#"if [ -z "${PGPASSWORD:-}" ]; then
if [ -n "${POSTGRES_PASSWORD:-}" ]; then PGPASSWORD=$POSTGRES_PASSWORD
elif [ -r "${POSTGRES_PASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
fi; export PGPASSWORD; fi; exec "$@""#;

/// No limit of the site ends our work half way; a lock that is held by others does after a minute. The text of values
/// does not depend on the site's settings.
const OPTIONS: &str = "PGOPTIONS=-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=60s \
    -c row_security=off -c client_min_messages=warning";

/// A PostgreSQL server in a container.
pub struct Server<'a> {
    engine: &'a Engine,
    container: String,
    user: String,
    default_database: String,
    tag: String,
}

impl<'a> Server<'a> {
    /// Finds out how to talk to the server in a container. `tag` names our sessions (`application_name`); it is of
    /// plain characters and shorter than 64.
    pub async fn of(engine: &'a Engine, container: &str, tag: &str) -> Result<Self, Failure> {
        let options = None::<InspectContainerOptions>;
        let found = engine.client.inspect_container(container, options).await.map_err(|error| {
            Failure::new(
                Outcome::Unavailable,
                format!("the database's container {container} cannot be inspected"),
            )
            .why(error)
        })?;
        let running = found.state.as_ref().and_then(|state| state.running) == Some(true);
        if !running {
            return Err(Failure::new(
                Outcome::Unavailable,
                format!("the database's container {container} does not run"),
            )
            .help("start it: docker compose up -d"));
        }
        let pairs = found.config.and_then(|config| config.env).unwrap_or_default();
        let env: BTreeMap<_, _> = pairs.iter().filter_map(|pair| pair.split_once('=')).collect();
        let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
        let user = set("POSTGRES_USER").map_or("postgres", |user| user).to_owned();
        let default_database = set("POSTGRES_DB").map_or(user.as_str(), |name| name).to_owned();
        let container = found.id.unwrap_or_else(|| container.to_owned());
        Ok(Self { engine, container, user, default_database, tag: tag.to_owned() })
    }

    /// The database that the container was set up with.
    pub fn default_database(&self) -> &str {
        &self.default_database
    }

    /// A database to stand in while `database` is created, renamed or dropped.
    pub fn maintenance_database(database: &str) -> &'static str {
        if database == "postgres" { "template1" } else { "postgres" }
    }

    /// Ends every session of this run, and those that killed runs of `mta` left; says how many there were.
    ///
    /// A program in the container ends with its session: ending the client alone would leave it running there, with
    /// locks that block the next migration.
    pub async fn end_sessions(&self, whose: Whose) -> Result<u64, Failure> {
        let which = match whose {
            Whose::Own => format!("application_name = '{}'", self.tag),
            Whose::LeftOver => format!(
                "(application_name LIKE 'mta-backup-%' OR application_name LIKE 'mta-restore-%') \
                 AND application_name <> '{}'",
                self.tag
            ),
        };
        let sql = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE {which} AND pid <> pg_backend_pid()"
        );
        let mut ended = 0;
        for _ in 0..100 {
            let count: u64 = self.sweeper(&sql).await?.trim().parse().unwrap_or(0);
            if count == 0 {
                break;
            }
            ended = ended.max(count);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Ok(ended)
    }

    /// One statement, in a session that is not named like the others.
    async fn sweeper(&self, sql: &str) -> Result<String, Failure> {
        let mut command =
            self.command("psql", &["-X", "-q", "-A", "-t", "-w", "-c", sql], Some("postgres"));
        command.env.push("PGAPPNAME=mta-sweep".to_owned());
        let done = exec::run(self.engine, &command).await?;
        self.succeeded("psql", done).map(|done| done.stdout)
    }

    /// What a program says of its version.
    pub async fn version_of(&self, program: &str) -> Result<String, Failure> {
        let command = self.command(program, &["--version"], None);
        let done = exec::run(self.engine, &command).await?;
        Ok(self.succeeded(program, done)?.stdout.trim().to_owned())
    }

    /// Bytes that can still be written where the server keeps its data; `None` if the container has no `df`.
    pub async fn free_bytes(&self, data_directory: &str) -> Result<Option<u64>, Failure> {
        let argv = ["df", "-Pk", data_directory].map(str::to_owned).to_vec();
        let command = ExecCommand { container: self.container.clone(), argv, env: Vec::new() };
        let done = exec::run(self.engine, &command).await?;
        Ok((done.code == 0).then(|| free_of_df(&done.stdout)).flatten())
    }

    /// A client program with the container's credentials, over the local socket.
    fn command(&self, program: &str, options: &[&str], database: Option<&str>) -> ExecCommand {
        let mut argv: Vec<_> =
            ["/bin/sh", "-c", WITH_PASSWORD, "sh", program].map(str::to_owned).to_vec();
        argv.extend(options.iter().map(|option| (*option).to_owned()));
        if let Some(database) = database {
            argv.extend(["-U".to_owned(), self.user.clone(), "-d".to_owned(), conninfo(database)]);
        }
        let env = vec![format!("PGAPPNAME={}", self.tag), OPTIONS.to_owned()];
        ExecCommand { container: self.container.clone(), argv, env }
    }

    /// The failure of a program that did not end with 0.
    fn succeeded(&self, program: &str, done: Finished) -> Result<Finished, Failure> {
        if done.code == 0 {
            return Ok(done);
        }
        let container = self.container.get(..12).unwrap_or(&self.container);
        let said = done.stderr.trim();
        let why = if said.is_empty() {
            format!("exit code {}", done.code)
        } else {
            format!("exit code {}: {said}", done.code)
        };
        let failure =
            Failure::new(Outcome::Failed, format!("{program} failed in container {container}"))
                .why(why);
        Err(match done.code {
            126 | 127 => failure.help(
                "the service must run an image with PostgreSQL and its client programs (input `database-service`)",
            ),
            _ => failure,
        })
    }
}

/// Whose sessions to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of this run.
    Own,
    /// Those that earlier runs left.
    LeftOver,
}

/// The fourth column of the last line of `df -Pk`, in bytes.
fn free_of_df(text: &str) -> Option<u64> {
    let kib: u64 = text.lines().last()?.split_whitespace().nth(3)?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_df_or_not_at_all() {
        let text =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\noverlay 100 60 40 60% /\n";
        assert_eq!(free_of_df(text), Some(40 * 1024));
        assert_eq!(free_of_df("df: no such file"), None);
        assert_eq!(free_of_df(""), None);
    }
}
