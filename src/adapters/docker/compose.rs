//! Docker Compose v2 as a program: `docker compose`, never `docker-compose`.
//!
//! Each call names the project and all of its files: a call with a partial view of the model recreates what it does not see.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tokio_util::sync::CancellationToken;

use crate::adapters::docker::endpoint::Endpoint;
use crate::adapters::host::environment::ChildEnv;
use crate::adapters::host::process::{self, Command, Exit, Pipe, ProcessError};
use crate::domain::event::{Event, Sink};
use crate::failure::{Failure, Outcome};

mod argv;

/// What a rendered model may have, in bytes.
const LARGEST_MODEL: usize = 32 * 1024 * 1024;

/// The longest time that reading files may take: `version`, `config`.
const LOCAL_WORK: Duration = Duration::from_secs(60);

/// Docker Compose, found and checked.
#[derive(Clone, Debug)]
pub struct Compose {
    env: ChildEnv,
    version: String,
}

/// A project as Compose needs it named.
#[derive(Clone, Debug)]
pub struct Project<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where its relative paths begin; the calls run there.
    pub directory: &'a Utf8Path,
    /// Its compose files, first to last.
    pub files: &'a [Utf8PathBuf],
    /// Values for `${...}`; `None`: `.env` of the directory, if there is one.
    pub env_file: Option<&'a Utf8Path>,
}

/// One container that runs a command and goes.
#[derive(Clone, Debug)]
pub struct OneOff<'a> {
    /// The service whose image and configuration are used.
    pub service: &'a str,
    /// Name of the container.
    pub container: &'a str,
    /// Program and arguments.
    pub command: &'a [String],
}

/// Which images are pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// All: a tag may have moved.
    Always,
    /// Those that the engine does not have.
    Missing,
}

/// What surrounds a call.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Shown what Compose writes, as foreign text.
    pub events: &'a dyn Sink,
    /// Ends the call.
    pub cancel: &'a CancellationToken,
    /// The longest time that it may take.
    pub timeout: Duration,
}

impl Compose {
    /// Finds `docker compose` 2.0 or newer and makes it speak to this engine.
    ///
    /// Fails with [`Outcome::Unavailable`]: what is missing and what to install.
    pub async fn find(
        env: ChildEnv,
        endpoint: &Endpoint,
        cancel: &CancellationToken,
    ) -> Result<Self, Failure> {
        let env = endpoint.applied_to(env);
        let command = Command::new("docker", env.clone()).args(argv::version());
        let options = process::Options {
            timeout: LOCAL_WORK,
            cancel,
            on_line: &|_, _| {},
            keep_stdout: 4096,
        };
        let exit = process::run(&command, options).await.and_then(Exit::ok).map_err(absent)?;
        let version = String::from_utf8_lossy(&exit.stdout).trim().to_owned();
        if major(&version).is_none_or(|major| major < 2) {
            return Err(too_old(&version));
        }
        Ok(Self { env, version })
    }

    /// Its version: "2.26.1".
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Reads the files and returns the model, complete and resolved, as JSON.
    ///
    /// Fails with [`Outcome::BadInput`] and Compose's own message if a file is wrong.
    pub async fn render(&self, project: &Project<'_>, call: Call<'_>) -> Result<String, Failure> {
        let exit = self.quiet(project, argv::render(project), call).await;
        let exit = exit.map_err(|error| invalid(project, error))?;
        String::from_utf8(exit.stdout).map_err(|error| {
            Failure::new(Outcome::BadInput, "the compose model is no UTF-8 text").why(error)
        })
    }

    /// Hash of the configuration of each service, as Compose writes it on containers.
    pub async fn hashes(
        &self,
        project: &Project<'_>,
        call: Call<'_>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let exit = self.quiet(project, argv::hashes(project), call).await;
        let exit = exit.map_err(|error| invalid(project, error))?;
        let text = String::from_utf8_lossy(&exit.stdout).into_owned();
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        Ok(pairs.map(|(name, hash)| (name.to_owned(), hash.trim().to_owned())).collect())
    }

    /// Pulls the images of the services; of all, if none is named. Those that are built here are left out.
    pub async fn pull(
        &self,
        project: &Project<'_>,
        (policy, services): (Pull, &[String]),
        call: Call<'_>,
    ) -> Result<(), Failure> {
        let args = argv::pull(project, policy, services);
        self.shown(project, args, call).await.map_err(|error| {
            failed("cannot pull the images", project, error)
                .help("check the names of the images and the login: docker login REGISTRY")
                .ending(Outcome::Unavailable)
        })
    }

    /// Builds the images of the services; of all that have `build:`, if none is named.
    pub async fn build(
        &self,
        project: &Project<'_>,
        services: &[String],
        call: Call<'_>,
    ) -> Result<(), Failure> {
        let args = argv::build(project, services);
        let built = self.shown(project, args, call).await;
        built.map_err(|error| failed("cannot build the images", project, error))
    }

