//! What stands in a checkout, for decisions: a reader is given once, and each path is read once, when it is asked for.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::domain::finding::Finding;

/// Most text that is read of one checkout, in bytes: a stack of many large files is told as unreadable, not taken into
/// memory.
const MOST_TEXT: usize = 64 << 20;

/// Most paths that are looked at.
const MOST_PATHS: usize = 50_000;

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
pub struct Known {
    reader: Box<dyn Fn(&str) -> Entry + Send>,
    seen: RefCell<Seen>,
    tracked: Option<BTreeSet<String>>,
}

#[derive(Default)]
struct Seen {
    entries: BTreeMap<String, Entry>,
    bytes: usize,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("tracked", &self.tracked).finish_non_exhaustive()
    }
}

impl Known {
    /// A checkout that `reader` looks at, with the files that git tracks; none where there is no repository.
    pub fn new(
        reader: impl Fn(&str) -> Entry + Send + 'static,
        tracked: Option<BTreeSet<String>>,
    ) -> Self {
        Self { reader: Box::new(reader), seen: RefCell::default(), tracked }
    }

    /// What stands at a path. It is read at the first time, and no more when `MOST_TEXT` or `MOST_PATHS` is
    /// reached: then it is [`Entry::Unreadable`].
    pub fn entry(&self, path: &str) -> Entry {
        let mut seen = self.seen.borrow_mut();
        if let Some(entry) = seen.entries.get(path) {
            return entry.clone();
        }
        let entry = if seen.entries.len() >= MOST_PATHS {
            return Entry::Unreadable(format!("the stack names more than {MOST_PATHS} paths"));
        } else if seen.bytes >= MOST_TEXT {
            Entry::Unreadable(format!(
                "the files of the stack have more than {} MiB together",
                MOST_TEXT >> 20
            ))
        } else {
            (self.reader)(path)
        };
        if let Entry::Text(text) = &entry {
            seen.bytes += text.len();
        }
        seen.entries.insert(path.to_owned(), entry.clone());
        entry
    }

    /// The text of a file, if it is text.
    pub fn text(&self, path: &str) -> Option<Arc<str>> {
        match self.entry(path) {
            Entry::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing stands there.
    pub fn is_absent(&self, path: &str) -> bool {
        self.entry(path) == Entry::Absent
    }

    /// Whether git tracks a file; false where there is no repository.
    pub fn is_tracked(&self, path: &str) -> bool {
        self.tracked.as_ref().is_some_and(|tracked| tracked.contains(path))
    }

    /// The files that git tracks; none where there is no repository.
    pub const fn tracked(&self) -> Option<&BTreeSet<String>> {
        self.tracked.as_ref()
    }

    /// The texts that were read so far.
    pub fn texts(&self) -> BTreeMap<String, Arc<str>> {
        let seen = self.seen.borrow();
        let texts = seen.entries.iter().filter_map(|(path, entry)| match entry {
            Entry::Text(text) => Some((path.clone(), Arc::clone(text))),
            _ => None,
        });
        texts.collect()
    }
}

/// A finding that depends on whether git would ignore a path: git is asked once, for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfIgnored {
    /// The path, relative to the top.
    pub path: String,
    /// What is found where git ignores it.
    pub ignored: Option<Finding>,
    /// What is found where it does not, or where there is no repository.
    pub other: Option<Finding>,
}

impl IfIgnored {
    /// What is found, by the paths that git ignores.
    pub fn settle(self, ignored: &BTreeSet<String>) -> Option<Finding> {
        if ignored.contains(&self.path) { self.ignored } else { self.other }
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

/// A checkout that is given as values: for tests. A file without text is a folder, as is the top, and every other path
/// is absent.
#[cfg(test)]
pub(crate) fn checkout(files: &[(&str, &str)], tracked: Option<BTreeSet<String>>) -> Known {
    let entry = |text: &str| if text.is_empty() { Entry::Folder } else { Entry::Text(text.into()) };
    let top = (".".to_owned(), Entry::Folder);
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), entry(text)));
    let files: BTreeMap<String, Entry> = files.chain([top]).collect();
    Known::new(move |path| files.get(path).cloned().unwrap_or(Entry::Absent), tracked)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::event::Level;
    use crate::domain::finding::{Rule, Span};

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
    fn a_path_is_read_once() {
        let reads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reads);
        let reader = move |path: &str| {
            counted.fetch_add(1, Ordering::Relaxed);
            if path == "a" { Entry::Text("x".into()) } else { Entry::Absent }
        };
        let known = Known::new(reader, Some(BTreeSet::from(["a".to_owned()])));
        for _ in 0..3 {
            assert!(known.text("a").as_deref() == Some("x") && known.is_absent("b"));
        }
        assert_eq!(reads.load(Ordering::Relaxed), 2);
        assert_eq!(known.texts().into_keys().collect::<Vec<_>>(), ["a"]);
        assert!(known.is_tracked("a") && !known.is_tracked("b"));
    }

    #[test]
    fn reading_is_bounded() {
        let large: Arc<str> = "x".repeat(MOST_TEXT / 2).into();
        let known = Known::new(move |_| Entry::Text(Arc::clone(&large)), None);
        assert!(known.text("a").is_some() && known.text("b").is_some());
        assert!(matches!(known.entry("c"), Entry::Unreadable(why) if why.contains("64 MiB")));
        assert!(known.text("a").is_some(), "what was read stays known");
        let known = Known::new(|_| Entry::Absent, None);
        (0..MOST_PATHS).for_each(|number| assert!(known.is_absent(&number.to_string())));
        assert!(matches!(known.entry("x"), Entry::Unreadable(why) if why.contains("50000")));
    }

    #[test]
    fn git_decides_between_two_findings() {
        const RULE: Rule = Rule { id: "a.b", level: Level::Error, about: "", help: "" };
        let finding = |what: &str| Some(Finding::new(&RULE, Span::file("f"), what));
        let one = IfIgnored { path: "p".into(), ignored: finding("yes"), other: finding("no") };
        let told = |ignored: &[&str]| {
            let ignored = ignored.iter().map(|path| (*path).to_owned()).collect();
            one.clone().settle(&ignored).map(|one| one.message)
        };
        assert_eq!((told(&["p"]), told(&["q"])), (Some("yes".into()), Some("no".into())));
    }
}
