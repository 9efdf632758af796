//! The words of a Python file: names, signs, and texts in quotes, which are passed over whatever is in them.

use crate::domain::shown::is_invisible;

/// A word of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A name or a keyword.
    Name(&'a str),
    /// A text with its quotes, without the letters before them.
    Text(&'a str),
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
    /// How many brackets are open around it.
    pub(super) depth: usize,
    /// The byte behind it.
    pub(super) end: usize,
}

/// Why a text is no Python: the byte, and the reason, to be read behind "it is no Python:".
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) at: usize,
    pub(super) why: String,
}

impl Broken {
    fn new(at: usize, why: impl Into<String>) -> Self {
        Self { at, why: why.into() }
    }
}

/// Which words inside of brackets are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// Names and `:=`: nothing else there can give a name a value.
    Names,
    /// All of them.
    All,
}

/// How a line begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Indent {
    /// At its first column.
    None,
    /// Behind blanks.
    Some,
    /// With a backslash, of which versions of Python make different things.
    Unclear,
}

/// What stands before the `=` of a statement that changes a value.
const OPERATORS: &str = "+-*/%&|^@";

/// How deep texts may stand in the `{}` of each other.
const MOST_NESTED: u32 = 50;

/// Reads words, one part of a line after another.
pub(super) struct Reader<'a> {
    text: &'a str,
    inside: Inside,
    /// The byte that is read next.
    pub(super) at: usize,
    /// The words of the part that is read.
    pub(super) words: Vec<Placed<'a>>,
    /// Where the brackets are that are open.
    open: Vec<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, inside: Inside) -> Self {
        Self { text, inside, at: 0, words: Vec::new(), open: Vec::new() }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes to the next line with something in it and says how it begins; `None` at the end.
    pub(super) fn line_start(&mut self) -> Option<Indent> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\u{c}']).len();
            // A form feed begins the line anew.
            let blanks = rest.get(..blank).unwrap_or_default();
            let is_indented = !blanks.is_empty() && !blanks.ends_with('\u{c}');
            self.at += blank;
            match self.peek()? {
                '#' => self.comment(),
                '\n' | '\r' => self.at += 1,
                '\\' => return Some(Indent::Unclear),
                _ if is_indented => return Some(Indent::Some),
                _ => return Some(Indent::None),
            }
        }
    }

    fn comment(&mut self) {
        let rest = self.rest();
        self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
    }

    /// Reads words up to the end of the line or a `;`. Says whether it is the end of the line.
    pub(super) fn part(&mut self) -> Result<bool, Broken> {
        while let Some(c) = self.peek() {
            match c {
                '\n' | '\r' if self.open.is_empty() => return Ok(true),
                ';' if self.open.is_empty() => return Ok(false),
                ' ' | '\t' | '\u{c}' | '\n' | '\r' => self.at += 1,
                '#' => self.comment(),
                '\\' => self.joined()?,
                '"' | '\'' => self.text("")?,
                c if c.is_ascii_digit() => self.number(c),
                c if is_name_part(c) => self.name()?,
                c if c.is_ascii_control() => return Err(refused(self.at, c)),
                c => self.sign(c)?,
            }
        }
        match self.open.last() {
            Some(at) => Err(Broken::new(*at, "a bracket is not closed")),
            None => Ok(true),
        }
    }

    /// A backslash and the end of the line that it takes away.
    fn joined(&mut self) -> Result<(), Broken> {
        let at = self.at;
        self.at += 1;
        match self.line_end() {
            0 => Err(Broken::new(at, "a backslash is not at the end of its line")),
            length => {
                self.at += length;
                Ok(())
            }
        }
    }

    /// How long the end of a line is that stands here.
    fn line_end(&self) -> usize {
        match self.rest().as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        }
    }

    fn push(&mut self, word: Word<'a>) {
        let is_kept = match self.inside {
            Inside::All => true,
            Inside::Names => self.open.is_empty() || matches!(word, Word::Name(_) | Word::Walrus),
        };
        if is_kept {
            self.words.push(Placed { word, depth: self.open.len(), end: self.at });
        }
    }

    /// A name, or the letters before a text and the text.
    fn name(&mut self) -> Result<(), Broken> {
        let name = self.take_name()?;
        if is_prefix(name) && self.rest().starts_with(['"', '\'']) {
            return self.text(name);
        }
        self.push(Word::Name(name));
        Ok(())
    }

    fn take_name(&mut self) -> Result<&'a str, Broken> {
        let rest = self.rest();
        let length = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        // What looks like another name than it is.
        if let Some(odd) =
            name.chars().find(|c| c.is_whitespace() || c.is_control() || is_invisible(*c))
        {
            return Err(refused(self.at, odd));
        }
        self.at += length;
        Ok(name)
    }

    fn number(&mut self, first: char) {
        let rest = self.rest();
        let known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        self.at += rest.find(|c: char| !known(c)).unwrap_or(rest.len());
        self.push(Word::Sign(first));
    }

    fn sign(&mut self, c: char) -> Result<(), Broken> {
        let start = self.at;
        let before = self.text.get(..start).and_then(|text| text.chars().next_back());
        self.at += c.len_utf8();
        match c {
            '(' | '[' | '{' => {
                self.push(Word::Sign(c));
                self.open.push(start);
            }
            ')' | ']' | '}' => {
                let opened = self.open.pop().and_then(|at| self.text.as_bytes().get(at));
                if !matches!((opened, c), (Some(b'('), ')') | (Some(b'['), ']') | (Some(b'{'), '}'))
                {
                    return Err(Broken::new(start, format!("a `{c}` closes nothing")));
                }
                self.push(Word::Sign(c));
            }
            '=' if self.peek() == Some('=') => {
                self.at += 1;
                self.push(Word::Sign('='));
            }
            '=' if before == Some(':') => self.push(Word::Walrus),
            '=' if before.is_some_and(|c| "<>!".contains(c)) => self.push(Word::Sign('=')),
            '=' if before.is_some_and(|c| OPERATORS.contains(c)) => self.change(),
            '=' => self.push(Word::Assign),
            c => self.push(Word::Sign(c)),
        }
        Ok(())
    }

    /// `+=` and its like, whose first signs are words already.
    fn change(&mut self) {
        let depth = self.open.len();
        let is_operator = |word: Word<'_>| matches!(word, Word::Sign(c) if OPERATORS.contains(c));
        while self.words.pop_if(|last| last.depth == depth && is_operator(last.word)).is_some() {}
        self.push(Word::Change);
    }

    fn text(&mut self, prefix: &str) -> Result<(), Broken> {
        let start = self.at;
        self.quoted(prefix, 0)?;
        self.push(Word::Text(self.text.get(start..self.at).unwrap_or_default()));
        Ok(())
    }
}

