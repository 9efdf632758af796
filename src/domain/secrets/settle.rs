//! From what was found to findings: one for each place, with lines and columns, as grave as its file makes it.

use std::ops::Range;

use super::candidate::Candidate;
use super::path::Standing;
use super::{FORMAT, GENERIC, PRIVATE_KEY, Piece, RULES, TOKEN};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Point, Span};
use crate::domain::shown::pasted;

/// The findings of a piece, by place; from a place on it is code of tests. Of several at one place the surest stays, and hides what any of them found.
pub(super) fn settle(
    piece: &Piece<'_>,
    (standing, tests): (Standing, usize),
    mut all: Vec<Candidate>,
) -> Vec<Finding> {
    let of = |place: usize| match standing {
        Standing::Real if place > tests => Standing::Sample,
        _ => standing,
    };
    all.retain(|one| counts(one, of(one.range.start)));
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
    let one = |(one, hidden): (Candidate, Range<usize>)| {
        let standing = of(one.range.start);
        places.finding(one, &hidden, standing)
    };
    kept.into_iter().map(one).collect()
}

/// Whether a finding counts in a file of this standing.
fn counts(one: &Candidate, standing: Standing) -> bool {
    match standing {
        Standing::Real => true,
        Standing::Sample => *one.rule != GENERIC,
        Standing::Generated => *one.rule == TOKEN || *one.rule == PRIVATE_KEY,
    }
}

fn hint_of_format(path: &str) -> String {
    let rest = "list it in .gitignore, and change what was in it: the history keeps it";
    match pasted("git rm --cached", path) {
        Some(command) => format!("{command}, {rest}"),
        None => format!("take the file out of the repository, {rest}"),
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
        let finding = Finding::new(one.rule, Span { file, start, end }, one.what).with_level(level);
        let hint =
            if *one.rule == FORMAT { hint_of_format(self.piece.path) } else { String::new() };
        finding.hint(hint).hiding(hidden)
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
