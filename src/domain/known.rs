//! What is known of the files of a checkout. Decisions ask it; what it does not know it remembers, and whoever may read
//! files gathers until nothing is asked for any more.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Absent,
    /// A file that is text.
    Text(Arc<str>),
    /// A file that cannot be read as text, and why: not UTF-8, too large, not readable, a link out of the tree.
    Unreadable(String),
    /// A folder.
    Folder,
    /// A device, a socket, a pipe.
    Other,
}

/// Paths and what stands there. A path is relative to the top of the checkout, or absolute.
#[derive(Debug, Default)]
pub struct Known {
    entries: BTreeMap<String, Entry>,
    wanted: RefCell<BTreeSet<String>>,
    tracked: Option<BTreeSet<String>>,
    ignored: BTreeMap<String, bool>,
    wanted_ignored: RefCell<BTreeSet<String>>,
}

impl Known {
    /// What stands at a path; `None` if it has to be found out first.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        let found = self.entries.get(path);
        if found.is_none() {
            self.wanted.borrow_mut().insert(path.to_owned());
        }
        found
    }

    /// The text of a file, if it is known to be text.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.entry(path) {
            Some(Entry::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing stands there; false also if it has to be found out first.
    pub fn is_absent(&self, path: &str) -> bool {
        matches!(self.entry(path), Some(Entry::Absent))
    }

    /// Whether git tracks a file; false where there is no repository.
    pub fn is_tracked(&self, path: &str) -> bool {
        self.tracked.as_ref().is_some_and(|tracked| tracked.contains(path))
    }

    /// The files that git tracks; none where there is no repository.
    pub const fn tracked(&self) -> Option<&BTreeSet<String>> {
        self.tracked.as_ref()
    }

    /// Says which files git tracks.
    pub fn tell_tracked(&mut self, tracked: BTreeSet<String>) {
        self.tracked = Some(tracked);
    }

    /// Whether git would ignore a path, tracked or not; `None` if it has to be found out first, or there is no
    /// repository.
    pub fn is_ignored(&self, path: &str) -> Option<bool> {
        let found = self.ignored.get(path).copied();
        if found.is_none() && self.tracked.is_some() {
            self.wanted_ignored.borrow_mut().insert(path.to_owned());
        }
        found
    }

    /// Says whether git would ignore a path.
    pub fn tell_ignored(&mut self, path: &str, ignored: bool) {
        self.wanted_ignored.get_mut().remove(path);
        self.ignored.insert(path.to_owned(), ignored);
    }

    /// The paths of which it was asked whether git would ignore them.
    pub fn wanted_ignored(&self) -> Vec<String> {
        self.wanted_ignored.borrow().iter().cloned().collect()
    }

    /// Says what stands at a path.
    pub fn tell(&mut self, path: &str, entry: Entry) {
        self.wanted.get_mut().remove(path);
        self.entries.insert(path.to_owned(), entry);
    }

    /// What was asked for and is not known.
    pub fn wanted(&self) -> Vec<String> {
        self.wanted.borrow().iter().cloned().collect()
    }

    /// The files that are text, in the order of their paths.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        self.entries.iter().filter_map(|(path, entry)| match entry {
            Entry::Text(text) => Some((path.as_str(), text)),
            _ => None,
        })
    }
}

/// A path in a folder, without `.` and `..` as far as that can be told: relative to the top where both are, absolute
/// where the path is, and beginning with `..` where it leaves the top.
pub fn join(folder: &str, path: &str) -> String {
    let absolute = path.starts_with('/');
    let whole = if absolute { path.to_owned() } else { format!("{folder}/{path}") };
    let rooted = absolute || folder.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if rooted { format!("/{joined}") } else { joined }
}

/// The folder that a path lies in; empty for the top.
pub fn folder(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => "",
    }
}

/// The last part of a path.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_dots() {
        for (folder, path, expected) in [
            ("", "a.yml", "a.yml"),
            ("", "./a/../b", "b"),
            ("x/y", "../z", "x/z"),
            ("x", "../../z", "../z"),
            ("", "../z", "../z"),
            ("x", "/etc/./a/..", "/etc"),
            ("/srv", "../..", "/"),
            ("x", ".", "x"),
            ("", ".", ""),
        ] {
            assert_eq!(join(folder, path), expected, "{folder} {path}");
        }
        assert_eq!(
            (folder("a/b/c"), folder("c"), folder("/c"), name("a/b")),
            ("a/b", "", "/", "b")
        );
    }

    #[test]
    fn what_is_not_known_is_asked_for_once() {
        let mut known = Known::default();
        assert!(!known.is_absent("a") && known.text("b").is_none());
        assert_eq!(known.wanted(), ["a", "b"]);
        known.tell("a", Entry::Absent);
        known.tell("b", Entry::Text("x".into()));
        assert!(known.is_absent("a") && known.text("b") == Some("x"));
        assert!(known.wanted().is_empty());
        assert_eq!(known.texts().count(), 1);
    }

    #[test]
    fn without_a_repository_git_is_not_asked() {
        let mut known = Known::default();
        assert!(!known.is_tracked("a") && known.is_ignored("a").is_none());
        assert!(known.wanted_ignored().is_empty());
        known.tell_tracked(BTreeSet::from(["a".to_owned()]));
        assert!(known.is_tracked("a") && known.is_ignored("b").is_none());
        assert_eq!(known.wanted_ignored(), ["b"]);
        known.tell_ignored("b", true);
        assert!(known.is_ignored("b") == Some(true) && known.wanted_ignored().is_empty());
    }
}
