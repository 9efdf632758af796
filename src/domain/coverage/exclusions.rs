//! Ways round the gate that a change itself adds: marks that take code out of the count, lists of omitted files, lower
//! thresholds. They are legitimate, and a reviewer should see them.

use std::collections::BTreeSet;

use crate::domain::coverage::diff::{ChangeKind, ChangedFile, Diff, Hunk};
use crate::domain::coverage::gate::Exclusion;
use crate::domain::coverage::project::ending;

/// Marks in code, in lower case, by the tools that obey them.
const MARKS: [&str; 20] = [
    "istanbul ignore",
    "c8 ignore",
    "v8 ignore",
    "node:coverage ignore",
    "node:coverage disable",
    "lcov_excl",
    "gcov_excl",
    "gcovr_excl",
    "grcov_excl",
    "coverage(off)",
    "no_coverage]",
    "tarpaulin_include",
    "@codecoverageignore",
    ":nocov:",
    "excludefromcodecoverage",
    "excludefromgeneratedcoveragereport",
    "$coverage-off$",
    "coverage:ignore",
    "lombok.generated",
    "kover:ignore",
];

/// Files that hold nothing but the configuration of a coverage tool.
const TOOL_FILES: [&str; 11] = [
    ".coveragerc",
    ".coveragerc.toml",
    ".nycrc",
    ".nycrc.json",
    ".c8rc.json",
    ".simplecov",
    ".lcovrc",
    "gcovr.cfg",
    "tarpaulin.toml",
    ".istanbul.yml",
    "codecov.yml",
];

/// Words in other configuration files that decide what is counted.
const SETTINGS: [&str; 14] = [
    "omit",
    "exclude_lines",
    "exclude_also",
    "partial_branches",
    "coveragepathignorepatterns",
    "collectcoveragefrom",
    "exclude:",
    "path-map:",
    "unmeasured: warn",
    "new-exclusions: warn",
    "on-missing-baseline: pass",
    "no-regression: false",
    "add_filter",
    "continue-on-error: true",
];

/// Which way of a threshold is the easy one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Easier {
    /// A floor: lower.
    Lower,
    /// An allowance: higher.
    Higher,
}

/// A threshold, as people write it before a number.
struct Threshold {
    name: &'static str,
    easier: Easier,
    /// What holds where it is not written, in thousandths; `None` if nothing is asked for then.
    unwritten: Option<u64>,
}

const fn floor(name: &'static str, unwritten: Option<u64>) -> Threshold {
    Threshold { name, easier: Easier::Lower, unwritten }
}

const fn ceiling(name: &'static str, unwritten: Option<u64>) -> Threshold {
    Threshold { name, easier: Easier::Higher, unwritten }
}

const THRESHOLDS: [Threshold; 14] = [
    floor("min-total", Some(80_000)),
    floor("min-patch", Some(80_000)),
    floor("min-file", None),
    floor("min-reports", Some(1_000)),
    floor("fail_under", None),
    floor("fail-under", None),
    floor("cov-fail-under", None),
    floor("minimum_coverage", None),
    floor("check-coverage", None),
    floor("coverage-threshold", None),
    floor("threshold", None),
    ceiling("max-drop", Some(0)),
    ceiling("max-total-drop", None),
    ceiling("max-indirect-loss", None),
];

/// What people read and no tool obeys.
const PROSE: [&str; 5] = ["md", "rst", "txt", "adoc", "html"];

/// The ways round that a change adds, by file and line.
pub fn of(diff: &Diff) -> Vec<Exclusion> {
    let mut found: Vec<Exclusion> = diff.files.iter().flat_map(in_file).collect();
    found.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    found
}

