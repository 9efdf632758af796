//! Statements of Python that go over several lines. coverage.py names the first line of a statement only, so a change of
//! the others would owe nothing: it is a change of the statement, and counts at its first line.
//!
//! Only what joins lines is looked at: brackets, strings, backslashes, comments (Python reference, 2.1.5 to 2.1.7).

/// A line that belongs to a statement which began above it. Lines without a word (blank, comments, brackets) are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The line, from 1.
    pub line: u32,
    /// Where its statement began.
    pub first: u32,
    /// Whether a report says so, with the statement's end: then nothing between can be the line's own statement.
    pub is_told: bool,
}

/// The continuation lines of a file, from top to bottom.
pub fn continuations(source: &[u8]) -> Vec<Continuation> {
    let mut scanner = Scanner::default();
    let mut found = Vec::new();
    for (text, line) in source.split(|byte| *byte == b'\n').zip(1..) {
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if scanner.begins_here(text) {
            scanner = Scanner { first: line, ..Scanner::default() };
        }
        let says_something = scanner.read(text);
        if says_something && line != scanner.first {
            found.push(Continuation { line, first: scanner.first, is_told: false });
        }
    }
    found
}

/// What is open at the end of a line.
#[derive(Clone, Copy, Debug, Default)]
struct Scanner {
    /// Where the statement began.
    first: u32,
    /// How many brackets are open.
    depth: u32,
    string: Option<Quote>,
    /// Whether the line ended in a backslash.
    continued: bool,
}

/// The end of a string that is looked for.
#[derive(Clone, Copy, Debug)]
struct Quote {
    mark: u8,
    is_triple: bool,
}

impl Quote {
    /// How long the quote is that the text begins with, if it is this one.
    fn ends(self, text: &[u8]) -> Option<usize> {
        let marks = if self.is_triple { 3 } else { 1 };
        (text.len() >= marks && text[..marks].iter().all(|byte| *byte == self.mark))
            .then_some(marks)
    }
}

/// What stands at the left edge only where a statement begins. A bracket that seems to be open there was none: quotes
/// within an f-string look like its end.
const BEGINNINGS: [&[u8]; 6] = [b"def ", b"class ", b"async ", b"import ", b"from ", b"@"];

/// What joins lines and says nothing.
const JOINTS: &[u8] = b"()[]{},\\ \t\r\x0c";

impl Scanner {
    fn begins_here(&self, text: &[u8]) -> bool {
        let is_inside = self.depth > 0 && !BEGINNINGS.iter().any(|word| text.starts_with(word));
        !(is_inside || self.continued || self.string.is_some())
    }

    /// Goes through a line. Whether it holds more than brackets and comments.
    fn read(&mut self, text: &[u8]) -> bool {
        self.continued = false;
        let mut says_something = false;
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let rest = &text[at..];
            let is_text = self.string.is_some() && !byte.is_ascii_whitespace();
            at += match (self.string, byte) {
                (Some(_), b'\\') => 2,
                (Some(quote), _) => match quote.ends(rest) {
                    Some(length) => {
                        self.string = None;
                        length
                    }
                    None => 1,
                },
                (None, b'#') => break,
                (None, b'\'' | b'"') => self.open(rest),
                (None, _) => {
                    self.code(rest);
                    1
                }
            };
            says_something |= is_text || !JOINTS.contains(byte);
        }
        // Only a backslash takes a string with one quote to the next line.
        let is_escaped = at > text.len();
        if self.string.is_some_and(|quote| !quote.is_triple) && !is_escaped {
            self.string = None;
        }
        says_something
    }

    /// Opens a string; how long its quote is.
    fn open(&mut self, rest: &[u8]) -> usize {
        let mark = rest[0];
        let is_triple = rest.starts_with(&[mark; 3]);
        self.string = Some(Quote { mark, is_triple });
        if is_triple { 3 } else { 1 }
    }

    fn code(&mut self, rest: &[u8]) {
        match rest[0] {
            b'(' | b'[' | b'{' => self.depth += 1,
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            b'\\' => self.continued = rest.len() == 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(source: &str) -> Vec<(u32, u32)> {
        continuations(source.as_bytes()).iter().map(|c| (c.line, c.first)).collect()
    }

    #[test]
    fn lines_belong_to_the_statement_above() {
        for (source, expected) in [
            ("a = f(\n  1,\n  2,\n)\nb = 1\n", &[(2, 1), (3, 1)][..]),
            ("a = 1 + \\\n  2\nb\n", &[(2, 1)]),
            ("a = 1 + \\\r\n  2\r\nb\r\n", &[(2, 1)]),
            (
                "x\nsql = \"\"\"\nselect 1 -- (\n\"\"\"\nb = f(\n# no\n\n'yes')\nc",
                &[(3, 2), (4, 2), (8, 5)],
            ),
            ("a = 'it\\'s ('\nb = \"#(\"\nc # (\nd", &[]),
            ("s = 'one \\\n two ('\nb", &[(2, 1)]),
            ("r = ('''a\n\\Z\n''')\nb", &[(2, 1), (3, 1)]),
            ("if (a and\n    b):\n    c()\n", &[(2, 1)]),
            ("a = [\n  {\n    'k': 1,\n  },\n]\nb", &[(3, 1)]),
        ] {
            assert_eq!(pairs(source), expected, "{source}");
        }
    }

    #[test]
    fn what_is_no_bracket_opens_nothing_for_long() {
        assert_eq!(pairs("a = 'broken (\nb\n"), []);
        assert_eq!(pairs("x = f\"{d[\"(\"]}\"\ndef f():\n    pass\n"), []);
        assert_eq!(pairs(")\n)\na\n"), []);
        assert_eq!(pairs("f('''\n"), []);
        assert_eq!(pairs(""), []);
    }

    proptest::proptest! {
        #[test]
        fn each_line_once_and_below_its_beginning(source in "[a('\"#\\\\\n) ]{0,200}") {
            let found = continuations(source.as_bytes());
            proptest::prop_assert!(found.windows(2).all(|two| two[0].line < two[1].line));
            let lines = u32::try_from(source.split('\n').count()).unwrap();
            proptest::prop_assert!(found.iter().all(|c| 0 < c.first && c.first < c.line && c.line <= lines));
        }
    }
}
