//! Which prefixes could turn a name into a tracked file.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::domain::coverage::paths::folder_of;
use crate::domain::coverage::paths::foreign::is_foreign;

/// A prefix of names and the folder of the repository that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// The prefix: empty, or with a slash at its end.
    pub from: String,
    /// The folder: empty for the top, or with a slash at its end.
    pub to: String,
}

/// How many files of equal ends a name suggests at most: those with the longest common end. A thousand folders may have a
/// `models/__init__.py`, and a name that fits them all says little.
const ALIKE: usize = 32;

/// The tracked files, to be asked by their last two components.
pub struct Index<'a> {
    tracked: HashSet<&'a str>,
    /// By the last two components, those with a longer common end beside each other.
    by_end: HashMap<&'a str, Vec<&'a str>>,
    /// The folders of the files of a name without a folder.
    by_last: HashMap<&'a str, Vec<&'a str>>,
}

/// How many folders are tried at most that could hold names without a folder of their own.
const FOLDERS: usize = 16;

impl<'a> Index<'a> {
    /// Of these files.
    pub fn new(tracked: &'a BTreeSet<String>) -> Self {
        let mut by_end: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut by_last: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in tracked {
            let folder = folder_of(path);
            by_last.entry(&path[folder.len()..]).or_default().push(folder);
            if let Some(end) = last_two(path) {
                by_end.entry(end).or_default().push(path);
            }
        }
        for alike in by_end.values_mut() {
            alike.sort_unstable_by(|one, two| one.bytes().rev().cmp(two.bytes().rev()));
        }
        Self { tracked: tracked.iter().map(String::as_str).collect(), by_end, by_last }
    }

    /// The tracked file of exactly that path.
    pub fn tracked(&self, path: &str) -> Option<&'a str> {
        self.tracked.get(path).copied()
    }

    /// The tracked files that end like the name, in the same two components; of very many the most like it.
    fn alike(&self, name: &str) -> &[&'a str] {
        let Some(all) = last_two(name).and_then(|end| self.by_end.get(end)) else { return &[] };
        if all.len() <= ALIKE {
            return all;
        }
        let place = all.partition_point(|path| path.bytes().rev().lt(name.bytes().rev()));
        let first = place.saturating_sub(ALIKE / 2);
        &all[first..all.len().min(first + ALIKE)]
    }

    /// Folders that hold some of these names, which have no folder: those of the rarest names first.
    pub fn folders_with<'n>(&self, names: impl Iterator<Item = &'n str>) -> BTreeSet<&'a str> {
        let mut lists: Vec<&Vec<&'a str>> =
            names.filter_map(|name| self.by_last.get(name)).collect();
        lists.sort_by_key(|folders| folders.len());
        let mut found = BTreeSet::new();
        for folder in lists.into_iter().flatten() {
            if found.len() >= FOLDERS {
                break;
            }
            found.insert(*folder);
        }
        found
    }

    /// The prefixes that make a tracked file of a name and the folders that they stand for, each with the longest common
    /// end of the two: at least two components. None that names a folder of other people's code.
    pub fn rules<'n>(&self, name: &'n str) -> impl Iterator<Item = (&'n str, &'a str)> {
        self.alike(name).iter().filter_map(move |path| {
            let common = common_end(name, path);
            let rule = (&name[..name.len() - common], &path[..path.len() - common]);
            (!is_foreign(rule.0)).then_some(rule)
        })
    }
}

/// The last two components; `None` if there is one only.
fn last_two(path: &str) -> Option<&str> {
    let last = path.rfind('/')?;
    let before = path[..last].rfind('/').map_or(0, |slash| slash + 1);
    // `/a.py` has one component.
    (before < last).then(|| &path[before..])
}

/// The length of the longest common end that begins at a component of both.
fn common_end(one: &str, two: &str) -> usize {
    let same = one.bytes().rev().zip(two.bytes().rev()).take_while(|(a, b)| a == b).count();
    let begins = |path: &str, length: usize| {
        length == path.len() || path.as_bytes()[path.len() - length - 1] == b'/'
    };
    (0..=same)
        .rev()
        .find(|length| {
            one.is_char_boundary(one.len() - length) && begins(one, *length) && begins(two, *length)
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_leave_the_longest_common_end() {
        let tracked: BTreeSet<String> =
            ["src/a.py", "app/src/a.py", "a.py", "b.py", "x/é/b.py", "vendor/o/c.py"]
                .map(str::to_owned)
                .into();
        let index = Index::new(&tracked);
        let rules = |name: &'static str| {
            let mut rules: Vec<_> = index.rules(name).collect();
            rules.sort_unstable();
            rules
        };
        assert_eq!(rules("/app/src/a.py"), [("/", ""), ("/app/", "")]);
        assert_eq!(rules("/a.py"), []);
        assert_eq!(rules("/lib/b.py"), []);
        assert_eq!(rules("b.py"), []);
        assert_eq!(rules("/y/é/b.py"), [("/y/", "x/")]);
        assert_eq!(rules("c.py"), []);
        assert_eq!(rules("/app/vendor/o/c.py"), [("/app/", "")]);
        assert_eq!(rules("/app/node_modules/o/c.py"), []);
    }

    #[test]
    fn of_very_many_the_most_alike_are_suggested() {
        let tracked: BTreeSet<String> =
            (0..1_000).map(|number| format!("addons/a{number}/models/__init__.py")).collect();
        let index = Index::new(&tracked);
        let rules: Vec<_> = index.rules("/mnt/a517/models/__init__.py").collect();
        assert_eq!(rules.len(), ALIKE);
        assert!(rules.contains(&("/mnt/", "addons/")));
    }
}
