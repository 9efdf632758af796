//! The tag of an image.

use std::fmt;

use super::Invalid;

/// A tag: a letter, digit or `_`, then up to 127 of those, `.` and `-`. Capitals count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// How long a tag may be, in characters, which are bytes too.
    pub const MAX: usize = 128;

    /// Reads a tag.
    ///
    /// # Errors
    /// What of it no tag may have.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let why = if text.is_empty() {
            "it is empty"
        } else if text.starts_with(['.', '-']) {
            "it begins with a dot or a hyphen"
        } else if !text.chars().all(Self::may_have) {
            "it has a character other than letters, digits, `_`, `.` and `-`"
        } else if text.len() > Self::MAX {
            "it is longer than 128 characters"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Invalid::new("tag", text, why))
    }

    /// The tag that a reference without one means.
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }

    /// Whether a tag may have this character, if not as its first.
    pub const fn may_have(c: char) -> bool {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
