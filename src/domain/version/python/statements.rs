//! The statements of a Python file, as far as it takes to see what is assigned to a name at module level. Python is
//! never run, and nothing is checked that is not needed for that.

/// A word of a statement. Inside of brackets only names and `:=` are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A name or a keyword.
    Name(&'a str),
    /// A text in quotes.
    Text,
    /// `=` that assigns.
    Assign,
    /// `+=` and its like.
    Change,
    /// `:=`, which assigns inside of an expression.
    Walrus,
    /// Any other sign, and the first character of a number.
    Sign(char),
}

/// A word and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub(super) word: Word<'a>,
    /// The brackets that are open around it.
    pub(super) depth: u32,
    /// The byte behind it.
    pub(super) end: usize,
}

/// One statement: a line, or several that brackets or backslashes join, or a part of one between `;`.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) words: Vec<Placed<'a>>,
    /// Whether it is in a block (`if`, `try`, ...), but not in a function or class.
    pub(super) is_inner: bool,
    /// Its first byte.
    pub(super) start: usize,
    /// The byte behind it, and behind a comment that follows it.
    pub(super) end: usize,
}

/// A text whose quotes are not closed: its first byte.
#[derive(Debug)]
pub(super) struct Unclosed(pub(super) usize);

/// What stands before the `=` of a statement that changes a value.
const OPERATORS: &str = "+-*/%&|^@";

/// The statements of a file that are not in a function or a class, and `global` wherever it is.
pub(super) fn statements(text: &str) -> Result<Vec<Statement<'_>>, Unclosed> {
    let mut reader = Reader { text, at: 0, depth: 0, words: Vec::new() };
    let mut found = Vec::new();
    // Whether the last line that was not indented began a function or a class.
    let mut in_scope = false;
    while let Some(is_indented) = reader.line_start() {
        let start = reader.at;
        let mut is_first = true;
        let mut start_of_part = start;
        loop {
            let ends_line = reader.part()?;
            let words = std::mem::take(&mut reader.words);
            if is_first && !is_indented {
                in_scope = begins_scope(&words);
            }
            is_first = false;
            // What a function declares `global` it can assign.
            let is_global = words.first().is_some_and(|first| first.word == Word::Name("global"));
            let is_elsewhere = is_indented && in_scope && !is_global;
            if !(words.is_empty() || is_elsewhere) {
                let end = reader.at;
                found.push(Statement { words, is_inner: is_indented, start: start_of_part, end });
            }
            if ends_line {
                break;
            }
            reader.at += 1;
            start_of_part = reader.at;
        }
    }
    Ok(found)
}

/// Whether a statement begins a function, a class, or the decorator of one.
fn begins_scope(words: &[Placed<'_>]) -> bool {
    match words.first().map(|placed| placed.word) {
        Some(Word::Name("def" | "class") | Word::Sign('@')) => true,
        Some(Word::Name("async")) => {
            words.get(1).is_some_and(|placed| placed.word == Word::Name("def"))
        }
        _ => false,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    words: Vec<Placed<'a>>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes to the next line with something in it. Says whether it is indented; `None` at the end.
    fn line_start(&mut self) -> Option<bool> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\u{c}']).len();
            self.at += blank;
            match self.peek()? {
                '#' => self.comment(),
                '\n' | '\r' => self.at += 1,
                _ => return Some(blank > 0),
            }
        }
    }

    fn comment(&mut self) {
        let rest = self.rest();
        self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
    }

    /// Reads words up to the end of the line or a `;`. Says whether it is the end of the line.
    fn part(&mut self) -> Result<bool, Unclosed> {
        while let Some(c) = self.peek() {
            match c {
                '\n' | '\r' if self.depth == 0 => return Ok(true),
                ';' if self.depth == 0 => return Ok(false),
                '#' => self.comment(),
                '\\' => self.joined(),
                '"' | '\'' => self.quoted(c)?,
                c if c.is_alphabetic() || c == '_' => self.name(),
                c if c.is_ascii_digit() => self.number(c),
                c if c.is_whitespace() => self.at += c.len_utf8(),
                c => self.sign(c),
            }
        }
        Ok(true)
    }

    /// A backslash and the end of the line that it takes away.
    fn joined(&mut self) {
        let rest = self.rest();
        self.at += if rest.starts_with("\\\r\n") { 3 } else { 1 };
        if rest.starts_with("\\\n") {
            self.at += 1;
        }
    }

    fn push(&mut self, word: Word<'a>) {
        if self.depth == 0 || matches!(word, Word::Name(_) | Word::Walrus) {
            self.words.push(Placed { word, depth: self.depth, end: self.at });
        }
    }

    fn name(&mut self) {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        self.at += length;
        let is_prefix = name.len() <= 2 && name.chars().all(|c| "rRbBuUfFtT".contains(c));
        // The letters before a text belong to it.
        if !(is_prefix && self.rest().starts_with(['"', '\''])) {
            self.push(Word::Name(name));
        }
    }

    fn number(&mut self, first: char) {
        let rest = self.rest();
        let known = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        self.at += rest.find(|c: char| !known(c)).unwrap_or(rest.len());
        self.push(Word::Sign(first));
    }

    fn sign(&mut self, c: char) {
        let before = self.text.get(..self.at).and_then(|text| text.chars().next_back());
        self.at += c.len_utf8();
        match c {
            '(' | '[' | '{' => {
                self.push(Word::Sign(c));
                self.depth += 1;
            }
            ')' | ']' | '}' => {
                self.depth = self.depth.saturating_sub(1);
                self.push(Word::Sign(c));
            }
            '=' if self.peek() == Some('=') => {
                self.at += 1;
                self.push(Word::Sign('='));
            }
            '=' if before == Some(':') => self.push(Word::Walrus),
            '=' if before.is_some_and(|c| "<>!".contains(c)) => self.push(Word::Sign('=')),
            '=' if before.is_some_and(|c| OPERATORS.contains(c)) => {
                let is_operator =
                    |word: Word<'_>| matches!(word, Word::Sign(c) if OPERATORS.contains(c));
                while self
                    .words
                    .pop_if(|last| last.depth == self.depth && is_operator(last.word))
                    .is_some()
                {}
                self.push(Word::Change);
            }
            '=' => self.push(Word::Assign),
            c => self.push(Word::Sign(c)),
        }
    }

    /// A text in quotes, with everything in it.
    fn quoted(&mut self, quote: char) -> Result<(), Unclosed> {
        let start = self.at;
        let triple = String::from(quote).repeat(3);
        let is_triple = self.rest().starts_with(&triple);
        self.at += if is_triple { 3 } else { 1 };
        while let Some(c) = self.peek() {
            if c == '\\' {
                self.at += 1;
                self.at += self.peek().map_or(0, char::len_utf8);
            } else if is_triple && self.rest().starts_with(&triple) {
                self.at += 3;
                self.push(Word::Text);
                return Ok(());
            } else if !is_triple && c == quote {
                self.at += 1;
                self.push(Word::Text);
                return Ok(());
            } else if !is_triple && matches!(c, '\n' | '\r') {
                break;
            } else {
                self.at += c.len_utf8();
            }
        }
        Err(Unclosed(start))
    }
}
