//! The working tree as a tree of git: what `git add --all` and a commit would record now, untracked files included.
//!
//! The user's own settings count here, and only here: which files are ignored (`.gitignore`, `.git/info/exclude`, the
//! user's own list), how line ends and filters (`eol`, `working-tree-encoding`, Git LFS) turn a file into what is stored.
//! So the change is the one that a pull request would show. The index is a copy, objects go to a private repository.

use camino::Utf8PathBuf;

use crate::adapters::git::command::Place;
use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::{Repo, id};
use crate::adapters::host::files;
use crate::domain::coverage::base::Sha;
use crate::domain::coverage::diff::parse::path_text;
use crate::domain::coverage::edits::Edit;

/// Of a sparse checkout, what lies there counts and what does not is as it was. Line ends that do not survive are no
/// error: nothing is checked out again. What is stored here is thrown away, so it is not made small.
const ADD: [&str; 10] = [
    "-c",
    "core.sparseCheckout=false",
    "-c",
    "core.safecrlf=false",
    "-c",
    "core.looseCompression=0",
    "add",
    "--all",
    "--",
    ".",
];

/// What differs from HEAD, whatever the settings of a user say. Blanks do not: line ends are often those of the host.
const EDITED: [&str; 10] = [
    "diff",
    "--text",
    "--no-renames",
    "--no-relative",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules",
    "--ignore-all-space",
    "--diff-algorithm=histogram",
];

/// Which files, and by how many lines.
const FILES: [&str; 4] = ["--numstat", "-z", "HEAD", "--"];

/// Which lines of a file.
const LINES: [&str; 4] = ["-U0", "--inter-hunk-context=0", "HEAD", "--"];

/// A tracked file that lies in the checkout otherwise than in HEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Relative to the top, as in a diff.
    pub path: String,
    /// How many lines it has that HEAD does not have.
    pub added: u64,
    /// How many lines of HEAD it lacks.
    pub removed: u64,
}

impl Repo {
    /// The tracked files that are not as HEAD has them.
    pub async fn edited(&self) -> Result<Vec<Edited>, GitError> {
        let args = [&EDITED[..], &FILES].concat();
        let listed = self.answer(self.git(Place::Checkout, &args)).await?;
        let records = listed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        records.map(edited).collect()
    }

    /// Where a tracked file is not as HEAD has it, from top to bottom.
    pub async fn edits(&self, path: &str) -> Result<Vec<Edit>, GitError> {
        let path = format!(":(top,literal){path}");
        let args = [&EDITED[..], &LINES, &[path.as_str()]].concat();
        let shown = self.answer(self.git(Place::Checkout, &args)).await?;
        // All other lines of a patch without context begin with another sign.
        let heads = shown.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"@@"));
        let edit = |head: &[u8]| {
            let head = String::from_utf8_lossy(head);
            Edit::parse(&head).ok_or_else(|| GitError::Unreadable(format!("a hunk: {head}")))
        };
        heads.map(edit).collect()
    }

    /// The tree of what lies in the checkout now. Neither its index nor its objects are touched.
    pub async fn working_tree(&self) -> Result<Sha, GitError> {
        self.make(Place::Objects).await?;
        let index = self.copy_of_index()?;
        self.answer(self.staging(&ADD, &index)).await?;
        let tree = self.line(self.staging(&["write-tree"], &index)).await;
        files::remove(&index)?;
        id(&tree?)
    }

    fn staging<'a>(&self, args: &[&str], index: &Utf8PathBuf) -> super::command::Git<'a> {
        let objects = self.private(Place::Objects).join("objects");
        self.git(Place::Checkout, args)
            .within(&self.top)
            .with("GIT_INDEX_FILE", index.as_str())
            .with("GIT_OBJECT_DIRECTORY", objects.as_str())
            .with(
                "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                &super::command::quoted(self.objects.as_str()),
            )
    }

    /// The copy keeps the time of the index: by it git knows which files may have changed since, within a clock's tick.
    fn copy_of_index(&self) -> Result<Utf8PathBuf, GitError> {
        let index = self.private(Place::Objects).join("index");
        if files::kind(&self.index)?.is_some() {
            files::copy_with_time(&self.index, &index)?;
        }
        Ok(index)
    }
}

/// `3\t0\tpath`
fn edited(record: &[u8]) -> Result<Edited, GitError> {
    let mut parts = record.splitn(3, |byte| *byte == b'\t');
    let mut count = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    match (count(), count(), parts.next()) {
        (Some(added), Some(removed), Some(path)) => {
            Ok(Edited { path: path_text(path), added, removed })
        }
        _ => Err(GitError::Unreadable(format!("an edited file: {}", path_text(record)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edited_files_are_read() {
        let known = Edited { path: "a\tb\\xff.py".to_owned(), added: 3, removed: 0 };
        assert_eq!(edited(b"3\t0\ta\tb\xFF.py").unwrap(), known);
        assert!(edited(b"-\t-\ta.py").is_err());
        assert!(edited(b"3\t0").is_err());
    }
}
