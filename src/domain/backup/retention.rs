//! Which backups stay. Only asked after a backup that succeeded: a run that failed deletes nothing.

use std::num::NonZeroUsize;

use jiff::Timestamp;

use crate::domain::backup::name::BackupName;

/// A backup as retention sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: BackupName,
    /// When it began.
    pub started: Timestamp,
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
    order.sort_by(|a, b| (b.started, &b.name).cmp(&(a.started, &a.name)));
    let mut place = 0;
    let mut decisions = Vec::new();
    for entry in order {
        let (verdict, reason) = if entry.started > now {
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
                Entry { name: BackupName::new("shop", started, 1), started }
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
        assert_eq!(kept(&[1, 20], 1, 9), ["its time is in the future", "the newest"]);
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
