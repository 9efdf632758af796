//! From names in reports to files of the repository: one prefix for each root of a report, the same for all its files,
//! shown to the reader. What cannot be told apart is an error, and a name that fits by its last component alone fits
//! nothing: a library's `utils.py` must not lend its hits.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::coverage::gate::{Mapping, Prefix};

mod candidates;
mod name;

pub use name::normal;

use candidates::{Index, Rule};
use name::{folder, is_absolute};

/// Folders of other people's code: nothing in them is a file of ours, whatever its name.
const FOREIGN: [&str; 12] = [
    "site-packages",
    "dist-packages",
    "node_modules",
    "vendor",
    ".cargo",
    ".rustup",
    ".tox",
    ".nox",
    ".venv",
    "gems",
    ".m2",
    ".gradle",
];

/// The names of one report.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    /// The report's own path, relative to the repository where it lies inside.
    pub report: &'a str,
    /// The folders that it names as roots.
    pub roots: &'a [String],
    /// Its names.
    pub files: Vec<&'a str>,
    /// What a name is.
    pub kind: NameKind,
}

/// What the names of a format are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// Paths of files.
    Path,
    /// Packages and files (`JaCoCo`): the sources of one package may lie in several folders (`java`, `kotlin`).
    Package,
}

/// What is known before anything is inferred.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// From the input `path-map`, in its order: the first that fits holds, and it may name a folder of foreign code.
    pub given: Vec<(String, String)>,
    /// The checkout's folder and the modules of `go.mod` files: prefixes that are certain.
    pub certain: Vec<(String, String)>,
}

/// How many prefixes are weighed at a time: those that most names suggest.
const WEIGHED: usize = 16;

/// How many suggestions are counted at a time. Where a thousand folders have a `models/__init__.py`, each of these names
/// suggests a thousand prefixes, so every second or tenth name is asked: a prefix that fits most is suggested by most.
const SUGGESTIONS: usize = 200_000;

/// The files of one report that were found: name to path.
pub type Found = BTreeMap<String, String>;

/// Why names cannot be mapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{report}` names `{name}`, which could be {}", list(.candidates))]
pub struct Ambiguous {
    /// The report.
    pub report: String,
    /// A name in it.
    pub name: String,
    /// The files of the repository that it could be; no prefix fits more names than the other.
    pub candidates: Vec<String>,
}

fn list(candidates: &[String]) -> String {
    let shown: Vec<_> = candidates.iter().map(|path| format!("`{path}`")).collect();
    shown.join(" or ")
}

/// Maps the names of every report. The first part has one map a report, in the order given.
pub fn map(
    reports: &[Names<'_>],
    tracked: &BTreeSet<String>,
    known: &Known,
) -> Result<(Vec<Found>, Mapping), Ambiguous> {
    let index = Index::new(tracked);
    let mut mapping = Mapping::default();
    let mut prefixes: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut all = Vec::new();
    let mut unmapped = BTreeSet::new();
    for report in reports {
        let mut one = OneReport::new(report, &index);
        one.map(known)?;
        for (rule, files) in one.used {
            *prefixes.entry((rule.from, rule.to)).or_default() += files;
        }
        unmapped.extend(
            report
                .files
                .iter()
                .filter(|name| !one.found.contains_key(**name))
                .map(|name| (*name).to_owned()),
        );
        all.push(one.found);
    }
    mapping.prefixes =
        prefixes.into_iter().map(|((from, to), files)| Prefix { from, to, files }).collect();
    mapping.unmapped = unmapped.into_iter().collect();
    Ok((all, mapping))
}

/// A name of a report and what it can mean in full.
type Full<'a> = (&'a str, Vec<String>);

/// A prefix and what it would map: name to path.
type Weighed<'a> = (Rule, BTreeMap<&'a str, &'a str>);

/// The first name that two prefixes map to different files, and these files.
fn difference<'a>(
    one: &BTreeMap<&'a str, &'a str>,
    two: &BTreeMap<&'a str, &'a str>,
) -> Option<(&'a str, Vec<String>)> {
    one.iter().find_map(|(name, path)| {
        let theirs = two.get(name).filter(|theirs| *theirs != path)?;
        Some((*name, vec![(*path).to_owned(), (*theirs).to_owned()]))
    })
}

/// The work on one report.
struct OneReport<'a> {
    report: &'a Names<'a>,
    index: &'a Index<'a>,
    found: Found,
    /// Which full name a tracked file was given to: two may not share a file, two spellings of one may.
    claimed: HashMap<&'a str, String>,
    used: Vec<(Rule, u64)>,
}

impl<'a> OneReport<'a> {
    fn new(report: &'a Names<'a>, index: &'a Index<'a>) -> Self {
        Self { report, index, found: Found::new(), claimed: HashMap::new(), used: Vec::new() }
    }

