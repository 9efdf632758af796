//! Docker Compose v2 as a program. Pure functions build the argv; one function runs it, in a built environment and at the
//! same engine as the API client.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tokio_util::sync::CancellationToken;

use crate::adapters::docker::endpoint::Endpoint;
use crate::adapters::host::guard::Guard;
use crate::adapters::host::process::{self, ChildEnv, Command, Exit, Limits, ProcessError};
use crate::domain::event::{Event, Sink};
use crate::domain::registry::{self, Refused, Wanted};
use crate::domain::release::fate::Cascade;
use crate::failure::{Failure, Outcome};

/// Reading files and talking to the engine only.
const QUICK: Duration = Duration::from_mins(2);

/// Pulls and builds: long, but not for ever.
const LONG: Duration = Duration::from_hours(4);

/// From this version on, `up` stops and starts what depends on a service that it recreates, and does so only where
/// `restart: true` asks for it; before, it recreated all of them (seen of 2.26; docker/compose#12122 of September 2024).
const RECREATES_LESS: (u32, u32) = (2, 30);

/// Names a set of compose files and the folder that their paths are relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// The project's name; always passed, never taken from a folder.
    pub project: String,
    /// The project directory.
    pub folder: Utf8PathBuf,
    /// The compose files, absolute.
    pub files: Vec<Utf8PathBuf>,
    /// The `.env`, absolute; `None` if there is none.
    pub env_file: Option<Utf8PathBuf>,
    /// The profiles that are on.
    pub profiles: Vec<String>,
}

