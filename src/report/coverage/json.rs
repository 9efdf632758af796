//! `uncovered.json`: what is not covered, for agents and tools.
//!
//! | key | what it holds |
//! |---|---|
//! | `version` | 1; a change that a reader could trip over gets another number |
//! | `verdict` | `pass` or `fail` |
//! | `headline` | the verdict in one line |
//! | `way_out` | what to do, in sentences |
//! | `metric` | what was counted: `line`, `branch`, `line+branch`, `statement` |
//! | `total`, `patch` | `{covered, total, shown}`; `patch` is null where no change is known |
//! | `checks` | `{check, name, state, measured, count, required, finding}`: `check` is the kind, `name` the file or group |
//! | `files` | one object a line: `{path, covered, total, uncovered, changed, indirect}`; files with nothing to say are left out |
//! | `unmeasured` | changed files that no report mentions |
//! | `exclusions` | `{path, line, what}` |
//! | `omitted` | how many ranges were left out because the file would be too large; 0 else |
//!
//! Ranges are `{first, last, lines}`: both ends included, `lines` says how many of them are meant. Paths are relative to
//! the repository and whole.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use crate::domain::coverage::gate::{Assessment, Check, Marked, Required, State, Subject};
use crate::domain::coverage::ratio::Ratio;
use crate::report::coverage::{verdict, words};

/// How many ranges are written: some 40 MB.
const RANGES: usize = 1_000_000;

/// How many files are written.
const FILES: usize = 200_000;

/// A file's row, but for what the file itself says.
#[derive(Default)]
struct Entry {
    changed: Vec<Span>,
    indirect: Vec<Span>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    covered: u64,
    total: u64,
    uncovered: Vec<Span>,
    changed: Vec<Span>,
    indirect: Vec<Span>,
}

#[derive(Serialize)]
struct Span {
    first: u32,
    last: u32,
    lines: u32,
}

/// Writes the document, one line for each file, so that two of them can be compared line by line. `uncovered` says which
/// lines of a file are not covered.
pub fn write(
    assessment: &Assessment,
    uncovered: &dyn Fn(&str) -> Vec<Marked>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let exclusions = assessment.exclusions.iter().take(FILES);
    let exclusions: Vec<_> = exclusions
        .map(|one| json!({"path": one.path, "line": one.line, "what": one.what}))
        .collect();
    let patch = assessment.patch.as_ref();
    let unmeasured = patch.map_or(&[][..], |patch| &patch.unmeasured);
    let fields = [
        ("version", json!(1)),
        ("verdict", json!(assessment.verdict().word())),
        ("headline", json!(verdict::headline(assessment))),
        ("way_out", json!(verdict::way_out(assessment))),
        ("metric", json!(words::metric(assessment.metric))),
        ("total", share(assessment.total)),
        ("patch", json!(patch.map(|patch| share(patch.ratio)))),
        (
            "checks",
            assessment.checks.iter().take(FILES).map(|one| check(one, assessment)).collect(),
        ),
        ("unmeasured", json!(&unmeasured[..unmeasured.len().min(FILES)])),
        ("exclusions", json!(exclusions)),
    ];
    writeln!(out, "{{")?;
    for (key, value) in fields {
        writeln!(out, "\"{key}\": {value},")?;
    }
    write!(out, "\"files\": [")?;
    let mut before = "\n";
    let omitted = files(assessment, uncovered, &mut |file| {
        write!(out, "{before}{}", json!(file))?;
        before = ",\n";
        Ok(())
    })?;
    write!(out, "\n],\n\"omitted\": {omitted}\n}}\n")
}

/// Every file that has something to say, in path order; how many ranges were left out.
fn files(
    assessment: &Assessment,
    uncovered: &dyn Fn(&str) -> Vec<Marked>,
    tell: &mut dyn FnMut(File<'_>) -> io::Result<()>,
) -> io::Result<usize> {
    let (mut room, mut omitted) = (RANGES, 0);
    let mut lines = |marked: &[Marked]| -> Vec<Span> {
        let taken = marked.len().min(room);
        room -= taken;
        omitted += marked.len() - taken;
        marked[..taken].iter().map(Span::from).collect()
    };
    // What the change is about first, so that it is what is kept.
    let mut entries: BTreeMap<&str, Entry> = BTreeMap::new();
    for file in assessment.patch.iter().flat_map(|patch| &patch.files) {
        if !file.uncovered.is_empty() {
            entries.entry(&file.path).or_default().changed = lines(&file.uncovered);
        }
    }
    for file in assessment.regression.iter().flat_map(|regression| &regression.indirect) {
        entries.entry(&file.path).or_default().indirect = lines(&file.ranges);
    }
    let mut ratios: BTreeMap<&str, Ratio> =
        entries.keys().map(|path| (*path, Ratio::default())).collect();
    ratios.extend(assessment.files.iter().map(|file| (file.path.as_str(), file.ratio)));
    for (path, ratio) in ratios {
        let entry = entries.remove(path);
        let marked = uncovered(path);
        if entry.is_none() && marked.is_empty() && ratio.missed() == 0 {
            continue;
        }
        let Entry { changed, indirect } = entry.unwrap_or_default();
        let Ratio { covered, total } = ratio;
        tell(File { path, covered, total, uncovered: lines(&marked), changed, indirect })?;
    }
    Ok(omitted)
}

impl From<&Marked> for Span {
    fn from(marked: &Marked) -> Self {
        Self { first: marked.range.first, last: marked.range.last, lines: marked.lines }
    }
}

fn share(ratio: Ratio) -> serde_json::Value {
    json!({"covered": ratio.covered, "total": ratio.total, "shown": ratio.shown()})
}

fn check(check: &Check, assessment: &Assessment) -> serde_json::Value {
    let (kind, name) = kind(&check.subject);
    json!({
        "check": kind,
        "name": name,
        "state": state(check.state),
        "measured": check.measured.map(|ratio| json!({"covered": ratio.covered, "total": ratio.total})),
        "count": check.count,
        "required": check.required.map(required),
        "finding": verdict::finding(check, assessment),
    })
}

/// What a check asks for; shares and points as decimal text, because a binary number would round.
fn required(required: Required) -> serde_json::Value {
    match required {
        Required::AtLeast(least) => json!({"at_least": words::points(least)}),
        Required::AtMost(most) => json!({"at_most": most}),
        Required::NotBelow { base, tolerance } => json!({
            "not_below": {"covered": base.covered, "total": base.total},
            "tolerance": words::points(tolerance),
        }),
    }
}

const fn state(state: State) -> &'static str {
    match state {
        State::Passed => "passed",
        State::Warned => "warned",
        State::Failed => "failed",
        State::Skipped => "skipped",
    }
}

