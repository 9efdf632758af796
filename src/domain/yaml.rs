//! YAML as a tree in which every key and value knows its place.
//!
//! What a file means is decided as the reader of Compose decides it: the scalars of YAML 1.2 with octal numbers of 1.1,
//! merge keys, the last of several keys with one name wins (and is reported). Reading is bounded: see [`read()`].

use std::sync::Arc;

use crate::domain::finding::{Point, Span};
use crate::domain::interpolate::HOLE;

mod read;
mod scalar;

pub use read::{DUPLICATE_KEY, Document, SYNTAX, read};
pub use scalar::{Kind, Scalar, Style};

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands; of an alias, where the anchor stands.
    pub span: Span,
    /// Its own tag as written, such as `!reset`; none for tags of YAML itself.
    pub tag: Option<Arc<str>>,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, a number, a truth value, or nothing.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order written, keys once.
    Mapping(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The text.
    pub text: String,
    /// The text in the file, if variables were put in: lists of names and of `NAME=value` become keys.
    pub written: Option<String>,
    /// Where it stands.
    pub span: Span,
}

impl Key {
    /// A key as the file has it.
    pub fn new(text: impl Into<String>, span: &Span) -> Self {
        Self { text: text.into(), written: None, span: span.clone() }
    }

    /// The text as it may be shown: with the names of variables, never with their values.
    pub fn shown(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }

    /// Whether a variable of which nothing is known is a part of it.
    pub fn is_open(&self) -> bool {
        self.text.contains(HOLE)
    }
}

/// How many bytes of text weigh as much as a node.
const HEAVY: usize = 128;

impl Node {
    /// A node that no file holds: it stands where `span` says.
    pub fn made(span: &Span, value: Value) -> Self {
        Self { span: span.clone(), tag: None, value }
    }

    /// Text that no file holds.
    pub fn text(span: &Span, text: impl Into<String>) -> Self {
        Self::made(span, Value::Scalar(Scalar::text(text)))
    }

    /// The value of a key; `None` if there is none or this is no mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The key with its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    /// The keys and values; none if this is no mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items; none if this is no list.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The scalar, if it is one.
    pub const fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar that is not nothing: a number as written. None where a variable of which nothing is known
    /// is a part of it: a rule that needs the text is quiet then.
    pub fn as_text(&self) -> Option<&str> {
        self.as_template().filter(|text| !text.contains(HOLE))
    }

    /// The same with [`HOLE`] for each variable of which nothing is known, for rules that decide on the rest.
    pub fn as_template(&self) -> Option<&str> {
        self.scalar().filter(|scalar| scalar.kind != Kind::Null).map(|scalar| scalar.text.as_str())
    }

    /// Whether a variable of which nothing is known is a part of this scalar.
    pub fn is_open(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_open)
    }

    /// The text of a scalar as the file has it, before variables were put in.
    pub fn as_written(&self) -> Option<&str> {
        let scalar = self.scalar().filter(|scalar| scalar.kind != Kind::Null)?;
        Some(scalar.written.as_deref().unwrap_or(&scalar.text))
    }

    /// The same for messages: names of variables and never their values; empty for what is no scalar.
    pub fn shown(&self) -> &str {
        self.as_written().unwrap_or_default()
    }

    /// A part of this scalar's text as a scalar of its own; shown as a whole where variables were put in.
    #[must_use]
    pub fn piece(&self, text: impl Into<String>) -> Self {
        let mut piece = Self::text(&self.span, text);
        if let (Value::Scalar(piece), Some(scalar)) = (&mut piece.value, self.scalar()) {
            piece.written.clone_from(&scalar.written);
        }
        piece
    }

    /// This scalar's text, or a part of it, as a key; shown as a whole where variables were put in.
    pub fn key(&self, text: &str) -> Key {
        let written = self.scalar().and_then(|scalar| scalar.written.clone());
        Key { text: text.to_owned(), written, span: self.span.clone() }
    }

    /// Whether it is nothing: `~`, `null`, or no value at all.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.kind == Kind::Null)
    }

    /// Whether it says yes, as a truth value or as text that Compose takes for one.
    pub fn is_true(&self) -> bool {
        self.as_text().is_some_and(|text| {
            matches!(text.to_ascii_lowercase().as_str(), "true" | "y" | "yes" | "on" | "1")
        })
    }

    /// What kind of value it is, in words.
    pub const fn noun(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => scalar.kind.noun(),
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// How much memory a copy of it takes: its nodes, itself included, and one more for each `HEAVY` bytes of a text.
    pub fn weight(&self) -> usize {
        match &self.value {
            Value::Scalar(scalar) => 1 + scalar.text.len() / HEAVY,
            Value::Sequence(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Value::Mapping(entries) => {
                let one = |entry: &Entry| entry.value.weight() + entry.key.text.len() / HEAVY;
                1 + entries.iter().map(one).sum::<usize>()
            }
        }
    }

    /// Sets a key, at the place of the former one if there is one.
    pub fn set(&mut self, key: Key, value: Self) {
        let Value::Mapping(entries) = &mut self.value else { return };
        match entries.iter_mut().find(|entry| entry.key.text == key.text) {
            Some(entry) => *entry = Entry { key, value },
            None => entries.push(Entry { key, value }),
        }
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) {
        if let Value::Mapping(entries) = &mut self.value {
            entries.retain(|entry| entry.key.text != key);
        }
    }
}

/// The part of a scalar's text between two character offsets, as a place in its file, if the text stands there as it
/// is: in one line, plain or in quotes without escapes. Else the whole scalar.
pub fn part(node: &Node, from: usize, to: usize) -> Span {
    let whole = node.span.clone();
    let Some(scalar) = node.scalar() else { return whole };
    let written = scalar.written.as_deref().unwrap_or(&scalar.text);
    let length = u32::try_from(written.chars().count()).unwrap_or(u32::MAX);
    let quotes = scalar.quotes();
    if whole.start.line != whole.end.line
        || whole.end.column.saturating_sub(whole.start.column) != length + 2 * quotes
    {
        return whole;
    }
    let at = |offset: usize| Point {
        line: whole.start.line,
        column: whole.start.column + quotes + u32::try_from(offset).unwrap_or(0),
    };
    Span { start: at(from), end: at(to), file: whole.file }
}
