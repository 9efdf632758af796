//! What builds images on this machine: Docker's plugin, a folder for what is secret, and logins that go with it.

use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret as _;

use crate::actions::World;
use crate::actions::build_push::registries::{Registries, failed};
use crate::actions::build_push::wishes::Wishes;
use crate::adapters::docker::buildx::{Buildx, Running, made};
use crate::adapters::docker::private;
use crate::adapters::host::files;
use crate::adapters::host::guard::Guard;
use crate::adapters::host::process::ChildEnv;
use crate::adapters::host::scratch::Scratch;
use crate::domain::build::{Order, Progress, Secret, Shown, Step, cause, place};
use crate::domain::event::Event;
use crate::domain::image::{Digest, Registry};
use crate::domain::shown;
use crate::failure::{Failure, Outcome, Place};

/// What the folder of secrets is called, before its number.
const NAME: &str = "mta-docker";

/// How much of a step's error is told, in characters.
const SHOWN: usize = 500;

/// Builds images.
pub struct Workshop<'a> {
    world: World<'a>,
    buildx: Buildx,
    scratch: Scratch,
    guard: Guard,
    secrets: Vec<Secret>,
    /// How many builds there were: each writes about itself into a file of its own.
    builds: AtomicUsize,
}

/// What a build came to.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it says that it made.
    pub digest: Option<Digest>,
    /// Its steps.
    pub steps: Vec<Step>,
}

impl<'a> Workshop<'a> {
    /// Finds what builds, and logs in to the registries of the images.
    ///
    /// # Errors
    /// There is no plugin, or no place for secrets, or a login cannot be used.
    pub async fn open(
        wishes: &Wishes,
        registries: &Registries<'_>,
        of: &[&Registry],
        world: World<'a>,
    ) -> Result<Self, Failure> {
        let env = ChildEnv::for_builds();
        let scratch = Scratch::new(&parent(&env, world), NAME).map_err(|error| disk(&error))?;
        let guard = scratch.guard().map_err(|error| disk(&error))?;
        let mut logins = Vec::new();
        for registry in of {
            let login = registries.to_tell(registry).await.map_err(|error| failed(&error))?;
            logins.extend(login.map(|login| ((*registry).clone(), login)));
        }
        let env = if logins.is_empty() {
            env
        } else {
            private::configure(scratch.path(), &env, &logins, world.cancel).await?
        };
        let buildx = Buildx::find(&env, world.cancel).await?;
        let mut secrets = Vec::new();
        for (number, (id, value)) in wishes.secrets.iter().enumerate() {
            let file = scratch.path().join(format!("secret-{number}"));
            files::write_atomic(&file, value.expose_secret().as_bytes(), 0o600)
                .map_err(|error| disk(&error))?;
            secrets.push(Secret { id: id.clone(), file: file.into_string() });
        }
        Ok(Self { world, buildx, scratch, guard, secrets, builds: AtomicUsize::new(0) })
    }

    /// Builds an image under a name, and pushes it where `push` says so. What the build says is shown as it comes.
    ///
    /// # Errors
    /// The build failed, or was cancelled.
    pub async fn build(&self, name: &str, order: Order, push: bool) -> Result<Made, Failure> {
        let number = self.builds.fetch_add(1, Ordering::Relaxed);
        let metadata = self.scratch.path().join(format!("metadata-{number}.json"));
        let file = order.file.clone();
        let args = Order { secrets: self.secrets.clone(), ..order }.arguments(
            name,
            push,
            metadata.as_str(),
        );
        let running = Running {
            folder: &self.world.job.workspace,
            guard: Some(&self.guard),
            cancel: self.world.cancel,
        };
        let mut progress = Progress::default();
        let mut at = None;
        let exit = {
            let mut on_line = |line: &str| {
                at = at.take().or_else(|| place(line));
                progress.take(line).into_iter().for_each(|shown| self.show(shown));
            };
            self.buildx.build(&args, running, &mut on_line).await
        };
        progress.end().into_iter().for_each(|shown| self.show(shown));
        let exit = exit?;
        if exit.code != 0 {
            // BuildKit knows the file by its own name alone.
            let at = at.map(|at: Place| Place { file, ..at });
            return Err(refused(name, &progress, &exit.tail, at));
        }
        Ok(Made { digest: made(&metadata), steps: progress.steps() })
    }

    fn show(&self, shown: Shown) {
        self.world.events.emit(match shown {
            Shown::Begin(name) => Event::PhaseStarted { name },
            Shown::Line(text) => Event::Foreign { source: "docker build".to_owned(), text },
            Shown::End => Event::PhaseEnded,
            Shown::Busy(what) => Event::Waiting(what),
        });
    }
}

/// Where the folder of secrets is: the job's own for temporary files, or that of this user or machine.
fn parent(env: &ChildEnv, world: World<'_>) -> Utf8PathBuf {
    let of_machine = || env.get("XDG_RUNTIME_DIR").or_else(|| env.get("TMPDIR")).unwrap_or("/tmp");
    world.job.temp.clone().unwrap_or_else(|| Utf8Path::new(of_machine()).to_owned())
}

fn disk(error: &std::io::Error) -> Failure {
    Failure::new(
        Outcome::Unavailable,
        "there is no place for what is secret while an image is built",
    )
    .why(error)
    .help("free some space in the folder for temporary files, or point `TMPDIR` to another one")
}

/// A build that failed.
fn refused(name: &str, progress: &Progress, tail: &str, at: Option<Place>) -> Failure {
    let step = progress.failed();
    let why = match step {
        Some(step) => format!("{}: {}", step.line(), step.error),
        None => last(tail),
    };
    let cause = cause(&why).or_else(|| cause(tail));
    let outcome = cause.as_ref().map_or(Outcome::Failed, |cause| cause.outcome);
    let help = cause.map_or_else(
        || "the step's own output in the log says more; `docker build` on your machine does the same".to_owned(),
        |cause| cause.help,
    );
    let failure = Failure::new(outcome, format!("{name} was not built"))
        .why(shown::line(&why, SHOWN))
        .help(help);
    match at {
        Some(at) => failure.at(at),
        None => failure,
    }
}

/// The last line that says something: that of an error, else one that is no part of BuildKit's messages.
fn last(tail: &str) -> String {
    let is_words = |line: &&str| !line.is_empty() && !line.starts_with(['{', '}', '[', ']', '"']);
    let mut lines = tail.lines().rev().map(str::trim).filter(is_words);
    let error = lines.clone().find(|line| line.starts_with("ERROR:"));
    error.or_else(|| lines.next()).unwrap_or("docker did not say why").to_owned()
}
