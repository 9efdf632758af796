//! Scanners of images as programs: found, run, and their report read from the file that they wrote.

use std::time::Duration;

use camino::Utf8Path;

use crate::adapters::docker::buildx::Running;
use crate::adapters::host::files;
use crate::adapters::host::process::{self, ChildEnv, Command, Limits, ProcessError};
use crate::domain::scan::{Findings, Target, Tool, read};
use crate::domain::shown;
use crate::failure::{Failure, Outcome};

/// To ask for its version.
const QUICK: Duration = Duration::from_mins(1);

/// A scan, with the download of what is known of vulnerabilities.
const LONG: Duration = Duration::from_mins(20);

/// The largest report, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How much of a scanner's last words is told, in characters.
const SHOWN: usize = 500;

/// A scanner that is on this machine.
#[derive(Clone, Debug)]
pub struct Scanner {
    tool: Tool,
    env: ChildEnv,
    version: String,
}

impl Scanner {
    /// Finds it on the `PATH`.
    ///
    /// # Errors
    /// It is not there or does not answer: [`Outcome::Unavailable`], and what to do.
    pub async fn find(tool: Tool, env: &ChildEnv, running: Running<'_>) -> Result<Self, Failure> {
        let program = tool.program();
        let env = env.clone().for_scanner(tool.variables());
        let env = match tool {
            Tool::Trivy => env,
            Tool::Grype => env.with("GRYPE_CHECK_FOR_APP_UPDATE", "false"),
        };
        let args = vec!["--version".to_owned()];
        let command = Command { program: program.to_owned(), args, env: env.clone(), cwd: None };
        let absent = |why: String| {
            let help = format!(
                "install {program} in a step before (`{program} --version` must answer), or give a report by `scan-report`"
            );
            Failure::new(Outcome::Unavailable, format!("the scanner {program} was not found"))
                .why(shown::line(&why, SHOWN))
                .help(help)
        };
        let limits = Limits { timeout: QUICK, cancel: running.cancel };
        let exit = process::capture(&command, limits).await;
        let exit = exit.map_err(|error| absent(error.to_string()))?;
        if exit.code != 0 {
            return Err(absent(format!("`{program} --version` failed: {}", exit.tail)));
        }
        let words = exit.stdout.split_whitespace();
        let number = words.map(|word| word.trim_start_matches('v'));
        let mut number = number.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let version = shown::line(number.next().unwrap_or_default(), 40);
        Ok(Self { tool, env, version })
    }

    /// Its name and version: `trivy 0.60.0`.
    pub fn name(&self) -> String {
        format!("{} {}", self.tool.program(), self.version).trim_end().to_owned()
    }

    /// The program.
    pub const fn program(&self) -> &'static str {
        self.tool.program()
    }

    /// Scans an image; the report goes into a file that is not there yet. Each line of the scanner's output goes to `on_line`.
    ///
    /// # Errors
    /// It failed, took too long or was cancelled, or its report cannot be read: that nothing was found is never a guess.
    pub async fn scan(
        &self,
        target: &Target,
        report: &Utf8Path,
        running: Running<'_>,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Findings, Failure> {
        let Running { folder, guard, cancel } = running;
        let name = match target {
            Target::Pushed(name) | Target::Local(name) => name,
        };
        let program = self.tool.program();
        let failed = |why: &str| {
            let help = format!(
                "its output in the log says more; no tag has moved because of it; settings of {program} ({}*) are given to it",
                self.tool.variables()
            );
            Failure::new(Outcome::Unavailable, format!("{program} did not scan {name}"))
                .why(shown::line(why, SHOWN))
                .help(help)
        };
        let command = Command {
            program: program.to_owned(),
            args: self.tool.arguments(target, report.as_str()),
            env: self.env.clone(),
            cwd: Some(folder.to_owned()),
        };
        let limits = Limits { timeout: LONG, cancel };
        let exit = process::relay(&command, limits, guard, on_line).await;
        let exit = exit.map_err(|error| match error {
            ProcessError::Cancelled(_) => {
                Failure::new(Outcome::Unavailable, "the run was cancelled")
                    .why(format!("{name} was not scanned to the end"))
                    .help("run it again")
            }
            error => failed(&error.to_string()),
        })?;
        if exit.code != 0 {
            let last = exit.tail.lines().rev().find(|line| !line.trim().is_empty());
            let last = last.unwrap_or("it did not say why");
            return Err(failed(&format!("exit code {}: {last}", exit.code)));
        }
        let text = files::read_at_most(report, LARGEST)
            .map_err(|error| failed(&format!("its report: {error}")))?
            .ok_or_else(|| failed("it wrote no report"))?;
        match read(&text) {
            Ok((format, findings)) if format == self.tool.format() => Ok(findings),
            Ok(_) => Err(failed("its report is not of the form that it was asked for")),
            Err(why) => Err(failed(&format!("its report cannot be read: {why}"))),
        }
    }
}

/// A report that somebody else has made.
///
/// # Errors
/// It is not there, too large, or no report: [`Outcome::BadInput`], with the input and the file.
pub fn report(input: &str, folder: &Utf8Path, path: &Utf8Path) -> Result<Findings, Failure> {
    let refused = |why: String| {
        Failure::new(Outcome::BadInput, format!("`{input}`: {path} cannot be read"))
            .why(why)
            .help(format!("let the step that scans write it before this one (Trivy: `--format json --output {path}`); SARIF 2.1.0 and JSON of Grype are read too"))
    };
    let text = files::read_at_most(&folder.join(path), LARGEST)
        .map_err(|error| refused(error.to_string()))?
        .ok_or_else(|| refused("there is no such file".to_owned()))?;
    read(&text).map(|(_, findings)| findings).map_err(|why| refused(why.to_string()))
}
