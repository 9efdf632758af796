//! Statements: what Go, Istanbul, Clover and coverage.py count besides lines. A statement has a place and a weight.

use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;

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
