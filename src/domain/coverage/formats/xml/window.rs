//! The part of an XML file that is in memory: read in pieces, decoded, and with the place of each byte.

use std::io::{BufRead, ErrorKind};

use crate::domain::coverage::report::Unreadable;

/// How much is read before it is looked at, in bytes.
const PIECE: usize = 64 * 1024;

/// The most that may lie between the `<` of a tag, a comment or a DOCTYPE and its end, in bytes.
pub const LONGEST: usize = 1024 * 1024;

/// How far the encoding is looked for: an XML declaration is shorter.
const DECLARATION: usize = 1024;

/// A moving window on an XML file.
pub struct Window<'a> {
    input: &'a mut dyn BufRead,
    /// Bytes that were read and are not decoded: before the encoding is known, and the first bytes of a character
    /// whose last ones are in the next piece.
    raw: Vec<u8>,
    encoding: Option<Encoding>,
    /// What is in memory.
    pub text: String,
    /// The place of its first byte.
    start: Place,
    /// Whether nothing comes after it.
    pub ended: bool,
}

/// Line and column, from 1.
#[derive(Clone, Copy, Debug)]
struct Place {
    line: u64,
    column: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    /// ISO-8859-1 and its kin: each byte is the character of that number.
    Latin1,
}

impl<'a> Window<'a> {
    /// Reads the first piece.
    pub fn open(input: &'a mut dyn BufRead) -> Result<Self, Unreadable> {
        let mut window = Self {
            input,
            raw: Vec::new(),
            encoding: None,
            text: String::new(),
            start: Place { line: 1, column: 1 },
            ended: false,
        };
        window.slide(0)?;
        Ok(window)
    }

    /// Drops the first bytes and reads on. The window grows where nothing was dropped, and doubles then, so that a
    /// long tag is not looked at once for each piece.
    pub fn slide(&mut self, done: usize) -> Result<(), Unreadable> {
        if self.text.len() - done > LONGEST {
            let what = format!("the tag, comment or DOCTYPE has more than {LONGEST} bytes");
            return Err(self.unreadable(done, what));
        }
        self.start = self.place(done);
        self.text.drain(..done);
        let wanted = (self.text.len() * 2).max(PIECE);
        while self.text.len() < wanted && !self.ended {
            self.fetch()?;
        }
        Ok(())
    }

    /// An error at a byte of the window.
    pub fn unreadable(&self, at: usize, what: String) -> Unreadable {
        let Place { line, column } = self.place(at);
        Unreadable { line, column, what }
    }

    fn place(&self, at: usize) -> Place {
        let before = &self.text[..at];
        let width = |text: &str| match self.encoding {
            Some(Encoding::Latin1) => text.chars().count(),
            _ => text.len(),
        };
        let lines = before.bytes().filter(|byte| *byte == b'\n').count();
        let (column, line) = match before.rfind('\n') {
            Some(last) => (1, &before[last + 1..]),
            None => (self.start.column, before),
        };
        Place { line: self.start.line + lines as u64, column: column + width(line) as u64 }
    }

    /// Reads a piece and decodes what can be.
    fn fetch(&mut self) -> Result<(), Unreadable> {
        let piece = loop {
            match self.input.fill_buf() {
                Ok(piece) => break piece,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let what = format!("it cannot be read: {error}");
                    return Err(self.unreadable(self.text.len(), what));
                }
            }
        };
        self.ended = piece.is_empty();
        self.raw.extend_from_slice(piece);
        let length = piece.len();
        self.input.consume(length);
        if self.encoding.is_none() {
            let known = self.ended || self.raw.len() >= DECLARATION || self.raw.contains(&b'>');
            if !known {
                return Ok(());
            }
            self.encoding = Some(self.find_encoding()?);
        }
        self.decode()
    }

    fn find_encoding(&mut self) -> Result<Encoding, Unreadable> {
        if let [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] = self.raw[..] {
            let what = "it is written in UTF-16: write it in UTF-8";
            return Err(self.unreadable(0, what.to_owned()));
        }
        if self.raw.starts_with(b"\xEF\xBB\xBF") {
            self.raw.drain(..3);
            return Ok(Encoding::Utf8);
        }
        let Some(name) = declared_encoding(&self.raw) else { return Ok(Encoding::Utf8) };
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(Encoding::Utf8),
            "iso-8859-1" | "iso-8859-15" | "latin1" | "latin-1" | "windows-1252" | "cp1252" => {
                Ok(Encoding::Latin1)
            }
            _ => {
                let what = format!("its encoding `{name}` is not known: write it in UTF-8");
                Err(self.unreadable(0, what))
            }
        }
    }

    fn decode(&mut self) -> Result<(), Unreadable> {
        if self.encoding == Some(Encoding::Latin1) {
            self.text.extend(self.raw.drain(..).map(char::from));
            return Ok(());
        }
        let (valid, wrong) = match std::str::from_utf8(&self.raw) {
            Ok(text) => (text.len(), false),
            Err(error) => (error.valid_up_to(), error.error_len().is_some() || self.ended),
        };
        if let Ok(text) = std::str::from_utf8(&self.raw[..valid]) {
            self.text.push_str(text);
        }
        self.raw.drain(..valid);
        if !wrong {
            return Ok(());
        }
        let byte = self.raw.first().copied().unwrap_or_default();
        let what = format!(
            "byte 0x{byte:02X} is not UTF-8: write it in UTF-8, or name its encoding in the first line"
        );
        Err(self.unreadable(self.text.len(), what))
    }
}

/// The encoding that the XML declaration names, if there is one.
fn declared_encoding(raw: &[u8]) -> Option<String> {
    let start = raw.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = start.iter().position(|byte| *byte == b'>')?;
    let declaration = String::from_utf8_lossy(&start[..end]).into_owned();
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    Some(value[1..].split(quote).next()?.to_owned())
}