fn in_file(file: &ChangedFile) -> Vec<Exclusion> {
    let ending = ending(&file.path).unwrap_or_default();
    if PROSE.contains(&ending.as_str()) {
        return Vec::new();
    }
    let name = file.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    if TOOL_FILES.contains(&name.as_str()) {
        return whole(file);
    }
    let removed: BTreeSet<&str> =
        file.hunks.iter().flat_map(|hunk| &hunk.removed).map(|line| line.trim()).collect();
    let mut found = Vec::new();
    for hunk in &file.hunks {
        for (line, text) in (hunk.new_start..).zip(&hunk.added) {
            if removed.contains(text.trim()) {
                continue; // It was there before, at another place or depth.
            }
            let what = mark(text).or_else(|| {
                is_configuration(&name, &ending).then(|| setting(text, file)).flatten()
            });
            found.extend(what.map(|what| Exclusion { path: file.path.clone(), line, what }));
        }
    }
    found.extend(gone(file, &ending));
    if is_configuration(&name, &ending) {
        found.extend(taken_out(file));
    }
    found
}

/// Any change to a coverage tool's own file.
fn whole(file: &ChangedFile) -> Vec<Exclusion> {
    let what = match file.kind {
        ChangeKind::Added => "a coverage configuration was added",
        ChangeKind::Deleted => "the coverage configuration was deleted",
        _ => "the coverage configuration was changed",
    };
    let line = file.hunks.first().map_or(1, |hunk| hunk.new_start.max(1));
    vec![Exclusion { path: file.path.clone(), line, what: what.to_owned() }]
}

/// A mark in code.
fn mark(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let words = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    pragma(&words)
        .or_else(|| MARKS.iter().find(|mark| words.contains(**mark)).copied())
        .map(|mark| format!("`{mark}`"))
}

/// What coverage.py obeys: `#`, `pragma`, an optional colon, `no cover` or `no branch`, with or without spaces between.
fn pragma(words: &str) -> Option<&'static str> {
    let behind = words.split("pragma").skip(1);
    let mut said = behind.map(|rest| rest.trim_start_matches([' ', ':']));
    said.find_map(|rest| {
        let rest = rest.strip_prefix("no")?.trim_start();
        if rest.starts_with("cover") {
            Some("pragma: no cover")
        } else {
            rest.starts_with("branch").then_some("pragma: no branch")
        }
    })
}

/// Whether a file configures tools or workflows.
fn is_configuration(name: &str, ending: &str) -> bool {
    matches!(
        ending,
        "yml" | "yaml" | "toml" | "cfg" | "ini" | "json" | "xml" | "dist" | "gradle" | "kts"
    ) || name.starts_with(".pre-commit")
        || name == "makefile"
        || name.contains(".config.")
}

/// A setting that decides what is counted, or a threshold that moved the easy way.
fn setting(text: &str, file: &ChangedFile) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    if lower.starts_with('#') || lower.starts_with("//") {
        return None;
    }
    for threshold in &THRESHOLDS {
        let name = threshold.name;
        let Some(new) = value_of(&lower, name) else { continue };
        let before = first_value(file.hunks.iter().flat_map(|hunk| &hunk.removed), name);
        let old = before.or(threshold.unwritten)?;
        if !threshold.is_easier(new, old) {
            return None;
        }
        return Some(match before {
            Some(old) => format!("`{name}` goes from {} to {}", shown(old), shown(new)),
            None => format!("`{name}` is set to {}", shown(new)),
        });
    }
    SETTINGS
        .iter()
        .find(|word| lower.contains(**word))
        .map(|word| format!("`{}`", word.trim_end_matches(':')))
}

impl Threshold {
    fn is_easier(&self, new: u64, old: u64) -> bool {
        match self.easier {
            Easier::Lower => new < old,
            Easier::Higher => new > old,
        }
    }
}

/// Thresholds that were stricter than what holds without them, and that the change writes nowhere in the file.
fn taken_out(file: &ChangedFile) -> Vec<Exclusion> {
    let mut found = Vec::new();
    for threshold in &THRESHOLDS {
        let name = threshold.name;
        let added = file.hunks.iter().flat_map(|hunk| &hunk.added);
        let gone = |hunk: &Hunk| Some((hunk.new_start.max(1), first_value(&hunk.removed, name)?));
        let Some((line, old)) = file.hunks.iter().find_map(gone) else { continue };
        let is_stricter = threshold.unwritten.is_none_or(|usual| threshold.is_easier(usual, old));
        if is_stricter && first_value(added, name).is_none() {
            let what = format!("`{name}` {} is taken out", shown(old));
            found.push(Exclusion { path: file.path.clone(), line, what });
        }
    }
    found
}

