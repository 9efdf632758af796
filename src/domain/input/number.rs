//! Numbers with units: durations, bytes, percentages; and their text forms, which parse back to the same value.
//!
//! Every function returns `None` for text that it does not accept; the words for the user are made in `read`.

use std::time::Duration;

use super::Percent;

/// Units of durations in seconds, the largest first.
const DURATION_UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Units of bytes. `KiB` counts in 1024, `KB` in 1000.
const BYTE_UNITS: [(&str, u64); 9] = [
    ("", 1),
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Millionths of one per cent in a hundred per cent.
const HUNDRED: u64 = 100_000_000;

/// Digits only: no sign, no separators.
pub(super) fn integer(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `90s`, `5m`, `1m30s`; each unit at most once, from large to small; a bare number is seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if let Some(seconds) = integer(text) {
        return Some(Duration::from_secs(seconds));
    }
    let mut rest = text;
    let mut total = 0_u64;
    let mut units = DURATION_UNITS.iter();
    while !rest.is_empty() {
        let (count, after) = leading_integer(rest)?;
        let (name, seconds) = units.find(|(name, _)| after.starts_with(name))?;
        total = total.checked_add(count.checked_mul(*seconds)?)?;
        rest = &after[name.len()..];
    }
    (!text.is_empty()).then(|| Duration::from_secs(total))
}

/// `500`, `10KiB`, `1 MB`; the case of the unit does not count.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (count, unit) = leading_integer(text)?;
    let unit = unit.trim_start();
    let (_, size) = BYTE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    count.checked_mul(*size)
}

/// An exact percentage from 0 to 100 with at most six digits after the point, with or without `%`.
pub fn percent(text: &str) -> Option<Percent> {
    let text = text.strip_suffix('%').map_or(text, str::trim_end);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (integer(whole)?, millionths(fraction)?),
        None => (integer(text)?, 0),
    };
    let millionths = whole.checked_mul(1_000_000)?.checked_add(fraction)?;
    (millionths <= HUNDRED).then_some(Percent { millionths })
}

fn millionths(digits: &str) -> Option<u64> {
    let places = u32::try_from(digits.len()).ok().filter(|places| *places <= 6)?;
    Some(integer(digits)? * 10_u64.pow(6 - places))
}

fn leading_integer(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((integer(&text[..end])?, &text[end..]))
}

/// A duration as a user would write it: `1m30s`. Fractions of a second are cut off.
pub fn duration_text(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (name, seconds) in DURATION_UNITS {
        if rest >= seconds {
            text.push_str(&format!("{}{name}", rest / seconds));
            rest %= seconds;
        }
    }
    text
}

/// A number of bytes in the largest unit of 1024 that divides it: `10KiB`, `1500`.
pub fn bytes_text(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1_u64 << 10)];
    match units.iter().find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size)) {
        Some((name, size)) => format!("{}{name}", bytes / size),
        None => bytes.to_string(),
    }
}

/// A percentage without needless zeros: `79.5%`.
pub fn percent_text(percent: Percent) -> String {
    let (whole, fraction) = (percent.millionths / 1_000_000, percent.millionths % 1_000_000);
    if fraction == 0 {
        return format!("{whole}%");
    }
    let digits = format!("{fraction:06}");
    format!("{whole}.{}%", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations() {
        for (text, seconds) in
            [("90s", 90), ("5m", 300), ("2h", 7200), ("2d", 172_800), ("1m30s", 90), ("7", 7)]
        {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        let wrong =
            ["", "s", "-1s", "1.5h", "1w", "30s1m", "1m1m", "5 m", "1ms", "99999999999999999999d"];
        for text in wrong {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(duration("213503982334602d"), None, "more seconds than 64 bits hold");
    }

    #[test]
    fn sizes() {
        for (text, size) in
            [("500", 500), ("10KiB", 10_240), ("1MB", 1_000_000), ("2 GiB", 2 << 30), ("1kb", 1000)]
        {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "KB", "1K", "1.5MB", "-1", "1 PB", "18446744073709551615KB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn percentages_are_exact() {
        for (text, millionths) in
            [("80", 80_000_000), ("79.5", 79_500_000), ("100%", HUNDRED), ("0.000001 %", 1)]
        {
            assert_eq!(percent(text), Some(Percent { millionths }), "{text}");
        }
        for text in ["", "%", "100.000001", "1.0000001", "-1", ".5", "5.", "1e2", "80%%"] {
            assert_eq!(percent(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = (integer(&text), duration(&text), bytes(&text), percent(&text));
        }

        #[test]
        fn text_forms_parse_back(number in any::<u64>(), millionths in 0..=HUNDRED) {
            let time = Duration::from_secs(number);
            prop_assert_eq!(duration(&duration_text(time)), Some(time));
            prop_assert_eq!(bytes(&bytes_text(number)), Some(number));
            let share = Percent { millionths };
            prop_assert_eq!(percent(&percent_text(share)), Some(share));
        }
    }
}
