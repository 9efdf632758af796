//! Which lines of a file can run, and which did: two bits a line, in blocks of 64, so that a line number of
//! 4,000,000,000 costs one block.

use std::ops::RangeInclusive;

use crate::domain::coverage::ratio::Ratio;

/// Lines of one file, numbered from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Sorted by `index`, without empty blocks.
    blocks: Vec<Block>,
}

/// 64 lines: bit `n` is line `64 * index + n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which 64 lines.
    pub index: u32,
    /// Those that can run; not empty.
    pub executable: u64,
    /// Those that did; a part of `executable`.
    pub covered: u64,
}

impl Block {
    /// Its executable lines in order, each with whether it is covered.
    fn lines(&self) -> impl Iterator<Item = (u32, bool)> + use<> {
        let Self { index, executable, covered } = *self;
        let mut left = executable;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (bit < 64).then(|| (index * 64 + bit, covered >> bit & 1 == 1))
        })
    }
}

/// Neighbouring lines, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Range {
    /// The first line, from 1.
    pub first: u32,
    /// The last line.
    pub last: u32,
}

impl Range {
    /// How many lines it spans.
    pub const fn span(self) -> u32 {
        self.last - self.first + 1
    }
}

/// The last block that a line number can be in.
const LAST_BLOCK: u32 = u32::MAX / 64;

impl Lines {
    /// From blocks; `None` if they are not in order or say what cannot be.
    pub fn from_blocks(blocks: Vec<Block>) -> Option<Self> {
        let sorted = blocks.windows(2).all(|two| two[0].index < two[1].index);
        let sane = blocks.iter().all(|block| {
            block.executable != 0
                && block.covered & !block.executable == 0
                && block.index <= LAST_BLOCK
        });
        (sorted && sane).then_some(Self { blocks })
    }

    /// Its blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Marks a line as executable, and as covered if it was hit. A line stays covered once it was.
    #[inline]
    pub fn mark(&mut self, line: u32, hit: bool) {
        let (executable, covered) = (1_u64 << (line % 64), u64::from(hit) << (line % 64));
        let block = match self.blocks.last_mut() {
            Some(last) if last.index == line / 64 => last,
            _ => self.block(line / 64),
        };
        block.executable |= executable;
        block.covered |= covered;
    }

    /// Drops all lines and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }

    /// Adds the lines of another report: executable in any, covered in any.
    pub fn merge(&mut self, other: &Self) {
        for theirs in &other.blocks {
            let block = self.block(theirs.index);
            block.executable |= theirs.executable;
            block.covered |= theirs.covered;
        }
    }

    /// Whether a line is covered; `None` if it is not executable.
    pub fn get(&self, line: u32) -> Option<bool> {
        let at = self.blocks.binary_search_by_key(&(line / 64), |block| block.index).ok()?;
        let (block, bit) = (&self.blocks[at], 1_u64 << (line % 64));
        (block.executable & bit != 0).then_some(block.covered & bit != 0)
    }

    /// How many are covered, of how many executable ones.
    pub fn ratio(&self) -> Ratio {
        self.blocks.iter().fold(Ratio::default(), |sum, block| {
            let (covered, total) = (block.covered.count_ones(), block.executable.count_ones());
            sum.plus(Ratio::new(covered.into(), total.into()))
        })
    }

    /// Whether no line is executable.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The highest executable line.
    pub fn last(&self) -> Option<u32> {
        let block = self.blocks.last()?;
        Some(block.index * 64 + 63 - block.executable.leading_zeros())
    }

    /// The executable lines in order, each with whether it is covered.
    pub fn iter(&self) -> impl Iterator<Item = (u32, bool)> + '_ {
        self.blocks.iter().flat_map(Block::lines)
    }

    /// The executable lines within a range.
    pub fn within(&self, range: RangeInclusive<u32>) -> impl Iterator<Item = (u32, bool)> + '_ {
        let from = self.blocks.partition_point(|block| block.index < *range.start() / 64);
        let until = self.blocks.partition_point(|block| block.index <= *range.end() / 64);
        let blocks = self.blocks.get(from..until).unwrap_or_default();
        blocks.iter().flat_map(Block::lines).filter(move |(line, _)| range.contains(line))
    }

    /// The block of an index, made if need be. Reports go through files from top to bottom, so it is mostly the last.
    fn block(&mut self, index: u32) -> &mut Block {
        let at = match self.blocks.last() {
            Some(last) if last.index == index => self.blocks.len() - 1,
            Some(last) if last.index > index => {
                match self.blocks.binary_search_by_key(&index, |block| block.index) {
                    Ok(at) => at,
                    Err(at) => {
                        self.blocks.insert(at, Block { index, executable: 0, covered: 0 });
                        at
                    }
                }
            }
            _ => {
                self.blocks.push(Block { index, executable: 0, covered: 0 });
                self.blocks.len() - 1
            }
        };
        &mut self.blocks[at]
    }
}

impl FromIterator<(u32, bool)> for Lines {
    fn from_iter<I: IntoIterator<Item = (u32, bool)>>(lines: I) -> Self {
        let mut all = Self::default();
        for (line, hit) in lines {
            all.mark(line, hit);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn lines(marks: &[(u32, bool)]) -> Lines {
        marks.iter().copied().collect()
    }

    #[test]
    fn a_far_line_costs_one_block() {
        let far = lines(&[(4_000_000_000, true), (1, false), (u32::MAX, true)]);
        assert_eq!(far.blocks.len(), 3);
        assert_eq!((far.last(), far.ratio()), (Some(u32::MAX), Ratio::new(2, 3)));
    }

    #[test]
    fn lines_within_a_range() {
        let all = lines(&[(1, false), (4, false), (5, true), (9, false), (200, false)]);
        assert_eq!(all.within(4..=9).collect::<Vec<_>>(), [(4, false), (5, true), (9, false)]);
    }

    fn marks() -> impl Strategy<Value = Vec<(u32, bool)>> {
        proptest::collection::vec((prop_oneof![0_u32..300, any::<u32>()], any::<bool>()), 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_a_map_from_lines_to_hits(marks in marks(), from in 0_u32..300, span in 0_u32..200) {
            let mut model = BTreeMap::new();
            for (line, hit) in &marks {
                *model.entry(*line).or_insert(false) |= hit;
            }
            let all = lines(&marks);
            let expected: Vec<_> = model.clone().into_iter().collect();
            prop_assert_eq!(all.iter().collect::<Vec<_>>(), expected);
            prop_assert_eq!(all.last(), model.keys().max().copied());
            let within: Vec<_> = model.range(from..=from + span).map(|(line, hit)| (*line, *hit)).collect();
            prop_assert_eq!(all.within(from..=from + span).collect::<Vec<_>>(), within);
            for (line, hit) in model {
                prop_assert_eq!(all.get(line), Some(hit));
            }
        }

        #[test]
        fn merging_is_union(a in marks(), b in marks(), c in marks()) {
            let merged = |parts: &[&Vec<(u32, bool)>]| {
                let mut all = Lines::default();
                for part in parts {
                    all.merge(&lines(part));
                }
                all
            };
            prop_assert_eq!(merged(&[&a, &b]), merged(&[&b, &a]));
            prop_assert_eq!(merged(&[&a, &a]), lines(&a));
            let mut right = lines(&a);
            right.merge(&merged(&[&b, &c]));
            prop_assert_eq!(merged(&[&a, &b, &c]), right);
        }
    }
}
