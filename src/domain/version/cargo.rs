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
    let line = document.get("package.version").map_or(0, |item| item.line);
    if document.get("workspace").is_some() {
        return shared(document, file, file, line);
    }
    if let Some((root, line)) = document.text("package.workspace") {
        let root = join(&join(folder(file), root), "Cargo.toml");
        let lack_of_root = |lack: Lack| {
            let why = format!("`package.workspace` names {}, and {}", lack.place(), lack.why);
            Lack::unknown(file, why).at(line)
        };
        let text = files.text(&root).map_err(lack_of_root)?;
        return shared(&Document::parse(&root, &text)?, &root, file, line);
    }
    let mut at = folder(file);
    while !at.is_empty() {
        at = folder(at);
        let root = join(at, "Cargo.toml");
        let unread = |lack: Lack| {
            let why =
                format!("it takes the version from a workspace above, and of {root}: {}", lack.why);
            Lack::unknown(file, why).at(line)
        };
        let Some(text) = files.text_if_there(&root).map_err(unread)? else { continue };
        let document = Document::parse(&root, &text)?;
        if document.get("workspace").is_some() {
            return shared(&document, &root, file, line);
        }
    }
    let why = "`version.workspace = true`, and no folder above has a Cargo.toml with `[workspace]`";
    Err(Lack::unknown(file, why).at(line))
}

/// The version of a workspace. The package counts on it: where there is none, it is looked for nowhere else.
fn shared(root: &Document<'_>, path: &str, file: &str, line: u32) -> Result<Said, Lack> {
    if root.get(SHARED).is_some() {
        return root.version(SHARED);
    }
    let why = format!("it takes the version from its workspace, and {path} has no `{SHARED}`");
    Err(Lack::unknown(file, why).at(line))
}
