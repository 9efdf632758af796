//! One file at the top of a branch of the server, beside what is there: a badge.

use crate::adapters::git::repo::Repo;
use crate::adapters::git::server_ref::{Next, RefError, Seen, ServerRef};

/// A file on a branch.
#[derive(Clone, Copy, Debug)]
pub struct BranchFile<'a> {
    /// The checkout whose server has the branch.
    pub repo: &'a Repo,
    /// The branch; made if it is not there.
    pub branch: &'a str,
    /// The file's name: letters, digits, `.`, `_` and `-`.
    pub path: &'a str,
}

impl BranchFile<'_> {
    /// Writes the file, unless the branch has it already. Other files of the branch stay.
    pub async fn write(&self, bytes: &[u8], message: &str) -> Result<(), RefError> {
        let name = format!("refs/heads/{}", self.branch);
        let server = ServerRef { repo: self.repo, name: &name };
        let blob = server.blob_of(bytes).await?;
        let entry = format!("100644 blob {blob}\t{}", self.path).into_bytes();
        let next = |seen: Option<&Seen>| {
            let there = seen.map_or(&[][..], |seen| &seen.entries);
            if there.contains(&entry) {
                return Ok(None);
            }
            let others = there.iter().filter(|other| !is_named(other, self.path)).cloned();
            Ok(Some(Next {
                entries: others.chain([entry.clone()]).collect(),
                parent: seen.map(|seen| seen.commit.clone()),
                message: message.to_owned(),
            }))
        };
        server.change(next).await
    }
}

/// Whether an entry of a tree bears a name.
fn is_named(entry: &[u8], name: &str) -> bool {
    entry
        .iter()
        .position(|byte| *byte == b'\t')
        .is_some_and(|tab| entry[tab + 1..] == *name.as_bytes())
}
