//! The inputs of `coverage-gate`, typed; all faults at once.

use camino::Utf8PathBuf;
use secrecy::SecretString;

use crate::domain::coverage::gate::Metric;
use crate::domain::coverage::paths::Given;
use crate::domain::coverage::project::Scope;
use crate::domain::coverage::rules::{self, LostFiles, OnMissing, Rules, Strictness};
use crate::domain::globs::Globs;
use crate::domain::input::{Percent, Values};
use crate::failure::{Failure, Outcome};

/// Where the baseline is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In a ref of the repository.
    Ref,
    /// In a branch of the repository.
    Branch,
    /// In a file that the user keeps.
    File(Utf8PathBuf),
    /// Nowhere.
    Nowhere(String),
}

/// What a gate was asked to do.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Where relative paths begin: the workspace, by hand the current folder.
    pub folder: Utf8PathBuf,
    /// Patterns of reports.
    pub reports: Vec<String>,
    /// How many there must be.
    pub min_reports: u64,
    /// What it asks for.
    pub rules: Rules,
    /// Whether it compares with a baseline.
    pub keep: Keep,
    /// Which files count.
    pub scope: Scope,
    /// What prefixes stand for.
    pub path_map: Vec<Given>,
    /// What to compare with, if the user says so.
    pub base: Option<String>,
    /// Branches whose pushes write the baseline; empty for the default branch.
    pub baseline_branches: Globs,
    /// How the tests ended, as GitHub says it; empty if that is not known.
    pub tests_outcome: String,
    /// The gate's name.
    pub name: String,
    /// Whether to comment.
    pub comments: bool,
    /// Whose comments are ours.
    pub login: String,
    /// The branch of the badge.
    pub badge_branch: Option<String>,
    /// Whether to write the HTML report.
    pub html: bool,
    /// Where files go, if the user says so.
    pub output_dir: Option<Utf8PathBuf>,
    /// For the API and for fetching and pushing.
    pub token: Option<SecretString>,
}

impl Inputs {
    /// Reads what the tables do not check: patterns, groups, prefixes, names.
    ///
    /// # Errors
    /// One failure that lists every fault.
    pub fn read(values: &Values, folder: Utf8PathBuf) -> Result<Self, Failure> {
        let mut faults = Faults::default();
        let text = |name: &str| values.text(name).unwrap_or_default().to_owned();
        let inputs = Self {
            reports: values.list("reports").to_vec(),
            folder,
            min_reports: values.number("min-reports").unwrap_or(1),
            rules: rules(values, &mut faults),
            keep: keep(values, &mut faults),
            scope: Scope {
                include: faults.globs("include", values.list("include")),
                exclude: faults.globs("exclude", values.list("exclude")),
            },
            path_map: faults.each("path-map", values.list("path-map"), Given::read),
            base: values.text("base").map(str::to_owned),
            baseline_branches: faults.globs("baseline-branches", values.list("baseline-branches")),
            tests_outcome: text("tests-outcome"),
            name: text("name"),
            comments: values.text("comment") != Some("off"),
            login: text("comment-login"),
            badge_branch: values.text("badge-branch").map(str::to_owned),
            html: values.flag("html"),
            output_dir: values.path("output-dir").cloned(),
            token: values.secret("token").cloned(),
        };
        if inputs.reports.is_empty() {
            faults.add("`reports` is missing: name the coverage reports, such as `coverage.xml`");
        }
        if !is_name(&inputs.name) {
            faults.add("`name` becomes a part of a git ref and of a file: use letters, digits, `.`, `_` and `-`, at most 100");
        }
        for name in ["min-total", "min-patch", "min-file"] {
            if values.percent(name).is_some_and(rules::is_share) {
                faults
                    .add(format!("`{name}` is below 1 %: it is a percentage, write `80` for 80 %"));
            }
        }
        faults.none().map(|()| inputs)
    }
}

/// What was found wrong.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    fn globs(&mut self, input: &str, patterns: &[String]) -> Globs {
        Globs::new(patterns.iter().cloned()).unwrap_or_else(|error| {
            self.add(format!("`{input}`: {error}"));
            Globs::default()
        })
    }

    fn each<T>(
        &mut self,
        input: &str,
        lines: &[String],
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for line in lines {
            match read(line) {
                Ok(one) => all.push(one),
                Err(why) => self.add(format!("`{input}`: {why}")),
            }
        }
        all
    }

    fn none(self) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Outcome::BadInput, "inputs are wrong")
            .why(self.0.join("; "))
            .help("nothing was checked: correct them and run again"))
    }
}

