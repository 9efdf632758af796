//! A report in the making: what the parsers of all formats but LCOV have in common.

use std::collections::btree_map::Entry;

use crate::domain::coverage::lines::Range;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report, sum_hits};
use crate::domain::coverage::statements::Span;

/// The longest range that is taken as one statement, in lines.
const LONGEST: u32 = 1_000_000;

/// The most lines that all ranges of a report may have together: a report of a few bytes must not cost gigabytes.
const MOST_LINES: u64 = 50_000_000;

/// The same where hits are kept: each takes 16 bytes, and a line in several ranges has several until they are summed.
const MOST_LINES_WITH_HITS: u64 = 10_000_000;

/// The most arms that a line may have: more than a class file can hold in a method.
const MOST_ARMS: u64 = 65_536;

/// The most arms without names that a report may have.
const MOST_COUNTED: u64 = 20_000_000;

/// A report to which files and lines are added: to the file that is open, where a format goes through its files in
/// order, or as whole files, where their names may come last.
#[derive(Debug)]
pub struct Draft {
    report: Report,
    detail: Detail,
    open: Option<(String, Measured)>,
    ranged: u64,
    counted: u64,
    unnamed: u64,
    unplaced: u64,
}

impl Draft {
    /// An empty report.
    pub fn new(format: Format, detail: Detail) -> Self {
        let report = Report::new(format);
        Self { report, detail, open: None, ranged: 0, counted: 0, unnamed: 0, unplaced: 0 }
    }

    /// Goes to a file: what follows belongs to it. A file that was there before goes on.
    pub fn open(&mut self, name: &str) {
        self.close();
        let Some(name) = self.name(name) else { return };
        let measured = self.report.files.remove(&name).unwrap_or_default();
        self.open = Some((name, measured));
    }

    /// A name as all formats have it; `None` if there is none, which is counted.
    fn name(&mut self, name: &str) -> Option<String> {
        let name = name.trim().replace('\\', "/");
        self.unnamed += u64::from(name.is_empty());
        (!name.is_empty()).then_some(name)
    }

    /// An empty file for [`Self::add`].
    pub fn file_draft(&self) -> FileDraft {
        FileDraft::new(self.detail)
    }

    /// Adds a whole file. One that is there already is merged.
    pub fn add(&mut self, name: &str, file: FileDraft) {
        self.unplaced += file.unplaced;
        let Some(name) = self.name(name) else { return };
        let mut measured = file.measured;
        if !self.detail.hits {
            measured.hits = Vec::new();
        }
        settle(&mut measured);
        match self.report.files.entry(name) {
            Entry::Vacant(place) => {
                place.insert(measured);
            }
            Entry::Occupied(mut place) => place.get_mut().merge(&measured),
        }
    }

    /// Adds a folder from which names of files start.
    pub fn root(&mut self, folder: &str) {
        let folder = folder.trim();
        if !folder.is_empty() && !self.report.roots.iter().any(|known| known == folder) {
            self.report.roots.push(folder.to_owned());
        }
    }

    /// Leaves the file.
    pub fn close(&mut self) {
        if let Some((name, measured)) = self.open.take() {
            self.report.files.insert(name, measured);
        }
    }

    /// The file that is open; `None` between files and in one without a name, whose lines are left out.
    pub fn file(&mut self) -> Option<&mut Measured> {
        self.open.as_mut().map(|(_, measured)| measured)
    }

    /// Adds an executable line and how often it was hit. Tools write line 0 for code that has no line.
    #[inline]
    pub fn line(&mut self, line: u32, hits: u64) {
        let keep = self.detail.hits;
        if let Some(file) = self.file().filter(|_| line > 0) {
            file.lines.mark(line, hits > 0);
            if keep {
                file.hits.push((line, hits));
            }
        }
    }

    /// Adds all lines of a range.
    pub fn range(&mut self, range: Range, hits: u64) -> Result<(), String> {
        let Range { first, last } = range;
        if last < first || last - first >= LONGEST {
            return Err(format!("lines {first} to {last} are no range of code"));
        }
        self.ranged += u64::from(last - first) + 1;
        let most = if self.detail.hits { MOST_LINES_WITH_HITS } else { MOST_LINES };
        if self.ranged > most {
            return Err(format!("its ranges have more than {most} lines"));
        }
        if self.open.is_some() {
            (first..=last).for_each(|line| self.line(line, hits));
        }
        Ok(())
    }

    /// Adds `taken` of `total` arms without names to a line.
    pub fn arms(&mut self, line: u32, taken: u64, total: u64) -> Result<(), String> {
        self.counted = self.counted.saturating_add(total);
        if total > MOST_ARMS || self.counted > MOST_COUNTED {
            return Err(format!("line {line} with {total} branches: too many"));
        }
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        if let Some(file) = self.file().filter(|_| line > 0) {
            file.arms.mark_counted(line, count(taken), count(total));
        }
        Ok(())
    }

