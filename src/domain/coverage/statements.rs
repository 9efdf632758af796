//! Statements: what Go, Istanbul, Clover and coverage.py count besides lines. A statement has a place and a weight.
//!
//! A change of a later line of a statement is a change of it. Formats that count all lines of a statement need no help
//! there: Go's blocks, LLVM's regions, `OpenCover`'s points. Istanbul counts the first line only and says where the
//! statement ends, so such a line is traced to it here. LCOV, Cobertura, `JaCoCo`, Clover and gcov name no end: what lies
//! between two of their lines cannot be told, and owes nothing (but in Python, whose text says it).

use std::collections::BTreeMap;

use crate::domain::coverage::lines::Range;
use crate::domain::coverage::python::Continuation;
use crate::domain::coverage::ratio::Ratio;

/// Where a statement begins and ends; the columns and the end are 0 where a format does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First line, from 1.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Last column.
    pub end_column: u32,
}

/// The statements of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements(BTreeMap<Span, Weighted>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weighted {
    weight: u32,
    covered: bool,
}

impl Statements {
    /// Adds a block of `weight` statements (one, except in Go). Named twice, it is one block, covered if it ever was.
    pub fn mark(&mut self, span: Span, weight: u32, covered: bool) {
        let statement = self.0.entry(span).or_default();
        statement.weight = statement.weight.max(weight);
        statement.covered |= covered;
    }

    /// Adds the statements of another report.
    pub fn merge(&mut self, other: &Self) {
        for (span, statement) in &other.0 {
            self.mark(*span, statement.weight, statement.covered);
        }
    }

    /// Of lines within sorted ranges, those that lie in a statement which began above them, with the line where the
    /// innermost one began. Statements without an end are none.
    pub fn continuations(&self, ranges: &[Range]) -> Vec<Continuation> {
        let mut long = self.0.keys().filter(|span| span.end_line > span.line).peekable();
        let mut open: Vec<&Span> = Vec::new();
        let mut found = Vec::new();
        for line in ranges.iter().flat_map(|range| range.first..=range.last) {
            while let Some(span) = long.next_if(|span| span.line < line) {
                open.push(span);
            }
            while open.last().is_some_and(|span| span.end_line < line) {
                open.pop();
            }
            let first = open.last().map(|span| span.line);
            found.extend(first.map(|first| Continuation { line, first, is_told: true }));
        }
        found
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each block as (line where it begins, whether it is covered, weight).
    pub fn iter(&self) -> impl Iterator<Item = (u32, bool, u32)> + '_ {
        self.0.iter().map(|(span, statement)| (span.line, statement.covered, statement.weight))
    }

    /// How many are covered, of how many.
    pub fn ratio(&self) -> Ratio {
        self.0.values().fold(Ratio::default(), |sum, statement| {
            let weight = u64::from(statement.weight);
            sum.plus(Ratio::new(if statement.covered { weight } else { 0 }, weight))
        })
    }
}

/// Whether a line within a statement holds more than brackets and a comment, in languages that look like C. A line that
/// begins with `*` is taken for one of a comment.
pub fn says_something(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_comment = line.starts_with(b"//") || line.starts_with(b"/*") || line.starts_with(b"*");
    !is_comment && line.iter().any(|byte| !b"()[]{}<>,; \t".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_belong_to_the_innermost_statement() {
        let mut statements = Statements::default();
        for (line, end_line) in [(1, 9), (2, 4), (6, 6), (7, 8), (12, 0), (20, 4_000_000_000)] {
            statements.mark(Span { line, column: 1, end_line, end_column: 1 }, 1, true);
        }
        let of = |first, last| {
            let all = statements.continuations(&[Range { first, last }]);
            all.into_iter().map(|one| (one.line, one.first)).collect::<Vec<_>>()
        };
        assert_eq!(of(1, 5), [(2, 1), (3, 2), (4, 2), (5, 1)]);
        assert_eq!(of(6, 13), [(6, 1), (7, 1), (8, 7), (9, 1)]);
        assert_eq!(of(5_000, 5_000), [(5_000, 20)]);
    }

    #[test]
    fn brackets_and_comments_say_nothing() {
        for line in ["", "  });", "// x", " * x", "/* x */", "},"] {
            assert!(!says_something(line.as_bytes()), "{line}");
        }
        for line in ["a,", "} else {", "  price: 2, // x", "'x'", ".then(", "&& b"] {
            assert!(says_something(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_block_named_twice_is_one() {
        let span = Span { line: 3, column: 1, end_line: 5, end_column: 2 };
        let mut one = Statements::default();
        one.mark(span, 4, false);
        let mut two = one.clone();
        two.mark(span, 4, true);
        two.mark(Span { line: 9, ..span }, 1, false);
        one.merge(&two);
        assert_eq!(one, two);
        assert_eq!(one.ratio(), Ratio::new(4, 5));
    }
}
