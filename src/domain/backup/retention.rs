//! Which backups stay. Only asked after a backup that succeeded: a run that failed deletes nothing.

use std::cmp::Ordering;
use std::num::NonZeroUsize;

use jiff::Timestamp;

use crate::domain::backup::manifest::Manifest;
use crate::domain::backup::name::BackupName;

/// A backup as retention sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: BackupName,
    /// Its place among those of its database, from 1; 0 where it was not counted.
    pub sequence: u64,
    /// When it began.
    pub started: Timestamp,
}

impl Entry {
    /// What retention sees of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let Manifest { name, sequence, started, .. } = manifest;
        Self { name: name.clone(), sequence: *sequence, started: *started }
    }

    /// Whether its time lies in the future, and nothing but its time says which place it has.
    pub fn is_in_doubt(&self, now: Timestamp) -> bool {
        self.sequence == 0 && self.started > now
    }

    /// What is newer is greater: by the place where it was counted, else by time. One that was not counted is older than
    /// all that were, and one that claims to come from the future is older still.
    fn rank(&self, now: Timestamp) -> (u64, bool, Timestamp, &BackupName) {
        (self.sequence, !self.is_in_doubt(now), self.started, &self.name)
    }
}

/// Orders backups of one database, newest first.
pub fn newest_first(a: &Entry, b: &Entry, now: Timestamp) -> Ordering {
    b.rank(now).cmp(&a.rank(now))
}

/// What becomes of one backup, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The backup.
    pub name: BackupName,
    /// Stay or go.
    pub verdict: Verdict,
    /// Why, in words.
    pub reason: String,
}

/// Stay or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep,
    /// It goes.
    Delete,
}

/// Decides for the backups of one database, newest first. The newest always stays; so does one that claims to come from
/// the future, because a clock that was wrong must not cost a backup (nor may it push a real one out).
pub fn decide(entries: &[Entry], keep_last: NonZeroUsize, now: Timestamp) -> Vec<Decision> {
    let mut order: Vec<_> = entries.iter().collect();
    order.sort_by(|a, b| newest_first(a, b, now));
    let mut place = 0;
    let mut decisions = Vec::new();
    for entry in order {
        let (verdict, reason) = if entry.is_in_doubt(now) {
            (Verdict::Keep, "its time is in the future".to_owned())
        } else {
            place += 1;
            match place {
                1 => (Verdict::Keep, "the newest".to_owned()),
                n if n <= keep_last.get() => {
                    (Verdict::Keep, format!("number {n} of the last {keep_last}"))
                }
                n => (Verdict::Delete, format!("number {n}, the last {keep_last} are kept")),
            }
        };
        decisions.push(Decision { name: entry.name.clone(), verdict, reason });
    }
    decisions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(hours: &[i64]) -> Vec<Entry> {
        hours
            .iter()
            .map(|hour| {
                let started = Timestamp::from_second(1_800_000_000 + hour * 3600).unwrap();
                Entry { name: BackupName::new("shop", started, 1), sequence: 0, started }
            })
            .collect()
    }

    fn kept(hours: &[i64], keep: usize, now: i64) -> Vec<String> {
        let now = Timestamp::from_second(1_800_000_000 + now * 3600).unwrap();
        decide(&entries(hours), NonZeroUsize::new(keep).unwrap(), now)
            .into_iter()
            .filter(|decision| decision.verdict == Verdict::Keep)
            .map(|decision| decision.reason)
            .collect()
    }

    #[test]
    fn the_last_ones_stay_with_a_reason() {
        assert_eq!(kept(&[1, 5, 3, 2, 4], 2, 9), ["the newest", "number 2 of the last 2"]);
        assert_eq!(kept(&[1, 2], 7, 9), ["the newest", "number 2 of the last 7"]);
        assert!(kept(&[], 7, 9).is_empty());
    }

    #[test]
    fn one_from_the_future_stays_and_takes_no_place() {
        assert_eq!(kept(&[1, 20], 1, 9), ["the newest", "its time is in the future"]);
    }

    #[test]
    fn the_place_counts_and_not_the_clock() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let entry = |sequence, hours: i64| {
            let started = Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap();
            Entry { name: BackupName::new("shop", started, 1), sequence, started }
        };
        let mut all = [entry(0, 8000), entry(2, -1), entry(0, -2), entry(1, 9000), entry(0, -3)];
        all.sort_by(|a, b| newest_first(a, b, now));
        let order: Vec<_> = all.iter().map(|one| (one.sequence, one.started)).collect();
        let expected = [entry(2, -1), entry(1, 9000), entry(0, -2), entry(0, -3), entry(0, 8000)];
        assert_eq!(order, expected.map(|one| (one.sequence, one.started)));
        assert!(!all[1].is_in_doubt(now) && all[4].is_in_doubt(now));
    }

    proptest! {
        #[test]
        fn the_newest_never_goes_and_what_goes_is_older_than_what_stays(
            hours in proptest::collection::hash_set(0i64..99, 1..20), keep in 1usize..9
        ) {
            let hours: Vec<_> = hours.into_iter().collect();
            let now = Timestamp::from_second(1_800_000_000 + 99 * 3600).unwrap();
            let decisions = decide(&entries(&hours), NonZeroUsize::new(keep).unwrap(), now);
            prop_assert_eq!(decisions.len(), hours.len());
            prop_assert_eq!(decisions[0].verdict, Verdict::Keep);
            let stay = decisions.iter().take_while(|d| d.verdict == Verdict::Keep).count();
            prop_assert_eq!(stay, keep.min(hours.len()));
            prop_assert!(decisions[stay..].iter().all(|d| d.verdict == Verdict::Delete));
        }
    }
}
