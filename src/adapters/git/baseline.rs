//! Where baselines are kept: a ref of the server, whose tip's tree has one file for each measured commit.
//!
//! A file is named `<number>-<commit>`; numbers grow, so that the oldest go when there are too many. A change is one
//! commit, pushed only if the tip is still the one that was read; else it is read again and the change made anew: two
//! pushes at a time both end up in it. A push that is killed leaves the old tip, since a ref moves in one step.
//!
//! Commits of a plain ref have no parent, so that the server can throw away what no tip names; those of a branch have, so
//! that it only ever moves forward. Neither list nor push transfers what other commits stored: the files are left on the
//! server (`--filter=blob:none`) until one is read.

use crate::adapters::git::files::{Kind as Entry, tracked};
use crate::adapters::git::repo::Repo;
use crate::adapters::git::server_ref::{Next, RefError, Seen, ServerRef};
use crate::domain::coverage::base::Sha;

/// The most that one baseline may have, in bytes.
const ENTRY_BYTES: usize = 64 * 1024 * 1024;

/// What kind of ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `refs/mta/coverage/<name>`: in no list of branches, and starts no workflow.
    Ref,
    /// A branch, where the server refuses other refs.
    Branch,
}

/// A place for baselines.
#[derive(Clone, Copy, Debug)]
pub struct Store<'a> {
    /// The checkout whose server holds it.
    pub repo: &'a Repo,
    /// What kind of ref it is.
    pub kind: Kind,
    /// Its full name, from [`ref_name`].
    pub name: &'a str,
    /// How many baselines are kept, at least one.
    pub limit: usize,
}

/// The full name of the ref for baselines of this name.
///
/// Fails with what is wrong with the name.
pub fn ref_name(kind: Kind, name: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let part_fits = |part: &str| {
        let ends = part.ends_with('.') || part.strip_suffix(".lock").is_some();
        !part.is_empty() && !part.starts_with(['.', '-']) && !ends && !part.contains("..")
    };
    if !(name.len() <= 200 && name.chars().all(fits) && name.split('/').all(part_fits)) {
        return Err(format!(
            "{name:?} cannot name a baseline: use letters, digits, `-`, `_`, `.` and `/`"
        ));
    }
    Ok(match kind {
        Kind::Ref => format!("refs/mta/coverage/{name}"),
        Kind::Branch => format!("refs/heads/{name}"),
    })
}

/// What a search came to, when the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A baseline.
    Hit {
        /// The commit that it measured.
        sha: Sha,
        /// How many places that is behind the first candidate.
        older_by: u32,
        /// What was stored.
        bytes: Vec<u8>,
    },
    /// The ref is there, but none of the candidates is in it.
    NoEntry {
        /// How many baselines it has.
        entries: usize,
        /// The commit of the newest.
        newest: Option<Sha>,
    },
    /// The server answered, and has no such ref.
    NoRef,
}

/// A stored baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    number: u64,
    commit: Sha,
    blob: Sha,
}

impl Store<'_> {
    /// The baseline of the first candidate that has one.
    pub async fn lookup(&self, candidates: &[Sha]) -> Result<Found, RefError> {
        let server = self.server();
        let Some(seen) = server.seen().await? else { return Ok(Found::NoRef) };
        let stored = self.all(&seen)?;
        for (older_by, candidate) in (0..).zip(candidates) {
            // The newest of a commit: a broken push may have left two.
            if let Some(one) = stored.iter().rev().find(|one| one.commit == *candidate) {
                let bytes = server.blob(&one.blob, ENTRY_BYTES).await?;
                return Ok(Found::Hit { sha: candidate.clone(), older_by, bytes });
            }
        }
        let newest = stored.last().map(|one| one.commit.clone());
        Ok(Found::NoEntry { entries: stored.len(), newest })
    }

    /// Stores the baseline of a commit; a former one of the same commit is replaced.
    pub async fn write(&self, commit: &Sha, bytes: &[u8]) -> Result<(), RefError> {
        let server = self.server();
        let blob = server.blob_of(bytes).await?;
        let next = |seen: Option<&Seen>| {
            let stored = seen.map_or(Ok(Vec::new()), |seen| self.all(seen))?;
            let kept = kept(&stored, commit, &blob, self.limit);
            Ok(Some(Next {
                entries: kept.iter().map(Stored::entry).collect(),
                parent: seen.filter(|_| self.kind == Kind::Branch).map(|seen| seen.commit.clone()),
                message: format!("coverage of {commit}"),
            }))
        };
        server.change(next).await
    }

    const fn server(&self) -> ServerRef<'_> {
        ServerRef { repo: self.repo, name: self.name }
    }

    /// What a tip has stored, oldest first.
    fn all(&self, seen: &Seen) -> Result<Vec<Stored>, RefError> {
        let mut stored =
            seen.entries.iter().map(|entry| self.stored(entry)).collect::<Result<Vec<_>, _>>()?;
        stored.sort_by_key(|one| one.number);
        Ok(stored)
    }

    fn stored(&self, record: &[u8]) -> Result<Stored, RefError> {
        let entry = tracked(record).map_err(|error| self.server().damaged(&error.to_string()))?;
        let name = entry.path.split_once('-').filter(|_| entry.kind == Entry::File);
        let parsed = name.and_then(|(number, sha)| Some((number.parse().ok()?, Sha::parse(sha)?)));
        let odd =
            || self.server().damaged(&format!("{:?} is not the name of a baseline", entry.path));
        let (number, commit) = parsed.ok_or_else(odd)?;
        Ok(Stored { number, commit, blob: entry.id })
    }
}

impl Stored {
    fn entry(&self) -> Vec<u8> {
        format!("100644 blob {}\t{:010}-{}", self.blob, self.number, self.commit).into_bytes()
    }
}

/// What is stored next: the former of the same commit goes, and the oldest beyond the limit.
fn kept(stored: &[Stored], commit: &Sha, blob: &Sha, limit: usize) -> Vec<Stored> {
    let number = stored.last().map_or(0, |last| last.number.saturating_add(1));
    let others = stored.iter().filter(|one| one.commit != *commit).cloned();
    let mut next: Vec<Stored> = others.collect();
    next.push(Stored { number, commit: commit.clone(), blob: blob.clone() });
    next.drain(..next.len().saturating_sub(limit.max(1)));
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(digit: char) -> Sha {
        Sha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    #[test]
    fn names_are_refs_that_every_server_takes() {
        for name in ["main", "release/1.2", "backend_unit", "a-b"] {
            let expected = Ok(format!("refs/mta/coverage/{name}"));
            assert_eq!(ref_name(Kind::Ref, name), expected);
        }
        assert_eq!(
            ref_name(Kind::Branch, "mta-coverage/x"),
            Ok("refs/heads/mta-coverage/x".into())
        );
        for name in
            ["", "a b", "-x", "a/../b", "a//b", ".a", "a/.b", "a.lock", "a:b", "a*", "ä", "a/"]
        {
            assert!(ref_name(Kind::Ref, name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_oldest_go_and_the_same_commit_is_replaced() {
        let mut stored = Vec::new();
        for digit in ['1', '2', '3', '1', '4'] {
            stored = kept(&stored, &sha(digit), &sha('b'), 3);
        }
        let left: Vec<_> = stored.iter().map(|one| (one.number, one.commit.short())).collect();
        assert_eq!(left, [(2, "3333333"), (3, "1111111"), (4, "4444444")]);
        assert_eq!(kept(&stored, &sha('5'), &sha('b'), 0).len(), 1);
    }
}
