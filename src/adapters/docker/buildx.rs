//! `docker buildx build` as a program: found, run, and what it made read from its own file.

use std::time::Duration;

use camino::Utf8Path;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::adapters::host::files;
use crate::adapters::host::guard::Guard;
use crate::adapters::host::process::{self, ChildEnv, Command, Exit, Limits, ProcessError};
use crate::domain::image::Digest;
use crate::domain::shown;
use crate::failure::{Failure, Outcome};

/// To ask for its version.
const QUICK: Duration = Duration::from_mins(1);

/// A build: long, but not for ever.
const LONG: Duration = Duration::from_hours(4);

/// From this version on it tells its progress as JSON.
const TELLS_JSON: (u32, u32) = (0, 13);

/// The largest file that a build writes about itself, in bytes.
const LARGEST: u64 = 8 * 1024 * 1024;

/// How much of what `docker` answers is shown, in characters.
const SHOWN: usize = 300;

/// Docker's plugin for BuildKit.
#[derive(Clone, Debug)]
pub struct Buildx {
    env: ChildEnv,
    version: String,
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
    /// Finds the plugin of the `docker` command.
    ///
    /// # Errors
    /// It is not there: [`Outcome::Unavailable`], and what to install.
    pub async fn find(env: &ChildEnv, cancel: &CancellationToken) -> Result<Self, Failure> {
        let env = env.clone().with("DOCKER_CLI_HINTS", "false");
        let args = ["buildx", "version"].map(str::to_owned).to_vec();
        let command = Command { program: "docker".to_owned(), args, env: env.clone(), cwd: None };
        let absent = |why: String| {
            Failure::new(Outcome::Unavailable, "Docker's plugin buildx was not found").why(why).help(
                "install it (`docker-buildx-plugin` of Docker's repository; Debian, Ubuntu: `docker-buildx`); \
                 `docker buildx version` must answer",
            )
        };
        match process::capture(&command, Limits { timeout: QUICK, cancel }).await {
            Ok(exit) if exit.code == 0 && !exit.stdout.contains("docker/buildx") => {
                Err(absent(format!("`docker buildx version` says `{}`", exit.stdout.trim())))
            }
            Ok(exit) if exit.code == 0 => {
                // `github.com/docker/buildx v0.13.1 788433953af1...`; Debian's has no `v`.
                let version = exit.stdout.split_whitespace().nth(1).unwrap_or_default();
                Ok(Self { env, version: version.trim_start_matches('v').to_owned() })
            }
            Ok(exit) => Err(absent(format!("`docker buildx version` failed: {}", exit.tail))),
            Err(error) => Err(absent(error.to_string())),
        }
    }

    /// Its version: `0.13.1`.
    pub fn version(&self) -> &str {
        &self.version
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
        let args = args.iter().map(ToString::to_string).collect();
        let command =
            Command { program: "docker".to_owned(), args, env: self.env.clone(), cwd: None };
        match process::capture(&command, Limits { timeout, cancel }).await {
            Ok(exit) if exit.code == 0 => Ok(exit.stdout),
            Ok(exit) => {
                let error = exit.tail.lines().rev().find_map(|line| line.strip_prefix("ERROR: "));
                Err(shown::line(error.unwrap_or(&exit.tail), SHOWN))
            }
            Err(error) => Err(error.to_string()),
        }
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
        let Running { folder, guard, cancel } = running;
        let progress = if numbers(&self.version) >= TELLS_JSON { "rawjson" } else { "plain" };
        let args = args.iter().cloned().chain([format!("--progress={progress}")]).collect();
        let cwd = Some(folder.to_owned());
        let command = Command { program: "docker".to_owned(), args, env: self.env.clone(), cwd };
        process::relay(&command, Limits { timeout: LONG, cancel }, guard, on_line).await.map_err(
            |error| match error {
                ProcessError::Cancelled(_) => {
                    Failure::new(Outcome::Unavailable, "the run was cancelled")
                        .why("the build was ended")
                        .help("run it again")
                }
                error => {
                    Failure::new(Outcome::Unavailable, "the image could not be built").why(error)
                }
            },
        )
    }
}

/// What a build says that it made; `None` where it says nothing. With the engine's own builder it is the image's
/// configuration, with others its manifest.
pub fn made(metadata: &Utf8Path) -> Option<Digest> {
    let text = files::read_at_most(metadata, LARGEST).ok()??;
    let all: Value = serde_json::from_str(&text).ok()?;
    Digest::parse(all.get("containerimage.digest")?.as_str()?).ok()
}

/// The first two numbers of a version.
fn numbers(version: &str) -> (u32, u32) {
    let mut parts =
        version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_they_are_written() {
        for (version, expected) in [
            ("0.13.1+ds1", (0, 13)),
            ("0.9.1", (0, 9)),
            ("1.0.0-rc1", (1, 0)),
            ("", (0, 0)),
            ("x", (0, 0)),
        ] {
            assert_eq!(numbers(version), expected, "{version}");
        }
        assert!(numbers("0.12.0") < TELLS_JSON && numbers("0.13.0") >= TELLS_JSON);
    }
}