    fn map(&mut self, known: &Known) -> Result<(), Ambiguous> {
        let roots = match self.report.kind {
            NameKind::Path => self.report.roots,
            NameKind::Package => &[],
        };
        let mut left: Vec<Full<'a>> =
            self.report.files.iter().map(|name| (*name, name::full(name, roots))).collect();
        for (from, to) in &known.given {
            self.apply(&Rule { from: folder(from), to: folder(to) }, &mut left)?;
        }
        left.retain(|(_, full)| !full.iter().all(|name| is_foreign(name)));
        for (from, to) in &known.certain {
            let rule = Rule { from: folder(from), to: folder(to) };
            // The name of a module is a prefix of Go's names only: others may have a folder that is called the same.
            let (mut meant, others) = left.into_iter().partition(|(name, _)| {
                is_absolute(&rule.from) || name.rsplit('.').next() == Some("go")
            });
            self.apply(&rule, &mut meant)?;
            left = meant.into_iter().chain(others).collect();
        }
        while let Some(rule) = self.best(&left)? {
            self.apply(&rule, &mut left)?;
        }
        Ok(())
    }

    /// The prefix that maps most of the names that are left; `None` if there is none.
    fn best(&self, left: &[Full<'a>]) -> Result<Option<Rule>, Ambiguous> {
        let mut weighed: Vec<Weighed<'a>> = Vec::new();
        for rule in self.suggested(left) {
            let maps = self.would_map(&rule, left)?;
            if !self.lies_inside(&rule) && !Self::is_prefix_of_most(&rule, maps.len(), left) {
                continue;
            }
            if maps.values().all(|path| self.is_unclaimed(path, &rule)) && !maps.is_empty() {
                weighed.push((rule, maps));
            }
        }
        let Some(most) = weighed.iter().map(|(_, maps)| maps.len()).max() else { return Ok(None) };
        if !self.prefer_own_folder(&mut weighed, most)? {
            weighed.retain(|(_, maps)| maps.len() == most);
        }
        if self.report.kind == NameKind::Package
            && weighed.iter().any(|(rule, _)| names_module(rule))
        {
            weighed.retain(|(rule, _)| names_module(rule));
        }
        weighed.sort();
        // Names that are paths as they stand sort first.
        let (first, maps) = &weighed[0];
        let as_they_stand = first.from.is_empty() && first.to.is_empty();
        for (rival, other) in weighed.iter().skip(1) {
            let Some((name, candidates)) = difference(maps, other) else { continue };
            if !as_they_stand || self.lies_inside(rival) {
                return Err(self.ambiguous(name, candidates));
            }
        }
        Ok(Some(first.clone()))
    }

    /// Whether the report lies in the folder to which a prefix leads.
    fn lies_inside(&self, rule: &Rule) -> bool {
        !rule.to.is_empty() && self.report.report.starts_with(&rule.to)
    }

    /// Keeps only the prefix in whose folder the report lies, if there is one that maps names as they stand: in
    /// `packages/b/coverage/lcov.info` the name `src/index.js` is that of `packages/b`, even where another package has
    /// more of the names. One that maps less than half of what another maps is a coincidence, and which of them is right
    /// cannot be told where they differ.
    fn prefer_own_folder(
        &self,
        weighed: &mut Vec<Weighed<'a>>,
        most: usize,
    ) -> Result<bool, Ambiguous> {
        if weighed.iter().any(|(rule, _)| rule.from.is_empty() && rule.to.is_empty()) {
            return Ok(false); // Names that are paths of the repository are dealt with by the caller.
        }
        let inside = weighed.iter().filter(|(rule, _)| self.lies_inside(rule));
        let Some(own) = inside.max_by_key(|(rule, maps)| (maps.len(), rule.to.len())).cloned()
        else {
            return Ok(false);
        };
        if own.1.len() * 2 < most {
            for (_, other) in weighed.iter().filter(|(_, maps)| maps.len() == most) {
                if let Some((name, candidates)) = difference(&own.1, other) {
                    return Err(self.ambiguous(name, candidates));
                }
            }
            return Ok(false);
        }
        *weighed = vec![own];
        Ok(true)
    }

    /// The prefixes that most names suggest and that no prefix in use forbids.
    fn suggested(&self, left: &[Full<'a>]) -> Vec<Rule> {
        let names = left.iter().flat_map(|(_, full)| full).filter(|name| !is_foreign(name));
        let all: usize = names.clone().map(|name| self.index.alike(name).len()).sum();
        let asked = names.step_by(all / SUGGESTIONS + 1);
        let mut votes: HashMap<(&str, &str), usize> = HashMap::new();
        for rule in asked.flat_map(|name| self.index.rules(name)) {
            *votes.entry(rule).or_default() += 1;
        }
        let mut rules: Vec<(usize, Rule)> = votes
            .into_iter()
            .map(|((from, to), count)| (count, Rule { from: from.to_owned(), to: to.to_owned() }))
            .filter(|(_, rule)| self.is_free(rule))
            .collect();
        rules.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        rules.into_iter().take(WEIGHED).map(|(_, rule)| rule).collect()
    }

    /// Whether a prefix fits most of the names below it. One that fits a few of many is another project's folder in which
    /// some file has the name of one of ours.
    fn is_prefix_of_most(rule: &Rule, maps: usize, left: &[Full<'a>]) -> bool {
        let below = |(_, full): &&Full<'a>| {
            full.iter().any(|name| rest_of(name, &rule.from).is_some() && !is_foreign(name))
        };
        (rule.from.is_empty() && rule.to.is_empty())
            || maps * 2 >= left.iter().filter(below).count()
    }

    /// Whether a prefix may be used beside those in use: a root has one. Packages may lie in several folders.
    fn is_free(&self, rule: &Rule) -> bool {
        self.used.iter().all(|(used, _)| match self.report.kind {
            NameKind::Path => !is_related(&used.from, &rule.from),
            NameKind::Package => {
                used != rule && (used.from == rule.from || !is_related(&used.from, &rule.from))
            }
        })
    }

    fn is_unclaimed(&self, path: &str, rule: &Rule) -> bool {
        self.claimed.get(path).is_none_or(|by| *by == full_under(rule, path))
    }

    /// What a prefix would map: name to path.
    fn would_map(
        &self,
        rule: &Rule,
        left: &[Full<'a>],
    ) -> Result<BTreeMap<&'a str, &'a str>, Ambiguous> {
        let mut maps = BTreeMap::new();
        for (name, full) in left {
            if let Some(path) = self.under(rule, full)? {
                maps.insert(*name, path);
            }
        }
        Ok(maps)
    }

    /// Maps what the prefix maps, and takes it out of what is left.
    fn apply(&mut self, rule: &Rule, left: &mut Vec<Full<'a>>) -> Result<(), Ambiguous> {
        let maps = self.would_map(rule, left)?;
        let mut count = 0;
        for (name, path) in maps {
            if self.is_unclaimed(path, rule) {
                self.claimed.insert(path, full_under(rule, path));
                self.found.insert(name.to_owned(), path.to_owned());
                count += 1;
            }
        }
        left.retain(|(name, _)| !self.found.contains_key(*name));
        if count > 0 {
            self.used.push((rule.clone(), count));
        }
        Ok(())
    }

    /// The tracked file of a name under a prefix. A name below several roots must not be several files.
    fn under(&self, rule: &Rule, full: &[String]) -> Result<Option<&'a str>, Ambiguous> {
        let mut path = None;
        for name in full {
            let Some(rest) = rest_of(name, &rule.from) else { continue };
            let Some(found) = self.index.tracked(&format!("{}{rest}", rule.to)) else { continue };
            match path {
                Some(other) if other != found => {
                    return Err(self.ambiguous(name, vec![str::to_owned(other), found.to_owned()]));
                }
                _ => path = Some(found),
            }
        }
        Ok(path)
    }

    fn ambiguous(&self, name: &str, candidates: Vec<String>) -> Ambiguous {
        Ambiguous { report: self.report.report.to_owned(), name: name.to_owned(), candidates }
    }
}

/// What follows a prefix. The empty one is that of relative names only.
fn rest_of<'n>(name: &'n str, from: &str) -> Option<&'n str> {
    if from.is_empty() && is_absolute(name) {
        return None;
    }
    name.strip_prefix(from)
}