/// The gate itself taken out of a workflow.
fn gone(file: &ChangedFile, ending: &str) -> Option<Exclusion> {
    let names_gate = |text: &String| text.contains("coverage-gate");
    let is_workflow = matches!(ending, "yml" | "yaml");
    let added = file.hunks.iter().any(|hunk| hunk.added.iter().any(names_gate));
    let hunk = file.hunks.iter().find(|hunk| hunk.removed.iter().any(names_gate))?;
    (is_workflow && !added).then(|| Exclusion {
        path: file.path.clone(),
        line: hunk.new_start.max(1),
        what: "`coverage-gate` was taken out".to_owned(),
    })
}

/// The number behind a name, in thousandths: `min-total: 79.5`, `fail_under = 80`, `--cov-fail-under=80`.
fn value_of(lower: &str, name: &str) -> Option<u64> {
    let at = lower.find(name)?;
    let before = lower[..at].chars().next_back();
    // `min-total` is not a part of a longer word.
    let joined = lower[..at].ends_with('-') && !lower[..at].ends_with("--");
    if joined || before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let rest = lower[at + name.len()..].trim_start_matches(['"', '\'']);
    let rest =
        rest.trim_start().strip_prefix([':', '=', ' ']).or_else(|| rest.strip_prefix(' '))?;
    let rest = rest.trim_start().trim_start_matches(['"', '\'']);
    let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take(3).collect();
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(fraction.parse().ok()?)
}

/// The first number that lines have behind a name; comments do not count.
fn first_value<'a>(lines: impl IntoIterator<Item = &'a String>, name: &str) -> Option<u64> {
    let lines = lines.into_iter().map(|line| line.trim().to_ascii_lowercase());
    lines.filter(|line| !line.starts_with('#')).find_map(|line| value_of(&line, name))
}