fn kind(subject: &Subject) -> (&'static str, Option<&str>) {
    match subject {
        Subject::Total => ("total", None),
        Subject::Patch => ("patch", None),
        Subject::Unmeasured => ("unmeasured", None),
        Subject::RegressionTotal => ("regression-total", None),
        Subject::RegressionAdjusted => ("regression-adjusted", None),
        Subject::Indirect => ("indirect", None),
        Subject::LostFiles => ("lost-files", None),
        Subject::File(path) => ("file", Some(path)),
        Subject::Group(name) => ("group", Some(name)),
        Subject::Exclusions => ("exclusions", None),
        Subject::Baseline => ("baseline", None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::coverage::samples::{fail, hostile, huge, marked, no_patch, pass};

    /// The document where each file that the total counts lacks these lines.
    fn parsed_with(assessment: &Assessment, uncovered: &[Marked]) -> Value {
        let lacks = |path: &str| {
            let known = assessment.files.iter().any(|file| file.path == path);
            if known { uncovered.to_vec() } else { Vec::new() }
        };
        let mut text = Vec::new();
        write(assessment, &lacks, &mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn parsed(assessment: &Assessment) -> Value {
        parsed_with(assessment, &[marked(10, 109)])
    }

    #[test]
    fn it_says_what_is_not_covered() {
        let document = parsed(&fail());
        assert_eq!(document["version"], 1);
        assert_eq!(document["verdict"], "fail");
        assert_eq!(
            document["total"],
            json!({"covered": 19_999, "total": 25_000, "shown": "79.99 %"})
        );
        assert_eq!(document["unmeasured"], json!(["src/shop/new.py"]));
        assert_eq!(document["omitted"], 0);
        assert_eq!(document["checks"][6]["check"], "file");
        assert_eq!(document["checks"][6]["name"], "src/shop/cart.py");
        assert_eq!(document["checks"][0]["required"], json!({"at_least": "80"}));
        assert_eq!(
            document["files"][0],
            json!({
                "path": "src/shop/cart.py", "covered": 800, "total": 900,
                "uncovered": [{"first": 10, "last": 109, "lines": 100}],
                "changed": [{"first": 3, "last": 4, "lines": 2}],
                "indirect": [],
            })
        );
        // A file that only the baseline and the change know.
        assert_eq!(document["files"][2]["path"], "src/shop/tax.py");
        assert_eq!(document["files"][2]["indirect"][0]["first"], 20);
    }

    #[test]
    fn what_is_not_known_is_null_and_what_is_covered_left_out() {
        assert_eq!(parsed(&no_patch())["patch"], Value::Null);
        assert_eq!(parsed(&pass())["patch"]["covered"], 12);
        let mut one = pass();
        one.files[0].ratio = Ratio::new(900, 900);
        let document = parsed_with(&one, &[]);
        assert_eq!(document["files"].as_array().unwrap().len(), 1);
        assert_eq!(document["files"][0]["path"], "src/shop/order.py");
    }

    #[test]
    fn hostile_names_are_whole_and_huge_ones_bounded() {
        let one = hostile();
        let document = parsed(&one);
        let paths: Vec<_> = document["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].as_str().unwrap())
            .collect();
        assert!(one.files.iter().all(|file| paths.contains(&file.path.as_str())));
        assert_eq!(document["omitted"], 0);
        let (ranges, omitted) = ranges_of_huge();
        assert_eq!((ranges, omitted), (RANGES, 200_000));
    }

    fn ranges_of_huge() -> (usize, usize) {
        let many: Vec<Marked> = (1..=400).map(|at| marked(at * 3, at * 3)).collect();
        let mut ranges = 0;
        let omitted = files(&huge(1_000, 400), &|_| many.clone(), &mut |file| {
            ranges += file.uncovered.len() + file.changed.len() + file.indirect.len();
            Ok(())
        });
        (ranges, omitted.unwrap())
    }
}
