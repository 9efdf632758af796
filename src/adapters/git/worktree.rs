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

impl Repo {
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
