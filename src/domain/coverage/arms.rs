//! The arms of branches: which ways out of a line there are, and which were taken. Eight bytes an arm.

use crate::domain::coverage::ratio::Ratio;

/// Arms of one file. Identity is (line, key); an arm that two reports name is one arm, taken if either took it.
#[derive(Clone, Debug, Default)]
pub struct Arms {
    list: Vec<Arm>,
    /// Lines with counted arms of which those not taken have names.
    missing: Vec<Missing>,
    /// Whether `list` is sorted and each arm is in it once.
    settled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arm {
    line: u32,
    /// The key in the upper 31 bits, taken in the lowest: so arms sort by line and key, the taken one last.
    key_taken: u32,
}

/// The arms of a line that were not taken, by name, of so many. Those that were taken have no names: so what two
/// reports know together is which arms *neither* took.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Missing {
    line: u32,
    total: u32,
    names: Box<[u32]>,
}

impl Missing {
    /// How many were taken.
    fn taken(&self) -> u32 {
        self.total.saturating_sub(u32::try_from(self.names.len()).unwrap_or(u32::MAX))
    }

    /// Joins what another report says of the same line. Of different totals nothing is known together: the larger
    /// one stays, and the better count holds.
    fn join(&mut self, other: &Self) {
        if self.total == other.total {
            self.names =
                self.names.iter().filter(|name| other.names.contains(name)).copied().collect();
        } else if self.total < other.total {
            *self = other.clone();
        }
    }
}

impl Arm {
    #[inline]
    fn new(line: u32, key: u32, taken: bool) -> Self {
        Self { line, key_taken: (key & KEY) << 1 | u32::from(taken) }
    }

    const fn key(self) -> u32 {
        self.key_taken >> 1
    }
}

/// The key of an arm that has a number: its place among the arms of its line.
pub const fn numbered(number: u32) -> u32 {
    number & KEY
}

/// The key of an arm that has a name (LCOV's block and branch, a target line, ...): a hash, FNV-1a cut to 31 bits. Two
/// arms of one line would have to collide to be counted as one: 1 in 2,147,483,648.
pub fn named(name: &[u8]) -> u32 {
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    #[expect(clippy::cast_possible_truncation, reason = "folded to 32 bits")]
    let folded = (hash ^ hash >> 32) as u32;
    folded & KEY
}

const KEY: u32 = u32::MAX >> 1;

impl Arms {
    /// Adds an arm of a line.
    #[inline]
    pub fn mark(&mut self, line: u32, key: u32, taken: bool) {
        self.settled = false;
        self.list.push(Arm::new(line, key, taken));
    }

