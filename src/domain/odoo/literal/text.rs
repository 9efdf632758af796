//! Texts and bytes as Python writes them: quotes, prefixes, escapes.

use super::cursor::Cursor;
use super::{NotLiteral, Value};
use crate::domain::finding::Point;

/// What the letters before a quote say.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    escapes: Escapes,
    content: Content,
}

#[derive(Clone, Copy, PartialEq)]
enum Escapes {
    Read,
    Kept,
}

#[derive(Clone, Copy, PartialEq)]
enum Content {
    Text,
    Bytes,
}

impl Prefix {
    /// Reads the letters; `None` if no such prefix is a literal.
    pub(super) fn new(letters: &str) -> Option<Self> {
        let (escapes, content) = match letters.to_ascii_lowercase().as_str() {
            "" | "u" => (Escapes::Read, Content::Text),
            "r" => (Escapes::Kept, Content::Text),
            "b" => (Escapes::Read, Content::Bytes),
            "br" | "rb" => (Escapes::Kept, Content::Bytes),
            _ => return None,
        };
        Some(Self { escapes, content })
    }
}

/// Reads one quoted text; the cursor is at its first quote.
pub(super) fn quoted(cursor: &mut Cursor, prefix: Prefix) -> Result<Value, NotLiteral> {
    let start = cursor.at();
    let unclosed = || NotLiteral::syntax(start, "a text is not closed");
    let (quote, triple) = if cursor.peek() == Some('"') { ('"', "\"\"\"") } else { ('\'', "'''") };
    let is_long = cursor.is_at(triple);
    let quotes = if is_long { 3 } else { 1 };
    cursor.skip(quotes);
    let mut body = Body::new(prefix.content);
    loop {
        let ends = if is_long { cursor.is_at(triple) } else { cursor.peek() == Some(quote) };
        if ends {
            cursor.skip(quotes);
            return Ok(body.value);
        }
        let at = cursor.at();
        match cursor.bump().ok_or_else(unclosed)? {
            '\n' if !is_long => return Err(unclosed()),
            '\\' if prefix.escapes == Escapes::Read => escape(cursor, &mut body)?,
            '\\' => {
                body.push(at, '\\')?;
                body.push(at, cursor.bump().ok_or_else(unclosed)?)?;
            }
            c => body.push(at, c)?,
        }
    }
}

/// What was read of a text so far.
struct Body {
    value: Value,
}

impl Body {
    fn new(content: Content) -> Self {
        let value = match content {
            Content::Text => Value::Str(String::new()),
            Content::Bytes => Value::Bytes(Vec::new()),
        };
        Self { value }
    }

    fn is_text(&self) -> bool {
        matches!(self.value, Value::Str(_))
    }

    /// A character as it is written.
    fn push(&mut self, at: Point, c: char) -> Result<(), NotLiteral> {
        match (&mut self.value, u8::try_from(c)) {
            (Value::Str(text), _) => text.push(c),
            (Value::Bytes(bytes), Ok(byte)) if byte.is_ascii() => bytes.push(byte),
            _ => return Err(NotLiteral::syntax(at, "bytes with a character that is not ASCII")),
        }
        Ok(())
    }

    /// A character by its number; bytes keep the lower half of it.
    fn push_code(&mut self, at: Point, code: u32) -> Result<(), NotLiteral> {
        match &mut self.value {
            Value::Bytes(bytes) => bytes.extend(code.to_le_bytes().first()),
            Value::Str(text) => match char::from_u32(code) {
                Some(c) => text.push(c),
                None if code > u32::from(char::MAX) => {
                    return Err(NotLiteral::syntax(at, "a character that does not exist"));
                }
                None => return Err(NotLiteral::limit(at, "half of a surrogate pair")),
            },
            _ => {}
        }
        Ok(())
    }
}

/// What follows a backslash.
fn escape(cursor: &mut Cursor, body: &mut Body) -> Result<(), NotLiteral> {
    let at = cursor.at();
    let Some(c) = cursor.bump() else { return Ok(()) };
    let plain = match c {
        '\n' => return Ok(()),
        '\\' | '\'' | '"' => c,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '0'..='7' => return octal(cursor, c, body),
        'x' => return hexadecimal(cursor, 2, body),
        'u' if body.is_text() => return hexadecimal(cursor, 4, body),
        'U' if body.is_text() => return hexadecimal(cursor, 8, body),
        'N' if body.is_text() => return Err(NotLiteral::limit(at, "a character by its name")),
        _ => {
            body.push(at, '\\')?;
            c
        }
    };
    body.push(at, plain)
}

fn octal(cursor: &mut Cursor, first: char, body: &mut Body) -> Result<(), NotLiteral> {
    let at = cursor.at();
    let mut code = first.to_digit(8).unwrap_or_default();
    for _ in 0..2 {
        let Some(digit) = cursor.peek().and_then(|c| c.to_digit(8)) else { break };
        cursor.bump();
        code = code * 8 + digit;
    }
    body.push_code(at, code)
}

fn hexadecimal(cursor: &mut Cursor, digits: u32, body: &mut Body) -> Result<(), NotLiteral> {
    let at = cursor.at();
    let mut code: u32 = 0;
    for _ in 0..digits {
        let digit = cursor.peek().and_then(|c| c.to_digit(16));
        let Some(digit) = digit else {
            return Err(NotLiteral::syntax(at, format!("an escape that needs {digits} digits")));
        };
        cursor.bump();
        code = (code << 4) | digit;
    }
    body.push_code(at, code)
}
