//! Numbers as LCOV has them: eight bytes at a time where they are plain, and in all the ways that tools write them.

/// Up to seven decimal digits, found in eight bytes at once.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    /// Their values, the first one in the lowest byte; the bytes behind the last digit are 0.
    values: u64,
    /// How many there are: 1 to 7.
    pub length: usize,
}

/// A byte in each of eight.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

impl Digits {
    /// The digits at `at`. `None` without one, with more than seven, and near the end of the bytes.
    #[inline]
    pub fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let eight = bytes.get(at..)?.first_chunk::<8>()?;
        let values = u64::from_le_bytes(*eight) ^ each(b'0');
        // The high bit of each byte that is over 9. A carry reaches only bytes behind the first such byte.
        let others = (values | values.wrapping_add(each(0x76))) & each(0x80);
        let bits = others.trailing_zeros() & !7;
        if bits == 0 || bits >= 64 {
            return None;
        }
        let values = values & ((1 << bits) - 1);
        Some(Self { values, length: bits as usize / 8 })
    }

    /// The number that they are.
    #[inline]
    pub const fn value(&self) -> u32 {
        // Leading zeros in front, then pairs, fours and all eight are joined by multiplication.
        let eight = self.values << (64 - 8 * self.length);
        let pairs = (eight & each(0x0F)).wrapping_mul(2561) >> 8;
        let fours = (pairs & 0x00FF_00FF_00FF_00FF).wrapping_mul(6_553_601) >> 16;
        let all = (fours & 0x0000_FFFF_0000_FFFF).wrapping_mul(42_949_672_960_001) >> 32;
        // Below 10,000,000.
        all as u32
    }

    /// Whether the number is not 0.
    #[inline]
    pub const fn is_some_hit(&self) -> bool {
        self.values != 0
    }
}

/// The first field of `DA` and `BRDA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineNumber {
    /// A line.
    Line(u32),
    /// What tools write for code that has no line: 0, `undefined`, numbers that no file has.
    None,
}

impl LineNumber {
    /// Reads it.
    pub fn of(bytes: &[u8]) -> Result<Self, String> {
        let text = bytes.trim_ascii();
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        if text == b"undefined" || text == b"NaN" || text == b"null" {
            return Ok(Self::None);
        }
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(format!("`{}` is no line", brief(bytes)));
        }
        let line = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        Ok(line.filter(|line| *line > 0).map_or(Self::None, Self::Line))
    }
}

/// How often something ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u64);

impl Count {
    /// Reads it: a negative one is 0, as `lcov` has it; one that is too large stays large; `=` before it and the point
    /// and the exponent of a floating-point number are taken.
    pub fn of(bytes: &[u8]) -> Result<Self, String> {
        let wrong = || format!("`{}` is no count", brief(bytes));
        let text = std::str::from_utf8(bytes).map_err(|_| wrong())?.trim();
        let text = text.strip_prefix('=').unwrap_or(text);
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(wrong());
        }
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let count = digits.parse().unwrap_or(u64::MAX);
            return Ok(Self(if digits.len() == text.len() { count } else { 0 }));
        }
        let number: f64 = text.parse().map_err(|_| wrong())?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast from a float saturates"
        )]
        let count = number.ceil() as u64;
        Ok(Self(count))
    }

    /// The count.
    pub const fn hits(self) -> u64 {
        self.0
    }
}

/// The beginning of what is wrong, as an error shows it.
fn brief(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(40).map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts() {
        for (text, count) in [
            ("0", Some(0)),
            ("12", Some(12)),
            ("-5", Some(0)),
            ("18446744073709551611", Some(u64::MAX - 4)),
            ("99999999999999999999", Some(u64::MAX)),
            ("=3", Some(3)),
            ("1e+05", Some(100_000)),
            ("1.0", Some(1)),
            ("0.0", Some(0)),
            ("0.5", Some(1)),
            ("-1.5", Some(0)),
            (" 4\r", Some(4)),
            ("", None),
            ("-", None),
            ("x", None),
            ("1x", None),
            ("inf", None),
            ("NaN", None),
        ] {
            assert_eq!(Count::of(text.as_bytes()).ok().map(Count::hits), count, "{text}");
        }
    }

    #[test]
    fn lines() {
        for (text, line) in [
            ("1", Some(LineNumber::Line(1))),
            ("4294967295", Some(LineNumber::Line(u32::MAX))),
            ("4294967296", Some(LineNumber::None)),
            ("0", Some(LineNumber::None)),
            ("-1", Some(LineNumber::None)),
            ("undefined", Some(LineNumber::None)),
            ("", None),
            ("1.0", None),
            ("+1", None),
            ("x", None),
        ] {
            assert_eq!(LineNumber::of(text.as_bytes()).ok(), line, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn eight_bytes_at_once_are_what_they_are_one_by_one(text in "[0-9]{0,9}([,\n:/;\u{0}-\u{ff}]{1,3})?[0-9]{0,9}", at in 0_usize..4) {
            let bytes = text.as_bytes();
            let rest = bytes.get(at..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let expected = (rest.len() >= 8 && (1..8).contains(&length)).then_some(length);
            let found = Digits::at(bytes, at);
            prop_assert_eq!(found.map(|digits| digits.length), expected);
            if let Some(digits) = found {
                let number: u32 = text[at..at + length].parse().unwrap();
                prop_assert_eq!((digits.value(), digits.is_some_hit()), (number, number > 0));
            }
        }
    }
}
