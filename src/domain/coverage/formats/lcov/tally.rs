//! What the records of an LCOV file add up to.

use crate::domain::coverage::arms::Arms;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report, Summary, sum_hits};

use super::number::{Count, Digits};

/// A total that a record states.
#[derive(Clone, Copy, Debug)]
pub enum Total {
    /// `LF`
    Lines,
    /// `LH`
    LinesHit,
    /// `BRF`
    Branches,
    /// `BRH`
    BranchesHit,
}

/// A report in the making.
#[derive(Debug)]
pub struct Tally {
    report: Report,
    keep_hits: bool,
    place: Place,
    record: Record,
    /// What the records say that they have, of those that name lines and say so.
    stated: Ratio,
    /// What the same records have.
    counted: Ratio,
    no_line: u64,
    no_name: u64,
    no_end: u64,
    /// How many records end as they should.
    ended: u64,
    unknown: Option<(String, u64)>,
}

/// Where in the file the parser is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Between,
    /// In a record whose lines count.
    Named(String),
    /// In a record without a name.
    Nameless,
}

/// The record that is being read.
#[derive(Debug, Default)]
struct Record {
    measured: Measured,
    /// Whether a `DA` was in it, with a line or without.
    has_lines: bool,
    /// Whether a function was in it, or a line that is none.
    has_code: bool,
    lines: Option<u64>,
    lines_hit: Option<u64>,
    branches: Option<u64>,
    branches_hit: Option<u64>,
}

impl Tally {
    /// Nothing yet.
    pub fn new(detail: Detail) -> Self {
        Self {
            report: Report::new(Format::Lcov),
            keep_hits: detail.hits,
            place: Place::Between,
            record: Record::default(),
            stated: Ratio::default(),
            counted: Ratio::default(),
            no_line: 0,
            no_name: 0,
            no_end: 0,
            ended: 0,
            unknown: None,
        }
    }

    /// Whether lines count at this place: inside of a record that has a name.
    #[inline]
    pub fn is_open(&self) -> bool {
        matches!(self.place, Place::Named(_))
    }

    /// Whether the place is inside of a record.
    pub fn is_inside(&self) -> bool {
        self.place != Place::Between
    }

    /// Whether anything was there.
    pub fn any(&self) -> bool {
        self.is_inside() || !self.report.files.is_empty()
    }

    /// Begins a record.
    pub fn begin(&mut self, name: &str) {
        if self.is_inside() {
            self.no_end += 1;
            self.end();
        }
        self.place = if name.is_empty() {
            self.no_name += 1;
            Place::Nameless
        } else {
            Place::Named(name.to_owned())
        };
    }

    /// Adds a line to the record that is open.
    #[inline]
    pub fn line(&mut self, line: u32, count: &Digits) {
        self.record.has_lines = true;
        self.record.measured.lines.mark(line, count.is_some_hit());
        if self.keep_hits {
            self.record.measured.hits.push((line, count.value().into()));
        }
    }

    /// As [`Self::line`], with a count of any size.
    pub fn counted_line(&mut self, line: u32, count: Count) {
        self.record.has_lines = true;
        self.record.measured.lines.mark(line, count.hits() > 0);
        if self.keep_hits {
            self.record.measured.hits.push((line, count.hits()));
        }
    }

    /// Adds an arm to the record that is open.
    #[inline]
    pub fn arm(&mut self, line: u32, key: u32, taken: bool) {
        self.record.measured.arms.mark(line, key, taken);
    }

    /// Notes an entry whose line is none.
    pub fn no_line(&mut self) {
        self.record.has_lines = true;
        self.record.has_code = true;
        self.no_line += 1;
    }

    /// Notes a function.
    pub fn function(&mut self) {
        self.record.has_code = true;
    }

    /// Takes the end of a record.
    pub fn ended(&mut self) {
        self.ended += 1;
        self.end();
    }

    /// Whether a record was cut off: it has no end, and others have. Some tools write no ends at all.
    pub fn is_cut(&self) -> bool {
        self.ended > 0 && (self.is_inside() || self.no_end > 0)
    }

