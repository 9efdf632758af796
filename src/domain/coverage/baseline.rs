//! The baseline as bytes: what every file's lines were when the base branch was measured. Two bits a line; git
//! compresses what it stores, so nothing is compressed here, and two baselines differ in few bytes.
//!
//! Format 1: the first line `mta-coverage 1`, then numbers as LEB128: the count of files, and for each its path, its
//! lines in blocks of 64, its arms and statements by line, its counts without lines; at the end the word `end`.

use std::collections::BTreeMap;

use crate::domain::coverage::counts::{Counts, Pair, PerLine};
use crate::domain::coverage::lines::{Block, Lines};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::Summary;

const HEAD: &[u8] = b"mta-coverage 1\n";
const END: &[u8] = b"end\n";

/// A baseline that is none: cut off, or of another format. The text says which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the baseline is corrupt: {0}")]
pub struct Corrupt(&'static str);

/// The bytes of a baseline.
pub fn encode(files: &BTreeMap<String, Counts>) -> Vec<u8> {
    let mut out = HEAD.to_vec();
    number(&mut out, files.len() as u64);
    for (path, counts) in files {
        number(&mut out, path.len() as u64);
        out.extend_from_slice(path.as_bytes());
        encode_lines(&mut out, &counts.lines);
        encode_per_line(&mut out, &counts.arms);
        encode_per_line(&mut out, &counts.statements);
        match counts.summary {
            None => out.push(0),
            Some(summary) => {
                out.push(1);
                for ratio in [summary.lines, summary.branches, summary.statements] {
                    number(&mut out, ratio.covered);
                    number(&mut out, ratio.total);
                }
            }
        }
    }
    out.extend_from_slice(END);
    out
}

/// The files of a baseline.
pub fn decode(bytes: &[u8]) -> Result<BTreeMap<String, Counts>, Corrupt> {
    let rest =
        bytes.strip_prefix(HEAD).ok_or(Corrupt("it does not begin with `mta-coverage 1`"))?;
    let mut input = Input(rest);
    let count = input.number()?;
    let mut files = BTreeMap::new();
    for _ in 0..count {
        let length = usize::try_from(input.number()?).map_err(|_| CUT)?;
        let path =
            std::str::from_utf8(input.take(length)?).map_err(|_| Corrupt("a path is not UTF-8"))?;
        let counts = Counts {
            lines: input.lines()?,
            arms: input.per_line()?,
            statements: input.per_line()?,
            summary: input.summary()?,
        };
        if files.insert(path.to_owned(), counts).is_some() {
            return Err(Corrupt("a path occurs twice"));
        }
    }
    if input.0 == END { Ok(files) } else { Err(CUT) }
}

const CUT: Corrupt = Corrupt("it breaks off, or goes on after its end");

fn encode_lines(out: &mut Vec<u8>, lines: &Lines) {
    number(out, lines.blocks().len() as u64);
    let mut before = 0;
    for block in lines.blocks() {
        number(out, u64::from(block.index - before));
        before = block.index;
        out.extend_from_slice(&block.executable.to_le_bytes());
        out.extend_from_slice(&block.covered.to_le_bytes());
    }
}

fn encode_per_line(out: &mut Vec<u8>, list: &PerLine) {
    number(out, list.entries().len() as u64);
    let mut before = 0;
    for (line, pair) in list.entries() {
        number(out, u64::from(line - before));
        before = *line;
        number(out, pair.covered.into());
        number(out, pair.total.into());
    }
}

/// Seven bits a byte, the lowest first.
fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Corrupt> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn word(&mut self) -> Result<u64, Corrupt> {
        let bytes = self.take(8)?.try_into().map_err(|_| CUT)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn number(&mut self) -> Result<u64, Corrupt> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Corrupt("a number has no end"))
    }

    fn small(&mut self) -> Result<u32, Corrupt> {
        u32::try_from(self.number()?).map_err(|_| Corrupt("a number is too large"))
    }

    fn lines(&mut self) -> Result<Lines, Corrupt> {
        let (mut blocks, mut index) = (Vec::new(), 0_u32);
        for _ in 0..self.number()? {
            index = index.checked_add(self.small()?).ok_or(Corrupt("a line is too far down"))?;
            blocks.push(Block { index, executable: self.word()?, covered: self.word()? });
        }
        Lines::from_blocks(blocks).ok_or(Corrupt("its lines are in disorder"))
    }

    fn per_line(&mut self) -> Result<PerLine, Corrupt> {
        let (mut list, mut line) = (Vec::new(), 0_u32);
        for _ in 0..self.number()? {
            line = line.checked_add(self.small()?).ok_or(Corrupt("a line is too far down"))?;
            list.push((line, Pair { covered: self.small()?, total: self.small()? }));
        }
        PerLine::from_sorted(list).ok_or(Corrupt("its branches are in disorder"))
    }

    fn summary(&mut self) -> Result<Option<Summary>, Corrupt> {
        if self.take(1)?[0] == 0 {
            return Ok(None);
        }
        let lines = self.ratio()?;
        let branches = self.ratio()?;
        Ok(Some(Summary { lines, branches, statements: self.ratio()? }))
    }

    fn ratio(&mut self) -> Result<Ratio, Corrupt> {
        let ratio = Ratio::new(self.number()?, self.number()?);
        if ratio.covered > ratio.total { Err(Corrupt("a count is impossible")) } else { Ok(ratio) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files() -> impl Strategy<Value = BTreeMap<String, Counts>> {
        let lines = proptest::collection::vec((any::<u32>(), any::<bool>()), 0..30);
        let marks = || proptest::collection::vec((any::<u32>(), any::<bool>(), 1_u32..9), 0..9);
        let ratio =
            || (0_u64..50, 50_u64..99).prop_map(|(covered, total)| Ratio::new(covered, total));
        let summary = (ratio(), ratio(), ratio())
            .prop_map(|(lines, branches, statements)| Summary { lines, branches, statements });
        let counts = (lines, marks(), marks(), proptest::option::of(summary)).prop_map(
            |(lines, arms, statements, summary)| Counts {
                lines: lines.into_iter().collect(),
                arms: PerLine::from_marks(arms),
                statements: PerLine::from_marks(statements),
                summary,
            },
        );
        proptest::collection::btree_map(".{0,12}", counts, 0..5)
    }

    #[test]
    fn a_million_lines_take_a_quarter_of_a_megabyte() {
        let lines: Lines = (1..=1_000_000).map(|line| (line, line % 3 == 0)).collect();
        let files = BTreeMap::from([("a.py".to_owned(), Counts { lines, ..Counts::default() })]);
        assert!(encode(&files).len() < 270_000);
    }

    #[test]
    fn what_is_no_baseline_is_refused() {
        for bytes in [
            &b""[..],
            b"mta-coverage 2\n\0end\n",
            b"mta-coverage 1\n",
            b"mta-coverage 1\n\0",
            b"mta-coverage 1\n\0end\n\0",
        ] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
        assert_eq!(decode(b"mta-coverage 1\n\0end\n"), Ok(BTreeMap::new()));
        // A count of 2^63 files costs nothing.
        let mut huge = HEAD.to_vec();
        number(&mut huge, 1 << 63);
        assert_eq!(decode(&huge), Err(CUT));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn bytes_and_back(files in files()) {
            prop_assert_eq!(decode(&encode(&files)), Ok(files));
        }

        #[test]
        fn half_a_baseline_is_never_a_whole_one(files in files(), part in 0.0_f64..1.0) {
            let whole = encode(&files);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a sample")]
            let length = (whole.len() as f64 * part) as usize;
            prop_assert!(decode(&whole[..length.min(whole.len() - 1)]).is_err());
        }

        #[test]
        fn foreign_bytes_are_refused_in_peace(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut all = HEAD.to_vec();
            all.extend(bytes);
            let _ = decode(&all);
        }
    }
}
