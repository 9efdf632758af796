//! Versions of modules: what Odoo accepts, and which one is newer.

use std::cmp::Ordering;

/// A version that Odoo accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The series of Odoo that it names, such as `17.0`.
    pub series: Option<String>,
    /// Two or three numbers of the module itself.
    own: Vec<u64>,
}

impl Version {
    /// Reads `x.y`, `x.y.z`, `17.0.x.y` or `17.0.x.y.z`; anything else makes Odoo raise an error.
    pub fn parse(text: &str) -> Option<Self> {
        // Python's `$` matches before a last line end too.
        let text = text.strip_suffix('\n').unwrap_or(text);
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            own @ ([_, _] | [_, _, _]) => Some(Self { series: None, own: numbers(own)? }),
            [major, minor, own @ ..] if matches!(own.len(), 2 | 3) && is_series(major, minor) => {
                Some(Self { series: Some(format!("{major}.{minor}")), own: numbers(own)? })
            }
            _ => None,
        }
    }

    /// Whether one is older than another; `None` if only one of them names a series, and it is not known which one the
    /// other means.
    pub fn compared(&self, other: &Self) -> Option<Ordering> {
        let series = match (&self.series, &other.series) {
            (Some(one), Some(another)) => number_pair(one).cmp(&number_pair(another)),
            (None, None) => Ordering::Equal,
            _ => return None,
        };
        Some(series.then_with(|| trimmed(&self.own).cmp(trimmed(&other.own))))
    }

    /// The same in a series, if it names none itself.
    #[must_use]
    pub fn in_series(mut self, series: Option<&str>) -> Self {
        self.series = self.series.or_else(|| series.map(str::to_owned));
        self
    }
}

/// Whether two numbers look like a series: `17.0`, `6.1`, `saas~17.2`.
pub fn is_series(major: &str, minor: &str) -> bool {
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| is_digits(text));
    if let Some(saas) = major.strip_prefix("saas~") {
        return number(saas).is_some() && number(minor).is_some();
    }
    match (number(major), minor) {
        (Some(major), "0") => (6..=99).contains(&major),
        (Some(6), "1") => true,
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Numbers; what does not fit counts as the largest.
fn numbers(parts: &[&str]) -> Option<Vec<u64>> {
    let number = |part: &&str| is_digits(part).then(|| part.parse().unwrap_or(u64::MAX));
    parts.iter().map(number).collect()
}

fn number_pair(series: &str) -> Vec<u64> {
    let plain = series.trim_start_matches("saas~").split('.');
    plain.map(|part| part.parse().unwrap_or_default()).collect()
}

/// Zeros at the end do not count.
fn trimmed(numbers: &[u64]) -> &[u64] {
    let kept = numbers.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
    numbers.get(..kept).unwrap_or(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_odoo_accepts() {
        for (text, series) in [
            ("1.0", None),
            ("17.0", None),
            ("17.0.1", None),
            ("1.2.3", None),
            ("1.0\n", None),
            ("17.0.1.0", Some("17.0")),
            ("17.0.1.0.0", Some("17.0")),
            ("saas~17.2.1.0", Some("saas~17.2")),
            ("6.1.1.0", Some("6.1")),
            ("99999999999999999999999.0", None),
        ] {
            let found = Version::parse(text).map(|version| version.series);
            assert_eq!(found, Some(series.map(str::to_owned)), "{text}");
        }
        for text in [
            "",
            "1",
            "1.0.0.0",
            "1.0.0.0.0",
            "17.0.1.0.0.0",
            "17.0.1.0-beta",
            "v1.0",
            "1.0a",
            "1.",
            ".1",
            " 1.0",
            "1.x",
            "17.5.1.0",
            "+1.0",
            "١.٠",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn which_is_newer() {
        for (one, other, expected) in [
            ("17.0.1.0.0", "17.0.1.0.1", Some(Ordering::Less)),
            ("17.0.1.0", "17.0.1.0.0", Some(Ordering::Equal)),
            ("17.0.1.10", "17.0.1.9", Some(Ordering::Greater)),
            ("16.0.9.0", "17.0.1.0", Some(Ordering::Less)),
            ("1.0", "1.1", Some(Ordering::Less)),
            ("1.0", "17.0.1.1", None),
        ] {
            let parse = |text| Version::parse(text).unwrap();
            assert_eq!(parse(one).compared(&parse(other)), expected, "{one} {other}");
        }
        let one = Version::parse("1.0").unwrap().in_series(Some("17.0"));
        assert_eq!(Some(one), Version::parse("17.0.1.0"));
    }
}
