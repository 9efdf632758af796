//! What git knows of the files of a folder, also where there is no commit yet: which it tracks, which it would ignore.

use std::collections::BTreeSet;

use camino::Utf8Path;
use tokio_util::sync::CancellationToken;

use crate::adapters::git::command::Git;
use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::discovered;
use crate::adapters::host::files;
use crate::adapters::host::process::{self, BytesExit, ChildEnv, Limits, Talk};

/// The files of a folder, relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Those in the index.
    pub tracked: BTreeSet<String>,
    /// Those that are not, and that git does not ignore either.
    pub untracked: BTreeSet<String>,
    /// Those of both whose names are not UTF-8, with `\u{fffd}` for what is not.
    pub unnamed: BTreeSet<String>,
}

/// A folder of which git is asked.
#[derive(Clone, Debug)]
pub struct Folder<'a> {
    /// The folder.
    pub path: &'a Utf8Path,
    /// What git may know of our environment.
    pub env: ChildEnv,
    /// Ends whatever runs.
    pub cancel: &'a CancellationToken,
}

impl Folder<'_> {
    /// Its files; `None` where it is in no repository.
    pub async fn listing(&self) -> Result<Option<Listing>, GitError> {
        let inside = self.ask(&["rev-parse", "--is-inside-work-tree"], b"").await?;
        if inside.code != 0 || inside.stdout.trim_ascii() != b"true" {
            return if self.has_repository()? { Err(self.unreadable(&inside)) } else { Ok(None) };
        }
        let (tracked, untracked) = tokio::join!(
            self.ask(&["ls-files", "-z", "--cached"], b""),
            self.ask(&["ls-files", "-z", "--others", "--exclude-standard"], b""),
        );
        let (tracked, mut unnamed) = self.names(&tracked?)?;
        let (untracked, more) = self.names(&untracked?)?;
        unnamed.extend(more);
        Ok(Some(Listing { tracked, untracked, unnamed }))
    }

    /// Which of the paths git would ignore, whether it tracks them or not. A path beyond a link is not ignored.
    pub async fn ignored(&self, paths: &[String]) -> Result<BTreeSet<String>, GitError> {
        let args = ["check-ignore", "-z", "--stdin", "--no-index"];
        let asked = |paths: &[String]| {
            paths.iter().flat_map(|path| format!("{path}\0").into_bytes()).collect::<Vec<u8>>()
        };
        let exit = self.ask(&args, &asked(paths)).await?;
        if matches!(exit.code, 0 | 1) {
            return Ok(split(&exit.stdout).0);
        }
        let mut ignored = BTreeSet::new();
        for path in paths {
            let exit = self.ask(&args, &asked(std::slice::from_ref(path))).await?;
            if exit.code == 0 {
                ignored.insert(path.clone());
            }
        }
        Ok(ignored)
    }

    async fn ask(&self, args: &[&str], stdin: &[u8]) -> Result<BytesExit, GitError> {
        let (env, _) = discovered(&self.env, &files::canonical(self.path)?)?;
        let git = Git::new(env, args).told(stdin).within(self.path);
        let limits = Limits { timeout: git.limit, cancel: self.cancel };
        let talk = Talk { stdin: git.stdin, kept: git.kept };
        Ok(process::capture_bytes(&git.command, limits, talk).await?)
    }

    /// A `.git` that git does not take for a repository is no reason to look at nothing.
    fn has_repository(&self) -> Result<bool, GitError> {
        let folder = files::canonical(self.path)?;
        for top in folder.ancestors() {
            if files::kind(&top.join(".git"))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn names(&self, exit: &BytesExit) -> Result<Names, GitError> {
        if exit.code == 0 { Ok(split(&exit.stdout)) } else { Err(self.unreadable(exit)) }
    }

    fn unreadable(&self, exit: &BytesExit) -> GitError {
        GitError::NoRepository { path: self.path.to_string(), why: exit.tail.clone() }
    }
}

/// Names, and apart those that are not UTF-8.
type Names = (BTreeSet<String>, BTreeSet<String>);

fn split(listed: &[u8]) -> Names {
    let (mut named, mut unnamed) = Names::default();
    for name in listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        match std::str::from_utf8(name) {
            Ok(name) => named.insert(name.to_owned()),
            Err(_) => unnamed.insert(String::from_utf8_lossy(name).into_owned()),
        };
    }
    (named, unnamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn listed(folder: &Utf8Path, cancel: &CancellationToken) -> Option<Listing> {
        let folder = Folder { path: folder, env: ChildEnv::from_process(), cancel };
        folder.listing().await.unwrap()
    }

    async fn git(folder: &Utf8Path, args: &[&str]) {
        let git = Git::new(ChildEnv::from_process(), args).within(folder);
        let cancel = CancellationToken::new();
        let limits = Limits { timeout: git.limit, cancel: &cancel };
        let exit = process::capture(&git.command, limits).await.unwrap();
        assert_eq!(exit.code, 0, "{args:?}: {}", exit.tail);
    }

    #[tokio::test]
    async fn files_are_known_by_what_git_does_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap();
        let cancel = CancellationToken::new();
        assert_eq!(listed(path, &cancel).await, None);
        git(path, &["init", "-q"]).await;
        for (name, text) in [
            (".gitignore", "*.log\n/.env\n!keep.log\n"),
            ("a.txt", ""),
            ("b c.txt", ""),
            ("x.log", ""),
            (".env", ""),
        ] {
            fs_err::write(path.join(name), text).unwrap();
        }
        git(path, &["add", "a.txt"]).await;
        let listing = listed(path, &cancel).await.unwrap();
        assert_eq!(listing.tracked, BTreeSet::from(["a.txt".to_owned()]));
        assert_eq!(listing.untracked, [".gitignore", "b c.txt"].map(str::to_owned).into());
        let folder = Folder { path, env: ChildEnv::from_process(), cancel: &cancel };
        let asked = [".env", "sub/.env", "y.log", "keep.log", "a.txt"].map(str::to_owned);
        assert_eq!(
            folder.ignored(&asked).await.unwrap(),
            [".env", "y.log"].map(str::to_owned).into()
        );
        fs_err::os::unix::fs::symlink("/tmp", path.join("link")).unwrap();
        let asked = ["link/x", ".env"].map(str::to_owned);
        assert_eq!(folder.ignored(&asked).await.unwrap(), [".env"].map(str::to_owned).into());
        let sub = path.join("sub");
        fs_err::create_dir(&sub).unwrap();
        fs_err::write(sub.join("own.txt"), "").unwrap();
        assert_eq!(listed(&sub, &cancel).await.unwrap().untracked, ["own.txt".to_owned()].into());
    }

    #[tokio::test]
    async fn a_broken_repository_is_an_error_and_not_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::create_dir(path.join(".git")).unwrap();
        let cancel = CancellationToken::new();
        let folder = Folder { path, env: ChildEnv::from_process(), cancel: &cancel };
        assert!(matches!(folder.listing().await, Err(GitError::NoRepository { .. })));
    }
}
