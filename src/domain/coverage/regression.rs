//! Against the baseline: the share as it was, the share without what the change deletes, and the lines that nobody
//! touched and nothing runs any more.
//!
//! Lines are compared where both sides know them. A line or file that only one side's report knows, though the change did
//! not touch it, is a change of the report's scope (another tool version, another list of omitted files): it is told as
//! that and left out on its side, so that it is no drop and no rise.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::coverage::counts::Counts;
use crate::domain::coverage::diff::{ChangeKind, ChangedFile, Diff};
use crate::domain::coverage::gate::{FileRanges, Marked, Metric, Regression};
use crate::domain::coverage::line_map::LineMap;
use crate::domain::coverage::project::Scope;

/// Two sides to compare.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// The baseline's files.
    pub base: &'a BTreeMap<String, Counts>,
    /// Today's files.
    pub head: &'a BTreeMap<String, Counts>,
    /// The change from the baseline's commit to today's.
    pub diff: &'a Diff,
    /// The files that count today.
    pub scope: &'a Scope,
}

/// Compares. `commit` and `older_by` of the answer are the caller's to fill in.
pub fn compare(sides: Sides<'_>, metric: Metric) -> Regression {
    let mut regression = Regression::default();
    let by_old = by_old(sides.diff);
    let mut met = BTreeSet::new();
    for (old_path, base) in sides.base.iter().filter(|(path, _)| sides.scope.holds(path)) {
        regression.base = regression.base.plus(base.ratio(metric));
        let change = by_old.get(old_path.as_str()).copied();
        if change.is_some_and(|change| change.kind == ChangeKind::Deleted) {
            continue;
        }
        let path = change.map_or(old_path.as_str(), |change| change.path.as_str());
        met.insert(path);
        match sides.head.get(path) {
            // Left out by its new name, or nothing that could be lost.
            None if !sides.scope.holds(path) || weight(base, metric) == 0 => {}
            None => {
                regression.dropped.push(path.to_owned());
                regression.dropped_lines += weight(base, metric);
            }
            Some(head) => {
                let pair = Pair { path, base, head, change };
                pair.compare(metric, &mut regression);
            }
        }
    }
    let added = |path: &str| {
        sides.diff.files.iter().any(|file| {
            file.path == path && file.kind != ChangeKind::Deleted && file.old_path.is_none()
        })
    };
    for (path, head) in sides.head.iter().filter(|(path, _)| !met.contains(path.as_str())) {
        if added(path) {
            regression.compared = regression.compared.plus(head.ratio(metric));
        } else {
            // Measured now, though it was there before.
            regression.rescoped.push(path.clone());
        }
    }
    regression
}

/// Files that no report mentions any more and nobody changed since the baseline, by their path of today: they count as the
/// baseline has them. A file that changed is none of them, because what was measured of it says nothing about it now.
pub fn carried(sides: Sides<'_>) -> BTreeMap<String, Counts> {
    let by_old = by_old(sides.diff);
    let as_it_was = |(old_path, counts): (&String, &Counts)| {
        let path = match by_old.get(old_path.as_str()) {
            None => old_path,
            Some(change) if change.kind == ChangeKind::Moved => &change.path,
            Some(_) => return None,
        };
        let counts_today = sides.scope.holds(old_path) && sides.scope.holds(path);
        (counts_today && !sides.head.contains_key(path)).then(|| (path.clone(), counts.clone()))
    };
    sides.base.iter().filter_map(as_it_was).collect()
}

fn by_old(diff: &Diff) -> BTreeMap<&str, &ChangedFile> {
    diff.files.iter().filter_map(|file| Some((file.old_path.as_deref()?, file))).collect()
}

/// How many lines a file has, or how many of what is counted where the baseline knows no lines.
fn weight(counts: &Counts, metric: Metric) -> u64 {
    if counts.has_lines() { counts.ratio(Metric::Line) } else { counts.ratio(metric) }.total
}

/// A file on both sides.
struct Pair<'a> {
    path: &'a str,
    base: &'a Counts,
    head: &'a Counts,
    change: Option<&'a ChangedFile>,
}

