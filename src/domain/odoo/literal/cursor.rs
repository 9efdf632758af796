//! A place in a text that moves on. Every kind of line end is one `\n`.

use crate::domain::finding::Point;

/// What is left of a text, and where that is.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    at: Point,
}

impl<'a> Cursor<'a> {
    /// The beginning.
    pub(super) fn new(rest: &'a str) -> Self {
        Self { rest, at: Point { line: 1, column: 1 } }
    }

    /// Where it is.
    pub(super) fn at(&self) -> Point {
        self.at
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next().map(plain)
    }

    /// The character behind the next one. Not to be asked at a line end.
    pub(super) fn second(&self) -> Option<char> {
        self.rest.chars().nth(1).map(plain)
    }

    /// Whether the text goes on with this, in one line.
    pub(super) fn is_at(&self, what: &str) -> bool {
        self.rest.starts_with(what)
    }

    /// Takes the next character.
    pub(super) fn bump(&mut self) -> Option<char> {
        let first = self.rest.chars().next()?;
        let length = if self.rest.starts_with("\r\n") { 2 } else { first.len_utf8() };
        self.rest = self.rest.get(length..).unwrap_or_default();
        let taken = plain(first);
        if taken == '\n' {
            self.at = Point { line: self.at.line.saturating_add(1), column: 1 };
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(taken)
    }

    /// Takes some characters.
    pub(super) fn skip(&mut self, count: u32) {
        for _ in 0..count {
            self.bump();
        }
    }

    /// Takes the next character if it is this one.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.bump();
        }
        found
    }

    /// Takes characters as long as they are wanted.
    pub(super) fn take(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(next) = self.peek().filter(|c| wanted(*c)) {
            self.bump();
            taken.push(next);
        }
        taken
    }
}

/// What Python makes of a lone carriage return.
fn plain(c: char) -> char {
    if c == '\r' { '\n' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_is_one_and_columns_are_characters() {
        let mut cursor = Cursor::new("ü\r\na\rb\nc");
        let mut seen = Vec::new();
        while let Some(c) = cursor.bump() {
            seen.push((c, cursor.at().line, cursor.at().column));
        }
        let expected = [('ü', 1, 2), ('\n', 2, 1), ('a', 2, 2), ('\n', 3, 1), ('b', 3, 2)];
        assert_eq!(seen[..5], expected);
        assert_eq!(seen[5..], [('\n', 4, 1), ('c', 4, 2)]);
        let mut cursor = Cursor::new("aab");
        assert!(!cursor.eat('b'));
        assert_eq!(cursor.take(|c| c == 'a'), "aa");
        assert!(cursor.is_at("b") && cursor.eat('b') && cursor.second().is_none());
    }
}
