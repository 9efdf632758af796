//! Which release runs, which ones can come back, and which are kept.
//!
//! The lineage is an undo stack, not a list by time: after a rollback from v2 to v1, `previous` is what came before v1,
//! and a deploy after that has v1 as its former release. A deploy of what runs already is no step of it: the new record
//! takes the place of the old one, so that `previous` is always something else than what runs.
//!
//! Only a release that was current once can come back or takes one of the places of those that are kept. One that failed
//! keeps its record for a while, so that its reader can see why.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::release::{Migrated, ReleaseId, Restore};

/// How many releases that were current once are kept on the host, counted from the newest. The current one, the pending
/// one and the one before the current are kept in any case.
pub const KEEP_RELEASES: usize = 10;

/// How many releases that never became healthy keep their record, counted from the newest.
pub const KEEP_FAILED: usize = 3;

/// Which release runs, which one is being brought up, and the way back: `state.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Version of this format.
    pub version: u32,
    /// The release that was healthy last.
    pub current: Option<ReleaseId>,
    /// The release that is being brought up; still there after a kill.
    pub pending: Option<ReleaseId>,
    /// Releases that were current, oldest first; the current one is among them.
    pub lineage: Vec<ReleaseId>,
    /// The backup that is being restored with the pending release.
    #[serde(default)]
    pub restore: Option<Restore>,
    /// The migration that was begun with the pending release.
    #[serde(default)]
    pub migration: Option<Migrated>,
    /// Releases that were current once, whether or not they are in the lineage still. `None`: written by a version that
    /// did not record it, see [`State::among`].
    #[serde(default)]
    pub proven: Option<BTreeSet<ReleaseId>>,
    /// Releases whose place another one of the same content has taken. Nobody can name them; they are deleted next.
    #[serde(default)]
    pub replaced: BTreeSet<ReleaseId>,
}

/// What a release is to its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was healthy last.
    Current,
    /// It is being brought up, or was when a run ended early.
    Pending,
    /// It was current once and can come back.
    Proven,
    /// It never was current, or another one of the same content has taken its place.
    Failed,
}

impl State {
    /// What a release is to the project.
    pub fn standing(&self, id: &ReleaseId) -> Standing {
        if self.current.as_ref() == Some(id) {
            Standing::Current
        } else if self.pending.as_ref() == Some(id) {
            Standing::Pending
        } else if self.was_current(id) {
            Standing::Proven
        } else {
            Standing::Failed
        }
    }

    /// The state held against the releases that exist (`known`), of which `failed` are known to have failed.
    ///
    /// Where it was written by a version that did not record which releases were current, each that may have been counts
    /// as one: nothing that may be good is deleted early.
    #[must_use]
    pub fn among(mut self, known: &[ReleaseId], failed: &[ReleaseId]) -> Self {
        let lineage = &self.lineage;
        let may_be_good = |id: &&ReleaseId| lineage.contains(id) || !failed.contains(id);
        let adopted = || known.iter().filter(may_be_good).cloned().collect();
        let mut proven = self.proven.take().unwrap_or_else(adopted);
        proven.retain(|id| known.contains(id));
        self.proven = Some(proven);
        self.replaced.retain(|id| known.contains(id));
        self
    }

    /// Records that `id` is about to be brought up.
    #[must_use]
    pub fn begin(mut self, id: ReleaseId) -> Self {
        self.version = 1;
        self.pending = Some(id);
        self
    }

    /// Records that a backup is about to be restored with the pending release.
    #[must_use]
    pub fn restoring(mut self, restore: Option<Restore>) -> Self {
        self.restore = restore;
        self
    }

    /// Records that a migration has begun with the pending release, or what became of it.
    #[must_use]
    pub fn migrating(mut self, migration: Migrated) -> Self {
        self.migration = Some(migration);
        self
    }

    /// Records that `id` is healthy. A restore that is not undone yet stays recorded.
    #[must_use]
    pub fn commit(mut self, id: ReleaseId) -> Self {
        if !self.lineage.contains(&id) {
            let kept = self.here().map_or(0, |index| index + 1);
            self.lineage.truncate(kept);
            self.lineage.push(id.clone());
        }
        let lineage = &self.lineage;
        self.proven.get_or_insert_with(|| lineage.iter().cloned().collect()).insert(id.clone());
        self.version = 1;
        self.current = Some(id);
        self.pending = None;
        self.migration = None;
        self
    }

    /// Records that `id` is healthy and brings up the same as the current release: it takes that one's place in the
    /// lineage, and that one is needed no more. Where `id` has a place of its own, it keeps that.
    #[must_use]
    pub fn replace_current(mut self, id: ReleaseId) -> Self {
        if let Some(here) = self.here()
            && !self.lineage.contains(&id)
        {
            let old = std::mem::replace(&mut self.lineage[here], id.clone());
            if let Some(proven) = &mut self.proven {
                proven.remove(&old);
            }
            self.replaced.insert(old);
        }
        self.commit(id)
    }