    /// Drops all arms and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.list.clear();
        self.missing.clear();
    }

    /// Adds `taken` of `total` arms of a line that have no names: the first ones count as taken, so that of two
    /// reports the better one holds. Nothing more can be told from "(1/2)".
    pub fn mark_counted(&mut self, line: u32, taken: u32, total: u32) {
        for number in 0..total {
            self.mark(line, numbered(number), number < taken);
        }
    }

    /// Adds `total` arms of a line of which only those have names ([`named`]) that were not taken, as coverage.py has
    /// it. An arm counts as not taken if no report took it: two reports that miss different ones miss none together.
    pub fn mark_missing(&mut self, line: u32, total: u32, names: &[u32]) {
        let missing = Missing { line, total, names: names.into() };
        self.mark_counted(line, missing.taken(), total);
        if !names.is_empty() {
            self.missing.push(missing);
        }
    }

    /// Joins what was said of the same line. Taken arms only get more by it, and of two counts the better one holds:
    /// so it is enough to add the new count.
    fn settle_missing(&mut self) {
        self.missing.sort_by_key(|missing| missing.line);
        let (list, settled) = (&mut self.list, &mut self.settled);
        self.missing.dedup_by(|next, kept| {
            let same = next.line == kept.line;
            if same {
                kept.join(next);
                *settled = false;
                let taken = kept.taken();
                list.extend(
                    (0..kept.total).map(|number| Arm::new(kept.line, number, number < taken)),
                );
            }
            same
        });
        self.missing.shrink_to_fit();
    }

    /// Sorts and joins doubles; to be called when a file has been read.
    pub fn settle(&mut self) {
        if self.settled {
            return;
        }
        self.settle_missing();
        self.list.sort_unstable();
        let mut kept: usize = 0;
        for at in 0..self.list.len() {
            let arm = self.list[at];
            match kept.checked_sub(1).map(|last| &mut self.list[last]) {
                Some(last) if (last.line, last.key()) == (arm.line, arm.key()) => *last = arm,
                _ => {
                    self.list[kept] = arm;
                    kept += 1;
                }
            }
        }
        self.list.truncate(kept);
        self.list.shrink_to_fit();
        self.settled = true;
    }

    /// Adds the arms of another report.
    pub fn merge(&mut self, other: &Self) {
        if other.list.is_empty() {
            return;
        }
        self.list.extend_from_slice(&other.list);
        self.missing.extend_from_slice(&other.missing);
        self.settled = false;
        self.settle();
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many were taken, of how many. The arms must be settled.
    pub fn ratio(&self) -> Ratio {
        debug_assert!(self.settled || self.list.is_empty(), "invariant: settled before counting");
        let taken = self.list.iter().filter(|arm| arm.key_taken & 1 == 1).count();
        Ratio::new(taken as u64, self.list.len() as u64)
    }

    /// The arms in order: line, and whether it was taken.
    pub fn iter(&self) -> impl Iterator<Item = (u32, bool)> + '_ {
        self.list.iter().map(|arm| (arm.line, arm.key_taken & 1 == 1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arms(marks: &[(u32, u32, bool)]) -> Arms {
        let mut arms = Arms::default();
        for (line, key, taken) in marks {
            arms.mark(*line, *key, *taken);
        }
        arms.settle();
        arms
    }

    #[test]
    fn an_arm_is_one_however_often_it_is_named() {
        let all = arms(&[(3, 0, false), (3, 0, true), (3, 1, false), (3, 0, false), (4, 0, true)]);
        assert_eq!(all.ratio(), Ratio::new(2, 3));
        assert_eq!(all.iter().collect::<Vec<_>>(), [(3, true), (3, false), (4, true)]);
    }

    #[test]
    fn counted_arms_merge_to_the_better_count() {
        let counted = |taken| {
            let mut arms = Arms::default();
            arms.mark_counted(7, taken, 4);
            arms.settle();
            arms
        };
        let mut one = counted(1);
        one.merge(&counted(3));
        assert_eq!(one.ratio(), Ratio::new(3, 4));
    }

    #[test]
    fn an_arm_is_missing_only_if_each_report_misses_it() {
        let of = |total: u32, names: &[&str]| {
            let names: Vec<u32> = names.iter().map(|name| named(name.as_bytes())).collect();
            let mut arms = Arms::default();
            arms.mark_missing(7, total, &names);
            arms.settle();
            arms
        };
        for (shards, expected) in [
            (vec![of(2, &["9"]), of(2, &["exit"])], Ratio::new(2, 2)),
            (vec![of(2, &["9"]), of(2, &["9"])], Ratio::new(1, 2)),
            (vec![of(2, &["9", "12"]), of(2, &["9"])], Ratio::new(1, 2)),
            (vec![of(2, &["9"]), of(2, &[])], Ratio::new(2, 2)),
            (vec![of(3, &["1", "2"]), of(3, &["2", "3"]), of(3, &["1", "3"])], Ratio::new(3, 3)),
            (vec![of(3, &["1", "2"]), of(2, &["1"])], Ratio::new(1, 3)),
        ] {
            for order in [shards.clone(), shards.iter().rev().cloned().collect()] {
                let mut all = Arms::default();
                for shard in &order {
                    all.merge(shard);
                }
                assert_eq!(all.ratio(), expected, "{order:?}");
                let again = all.clone();
                all.merge(&again);
                assert_eq!(all.ratio(), expected);
            }
        }
    }

    #[test]
    fn names_differ() {
        assert_ne!(named(b"0,0"), named(b"0,1"));
        assert!(named(b"anything") <= KEY);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn merging_is_union(
            a in proptest::collection::vec((0_u32..5, 0_u32..4, any::<bool>()), 0..20),
            b in proptest::collection::vec((0_u32..5, 0_u32..4, any::<bool>()), 0..20),
        ) {
            let (mut left, mut right) = (arms(&a), arms(&b));
            left.merge(&arms(&b));
            right.merge(&arms(&a));
            prop_assert_eq!(&left.list, &right.list);
            let before = left.list.clone();
            left.merge(&right);
            prop_assert_eq!(left.list, before);
        }
    }
}