    /// Adds a warning.
    pub fn warn(&mut self, sentence: String) {
        self.report.warnings.push(sentence);
    }

    /// The report. `stated` is what it says of itself, to be compared with what was counted.
    pub fn finish(mut self, stated: &[Stated]) -> Report {
        self.close();
        let mut report = self.report;
        report.files.values_mut().for_each(settle);
        for (count, what) in [(self.unnamed, "a file name"), (self.unplaced, "a line")] {
            if count > 0 {
                report.warnings.push(format!("{count} entries without {what} were left out."));
            }
        }
        let has_lines = report.files.values().any(Measured::has_lines);
        let parts = if has_lines { "lines" } else { "files" };
        for Stated { what, ratio, of } in stated {
            let sum = report.files.values().fold(Ratio::default(), |sum, file| sum.plus(of(file)));
            if sum != *ratio {
                report.warnings.push(format!(
                    "Its totals say {} of {} {what}, its {parts} {} of {}: the {parts} count.",
                    ratio.covered, ratio.total, sum.covered, sum.total
                ));
            }
        }
        report
    }
}

fn settle(file: &mut Measured) {
    file.arms.settle();
    sum_hits(&mut file.hits);
}

/// One file while it is being read, by itself.
#[derive(Debug)]
pub struct FileDraft {
    /// What is known so far.
    pub measured: Measured,
    /// How many entries had no place in the file: line 0.
    pub unplaced: u64,
    detail: Detail,
}

impl FileDraft {
    /// An empty file.
    pub fn new(detail: Detail) -> Self {
        Self { measured: Measured::default(), unplaced: 0, detail }
    }

    /// An empty file that keeps hits: for where it is not known yet whether they are wanted.
    pub fn with_hits() -> Self {
        Self::new(Detail { hits: true })
    }

    /// A line that can run, and how often it did.
    pub fn line(&mut self, line: u32, hits: u64) {
        if line == 0 {
            self.unplaced += 1;
            return;
        }
        self.measured.lines.mark(line, hits > 0);
        if self.detail.hits {
            self.measured.hits.push((line, hits));
        }
    }

    /// A way out of a line.
    pub fn arm(&mut self, line: u32, key: u32, taken: bool) {
        if line == 0 {
            self.unplaced += 1;
            return;
        }
        self.measured.arms.mark(line, key, taken);
    }

    /// A statement. One without a line is left out, and told with its line.
    pub fn statement(&mut self, span: Span, covered: bool) {
        if span.line > 0 {
            self.measured.statements.mark(span, 1, covered);
        }
    }
}

/// A total that a report states.
#[derive(Clone, Copy, Debug)]
pub struct Stated {
    /// What it counts, in the plural.
    pub what: &'static str,
    /// How many of how many.
    pub ratio: Ratio,
    /// The same of a file, counted.
    pub of: fn(&Measured) -> Ratio,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_on_where_it_was_left_and_line_0_is_none() {
        let mut draft = Draft::new(Format::Clover, Detail { hits: true });
        for (name, line, hits) in
            [("a\\b", 2, 1), ("c", 1, 0), (" a/b\n", 2, 3), ("", 7, 7), ("c", 0, 9)]
        {
            draft.open(name);
            draft.line(line, hits);
        }
        draft.close();
        draft.line(5, 5);
        let report = draft.finish(&[]);
        assert_eq!(report.files["a/b"].hits, [(2, 4)]);
        assert_eq!(report.files["c"].hits, [(1, 0)]);
        assert_eq!(report.warnings, ["1 entries without a file name were left out."]);
    }

    #[test]
    fn what_a_report_may_cost_is_bounded() {
        let mut draft = Draft::new(Format::Go, Detail::default());
        let range = Range { first: 4, last: 1_000_003 };
        assert!((0..50).all(|_| draft.range(range, 1).is_ok()));
        assert!(draft.range(range, 1).is_err());
        assert!(draft.arms(1, 0, 65_537).is_err());
        let mut draft = Draft::new(Format::Go, Detail { hits: true });
        assert!((0..10).all(|_| draft.range(range, 1).is_ok()));
        assert!(draft.range(range, 1).is_err());
        let mut draft = Draft::new(Format::Jacoco, Detail::default());
        assert!((0..305).all(|_| draft.arms(1, 1, 65_536).is_ok()));
        assert!(draft.arms(1, 1, 65_536).is_err());
        assert!(draft.arms(1, u64::MAX, u64::MAX).is_err());
    }
}
