//! What a change does to files, as values: from `git diff-tree` or any other source.

pub mod parse;

use crate::domain::coverage::lines::Range;

/// A change between two trees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The files that differ, in the order of git.
    pub files: Vec<ChangedFile>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content differs, and maybe its mode and its name.
    Modified,
    /// It is gone.
    Deleted,
    /// Only its name or its mode differs.
    Moved,
    /// It is binary: a line that differs holds a NUL. Its hunks say where, without the texts, so that a file that a
    /// report measures is judged all the same.
    Binary,
    /// It is another repository, or was one and is gone.
    Submodule,
    /// It is a symbolic link, or was one and is gone.
    Link,
}

/// One file of a change. Paths are relative to the top of the repository, with `/`; bytes that are not UTF-8 are
/// written as `\xNN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// What happened.
    pub kind: ChangeKind,
    /// The path in the new tree; in the old one if it is gone.
    pub path: String,
    /// The path in the old tree, if there is one.
    pub old_path: Option<String>,
    /// The places that differ, from top to bottom. Only lines of regular files are in them: not the target of a link, not
    /// the commit of a submodule.
    pub hunks: Vec<Hunk>,
}

/// One place that differs: lines of the old file replaced by lines of the new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunk {
    /// First line taken away; the line after which lines are added where none is.
    pub old_start: u32,
    /// The lines taken away, without line endings, each cut at 2,000 characters.
    pub removed: Vec<String>,
    /// First line added; the line after which lines are taken away where none is.
    pub new_start: u32,
    /// The lines added.
    pub added: Vec<String>,
}

impl Hunk {
    /// The lines of the new file that it adds.
    pub fn added_range(&self) -> Option<Range> {
        range(self.new_start, self.added.len())
    }

    /// The lines of the old file that it takes away.
    pub fn removed_range(&self) -> Option<Range> {
        range(self.old_start, self.removed.len())
    }
}

fn range(start: u32, count: usize) -> Option<Range> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    (count > 0).then(|| Range { first: start, last: start.saturating_add(count - 1) })
}
