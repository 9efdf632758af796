//! Why a place says no version.

use crate::domain::shown::visible;
use crate::domain::version::Version;
use crate::failure::{Failure, Outcome, Place};

/// What a place without a version means to whoever looks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is none here, so it may be elsewhere.
    Absent,
    /// There is one that cannot be known from here. Taking another would be guessing.
    Unknown,
}

/// A place without a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lack {
    pub(super) kind: Kind,
    /// The file.
    pub(super) file: String,
    /// Its line, from 1; 0 where the whole file is meant.
    pub(super) line: u32,
    /// Why, to be read behind the place: `package.json:3: it has no "version"`.
    pub(super) why: String,
    /// What to do.
    pub(super) help: String,
}

impl Lack {
    pub(super) fn absent(file: &str, why: impl Into<String>) -> Self {
        Self::new(Kind::Absent, file, why)
    }

    pub(super) fn unknown(file: &str, why: impl Into<String>) -> Self {
        Self::new(Kind::Unknown, file, why)
    }

    fn new(kind: Kind, file: &str, why: impl Into<String>) -> Self {
        let help = "write the version there, or name another place with `version-from`".to_owned();
        // Names in it come from files of a pull request.
        Self { kind, file: file.to_owned(), line: 0, why: visible(&why.into()), help }
    }

    pub(super) fn at(mut self, line: u32) -> Self {
        self.line = line;
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = visible(&help.into());
        self
    }

    /// The place: `package.json:3`.
    pub(super) fn place(&self) -> String {
        place(&self.file, self.line)
    }

    pub(super) fn failure(self) -> Failure {
        let line = (self.line > 0).then_some(self.line);
        Failure::new(Outcome::BadInput, format!("no version in {}", self.place()))
            .why(self.why)
            .help(self.help)
            .at(Place { file: self.file, line, column: None })
    }
}

/// A file and its line.
pub(super) fn place(file: &str, line: u32) -> String {
    let file = visible(file);
    if line == 0 { file } else { format!("{file}:{line}") }
}

/// A version and the file and line that say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) version: Version,
    pub(super) file: String,
    pub(super) line: u32,
}

impl Said {
    /// Reads the text that stands at a place.
    pub(super) fn new(file: &str, line: u32, raw: &str) -> Result<Self, Lack> {
        let wrong = |why| {
            let shown: String = visible(&raw.chars().take(60).collect::<String>());
            Lack::unknown(file, format!("\"{shown}\" is no version: it {why}")).at(line)
        };
        let version = Version::parse(raw).map_err(wrong)?;
        Ok(Self { version, file: file.to_owned(), line })
    }

    /// The same, where tools write `0.0.0` for "none yet".
    pub(super) fn unless_placeholder(file: &str, line: u32, raw: &str) -> Result<Self, Lack> {
        if raw == "0.0.0" || raw.starts_with("0.0.0-") {
            let why = format!("\"{}\" stands for a version that is not set", visible(raw));
            return Err(Lack::absent(file, why).at(line));
        }
        Self::new(file, line, raw)
    }
}

/// The line of a place in a text, from 1. A line ends with `\n`, `\r\n`, or `\r`.
pub(super) fn line_at(text: &str, offset: usize) -> u32 {
    let text = text.as_bytes();
    let before = text.get(..offset).unwrap_or_default();
    let is_end = |at: &usize| before.get(*at) == Some(&b'\n') || text.get(at + 1) != Some(&b'\n');
    let ends = memchr::memchr2_iter(b'\n', b'\r', before).filter(is_end).count();
    u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_is_one() {
        let lines =
            |text: &str| (0..=text.len() + 1).map(|at| line_at(text, at)).collect::<Vec<_>>();
        assert_eq!(lines("a\nb"), [1, 1, 2, 2, 1]);
        assert_eq!(lines("a\r\nb"), [1, 1, 1, 2, 2, 1]);
        assert_eq!(lines("a\rb\r"), [1, 1, 2, 2, 3, 1]);
    }

    #[test]
    fn foreign_names_cannot_turn_or_hide_words() {
        let lack = Lack::absent("f", "it names `a\u{202e}\n::error::`").help("x\u{7}");
        assert_eq!(
            (lack.why.as_str(), lack.help.as_str()),
            ("it names `a\\u{202e}\\n::error::`", "x\\u{7}")
        );
    }
}
