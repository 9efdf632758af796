//! The words of a Python text: numbers, texts, names, signs, ends of lines.

use super::cursor::Cursor;
use super::number::{is_name_part, number};
use super::text::{Prefix, quoted};
use super::{NotLiteral, Value};
use crate::domain::finding::Point;

/// How deep brackets may be nested.
const DEPTH: u32 = 100;

/// One word.
#[derive(Debug, PartialEq)]
pub(super) enum Token {
    /// A number.
    Number(Value),
    /// One quoted text or bytes.
    Quoted(Value),
    /// A name or a keyword.
    Name(String),
    /// One sign.
    Sign(char),
    /// Three dots.
    Ellipsis,
    /// The end of a line outside of brackets.
    Newline,
    /// The end of the text.
    End,
}

/// Reads words.
pub(super) struct Scanner<'a> {
    /// Where it is.
    pub(super) cursor: Cursor<'a>,
    depth: u32,
}

impl<'a> Scanner<'a> {
    /// The beginning of a text, whose first blanks do not count.
    pub(super) fn new(text: &'a str) -> Self {
        let mut cursor = Cursor::new(text);
        cursor.take(|c| matches!(c, ' ' | '\t'));
        Self { cursor, depth: 0 }
    }

    /// Goes to the next line that is not blank, which must not be indented. What is before it must begin a line.
    pub(super) fn blank_lines(&mut self) -> Result<(), NotLiteral> {
        loop {
            let depth = self.indentation()?;
            self.cursor.take(|c| depth == Line::Comment && c != '\n');
            match (self.cursor.peek(), depth) {
                (Some('\n'), _) => {}
                (_, Line::Indented) => {
                    return Err(NotLiteral::syntax(self.cursor.at(), "a line is indented"));
                }
                _ => return Ok(()),
            }
            self.cursor.bump();
        }
    }

    /// Takes the blanks at the beginning of a line. The first backslash that ends a line decides how deep it is.
    fn indentation(&mut self) -> Result<Line, NotLiteral> {
        let (mut depth, mut decided) = (Line::Flush, Line::Flush);
        loop {
            match self.cursor.peek() {
                Some(' ' | '\t') => depth = Line::Indented,
                Some('\u{c}') => depth = Line::Flush,
                Some('\\') => {
                    if decided == Line::Flush {
                        decided = depth;
                    }
                    self.continuation()?;
                    continue;
                }
                Some('#') => return Ok(Line::Comment),
                _ if decided == Line::Indented => return Ok(decided),
                _ => return Ok(depth),
            }
            self.cursor.bump();
        }
    }

    /// A backslash that joins two lines.
    fn continuation(&mut self) -> Result<(), NotLiteral> {
        let at = self.cursor.at();
        self.cursor.bump();
        if self.cursor.bump() != Some('\n') {
            return Err(NotLiteral::syntax(at, "a backslash that does not end its line"));
        }
        match self.cursor.peek() {
            None => Err(NotLiteral::syntax(at, "a backslash in the last line")),
            Some(_) => Ok(()),
        }
    }

    /// Goes to the beginning of the next word.
    pub(super) fn skip(&mut self) -> Result<(), NotLiteral> {
        loop {
            match self.cursor.peek() {
                Some(' ' | '\t' | '\u{c}') => self.cursor.skip(1),
                Some('\n') if self.depth > 0 => self.cursor.skip(1),
                Some('#') => drop(self.cursor.take(|c| c != '\n')),
                Some('\\') => self.continuation()?,
                _ => return Ok(()),
            }
        }
    }

    /// Takes the word that begins here.
    pub(super) fn word(&mut self) -> Result<Token, NotLiteral> {
        let at = self.cursor.at();
        let Some(first) = self.cursor.peek() else { return Ok(Token::End) };
        let second = self.cursor.second();
        match first {
            '0'..='9' => return Ok(Token::Number(number(&mut self.cursor)?)),
            '.' if second.is_some_and(|c| c.is_ascii_digit()) => {
                return Ok(Token::Number(number(&mut self.cursor)?));
            }
            '"' | '\'' => return self.quoted(""),
            '\n' => return Ok(Token::Newline),
            c if is_name_part(c) => return self.name(),
            '(' | '[' | '{' if self.depth >= DEPTH => {
                return Err(NotLiteral::limit(at, format!("brackets deeper than {DEPTH}")));
            }
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            '.' if self.cursor.is_at("...") => {
                self.cursor.skip(3);
                return Ok(Token::Ellipsis);
            }
            '.' | ',' | ':' | ';' | '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '~' | '<'
            | '>' | '=' | '!' | '@' => {}
            '$' | '?' | '`' => return Err(NotLiteral::syntax(at, format!("a `{first}`"))),
            c => return Err(odd(at, c)),
        }
        self.cursor.bump();
        Ok(Token::Sign(first))
    }

    fn name(&mut self) -> Result<Token, NotLiteral> {
        let at = self.cursor.at();
        let name = self.cursor.take(is_name_part);
        if matches!(self.cursor.peek(), Some('"' | '\'')) {
            return match name.to_ascii_lowercase().as_str() {
                "f" | "rf" | "fr" => Err(NotLiteral::expression(at, "an f-string")),
                _ => self.quoted(&name),
            };
        }
        match name.chars().find(|c| !c.is_alphanumeric() && *c != '_') {
            Some(c) => Err(odd(at, c)),
            None => Ok(Token::Name(name)),
        }
    }

    fn quoted(&mut self, letters: &str) -> Result<Token, NotLiteral> {
        let prefix = Prefix::new(letters).ok_or_else(|| {
            NotLiteral::syntax(self.cursor.at(), format!("`{letters}` before a text"))
        })?;
        Ok(Token::Quoted(quoted(&mut self.cursor, prefix)?))
    }
}

/// How a line begins.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Flush,
    Indented,
    Comment,
}

fn odd(at: Point, c: char) -> NotLiteral {
    let what = if c == '\u{feff}' { "a byte order mark" } else { "a character Python refuses" };
    NotLiteral::syntax(at, format!("{what} (U+{:04X})", u32::from(c)))
}
