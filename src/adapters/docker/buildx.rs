//! `docker buildx build` as a program: found, run, and what it made read from its own file. Where the plugin is not there:
//! `docker build` and `docker push`.

use std::time::Duration;

use camino::Utf8Path;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::adapters::host::files;
use crate::adapters::host::guard::Guard;
use crate::adapters::host::process::{self, ChildEnv, Command, Exit, Limits, ProcessError};
use crate::domain::build::{INSTALL, Plain, Way, numbers, plain};
use crate::domain::image::Digest;
use crate::domain::shown;
use crate::failure::{Failure, Outcome};

/// To ask for its version.
const QUICK: Duration = Duration::from_mins(1);

/// A build: long, but not for ever.
const LONG: Duration = Duration::from_hours(4);

/// From this version on it tells its progress as JSON.
const TELLS_JSON: (u32, u32) = (0, 13);

/// How much of what `docker` answers is shown, in characters.
const SHOWN: usize = 300;

/// The largest file that a build writes about itself, in bytes.
const LARGEST: u64 = 8 * 1024 * 1024;

/// What builds: Docker's plugin buildx, or `docker build` where it is not there.
#[derive(Clone, Debug)]
pub struct Buildx {
    env: ChildEnv,
    way: Way,
}

/// How a build is run.
#[derive(Clone, Copy)]
pub struct Running<'a> {
    /// The folder in which it runs.
    pub folder: &'a Utf8Path,
    /// Ends it when we are gone.
    pub guard: Option<&'a Guard>,
    /// Ends it when it is cancelled.
    pub cancel: &'a CancellationToken,
}

impl Buildx {
    /// Finds the plugin of the `docker` command, or what builds without it.
    ///
    /// # Errors
    /// There is no Docker: [`Outcome::Unavailable`], and what to install.
    pub async fn find(env: &ChildEnv, cancel: &CancellationToken) -> Result<Self, Failure> {
        let env = env.clone().with("DOCKER_CLI_HINTS", "false");
        let why = match ask(&env, &["buildx", "version"], QUICK, cancel).await {
            // `github.com/docker/buildx v0.13.1 788433953af1...`; Debian's has no `v`.
            Ok(said) if said.contains("docker/buildx") => {
                let version = said.split_whitespace().nth(1).unwrap_or_default();
                let (major, minor) = numbers(version.trim_start_matches('v'));
                return Ok(Self { env, way: Way::Buildx(major, minor) });
            }
            Ok(said) => format!("`docker buildx version` says `{}`", shown::line(&said, SHOWN)),
            Err(why) => why,
        };
        let said = ask(&env, &["--version"], QUICK, cancel).await.unwrap_or_default();
        let Some(way) = plain(&said) else {
            let failure =
                Failure::new(Outcome::Unavailable, "Docker's plugin buildx was not found");
            return Err(failure.why(why).help(INSTALL));
        };
        let is_on = if way == Plain::BuildKit { "1" } else { "0" };
        Ok(Self { env: env.with("DOCKER_BUILDKIT", is_on), way: Way::Plain(way) })
    }

    /// What builds.
    pub const fn way(&self) -> Way {
        self.way
    }

    /// Asks `docker` something with these arguments; what it wrote, or why it did not.
    ///
    /// # Errors
    /// In words: it could not be run, took too long, was cancelled, or says no.
    pub async fn ask(
        &self,
        args: &[&str],
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<String, String> {
        ask(&self.env, args, timeout, cancel).await
    }

    /// Runs a build; each line of its output goes to `on_line`: JSON where it can tell its progress so.
    ///
    /// # Errors
    /// It could not be run, took too long or was cancelled. That it failed is its exit code.
    pub async fn build(
        &self,
        args: &[String],
        running: Running<'_>,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Exit, Failure> {
        let progress = match self.way {
            Way::Buildx(major, minor) if (major, minor) >= TELLS_JSON => Some("rawjson"),
            Way::Buildx(..) => Some("plain"),
            Way::Plain(_) => None,
        };
        let progress = progress.map(|progress| format!("--progress={progress}"));
        let args = args.iter().cloned().chain(progress).collect();
        self.run(args, running, "the image could not be built", on_line).await
    }

    /// Pushes an image of the engine.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub async fn push(
        &self,
        name: &str,
        running: Running<'_>,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Exit, Failure> {
        let args = ["push", name].map(str::to_owned).to_vec();
        self.run(args, running, "the image could not be pushed", on_line).await
    }

    async fn run(
        &self,
        args: Vec<String>,
        running: Running<'_>,
        what: &str,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Exit, Failure> {
        let Running { folder, guard, cancel } = running;
        let cwd = Some(folder.to_owned());
        let command = Command { program: "docker".to_owned(), args, env: self.env.clone(), cwd };
        process::relay(&command, Limits { timeout: LONG, cancel }, guard, on_line).await.map_err(
            |error| match error {
                ProcessError::Cancelled(_) => {
                    Failure::new(Outcome::Unavailable, "the run was cancelled")
                        .why("the build was ended")
                        .help("run it again")
                }
                error => Failure::new(Outcome::Unavailable, what).why(error),
            },
        )
    }
}

/// What `docker` answers, or why it does not.
async fn ask(
    env: &ChildEnv,
    args: &[&str],
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<String, String> {
    let asked = format!("`docker {}`", args.join(" "));
    let args = args.iter().map(ToString::to_string).collect();
    let command = Command { program: "docker".to_owned(), args, env: env.clone(), cwd: None };
    match process::capture(&command, Limits { timeout, cancel }).await {
        Ok(exit) if exit.code == 0 => Ok(exit.stdout),
        Ok(exit) => {
            let error = exit.tail.lines().rev().find_map(|line| line.strip_prefix("ERROR: "));
            let why = shown::line(error.unwrap_or(&exit.tail), SHOWN);
            Err(format!("{asked} failed: {why}"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// What a build says that it made; `None` where it says nothing. With the engine's own builder it is the image's
/// configuration, with others its manifest.
pub fn made(metadata: &Utf8Path) -> Option<Digest> {
    let text = files::read_at_most(metadata, LARGEST).ok()??;
    let all: Value = serde_json::from_str(&text).ok()?;
    Digest::parse(all.get("containerimage.digest")?.as_str()?).ok()
}

/// What a push says that it has put into the registry: `1.4.0: digest: sha256:... size: 528`.
pub fn pushed(line: &str) -> Option<Digest> {
    let (_, rest) = line.split_once(": digest: ")?;
    Digest::parse(rest.split_whitespace().next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_push_says() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let line = format!("uat-1a2b3c4: digest: {digest} size: 528");
        assert_eq!(pushed(&line).unwrap().to_string(), digest);
        for line in [
            "The push refers to repository [r.io/a]",
            "5f70bf18a086: Layer already exists",
            "x: digest: y",
        ] {
            assert_eq!(pushed(line), None, "{line}");
        }
    }
}