impl Pair<'_> {
    fn compare(&self, metric: Metric, regression: &mut Regression) {
        if self.base.has_lines() != self.head.has_lines() {
            regression.rescoped.push(self.path.to_owned());
            return;
        }
        if !self.base.has_lines() {
            regression.adjusted = regression.adjusted.plus(self.base.ratio(metric));
            regression.compared = regression.compared.plus(self.head.ratio(metric));
            return;
        }
        let map = LineMap::new(self.change.map_or(&[], |change| &change.hunks));
        let kept: BTreeMap<u32, u32> =
            self.base.lines.iter().filter_map(|(old, _)| Some((old, map.new_line(old)?))).collect();
        let vanished = kept.values().filter(|new| self.head.lines.get(**new).is_none()).count();
        let both: BTreeSet<u32> = kept.values().copied().collect();
        let appeared = |new: u32| !both.contains(&new) && !map.is_new(new);
        let new_ones = self.head.lines.iter().filter(|(new, _)| appeared(*new)).count();
        if self.change.is_none() && vanished + new_ones > 0 {
            regression.rescoped.push(self.path.to_owned());
        }
        let stays =
            |old: u32| kept.get(&old).is_some_and(|new| self.head.lines.get(*new).is_some());
        regression.adjusted = regression.adjusted.plus(self.base.kept(metric, stays));
        regression.compared =
            regression.compared.plus(self.head.kept(metric, |new| !appeared(new)));
        let lost = self.lost(&kept);
        if !lost.is_empty() {
            regression.indirect.push(FileRanges { path: self.path.to_owned(), ranges: lost });
        }
    }

    /// Lines of today that were covered and are not; a line that is covered, or that was not before, ends a range.
    fn lost(&self, kept: &BTreeMap<u32, u32>) -> Vec<Marked> {
        let was_covered: BTreeSet<u32> = kept
            .iter()
            .filter(|(old, _)| self.base.lines.get(**old) == Some(true))
            .map(|(_, new)| *new)
            .collect();
        Marked::uncovered(
            self.head
                .lines
                .iter()
                .map(|(line, covered)| (line, covered || !was_covered.contains(&line))),
        )
    }
}

