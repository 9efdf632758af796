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

    /// The prefixes that make a tracked file of a name, each with the longest common end of the two: at least two
    /// components, or a whole relative name that is a path as it stands.
    pub fn rules(&self, name: &str) -> Vec<Rule> {
        let mut rules = Vec::new();
        let ends = last_two(name).and_then(|end| self.by_end.get(end));
        for path in ends.into_iter().flatten() {
            let common = common_end(name, path);
            rules.push(Rule {
                from: name[..name.len() - common].to_owned(),
                to: path[..path.len() - common].to_owned(),
            });
        }
        if !name.contains('/') && self.tracked.contains(name) {
            rules.push(Rule { from: String::new(), to: String::new() });
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
        let rules = |name: &str| -> Vec<(String, String)> {
            index.rules(name).into_iter().map(|rule| (rule.from, rule.to)).collect()
        };
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(rules("/app/src/a.py"), [pair("/", ""), pair("/app/", "")]);
        assert_eq!(rules("/a.py"), []);
        assert_eq!(rules("/lib/b.py"), []);
        assert_eq!(rules("b.py"), [pair("", "")]);
        assert_eq!(rules("/y/é/b.py"), [pair("/y/", "x/")]);
        assert_eq!(rules("c.py"), []);
    }
}
