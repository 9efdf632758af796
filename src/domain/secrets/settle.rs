//! From what was found to findings: one for each place, with lines and columns, as grave as its file makes it.

use std::ops::Range;

use super::candidate::Candidate;
use super::path::Standing;
use super::{GENERIC, PRIVATE_KEY, Piece, RULES, TOKEN};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Point, Span};

/// The findings of a piece, by place. Of several at one place the surest stays, and hides what any of them found.
pub(super) fn settle(
    piece: &Piece<'_>,
    standing: Standing,
    mut all: Vec<Candidate>,
) -> Vec<Finding> {
    all.retain(|one| counts(one, standing));
    all.sort_by_key(|one| (one.range.start, rank(one)));
    let mut kept: Vec<(Candidate, Range<usize>)> = Vec::with_capacity(all.len());
    for one in all {
        let over = kept.last_mut().filter(|(_, hidden)| one.range.start < hidden.end);
        if let Some((best, hidden)) = over {
            hidden.end = hidden.end.max(one.range.end);
            if rank(&one) < rank(best) {
                *best = one;
            }
        } else {
            let hidden = one.range.clone();
            kept.push((one, hidden));
        }
    }
    let mut places = Places { piece, at: 0, point: Point { line: piece.first_line, column: 1 } };
    kept.into_iter().map(|(one, hidden)| places.finding(one, &hidden, standing)).collect()
}

/// Whether a finding counts in a file of this standing.
fn counts(one: &Candidate, standing: Standing) -> bool {
    match standing {
        Standing::Real => true,
        Standing::Sample => *one.rule != GENERIC,
        Standing::Generated => *one.rule == TOKEN || *one.rule == PRIVATE_KEY,
    }
}

/// The surest first.
fn rank(one: &Candidate) -> usize {
    RULES.iter().position(|rule| *rule == one.rule).unwrap_or(RULES.len())
}

/// Turns places in bytes into lines and columns, forwards only.
struct Places<'a> {
    piece: &'a Piece<'a>,
    at: usize,
    point: Point,
}

impl Places<'_> {
    fn finding(&mut self, one: Candidate, hidden: &Range<usize>, standing: Standing) -> Finding {
        let first = self.point(hidden.start);
        let (start, end) = (self.point(one.range.start), self.point(one.range.end));
        let last = self.point(hidden.end);
        let file: std::sync::Arc<str> = self.piece.path.into();
        let hidden = Span { file: file.clone(), start: first, end: last };
        let level = if standing == Standing::Sample { Level::Notice } else { one.level };
        Finding::new(one.rule, Span { file, start, end }, one.what).with_level(level).hiding(hidden)
    }

    /// The line and the column of a place that is not before the last one.
    fn point(&mut self, place: usize) -> Point {
        let passed = self.piece.bytes.get(self.at..place).unwrap_or_default();
        let ends = memchr::memchr_iter(b'\n', passed);
        let (mut lines, mut tail) = (0_u32, passed);
        for end in ends {
            lines = lines.saturating_add(1);
            tail = passed.get(end + 1..).unwrap_or_default();
        }
        let columns =
            u32::try_from(String::from_utf8_lossy(tail).chars().count()).unwrap_or(u32::MAX);
        let column = if lines > 0 { 1 } else { self.point.column };
        let line = self.point.line.saturating_add(lines);
        self.at = self.at.max(place);
        self.point = Point { line, column: column.saturating_add(columns) };
        self.point
    }
}