/// How many lines were lost.
pub fn lost_lines(regression: &Regression) -> u64 {
    let ranges = regression.indirect.iter().flat_map(|file| &file.ranges);
    ranges.map(|marked| u64::from(marked.lines)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::diff::Hunk;
    use crate::domain::coverage::ratio::Ratio;
    use crate::domain::globs::Globs;

    /// Lines from..=to, covered up to a line.
    fn counts(range: std::ops::RangeInclusive<u32>, covered_up_to: u32) -> Counts {
        Counts {
            lines: range.map(|line| (line, line <= covered_up_to)).collect(),
            ..Counts::default()
        }
    }

    fn one(path: &str, counts: Counts) -> BTreeMap<String, Counts> {
        BTreeMap::from([(path.to_owned(), counts)])
    }

    fn hunk(old: (u32, usize), new: (u32, usize)) -> Hunk {
        Hunk {
            old_start: old.0,
            removed: vec![String::new(); old.1],
            new_start: new.0,
            added: vec![String::new(); new.1],
        }
    }

    fn modified(old_path: &str, path: &str, hunks: Vec<Hunk>) -> Diff {
        let (old_path, path) = (Some(old_path.to_owned()), path.to_owned());
        Diff { files: vec![ChangedFile { kind: ChangeKind::Modified, path, old_path, hunks }] }
    }

    fn regression(
        base: &BTreeMap<String, Counts>,
        head: &BTreeMap<String, Counts>,
        diff: &Diff,
    ) -> Regression {
        compare(Sides { base, head, diff, scope: &Scope::default() }, Metric::Line)
    }

    #[test]
    fn deleting_covered_lines_is_no_regression() {
        // facts: base 90/100, ten covered lines deleted, head 80/90.
        let (base, head) = (one("a", counts(1..=100, 90)), one("a", counts(1..=90, 80)));
        let found = regression(&base, &head, &modified("a", "a", vec![hunk((1, 10), (0, 0))]));
        assert_eq!(
            (found.base, found.adjusted, found.compared),
            (Ratio::new(90, 100), Ratio::new(80, 90), Ratio::new(80, 90))
        );
        assert!(found.indirect.is_empty() && found.rescoped.is_empty());
    }

    #[test]
    fn lines_that_nobody_touched_and_nothing_runs_are_named() {
        // facts: base 80/100, ten covered lines added, five old ones no longer run: 85/110.
        let base = one("a", counts(1..=100, 80));
        let mut lines: Vec<(u32, bool)> = (1..=10).map(|line| (line, true)).collect();
        lines.extend((11..=110).map(|line| (line, line <= 85)));
        let head = one("b", Counts { lines: lines.into_iter().collect(), ..Counts::default() });
        let found = regression(&base, &head, &modified("a", "b", vec![hunk((0, 0), (1, 10))]));
        assert_eq!((found.adjusted, found.compared), (Ratio::new(80, 100), Ratio::new(85, 110)));
        assert_eq!(lost_lines(&found), 5);
        assert_eq!(found.indirect[0].path, "b");
        let ranges: Vec<(u32, u32)> =
            found.indirect[0].ranges.iter().map(|m| (m.range.first, m.range.last)).collect();
        assert_eq!(ranges, [(86, 90)]);
    }

    #[test]
    fn another_scope_is_told_and_is_no_drop() {
        let base = BTreeMap::from([
            ("a".to_owned(), counts(1..=10, 10)),
            ("gone".to_owned(), counts(1..=50, 50)),
        ]);
        let head = BTreeMap::from([
            ("a".to_owned(), counts(1..=20, 10)),
            ("old".to_owned(), counts(1..=30, 0)),
        ]);
        let found = regression(&base, &head, &Diff::default());
        assert_eq!((found.adjusted, found.compared), (Ratio::new(10, 10), Ratio::new(10, 10)));
        assert_eq!(
            (found.rescoped, found.dropped),
            (vec!["a".to_owned(), "old".to_owned()], vec!["gone".to_owned()])
        );
    }

    #[test]
    fn what_nobody_changed_is_carried_and_what_changed_is_lost() {
        let base: BTreeMap<String, Counts> =
            ["same", "old", "edited", "deleted", "measured", "out/x"]
                .map(|path| (path.to_owned(), counts(1..=10, 8)))
                .into();
        let file = |kind, path: &str, old: &str| ChangedFile {
            kind,
            path: path.to_owned(),
            old_path: Some(old.to_owned()),
            hunks: vec![],
        };
        let diff = Diff {
            files: vec![
                file(ChangeKind::Moved, "new", "old"),
                file(ChangeKind::Modified, "edited", "edited"),
                file(ChangeKind::Deleted, "deleted", "deleted"),
            ],
        };
        let scope =
            Scope { exclude: Globs::new(["out/**".to_owned()]).unwrap(), ..Scope::default() };
        let mut head = one("measured", counts(1..=10, 10));
        let sides = Sides { base: &base, head: &head, diff: &diff, scope: &scope };
        let lost = compare(sides, Metric::Line);
        assert_eq!((lost.dropped, lost.dropped_lines), (names(&["edited", "new", "same"]), 30));
        let more = carried(sides);
        assert_eq!(more.keys().cloned().collect::<Vec<_>>(), ["new", "same"]);
        head.extend(more);
        let found =
            compare(Sides { base: &base, head: &head, diff: &diff, scope: &scope }, Metric::Line);
        assert_eq!((found.dropped, found.dropped_lines), (names(&["edited"]), 10));
        assert_eq!((found.adjusted, found.compared), (Ratio::new(24, 30), Ratio::new(26, 30)));
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_new_file_counts_and_a_deleted_one_does_not() {
        let file = |kind, path: &str, old: Option<&str>| ChangedFile {
            kind,
            path: path.to_owned(),
            old_path: old.map(str::to_owned),
            hunks: vec![],
        };
        let diff = Diff {
            files: vec![
                file(ChangeKind::Added, "new", None),
                file(ChangeKind::Deleted, "old", Some("old")),
            ],
        };
        let found =
            regression(&one("old", counts(1..=10, 10)), &one("new", counts(1..=4, 1)), &diff);
        assert_eq!(
            (found.base, found.adjusted, found.compared),
            (Ratio::new(10, 10), Ratio::default(), Ratio::new(1, 4))
        );
        assert!(found.dropped.is_empty() && found.rescoped.is_empty());
    }

    #[test]
    fn rewritten_lines_are_the_patch_s_business() {
        let base = one("a", counts(1..=3, 3));
        let head = one(
            "a",
            Counts {
                lines: [(1, true), (2, false), (3, true)].into_iter().collect(),
                ..Counts::default()
            },
        );
        let found = regression(&base, &head, &modified("a", "a", vec![hunk((2, 1), (2, 1))]));
        assert!(found.indirect.is_empty());
        assert_eq!((found.adjusted, found.compared), (Ratio::new(2, 2), Ratio::new(2, 3)));
    }
}
