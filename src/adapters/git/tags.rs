//! The tags of the commit that is checked out, and of those before it.

use crate::adapters::git::command::Place;
use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::Repo;

/// How many tags are kept of a list: the last of them by version.
const MOST: usize = 10_000;

/// What tags say of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Those of the commit itself.
    pub here: Vec<String>,
    /// Those of commits before it, its own among them.
    pub earlier: Vec<String>,
    /// Whether the clone lacks commits: then tags may be missing too.
    pub is_shallow: bool,
}

impl Repo {
    /// The tags of the commit that is checked out.
    ///
    /// # Errors
    /// Git cannot be run, or fails.
    pub async fn tags(&self) -> Result<Tags, GitError> {
        Ok(Tags {
            here: self.tag_list("--points-at").await?,
            earlier: self.tag_list("--merged").await?,
            is_shallow: self.is_shallow()?,
        })
    }

    /// The default branch of `origin`, as a clone notes it; `None` where nobody did.
    ///
    /// # Errors
    /// Git cannot be run.
    pub async fn default_branch(&self) -> Result<Option<String>, GitError> {
        let args = ["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"];
        let exit = self.run(self.git(Place::Checkout, &args)).await?;
        let text = String::from_utf8_lossy(&exit.stdout);
        Ok(text.trim().strip_prefix("origin/").filter(|_| exit.code == 0).map(str::to_owned))
    }

    async fn tag_list(&self, which: &str) -> Result<Vec<String>, GitError> {
        let args = ["tag", "--sort=-version:refname", which, "HEAD"];
        let listed = self.line(self.git(Place::Checkout, &args)).await?;
        Ok(listed.lines().take(MOST).map(str::to_owned).collect())
    }
}