impl Rendering {
    /// The files in one phrase, relative to the folder, for messages.
    fn files_named(&self) -> String {
        let names = self.files.iter().map(|file| file.strip_prefix(&self.folder).unwrap_or(file));
        names.map(Utf8Path::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Docker Compose v2.
#[derive(Clone, Debug)]
pub struct Compose {
    env: ChildEnv,
    version: String,
    guard: Option<Guard>,
}

impl Compose {
    /// Finds the plugin of the `docker` command. Fails with [`Outcome::Unavailable`] and what to install.
    ///
    /// A `docker-compose` of version 1 is never used.
    pub async fn find(
        env: &ChildEnv,
        endpoint: &Endpoint,
        cancel: &CancellationToken,
    ) -> Result<Self, Failure> {
        let env = endpoint
            .applied_to(env.clone())
            .with("COMPOSE_ANSI", "never")
            .with("DOCKER_CLI_HINTS", "false");
        let compose = Self { env, version: String::new(), guard: None };
        let command = compose.command(words(&["compose", "version", "--short"]), None);
        let found = process::capture(&command, Limits { timeout: QUICK, cancel }).await;
        let absent = |why: String| {
            Failure::new(Outcome::Unavailable, "Docker Compose v2 was not found").why(why).help(
                "install the Compose plugin of the docker command (Debian, Ubuntu: `docker-compose-plugin` of Docker's \
                 repository, or `docker-compose-v2`); `docker compose version` must answer",
            )
        };
        match found {
            Ok(exit) if exit.code == 0 => {
                let version = exit.stdout.trim().trim_start_matches('v').to_owned();
                if numbers(&version).0 < 2 {
                    return Err(absent(format!("`docker compose version` says `{version}`")));
                }
                Ok(Self { version, ..compose })
            }
            Ok(exit) => Err(absent(format!("`docker compose version` failed: {}", exit.tail))),
            Err(error) => Err(absent(error.to_string())),
        }
    }

    /// The same where a command that changes something ends with us, also when we are killed.
    #[must_use]
    pub fn guarded(self, guard: Guard) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// Its version: `2.26.1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether a container with this version in its label was made by this Compose. Distributions add to their own version
    /// what the label does not have: `2.26.1-4`.
    pub fn is_version(&self, label: &str) -> bool {
        plain(&self.version) == plain(label)
    }

    /// The resolved model as JSON. What Compose says of a file that it does not accept is the failure's cause.
    pub async fn render(
        &self,
        rendering: &Rendering,
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<String, Failure> {
        let command =
            self.command(argv(rendering, &["config", "--format", "json"]), Some(&rendering.folder));
        let exit = process::capture(&command, Limits { timeout: QUICK, cancel })
            .await
            .map_err(unavailable)?;
        if exit.code != 0 {
            let what = format!("Docker Compose does not accept {}", rendering.files_named());
            return Err(Failure::new(Outcome::BadInput, what)
                .why(exit.tail)
                .help("`docker compose config` shows the same; put the file right and run again"));
        }
        if !exit.tail.is_empty() {
            events.emit(Event::Foreign { source: "docker compose".to_owned(), text: exit.tail });
        }
        Ok(exit.stdout)
    }

    /// Compose's hash of each service's settings: what `up` compares with the label of the containers that are there.
    ///
    /// It is that of `up` only for settings that `up` takes as they are. `up` reads an `env_file` and puts a container in
    /// the place of a service of which a namespace or the volumes are shared, and only then hashes: such keys have to be
    /// resolved in what is given here, and for `volumes_from` nothing can be (seen of 2.26).
    pub async fn config_hashes(
        &self,
        rendering: &Rendering,
        cancel: &CancellationToken,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let command =
            self.command(argv(rendering, &["config", "--hash", "*"]), Some(&rendering.folder));
        let exit = process::capture(&command, Limits { timeout: QUICK, cancel })
            .await
            .map_err(unavailable)?;
        ok(&exit, "let Docker Compose hash the settings of the services", "")?;
        Ok(hashes(&exit.stdout))
    }

    /// Which services `up` recreates with one that they depend on, though nothing of theirs has changed.
    pub fn cascade(&self) -> Cascade {
        if numbers(&self.version) < RECREATES_LESS { Cascade::Dependents } else { Cascade::Bound }
    }

    /// Pulls the images of services.
    pub async fn pull(
        &self,
        rendering: &Rendering,
        wanted: &[Wanted],
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let talk = Talk { limit: LONG, events, cancel };
        let services: Vec<String> = wanted.iter().map(|one| one.service.clone()).collect();
        let exit = self.on_services(rendering, &["pull", "--quiet"], &services, talk).await?;
        pulled(&exit, wanted)
    }

    /// Builds the images of services from the checkout.
    pub async fn build(
        &self,
        rendering: &Rendering,
        services: &[String],
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let talk = Talk { limit: LONG, events, cancel };
        let exit = self.on_services(rendering, &["build"], services, talk).await?;
        let built =
            ok(&exit, "build the images", "build them by hand to see more: `docker compose build`");
        built.map_err(|failure| failure.ending(Outcome::Failed))
    }

    /// Pulls one image by name or digest.
    pub async fn pull_image(
        &self,
        reference: &str,
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let command = self.command(words(&["pull", "--quiet", "--", reference]), None);
        let exit =
            self.tell(&command, Talk { limit: LONG, events, cancel }).await.map_err(unavailable)?;
        ok(&exit, &format!("pull {reference}"), "check that the registry still has it")
    }

    /// Brings the project up, in the background, with nothing pulled and nothing built. Containers of services that it does
    /// not have are left alone.
    pub async fn up(
        &self,
        rendering: &Rendering,
        limit: Duration,
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let args = argv(rendering, &["up", "--detach", "--no-build", "--pull", "never"]);
        let limit = limit.saturating_add(QUICK);
        let exit = self.relay(args, rendering, Talk { limit, events, cancel }).await?;
        ok(&exit, "bring the stack up", "see the output of docker compose above")
    }

    /// Starts one service and what it depends on, without touching containers that exist.
    pub async fn up_service(
        &self,
        rendering: &Rendering,
        service: &str,
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let args =
            argv(rendering, &["up", "--detach", "--no-build", "--no-recreate", "--", service]);
        let exit = self.relay(args, rendering, Talk { limit: QUICK, events, cancel }).await?;
        ok(
            &exit,
            &format!("start the service `{service}`"),
            "see the output of docker compose above",
        )
    }

    /// Runs a command once in a new container of a service, without its dependencies.
    ///
    /// Compose removes the container when the command has ended by itself. After a failure, a cancel or the end of its
    /// time it may still be there, and run: [`super::Engine::remove_once_containers`].
    pub async fn run_once(
        &self,
        rendering: &Rendering,
        once: &Once<'_>,
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<Ended, Failure> {
        let mut args =
            argv(rendering, &["run", "--rm", "--no-deps", "--no-TTY", "--interactive=false"]);
        args.extend(words(&["--name", once.name]));
        args.extend_from_slice(&once.override_command());
        let command = self.command(args, Some(&rendering.folder));
        match self.tell(&command, Talk { limit: once.limit, events, cancel }).await {
            Ok(exit) => {
                let act = format!("run `{}`", once.argv.join(" "));
                ok(&exit, &act, "see its output above").map(|()| Ended::ByItself)
            }
            Err(ProcessError::TimedOut { .. }) => Ok(Ended::OverTime),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Stops services, keeping their containers.
    pub async fn stop(
        &self,
        rendering: &Rendering,
        services: &[String],
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let talk = Talk { limit: LONG, events, cancel };
        let exit = self.on_services(rendering, &["stop"], services, talk).await?;
        ok(&exit, "stop the services", "see the output of docker compose above")
    }

    /// Starts services that were stopped.
    pub async fn start(
        &self,
        rendering: &Rendering,
        services: &[String],
        events: &dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let talk = Talk { limit: LONG, events, cancel };
        let exit = self.on_services(rendering, &["start"], services, talk).await?;
        ok(&exit, "start the services", "see the output of docker compose above")
    }

    /// `VERB -- SERVICE...`
    async fn on_services(
        &self,
        rendering: &Rendering,
        verb: &[&str],
        services: &[String],
        talk: Talk<'_>,
    ) -> Result<Exit, Failure> {
        let mut args = argv(rendering, verb);
        args.push("--".to_owned());
        args.extend_from_slice(services);
        self.relay(args, rendering, talk).await
    }

    fn command(&self, args: Vec<String>, folder: Option<&Utf8Path>) -> Command {
        let env = match folder {
            Some(folder) => self.env.clone().with("PWD", folder.as_str()),
            None => self.env.clone(),
        };
        Command { program: "docker".to_owned(), args, env, cwd: folder.map(Utf8Path::to_owned) }
    }

    async fn relay(
        &self,
        args: Vec<String>,
        rendering: &Rendering,
        talk: Talk<'_>,
    ) -> Result<Exit, Failure> {
        self.tell(&self.command(args, Some(&rendering.folder)), talk).await.map_err(unavailable)
    }

    async fn tell(&self, command: &Command, talk: Talk<'_>) -> Result<Exit, ProcessError> {
        let limits = Limits { timeout: talk.limit, cancel: talk.cancel };
        let mut show = |line: &str| {
            if !line.trim().is_empty() {
                talk.events.emit(Event::Foreign {
                    source: "docker compose".to_owned(),
                    text: line.to_owned(),
                });
            }
        };
        process::relay(command, limits, self.guard.as_ref(), &mut show).await
    }
}

/// A command that runs once in a container of its own.
#[derive(Clone, Copy, Debug)]
pub struct Once<'a> {
    /// Name of the container, so that a later run can find and remove it.
    pub name: &'a str,
    /// The service whose image and settings it has.
    pub service: &'a str,
    /// Program and arguments.
    pub argv: &'a [String],
    /// How long it may take.
    pub limit: Duration,
}

/// How a command that runs once came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ended with exit code 0.
    ByItself,
    /// Its time was over.
    OverTime,
}

impl Once<'_> {
    /// `--entrypoint` would replace what images set up in their entry point, so only the command is given.
    fn override_command(&self) -> Vec<String> {
        std::iter::once(self.service.to_owned()).chain(self.argv.iter().cloned()).collect()
    }
}

#[derive(Clone, Copy)]
struct Talk<'a> {
    limit: Duration,
    events: &'a dyn Sink,
    cancel: &'a CancellationToken,
}

/// `compose -p P --project-directory D -f A -f B [--env-file E] VERB ...`
fn argv(rendering: &Rendering, verb: &[&str]) -> Vec<String> {
    let mut args =
        words(&["compose", "--ansi", "never", "--progress", "plain", "-p", &rendering.project]);
    args.extend(words(&["--project-directory", rendering.folder.as_str()]));
    for file in &rendering.files {
        args.extend(words(&["-f", file.as_str()]));
    }
    if let Some(env_file) = &rendering.env_file {
        args.extend(words(&["--env-file", env_file.as_str()]));
    }
    for profile in &rendering.profiles {
        args.extend(words(&["--profile", profile]));
    }
    args.extend(words(verb));
    args
}

/// The first two numbers of a version; 0 where there is none.
fn numbers(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Lines `service hash`.
fn hashes(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(service, hash)| (service.to_owned(), hash.trim().to_owned())).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn ok(exit: &Exit, act: &str, help: &str) -> Result<(), Failure> {
    if exit.code == 0 {
        return Ok(());
    }
    let last = exit
        .tail
        .lines()
        .rev()
        .take(3)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
        .join("\n");
    Err(Failure::new(Outcome::Unavailable, format!("failed to {act}"))
        .why(format!("exit code {}: {last}", exit.code))
        .help(help))
}

fn pulled(exit: &Exit, wanted: &[Wanted]) -> Result<(), Failure> {
    let Refused { why, help } = registry::refused(&exit.tail, wanted);
    ok(exit, "pull the images", &help).map_err(|failure| match why.as_str() {
        "" => failure,
        why => failure.clone().why(format!("{why}; {}", failure.why)),
    })
}

fn unavailable(error: ProcessError) -> Failure {
    let failure = match &error {
        ProcessError::Cancelled(_) => Failure::new(Outcome::Failed, "the run was cancelled"),
        _ => Failure::new(Outcome::Unavailable, "a command did not come to its end"),
    };
    failure.why(error)
}

/// A version without what a distribution has added.
fn plain(version: &str) -> &str {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.');
    &version[..end.unwrap_or(version.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_always_named_and_the_files_are_in_order() {
        let rendering = Rendering {
            project: "shop".into(),
            folder: "/w".into(),
            files: vec!["/w/a.yml".into(), "/w/b.yml".into()],
            env_file: Some("/w/.env".into()),
            profiles: vec!["jobs".into()],
        };
        assert_eq!(
            argv(&rendering, &["config", "--format", "json"]).join(" "),
            "compose --ansi never --progress plain -p shop --project-directory /w -f /w/a.yml -f /w/b.yml \
             --env-file /w/.env --profile jobs config --format json"
        );
    }

    #[test]
    fn only_version_2_and_later_will_do() {
        let table =
            [("2.26.1-4", (2, 26)), ("2.40.3", (2, 40)), ("5.0.0", (5, 0)), ("1.29.2", (1, 29))];
        for (version, wanted) in table.into_iter().chain([("dev", (0, 0)), ("", (0, 0))]) {
            assert_eq!(numbers(version), wanted, "{version}");
        }
    }

    #[test]
    fn a_version_is_told_from_what_a_distribution_adds() {
        for (version, wanted) in [("2.26.1-4", "2.26.1"), ("2.40.3+ds1", "2.40.3"), ("5.0", "5.0")]
        {
            assert_eq!(plain(version), wanted);
        }
    }

    #[test]
    fn hashes_are_read_by_service() {
        let read = hashes("app 59763d\ndb 9004d3\n\n");
        let told: Vec<_> = read.iter().map(|(name, hash)| (name.as_str(), hash.as_str())).collect();
        assert_eq!(told, [("app", "59763d"), ("db", "9004d3")]);
    }

    #[test]
    fn a_pull_that_failed_says_what_that_means_before_what_the_engine_said() {
        let tail = "Error response from daemon: manifest for shop:1 not found: manifest unknown";
        let exit = Exit { code: 18, stdout: String::new(), tail: tail.into() };
        let wanted = Wanted { service: "app".into(), image: "shop:1".into(), is_here: true };
        let failure = pulled(&exit, std::slice::from_ref(&wanted)).unwrap_err();
        let why = "the registry does not have shop:1, which is on this host; exit code 18: ";
        assert_eq!(failure.why, format!("{why}{tail}"));
        assert!(failure.help.contains("`pull: missing`"), "{failure}");
        let gone = pulled(&exit, &[Wanted { is_here: false, ..wanted }]).unwrap_err();
        assert_eq!(gone.why, format!("exit code 18: {tail}"));
        assert_eq!(pulled(&Exit { code: 0, ..exit }, &[]), Ok(()));
    }

    #[test]
    fn the_last_lines_are_the_cause() {
        let exit = Exit { code: 18, stdout: String::new(), tail: "a\nb\nc\nd".into() };
        let failure = ok(&exit, "pull the images", "help").unwrap_err();
        assert_eq!(failure.why, "exit code 18: b\nc\nd");
    }
}
