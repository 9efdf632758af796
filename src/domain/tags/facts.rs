//! What is known of a build before it is built.

use jiff::civil::DateTime;

use crate::domain::version::Version;
use crate::failure::Failure;

/// What git calls the thing that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitRef<'a> {
    /// A branch.
    Branch(&'a str),
    /// A tag.
    Tag(&'a str),
    /// A pull request.
    PullRequest(u64),
    /// Something else, or nothing.
    Other,
}

impl<'a> GitRef<'a> {
    /// Reads `GITHUB_REF`: `refs/heads/main`, `refs/tags/v1.4.0`, `refs/pull/12/merge`.
    pub fn parse(text: &'a str) -> Self {
        let pull = || text.strip_prefix("refs/pull/")?.split_once('/')?.0.parse().ok();
        if let Some(branch) = text.strip_prefix("refs/heads/") {
            Self::Branch(branch)
        } else if let Some(tag) = text.strip_prefix("refs/tags/") {
            Self::Tag(tag)
        } else {
            pull().map_or(Self::Other, Self::PullRequest)
        }
    }
}

/// What is known of a build.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Its version, if there is one.
    pub version: Option<&'a Version>,
    /// Why there is none, where that is known: to be told by a tag that needs one.
    pub lack: Option<&'a Failure>,
    /// Its commit, 40 or 64 hex digits.
    pub sha: &'a str,
    /// What git calls it.
    pub git_ref: GitRef<'a>,
    /// The default branch of the repository, if it is known.
    pub default_branch: Option<&'a str>,
    /// When it is built, in UTC.
    pub at: DateTime,
}
