//! Versions of what is built: what counts as one, which of two is higher, and where a repository says its own.
//!
//! A version is found, never guessed: [`find()`] reads the files that say it and names the place, and what cannot be
//! known without running something (a version that Python calculates) is refused with the place and the cure. Files are
//! read by whoever asks; which ones is decided here. Tests: beside each reader, and `version/tests.rs` for the whole.

mod cargo;
mod files;
mod find;
mod git;
mod json;
mod lack;
mod manifest;
mod number;
mod pyproject;
mod python;
mod text;
mod toml;

pub use find::{AUTO, Found, Looked, Origin, Request, Source, find, look};
pub use git::Git;
pub use number::Version;

#[cfg(test)]
mod tests;
