//! What a step of the job did to a file after the checkout: places where the working tree differs from the commit.
//!
//! The tests ran the working tree and the commit is judged, so a line of a report has to be the same line of the commit. A
//! line that is rewritten in its place stays that line, as where a step writes a version into it; only where the change
//! itself added it, another line was tested than the one that is proposed.

use crate::domain::coverage::lines::{Lines, Range};

/// One place that differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Where the lines of the commit begin that are gone; the line before the place where there are none.
    pub old_start: u32,
    /// How many of them there are.
    pub removed: u32,
    /// Where the lines of the working tree begin that came; the line before the place where there are none.
    pub new_start: u32,
    /// How many of them there are.
    pub added: u32,
}

impl Edit {
    /// Reads `@@ -3,2 +3 @@`, the head of a hunk.
    pub fn parse(head: &str) -> Option<Self> {
        let mut words = head.strip_prefix("@@ ")?.split(' ');
        let (old_start, removed) = side(words.next()?.strip_prefix('-')?)?;
        let (new_start, added) = side(words.next()?.strip_prefix('+')?)?;
        (words.next()? == "@@").then_some(Self { old_start, removed, new_start, added })
    }

    fn taken(self) -> Option<Range> {
        range(self.old_start, self.removed)
    }

    fn came(self) -> Option<Range> {
        range(self.new_start, self.added)
    }

    fn is_in_place(self) -> bool {
        self.removed == self.added
    }

    /// The first line of the working tree below it.
    fn below(self) -> u32 {
        self.new_start.saturating_add(self.added.max(1))
    }
}

/// `12` or `12,3`.
fn side(text: &str) -> Option<(u32, u32)> {
    match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

fn range(start: u32, count: u32) -> Option<Range> {
    (count > 0).then(|| Range { first: start, last: start.saturating_add(count - 1) })
}

/// The first line of the working tree for which a report and the commit do not mean the same: a counted line that moved,
/// or one of the change that was tested otherwise than it is proposed. `edits` go from top to bottom, `counted` are the
/// lines of the reports, `proposed` those that the change adds.
pub fn first_mismatch(edits: &[Edit], counted: &Lines, proposed: &[Range]) -> Option<u32> {
    let counts =
        |range: Range| counted.within(range.first..=range.last).next().map(|(line, _)| line);
    let mut shift = 0_i64;
    for (at, edit) in edits.iter().enumerate() {
        let touches =
            edit.taken().is_some_and(|taken| proposed.iter().any(|one| meet(taken, *one)));
        let inside = edit.came().and_then(counts);
        if touches && !edit.is_in_place() {
            return Some(inside.unwrap_or(edit.new_start.max(1)));
        }
        if inside.is_some() && (touches || shift != 0 || !edit.is_in_place()) {
            return inside;
        }
        shift += i64::from(edit.added) - i64::from(edit.removed);
        let next = edits
            .get(at + 1)
            .map_or(u32::MAX, |next| next.came().map_or(next.new_start, |came| came.first - 1));
        let between = Range { first: edit.below(), last: next };
        if shift != 0
            && between.first <= between.last
            && let Some(moved) = counts(between)
        {
            return Some(moved);
        }
    }
    None
}

fn meet(one: Range, two: Range) -> bool {
    one.first <= two.last && two.first <= one.last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(heads: &[&str]) -> Vec<Edit> {
        heads.iter().map(|head| Edit::parse(&format!("@@ {head} @@")).unwrap()).collect()
    }

    /// Lines 1 to 20 count, but 8 and 9; the change adds 11 to 14.
    fn mismatch(heads: &[&str]) -> Option<u32> {
        let counted: Lines =
            (1..=20).filter(|line| !matches!(line, 8 | 9)).map(|line| (line, true)).collect();
        first_mismatch(&edits(heads), &counted, &[Range { first: 11, last: 14 }])
    }

    #[test]
    fn lines_that_moved_are_told() {
        for (heads, line) in [
            (&["-0,0 +1"][..], 1),
            (&["-2 +1,0"], 2),
            // As many lines come as go, at another place.
            (&["-0,0 +1,10", "-11,10 +20,0"], 1),
            (&["-5,2 +4,0", "-9,0 +8,2"], 5),
            (&["-3,2 +3,3", "-17,2 +18"], 3),
            (&["-8,2 +8", "-15 +14,2"], 10),
            // The change's own lines are gone, or others in their place.
            (&["-13,2 +12,0"], 12),
            (&["-12 +12"], 12),
            (&["-11,4 +11,4"], 11),
        ] {
            assert_eq!(mismatch(heads), Some(line), "{heads:?}");
        }
    }

    #[test]
    fn lines_that_mean_the_same_are_not() {
        for heads in [
            &[][..],
            // A version is written into its line.
            &["-1 +1"],
            &["-3,2 +3,2"],
            // Below all that counts.
            &["-20,0 +21,4"],
            &["-21,3 +20,0"],
            // A comment of one line becomes one of two, and the next is gone.
            &["-8,2 +8,2"],
        ] {
            assert_eq!(mismatch(heads), None, "{heads:?}");
        }
        let none = Lines::default();
        let changed = [Range { first: 11, last: 14 }];
        assert_eq!(first_mismatch(&edits(&["-0,0 +1,3"]), &none, &changed), None);
        assert_eq!(
            first_mismatch(&edits(&["-12 +12"]), &none, &changed),
            None,
            "a comment of the change"
        );
    }

    #[test]
    fn heads_are_read() {
        let whole = Edit { old_start: 3, removed: 2, new_start: 4, added: 1 };
        assert_eq!(Edit::parse("@@ -3,2 +4 @@ fn main() {"), Some(whole));
        for wrong in
            ["@@ -3 @@", "@@ +3 -4 @@", "@@ -x +1 @@", "@@ -99999999999 +1 @@", "+@@ -1 +1 @@", ""]
        {
            assert_eq!(Edit::parse(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        /// What is refused is exactly what moves a counted line: checked line by line against the two files.
        #[test]
        fn shifted_lines_are_found(parts in proptest::collection::vec((1_u32..5, 0_u32..3, 0_u32..3), 0..6)) {
            let (mut old, mut new, mut all) = (1_u32, 1_u32, Vec::new());
            let mut same = Vec::new();
            for (gap, removed, added) in parts {
                (0..gap).for_each(|by| same.push((old + by, new + by)));
                (old, new) = (old + gap, new + gap);
                if removed + added == 0 { continue }
                let start = |at: u32, count: u32| if count == 0 { at - 1 } else { at };
                all.push(Edit { old_start: start(old, removed), removed, new_start: start(new, added), added });
                (old, new) = (old + removed, new + added);
            }
            (0..3).for_each(|by| same.push((old + by, new + by)));
            for (before, now) in &same {
                let counted: Lines = [(*now, true)].into_iter().collect();
                let found = first_mismatch(&all, &counted, &[]);
                proptest::prop_assert_eq!(found.is_some(), before != now, "{} {} {:?}", before, now, all);
            }
        }
    }
}
