//! The env file of a project and its example, and what variables are worth by them.

use std::collections::BTreeMap;

use crate::domain::compose::rules::Mode;
use crate::domain::compose::variables::{Open, Values};
use crate::domain::env_file::read::{self as env, EnvFile};
use crate::domain::finding::Finding;
use crate::domain::git_files::EXAMPLES;
use crate::domain::interpolate::Worth;
use crate::domain::known::{Known, join};

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The env file, if the user says so.
    pub(super) file: Option<&'a String>,
    /// Its example, if the user says so.
    pub(super) example: Option<&'a String>,
    /// Where it runs.
    pub(super) mode: Mode,
    /// The environment in which Compose would run.
    pub(super) environment: &'a BTreeMap<String, String>,
}

/// The env file and its example, where they are.
pub(super) struct EnvPair {
    /// The path of the env file, whether it is there or not.
    pub(super) path: String,
    /// The env file.
    pub(super) file: Option<EnvFile>,
    /// Its example.
    pub(super) example: Option<EnvFile>,
    /// What variables are worth.
    pub(super) values: Values,
    /// That not all values could be read.
    pub(super) finding: Option<Finding>,
}

impl EnvPair {
    /// Those of a project in a folder.
    pub(super) fn of(wanted: Wanted<'_>, known: &Known, folder: &str) -> Self {
        let path = wanted.file.cloned().unwrap_or_else(|| join(folder, ".env"));
        let read = |path: &str| known.text(path).map(|text| env::read(path, &text));
        let examples = wanted.example.map_or_else(|| example_names(&path), |one| vec![one.clone()]);
        let example = examples.iter().find_map(|path| read(path));
        let (values, finding) = (Values::default(), None);
        let mut own = Self { file: read(&path), path, example, values, finding };
        (own.values, own.finding) = own.worth(wanted);
        own
    }

    /// What variables are worth: those of the env file or its example, and stronger those of the environment. In a
    /// checkout what an example leaves empty gets its value on the host; without an example so does everything.
    fn worth(&self, wanted: Wanted<'_>) -> (Values, Option<Finding>) {
        let open = match (wanted.mode, self.example.as_ref().or(self.file.as_ref())) {
            (Mode::Deploy, _) => Open::Nothing,
            (Mode::PullRequest, None) => Open::Everything,
            (Mode::PullRequest, Some(example)) => {
                Open::Named(example.assignments.iter().map(|one| one.key.clone()).collect())
            }
        };
        let mut values = Values { known: wanted.environment.clone(), open };
        let (Some(file), _) = self.source(wanted.mode) else { return (values, None) };
        let (own, finding) = file.values(&|name| values.worth(name));
        for (key, value) in own {
            values.known.entry(key).or_insert(value);
        }
        (values, finding)
    }

    /// What the file itself says, whatever the environment has.
    pub(super) fn own_values(&self, mode: Mode) -> BTreeMap<String, String> {
        let (file, _) = self.source(mode);
        file.map(|file| file.values(&|_| Worth::Unset).0).unwrap_or_default()
    }

    /// The file that variables are taken from, and its name for messages.
    pub(super) fn source(&self, mode: Mode) -> (Option<&EnvFile>, String) {
        let first = match mode {
            Mode::Deploy => self.file.as_ref(),
            Mode::PullRequest => self.example.as_ref().or(self.file.as_ref()),
        };
        let name = first.map_or_else(|| self.path.clone(), |file| file.path.clone());
        (first, name)
    }
}

/// The usual names of the example of an env file.
pub(super) fn example_names(file: &str) -> Vec<String> {
    EXAMPLES.iter().map(|ending| format!("{file}{ending}")).collect()
}
