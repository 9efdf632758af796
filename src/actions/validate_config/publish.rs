//! The findings as files for other tools. What cannot be written is a warning and does not change the answer.

use std::io;

use camino::Utf8PathBuf;

use crate::actions::validate_config::inputs::Inputs;
use crate::actions::{Ending, World};
use crate::adapters::host::files as disk;
use crate::domain::event::{Annotation, Level};
use crate::domain::finding::Finding;
use crate::report::findings::json::json;
use crate::report::findings::sarif::sarif;
use crate::report::findings::shown::Files;

/// Writes `findings.json` and `findings.sarif`.
pub fn files(
    inputs: &Inputs,
    world: World<'_>,
    (findings, files): (&[Finding], &Files),
    ending: &mut Ending,
) {
    let folder = match folder(inputs, world) {
        Some(Ok(folder)) => folder,
        Some(Err(error)) => return ending.annotations.push(not_written(&error.to_string())),
        None => return,
    };
    let contents = [
        ("findings-json", "findings.json", json(findings, files)),
        ("sarif-file", "findings.sarif", sarif(findings, files)),
    ];
    for (output, name, text) in contents {
        let path = folder.join(name);
        match disk::write_atomic_with_parents(&path, text.as_bytes(), 0o644) {
            Ok(()) => ending.outputs.set(output, path.into_string()),
            Err(error) => ending.annotations.push(not_written(&format!("{path}: {error}"))),
        }
    }
}

fn not_written(message: &str) -> Annotation {
    Annotation {
        level: Level::Warning,
        title: "a file was not written".to_owned(),
        message: message.to_owned(),
        place: None,
    }
}

/// Where files go: what the user says, else a folder of this step's own; by hand nowhere.
fn folder(inputs: &Inputs, world: World<'_>) -> Option<io::Result<Utf8PathBuf>> {
    match (&inputs.output_dir, &world.job.temp) {
        (Some(folder), _) => Some(Ok(inputs.folder.join(folder))),
        (None, Some(temp)) => Some(disk::create_dir_of_our_own(temp, "mta-validate-config")),
        (None, None) => None,
    }
}
