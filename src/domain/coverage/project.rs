//! All reports of a run as one project: names mapped to files, shards joined, files left out that were not asked for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::coverage::counts::Counts;
use crate::domain::coverage::gate::{Mapping, Source};
use crate::domain::coverage::paths::{self, Known, NameKind, Names, Unclear};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report};
use crate::domain::globs::Globs;

/// One report and where it was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its path, relative to the repository where it lies inside.
    pub name: String,
    /// What it says.
    pub report: Report,
}

/// Which files count.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only these; all if there are none.
    pub include: Globs,
    /// Not these.
    pub exclude: Globs,
}

impl Scope {
    /// Whether a file counts.
    pub fn holds(&self, path: &str) -> bool {
        (self.include.is_empty() || self.include.matches(path)) && !self.exclude.matches(path)
    }
}

/// Everything that reports say, by file of the repository.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The files that count, by path; by the reports' own names where nothing could be mapped.
    pub files: BTreeMap<String, Measured>,
    /// What looks like the project's own and is no file of the repository, by the path that it would have.
    pub stray: BTreeMap<String, Measured>,
    /// What was read.
    pub sources: Vec<Source>,
    /// The sources that name a file, by their number; empty where there is only one source.
    named_by: BTreeMap<String, Vec<usize>>,
    /// How names became files.
    pub mapping: Mapping,
    /// Endings of files that reports mention, mapped or not, in lower case without the point.
    pub endings: BTreeSet<String>,
    /// Whether names stand for files of the repository.
    pub is_mapped: bool,
    /// What is odd, in whole sentences.
    pub warnings: Vec<String>,
}

/// Joins the reports of a run.
pub fn join(
    reads: Vec<Read>,
    tracked: &BTreeSet<String>,
    known: &Known,
    scope: &Scope,
) -> Result<Project, Unclear> {
    let names: Vec<Names<'_>> = reads.iter().map(names).collect();
    let (found, mapping) = paths::map(&names, tracked, known)?;
    let mut project = Project {
        is_mapped: found.iter().any(|found| !found.files.is_empty()),
        endings: names
            .iter()
            .flat_map(|names| &names.files)
            .filter_map(|name| ending(name))
            .collect(),
        mapping,
        ..Project::default()
    };
    drop(names);
    let several = reads.len() > 1;
    for (read, found) in reads.into_iter().zip(found) {
        let Read { name, report } = read;
        let lines =
            report.files.values().fold(Ratio::default(), |sum, file| sum.plus(file.line_ratio()));
        let files = report.files.len() as u64;
        let source = project.sources.len();
        project.sources.push(Source {
            name: name.clone(),
            format: report.format,
            files,
            ratio: lines,
        });
        project
            .warnings
            .extend(report.warnings.iter().map(|warning| format!("`{name}`: {warning}")));
        let path = |name: &str| match found.files.get(name) {
            Some(path) => Some(path.clone()),
            None if project.is_mapped => None,
            None => Some(paths::normal(name)),
        };
        for (name, measured) in report.files {
            let (path, files) = match (path(&name), found.stray.get(&name)) {
                (Some(path), _) => {
                    if several && scope.holds(&path) {
                        project.named_by.entry(path.clone()).or_default().push(source);
                    }
                    (path, &mut project.files)
                }
                (None, Some(path)) => (path.clone(), &mut project.stray),
                (None, None) => continue,
            };
            if scope.holds(&path) {
                add(files, path, measured);
            }
        }
    }
    project.warn_of_the_unmapped();
    Ok(project)
}

impl Project {
    /// The reports that name a file.
    pub fn naming(&self, path: &str) -> impl Iterator<Item = &Source> {
        let named = self.named_by.get(path).map_or(&[0][..], Vec::as_slice);
        named.iter().filter_map(|source| self.sources.get(*source))
    }

    /// The judged form of every file. What it replaces is dropped file by file unless it is needed for hits in a report:
    /// of a large project one form is as much as there should be.
    pub fn counts(&mut self, keep: Detail) -> BTreeMap<String, Counts> {
        let mut counts = BTreeMap::new();
        for (path, measured) in &mut self.files {
            let of_file = if keep.hits { measured.clone() } else { std::mem::take(measured) };
            counts.insert(path.clone(), Counts::of(of_file));
        }
        counts
    }

    fn warn_of_the_unmapped(&mut self) {
        if !self.is_mapped {
            self.warnings.push(
                "no name in the reports is a file of the repository: totals are judged by the reports' own names; \
                 `path-map: /app/=./` says what stands for what"
                    .to_owned(),
            );
            return;
        }
        let unmapped = self.mapping.unmapped.len();
        if unmapped > 0 {
            let first = self.mapping.unmapped.iter().take(3).map(|name| format!("`{name}`"));
            self.warnings.push(format!(
                "{} and not counted ({}{}); `path-map` says what stands for what, and what is not yours (`/app/gen/=-`)",
                counted_as(
                    unmapped,
                    "name in the reports is no file of the repository",
                    "names in the reports are no files of the repository"
                ),
                first.collect::<Vec<_>>().join(", "),
                if unmapped > 3 { ", ..." } else { "" }
            ));
        }
    }
}

