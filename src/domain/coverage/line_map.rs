//! From lines of an old file to lines of the new one, through the hunks of a change.

use crate::domain::coverage::diff::Hunk;

/// Where lines went.
#[derive(Clone, Copy, Debug)]
pub struct LineMap<'a>(&'a [Hunk]);

impl<'a> LineMap<'a> {
    /// Through hunks, sorted from top to bottom.
    pub const fn new(hunks: &'a [Hunk]) -> Self {
        Self(hunks)
    }

    /// The line of the new file that an old line became; `None` if the change took it away.
    pub fn new_line(self, old: u32) -> Option<u32> {
        // The last hunk that begins at or above the line decides: it holds the line, or shifts it.
        let above =
            self.0.partition_point(|hunk| first_after(hunk.old_start, &hunk.removed) <= old);
        let Some(hunk) = above.checked_sub(1).and_then(|at| self.0.get(at)) else {
            return Some(old);
        };
        let past_old = past(hunk.old_start, &hunk.removed);
        let past_new = past(hunk.new_start, &hunk.added);
        (old >= past_old).then(|| old - past_old + past_new)
    }

    /// Whether a line of the new file was added or rewritten.
    pub fn is_new(self, new: u32) -> bool {
        self.0
            .iter()
            .filter_map(Hunk::added_range)
            .any(|range| (range.first..=range.last).contains(&new))
    }
}

/// The first line that a side touches; where it only marks a place between two lines, the line after it.
fn first_after(start: u32, lines: &[String]) -> u32 {
    if lines.is_empty() { start.saturating_add(1) } else { start }
}

/// The line after the last one of a side.
fn past(start: u32, lines: &[String]) -> u32 {
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    first_after(start, lines).saturating_add(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hunk(old_start: u32, removed: usize, new_start: u32, added: usize) -> Hunk {
        let lines = |count| vec![String::new(); count];
        Hunk { old_start, removed: lines(removed), new_start, added: lines(added) }
    }

    #[test]
    fn lines_shift_and_vanish() {
        // 2 and 3 replaced by one line; two lines added after 5; 8 taken away.
        let hunks = [hunk(2, 2, 2, 1), hunk(5, 0, 5, 2), hunk(8, 1, 8, 0)];
        let map = LineMap::new(&hunks);
        let expected = [
            (1, Some(1)),
            (2, None),
            (3, None),
            (4, Some(3)),
            (5, Some(4)),
            (6, Some(7)),
            (7, Some(8)),
            (8, None),
            (9, Some(9)),
        ];
        for (old, new) in expected {
            assert_eq!(map.new_line(old), new, "{old}");
        }
        assert!(
            map.is_new(2) && map.is_new(5) && map.is_new(6) && !map.is_new(3) && !map.is_new(8)
        );
    }

    #[test]
    fn lines_added_before_the_first_shift_everything() {
        let hunks = [hunk(0, 0, 1, 3)];
        assert_eq!(LineMap::new(&hunks).new_line(1), Some(4));
        assert_eq!(LineMap::new(&[]).new_line(7), Some(7));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_agrees_with_editing_a_list(edits in proptest::collection::vec((1_u32..5, 0_usize..4, 0_usize..4), 0..6)) {
            // Builds hunks and the edited list side by side, from top to bottom.
            let (mut hunks, mut new): (Vec<Hunk>, Vec<Option<u32>>) = (Vec::new(), Vec::new());
            let mut old = 1_u32;
            for (gap, removed, added) in edits {
                if removed + added == 0 {
                    continue;
                }
                new.extend((old..old + gap).map(Some));
                old += gap;
                let below = u32::try_from(new.len()).unwrap();
                let old_start = if removed == 0 { old - 1 } else { old };
                let new_start = if added == 0 { below } else { below + 1 };
                hunks.push(hunk(old_start, removed, new_start, added));
                new.extend(std::iter::repeat_n(None, added));
                old += u32::try_from(removed).unwrap();
            }
            new.extend((old..old + 5).map(Some));
            let map = LineMap::new(&hunks);
            for line in 1..old + 5 {
                let place = new.iter().position(|kept| *kept == Some(line));
                prop_assert_eq!(map.new_line(line), place.map(|at| u32::try_from(at).unwrap() + 1));
            }
            for (at, kept) in new.iter().enumerate() {
                prop_assert_eq!(map.is_new(u32::try_from(at).unwrap() + 1), kept.is_none());
            }
        }
    }
}
