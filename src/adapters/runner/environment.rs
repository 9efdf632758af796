//! A snapshot of the process's environment.
//!
//! The only place of this adapter that reads `std::env`. Everything else takes an [`Environment`], so tests need no
//! global state.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Environment variables as they were when the snapshot was taken.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The environment of this process.
    pub fn capture() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// An environment from pairs; the last value of a name counts.
    pub fn from_pairs<K: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of a variable. Empty counts as absent, as everywhere on the runner; so does text that is not UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name).and_then(OsStr::to_str)
    }

    /// The value of a variable, byte for byte. Empty counts as absent.
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable that names a file or folder, byte for byte: a path need not be UTF-8.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get_os(name).map(PathBuf::from)
    }

    /// The value of a variable, or the empty string.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// Whether the variable is `true` or `1`, in any case: how the runner writes switches.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    /// Every pair, byte for byte, sorted by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn empty_is_absent() {
        let environment = Environment::from_pairs([("A", ""), ("B", "b")]);
        assert_eq!(environment.get("A"), None);
        assert_eq!(environment.get("B"), Some("b"));
        assert_eq!(environment.get("C"), None);
    }

    #[test]
    fn a_path_keeps_bytes_that_are_not_utf8() {
        let raw = OsString::from_vec(vec![b'/', 0xff]);
        let environment = Environment::from_pairs([(OsString::from("P"), raw.clone())]);
        assert_eq!(environment.path("P"), Some(PathBuf::from(raw)));
        assert_eq!(environment.get("P"), None);
    }

    #[test]
    fn switches_are_true_or_one() {
        let environment = Environment::from_pairs([("A", "true"), ("B", "1"), ("C", "0")]);
        assert!(environment.is_on("A") && environment.is_on("B"));
        assert!(!environment.is_on("C") && !environment.is_on("D"));
    }
}
