//! The findings as files for other tools. What cannot be written is a warning and does not change the answer.

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
    let Some(folder) = folder(inputs, world) else { return };
    let contents = [
        ("findings-json", "findings.json", json(findings, files)),
        ("sarif-file", "findings.sarif", sarif(findings, files)),
    ];
    for (output, name, text) in contents {
        let path = folder.join(name);
        match disk::write_atomic_with_parents(&path, text.as_bytes(), 0o644) {
            Ok(()) => ending.outputs.set(output, path.into_string()),
            Err(error) => ending.annotations.push(Annotation {
                level: Level::Warning,
                title: "a file was not written".to_owned(),
                message: format!("{path}: {error}"),
                place: None,
            }),
        }
    }
}

fn folder(inputs: &Inputs, world: World<'_>) -> Option<Utf8PathBuf> {
    match (&inputs.output_dir, &world.job.temp) {
        (Some(folder), _) => Some(inputs.folder.join(folder)),
        (None, Some(temp)) => Some(temp.join("mta-validate-config")),
        (None, None) => None,
    }
}
