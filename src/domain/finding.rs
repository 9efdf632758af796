//! A defect at a place in a file, found by a rule. Nothing here knows which rules there are or how findings are shown.

use std::fmt;
use std::sync::Arc;

use crate::domain::event::Level;

/// A rule of the catalogue: one constant for each, beside the code that decides it.
#[derive(Debug)]
pub struct Rule {
    /// The id that users write, such as `compose.port-conflict`. It never changes its meaning.
    pub id: &'static str,
    /// How much it matters unless the input `rules` says otherwise.
    pub level: Level,
    /// What it finds, in a few words for tables and SARIF.
    pub about: &'static str,
    /// Why it matters and what to do, for the documentation.
    pub help: &'static str,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// A place in a text. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The line; 0 where a whole file is meant.
    pub line: u32,
    /// The column; 0 where a whole line is meant.
    pub column: u32,
}

/// A part of a file: from `start` up to but without `end`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file, relative to the top of the repository; absolute outside of it.
    pub file: Arc<str>,
    /// Its first character.
    pub start: Point,
    /// The character behind its last one.
    pub end: Point,
}

impl Span {
    /// A whole file, or a file that should be there.
    pub fn file(file: &str) -> Self {
        Self { file: file.into(), start: Point::default(), end: Point::default() }
    }

    /// A whole line.
    pub fn line(file: &str, line: u32) -> Self {
        let point = Point { line, column: 0 };
        Self { file: file.into(), start: point, end: point }
    }

    /// Columns of one line, `end` exclusive.
    pub fn columns(file: &str, line: u32, columns: std::ops::Range<u32>) -> Self {
        let at = |column| Point { line, column };
        Self { file: file.into(), start: at(columns.start), end: at(columns.end) }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, start, end } = self;
        write!(f, "{file}:{}:{}-{}:{}", start.line, start.column, end.line, end.column)
    }
}

/// One defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What found it.
    pub rule: &'static Rule,
    /// How much it matters here.
    pub level: Level,
    /// Where.
    pub span: Span,
    /// What is wrong, with names and never with a secret.
    pub message: String,
    /// What to do about this one; may be empty.
    pub hint: String,
    /// Text that no report may show, whether or not this finding is reported.
    pub hidden: Vec<Span>,
}

impl Finding {
    /// A finding with the level of its rule.
    pub fn new(rule: &'static Rule, span: Span, message: impl Into<String>) -> Self {
        let (message, hint) = (message.into(), String::new());
        Self { rule, level: rule.level, span, message, hint, hidden: Vec::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds text that no report may show.
    #[must_use]
    pub fn hiding(mut self, hidden: Span) -> Self {
        self.hidden.push(hidden);
        self
    }

    /// The same with another level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// What decides the order of reports: worst first, then by place.
    pub fn order(&self) -> (Level, &Span, &'static str, &str) {
        (self.level, &self.span, self.rule.id, &self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { id: "a.b", level: Level::Warning, about: "", help: "" };

    #[test]
    fn worst_first_then_by_place() {
        let at = |line| Finding::new(&RULE, Span::line("a", line), "m");
        let mut all = [at(9), at(2), at(5).with_level(Level::Error)];
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        assert_eq!(all.map(|one| one.span.start.line), [5, 2, 9]);
    }

    #[test]
    fn a_finding_has_the_level_of_its_rule_unless_told_otherwise() {
        let one = Finding::new(&RULE, Span::file("a"), "m");
        assert_eq!(one.level, Level::Warning);
        assert_eq!(one.with_level(Level::Notice).level, Level::Notice);
        assert_eq!(format!("{:?}", Span::columns("a", 3, 2..5)), "a:3:2-3:5");
    }
}
