//! What a plain scalar means.

use crate::domain::interpolate::HOLE;

/// What a scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Another number.
    Float,
    /// Text.
    Text,
}

impl Kind {
    /// In words.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "a truth value",
            Self::Int => "a whole number",
            Self::Float => "a number",
            Self::Text => "text",
        }
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As a block after `|` or `>`.
    Block,
}

/// A scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text; of a number as written.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub style: Style,
    /// The text in the file, if variables were put in.
    pub written: Option<String>,
}

impl Scalar {
    /// Text that no file holds.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: Kind::Text, style: Style::Plain, written: None }
    }

    /// How many characters of quotes stand before the text.
    pub const fn quotes(&self) -> u32 {
        match self.style {
            Style::Quoted => 1,
            Style::Plain | Style::Block => 0,
        }
    }

    /// Whether a variable of which nothing is known is a part of it.
    pub fn is_open(&self) -> bool {
        self.text.contains(HOLE)
    }

    /// A whole number; `0x`, `0o`, `0b` and a leading zero as Compose's reader takes them.
    pub fn int(&self) -> Option<i128> {
        if self.kind == Kind::Int { int(&self.text) } else { None }
    }
}

/// The kind of a plain scalar without a tag.
pub fn kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Bool,
        _ if int(text).is_some() => Kind::Int,
        _ if is_float(text) => Kind::Float,
        _ => Kind::Text,
    }
}

/// The number of a text, if it is a whole one.
fn int(text: &str) -> Option<i128> {
    let plain = text.replace('_', "");
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c)) {
        return None;
    }
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let (base, digits) = radix(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(digits, base).ok()?;
    Some(if negative { -number } else { number })
}

fn radix(digits: &str) -> (u32, &str) {
    let lower = |one: &str, other: &str| digits.strip_prefix(one).or(digits.strip_prefix(other));
    if let Some(rest) = lower("0x", "0X") {
        return (16, rest);
    }
    if let Some(rest) = lower("0o", "0O") {
        return (8, rest);
    }
    if let Some(rest) = lower("0b", "0B") {
        return (2, rest);
    }
    match digits.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => (8, rest),
        _ => (10, digits),
    }
}

/// `[-+]? (. digits | digits [. digits]) [e [-+] digits]`, infinities and `.nan`.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(mantissa),
    };
    let exponent =
        exponent.is_none_or(|text| is_digits(text.strip_prefix(['-', '+']).unwrap_or(text)));
    mantissa && exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_compose_takes_them_for() {
        for (text, expected) in [
            ("", Kind::Null),
            ("~", Kind::Null),
            ("null", Kind::Null),
            ("true", Kind::Bool),
            ("False", Kind::Bool),
            ("yes", Kind::Text),
            ("no", Kind::Text),
            ("on", Kind::Text),
            ("8080", Kind::Int),
            ("-5", Kind::Int),
            ("0644", Kind::Int),
            ("0899", Kind::Float),
            ("0x1F", Kind::Int),
            ("1_000", Kind::Int),
            ("22:22", Kind::Text),
            ("1.5", Kind::Float),
            ("1e3", Kind::Float),
            (".5", Kind::Float),
            (".inf", Kind::Float),
            ("1.2.3", Kind::Text),
            ("1.", Kind::Float),
            ("-", Kind::Text),
            ("+", Kind::Text),
            ("e3", Kind::Text),
            ("0x", Kind::Text),
            ("1-2", Kind::Text),
            ("-0x1", Kind::Int),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_have_their_base() {
        for (text, number) in [("0644", 420), ("0o644", 420), ("0x10", 16), ("-7", -7), ("1_0", 10)]
        {
            let scalar = Scalar { kind: kind(text), ..Scalar::text(text) };
            assert_eq!(scalar.int(), Some(number), "{text}");
        }
        assert_eq!(Scalar::text("12").int(), None);
    }
}
