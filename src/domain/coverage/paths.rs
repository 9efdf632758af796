//! From names in reports to files of the repository. Each report is mapped by itself, by these rules in this order; what
//! they leave open is no file, and what two of them answer differently is an error that names both answers.
//!
//! 1. What `path-map` says (`given`): the longest prefix that fits.
//! 2. A name below the folder of the checkout is that file or none, a Go name below a module of a `go.mod` as well.
//! 3. A relative name that is a tracked path, letter by letter, is that file. If the report lies in the folder of a package
//!    that has such a file too, its other names decide: those that are in one of the two only.
//! 4. Else prefixes (`infer`): FROM, a prefix of names, stands for TO, a folder of the repository, if at least two names
//!    and more than half of those below FROM are tracked files below TO (of names in folders of other people only what is
//!    tracked counts). The prefix with most names comes first, then that of what is left, so several stand side by side,
//!    and nested ones too. Below one FROM each folder goes to one TO.
//! 5. A single name is mapped only if it is all that the report has, and two components agree.
//!
//! A name has a second answer if another prefix has every name of its folder as well, or one that the first has not, unless
//! the first agrees in more components and has names that the other has not. Two names of a report are never one file, and
//! a folder of the repository does not stand in two places of a report: both are dependencies with our names, unless
//! `path-map` says otherwise. The order of names, reports and lines makes no difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::coverage::gate::{Mapping, Prefix};

mod candidates;
mod foreign;
mod given;
mod infer;
mod name;
mod unclear;

pub use foreign::{foreign_folder, is_foreign};
pub use given::Given;
pub use name::normal;
pub use unclear::Unclear;

use candidates::{Index, Rule};
use given::{Home, Lines};
use infer::Work;
use name::{folder, folder_of, is_absolute, rest_of};

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
    /// From the input `path-map`; it may name a folder of other people's code.
    pub given: Vec<Given>,
    /// The checkout's folder and the modules of `go.mod` files: prefixes that are certain.
    pub certain: Vec<(String, String)>,
}

/// The files of one report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Name to path.
    pub files: BTreeMap<String, String>,
    /// Names that are no file of the repository and look like the project's own, and where they would lie: generated code,
    /// or a part of the project that no prefix was found for.
    pub stray: BTreeMap<String, String>,
}

/// What the reports have in common.
#[derive(Default)]
struct Common {
    /// How many files each prefix stood for.
    used: BTreeMap<(String, String), u64>,
    /// Names that are no file of the repository.
    unmapped: BTreeSet<String>,
}

/// Maps the names of every report. The first part has one map a report, in the order given.
pub fn map(
    reports: &[Names<'_>],
    tracked: &BTreeSet<String>,
    known: &Known,
) -> Result<(Vec<Found>, Mapping), Unclear> {
    let index = Index::new(tracked);
    let mut lines = Lines::new(&known.given);
    let mut common = Common::default();
    let mut all = Vec::new();
    for report in reports {
        all.push(one(report, &index, known, &mut lines, &mut common)?);
    }
    if !tracked.is_empty() {
        lines.refuse_idle()?;
    }
    let prefix = |((from, to), files)| Prefix { from, to, files };
    let mapping = Mapping {
        prefixes: common.used.into_iter().map(prefix).collect(),
        unmapped: common.unmapped.into_iter().collect(),
    };
    Ok((all, mapping))
}

/// Maps the names of one report.
fn one<'g>(
    report: &Names<'_>,
    index: &Index<'_>,
    known: &'g Known,
    lines: &mut Lines<'g>,
    common: &mut Common,
) -> Result<Found, Unclear> {
    let mut files = report.files.clone();
    files.sort_unstable();
    files.dedup();
    let roots = match report.kind {
        NameKind::Path => report.roots,
        NameKind::Package => &[],
    };
    let names: Vec<(&str, Vec<String>)> =
        files.into_iter().map(|name| (name, name::full(name, roots))).collect();
    let homes = lines.apply(report, &names, index)?;
    let mut work = Work::new(report, index, &names);
    let mut left_out = BTreeSet::new();
    for (at, (given, home)) in homes.iter().enumerate().filter_map(|(at, one)| Some((at, (*one)?)))
    {
        let to = match home {
            Home::File(path) => {
                work.give(at, path);
                given.to.clone().unwrap_or_default()
            }
            Home::Nowhere => {
                work.leave_out(at);
                left_out.insert(at);
                Prefix::NOWHERE.to_owned()
            }
        };
        *common.used.entry((given.from.clone(), to)).or_default() += 1;
    }
    work.certain(&known.certain);
    work.letter_by_letter()?;
    work.infer()?;
    work.alone()?;
    for (rule, files) in work.used() {
        *common.used.entry((rule.from, rule.to)).or_default() += files;
    }
    let mut found = Found::default();
    for (at, (name, _)) in names.iter().enumerate() {
        if let Some(path) = work.home(at) {
            found.files.insert((*name).to_owned(), path.to_owned());
        } else if !left_out.contains(&at) {
            common.unmapped.insert((*name).to_owned());
            if let Some(path) = work.would_lie(at) {
                found.stray.insert((*name).to_owned(), path);
            }
        }
    }
    Ok(found)
}

/// Whether a folder bears the name of the module that the prefix is: `shop/` -> `shop/src/main/java/`.
fn names_module(rule: &Rule) -> bool {
    let module = rule.from.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    !module.is_empty() && rule.to.split('/').any(|folder| folder == module)
}

#[cfg(test)]
mod drawn;
#[cfg(test)]
mod tests;