    /// Notes a record of a type that is not known.
    pub fn unknown(&mut self, name: &str) {
        let brief = || name.chars().take(40).collect();
        self.unknown.get_or_insert_with(|| (brief(), 0)).1 += 1;
    }

    /// Notes a total. Outside of a record it says nothing about a file.
    pub fn total(&mut self, total: Total, count: u64) {
        let field = match total {
            Total::Lines => &mut self.record.lines,
            Total::LinesHit => &mut self.record.lines_hit,
            Total::Branches => &mut self.record.branches,
            Total::BranchesHit => &mut self.record.branches_hit,
        };
        *field = Some(count);
    }

    /// Ends the record.
    pub fn end(&mut self) {
        let place = std::mem::replace(&mut self.place, Place::Between);
        if let Place::Named(name) = place {
            // A copy takes no more memory than it needs, and the record's own serves the next one.
            let mut measured = self.record.measured.clone();
            measured.arms.settle();
            sum_hits(&mut measured.hits);
            if self.record.has_lines {
                self.compare(&measured);
            } else {
                measured.summary = self.record.summary(&measured);
            }
            if self.record.has_code && measured.lines.is_empty() {
                // There is code, and nothing says where: the file is not measured.
                measured.summary.get_or_insert_default();
            }
            match self.report.files.get_mut(&name) {
                Some(known) => known.merge(&measured),
                None => {
                    self.report.files.insert(name, measured);
                }
            }
        }
        self.record.clear();
    }

    fn compare(&mut self, measured: &Measured) {
        if let (Some(lines), Some(hit)) = (self.record.lines, self.record.lines_hit) {
            let sum = |one: Ratio, covered: u64, total: u64| {
                let covered = one.covered.saturating_add(covered);
                Ratio { covered, total: one.total.saturating_add(total) }
            };
            let counted = measured.lines.ratio();
            self.stated = sum(self.stated, hit, lines);
            self.counted = sum(self.counted, counted.covered, counted.total);
        }
    }

    /// The report.
    pub fn finish(mut self) -> Report {
        if self.is_inside() {
            self.no_end += 1;
            self.end();
        }
        let (stated, counted) = (self.stated, self.counted);
        let mut warn = |fires: bool, sentence: String| {
            if fires {
                self.report.warnings.push(sentence);
            }
        };
        let no_end = self.no_end;
        warn(no_end > 0, format!("{no_end} records have no end_of_record: was the file cut off?"));
        let no_name = self.no_name;
        warn(no_name > 0, format!("{no_name} records without a file name were left out."));
        let no_line = self.no_line;
        warn(no_line > 0, format!("{no_line} entries without a line that can be were left out."));
        if let Some((name, count)) = self.unknown {
            warn(
                true,
                format!("{count} records of unknown types were left out, the first is {name}."),
            );
        }
        let totals = format!(
            "Its totals (LF, LH) say {} of {} lines, its lines {} of {}: the lines count.",
            stated.covered, stated.total, counted.covered, counted.total
        );
        warn(stated != counted, totals);
        self.report
    }
}

impl Record {
    /// Makes it empty for the next one.
    fn clear(&mut self) {
        let mut measured = std::mem::take(&mut self.measured);
        measured.lines.clear();
        measured.arms.clear();
        measured.hits.clear();
        *self = Self { measured, ..Self::default() };
    }

    /// The totals, if they say anything.
    fn summary(&self, measured: &Measured) -> Option<Summary> {
        let ratio = |total: Option<u64>, hit: Option<u64>| {
            let total = total.unwrap_or_default();
            Ratio::new(hit.unwrap_or_default().min(total), total)
        };
        let arms: &Arms = &measured.arms;
        let branches =
            if arms.is_empty() { ratio(self.branches, self.branches_hit) } else { arms.ratio() };
        let lines = ratio(self.lines, self.lines_hit);
        let says = lines.total > 0 || branches.total > 0;
        says.then_some(Summary { lines, branches, ..Summary::default() })
    }
}
