//! What is judged of a file: its lines, and arms and statements counted by line. The same form for today's reports and
//! for the baseline, so that the two are compared like with like.

use std::collections::BTreeMap;

use crate::domain::coverage::gate::Metric;
use crate::domain::coverage::lines::{Lines, Range};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Measured, Summary};

/// So many of so many at each line, sorted by line, each line once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerLine(Vec<(u32, Pair)>);

/// A ratio at one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// How many are covered; at most `total`.
    pub covered: u32,
    /// How many there are.
    pub total: u32,
}

impl PerLine {
    /// From (line, covered, weight) entries in any order.
    pub fn from_marks(marks: impl IntoIterator<Item = (u32, bool, u32)>) -> Self {
        let mut list: Vec<(u32, Pair)> = marks
            .into_iter()
            .map(|(line, covered, weight)| {
                (line, Pair { covered: if covered { weight } else { 0 }, total: weight })
            })
            .collect();
        list.sort_unstable_by_key(|(line, _)| *line);
        list.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1.covered = kept.1.covered.saturating_add(next.1.covered);
                kept.1.total = kept.1.total.saturating_add(next.1.total);
            }
            same
        });
        Self(list)
    }

    /// From pairs that are sorted by line already; `None` if they are not, or a pair is impossible.
    pub fn from_sorted(list: Vec<(u32, Pair)>) -> Option<Self> {
        let sorted = list.windows(2).all(|two| two[0].0 < two[1].0);
        let sane = list.iter().all(|(_, pair)| pair.covered <= pair.total);
        (sorted && sane).then_some(Self(list))
    }

    /// The entries, by line.
    pub fn entries(&self) -> &[(u32, Pair)] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, or those of lines to keep.
    fn sum(&self, keep: impl Fn(u32) -> bool) -> Ratio {
        let kept = self.0.iter().filter(|(line, _)| keep(*line));
        kept.fold(Ratio::default(), |sum, (_, pair)| {
            sum.plus(Ratio::new(pair.covered.into(), pair.total.into()))
        })
    }
}

/// What is judged of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Its lines.
    pub lines: Lines,
    /// Its arms, at the lines that branch.
    pub arms: PerLine,
    /// Its statements, at the lines where they begin.
    pub statements: PerLine,
    /// Counts that name no lines; they count where `lines` is empty.
    pub summary: Option<Summary>,
}

impl Counts {
    /// The judged form of what was measured.
    pub fn of(measured: Measured) -> Self {
        Self {
            arms: PerLine::from_marks(measured.arms.iter().map(|(line, taken)| (line, taken, 1))),
            statements: PerLine::from_marks(measured.statements.iter()),
            lines: measured.lines,
            summary: measured.summary,
        }
    }

    /// Whether it names lines: without them neither patch nor regression can be judged.
    pub fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// The whole file by a metric.
    pub fn ratio(&self, metric: Metric) -> Ratio {
        match self.summary {
            Some(summary) if !self.has_lines() => match metric {
                Metric::Line => summary.lines,
                Metric::Branch => summary.branches,
                Metric::LineAndBranch => summary.lines.plus(summary.branches),
                Metric::Statement => summary.statements,
            },
            _ => match metric {
                Metric::Line => self.lines.ratio(),
                Metric::Branch => self.arms.sum(|_| true),
                Metric::LineAndBranch => self.lines.ratio().plus(self.arms.sum(|_| true)),
                Metric::Statement => self.statements.sum(|_| true),
            },
        }
    }

    /// The lines to keep, by a metric.
    pub fn kept(&self, metric: Metric, keep: impl Fn(u32) -> bool) -> Ratio {
        let lines = || {
            let kept = self.lines.iter().filter(|(line, _)| keep(*line));
            kept.fold(Ratio::default(), |sum, (_, covered)| sum.plus(Ratio::new(covered.into(), 1)))
        };
        match metric {
            Metric::Line => lines(),
            Metric::Branch => self.arms.sum(&keep),
            Metric::LineAndBranch => lines().plus(self.arms.sum(&keep)),
            Metric::Statement => self.statements.sum(&keep),
        }
    }

    /// The lines within ranges, by a metric.
    pub fn within(&self, metric: Metric, ranges: &[Range]) -> Ratio {
        self.kept(metric, |line| {
            ranges.iter().any(|range| (range.first..=range.last).contains(&line))
        })
    }
}

/// Whether any file holds what a metric counts.
pub fn carry(counts: &BTreeMap<String, Counts>, metric: Metric) -> bool {
    let metric = if metric == Metric::LineAndBranch { Metric::Branch } else { metric };
    counts.values().any(|file| file.ratio(metric).total > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Counts {
        Counts {
            lines: [(1, true), (2, false), (3, true)].into_iter().collect(),
            arms: PerLine::from_marks([(2, true, 1), (2, false, 1), (3, true, 1)]),
            statements: PerLine::from_marks([(1, true, 4), (2, false, 2)]),
            summary: None,
        }
    }

    #[test]
    fn each_metric_counts_its_own() {
        let counts = counts();
        for (metric, whole, second) in [
            (Metric::Line, (2, 3), (0, 1)),
            (Metric::Branch, (2, 3), (1, 2)),
            (Metric::LineAndBranch, (4, 6), (1, 3)),
            (Metric::Statement, (4, 6), (0, 2)),
        ] {
            assert_eq!(counts.ratio(metric), Ratio::new(whole.0, whole.1), "{metric:?}");
            let range = [Range { first: 2, last: 2 }];
            assert_eq!(counts.within(metric, &range), Ratio::new(second.0, second.1), "{metric:?}");
        }
    }

    #[test]
    fn a_summary_counts_only_where_no_line_is_named() {
        let summary = Summary { lines: Ratio::new(1, 9), ..Summary::default() };
        let mut both = counts();
        both.summary = Some(summary);
        assert_eq!(both.ratio(Metric::Line), Ratio::new(2, 3));
        let alone = Counts { summary: Some(summary), ..Counts::default() };
        assert_eq!(alone.ratio(Metric::Line), Ratio::new(1, 9));
    }

    #[test]
    fn only_sorted_and_possible_pairs_are_taken() {
        let pair = |covered, total| Pair { covered, total };
        assert!(PerLine::from_sorted(vec![(1, pair(1, 2)), (4, pair(0, 1))]).is_some());
        assert!(PerLine::from_sorted(vec![(4, pair(1, 2)), (1, pair(0, 1))]).is_none());
        assert!(PerLine::from_sorted(vec![(1, pair(1, 2)), (1, pair(0, 1))]).is_none());
        assert!(PerLine::from_sorted(vec![(1, pair(3, 2))]).is_none());
    }
}
