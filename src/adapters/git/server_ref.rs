//! A ref of the server that several runs change: its tip is seen, the next one is made, and it is pushed only if the tip is
//! still the one that was seen; else all of it again. A push that is killed leaves the old tip, since a ref moves in one
//! step.
//!
//! Files that other commits stored are left on the server (`--filter=blob:none`) until one is read.

use std::time::{Duration, Instant};

use crate::adapters::git::command::{Git, Place};
use crate::adapters::git::error::{GitError, shortened};
use crate::adapters::git::repo::{Repo, id};
use crate::adapters::host::process::BytesExit;
use crate::domain::coverage::base::Sha;

/// How often a push is tried that another one was faster than.
const ATTEMPTS: u32 = 10;

/// How often a tip is fetched that the server has and does not give.
const READS: u32 = 3;

/// The longest wait between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The tip as it was read, in the private repository.
const TIP: &str = "refs/mta/tip";

/// A ref of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerRef<'a> {
    /// The checkout whose server has it.
    pub(super) repo: &'a Repo,
    /// Its full name.
    pub(super) name: &'a str,
}

/// A tip as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Its commit.
    pub(super) commit: Sha,
    /// The entries of its tree as git lists them: `100644 blob 1a2b...\tname`.
    pub(super) entries: Vec<Vec<u8>>,
}

/// What the next tip is.
pub(super) struct Next {
    /// The entries of its tree.
    pub(super) entries: Vec<Vec<u8>>,
    /// The commit below it, if any.
    pub(super) parent: Option<Sha>,
    /// The message of its commit.
    pub(super) message: String,
}

/// Why a ref could not be read or written. Never the same as one that is missing.
#[derive(Debug, thiserror::Error)]
pub enum RefError {
    /// The server could not be asked, or what it holds is damaged.
    #[error("{name} could not be {act}: {why}")]
    Unavailable {
        /// The ref.
        name: String,
        /// "read", "written" or "reached".
        act: &'static str,
        /// What git says, and what to do.
        why: String,
    },
    /// Others were faster each time.
    #[error("{name} could not be written: {ATTEMPTS} times another push was faster")]
    Raced {
        /// The ref.
        name: String,
    },
    /// Git itself failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl ServerRef<'_> {
    /// The tip; `None` only if the server answered and has no such ref.
    pub(super) async fn seen(&self) -> Result<Option<Seen>, RefError> {
        self.repo.make(Place::Baseline).await?;
        if !self.fetched().await? {
            return Ok(None);
        }
        let commit = id(&self.repo.line(self.local(&["rev-parse", "--verify", TIP])).await?)?;
        let list = self.repo.run(self.local(&["ls-tree", "-z", "--full-tree", TIP])).await?;
        if list.code != 0 {
            return Err(self.damaged(&shortened(&list.tail)));
        }
        let records = list.stdout.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        Ok(Some(Seen { commit, entries: records.map(<[u8]>::to_vec).collect() }))
    }

    /// Changes the tip: `next` makes the new one of what was seen, or `None` where nothing is to be done. It is asked again
    /// as long as others are faster.
    pub(super) async fn change(
        &self,
        next: impl Fn(Option<&Seen>) -> Result<Option<Next>, RefError>,
    ) -> Result<(), RefError> {
        for attempt in 1..=ATTEMPTS {
            let began = Instant::now();
            let seen = self.seen().await?;
            let Some(next) = next(seen.as_ref())? else { return Ok(()) };
            let next = self.commit(&next).await?;
            let old = seen.as_ref().map(|seen| &seen.commit);
            if self.push(old, &next).await? == Pushed::Accepted {
                return Ok(());
            }
            self.pause(began.elapsed() * attempt).await?;
        }
        Err(RefError::Raced { name: self.name.to_owned() })
    }

    /// Stores bytes in the private repository.
    pub(super) async fn blob_of(&self, bytes: &[u8]) -> Result<Sha, RefError> {
        self.repo.make(Place::Baseline).await?;
        let git = self.local(&["hash-object", "-w", "--stdin"]);
        let git = if bytes.is_empty() {
            // An empty input means no input at all.
            self.local(&["hash-object", "-w", "--", "/dev/null"])
        } else {
            git.told(bytes)
        };
        Ok(id(&self.repo.line(git).await?)?)
    }

    /// Reads a blob; it is fetched now, and git checks it against its id.
    pub(super) async fn blob(&self, blob: &Sha, most: usize) -> Result<Vec<u8>, RefError> {
        let git = self.repo.asking(Place::Baseline, &["cat-file", "blob", blob.as_str()])?;
        let exit = self.repo.run(git.kept(most)).await?;
        if exit.code == 0 { Ok(exit.stdout) } else { Err(self.damaged(&shortened(&exit.tail))) }
    }

    /// Fetches the tip; false if the server has no such ref. While others push, a ref can come or move between the words of
    /// a server: then it is asked again.
    async fn fetched(&self) -> Result<bool, RefError> {
        let spec = format!("+{}:{TIP}", self.name);
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--depth=1"];
        let rest = ["--no-recurse-submodules", "--filter=blob:none", "origin", &spec];
        let args = [&fetch[..], &rest].concat();
        for attempt in 1..=READS {
            let began = Instant::now();
            match self.ask(&args, "read").await {
                Ok(_) => return Ok(true),
                Err(_) if !self.is_listed().await? => return Ok(false),
                Err(error) if attempt == READS => return Err(error),
                Err(_) => self.pause(began.elapsed()).await?,
            }
        }
        Ok(false)
    }

