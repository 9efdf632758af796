//! What counts as a version, and which of two is higher.

use std::cmp::Ordering;
use std::fmt;

/// How long a version may be, in bytes: as long as a tag.
const LONGEST: usize = 128;

/// A version: digits first, then letters, digits, `.`, `-`, `+`, `_`, `!`. Semantic versions are compared as such;
/// others (`1.4`, `2026.11`, Odoo's `17.0.1.2.3`, Python's `1.4.0rc1`) by their numbers, as far as those tell.
///
/// Two make the same tags where [`Self::as_str`] is the same: `1.4` and `1.4.0` do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    raw: String,
    text: String,
}

/// What stands behind the numbers of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing, or build metadata, which does not count.
    Release,
    /// It comes before the release of these numbers.
    Before,
    /// Something of which that is not known.
    Unknown,
}

impl Version {
    /// Reads a version. A `v` before it is dropped; [`Self::raw`] keeps it.
    ///
    /// # Errors
    /// Why the text is none, to be read behind "it".
    pub fn parse(raw: &str) -> Result<Self, &'static str> {
        let text = raw.strip_prefix(['v', 'V']).unwrap_or(raw);
        if raw.is_empty() {
            return Err("is empty");
        }
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("does not begin with a digit");
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || ".-+_!".contains(c)) {
            return Err("has a character that no version has");
        }
        if raw.len() > LONGEST {
            return Err("is longer than 128 characters");
        }
        Ok(Self { raw: raw.to_owned(), text: text.to_owned() })
    }

    /// As it is written where it was found: `v1.4.0`.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Without the `v`: `1.4.0`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// One of its numbers as it is written, from 0: major, minor, patch.
    pub fn part(&self, index: usize) -> Option<&str> {
        self.numbers().nth(index).filter(|part| !part.is_empty())
    }

    /// How many numbers it has before anything else.
    pub fn parts(&self) -> usize {
        self.numbers().count()
    }

    /// Whether it comes before a release: `1.4.0-rc.1` (Semantic Versioning), `1.4.0rc1`, `1.4.dev3` (PEP 440).
    pub fn is_before_release(&self) -> bool {
        self.stage() == Stage::Before
    }

    /// Whether one is lower or higher than another; `None` where the numbers are the same and what stands behind them
    /// does not tell.
    pub fn compared(&self, other: &Self) -> Option<Ordering> {
        if let (Ok(one), Ok(another)) =
            (semver::Version::parse(&self.text), semver::Version::parse(&other.text))
        {
            return Some(one.cmp_precedence(&another));
        }
        // PEP 440 has epochs (`1!2.0`), which come before all numbers.
        if self.text.contains('!') || other.text.contains('!') {
            return (self.text == other.text).then_some(Ordering::Equal);
        }
        let numbers = self.weights().cmp(&other.weights());
        if numbers != Ordering::Equal {
            return Some(numbers);
        }
        match (self.stage(), other.stage()) {
            _ if self.text == other.text => Some(Ordering::Equal),
            (Stage::Release, Stage::Release) => Some(Ordering::Equal),
            (Stage::Release, Stage::Before) => Some(Ordering::Greater),
            (Stage::Before, Stage::Release) => Some(Ordering::Less),
            _ => None,
        }
    }

    /// An order for lists, which has a place for every version: as [`Self::compared`] says, and where that does not
    /// tell, by what is written.
    pub fn ranked(&self, other: &Self) -> Ordering {
        let rank = |version: &Self| match version.stage() {
            Stage::Before => 0,
            Stage::Unknown => 1,
            Stage::Release => 2,
        };
        let before =
            |version: &Self| semver::Version::parse(&version.text).ok().map(|version| version.pre);
        self.weights()
            .cmp(&other.weights())
            .then_with(|| rank(self).cmp(&rank(other)))
            .then_with(|| before(self).cmp(&before(other)))
            .then_with(|| self.text.cmp(&other.text))
    }

    /// Where the numbers end, in bytes.
    fn release_end(&self) -> usize {
        let end = self.text.find(|c: char| c != '.' && !c.is_ascii_digit());
        let release = self.text.get(..end.unwrap_or(self.text.len())).unwrap_or_default();
        release.trim_end_matches('.').len()
    }

    fn numbers(&self) -> impl Iterator<Item = &str> {
        let release = self.text.get(..self.release_end()).unwrap_or_default();
        release.split('.')
    }

    /// The numbers as what can be compared, however large: their length and their digits. Zeros at the end do not
    /// count.
    fn weights(&self) -> Vec<(usize, &str)> {
        let digits = self.numbers().map(|part| part.trim_start_matches('0'));
        let mut weights: Vec<(usize, &str)> = digits.map(|digits| (digits.len(), digits)).collect();
        while weights.pop_if(|(length, _)| *length == 0).is_some() {}
        weights
    }

    fn stage(&self) -> Stage {
        if let Ok(version) = semver::Version::parse(&self.text) {
            return if version.pre.is_empty() { Stage::Release } else { Stage::Before };
        }
        let rest = self.text.get(self.release_end()..).unwrap_or_default();
        let rest = rest.split('+').next().unwrap_or_default().to_ascii_lowercase();
        let word = rest.trim_start_matches(['.', '-', '_']);
        let word: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
        match word.as_str() {
            "" if rest.is_empty() => Stage::Release,
            "a" | "b" | "c" | "rc" | "alpha" | "beta" | "pre" | "preview" | "dev" => Stage::Before,
            _ => Stage::Unknown,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn what_counts_as_a_version() {
        for (raw, text) in [
            ("1.4.0", "1.4.0"),
            ("v1.4.0", "1.4.0"),
            ("V2", "2"),
            ("2026.11", "2026.11"),
            ("17.0.1.2.3", "17.0.1.2.3"),
            ("1.4.0-rc.1+build.5", "1.4.0-rc.1+build.5"),
            ("1!2.0.post1", "1!2.0.post1"),
        ] {
            let found = version(raw);
            assert_eq!((found.raw(), found.as_str()), (raw, text));
        }
        for (raw, why) in [
            ("", "is empty"),
            ("v", "does not begin with a digit"),
            ("vv1", "does not begin with a digit"),
            ("latest", "does not begin with a digit"),
            (" 1.0", "does not begin with a digit"),
            ("1.0 ", "has a character that no version has"),
            ("1.0\n2", "has a character that no version has"),
            ("1.0/x", "has a character that no version has"),
            ("١.0", "does not begin with a digit"),
        ] {
            assert_eq!(Version::parse(raw), Err(why), "{raw:?}");
        }
        assert_eq!(Version::parse(&"1".repeat(129)), Err("is longer than 128 characters"));
    }

    #[test]
    fn which_is_higher() {
        use Ordering::{Equal, Greater, Less};
        for (one, another, expected) in [
            ("1.4.0", "1.3.9", Some(Greater)),
            ("1.10.0", "1.9.0", Some(Greater)),
            ("1.4.0-rc.1", "1.4.0", Some(Less)),
            ("1.4.0-rc.10", "1.4.0-rc.9", Some(Greater)),
            ("1.4.0+a", "1.4.0+b", Some(Equal)),
            ("1.4", "1.4.0", Some(Equal)),
            ("1.4", "1.4.1", Some(Less)),
            ("17.0.1.2.3", "17.0.1.2.2", Some(Greater)),
            ("2026.02", "2026.1", Some(Greater)),
            ("99999999999999999999.1", "99999999999999999998.2", Some(Greater)),
            ("1.4.0rc1", "1.4.0", Some(Less)),
            ("1.4.dev3", "1.4", Some(Less)),
            ("1.4.0rc1", "1.3.9", Some(Greater)),
            ("1.4.0rc1", "1.4.0rc2", None),
            ("1.4.post1", "1.4", None),
            ("1.4.0-rc.1", "1.4.0rc2", None),
            ("1.4.post1", "1.4.post1", Some(Equal)),
            ("1!1.0", "2.0", None),
        ] {
            assert_eq!(version(one).compared(&version(another)), expected, "{one} {another}");
            let turned = expected.map(Ordering::reverse);
            assert_eq!(version(another).compared(&version(one)), turned, "{another} {one}");
        }
    }

    #[test]
    fn numbers_are_as_they_are_written() {
        let parts = |text: &str| version(text).numbers().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parts("2026.02.1-rc.1"), ["2026", "02", "1"]);
        assert_eq!(parts("1.4.dev3"), ["1", "4"]);
        assert_eq!((version("1.4").part(1), version("1.4").part(2)), (Some("4"), None));
        for (text, expected) in
            [("1.4.0-rc.1", true), ("1.4b2", true), ("1.4.post1", false), ("1.4", false)]
        {
            assert_eq!(version(text).is_before_release(), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn comparing_is_antisymmetric_and_never_panics(
            one in "[v0-9][0-9a-c.+!_-]{0,9}",
            another in "[v0-9][0-9a-c.+!_-]{0,9}",
        ) {
            if let (Ok(one), Ok(another)) = (Version::parse(&one), Version::parse(&another)) {
                let turned = another.compared(&one).map(Ordering::reverse);
                prop_assert_eq!(one.compared(&another), turned);
                prop_assert_eq!(one.compared(&one), Some(Ordering::Equal));
            }
        }

        #[test]
        fn a_list_of_versions_has_one_order(
            texts in proptest::collection::vec("[0-3](\\.[0-2]){0,3}([.-]?(rc|alpha|post|x)?\\.?[0-9]?)", 0..20),
        ) {
            let mut all: Vec<Version> =
                texts.iter().filter_map(|text| Version::parse(text).ok()).collect();
            all.sort_by(Version::ranked);
            for (at, one) in all.iter().enumerate() {
                for later in all.iter().skip(at) {
                    prop_assert_ne!(one.ranked(later), Ordering::Greater);
                    prop_assert_ne!(one.compared(later), Some(Ordering::Greater), "{} {}", one, later);
                }
            }
        }
    }
}
