//! Python literals, as `ast.literal_eval` of `CPython` 3.11 reads them, with the place of every value.
//!
//! Odoo reads a manifest with `literal_eval`, so what it refuses does not load. This reader accepts the same texts, with
//! four exceptions, all of them reported as [`Problem::Limit`]: characters by their names (`\N{..}`), halves of surrogate
//! pairs (`\ud800`), brackets nested deeper than 100, and integers written with more than 4300 digits. A byte order mark
//! is refused as Python refuses it in a text.

mod cursor;
mod number;
mod read;
mod scan;
mod text;

use std::fmt;

use crate::domain::finding::Point;

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its first character.
    pub start: Point,
    /// The character behind its last one.
    pub end: Point,
}

/// What a literal can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of any size, in decimal digits, with a `-` if it is negative.
    Int(String),
    /// A float; infinite if it was written too large.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// A text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// `...`
    Ellipsis,
    /// A tuple.
    Tuple(Vec<Node>),
    /// A list.
    List(Vec<Node>),
    /// A set as it is written: equal elements are all here.
    Set(Vec<Node>),
    /// A dictionary as it is written: equal keys are all here, of which Python keeps the last.
    Dict(Vec<(Node, Node)>),
}

impl Node {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Value::Str(text) = &self.value { Some(text) } else { None }
    }

    /// The elements of a list, tuple or set.
    pub fn elements(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(elements) | Value::Tuple(elements) | Value::Set(elements) => Some(elements),
            _ => None,
        }
    }

    /// What it is, with its article.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::None => "`None`",
            Value::Bool(true) => "`True`",
            Value::Bool(false) => "`False`",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Complex(..) => "a complex number",
            Value::Str(_) => "a text",
            Value::Bytes(_) => "bytes",
            Value::Ellipsis => "`...`",
            Value::Tuple(_) => "a tuple",
            Value::List(_) => "a list",
            Value::Set(_) => "a set",
            Value::Dict(_) => "a dictionary",
        }
    }

    /// Whether Python takes it as a key or an element of a set.
    fn is_hashable(&self) -> bool {
        match &self.value {
            Value::List(_) | Value::Set(_) | Value::Dict(_) => false,
            Value::Tuple(elements) => elements.iter().all(Self::is_hashable),
            _ => true,
        }
    }
}

/// Why a text is not a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotLiteral {
    /// Where.
    pub at: Point,
    /// What stands there, in a few words.
    pub reason: String,
    /// What Python makes of it.
    pub problem: Problem,
}

impl fmt::Display for NotLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// What Python makes of a text that is not a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is no Python.
    Syntax,
    /// It is Python, as far as it was read, and not a literal.
    Expression,
    /// Python may take it, and we do not read it.
    Limit,
}

impl NotLiteral {
    fn new(problem: Problem, at: Point, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into(), problem }
    }

    fn syntax(at: Point, reason: impl Into<String>) -> Self {
        Self::new(Problem::Syntax, at, reason)
    }

    fn expression(at: Point, reason: impl Into<String>) -> Self {
        Self::new(Problem::Expression, at, reason)
    }

    fn limit(at: Point, reason: impl Into<String>) -> Self {
        Self::new(Problem::Limit, at, reason)
    }
}

