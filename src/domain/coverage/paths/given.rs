//! What the input `path-map` says.

use crate::domain::coverage::paths::candidates::{Index, Rule};
use crate::domain::coverage::paths::name::{folder, rest_of};
use crate::domain::coverage::paths::unclear::{Unclear, line, line_without};
use crate::domain::coverage::paths::{NameKind, Names};
use crate::domain::globs::Globs;

/// A line of `path-map`: `FROM=TO` for all reports, `GLOB => FROM=TO` for those that the pattern matches. `FROM=-` says
/// that what begins so is no file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The line, as it was given.
    pub line: String,
    /// The reports that it speaks of; all if `None`.
    pub reports: Option<Globs>,
    /// The prefix of names, or a whole name.
    pub from: String,
    /// The folder, or the file; `None` for what is no file of the repository.
    pub to: Option<String>,
}

impl Given {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn read(line: &str) -> Result<Self, String> {
        let (reports, rest) = match line.split_once(" => ") {
            Some((glob, rest)) => {
                let globs = Globs::new([glob.trim().to_owned()])
                    .map_err(|error| format!("`{line}`: {error}"))?;
                (Some(globs), rest)
            }
            None => (None, line),
        };
        // Names may hold a `=`: blanks round the one that divides tell it from them.
        let divided = match rest.split_once(" = ") {
            Some(both) => Some(both),
            None if rest.matches('=').count() > 1 => {
                return Err(format!(
                    "`{line}` has more than one `=`: put a blank before and after the one that divides, `/a=b/ = src/`"
                ));
            }
            None => rest.split_once('='),
        };
        match divided.map(|(from, to)| (from.trim(), to.trim())) {
            Some((from, to)) if !from.is_empty() => Ok(Self {
                line: line.to_owned(),
                reports,
                from: folder(from),
                to: (to != "-").then(|| folder(to)),
            }),
            _ => Err(format!(
                "`{line}` maps nothing: write the prefix in the report, `=`, the folder: `/app/=./`; for some reports only, \
                 with their pattern: `web/** => src/=packages/web/src/`"
            )),
        }
    }

    /// Whether it speaks of a report.
    pub fn is_for(&self, report: &str) -> bool {
        let report = report.trim_start_matches("./").trim_start_matches('/');
        self.reports.as_ref().is_none_or(|globs| globs.matches(report))
    }

    /// What it makes of a name: `None` if it does not fit.
    fn home<'a>(&self, full: &str, index: &Index<'a>) -> Option<Home<'a>> {
        let whole = self.from.strip_suffix('/').is_some_and(|from| from == full);
        let rest = if whole { "" } else { rest_of(full, &self.from)? };
        match &self.to {
            None => Some(Home::Nowhere),
            Some(to) if whole => index.tracked(to.trim_end_matches('/')).map(Home::File),
            Some(to) => index.tracked(&format!("{to}{rest}")).map(Home::File),
        }
    }

    fn rule(&self) -> Rule {
        Rule { from: self.from.clone(), to: self.to.clone().unwrap_or_default() }
    }
}

/// What a line makes of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home<'a> {
    /// A file.
    File(&'a str),
    /// No file of the repository.
    Nowhere,
}

/// The lines of `path-map`, and which of them fitted.
pub struct Lines<'g> {
    all: &'g [Given],
    fitted: Vec<bool>,
    bound: Vec<bool>,
}

impl<'g> Lines<'g> {
    /// None of which fitted yet.
    pub fn new(all: &'g [Given]) -> Self {
        Self { all, fitted: vec![false; all.len()], bound: vec![false; all.len()] }
    }

