//! The generated files: `action.yml` and README of every action, made from the tables of inputs and outputs.
//!
//! Pure: tables in, paths and texts out. It knows neither the list of actions nor the file system. `tests/it/packaging/contract.rs`
//! compares the repository with it.

use camino::Utf8PathBuf;

use crate::domain::action::ActionSpec;
use crate::domain::input::Kind;

mod manifest;
mod readme;
mod union;
mod yaml;

pub use manifest::{Depth, composite, container, umbrella};
pub use readme::{Detail, keep_hand_written, readme, step};

/// Owner and name of the repository that users write after `uses:`.
pub const REPOSITORY: &str = "org/mta-actions";

/// The major version that users write after `@`.
pub const VERSION: &str = "v1";

/// Which tree is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// This repository: `actions/<name>/`.
    Source,
    /// What a tag points to: `<name>/`, and `docker/`.
    Release,
}

/// Every generated file of a tree, with its path from the root.
pub fn files(actions: &[&ActionSpec], layout: Layout) -> Vec<(Utf8PathBuf, String)> {
    let (folder, depth) = match layout {
        Layout::Source => ("actions/", Depth::Two),
        Layout::Release => ("", Depth::One),
    };
    let mut files = Vec::new();
    for action in actions {
        let folder = format!("{folder}{}", action.name);
        files.push((format!("{folder}/action.yml").into(), composite(action, depth)));
        files.push((format!("{folder}/README.md").into(), readme(action)));
    }
    files.push(("action.yml".into(), umbrella(actions)));
    if layout == Layout::Release {
        files.push(("docker/action.yml".into(), container(actions)));
    }
    files
}

/// A kind in a word or two.
pub fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Secret => "secret",
        Kind::Bool => "true or false",
        Kind::Integer { .. } => "number",
        Kind::Duration => "duration",
        Kind::Bytes => "size",
        Kind::Percent => "percent",
        Kind::Choice(_) => "choice",
        Kind::Lines | Kind::Words => "list",
        Kind::Map(_) => "map",
        Kind::Path => "path",
        Kind::Globs => "globs",
        Kind::Command => "command",
    }
}