/// Reads a whole file as one literal.
///
/// # Errors
/// The first place where it is not one.
pub fn parse(text: &str) -> Result<Node, NotLiteral> {
    read::file(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The reason with its problem and place.
    fn refused(text: &str) -> (Problem, String) {
        let error = parse(text).expect_err(text);
        (error.problem, format!("{}:{} {error}", error.at.line, error.at.column))
    }

    #[test]
    fn values_have_their_places() {
        let node = parse("# c\n{'ä': ['x'\n 'y', -1],}\n").unwrap();
        let Value::Dict(pairs) = &node.value else { panic!() };
        let (key, value) = &pairs[0];
        assert_eq!(
            (node.start.line, node.start.column, node.end.line, node.end.column),
            (2, 1, 3, 12)
        );
        assert_eq!((key.text(), key.start.column, key.end.column), (Some("ä"), 2, 5));
        let elements = value.elements().unwrap();
        assert_eq!(
            (elements[0].text(), elements[0].end.line, elements[0].end.column),
            (Some("xy"), 3, 5)
        );
        assert_eq!(elements[1].value, Value::Int("-1".to_owned()));
        assert_eq!((elements[1].start.column, elements[1].end.column), (7, 9));
        assert_eq!(
            (value.kind(), key.kind(), elements[1].kind()),
            ("a list", "a text", "an integer")
        );
    }

    #[test]
    fn what_is_python_and_no_literal() {
        for (text, reason) in [
            ("{'a': foo}", "1:7 a name `foo`"),
            ("{'a': _('x')}", "1:7 a call of `_`"),
            ("{'a': 'x' % 1}", "1:11 an operation"),
            ("'' or ''", "1:4 an expression with `or`"),
            ("[x for x in y]", "1:2 a name `x`"),
            ("[1 for x in y]", "1:4 a comprehension"),
            ("'a'.join([])", "1:4 an attribute"),
            ("'a'[0]", "1:4 an index"),
            ("{1: 2}()", "1:7 a call"),
            ("set([1])", "1:1 a call of `set` with something in it"),
            ("set", "1:1 a name `set`"),
            ("f'a'", "1:1 an f-string"),
            ("{[]: 1}", "1:2 a list as a key or in a set"),
            ("{**a}", "1:2 unpacking with `**`"),
            ("[*a]", "1:2 unpacking with `*`"),
            ("- -1", "1:3 an operation"),
            ("lambda: 1", "1:1 a `lambda`"),
            ("1 < 2", "1:3 a comparison"),
            ("1j + 2", "1:4 an operation"),
            ("-True", "1:1 a sign before what is not a number"),
        ] {
            assert_eq!(refused(text), (Problem::Expression, reason.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_python() {
        for (text, reason) in [
            ("", "1:1 no value"),
            ("# only this\n", "2:1 no value"),
            ("\n {}", "2:2 a line is indented"),
            ("{'a': 1\n 'b': 2}", "2:2 a value behind another, without a comma between them"),
            ("x = [\n'a',\n", "1:1 a name `x`"),
            ("(\n[\n'a',\n", "2:1 a `[` is not closed"),
            ("{'a': 'b}", "1:7 a text is not closed"),
            ("['a'}", "1:5 a `}`, and a `[` is open since line 1"),
            ("{}\n{}", "2:1 something behind the value"),
            ("{'a', 'b': 1}", "1:10 a `:` in a set"),
            ("{'a': 1, 'b'}", "1:10 a key without a value"),
            ("007", "1:1 an integer with a leading zero"),
            ("1a", "1:1 a number that goes on with a letter or digit"),
            ("'a' b'a'", "1:5 a text and bytes side by side"),
            ("b'ä'", "1:3 bytes with a character that is not ASCII"),
            (r"'\x4'", "1:4 an escape that needs 2 digits"),
            (r"'\U00110000'", "1:4 a character that does not exist"),
            ("\u{feff}{}", "1:1 a byte order mark (U+FEFF)"),
            ("'a\0'", "1:3 a NUL character"),
            ("{'a': 'b'\n'c': 1}", "2:4 a `:` behind two values without a comma"),
            ("[1,,]", "1:4 a `,` where it does not belong"),
            ("'a' if", "1:5 an expression with `if`"),
            ("if", "1:1 a `if` where a value belongs"),
            ("{'a' 'b' \\ 1}", "1:10 a backslash that does not end its line"),
        ] {
            let (problem, found) = refused(text);
            assert_eq!(found, reason, "{text}");
            let names = text.starts_with("x =") || text == "'a' if";
            assert_eq!(problem == Problem::Syntax, !names, "{text}");
        }
    }

    #[test]
    fn what_python_may_take_and_we_do_not() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&deep(100)).is_ok());
        assert!(parse(&"9".repeat(4300)).is_ok());
        for text in [&deep(101), &deep(1_000_000), &"9".repeat(4301), r"'\N{DASH}'", r"'\ud800'"] {
            assert_eq!(refused(text).0, Problem::Limit, "{text:.20}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_is_too_odd(text in "[\\[\\](){},:'\"\\\\#\n\r\t a0-9xbjeru.+*é\u{0}-]{0,60}") {
            drop(parse(&text));
        }

        #[test]
        fn a_text_in_quotes_is_that_text(text in "[^\\\\'\n\r\u{0}]{0,40}") {
            let node = parse(&format!("'{text}'")).map_err(|error| TestCaseError::fail(error.reason))?;
            prop_assert_eq!(node.text(), Some(text.as_str()));
        }

        #[test]
        fn an_integer_is_that_integer(number: u128) {
            for text in [format!("{number}"), format!("0x{number:x}"), format!("0b{number:b}"), format!("0o{number:o}")] {
                prop_assert_eq!(parse(&text).map(|node| node.value), Ok(Value::Int(number.to_string())));
            }
        }
    }
}