/// The full name that a prefix maps to a path.
fn full_under(rule: &Rule, path: &str) -> String {
    format!("{}{}", rule.from, path.strip_prefix(&rule.to).unwrap_or(path))
}

/// Whether one of two prefixes lies below the other.
fn is_related(one: &str, two: &str) -> bool {
    rest_of(one, two).is_some() || rest_of(two, one).is_some()
}

/// Whether a folder bears the name of the module that the prefix is: `shop/` -> `shop/src/main/java/`.
fn names_module(rule: &Rule) -> bool {
    let module = rule.from.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    !module.is_empty() && rule.to.split('/').any(|folder| folder == module)
}

/// Where systems and compilers keep their own sources.
const FOREIGN_ROOTS: [&str; 8] = [
    "/rustc/",
    "/usr/include/",
    "/usr/lib/",
    "/usr/local/cargo/",
    "/usr/local/go/",
    "/usr/local/include/",
    "/usr/local/lib/",
    "/usr/share/",
];

/// Whether a name lies in a folder of other people's code.
pub fn is_foreign(name: &str) -> bool {
    if FOREIGN_ROOTS.iter().any(|root| name.starts_with(root)) {
        return true;
    }
    let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| FOREIGN.contains(&folder)) || name.contains("/pkg/mod/")
}

#[cfg(test)]
mod tests;