    /// Records that the pending release was given up and the current one stands. A restore that is not undone yet stays
    /// recorded.
    #[must_use]
    pub fn abandon(mut self) -> Self {
        self.pending = None;
        self.migration = None;
        self
    }

    /// Whether a run has ended in the middle of its work.
    pub fn is_unsettled(&self) -> bool {
        self.pending.is_some() || self.restore.is_some()
    }

    /// The release before the current one.
    pub fn previous(&self) -> Option<&ReleaseId> {
        self.back(1)
    }

    /// The release that `to` means: `previous`, `current`, an id, or how many to go back.
    ///
    /// `known` are the releases that exist.
    ///
    /// # Errors
    /// What is wrong with `to`, with the list of the releases.
    pub fn target(&self, to: &str, known: &[ReleaseId]) -> Result<ReleaseId, String> {
        let found = match to {
            "previous" => {
                self.previous().cloned().ok_or("there is no release before the current one")
            }
            "current" => self.current.clone().ok_or("there is no current release"),
            steps if steps.len() <= 4 && steps.parse::<usize>().is_ok_and(|n| n > 0) => self
                .back(steps.parse().unwrap_or(usize::MAX))
                .cloned()
                .ok_or("there are not that many earlier releases"),
            id => match known.iter().find(|known| known.as_str() == id) {
                Some(id) if self.was_current(id) => Ok(id.clone()),
                Some(id) if !self.replaced.contains(id) => {
                    Err("that release never became healthy, so there is no way back to it")
                }
                _ => Err("there is no release of that id"),
            },
        };
        match found {
            Ok(id) if known.contains(&id) => Ok(id),
            Ok(id) => {
                Err(format!("release {id} is no longer on this host; {}", self.listed(known)))
            }
            Err(why) => Err(format!("{why}; {}", self.listed(known))),
        }
    }

    /// Releases that may be deleted: those that were replaced; of those that were current once all but the newest
    /// [`KEEP_RELEASES`], of those that failed all but the newest [`KEEP_FAILED`]. Never the current, the pending and the
    /// previous one.
    pub fn expendable(&self, known: &[ReleaseId]) -> Vec<ReleaseId> {
        let needed = |id: &ReleaseId| {
            [self.current.as_ref(), self.pending.as_ref(), self.previous()].contains(&Some(id))
        };
        let good = self.good(known).into_iter().skip(KEEP_RELEASES);
        let failed = self.failed(known).into_iter().skip(KEEP_FAILED);
        let replaced = known.iter().filter(|id| self.replaced.contains(id));
        good.chain(failed).chain(replaced).filter(|id| !needed(id)).cloned().collect()
    }

    /// The releases that never were current and never will be, the newest first. A pending one may be yet.
    pub fn failed<'k>(&self, known: &'k [ReleaseId]) -> Vec<&'k ReleaseId> {
        let is_open = |id: &ReleaseId| self.pending.as_ref() == Some(id);
        newest_first(known, |id| {
            !self.was_current(id) && !is_open(id) && !self.replaced.contains(id)
        })
    }

    fn good<'k>(&self, known: &'k [ReleaseId]) -> Vec<&'k ReleaseId> {
        newest_first(known, |id| self.was_current(id))
    }

    fn was_current(&self, id: &ReleaseId) -> bool {
        self.lineage.contains(id) || self.proven.as_ref().is_some_and(|proven| proven.contains(id))
    }

    fn here(&self) -> Option<usize> {
        let current = self.current.as_ref()?;
        self.lineage.iter().position(|id| id == current)
    }

    fn back(&self, steps: usize) -> Option<&ReleaseId> {
        self.lineage.get(self.here()?.checked_sub(steps)?)
    }

    /// The releases that exist, for the reader of an error.
    fn listed(&self, known: &[ReleaseId]) -> String {
        let good = self.good(known).into_iter().map(|id| {
            let mark = if self.current.as_ref() == Some(id) { " (current)" } else { "" };
            format!("{id}{mark}")
        });
        let failed = self.failed(known).into_iter().map(|id| format!("{id} (failed)"));
        let lines: Vec<_> = good.chain(failed).collect();
        if lines.is_empty() {
            return "no release of this project exists on this host".to_owned();
        }
        format!("these exist: {}", lines.join(", "))
    }
}

fn newest_first(known: &[ReleaseId], which: impl Fn(&ReleaseId) -> bool) -> Vec<&ReleaseId> {
    let mut chosen: Vec<_> = known.iter().filter(|id| which(id)).collect();
    chosen.sort_unstable_by(|a, b| b.cmp(a));
    chosen
}

#[cfg(test)]
mod tests;
