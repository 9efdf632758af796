//! What builds images on this machine: Docker's plugin, a folder for what is secret, and logins that go with it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret as _;

use crate::actions::World;
use crate::actions::build_push::SPEC;
use crate::actions::build_push::builder::{self, Chosen};
use crate::actions::build_push::registries::{Registries, failed};
use crate::actions::build_push::secrets::Source;
use crate::actions::build_push::wishes::Wishes;
use crate::adapters::docker::buildx::{Buildx, Running, made};
use crate::adapters::docker::private;
use crate::adapters::host::files;
use crate::adapters::host::guard::Guard;
use crate::adapters::host::process::ChildEnv;
use crate::adapters::host::scratch::Scratch;
use crate::domain::build::{
    Order, Progress, Secret, Shown, Step, Warning, Way, cause, passes, place,
};
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::image::{Digest, Registry};
use crate::domain::shown;
use crate::failure::{Failure, Outcome, Place};

mod plain;

/// What the folder of secrets is called, before its number.
const NAME: &str = "mta-docker";

/// How long to wait before what is built is pushed once more.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// Warnings that are told; one more says how many there are besides.
const WARNINGS: usize = 9;

/// How much of a step's error is told, in characters.
const SHOWN: usize = 500;

/// Builds images.
pub struct Workshop<'a> {
    world: World<'a>,
    env: ChildEnv,
    buildx: Buildx,
    scratch: Scratch,
    guard: Guard,
    secrets: Vec<Secret>,
    /// What builds.
    pub builder: Chosen,
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
    /// Finds what builds, and logs in to the registries of the images. `env` is what all that builds may know.
    ///
    /// # Errors
    /// There is no plugin, or no builder that can do what is asked, or no place for secrets, or a login cannot be used.
    pub async fn open(
        env: ChildEnv,
        wishes: &Wishes,
        registries: &Registries<'_>,
        of: &[&Registry],
        world: World<'a>,
    ) -> Result<Self, Failure> {
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
            private::configure(scratch.path(), &env, &logins)?
        };
        let buildx = Buildx::find(&env, world.cancel).await?;
        if let Some(failure) = buildx.way().lack(&wishes.wanted()) {
            return Err(failure);
        }
        let builder = if let Way::Plain(by) = buildx.way() {
            world.events.emit(Event::Annotated(plain::notice(by)));
            Chosen::default()
        } else {
            builder::choose(&buildx, wishes, of, world).await?
        };
        let mut secrets = Vec::new();
        for (number, (id, source)) in wishes.secrets.gathered(world)?.into_iter().enumerate() {
            let file = match source {
                Source::File(path) => path,
                Source::Value(value) => {
                    let file = scratch.path().join(format!("secret-{number}"));
                    files::write_atomic(&file, value.expose_secret().as_bytes(), 0o600)
                        .map_err(|error| disk(&error))?;
                    file.into_string()
                }
            };
            secrets.push(Secret { id, file });
        }
        Ok(Self {
            world,
            env,
            buildx,
            builder,
            scratch,
            guard,
            secrets,
            builds: AtomicUsize::default(),
        })
    }

    /// What programs know that work beside the build, its logins included.
    pub const fn env(&self) -> &ChildEnv {
        &self.env
    }

    /// A file in the folder that is gone with the run.
    pub fn file(&self, name: &str) -> Utf8PathBuf {
        self.scratch.path().join(name)
    }

    /// How programs are run here: in the checkout, and gone when we are.
    pub fn running(&self) -> Running<'_> {
        Running {
            folder: &self.world.job.workspace,
            guard: Some(&self.guard),
            cancel: self.world.cancel,
        }
    }

    /// Builds an image under a name, and pushes it where `push` says so. What the build says is shown as it comes.
    ///
    /// # Errors
    /// The build failed, or was cancelled.
    pub async fn build(&self, name: &str, order: Order, push: bool) -> Result<Made, Failure> {
        let number = self.builds.fetch_add(1, Ordering::Relaxed);
        let metadata = self.scratch.path().join(format!("metadata-{number}.json"));
        let file = order.file.clone();
        let load = order.load && (self.builder.is_full || !push);
        let order = Order { secrets: self.secrets.clone(), load, ..order };
        if let Way::Plain(by) = self.buildx.way() {
            return self.build_plainly(name, &order, (by, push)).await;
        }
        let args = order.arguments(name, push, metadata.as_str());
        let (mut pauses, mut is_first) = (PAUSES.iter(), true);
        loop {
            let mut progress = Progress::default();
            let mut at = None;
            let exit = {
                let mut on_line = |line: &str| {
                    at = at.take().or_else(|| place(line));
                    progress.take(line).into_iter().for_each(|shown| self.show(shown));
                };
                self.buildx.build(&args, self.running(), &mut on_line).await
            };
            progress.end().into_iter().for_each(|shown| self.show(shown));
            let exit = exit?;
            if std::mem::take(&mut is_first) {
                for warning in warnings(progress.warnings(), &file) {
                    self.world.events.emit(Event::Annotated(warning));
                }
            }
            if exit.code == 0 {
                return Ok(Made { digest: made(&metadata), steps: progress.steps() });
            }
            // BuildKit knows the file by its own name alone.
            let at = at.map(|at: Place| Place { file: file.clone(), ..at });
            let refused = refused(name, &progress, &exit.tail, at);
            match pauses.next() {
                Some(pause) if push && refused.passes => self.wait(*pause, &refused.why).await?,
                _ => return Err(refused.failure),
            }
        }
    }

    /// Waits before what is built already is pushed once more.
    async fn wait(&self, pause: Duration, why: &str) -> Result<(), Failure> {
        let seconds = pause.as_secs();
        let text = format!("not pushed: {why}; once more in {seconds} s, of what is built already");
        self.world.events.emit(Event::Note(text));
        tokio::select! {
            biased;
            () = self.world.cancel.cancelled() => {
                Err(Failure::new(Outcome::Unavailable, "the run was cancelled").why("it was not pushed").help("run it again"))
            }
            () = tokio::time::sleep(pause) => Ok(()),
        }
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

/// What BuildKit warns of, at the lines of the Dockerfile: a run shows ten of them.
fn warnings(all: &[Warning], file: &str) -> Vec<Annotation> {
    let told = |warning: &Warning| Annotation {
        level: Level::Warning,
        title: format!("{}: {}", SPEC.name, warning.what),
        message: if warning.more.is_empty() { &warning.what } else { &warning.more }.clone(),
        place: Some(Place { file: file.to_owned(), line: warning.line, column: None }),
    };
    let left = all.len().saturating_sub(WARNINGS);
    let last = (left > 0).then(|| Annotation {
        level: Level::Warning,
        title: format!("{}: {left} more warnings of {}", SPEC.name, shown::visible(file)),
        message: "`docker buildx build` on your machine says all of them".to_owned(),
        place: None,
    });
    all.iter().take(WARNINGS).map(told).chain(last).collect()
}

/// A build that failed.
struct Refused {
    failure: Failure,
    /// Why, in a line.
    why: String,
    /// Whether it was the registry, and passes by itself.
    passes: bool,
}

fn refused(name: &str, progress: &Progress, tail: &str, at: Option<Place>) -> Refused {
    let failed = progress.failed();
    let (why, said) = match failed {
        Some((step, said)) => (format!("{}: {}", step.line(), step.error), said),
        None => (last(tail), ""),
    };
    let of_file = failed.is_some_and(|(step, _)| step.is_of_the_file());
    let error = failed.map_or(why.as_str(), |(step, _)| step.error.as_str());
    let passes = !of_file && passes(error);
    let cause = cause(error, said).or_else(|| cause(&last(tail), ""));
    let outcome = match &cause {
        Some(cause) => cause.outcome,
        None if passes => Outcome::Unavailable,
        None => Outcome::Failed,
    };
    let help = match cause {
        Some(cause) => cause.help,
        None if passes => "run it again later; if it stays, ask who runs the registry".to_owned(),
        None => "the step's own output in the log says more; `docker build` on your machine does the same".to_owned(),
    };
    let why = shown::line(&why, SHOWN);
    let failure = Failure::new(outcome, format!("{name} was not built")).why(&why).help(help);
    let failure = match at {
        Some(at) => failure.at(at),
        None => failure,
    };
    Refused { failure, why, passes }
}

/// The last line that says something: that of an error, else one that is no part of BuildKit's messages.
fn last(tail: &str) -> String {
    let is_words = |line: &&str| !line.is_empty() && !line.starts_with(['{', '}', '[', ']', '"']);
    let mut lines = tail.lines().rev().map(str::trim).filter(is_words);
    let error = lines.clone().find(|line| line.starts_with("ERROR:"));
    error.or_else(|| lines.next()).unwrap_or("docker did not say why").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_stand_at_their_lines_and_are_not_too_many() {
        let warning = |line| Warning { what: "x".into(), more: "y".into(), line: Some(line) };
        let few = warnings(&[warning(3)], "docker/Dockerfile");
        let place = Place { file: "docker/Dockerfile".into(), line: Some(3), column: None };
        assert_eq!((few.len(), few[0].place.as_ref()), (1, Some(&place)));
        assert_eq!((few[0].title.as_str(), few[0].message.as_str()), ("build-push: x", "y"));
        let many: Vec<Warning> = (1..=12).map(warning).collect();
        let many = warnings(&many, "Dockerfile");
        assert_eq!(many.len(), 10);
        assert_eq!(many[9].title, "build-push: 3 more warnings of Dockerfile");
        assert!(warnings(&[], "Dockerfile").is_empty());
    }
}
