//! The verdict: checks, each with what it measured and what it asked for.

use crate::domain::coverage::lines::Range;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::Format;
use crate::domain::input::Percent;

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// Executable lines.
    #[default]
    Line,
    /// Arms of branches.
    Branch,
    /// Lines and arms together: the TOTAL of `coverage report --branch`.
    LineAndBranch,
    /// Statements.
    Statement,
}

impl Metric {
    /// What is counted of changed lines. A line without a branch, or in the middle of a statement, would not count by
    /// those metrics, and a change of such lines would owe nothing: so lines always count.
    #[must_use]
    pub const fn of_changes(self) -> Self {
        match self {
            Self::Line | Self::Statement => Self::Line,
            Self::Branch | Self::LineAndBranch => Self::LineAndBranch,
        }
    }
}

/// May the change pass?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every check passed or only warned.
    Pass,
    /// A check failed.
    Fail,
    /// It could not be judged, which is never a pass.
    Error,
}

impl Verdict {
    /// The word in the output `verdict`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// Why nothing can be judged: a sentence. Never a pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unjudgeable {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As asked.
    Passed,
    /// Not as asked, but told only.
    Warned,
    /// Not as asked.
    Failed,
    /// There was nothing to judge, or it was not asked for; the note says which.
    Skipped,
}

/// What a check looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// All files.
    Total,
    /// The changed lines.
    Patch,
    /// Changed files that could hold code and that no report mentions.
    Unmeasured,
    /// All files against the baseline as it is.
    RegressionTotal,
    /// All files against the baseline without the lines that the change deletes.
    RegressionAdjusted,
    /// Lines that the change did not touch, covered before and not now.
    Indirect,
    /// Files of the baseline that no report mentions any more.
    LostFiles,
    /// One file, by its path.
    File(String),
    /// A group of files, by its name.
    Group(String),
    /// New ways round the gate.
    Exclusions,
    /// Whether there is a baseline to compare with.
    Baseline,
}

/// What a check asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// A share of at least so much.
    AtLeast(Percent),
    /// A share not below the base's by more than a tolerance, in percentage points.
    NotBelow {
        /// The share to hold.
        base: Ratio,
        /// How much it may fall.
        tolerance: Percent,
    },
    /// At most so many.
    AtMost(u64),
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it looks at.
    pub subject: Subject,
    /// How it came out.
    pub state: State,
    /// The share that it measured.
    pub measured: Option<Ratio>,
    /// How many it counted, where it counts (indirect losses, unmeasured files, new exclusions).
    pub count: Option<u64>,
    /// What it asks for.
    pub required: Option<Required>,
    /// A sentence on it where the numbers do not say all: why it was skipped, what could not be judged.
    pub note: String,
}

/// Lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRanges {
    /// The file, relative to the repository.
    pub path: String,
    /// Its lines, from top to bottom.
    pub ranges: Vec<Marked>,
}

/// A range and how many lines in it are meant: between them may be lines that cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// From where to where.
    pub range: Range,
    /// How many lines of it are meant.
    pub lines: u32,
}

impl Marked {
    /// The ranges of uncovered lines among executable ones in order; a covered line ends a range.
    pub fn uncovered(lines: impl IntoIterator<Item = (u32, bool)>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut open = false;
        for (line, covered) in lines {
            match (covered, all.last_mut()) {
                (true, _) => open = false,
                (false, Some(marked)) if open => {
                    marked.range.last = line;
                    marked.lines += 1;
                }
                (false, _) => {
                    all.push(Self { range: Range { first: line, last: line }, lines: 1 });
                    open = true;
                }
            }
        }
        all
    }
}

/// The changed lines of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchFile {
    /// The file, relative to the repository.
    pub path: String,
    /// The changed lines, by the metric; nothing of nothing where none can run.
    pub ratio: Ratio,
    /// The whole file, by the metric.
    pub whole: Ratio,
    /// The changed lines that are executable and not covered.
    pub uncovered: Vec<Marked>,
}

/// The changed lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// All of them together.
    pub ratio: Ratio,
    /// The changed files that reports mention, in path order.
    pub files: Vec<PatchFile>,
    /// The changed files that could hold code and that no report mentions.
    pub unmeasured: Vec<String>,
    /// The commit or branch that it was compared with, and what it is: "the first parent of the merge commit 1a2b3c4".
    pub base: String,
}