fn rules(values: &Values, faults: &mut Faults) -> Rules {
    let strict = |name: &str| match values.text(name) {
        Some("warn") => Strictness::Warn,
        _ => Strictness::Fail,
    };
    let whole = |name: &str, otherwise: u64| {
        values.percent(name).unwrap_or(Percent { millionths: otherwise * 1_000_000 })
    };
    Rules {
        metric: match values.text("metric") {
            Some("branch") => Metric::Branch,
            Some("line+branch") => Metric::LineAndBranch,
            Some("statement") => Metric::Statement,
            _ => Metric::Line,
        },
        min_total: whole("min-total", 80),
        min_patch: whole("min-patch", 80),
        min_file: values.percent("min-file"),
        groups: faults.each("groups", values.list("groups"), rules::group),
        max_total_drop: values.percent("max-total-drop"),
        max_drop: whole("max-drop", 0),
        max_indirect_loss: values.number("max-indirect-loss"),
        lost_files: match values.text("lost-files") {
            Some("warn") => LostFiles::Warn,
            Some("carry") => LostFiles::Carry,
            _ => LostFiles::Fail,
        },
        unmeasured: strict("unmeasured"),
        new_exclusions: strict("new-exclusions"),
        on_missing_baseline: match values.text("on-missing-baseline") {
            Some("fail") => OnMissing::Fail,
            Some("pass") => OnMissing::Pass,
            _ => OnMissing::Warn,
        },
        tests: faults.globs("tests", values.list("tests")),
    }
}

fn keep(values: &Values, faults: &mut Faults) -> Keep {
    if !values.flag("no-regression") {
        return Keep::Nowhere("`no-regression: false`".to_owned());
    }
    match (values.text("baseline"), values.path("baseline-file")) {
        (Some("none"), _) => Keep::Nowhere("`baseline: none`".to_owned()),
        (Some("branch"), _) => Keep::Branch,
        (Some("file"), Some(path)) => Keep::File(path.clone()),
        (Some("file"), None) => {
            faults.add("`baseline: file` needs `baseline-file`");
            Keep::Nowhere(String::new())
        }
        _ => Keep::Ref,
    }
}

/// A name that can be a part of a ref and of a file name.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=100).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(['.', '-'])
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.to_ascii_lowercase().ends_with("lock")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::coverage_gate::table::INPUTS;
    use crate::domain::input::{Origin, RawInput, read};

    fn inputs(pairs: &[(&str, &str)]) -> Result<Inputs, String> {
        let raw = |(name, value): &(&str, &str)| RawInput {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            origin: Origin::Action,
        };
        let values = read(INPUTS, &pairs.iter().map(raw).collect::<Vec<_>>()).unwrap();
        Inputs::read(&values, Utf8PathBuf::from("/w")).map_err(|failure| failure.why)
    }

    #[test]
    fn what_is_left_out_is_strict() {
        let found = inputs(&[("reports", "coverage.xml")]).unwrap();
        assert_eq!(
            (found.rules.min_total.millionths, found.rules.min_patch.millionths),
            (80_000_000, 80_000_000)
        );
        assert_eq!(
            (found.rules.max_drop.millionths, found.rules.unmeasured),
            (0, Strictness::Fail)
        );
        assert_eq!(
            (found.keep, found.name.as_str(), found.rules.new_exclusions),
            (Keep::Ref, "coverage", Strictness::Warn)
        );
        assert!(
            found.rules.tests.matches("addons/sale/tests/test_a.py")
                && !found.rules.tests.matches("src/contest.py")
        );
    }

    #[test]
    fn all_faults_are_told_together() {
        let why = inputs(&[
            ("groups", "x"),
            ("path-map", "y"),
            ("exclude", "a["),
            ("name", "../x"),
            ("baseline", "file"),
            ("min-patch", "0.8"),
        ])
        .unwrap_err();
        for part in [
            "`reports` is missing",
            "`groups`",
            "`path-map`",
            "`exclude`",
            "`name`",
            "`baseline-file`",
            "`min-patch` is below 1 %",
        ] {
            assert!(why.contains(part), "{part} not in {why}");
        }
    }

    #[test]
    fn names_that_a_ref_can_have() {
        for name in ["coverage", "back-end_2.x"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".x", "-x", "a..b", "a/b", "a b", "x.lock", "x.", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
