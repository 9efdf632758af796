//! Bytes of a file, read by place: nothing here panics at an end, and no step goes further than a limit.

use std::ops::Range;

/// What may stand in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Digits and `a` to `f`, in both cases.
    Hex,
    /// Digits and letters.
    Alnum,
    /// Digits and capitals.
    Upper,
    /// Digits, letters and `_`.
    Word,
    /// Digits, letters, `_` and `-`.
    Url,
    /// As `Url`, and dots.
    Dotted,
    /// As `Url`, and slashes.
    Slashed,
    /// What base64 is made of.
    Base64,
}

impl Class {
    /// Whether a byte belongs to it.
    pub(super) fn has(self, byte: u8) -> bool {
        let also: &[u8] = match self {
            Self::Hex => return byte.is_ascii_hexdigit(),
            Self::Upper => return byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            Self::Alnum => b"",
            Self::Word => b"_",
            Self::Url => b"_-",
            Self::Dotted => b"_-.",
            Self::Slashed => b"_-/",
            Self::Base64 => b"+/=",
        };
        byte.is_ascii_alphanumeric() || also.contains(&byte)
    }
}

/// No token, line or value is looked at further than this.
const FURTHEST: usize = 4096;

/// The bytes of a file or of a piece of it.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// The bytes.
    pub(super) bytes: &'a [u8],
}

impl<'a> Text<'a> {
    /// The byte at a place; NUL outside.
    pub(super) fn at(self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or(0)
    }

    /// The byte before a place; NUL outside.
    pub(super) fn before(self, place: usize) -> u8 {
        place.checked_sub(1).map_or(0, |place| self.at(place))
    }

    /// Bytes, as far as there are any.
    pub(super) fn part(self, range: Range<usize>) -> &'a [u8] {
        let end = range.end.min(self.bytes.len());
        self.bytes.get(range.start.min(end)..end).unwrap_or_default()
    }

    /// A part as text; empty if it is none.
    pub(super) fn text(self, range: Range<usize>) -> &'a str {
        std::str::from_utf8(self.part(range)).unwrap_or_default()
    }

    /// Whether a text stands at a place.
    pub(super) fn has(self, place: usize, text: &str) -> bool {
        self.part(place..place.saturating_add(text.len())) == text.as_bytes()
    }

    /// Where the bytes that fit end, forwards.
    pub(super) fn run(self, from: usize, fits: impl Fn(u8) -> bool) -> usize {
        let part = self.part(from..from.saturating_add(FURTHEST));
        from + part.iter().take_while(|byte| fits(**byte)).count()
    }

    /// Where the bytes that fit begin, backwards.
    pub(super) fn run_back(self, from: usize, fits: impl Fn(u8) -> bool) -> usize {
        let part = self.part(from.saturating_sub(FURTHEST)..from);
        from - part.iter().rev().take_while(|byte| fits(**byte)).count()
    }

    /// The line around a place, without its end, or as much of it as is looked at.
    pub(super) fn line(self, place: usize) -> Range<usize> {
        let is_inside = |byte| byte != b'\n' && byte != b'\r';
        self.run_back(place, is_inside)..self.run(place, is_inside)
    }

    /// Where a token may begin: not in a word, except behind `\n` of a quoted text.
    pub(super) fn is_start(self, place: usize) -> bool {
        let before = self.before(place);
        !(before.is_ascii_alphanumeric() || before == b'_')
            || matches!(before, b'n' | b't' | b'r') && self.before(place - 1) == b'\\'
    }

    /// All lines, each without its end.
    pub(super) fn lines(self) -> impl Iterator<Item = Range<usize>> + 'a {
        let bytes = self.bytes;
        let ends = memchr::memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len()));
        ends.scan(0, move |start, end| {
            let line = *start..end;
            *start = end + 1;
            let is_crlf = bytes.get(line.clone()).is_some_and(|line| line.ends_with(b"\r"));
            Some(line.start..line.end - usize::from(is_crlf))
        })
    }
}

/// How many different bytes there are.
pub(super) fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_outside_are_harmless() {
        let text = Text { bytes: b"ab\r\ncd\n" };
        assert_eq!((text.at(99), text.before(0)), (0, 0));
        assert_eq!(text.part(5..99), b"d\n");
        assert_eq!(text.part(98..99), b"");
        assert!(text.has(4, "cd") && !text.has(6, "xyz"));
        assert_eq!(text.line(5), 4..6);
        assert_eq!(text.lines().collect::<Vec<_>>(), [0..2, 4..6, 7..7]);
    }

    #[test]
    fn words() {
        let text = Text { bytes: b"x_ab \\nab" };
        assert_eq!((text.run(2, |b| Class::Alnum.has(b)), text.run_back(4, |b| b != b'x')), (4, 1));
        assert!(text.is_start(7) && !text.is_start(2) && text.is_start(0));
        assert_eq!(distinct(b"aab"), 2);
    }
}