/// Against the baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regression {
    /// The baseline as it was stored.
    pub base: Ratio,
    /// The baseline without what the change deletes.
    pub adjusted: Ratio,
    /// Today's share of what can be compared: all of it, unless the report's scope changed.
    pub compared: Ratio,
    /// Lines that were not touched, covered before and not now, by the path of today.
    pub indirect: Vec<FileRanges>,
    /// The commit that the baseline measured.
    pub commit: String,
    /// How many commits that is before the base of the change.
    pub older_by: u32,
    /// In how many files that the change did not touch other lines count as executable than before: then the report's
    /// scope changed (another version of a tool, another list of omitted files), and not the tests.
    pub rescoped: Vec<String>,
    /// Files that were in the baseline and are in no report any more, though the repository still has them.
    pub dropped: Vec<String>,
    /// How many lines they had there.
    pub dropped_lines: u64,
}

/// A way round the gate that the change adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// What it is: "`pragma: no cover`", "`fail_under` lowered from 80 to 60".
    pub what: String,
}

/// A report that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file as it was named.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// How many files it mentions.
    pub files: u64,
    /// Its lines, before anything is mapped or left out.
    pub ratio: Ratio,
}

/// How names in reports became files of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// One prefix for each root.
    pub prefixes: Vec<Prefix>,
    /// Names that are no file of the repository; they count nowhere.
    pub unmapped: Vec<String>,
}

/// A prefix of names in reports and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    /// As the report has it: `/app/`, or empty for relative names.
    pub from: String,
    /// In the repository: empty for its top, else `frontend/`. [`Prefix::NOWHERE`] for what `path-map` leaves out.
    pub to: String,
    /// How many files it maps.
    pub files: u64,
}

impl Prefix {
    /// What stands for no folder of the repository.
    pub const NOWHERE: &str = "-";
}

/// A file of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTotal {
    /// The file, relative to the repository; as the report names it where nothing could be mapped.
    pub path: String,
    /// Its share, by the metric.
    pub ratio: Ratio,
    /// The first of its lines that are executable and not covered: [`FileTotal::FIRST`] ranges at most, because a large
    /// project has millions.
    pub uncovered: Vec<Marked>,
    /// How many ranges there are.
    pub ranges: usize,
}

impl FileTotal {
    /// How many ranges of a file are shown to people.
    pub const FIRST: usize = 12;
}

/// Everything that is known at the end, for the reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// What was counted.
    pub metric: Metric,
    /// All files together.
    pub total: Ratio,
    /// The other metrics that the reports carry.
    pub others: Vec<(Metric, Ratio)>,
    /// The checks, in the order of [`Subject`].
    pub checks: Vec<Check>,
    /// All files, in path order.
    pub files: Vec<FileTotal>,
    /// The changed lines, if the change is known.
    pub patch: Option<Patch>,
    /// Against the baseline, if there is one.
    pub regression: Option<Regression>,
    /// New ways round the gate.
    pub exclusions: Vec<Exclusion>,
    /// How names became files.
    pub mapping: Mapping,
    /// What was read.
    pub sources: Vec<Source>,
    /// What is odd, in whole sentences.
    pub warnings: Vec<String>,
    /// Where the least work brings the most: files by uncovered lines (changed ones where the patch is short), at most
    /// three, and how many lines each could give.
    pub payers: Vec<(String, u64)>,
}

impl Assessment {
    /// What a check counts.
    pub fn metric_of(&self, subject: &Subject) -> Metric {
        if *subject == Subject::Patch { self.metric.of_changes() } else { self.metric }
    }

    /// Fails if one check failed.
    pub fn verdict(&self) -> Verdict {
        let failed = self.checks.iter().any(|check| check.state == State::Failed);
        if failed { Verdict::Fail } else { Verdict::Pass }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_over_lines_that_cannot_run_and_end_at_covered_ones() {
        let lines = [(1, false), (4, false), (5, true), (9, false), (200, false)];
        let ranges: Vec<_> = Marked::uncovered(lines)
            .iter()
            .map(|m| (m.range.first, m.range.last, m.lines))
            .collect();
        assert_eq!(ranges, [(1, 4, 2), (9, 200, 2)]);
        assert_eq!(Marked::uncovered([]), []);
    }

    #[test]
    fn one_failed_check_is_enough() {
        let check = |state| Check {
            subject: Subject::Total,
            state,
            measured: None,
            count: None,
            required: None,
            note: String::new(),
        };
        let verdict = |states: &[State]| {
            Assessment {
                checks: states.iter().map(|state| check(*state)).collect(),
                ..Assessment::default()
            }
            .verdict()
        };
        assert_eq!(verdict(&[State::Passed, State::Warned, State::Skipped]), Verdict::Pass);
        assert_eq!(verdict(&[State::Passed, State::Failed]), Verdict::Fail);
    }
}
