//! The difference of two trees, by plumbing with every choice spelled out.
//!
//! It runs in a private repository: the settings of host, user and checkout (`diff.*`, external programs, order files)
//! and attributes (`.gitattributes`, `.git/info/attributes`) do not exist there. The flags say it once more, and
//! `--text` shows the lines of files that a change marks as binary by an attribute.

use crate::adapters::git::command::Place;
use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::Repo;
use crate::domain::coverage::base::Sha;
use crate::domain::coverage::diff::Diff;
use crate::domain::coverage::diff::parse::Reader;

/// What both runs share, so that they see the same files in the same order.
const COMMON: [&str; 10] = [
    "-c",
    "core.quotePath=false",
    "diff-tree",
    "-r",
    "--no-relative",
    "--no-ext-diff",
    "--find-renames=50%",
    "-l0",
    "--ignore-submodules=none",
    "--no-color",
];

/// The list of files: NUL between names, so that no name can be mistaken.
const LIST: [&str; 3] = ["--raw", "-z", "--no-abbrev"];

/// The lines.
const PATCH: [&str; 12] = [
    "-p",
    "--text",
    "--no-textconv",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "-U0",
    "--inter-hunk-context=0",
    "--no-function-context",
    "--diff-algorithm=histogram",
    "--indent-heuristic",
    "--submodule=short",
    "--full-index",
];

/// What changed from one tree to another. Renames are followed, copies are not.
///
/// Two trees that differ without a file that does are an error.
pub async fn diff(repo: &Repo, base: &Sha, head: &Sha) -> Result<Diff, GitError> {
    diff_of(repo, (base, head), &[]).await
}

/// The same of these files only, if there are any. A file that moved is one that is gone.
pub async fn diff_of(
    repo: &Repo,
    (base, head): (&Sha, &Sha),
    paths: &[&str],
) -> Result<Diff, GitError> {
    if base == head {
        return Ok(Diff::default());
    }
    repo.make(Place::Objects).await?;
    let trees = [base.as_str(), head.as_str()];
    let args =
        |kind| [&["--literal-pathspecs"], &COMMON[..], kind, &trees, &["--"], paths].concat();
    let list_args = args(&LIST[..]);
    let list = repo.answer(repo.git(Place::Objects, &list_args)).await?;
    if list.is_empty() && !paths.is_empty() {
        return Ok(Diff::default());
    }
    if list.is_empty() {
        let (base, head) = (base.short(), head.short());
        return Err(GitError::Unreadable(format!(
            "the trees {base} and {head} differ, but git names no file that does"
        )));
    }
    let unreadable = |why| {
        let (base, head) = (base.short(), head.short());
        GitError::Unreadable(format!("the diff of the trees {base} and {head}: {why}"))
    };
    let mut reader = Reader::new(&list).map_err(unreadable)?;
    let patch_args = args(&PATCH[..]);
    let patch = repo.git(Place::Objects, &patch_args);
    repo.pour(patch, &mut |bytes| reader.push(bytes)).await?;
    reader.finish().map_err(unreadable)
}
