//! What scanners found, each once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::domain::shown;

use super::severity::Severity;

/// How many different findings one image may have.
pub const MOST: usize = 100_000;

/// The longest name that is kept, in characters.
const NAME: usize = 200;

/// The longest version and title, in characters.
const WORDS: usize = 120;

/// What is known of a fix. The later one is the better answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fix {
    /// There is none yet.
    None,
    /// The report does not say whether there is one.
    Unknown,
    /// It is in these versions.
    In(String),
}

/// A known vulnerability of a package in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its identifier: `CVE-2026-0001`.
    pub id: String,
    /// The package that has it; where a report names none, the file.
    pub package: String,
    /// The version of the package that is in the image; may be empty.
    pub installed: String,
    /// Where it is mended.
    pub fix: Fix,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in a line; may be empty.
    pub title: String,
}

impl Finding {
    /// A finding of foreign texts: each as one line that is not too long, without what cannot be seen.
    pub fn new(id: &str, package: &str, severity: Severity) -> Self {
        Self {
            id: shown::line(id, NAME),
            package: shown::line(package, NAME),
            installed: String::new(),
            fix: Fix::Unknown,
            severity,
            title: String::new(),
        }
    }

    /// The same with the version that is installed.
    #[must_use]
    pub fn installed(mut self, version: &str) -> Self {
        self.installed = shown::line(version, WORDS);
        self
    }

    /// The same with the versions in which it is mended; none means that there is none yet.
    #[must_use]
    pub fn mended(mut self, versions: &str) -> Self {
        self.fix = match shown::line(versions, WORDS) {
            none if none.is_empty() => Fix::None,
            versions => Fix::In(versions),
        };
        self
    }

    /// The same with what it is.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        self.title = shown::line(title, WORDS);
        self
    }

    /// What makes it the same as one of another report or image: vulnerability and package, whatever their versions.
    fn key(&self) -> Key {
        (self.id.to_ascii_lowercase(), self.package.clone())
    }
}

/// What makes a finding the same as another one.
type Key = (String, String);

/// Findings, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    all: BTreeMap<Key, Finding>,
    /// Whether a report recognised no packages in which something could be found.
    pub is_blind: bool,
}

impl Findings {
    /// Adds one. Of two that are the same the worse one stays, and what is known of a fix.
    ///
    /// # Errors
    /// There are too many.
    pub fn add(&mut self, finding: Finding) -> Result<(), String> {
        let is_full = self.all.len() >= MOST;
        match self.all.entry(finding.key()) {
            Entry::Vacant(_) if is_full => {
                return Err(format!("there are more than {MOST} findings"));
            }
            Entry::Vacant(place) => {
                place.insert(finding);
            }
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                let fix = known.fix.clone().max(finding.fix.clone());
                if finding.severity > known.severity {
                    *known = finding;
                }
                known.fix = fix;
            }
        }
        Ok(())
    }

    /// Adds all of others.
    ///
    /// # Errors
    /// There are too many.
    pub fn add_all(&mut self, others: Self) -> Result<(), String> {
        self.is_blind |= others.is_blind;
        others.into_all().try_for_each(|finding| self.add(finding))
    }

    /// Whether the same one is among them.
    pub fn has(&self, finding: &Finding) -> bool {
        self.all.contains_key(&finding.key())
    }

    /// All of them, by identifier and package.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.all.values()
    }

    /// The same, given away.
    pub fn into_all(self) -> impl Iterator<Item = Finding> {
        self.all.into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, package: &str, severity: Severity) -> Finding {
        Finding::new(id, package, severity)
    }

    #[test]
    fn the_same_finding_counts_once_and_by_its_worst() {
        let mut all = Findings::default();
        let low = finding("CVE-1", "openssl", Severity::Low).installed("3.0.1").mended("3.0.2");
        all.add(low).unwrap();
        all.add(finding("cve-1", "openssl", Severity::High).installed("3.0.0")).unwrap();
        all.add(finding("CVE-1", "openssl", Severity::Medium)).unwrap();
        all.add(finding("CVE-1", "libssl", Severity::Low)).unwrap();
        let told: Vec<_> =
            all.iter().map(|one| (one.package.as_str(), one.severity, one.fix.clone())).collect();
        let fix = Fix::In("3.0.2".to_owned());
        let expected = [("libssl", Severity::Low, Fix::Unknown), ("openssl", Severity::High, fix)];
        assert_eq!(told, expected);
        assert!(all.has(&finding("CVE-1", "openssl", Severity::Unknown).installed("9")));
        assert!(!all.has(&finding("CVE-2", "openssl", Severity::Unknown)));
    }

    #[test]
    fn texts_are_lines_without_what_cannot_be_seen() {
        let one = finding("CVE-1\n::error::x", "a\u{202e}b\u{1b}[31m", Severity::Low);
        let one = one.installed("1\t2").mended(" \n ").titled(&"x".repeat(9_999));
        assert_eq!(one.id, "CVE-1 ::error::x");
        assert_eq!(one.package, "a b [31m");
        assert_eq!((one.installed.as_str(), &one.fix), ("1 2", &Fix::None));
        assert_eq!(one.title.chars().count(), WORDS + 1);
    }

    #[test]
    fn more_than_can_be_kept_is_an_error() {
        let mut all = Findings::default();
        for number in 0..MOST {
            all.add(finding(&number.to_string(), "a", Severity::Low)).unwrap();
        }
        all.add(finding("0", "a", Severity::High)).unwrap();
        let why = all.add(finding("x", "a", Severity::Low)).unwrap_err();
        assert_eq!(why, "there are more than 100000 findings");
    }
}
