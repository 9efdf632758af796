//! The changed lines: which of them can run, which ran, and which changed files nobody measured.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::domain::coverage::counts::Counts;
use crate::domain::coverage::diff::{ChangeKind, ChangedFile, Diff, Hunk};
use crate::domain::coverage::gate::{Marked, Metric, Patch, PatchFile};
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::paths::foreign_folder;
use crate::domain::coverage::project::{Scope, ending};
use crate::domain::coverage::python::Continuation;
use crate::domain::globs::Globs;

/// Endings of source files in languages that have coverage tools.
const SOURCE: [&str; 40] = [
    "py", "js", "jsx", "ts", "tsx", "mjs", "cjs", "vue", "svelte", "go", "rs", "java", "kt", "kts",
    "scala", "groovy", "rb", "php", "cs", "vb", "fs", "c", "cc", "cpp", "cxx", "h", "hpp", "swift",
    "m", "lua", "dart", "ex", "exs", "mts", "cts", "pyx", "hh", "mm", "pl", "hs",
];

/// Endings of files that one tool measures together: where a report has one of them, a changed file with another was
/// forgotten. C and C++ headers are in none, because most hold no code.
const FAMILIES: [&[&str]; 4] = [
    &["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "vue", "svelte"],
    &["java", "kt", "scala"],
    &["c", "cc", "cpp", "cxx"],
    &["cs", "vb", "fs"],
];

/// What a patch is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// What is counted.
    pub metric: Metric,
    /// The files that reports measured.
    pub files: &'a BTreeMap<String, Counts>,
    /// Endings of files that occur in any report or in the baseline.
    pub endings: &'a BTreeSet<String>,
    /// The files that count.
    pub scope: &'a Scope,
    /// Files that test others and need not be measured themselves.
    pub tests: &'a Globs,
    /// Of changed files, the lines that belong to a statement which begins above them.
    pub continuations: &'a BTreeMap<String, Vec<Continuation>>,
}

/// Changed files that a reader should know of, though no check counts them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// In languages that no report knows.
    pub unknown: Vec<String>,
    /// In a report, without one line that can run.
    pub lineless: Vec<String>,
    /// Source files that the inputs leave out.
    pub left_out: Vec<String>,
}

/// The changed lines of a change, and the changed files that are not judged.
pub fn of(diff: &Diff, judged: Judged<'_>) -> (Patch, Aside) {
    let (mut patch, mut aside) = (Patch::default(), Aside::default());
    for file in diff.files.iter().filter(|file| owes(file) && !is_others(&file.path, judged.files))
    {
        let name = || file.path.clone();
        if !judged.scope.holds(&file.path) {
            if is_source(&file.path, judged.endings) {
                aside.left_out.push(name());
            }
            continue;
        }
        match judged.files.get(&file.path) {
            Some(counts) if counts.has_lines() || counts.summary.is_none() => {
                if !counts.has_lines() {
                    aside.lineless.push(name());
                }
                let judged = patch_file(file, counts, judged);
                patch.ratio = patch.ratio.plus(judged.ratio);
                patch.files.push(judged);
            }
            Some(_) => patch.unmeasured.push(name()),
            None if judged.tests.matches(&file.path) && is_source(&file.path, judged.endings) => {
                aside.left_out.push(name());
            }
            None if is_measured(&file.path, judged.endings) => patch.unmeasured.push(name()),
            None if is_source(&file.path, judged.endings) => aside.unknown.push(name()),
            None => {}
        }
    }
    patch.files.sort_by(|a, b| a.path.cmp(&b.path));
    patch.unmeasured.sort();
    (patch, aside)
}

/// Whether a file is other people's code that is kept in the repository: it lies in such a folder, and no report measures
/// anything there. Where one does, it is ours and owes like all code.
fn is_others(path: &str, files: &BTreeMap<String, Counts>) -> bool {
    let from = |folder: &str| (Bound::Included(folder.to_owned()), Bound::Unbounded);
    foreign_folder(path).is_some_and(|folder| {
        let next = files.range(from(folder)).next();
        next.is_none_or(|(path, _)| !path.starts_with(folder))
    })
}

/// Whether reports measure files of this kind: the ending, or another of its family, is in one. Files that only declare
/// types (`.d.ts`) never run.
fn is_measured(path: &str, endings: &BTreeSet<String>) -> bool {
    let Some(ending) = ending(path) else { return false };
    let family = FAMILIES.iter().find(|family| family.contains(&ending.as_str()));
    let related = family.is_some_and(|family| family.iter().any(|one| endings.contains(*one)));
    (related || endings.contains(&ending)) && !declares_only(path)
}

/// Files that never run: types of TypeScript, comments on packages and lists of exports in Java.
fn declares_only(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| name.ends_with(end))
        || matches!(name, "package-info.java" | "module-info.java")
}

/// Whether a file holds code.
fn is_source(path: &str, endings: &BTreeSet<String>) -> bool {
    is_code(path) || ending(path).is_some_and(|ending| endings.contains(&ending))
}

