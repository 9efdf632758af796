//! Reads `.env` files as Compose v2.40 does, with the place of each key and value.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Point, Rule, Span};
use crate::domain::interpolate::{Filled, Worth, fill};
use crate::domain::limit::LIMIT;

/// Most assignments that are read of a file.
const ASSIGNMENTS: usize = 5_000;

/// Most wrong lines that are told of a file.
const WRONG: usize = 1_000;

/// Most text that the values of a file may make, in bytes.
const MOST_TEXT: usize = 16 << 20;

/// A line that Compose cannot read.
pub const SYNTAX: Rule = Rule {
    id: "env.syntax",
    level: Level::Error,
    about: "a line of an env file that Compose cannot read",
    help: "Compose refuses the whole file, and with it the stack.",
};

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// Up to the end of the line; variables are put in.
    None,
    /// As it stands.
    Single,
    /// With escapes and variables.
    Double,
}

/// `KEY=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The key; empty where nothing stands before the `=`: Compose takes such a line and makes nothing of it.
    pub key: String,
    /// Where it stands.
    pub key_span: Span,
    /// The value without quotes and comment, before variables are put in; none where the line has no `=`.
    pub value: Option<String>,
    /// Where it stands, quotes included.
    pub value_span: Span,
    /// How it is written.
    pub quotes: Quotes,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// Its path.
    pub path: String,
    /// The assignments, in the order written.
    pub assignments: Vec<Assignment>,
    /// What is wrong with it. What follows such a line is read all the same.
    pub findings: Vec<Finding>,
}

impl EnvFile {
    /// The last assignment of a key: the one that counts.
    pub fn get(&self, key: &str) -> Option<&Assignment> {
        self.assignments.iter().rev().find(|one| one.key == key)
    }

    /// What each key is worth: variables in values are those of `outer`, then those of the keys above. Few lines can
    /// double each other to any length: past `MOST_TEXT` the rest is left out, and that is a finding.
    pub fn values(
        &self,
        outer: &dyn Fn(&str) -> Worth,
    ) -> (BTreeMap<String, String>, Option<Finding>) {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let mut made = 0;
        for one in &self.assignments {
            let lookup = |name: &str| match (outer(name), values.get(name)) {
                (Worth::Text(text), _) => Worth::Text(text),
                (Worth::Open, Some(own)) if own.is_empty() => Worth::Open,
                (other, own) => own.map_or(other, |own| Worth::Text(own.clone())),
            };
            let value = match (&one.value, one.quotes) {
                (None, _) => match outer(&one.key) {
                    Worth::Text(text) => Some(text),
                    _ => None,
                },
                (Some(value), Quotes::Single) => Some(value.clone()),
                (Some(value), Quotes::None | Quotes::Double) => Some(
                    fill(value, &lookup)
                        .map_or_else(|_| value.clone(), |filled: Filled| filled.text),
                ),
            };
            let Some(value) = value.filter(|_| !one.key.is_empty()) else { continue };
            made += value.len();
            if made > MOST_TEXT {
                let what = format!(
                    "with their variables the values of this file have more than {} MiB: from here on they are not read",
                    MOST_TEXT >> 20
                );
                return (values, Some(Finding::new(&LIMIT, one.key_span.clone(), what)));
            }
            values.insert(one.key.clone(), value);
        }
        (values, None)
    }
}

