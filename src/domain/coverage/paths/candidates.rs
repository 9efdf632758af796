//! Which prefixes could turn a name into a tracked file.

use std::collections::{BTreeSet, HashMap};

/// A prefix of names and the folder of the repository that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// The prefix: empty, or with a slash at its end.
    pub from: String,
    /// The folder: empty for the top, or with a slash at its end.
    pub to: String,
}

/// The tracked files, to be asked by their last two components.
pub struct Index<'a> {
    tracked: &'a BTreeSet<String>,
    by_end: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Index<'a> {
    /// Of these files.
    pub fn new(tracked: &'a BTreeSet<String>) -> Self {
        let mut by_end: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in tracked {
            if let Some(end) = last_two(path) {
                by_end.entry(end).or_default().push(path);
            }
        }
        Self { tracked, by_end }
    }

    /// The tracked file of exactly that path.
    pub fn tracked(&self, path: &str) -> Option<&'a str> {
        self.tracked.get(path).map(String::as_str)
    }

    /// The tracked files that end like the name: in the same two components.
    pub fn alike(&self, name: &str) -> &[&'a str] {
        last_two(name).and_then(|end| self.by_end.get(end)).map_or(&[], Vec::as_slice)
    }

    /// The prefixes that make a tracked file of a name and the folders that they stand for, each with the longest common
    /// end of the two: at least two components, or a whole relative name that is a path as it stands.
    pub fn rules<'n>(&self, name: &'n str) -> Vec<(&'n str, &'a str)> {
        let pair = |path: &&'a str| {
            let common = common_end(name, path);
            (&name[..name.len() - common], &path[..path.len() - common])
        };
        let mut rules: Vec<_> = self.alike(name).iter().map(pair).collect();
        if !name.contains('/') && self.tracked.contains(name) {
            rules.push(("", ""));
        }
        rules
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
            ["src/a.py", "app/src/a.py", "a.py", "b.py", "x/é/b.py"].map(str::to_owned).into();
        let index = Index::new(&tracked);
        let rules = |name: &'static str| index.rules(name);
        assert_eq!(rules("/app/src/a.py"), [("/", ""), ("/app/", "")]);
        assert_eq!(rules("/a.py"), []);
        assert_eq!(rules("/lib/b.py"), []);
        assert_eq!(rules("b.py"), [("", "")]);
        assert_eq!(rules("/y/é/b.py"), [("/y/", "x/")]);
        assert_eq!(rules("c.py"), []);
        assert_eq!(index.alike("/app/src/a.py"), ["app/src/a.py", "src/a.py"]);
    }
}