    /// Whether the server has the ref. Only its own answer counts: a fetch fails for many reasons.
    async fn is_listed(&self) -> Result<bool, RefError> {
        let listed = self.ask(&["ls-remote", "--quiet", "origin", self.name], "read").await?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        Ok(listed
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .any(|(_, name)| name == self.name))
    }

    async fn commit(&self, next: &Next) -> Result<Sha, RefError> {
        let mut list = next.entries.join(&0);
        list.push(0);
        let tree = self.local(&["mktree", "--missing", "-z"]).told(&list);
        let tree = self.repo.line(tree).await?;
        // With the ref's name no commit is that of another ref, made in the same second: one that was fetched as the end
        // of a history would truncate this one, and the server would refuse it.
        let message = format!("{}\n\n{}", next.message, self.name);
        let mut args = vec!["commit-tree", "-m", &message, tree.as_str()];
        if let Some(parent) = &next.parent {
            args.extend(["-p", parent.as_str()]);
        }
        let who = |git: Git<'static>, role: &str| {
            git.with(&format!("GIT_{role}_NAME"), "mta")
                .with(&format!("GIT_{role}_EMAIL"), "mta@users.noreply.github.com")
        };
        let git = who(who(self.local(&args), "AUTHOR"), "COMMITTER");
        Ok(id(&self.repo.line(git).await?)?)
    }

    /// Moves the ref, if it is still what was read.
    async fn push(&self, old: Option<&Sha>, next: &Sha) -> Result<Pushed, RefError> {
        let name = self.name;
        let lease = format!("--force-with-lease={name}:{}", old.map_or("", Sha::as_str));
        let spec = format!("{next}:{name}");
        let args = ["push", "--porcelain", "--no-verify", "--thin", &lease, "origin", &spec];
        let exit = self.repo.run(self.repo.asking(Place::Baseline, &args)?).await;
        let exit = exit.map_err(|error| self.unavailable("written", &error.to_string()))?;
        let listed = String::from_utf8_lossy(&exit.stdout).into_owned();
        let said = format!("{}\n{listed}", exit.tail);
        match exit.code {
            0 => Ok(Pushed::Accepted),
            _ if was_raced(&said) => Ok(Pushed::TooLate),
            _ => Err(self.refused(&said)),
        }
    }

    /// Waits for a part of `most` that differs from what others wait: measured by how long an attempt takes, so that not
    /// all who lost come back at a time, and longer after each.
    async fn pause(&self, most: Duration) -> Result<(), RefError> {
        let mut bytes = [0_u8; 2];
        let share = getrandom::fill(&mut bytes)
            .map_or(0.5, |()| f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX));
        let wait = most.min(LONGEST_PAUSE).mul_f64(share);
        tokio::select! {
            () = self.repo.cancel.cancelled() => {
                Err(self.unavailable("reached", "the run was cancelled"))
            }
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    fn local<'a>(&self, args: &[&str]) -> Git<'a> {
        self.repo.git(Place::Baseline, args)
    }

    async fn ask(&self, args: &[&str], act: &'static str) -> Result<BytesExit, RefError> {
        let git = self.repo.asking(Place::Baseline, args)?;
        let exit = self.repo.run(git).await;
        let exit = exit.map_err(|error| self.unavailable(act, &error.to_string()))?;
        if exit.code == 0 {
            return Ok(exit);
        }
        Err(self.unavailable(act, &shortened(&exit.tail)))
    }

    fn unavailable(&self, act: &'static str, why: &str) -> RefError {
        let from = self.repo.remote_shown().unwrap_or_else(|| "the remote".to_owned());
        let name = format!("{} of {from}", self.name);
        RefError::Unavailable { name, act, why: why.to_owned() }
    }

    /// What the server holds is not what was stored there.
    pub(super) fn damaged(&self, why: &str) -> RefError {
        let why = format!(
            "{why}; if it stays so, delete the ref: the next push to the base branch makes it anew"
        );
        self.unavailable("read", &why)
    }

    /// What a push that is not allowed needs.
    fn refused(&self, said: &str) -> RefError {
        let lower = said.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let cure = if has(&["rule violations", "protected branch", "hook declined"]) {
            "; a rule of the repository forbids it: exempt this ref, or choose another place (`baseline: branch` or `file`)"
        } else if has(&["403", "401", "denied", "could not read username", "authentication failed"])
        {
            "; the job needs `permissions: contents: write` and its token as input"
        } else {
            ""
        };
        self.unavailable("written", &format!("{}{cure}", shortened(said)))
    }
}

/// How a push ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pushed {
    Accepted,
    TooLate,
}

/// Whether the ref moved between reading and pushing: seen by us, by the server when it locks the ref, or when two make it
/// at a time.
fn was_raced(said: &str) -> bool {
    const MOVED: [&str; 7] = [
        "(stale info)",
        "cannot lock ref",
        "failed to update ref",
        "reference already exists",
        "incorrect old value",
        "(fetch first)",
        "failed to lock",
    ];
    MOVED.iter().any(|words| said.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_moved_ref_is_tried_again() {
        for (said, raced) in [
            ("!\ta:b\t[rejected] (stale info)", true),
            ("!\ta:b\t[remote rejected] (cannot lock ref 'x': is at 1 but expected 2)", true),
            ("!\ta:b\t[remote rejected] (failed to update ref)", true),
            ("!\ta:b\t[remote rejected] (pre-receive hook declined)", false),
            ("fatal: unable to access 'x': The requested URL returned error: 403", false),
        ] {
            assert_eq!(was_raced(said), raced, "{said}");
        }
    }
}