/// Reads a file.
pub fn read(path: &str, text: &str) -> EnvFile {
    let chars: Vec<char> = text.strip_prefix('\u{feff}').unwrap_or(text).chars().collect();
    let file = EnvFile { path: path.to_owned(), ..EnvFile::default() };
    let mut reader = Reader { chars, at: 0, line: 1, column: 1, name: path.into(), file };
    while reader.statement() {
        let file = &mut reader.file;
        if file.assignments.len() >= ASSIGNMENTS || file.findings.len() >= WRONG {
            reader.stop();
            break;
        }
    }
    reader.file
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: u32,
    column: u32,
    name: Arc<str>,
    file: EnvFile,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }

    const fn point(&self) -> Point {
        Point { line: self.line, column: self.column }
    }

    fn since(&self, start: Point) -> Span {
        Span { file: self.name.clone(), start, end: self.point() }
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.next();
        }
    }

    fn rest_of_line(&mut self) -> String {
        let mut line = String::new();
        while let Some(c) = self.peek().filter(|c| *c != '\n') {
            line.push(c);
            self.next();
        }
        line
    }

    /// Says that what follows is not read, if anything does.
    fn stop(&mut self) {
        self.skip(char::is_whitespace);
        if self.peek().is_some() {
            let span = Span::line(&self.file.path, self.line);
            let what = format!(
                "the file has more than {ASSIGNMENTS} assignments or {WRONG} wrong lines: from here on it is not read"
            );
            self.file.findings.push(Finding::new(&LIMIT, span, what));
        }
    }

    fn wrong(&mut self, start: Point, what: &str, hint: &str) {
        let span = self.since(start);
        self.file.findings.push(Finding::new(&SYNTAX, span, what).hint(hint));
    }

    /// Reads one line or one quoted value of several lines; false at the end.
    fn statement(&mut self) -> bool {
        self.skip(char::is_whitespace);
        match self.peek() {
            None => return false,
            Some('#') => {
                self.rest_of_line();
                return true;
            }
            Some(_) => {}
        }
        self.skip_export();
        let start = self.point();
        let mut key = String::new();
        let mut wrong = false;
        while let Some(c) = self.peek().filter(|c| !matches!(c, '=' | ':' | '\n')) {
            wrong |= !is_blank(c) && !is_of_key(c);
            key.push(c);
            self.next();
        }
        let trimmed = key.trim_end().to_owned();
        let is_nothing = trimmed.is_empty() && self.peek().is_none_or(|c| c == '\n');
        if wrong || trimmed.contains(char::is_whitespace) || is_nothing {
            self.rest_of_line();
            let hint = "write `KEY=value`; a comment begins with `#`";
            self.wrong(
                start,
                "this line is no assignment: a key has letters, digits and `_` only",
                hint,
            );
            return true;
        }
        let end = Point { column: start.column + length(&trimmed), ..start };
        let key_span = Span { file: self.name.clone(), start, end };
        let has_value = self.peek().is_some_and(|c| c != '\n');
        if has_value {
            self.next();
            self.skip(is_blank);
        }
        let start = self.point();
        let Some((value, quotes)) = self.value(start) else { return true };
        let value_span = self.value_span(start, &value, quotes);
        let value = has_value.then_some(value);
        let one = Assignment { key: trimmed, key_span, value, value_span, quotes };
        self.file.assignments.push(one);
        true
    }

    /// A bare value ends before its comment.
    fn value_span(&self, start: Point, value: &str, quotes: Quotes) -> Span {
        match quotes {
            Quotes::None => {
                let end = Point { column: start.column + length(value), ..start };
                Span { file: self.name.clone(), start, end }
            }
            Quotes::Single | Quotes::Double => self.since(start),
        }
    }

    fn skip_export(&mut self) {
        let word: String = self.chars.iter().skip(self.at).take(6).collect();
        let after = self.chars.get(self.at + 6).copied();
        if word == "export" && after.is_some_and(is_blank) {
            (0..6).for_each(|_| {
                self.next();
            });
            self.skip(is_blank);
        }
    }

    /// None where quotes are not closed: the rest of the line is passed over.
    fn value(&mut self, start: Point) -> Option<(String, Quotes)> {
        let (quote, quotes) = match self.peek() {
            Some('\'') => ('\'', Quotes::Single),
            Some('"') => ('"', Quotes::Double),
            _ => {
                let line = self.rest_of_line();
                let bare = line.split(" #").next().unwrap_or_default();
                let bare = if line.starts_with('#') { "" } else { bare };
                return Some((bare.trim_end().to_owned(), Quotes::None));
            }
        };
        let (at, line, column) = (self.at, self.line, self.column);
        self.next();
        let mut text = String::new();
        let mut escaped = false;
        while let Some(c) = self.next() {
            if c == quote && !escaped {
                let text = if quotes == Quotes::Double { unescaped(&text) } else { text };
                return Some((text, quotes));
            }
            if c == '\\' && !escaped {
                escaped = true;
                continue;
            }
            if escaped && c != quote {
                text.push('\\');
            }
            escaped = false;
            text.push(c);
        }
        (self.at, self.line, self.column) = (at, line, column);
        self.rest_of_line();
        self.wrong(start, "the quotes of this value are not closed", "close them on the same line");
        None
    }
}