/// Whether a file is in a language that has coverage tools.
pub fn is_code(path: &str) -> bool {
    ending(path).is_some_and(|ending| SOURCE.contains(&ending.as_str()))
}

/// Whether a file of a change can owe anything: it has lines that were not there before. A file that moved, lost lines,
/// or is a link or another repository owes nothing.
fn owes(file: &ChangedFile) -> bool {
    match file.kind {
        ChangeKind::Added | ChangeKind::Modified => {
            file.hunks.iter().any(|hunk| !hunk.added.is_empty())
        }
        ChangeKind::Binary => true,
        ChangeKind::Deleted | ChangeKind::Moved | ChangeKind::Submodule | ChangeKind::Link => false,
    }
}

fn patch_file(file: &ChangedFile, counts: &Counts, judged: Judged<'_>) -> PatchFile {
    let metric = judged.metric;
    let mut ranges: Vec<Range> = file.hunks.iter().filter_map(Hunk::added_range).collect();
    if let Some(continuations) = judged.continuations.get(&file.path) {
        let begun = beginnings(&ranges, counts, continuations);
        ranges.extend(begun.into_iter().map(|line| Range { first: line, last: line }));
        ranges.sort_unstable();
    }
    let uncovered = ranges
        .iter()
        .flat_map(|range| Marked::uncovered(counts.lines.within(range.first..=range.last)));
    PatchFile {
        path: file.path.clone(),
        ratio: counts.within(metric, &ranges),
        whole: counts.ratio(metric),
        uncovered: uncovered.collect(),
    }
}

