//! The files of the repository, as whoever may read them tells.

use std::sync::Arc;

use super::lack::Lack;
use crate::domain::known::Entry;

/// Why there is no text where there is nothing.
pub(super) const MISSING: &str = "there is no such file";

/// Asks for files. Paths are relative to the top of the repository; one that leaves it is never asked for.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) read: &'a dyn Fn(&str) -> Entry,
}

impl Files<'_> {
    /// The text of a file that must be there.
    pub(super) fn text(&self, path: &str) -> Result<Arc<str>, Lack> {
        self.text_if_there(path)?.ok_or_else(|| {
            Lack::absent(path, MISSING).help(
                "check the path, which is relative to the top of the repository; a version itself belongs in `version`, with \
                 `version-from: value`",
            )
        })
    }

    /// The text of a file, if there is one.
    pub(super) fn text_if_there(&self, path: &str) -> Result<Option<Arc<str>>, Lack> {
        // A path may come from a file of a pull request.
        if path.starts_with('/') || path == ".." || path.starts_with("../") {
            return Err(Lack::unknown(path, "it is outside of the repository"));
        }
        match (self.read)(path) {
            Entry::Text(text) => Ok(Some(text)),
            Entry::Absent => Ok(None),
            Entry::Unreadable(why) => Err(Lack::unknown(path, why)),
            Entry::Folder => Err(Lack::absent(path, "it is a folder, not a file")),
            Entry::Other => Err(Lack::unknown(path, "it is no regular file")),
        }
    }
}