/// The escapes that Compose undoes in double quotes. `\$` stays protected as `$$`.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('$') => out.push_str("$$"),
            Some(c @ ('"' | '\\')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

fn length(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

fn is_of_key(c: char) -> bool {
    c.is_alphanumeric() || "_.-[]".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let file = read(".env", text);
        assert_eq!(file.findings, [], "{text}");
        let outer = |name: &str| match name {
            "OUT" => Worth::Text("o".to_owned()),
            "OPEN" => Worth::Open,
            _ => Worth::Unset,
        };
        let (values, finding) = file.values(&outer);
        assert_eq!(finding, None);
        values.into_iter().collect()
    }

    #[test]
    fn values_are_those_of_compose() {
        for (text, expected) in [
            ("A=1", &[("A", "1")][..]),
            ("A=1 # why\nB=a#b\nC= x \n", &[("A", "1"), ("B", "a#b"), ("C", "x")]),
            ("export A=1\nB: 2\n", &[("A", "1"), ("B", "2")]),
            ("A='$x #y'\nB=\"a\\nb\\\"\"\n", &[("A", "$x #y"), ("B", "a\nb\"")]),
            ("A=1\nB=${A}2\nC=$OUT\nD=$NO\n", &[("A", "1"), ("B", "12"), ("C", "o"), ("D", "")]),
            ("A='two\nlines'\nB=1", &[("A", "two\nlines"), ("B", "1")]),
            ("A=\nB=''\n", &[("A", ""), ("B", "")]),
            ("OUT\nX\n", &[("OUT", "o")]),
            ("A=1\r\nB=2\r\n", &[("A", "1"), ("B", "2")]),
            ("A=1\nA=2\n", &[("A", "2")]),
            ("A=\"x\\$y\"", &[("A", "x$y")]),
            ("A='it\\'s'", &[("A", "it's")]),
            ("\u{feff}A=1", &[("A", "1")]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            assert_eq!(values(text), expected, "{text}");
        }
    }

    #[test]
    fn keys_and_values_know_their_place() {
        let file = read(".env", "# c\n A_1 = 'x y' # z\nB=é  # c\n");
        let places: Vec<_> = file
            .assignments
            .iter()
            .map(|one| format!("{:?} {:?}", one.key_span, one.value_span))
            .collect();
        assert_eq!(places, [".env:2:2-2:5 .env:2:8-2:13", ".env:3:1-3:2 .env:3:3-3:4"]);
    }

    #[test]
    fn wrong_lines_are_told_and_the_rest_is_read() {
        let file = read(".env", "A B=1\nC=2\n{}\nD='x\nE=3\n=4\n");
        let lines: Vec<_> = file.findings.iter().map(|one| one.span.start.line).collect();
        assert_eq!(lines, [1, 3, 4]);
        let keys: Vec<_> = file.assignments.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["C", "E", ""]);
    }

    #[test]
    fn lines_that_double_each_other_and_long_files_end() {
        let doubling: String = (1..40).map(|n| format!("A{n}=$A{0}$A{0}\n", n - 1)).collect();
        let file = read(".env", &format!("A0={}\n{doubling}", "x".repeat(1024)));
        let (values, finding) = file.values(&|_| Worth::Unset);
        assert!(values.values().map(String::len).sum::<usize>() <= MOST_TEXT);
        let refused = finding.is_some() || values.get("A11").is_some_and(|text| text.contains('$'));
        assert!(refused, "{finding:?}");
        let long = |line: &str, count: usize| read(".env", &line.repeat(count));
        assert_eq!(long("A=1\n", ASSIGNMENTS).findings, []);
        let file = long("A=1\n", ASSIGNMENTS + 1);
        assert_eq!(file.findings[0].span.start.line, 5_001);
        assert!(file.findings.len() == 1 && file.assignments.len() == ASSIGNMENTS);
        assert_eq!(long("A B=1\n", 3 * WRONG).findings.len(), WRONG + 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_we_write_we_read(value in "[^\u{0}]{0,30}") {
            let value: String = value.chars().filter(|c| !is_blank(*c) || *c == ' ').collect();
            let file = read(".env", &crate::domain::env_file::line("K", &value));
            let values = file.values(&|_| Worth::Unset).0;
            prop_assert_eq!(values.get("K"), Some(&value));
        }

        #[test]
        fn nothing_panics(text in "[A-C=:'\"\\\\$# \n{}é]{0,60}") {
            let _ = read(".env", &text).values(&|_| Worth::Unset).0;
        }
    }
}
