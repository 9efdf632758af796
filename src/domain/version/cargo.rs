//! The version of a Rust package.

use super::files::Files;
use super::lack::{Lack, Said};
use super::toml::Document;
use crate::domain::known::{folder, join};

/// The version of the packages of a workspace.
const SHARED: &str = "workspace.package.version";

/// `package.version`, or that of the workspace where it is inherited. `rust-version` and versions of dependencies are
/// none.
pub(super) fn version(files: &Files<'_>, file: &str, text: &str) -> Result<Said, Lack> {
    let document = Document::parse(file, text)?;
    if document.is_true("package.version.workspace") {
        return inherited(files, file, &document);
    }
    if document.get("package").is_none() {
        return document.version(SHARED);
    }
    document.version("package.version")
}

/// The version that the nearest workspace says: in this file, in that of `package.workspace`, or in a folder above, as
/// Cargo looks for it.
fn inherited(files: &Files<'_>, file: &str, document: &Document<'_>) -> Result<Said, Lack> {
    if document.get("workspace").is_some() {
        return document.version(SHARED);
    }
    if let Some((root, line)) = document.text("package.workspace") {
        let root = join(&join(folder(file), root), "Cargo.toml");
        let text = files.text(&root).map_err(|lack| lack_of_root(file, line, &lack))?;
        return Document::parse(&root, &text)?.version(SHARED);
    }
    let mut at = folder(file);
    while !at.is_empty() {
        at = folder(at);
        let root = join(at, "Cargo.toml");
        let Some(text) = files.text_if_there(&root)? else { continue };
        let document = Document::parse(&root, &text)?;
        if document.get("workspace").is_some() {
            return document.version(SHARED);
        }
    }
    let line = document.get("package.version").map_or(0, |item| item.line);
    let why = "`version.workspace = true`, and no folder above has a Cargo.toml with `[workspace]`";
    Err(Lack::unknown(file, why).at(line))
}

fn lack_of_root(file: &str, line: u32, lack: &Lack) -> Lack {
    let why = format!("`package.workspace` names {}, and {}", lack.place(), lack.why);
    Lack::unknown(file, why).at(line)
}
