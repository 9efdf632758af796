//! The files of a tree.

use crate::adapters::git::command::Place;
use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::{Repo, id};
use crate::domain::coverage::base::Sha;
use crate::domain::coverage::diff::parse::path_text;

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// Another repository.
    Submodule,
}

/// A tracked file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Relative to the top, with `/`; bytes that are not UTF-8 as `\xNN`, as in a diff.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Its content: of a submodule, the commit.
    pub id: Sha,
}

impl Repo {
    /// All files of a tree, in the order of git (by bytes).
    pub async fn files(&self, tree: &Sha) -> Result<Vec<Tracked>, GitError> {
        self.make(Place::Objects).await?;
        let args = ["ls-tree", "-r", "-z", "--full-tree", tree.as_str()];
        let listed = self.answer(self.git(Place::Objects, &args)).await?;
        let records = listed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        records.map(tracked).collect()
    }

    /// A file by its path in a tree, at most `limit` bytes; `None` if the tree does not have it.
    pub async fn read(
        &self,
        tree: &Sha,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, GitError> {
        self.make(Place::Objects).await?;
        // Pathspec magic off: a name may hold `*` or `:(`.
        let args =
            ["--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", tree.as_str(), path];
        let listed = self.answer(self.git(Place::Objects, &args)).await?;
        let record = listed.split(|byte| *byte == 0).next().filter(|record| !record.is_empty());
        match record.map(tracked).transpose()? {
            Some(file) if file.path == path && file.kind != Kind::Submodule => {
                self.blob(&file.id, limit).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A content by its id, at most `limit` bytes: more is an error.
    pub async fn blob(&self, id: &Sha, limit: usize) -> Result<Vec<u8>, GitError> {
        self.make(Place::Objects).await?;
        let git = self.git(Place::Objects, &["cat-file", "blob", id.as_str()]);
        self.answer(git.kept(limit)).await
    }
}

/// `100644 blob 1a2b...\tpath`
pub(super) fn tracked(record: &[u8]) -> Result<Tracked, GitError> {
    let wrong = || GitError::Unreadable(format!("an entry of a tree: {}", path_text(record)));
    let tab = record.iter().position(|byte| *byte == b'\t').ok_or_else(wrong)?;
    let head = String::from_utf8_lossy(&record[..tab]);
    let words: Vec<&str> = head.split(' ').collect();
    let [mode, kind, sha] = words[..] else { return Err(wrong()) };
    let kind = match (mode, kind) {
        ("120000", _) => Kind::Link,
        ("160000", _) => Kind::Submodule,
        (_, "blob") => Kind::File,
        _ => return Err(wrong()),
    };
    Ok(Tracked { path: path_text(&record[tab + 1..]), kind, id: id(sha)? })
}
