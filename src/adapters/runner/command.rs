//! Workflow commands as text. Pure: nothing is written here.
//!
//! Escaping and limits are those of facts that the runner's source states: data escapes `%`, CR and LF; a property
//! escapes `:` and `,` too; `%` always comes first. See `tests/it/runner/contract.rs` for the proof.

use crate::domain::event::{Annotation, Level};
use crate::domain::terminal_text::clean;
use crate::failure::Place;

/// The longest message of an annotation that the runner keeps, in UTF-16 units.
pub const LONGEST_MESSAGE: usize = 4096;

/// Where in a file an annotation belongs. Lines and columns count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Path relative to the workspace, with `/`.
    pub file: String,
    /// First line.
    pub line: Option<u32>,
    /// Last line.
    pub end_line: Option<u32>,
    /// First column.
    pub column: Option<u32>,
    /// Last column.
    pub end_column: Option<u32>,
}

impl Location {
    /// The location of a place, relative to the workspace if it lies below it.
    pub fn of(place: &Place, workspace: &str) -> Self {
        let root = workspace.trim_end_matches('/');
        let below = place.file.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
        let file = below.filter(|_| !root.is_empty()).unwrap_or(&place.file);
        let file = file.strip_prefix("./").unwrap_or(file).to_owned();
        Self { file, line: place.line, column: place.column, ..Self::default() }.normal()
    }

    /// What the runner makes of a location, made here so that both agree: an end without a start becomes the start,
    /// columns without a line or over several lines are dropped, as are ranges that end before they begin.
    #[must_use]
    pub fn normal(mut self) -> Self {
        self.line = self.line.or(self.end_line);
        self.column = self.column.or(self.end_column);
        let several = matches!((self.line, self.end_line), (Some(a), Some(b)) if a != b);
        if self.line.is_none() || several {
            (self.column, self.end_column) = (None, None);
        }
        if self.end_line < self.line && self.end_line.is_some() {
            (self.line, self.end_line) = (None, None);
        }
        if self.end_column < self.column && self.end_column.is_some() {
            (self.column, self.end_column) = (None, None);
        }
        self
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        let number = |name, value: Option<u32>| Some((name, value?.to_string()));
        let file = (!self.file.is_empty()).then(|| ("file", self.file.clone()));
        [
            file,
            number("line", self.line),
            number("endLine", self.end_line),
            number("col", self.column),
            number("endColumn", self.end_column),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// `::error ...::message`, or `warning`, or `notice`.
pub fn annotation(annotation: &Annotation, workspace: &str) -> String {
    let mut properties = annotation
        .place
        .as_ref()
        .map(|place| Location::of(place, workspace).properties())
        .unwrap_or_default();
    // By what the runner would show: white space may become a picture, and other characters nothing.
    if !property(&annotation.title).is_empty() {
        properties.push(("title", annotation.title.clone()));
    }
    issue(level_name(annotation.level), &properties, &annotation.message)
}

/// `::debug::text`: shown where the job is debugged.
pub fn debug(text: &str) -> String {
    issue("debug", &[], text)
}

/// `::group::name`.
pub fn group(name: &str) -> String {
    issue("group", &[], name)
}

/// `::endgroup::`.
pub fn end_group() -> &'static str {
    "::endgroup::"
}

/// `::add-mask::value`, value verbatim. The runner complains about a blank value, so there is none for it.
pub fn add_mask(value: &str) -> Option<String> {
    (!value.trim().is_empty()).then(|| format!("::add-mask::{}", escape_data(value)))
}

/// `::stop-commands::token`: from here on nothing is a command, until [`resume`] with the same token.
pub fn stop(token: &str) -> String {
    format!("::stop-commands::{token}")
}

/// `::token::`.
pub fn resume(token: &str) -> String {
    format!("::{token}::")
}

/// Escapes what follows the second `::`.
pub fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
pub fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What an annotation's message becomes: cleaned, and cut at the runner's limit with a note that it was.
pub fn message(text: &str) -> String {
    let text = clean(text.trim_end());
    if utf16_length(&text) <= LONGEST_MESSAGE {
        return apart(text);
    }
    let note = "\n[... cut: the runner shows 4096 characters at most]";
    let mut room = LONGEST_MESSAGE - utf16_length(note) - 1;
    let kept = text.chars().take_while(|c| match room.checked_sub(c.len_utf16()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    });
    apart(kept.collect::<String>() + note)
}

/// The value of a property as the runner can read it: one that begins with `=` would lose it, and spaces at the ends
/// are lost in any case.
pub fn property(text: &str) -> String {
    let text = clean(text).trim().to_owned();
    if text.starts_with('=') { format!("'{text}") } else { text }
}

fn issue(name: &str, properties: &[(&str, String)], text: &str) -> String {
    let pairs = properties.iter().map(|(key, value)| (key, escape_property(&property(value))));
    let pairs: Vec<_> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
    let space = if pairs.is_empty() { "" } else { " " };
    format!("::{name}{space}{}::{}", pairs.join(","), escape_data(&message(text)))
}

/// A combining mark right after `::` would join the colon, and the runner's search would not find it: a space parts
/// them. Which characters combine is a long table, so every one beyond ASCII gets the space.
fn apart(text: String) -> String {
    match text.chars().next() {
        Some(first) if !first.is_ascii() => format!(" {text}"),
        _ => text,
    }
}

fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    }
}
