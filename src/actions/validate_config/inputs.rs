//! The inputs of `validate-config`, typed; all faults at once.

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::World;
use crate::adapters::host::files;
use crate::domain::compose::rules::Mode;
use crate::domain::event::Level;
use crate::domain::input::Values;
use crate::domain::known::join;
use crate::domain::validation::Levels;
use crate::failure::{Failure, Outcome};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The folder that is checked: the workspace, by hand the current folder.
    pub folder: Utf8PathBuf,
    /// The compose files.
    pub compose_files: Vec<String>,
    /// Files that have to be there.
    pub required: Vec<String>,
    /// Where it runs.
    pub mode: Mode,
    /// From which level on it fails.
    pub fail_on: Level,
    /// Levels that differ from the rules' own.
    pub levels: Levels,
    /// The env file, if the user says so.
    pub env_file: Option<String>,
    /// The profiles that are on, if the user says so.
    pub profiles: Vec<String>,
    /// Its example.
    pub env_example: Option<String>,
    /// Folders with Odoo modules.
    pub addons_paths: Vec<String>,
    /// The series of Odoo, if the user says so.
    pub odoo_series: Option<String>,
    /// Whether every file is looked at for secrets.
    pub scan_secrets: bool,
    /// Where files go, if the user says so.
    pub output_dir: Option<Utf8PathBuf>,
}

impl Inputs {
    /// Reads what the table does not check.
    ///
    /// # Errors
    /// One failure that lists every fault.
    pub fn read(values: &Values, world: World<'_>) -> Result<Self, Failure> {
        let levels = Levels::parse(values.list("rules")).map_err(|wrong| {
            Failure::new(Outcome::BadInput, format!("`rules`: {}", wrong.join("; "))).help(
                "write `rule=off`, one a line; the README of `validate-config` lists the rules",
            )
        })?;
        let path = |name: &str| values.path(name).map(|path| join("", path.as_str()));
        let list = |name: &str| values.list(name).iter().map(|path| join("", path)).collect();
        Ok(Self {
            folder: folder(world),
            compose_files: list("compose-files"),
            required: list("required-files"),
            mode: if values.text("mode") == Some("deploy") {
                Mode::Deploy
            } else {
                Mode::PullRequest
            },
            fail_on: if values.text("fail-on") == Some("warning") {
                Level::Warning
            } else {
                Level::Error
            },
            levels,
            env_file: path("env-file"),
            profiles: values.list("profiles").to_vec(),
            env_example: path("env-example"),
            addons_paths: list("addons-paths"),
            odoo_series: values.text("odoo-series").map(str::to_owned),
            scan_secrets: values.flag("scan-secrets"),
            output_dir: values.path("output-dir").cloned(),
        })
    }
}

fn folder(world: World<'_>) -> Utf8PathBuf {
    let current = files::canonical(Utf8Path::new(".")).ok().filter(|_| !world.job.on_runner);
    current.unwrap_or_else(|| world.job.workspace.clone())
}