/// Where the statements begin of which only later lines changed: there they count. A later line that counts itself, or
/// another between, takes the place of the first.
fn beginnings(ranges: &[Range], counts: &Counts, continuations: &[Continuation]) -> BTreeSet<u32> {
    let changed = |line: u32| ranges.iter().any(|range| (range.first..=range.last).contains(&line));
    let later = ranges.iter().flat_map(|range| {
        let from = continuations.partition_point(|one| one.line < range.first);
        continuations[from..].iter().take_while(|one| one.line <= range.last)
    });
    let begun = later.filter_map(|one| match one.is_told {
        true if counts.lines.get(one.line).is_some() => None,
        true => counts.lines.get(one.first).map(|_| one.first),
        false => counts.lines.within(one.first..=one.line).last().map(|(line, _)| line),
    });
    begun.filter(|line| !changed(*line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::counts::PerLine;
    use crate::domain::coverage::ratio::Ratio;
    use crate::domain::coverage::report::Summary;

    fn changed(kind: ChangeKind, path: &str, hunks: &[(u32, usize)]) -> ChangedFile {
        let hunk = |(start, count): &(u32, usize)| Hunk {
            new_start: *start,
            added: vec![String::new(); *count],
            ..Hunk::default()
        };
        ChangedFile {
            kind,
            path: path.to_owned(),
            old_path: None,
            hunks: hunks.iter().map(hunk).collect(),
        }
    }

    fn counts(lines: &[(u32, bool)]) -> Counts {
        Counts { lines: lines.iter().copied().collect(), ..Counts::default() }
    }

    fn judge(files: Vec<ChangedFile>, metric: Metric) -> (Patch, Aside) {
        let summary = Summary { lines: Ratio::new(9, 9), ..Summary::default() };
        let mut branching =
            counts(&[(1, true), (2, true), (4, false), (7, false), (9, false), (20, true)]);
        branching.arms = PerLine::from_marks([(2, true, 1), (2, false, 1), (20, false, 1)]);
        let known = BTreeMap::from([
            ("src/a.py".to_owned(), branching),
            ("src/empty.py".to_owned(), Counts::default()),
            ("src/summed.py".to_owned(), Counts { summary: Some(summary), ..Counts::default() }),
        ]);
        let globs = |pattern: &str| Globs::new([pattern.to_owned()]).unwrap();
        let judged = Judged {
            metric,
            files: &known,
            endings: &BTreeSet::from(["py".to_owned()]),
            scope: &Scope { include: Globs::default(), exclude: globs("gen/**") },
            tests: &globs("**/test_*.py"),
            continuations: &BTreeMap::from([(
                "src/a.py".to_owned(),
                vec![
                    Continuation { line: 3, first: 2, is_told: false },
                    Continuation { line: 8, first: 7, is_told: false },
                    Continuation { line: 11, first: 5, is_told: false },
                    Continuation { line: 22, first: 21, is_told: false },
                ],
            )]),
        };
        of(&Diff { files }, judged)
    }

    #[test]
    fn only_changed_lines_that_can_run_count() {
        let (patch, _) =
            judge(vec![changed(ChangeKind::Modified, "src/a.py", &[(2, 4), (9, 1)])], Metric::Line);
        assert_eq!(patch.ratio, Ratio::new(1, 3));
        let ranges: Vec<(u32, u32, u32)> = patch.files[0]
            .uncovered
            .iter()
            .map(|m| (m.range.first, m.range.last, m.lines))
            .collect();
        assert_eq!(ranges, [(4, 4, 1), (9, 9, 1)]);
        assert_eq!(patch.files[0].whole, Ratio::new(3, 6));
        let (patch, _) = judge(
            vec![changed(ChangeKind::Modified, "src/a.py", &[(2, 4)])],
            Metric::LineAndBranch,
        );
        assert_eq!(patch.ratio, Ratio::new(2, 4));
    }

    #[test]
    fn what_a_report_says_of_a_statement_holds_over_lines_between() {
        let lines = counts(&[(1, false), (3, true), (5, true)]);
        let told = |line| Continuation { line, first: 1, is_told: true };
        let begun = |line| beginnings(&[Range { first: line, last: line }], &lines, &[told(line)]);
        assert_eq!(begun(4), BTreeSet::from([1]), "not line 3");
        assert_eq!(begun(5), BTreeSet::new(), "it counts itself");
        let unknown = Continuation { line: 4, first: 2, is_told: true };
        assert_eq!(beginnings(&[Range { first: 4, last: 4 }], &lines, &[unknown]), BTreeSet::new());
    }

    #[test]
    fn a_change_within_a_statement_counts_where_the_statement_begins() {
        for (hunks, ratio, uncovered) in [
            (&[(3, 1)][..], (1, 1), &[][..]),
            (&[(8, 1)], (0, 1), &[7]),
            (&[(7, 2)], (0, 1), &[7]),
            // Of a statement in the report's eyes broken by another, the other.
            (&[(11, 1)], (0, 1), &[9]),
            (&[(8, 1), (11, 1)], (0, 2), &[7, 9]),
            // Not executable at all, such as a docstring.
            (&[(22, 1)], (0, 0), &[]),
            (&[(5, 1)], (0, 0), &[]),
        ] {
            let (patch, _) =
                judge(vec![changed(ChangeKind::Modified, "src/a.py", hunks)], Metric::Line);
            assert_eq!(patch.ratio, Ratio::new(ratio.0, ratio.1), "{hunks:?}");
            let lines: Vec<u32> =
                patch.files[0].uncovered.iter().map(|marked| marked.range.first).collect();
            assert_eq!(lines, uncovered, "{hunks:?}");
        }
    }

    #[test]
    fn a_changed_file_that_nobody_measured_is_named() {
        let (patch, aside) = judge(
            vec![
                changed(ChangeKind::Added, "new/b.py", &[(1, 3)]),
                changed(ChangeKind::Added, "web/x.ts", &[(1, 3)]),
                changed(ChangeKind::Modified, "src/summed.py", &[(1, 1)]),
                changed(ChangeKind::Binary, "src/odd.py", &[]),
            ],
            Metric::Line,
        );
        assert_eq!(patch.unmeasured, ["new/b.py", "src/odd.py", "src/summed.py"]);
        assert_eq!(aside.unknown, ["web/x.ts"]);
        assert_eq!(patch.ratio, Ratio::default());
    }

    #[test]
    fn what_owes_nothing_is_not_asked_for() {
        let (patch, aside) = judge(
            vec![
                changed(ChangeKind::Deleted, "new/b.py", &[]),
                changed(ChangeKind::Moved, "new/c.py", &[]),
                changed(ChangeKind::Modified, "new/only_deleted.py", &[(3, 0)]),
                changed(ChangeKind::Added, "new/__init__.py", &[]),
                changed(ChangeKind::Link, "new/l.py", &[(1, 1)]),
                changed(ChangeKind::Submodule, "libs.py", &[(1, 1)]),
                changed(ChangeKind::Added, "x/test_b.py", &[(1, 9)]),
                changed(ChangeKind::Added, "gen/c.py", &[(1, 9)]),
                changed(ChangeKind::Added, "vendor/x/c.py", &[(1, 9)]),
                changed(ChangeKind::Modified, "README.md", &[(1, 9)]),
                changed(ChangeKind::Modified, "src/empty.py", &[(1, 9)]),
            ],
            Metric::Line,
        );
        assert_eq!((patch.unmeasured.len(), patch.ratio), (0, Ratio::default()));
        assert_eq!(patch.files.len(), 1);
        assert_eq!(aside.unknown, [""; 0]);
        assert_eq!(aside.lineless, ["src/empty.py"]);
        assert_eq!(aside.left_out, ["x/test_b.py", "gen/c.py"]);
    }

    #[test]
    fn what_one_tool_measures_belongs_together() {
        let reports = |ending: &str| BTreeSet::from([ending.to_owned()]);
        for (path, known) in
            [("src/a.ts", "js"), ("src/A.vue", "ts"), ("src/B.kt", "java"), ("a.py", "py")]
        {
            assert!(is_measured(path, &reports(known)), "{path}");
        }
        for (path, known) in [
            ("src/a.d.ts", "ts"),
            ("x/package-info.java", "java"),
            ("a.h", "c"),
            ("a.py", "js"),
            ("Makefile", "c"),
            ("a.rs", "c"),
        ] {
            assert!(!is_measured(path, &reports(known)), "{path}");
        }
    }
}
