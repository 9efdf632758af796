//! What a coverage report says, whatever its format.

use std::collections::BTreeMap;

use crate::domain::coverage::arms::Arms;
use crate::domain::coverage::lines::Lines;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::statements::Statements;

/// The formats that are read. Recognised by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Cobertura XML: coverage.py, gcovr, coverlet, `PHPUnit`, ...
    Cobertura,
    /// LCOV 1 and 2.
    Lcov,
    /// `JaCoCo` XML.
    Jacoco,
    /// Clover XML.
    Clover,
    /// `OpenCover` XML.
    OpenCover,
    /// `coverage json`.
    CoveragePyJson,
    /// `go test -coverprofile`.
    Go,
    /// Istanbul's `coverage-final.json`.
    Istanbul,
    /// Istanbul's `coverage-summary.json`.
    IstanbulSummary,
    /// `SimpleCov`'s `.resultset.json`.
    SimpleCovResultset,
    /// `SimpleCov`'s `coverage.json`.
    SimpleCov,
    /// `llvm-cov export`.
    Llvm,
    /// `gcov`'s annotated text.
    GcovText,
    /// `gcov --json-format`.
    GcovJson,
}

impl Format {
    /// The name that people use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cobertura => "Cobertura XML",
            Self::Lcov => "LCOV",
            Self::Jacoco => "JaCoCo XML",
            Self::Clover => "Clover XML",
            Self::OpenCover => "OpenCover XML",
            Self::CoveragePyJson => "coverage.py JSON",
            Self::Go => "Go cover profile",
            Self::Istanbul => "Istanbul JSON",
            Self::IstanbulSummary => "Istanbul JSON summary",
            Self::SimpleCovResultset => "SimpleCov result set",
            Self::SimpleCov => "SimpleCov JSON",
            Self::Llvm => "llvm-cov JSON",
            Self::GcovText => "gcov text",
            Self::GcovJson => "gcov JSON",
        }
    }
}

/// How much of a report is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Keep how often each line was hit: for the HTML report. It costs 16 bytes a line.
    pub hits: bool,
}

/// One report, as read.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its format.
    pub format: Format,
    /// The folders that it names as roots of its files (`<source>`), trimmed, in order, each once.
    pub roots: Vec<String>,
    /// Its files by the name that it uses, with `\` turned into `/`; where a format knows modules (`JaCoCo` groups), the
    /// key is `group/package/file`. An empty name is left out with a warning.
    pub files: BTreeMap<String, Measured>,
    /// What is odd about it, in whole sentences without the report's name: totals in attributes that its lines do not
    /// add up to, entries that were left out.
    pub warnings: Vec<String>,
}

impl Report {
    /// An empty report.
    pub fn new(format: Format) -> Self {
        Self { format, roots: Vec::new(), files: BTreeMap::new(), warnings: Vec::new() }
    }
}

/// What was measured of one file.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Its lines.
    pub lines: Lines,
    /// Its branches; settled.
    pub arms: Arms,
    /// Its statements.
    pub statements: Statements,
    /// Counts without lines, where the report has nothing else (`LF`/`LH`, JSON summary).
    pub summary: Option<Summary>,
    /// Line and how often it was hit, sorted, if asked for by [`Detail::hits`].
    pub hits: Vec<(u32, u64)>,
}

/// Counts of a file whose report does not say which lines they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its lines.
    pub lines: Ratio,
    /// Its branches.
    pub branches: Ratio,
    /// Its statements.
    pub statements: Ratio,
}

impl Measured {
    /// Adds what another report, or another record of the same one, says of the same file. Counts without lines cannot
    /// be joined: the lower ones count, because the gate never guesses in favour of a change.
    pub fn merge(&mut self, other: &Self) {
        self.lines.merge(&other.lines);
        self.arms.merge(&other.arms);
        self.statements.merge(&other.statements);
        self.summary = match (self.summary, other.summary) {
            (Some(one), Some(two)) => Some(one.lower(two)),
            (one, two) => one.or(two),
        };
        if !other.hits.is_empty() {
            self.hits.extend_from_slice(&other.hits);
            sum_hits(&mut self.hits);
        }
    }

    /// Whether it names at least one line.
    pub fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Covered lines of executable ones.
    pub fn line_ratio(&self) -> Ratio {
        self.of(&self.lines.ratio(), |summary| summary.lines)
    }

    /// Taken arms of all.
    pub fn branch_ratio(&self) -> Ratio {
        self.of(&self.arms.ratio(), |summary| summary.branches)
    }

    /// Covered statements of all.
    pub fn statement_ratio(&self) -> Ratio {
        self.of(&self.statements.ratio(), |summary| summary.statements)
    }

    /// What was counted here, or the summary's where nothing names a line.
    fn of(&self, counted: &Ratio, summary: impl Fn(&Summary) -> Ratio) -> Ratio {
        match &self.summary {
            Some(known) if !self.has_lines() => summary(known),
            _ => *counted,
        }
    }
}

impl Summary {
    fn lower(self, other: Self) -> Self {
        let lower = |one: Ratio, two: Ratio| {
            Ratio::new(one.covered.min(two.covered), one.total.max(two.total))
        };
        Self {
            lines: lower(self.lines, other.lines),
            branches: lower(self.branches, other.branches),
            statements: lower(self.statements, other.statements),
        }
    }
}

/// Sorts by line and adds up the hits of the same line, without overflow.
pub fn sum_hits(hits: &mut Vec<(u32, u64)>) {
    hits.sort_unstable_by_key(|(line, _)| *line);
    hits.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
}

/// Why a report cannot be read: it never counts as one with less in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct Unreadable {
    /// Line of the report, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// What is wrong, in lower case: "the file ends inside `<class>`".
    pub what: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_without_lines_join_to_the_lower_ones_and_lines_win() {
        let summary = |covered, total| Measured {
            summary: Some(Summary { lines: Ratio::new(covered, total), ..Summary::default() }),
            ..Measured::default()
        };
        let mut one = summary(5, 10);
        one.merge(&summary(7, 8));
        assert_eq!(one.line_ratio(), Ratio::new(5, 10));
        one.merge(&Measured { lines: [(1, true)].into_iter().collect(), ..Measured::default() });
        assert_eq!(one.line_ratio(), Ratio::new(1, 1));
    }

    #[test]
    fn hits_of_two_shards_add_up_without_overflow() {
        let mut hits = vec![(2, u64::MAX), (1, 1), (2, 3)];
        sum_hits(&mut hits);
        assert_eq!(hits, [(1, 1), (2, u64::MAX)]);
    }
}