fn shown(thousandths: u64) -> String {
    let (whole, fraction) = (thousandths / 1000, thousandths % 1000);
    if fraction == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{fraction:03}").trim_end_matches('0').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, removed: &[&str], added: &[&str]) -> Vec<String> {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        let hunk =
            Hunk { old_start: 5, removed: lines(removed), new_start: 5, added: lines(added) };
        let file = ChangedFile {
            kind: ChangeKind::Modified,
            path: path.to_owned(),
            old_path: Some(path.to_owned()),
            hunks: vec![hunk],
        };
        of(&Diff { files: vec![file] })
            .into_iter()
            .map(|one| format!("{}: {}", one.line, one.what))
            .collect()
    }

    #[test]
    fn marks_in_code() {
        assert_eq!(
            found("a.py", &[], &["x = 1", "if y:  # pragma: no cover"]),
            ["6: `pragma: no cover`"]
        );
        for (path, line) in [
            ("a.ts", "/* istanbul ignore next */"),
            ("a.js", "/* c8 ignore start */"),
            ("a.c", "// LCOV_EXCL_START"),
            ("a.rs", "#[coverage(off)]"),
            ("a.php", "/** @codeCoverageIgnore */"),
            ("a.rb", "# :nocov:"),
            ("A.cs", "[ExcludeFromCodeCoverage]"),
        ] {
            assert_eq!(found(path, &[], &[line]).len(), 1, "{line}");
        }
    }

    #[test]
    fn every_spelling_that_coverage_py_obeys_is_seen() {
        for line in [
            "x()  # pragma no cover",
            "x()  # pragma: nocover",
            "x()  #PRAGMA NO COVER",
            "x()  # pragma:  no  cover",
            "x()  #pragma:no branch",
        ] {
            assert_eq!(found("a.py", &[], &[line]).len(), 1, "{line}");
        }
        assert_eq!(found("a.c", &[], &["#pragma once", "#pragma GCC novector"]), [""; 0]);
        assert_eq!(found("a.ts", &[], &["/* istanbul  ignore   next */"]).len(), 1);
    }

    #[test]
    fn what_was_there_before_or_is_prose_is_no_news() {
        assert_eq!(
            found("a.py", &["  x()  # pragma: no cover"], &["x()  # pragma: no cover"]),
            [""; 0]
        );
        assert_eq!(found("docs/a.md", &[], &["write `# pragma: no cover`"]), [""; 0]);
        assert_eq!(found("a.py", &["x  # pragma: no cover"], &[]), [""; 0]);
        assert_eq!(found("a.py", &[], &["omit = 3", "cover()"]), [""; 0]);
    }

    #[test]
    fn thresholds_that_move_the_easy_way() {
        let workflow = ".github/workflows/ci.yml";
        assert_eq!(
            found(workflow, &["min-total: 80"], &["min-total: 79.5"]),
            ["5: `min-total` goes from 80 to 79.5"]
        );
        assert_eq!(found(workflow, &["min-total: 80"], &["min-total: 85"]), [""; 0]);
        assert_eq!(found(workflow, &[], &["min-patch: '60'"]), ["5: `min-patch` is set to 60"]);
        assert_eq!(
            found(workflow, &["max-drop: 0"], &["max-drop: 5"]),
            ["5: `max-drop` goes from 0 to 5"]
        );
        assert_eq!(found(workflow, &["max-drop: 5"], &["max-drop: 1"]), [""; 0]);
        assert_eq!(found("setup.cfg", &["fail_under = 80"], &["fail_under = 60"]).len(), 1);
        assert_eq!(
            found(
                "pytest.ini",
                &["addopts = --cov-fail-under=80"],
                &["addopts = --cov-fail-under=10"]
            )
            .len(),
            1
        );
        assert_eq!(found(workflow, &["  min-total: 80"], &["# min-total: 10"]), [""; 0]);
        // Stricter than what holds without it, and the other way round.
        let stricter = ["max-indirect-loss: 0", "min-total: 90", "min-file: 50"];
        assert_eq!(found(workflow, &[], &stricter), [""; 0]);
        assert_eq!(found(workflow, &[], &["max-drop: 2"]), ["5: `max-drop` is set to 2"]);
        assert_eq!(found(workflow, &["min-total: 90"], &[]), ["5: `min-total` 90 is taken out"]);
        assert_eq!(
            found("a.cfg", &["--cov-fail-under=9"], &[]),
            ["5: `cov-fail-under` 9 is taken out"]
        );
        assert_eq!(found(workflow, &["min-total: 70"], &[]), [""; 0]);
        assert_eq!(found(workflow, &[], &["unmeasured: warn"]), ["5: `unmeasured: warn`"]);
    }

    #[test]
    fn settings_and_the_tools_own_files() {
        assert_eq!(found("pyproject.toml", &[], &["omit = ['*/x.py']"]), ["5: `omit`"]);
        assert_eq!(
            found(".coveragerc", &[], &["  */migrations/*"]),
            ["5: the coverage configuration was changed"]
        );
        assert_eq!(found("jest.config.js", &[], &["coveragePathIgnorePatterns: ['x']"]).len(), 1);
        assert_eq!(found("pyproject.toml", &[], &["name = 'shop'"]), [""; 0]);
    }

    #[test]
    fn the_gate_itself_taken_out() {
        let step = "- uses: org/mta-actions/coverage-gate@v1";
        assert_eq!(
            found(".github/workflows/ci.yml", &[step], &[]),
            ["5: `coverage-gate` was taken out"]
        );
        assert_eq!(
            found(
                ".github/workflows/ci.yml",
                &[step],
                &["- uses: org/mta-actions/coverage-gate@v2"]
            ),
            [""; 0]
        );
    }
}