fn add(files: &mut BTreeMap<String, Measured>, path: String, measured: Measured) {
    match files.entry(path) {
        Entry::Vacant(free) => {
            free.insert(measured);
        }
        Entry::Occupied(mut taken) => taken.get_mut().merge(&measured),
    }
}

fn names(read: &Read) -> Names<'_> {
    let report = &read.report;
    Names {
        report: &read.name,
        roots: &report.roots,
        files: report.files.keys().map(String::as_str).collect(),
        kind: if report.format == Format::Jacoco { NameKind::Package } else { NameKind::Path },
    }
}

/// `1 file is`, `2 files are`.
pub(super) fn counted_as(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The ending of a file's name, in lower case without the point.
pub fn ending(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty() && !ending.is_empty()).then(|| ending.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(files: &[(&str, &[(u32, bool)])]) -> Report {
        let mut report = Report::new(Format::Lcov);
        for (name, lines) in files {
            let measured =
                Measured { lines: lines.iter().copied().collect(), ..Measured::default() };
            report.files.insert((*name).to_owned(), measured);
        }
        report
    }

    fn read(name: &str, report: Report) -> Read {
        Read { name: name.to_owned(), report }
    }

    fn joined(reads: Vec<Read>, tracked: &[&str], scope: &Scope) -> Project {
        let tracked = tracked.iter().map(|path| (*path).to_owned()).collect();
        join(reads, &tracked, &Known::default(), scope).unwrap()
    }

    fn ratios(project: &Project) -> Vec<(&str, u64, u64)> {
        project
            .files
            .iter()
            .map(|(path, file)| (path.as_str(), file.line_ratio().covered, file.line_ratio().total))
            .collect()
    }

    #[test]
    fn shards_with_other_roots_join_by_file() {
        let one = read("a", report(&[("/app/src/a.py", &[(1, true), (2, false)])]));
        let two = read(
            "b",
            report(&[("src/a.py", &[(2, true), (3, false)]), ("src/b.py", &[(1, true)])]),
        );
        let project = joined(vec![one, two], &["src/a.py", "src/b.py"], &Scope::default());
        assert_eq!(ratios(&project), [("src/a.py", 2, 3), ("src/b.py", 1, 1)]);
        assert!(project.is_mapped && project.warnings.is_empty());
        assert_eq!(project.endings, BTreeSet::from(["py".to_owned()]));
    }

    #[test]
    fn the_reports_that_name_a_file_are_known() {
        let one = || read("a", report(&[("src/a.py", &[(1, true)])]));
        let two = read("b", report(&[("/app/src/a.py", &[(1, true)]), ("/app/src/b.py", &[])]));
        let tracked = ["src/a.py", "src/b.py"];
        let naming = |project: &Project, path: &str| {
            let names: Vec<String> =
                project.naming(path).map(|source| source.name.clone()).collect();
            names.join(" ")
        };
        let project = joined(vec![one(), two], &tracked, &Scope::default());
        let named = ["src/a.py", "src/b.py"].map(|path| naming(&project, path));
        assert_eq!(named, ["a b", "b"]);
        let project = joined(vec![one()], &tracked, &Scope::default());
        assert_eq!((naming(&project, "src/a.py"), project.named_by.len()), ("a".to_owned(), 0));
    }

    #[test]
    fn what_is_not_ours_does_not_count_and_is_told() {
        let one =
            read("a", report(&[("src/a.py", &[(1, true)]), ("/usr/lib/x/b.py", &[(1, true)])]));
        let project = joined(vec![one], &["src/a.py"], &Scope::default());
        assert_eq!(ratios(&project), [("src/a.py", 1, 1)]);
        assert!(
            project.warnings[0].contains("1 name in the reports is no file of the repository")
                && project.warnings[0].contains("`/usr/lib/x/b.py`")
        );
    }

    #[test]
    fn without_a_repository_the_reports_names_stand() {
        let one = read("a", report(&[("/app/src/a.py", &[(1, true)])]));
        let project = joined(vec![one], &[], &Scope::default());
        assert_eq!(ratios(&project), [("/app/src/a.py", 1, 1)]);
        assert!(!project.is_mapped && project.warnings[0].starts_with("no name in the reports"));
    }

    #[test]
    fn only_what_was_asked_for_counts() {
        let globs = |patterns: &[&str]| {
            Globs::new(patterns.iter().map(|pattern| (*pattern).to_owned())).unwrap()
        };
        let scope = Scope { include: globs(&["src/**"]), exclude: globs(&["**/gen_*.py"]) };
        let one = read(
            "a",
            report(&[
                ("src/a.py", &[(1, true)]),
                ("src/x/gen_b.py", &[(1, true)]),
                ("c.py", &[(1, true)]),
            ]),
        );
        let project = joined(vec![one], &["src/a.py", "src/x/gen_b.py", "c.py"], &scope);
        assert_eq!(ratios(&project), [("src/a.py", 1, 1)]);
    }

    #[test]
    fn endings() {
        for (path, expected) in [
            ("a/b.PY", Some("py")),
            (".gitignore", None),
            ("Makefile", None),
            ("a.b/c", None),
            ("x\\y.cs", Some("cs")),
        ] {
            assert_eq!(ending(path).as_deref(), expected, "{path}");
        }
    }
}
