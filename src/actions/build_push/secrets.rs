//! What steps of a build may read that nobody else may: values, variables of the job, files.

use camino::Utf8Path;
use secrecy::SecretString;

use crate::actions::World;
use crate::actions::build_push::faults::Faults;
use crate::adapters::host::files::{self, FileKind};
use crate::adapters::host::process;
use crate::domain::input::Values;
use crate::domain::shown::visible;
use crate::failure::{Failure, Outcome};

/// Secrets of steps, each with its name first.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// Their values.
    values: Vec<(String, SecretString)>,
    /// Variables of the job that have them.
    variables: Vec<(String, String)>,
    /// Files that have them, from the top of the repository.
    files: Vec<(String, String)>,
}

/// Where a secret is.
#[derive(Clone, Debug)]
pub enum Source {
    /// Here.
    Value(SecretString),
    /// In a file, which is not copied.
    File(String),
}

impl Secrets {
    /// Reads them.
    pub fn read(values: &Values, faults: &mut Faults) -> Self {
        let all = Self {
            values: values.map("secrets").to_vec(),
            variables: pairs(values, "secret-envs", "name=VARIABLE", faults),
            files: pairs(values, "secret-files", "name=path", faults),
        };
        let mut known = Vec::new();
        for (input, id) in all.ids() {
            if id.is_empty() || id.contains([',', '"', '\n']) {
                let id = visible(id);
                faults.add(format!("`{input}` has the name \"{id}\", which no secret may have"));
            }
            if known.contains(&id) {
                faults.add(format!("the secret \"{}\" is given twice", visible(id)));
            }
            known.push(id);
        }
        all
    }

    /// The inputs that give some.
    pub fn inputs(&self) -> impl Iterator<Item = &'static str> {
        let mut all: Vec<&'static str> = self.ids().map(|(input, _)| input).collect();
        all.dedup();
        all.into_iter()
    }

    /// All of them, each where it is.
    ///
    /// # Errors
    /// A variable or a file is not there; all that are not are told.
    pub fn gathered(&self, world: World<'_>) -> Result<Vec<(String, Source)>, Failure> {
        let values = self.values.iter().map(|(id, value)| (id, Source::Value(value.clone())));
        let mut all: Vec<_> = values.collect();
        let mut missing = Vec::new();
        for (id, name) in &self.variables {
            match process::variable(name) {
                Some(value) => all.push((id, Source::Value(value))),
                None => missing.push(format!("`secret-envs`: no variable {}", visible(name))),
            }
        }
        for (id, path) in &self.files {
            let place = world.job.workspace.join(Utf8Path::new(path));
            if matches!(files::kind(&place), Ok(Some(FileKind::File | FileKind::Link))) {
                all.push((id, Source::File(path.clone())));
            } else {
                missing.push(format!("`secret-files`: no file {}", visible(path)));
            }
        }
        if missing.is_empty() {
            return Ok(all.into_iter().map(|(id, source)| (id.clone(), source)).collect());
        }
        Err(Failure::new(Outcome::BadInput, "secrets of the build are missing")
            .why(missing.join("\n"))
            .help("set variables in `env:` of the step; a path is from the top of the repository"))
    }

    /// The input and the name of each.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = self.values.iter().map(|(id, _)| ("secrets", id.as_str()));
        let variables = self.variables.iter().map(|(id, _)| ("secret-envs", id.as_str()));
        let files = self.files.iter().map(|(id, _)| ("secret-files", id.as_str()));
        values.chain(variables).chain(files)
    }
}

fn pairs(values: &Values, input: &str, form: &str, faults: &mut Faults) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for line in values.list(input) {
        match line.split_once('=') {
            Some((id, from)) if !from.trim().is_empty() => {
                all.push((id.trim().to_owned(), from.trim().to_owned()));
            }
            _ => faults.add(format!("`{input}` has \"{}\", and wants `{form}`", visible(line))),
        }
    }
    all
}