    /// What the lines make of the names of a report: for each name its home and the line that says so. The longest prefix
    /// that fits holds, and of two of one length the one that is for this report.
    ///
    /// # Errors
    /// Two lines that give one name, or one prefix of a report, two homes.
    pub fn apply<'a>(
        &mut self,
        report: &Names<'_>,
        names: &[(&str, Vec<String>)],
        index: &Index<'a>,
    ) -> Result<Vec<Option<(&'g Given, Home<'a>)>>, Unclear> {
        let all = self.all;
        let here: Vec<(usize, &'g Given)> =
            all.iter().enumerate().filter(|(_, line)| line.is_for(report.report)).collect();
        for (number, _) in &here {
            self.bound[*number] = true;
        }
        let mut homes: Vec<Option<(&'g Given, Home<'a>)>> = Vec::with_capacity(names.len());
        let mut used: Vec<(&'g Given, &str)> = Vec::new();
        for (name, full) in names {
            let mut best: Option<(&'g Given, Home<'a>)> = None;
            for (number, line) in &here {
                for home in full.iter().filter_map(|full| line.home(full, index)) {
                    self.fitted[*number] = true;
                    let rank = |line: &Given| (line.from.len(), line.reports.is_some());
                    match best {
                        Some((other, _)) if rank(other) > rank(line) => {}
                        Some((other, taken)) if rank(other) == rank(line) && taken != home => {
                            return Err(two_homes(report, name, other, line));
                        }
                        _ => best = Some((line, home)),
                    }
                }
            }
            if let Some((line, _)) = best
                && !used.iter().any(|(other, _)| std::ptr::eq(*other, line))
            {
                used.push((line, name));
            }
            homes.push(best);
        }
        if report.kind == NameKind::Path {
            // One prefix of one report is one folder: what another shard's folder has too must not go there.
            for (at, (line, name)) in used.iter().enumerate() {
                if let Some((other, _)) = used[..at]
                    .iter()
                    .find(|(other, _)| other.from == line.from && other.to != line.to)
                {
                    return Err(two_homes(report, name, other, line));
                }
            }
        }
        Ok(homes)
    }

    /// Refuses lines that do nothing.
    ///
    /// # Errors
    /// The first line whose pattern matches no report, or that fits no name.
    pub fn refuse_idle(&self) -> Result<(), Unclear> {
        let idle = |what: &str, line: &Given, help: &str| Unclear {
            what: format!("`path-map`: `{}` {what}", line.line),
            why: "a line that does nothing is a mistake, and what it was to map would be missing"
                .to_owned(),
            help: help.to_owned(),
        };
        for (number, line) in self.all.iter().enumerate() {
            if !self.bound[number] {
                let help = "the pattern is that of a report's path, relative to the workspace, as the log names it: correct it, or take the line out";
                return Err(idle("matches no report", line, help));
            }
            if !self.fitted[number] {
                let help = "compare the prefix with the names in the report, and the folder with `git ls-files`; correct the line, or take it out";
                return Err(idle("fits no name", line, help));
            }
        }
        Ok(())
    }
}

/// Two lines for one prefix.
fn two_homes(report: &Names<'_>, name: &str, one: &Given, two: &Given) -> Unclear {
    let bound = |given: &Given| match given.to {
        Some(_) => line(report.report, &given.rule()),
        None => line_without(report.report, &given.from),
    };
    Unclear {
        what: format!(
            "`path-map` gives `{name}` of `{}` two homes: `{}` and `{}`",
            report.report, one.line, two.line
        ),
        why: "both lines are for this report, and names of one shard would lend their hits to the files of another".to_owned(),
        help: format!(
            "say for each report what its names stand for: either `{}` or `{}` here, and the other for the report that it is for",
            bound(one),
            bound(two)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let read = |line: &str| {
            let given = Given::read(line).unwrap();
            (given.reports.is_some(), given.from, given.to)
        };
        let to = |folder: &str| Some(folder.to_owned());
        assert_eq!(read("/app/ = ./"), (false, "/app/".to_owned(), to("")));
        assert_eq!(read("C:/x="), (false, "C:/x/".to_owned(), to("")));
        assert_eq!(read("C:\\x=src"), (false, "C:/x/".to_owned(), to("src/")));
        assert_eq!(read("/app/gen/=-"), (false, "/app/gen/".to_owned(), None));
        assert_eq!(read("x=./-"), (false, "x/".to_owned(), to("-/")));
        assert_eq!(read("./=web"), (false, String::new(), to("web/")));
        assert_eq!(read("/a=b/ = src"), (false, "/a=b/".to_owned(), to("src/")));
        assert_eq!(
            read("web/**/lcov.info => src/=packages/web/src/"),
            (true, "src/".to_owned(), to("packages/web/src/"))
        );
        for wrong in ["=x", "x", "/a=b/=c", "web/** => x", "a[ => x=y", "web/** => =y"] {
            assert!(Given::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_is_that_of_a_report() {
        let given = Given::read("web/** => src/=w/").unwrap();
        assert!(given.is_for("web/lcov.info") && given.is_for("./web/x/lcov.info"));
        assert!(!given.is_for("api/lcov.info"));
        let outside = Given::read("/tmp/cov/*.info => src/=w/").unwrap();
        assert!(outside.is_for("/tmp/cov/a.info"));
        assert!(Given::read("src/=w/").unwrap().is_for("any"));
    }
}