    /// Creates and starts what the model says, and removes what it no longer has. Pulls and builds nothing.
    pub async fn up(&self, project: &Project<'_>, call: Call<'_>) -> Result<(), Failure> {
        let started = self.shown(project, argv::up(project), call).await;
        started.map_err(|error| failed("cannot start the stack", project, error))
    }

    /// Runs a command in a container of its own, and returns how it ended. The container goes with it.
    ///
    /// If the call is cancelled, Compose is ended; whether the container has ended too must be looked at by its name.
    pub async fn run(
        &self,
        project: &Project<'_>,
        once: &OneOff<'_>,
        call: Call<'_>,
    ) -> Result<Exit, ProcessError> {
        let show = |_: Pipe, line: &str| foreign(call.events, once.service, line);
        let args = argv::run(project, once);
        process::run(&self.command(project, args), options(call, &show, 0)).await
    }

    /// Stops services, and leaves their containers.
    pub async fn stop(
        &self,
        project: &Project<'_>,
        services: &[String],
        call: Call<'_>,
    ) -> Result<(), Failure> {
        let stopped = self.shown(project, argv::stop(project, services), call).await;
        stopped.map_err(|error| failed("cannot stop the services", project, error))
    }

    /// Starts services that were stopped.
    pub async fn start(
        &self,
        project: &Project<'_>,
        services: &[String],
        call: Call<'_>,
    ) -> Result<(), Failure> {
        let started = self.shown(project, argv::start(project, services), call).await;
        started.map_err(|error| failed("cannot start the services", project, error))
    }

    fn command(&self, project: &Project<'_>, args: Vec<String>) -> Command {
        Command::new("docker", self.env.clone()).args(args).cwd(project.directory)
    }

    /// For what changes the stack: everything it writes is shown.
    async fn shown(
        &self,
        project: &Project<'_>,
        args: Vec<String>,
        call: Call<'_>,
    ) -> Result<(), ProcessError> {
        let show = |_: Pipe, line: &str| foreign(call.events, "docker compose", line);
        let run = process::run(&self.command(project, args), options(call, &show, 0)).await;
        run.and_then(Exit::ok).map(drop)
    }

    /// For what is read from standard output: only its warnings are shown.
    async fn quiet(
        &self,
        project: &Project<'_>,
        args: Vec<String>,
        call: Call<'_>,
    ) -> Result<Exit, ProcessError> {
        let show = |pipe: Pipe, line: &str| {
            if pipe == Pipe::Stderr {
                foreign(call.events, "docker compose", line);
            }
        };
        let options = options(call, &show, LARGEST_MODEL);
        process::run(&self.command(project, args), options).await.and_then(Exit::ok)
    }
}

fn options<'a>(
    call: Call<'a>,
    on_line: process::OnLine<'a>,
    keep_stdout: usize,
) -> process::Options<'a> {
    process::Options { timeout: call.timeout, cancel: call.cancel, on_line, keep_stdout }
}

fn foreign(events: &dyn Sink, source: &str, line: &str) {
    events.emit(Event::Foreign { source: source.to_owned(), text: line.to_owned() });
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

const INSTALL: &str = "install the Docker Compose plugin, 2.0 or newer (https://docs.docker.com/compose/install/linux/); \
     the old docker-compose 1.x is never used";

fn absent(error: ProcessError) -> Failure {
    let what = "cannot use Docker Compose";
    match error {
        ProcessError::NotFound { program, cure } => {
            Failure::new(Outcome::Unavailable, format!("{what}: `{program}` is not found"))
                .why("no such program in PATH")
                .help(format!("{cure}, with its Compose plugin"))
        }
        other => Failure::new(Outcome::Unavailable, what).why(other).help(INSTALL),
    }
}

fn too_old(version: &str) -> Failure {
    Failure::new(Outcome::Unavailable, "cannot use Docker Compose: 2.0 or newer is needed")
        .why(format!("`docker compose version` says `{version}`"))
        .help(INSTALL)
}

/// A model that cannot be read: the tool's own message, under the file's name.
fn invalid(project: &Project<'_>, error: ProcessError) -> Failure {
    let files = argv::files_named(project.files, project.directory);
    match error {
        ProcessError::Failed { tail, .. } => {
            Failure::new(Outcome::BadInput, format!("Docker Compose does not accept {files}"))
                .why(tail)
                .help("correct the file; `docker compose config` shows the same message")
        }
        other => failed(&format!("cannot read {files}"), project, other),
    }
}

fn failed(what: &str, project: &Project<'_>, error: ProcessError) -> Failure {
    let outcome = match error {
        ProcessError::Failed { .. } | ProcessError::TimedOut { .. } => Outcome::Failed,
        _ => Outcome::Unavailable,
    };
    Failure::new(outcome, format!("{what} of project {}", project.name)).why(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_every_packager_are_read() {
        for (version, wanted) in [
            ("2.26.1-4", Some(2)),
            ("v2.40.3", Some(2)),
            ("5.0.0", Some(5)),
            ("1.29.2", Some(1)),
            ("", None),
        ] {
            assert_eq!(major(version), wanted, "{version}");
        }
    }
}