/// Texts in quotes. In an f-string code stands between `{}`, and texts in it, since Python 3.12 with the same quotes
/// (PEP 701). Older versions refuse those, so that nothing is read in two ways.
impl Reader<'_> {
    /// Passes a text, whose quotes begin here.
    fn quoted(&mut self, prefix: &str, nesting: u32) -> Result<(), Broken> {
        let first = self.rest();
        let quotes = match first.get(..3) {
            Some(three @ ("'''" | "\"\"\"")) => three,
            _ => first.get(..1).unwrap_or_default(),
        };
        let text = Quoted {
            start: self.at,
            quotes,
            has_code: prefix.contains(['f', 'F', 't', 'T']),
            is_raw: prefix.contains(['r', 'R']),
            nesting,
        };
        self.at += quotes.len();
        while !self.rest().starts_with(quotes) {
            match self.peek() {
                Some('{') if text.has_code && self.rest().starts_with("{{") => self.at += 2,
                Some('{') if text.has_code => self.code(&text)?,
                _ => self.character(&text)?,
            }
        }
        self.at += quotes.len();
        Ok(())
    }

    /// Passes a character of a text, and the one behind a backslash.
    fn character(&mut self, text: &Quoted<'_>) -> Result<(), Broken> {
        match self.peek() {
            Some('\\') => {
                self.at += 1;
                let rest = self.rest();
                self.at += match self.peek() {
                    Some('{' | '}') if text.has_code => 0,
                    // A character by its name: `\N{DASH}`.
                    Some('N') if text.has_code && !text.is_raw && rest.starts_with("N{") => 2,
                    Some('\r' | '\n') => self.line_end(),
                    next => next.map_or(0, char::len_utf8),
                };
                Ok(())
            }
            Some('\r' | '\n') if !text.is_long() => Err(text.unclosed()),
            Some(next) => {
                self.at += next.len_utf8();
                Ok(())
            }
            None => Err(text.unclosed()),
        }
    }

    /// Passes `{code:form}` of a text.
    fn code(&mut self, text: &Quoted<'_>) -> Result<(), Broken> {
        if text.nesting >= MOST_NESTED {
            return Err(Broken::new(
                text.start,
                format!("texts stand in more than {MOST_NESTED} others"),
            ));
        }
        self.at += 1;
        let mut open = 0_u32;
        while let Some(c) = self.peek() {
            match c {
                '}' if open == 0 => {
                    self.at += 1;
                    return Ok(());
                }
                ':' if open == 0 => {
                    self.at += 1;
                    return self.form(&Quoted { nesting: text.nesting + 1, ..*text });
                }
                '#' => self.comment(),
                '"' | '\'' => self.quoted("", text.nesting + 1)?,
                c if is_name_part(c) => {
                    let name = self.take_name()?;
                    if is_prefix(name) && self.rest().starts_with(['"', '\'']) {
                        self.quoted(name, text.nesting + 1)?;
                    }
                }
                c => {
                    match c {
                        '(' | '[' | '{' => open += 1,
                        ')' | ']' | '}' => open = open.saturating_sub(1),
                        _ => {}
                    }
                    self.at += c.len_utf8();
                }
            }
        }
        Err(text.unclosed())
    }

    /// Passes the form behind the `:` of `{code:form}`, in which code may stand again.
    fn form(&mut self, text: &Quoted<'_>) -> Result<(), Broken> {
        loop {
            match self.peek() {
                _ if self.rest().starts_with(text.quotes) => return Err(text.unclosed()),
                Some('{') => self.code(text)?,
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.character(text)?,
            }
        }
    }
}

/// A text that is passed.
#[derive(Clone, Copy)]
struct Quoted<'a> {
    /// Its first quote.
    start: usize,
    /// What begins and ends it.
    quotes: &'a str,
    /// Whether code stands in its `{}`.
    has_code: bool,
    /// Whether backslashes are characters like others.
    is_raw: bool,
    /// In how many other texts it stands.
    nesting: u32,
}

impl Quoted<'_> {
    /// Whether it may go over lines.
    fn is_long(&self) -> bool {
        self.quotes.len() > 1
    }

    fn unclosed(&self) -> Broken {
        Broken::new(self.start, "a text is not closed")
    }
}

/// Whether a character can stand in a name; Python's tokenizer takes all that is not ASCII.
fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// Whether letters may stand before a text: `rb'...'`.
fn is_prefix(name: &str) -> bool {
    name.len() <= 2 && name.chars().all(|c| "rRbBuUfFtT".contains(c))
}

/// A character that stands where Python takes none like it.
pub(super) fn refused(at: usize, c: char) -> Broken {
    Broken::new(
        at,
        format!("it has a character that Python refuses there (U+{:04X})", u32::from(c)),
    )
}
