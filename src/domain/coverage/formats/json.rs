//! Coverage reports in JSON. One is recognised by the keys that it has, never by its name.
//!
//! A report is read whole and gone through twice: once for its shape, which also finds whatever is not JSON, and once for
//! its figures, into the types of its format. Keys that the types do not know are skipped; keys that they need and values
//! of another type are errors with their place.

use std::io::{BufRead, Read};

use serde_json::Error;

use crate::domain::coverage::report::{Detail, Format, Report, Unreadable};

mod coverage_py;
mod gcov;
mod istanbul;
mod istanbul_summary;
mod llvm;
#[cfg(test)]
mod reading;
mod shape;
mod simplecov;
mod values;

use shape::Shape;

/// The largest report, in bytes.
const LIMIT: u64 = 1 << 30;

/// How many keys an error names.
const NAMED_KEYS: usize = 8;

/// How long a foreign word in an error may be, in characters.
const WORD: usize = 40;

/// How long an error may be, in characters: it can quote the report.
const SENTENCE: usize = 400;

/// Formats that [`read`] knows.
const KNOWN: [Format; 7] = [
    Format::CoveragePyJson,
    Format::Istanbul,
    Format::IstanbulSummary,
    Format::SimpleCovResultset,
    Format::SimpleCov,
    Format::Llvm,
    Format::GcovJson,
];

/// Reads a report in one of the JSON formats.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let text = whole(input)?;
    let shape =
        shape::of(&text).map_err(|error| located(&error, "this is no JSON that is whole"))?;
    let Some(format) = recognise(&shape) else {
        return Err(Unreadable { line: 1, column: 1, what: refusal(&shape) });
    };
    let read = match format {
        Format::CoveragePyJson => coverage_py::read(&text, detail),
        Format::Istanbul => istanbul::read(&text, detail),
        Format::IstanbulSummary => istanbul_summary::read(&text, detail),
        Format::SimpleCovResultset => simplecov::read_resultset(&text, detail),
        Format::SimpleCov if shape.get("files").is_some() => simplecov::read_list(&text, detail),
        Format::SimpleCov => simplecov::read_map(&text, detail),
        Format::Llvm => llvm::read(&text, detail),
        _ => gcov::read(&text, detail),
    };
    read.map_err(|error| located(&error, &format!("this {} is not as it should be", format.name())))
}

/// The whole report, without a byte order mark: three spaces stand in for it, so that places stay right.
fn whole(input: &mut dyn BufRead) -> Result<Vec<u8>, Unreadable> {
    let refused = |what: String| Unreadable { line: 1, column: 1, what };
    let mut text = Vec::new();
    let length = input.take(LIMIT + 1).read_to_end(&mut text);
    if length.map_err(|error| refused(format!("it cannot be read: {error}")))? as u64 > LIMIT {
        return Err(refused(format!("it has more than {LIMIT} bytes")));
    }
    if let Some(mark) = text.get_mut(..3).filter(|start| *start == b"\xef\xbb\xbf") {
        mark.fill(b' ');
    }
    Ok(text)
}

/// The format that a shape belongs to. The tests are ordered from keys that nothing else has to keys that others share.
fn recognise(shape: &Shape) -> Option<Format> {
    let object = |key: &str| shape.get(key).filter(|value| value.is_object());
    let list = |key: &str| shape.get(key).and_then(Shape::first);
    let each = |wanted: fn(&Shape) -> bool| shape.values().any(wanted);
    if shape.get("data").is_some_and(Shape::is_list)
        && shape.get("type").and_then(Shape::text) == Some("llvm.coverage.json.export")
    {
        return Some(Format::Llvm);
    }
    let gcov = ["format_version", "gcovr/format_version"];
    if shape.get("files").is_some_and(Shape::is_list)
        && gcov.iter().any(|key| shape.get(key).is_some())
    {
        return Some(Format::GcovJson);
    }
    if object("files").is_some() && object("meta").is_some() && object("totals").is_some() {
        return Some(Format::CoveragePyJson);
    }
    let versioned = object("meta").is_some_and(|meta| meta.get("simplecov_version").is_some());
    let listed = list("files").is_some_and(|file| file.has(&["filename", "coverage"]));
    if listed || versioned && object("coverage").is_some() {
        return Some(Format::SimpleCov);
    }
    let counted = |counts: Option<&Shape>| counts.is_some_and(|it| it.has(&["covered", "total"]));
    if shape.values().any(|file| counted(file.get("lines")) && counted(file.get("statements"))) {
        return Some(Format::IstanbulSummary);
    }
    if each(|file| file.unwrapped().get("statementMap").is_some()) {
        return Some(Format::Istanbul);
    }
    each(|run| run.get("coverage").is_some_and(Shape::is_object) && run.get("timestamp").is_some())
        .then_some(Format::SimpleCovResultset)
}

fn refusal(shape: &Shape) -> String {
    let known = KNOWN.map(Format::name).join(", ");
    let what = match shape.keys() {
        None => "it is no object".to_owned(),
        Some(keys) if keys.is_empty() => "it has no keys".to_owned(),
        Some(keys) => {
            let named = keys.iter().take(NAMED_KEYS).map(|key| format!("`{}`", quoted(key, WORD)));
            let more = if keys.len() > NAMED_KEYS { ", ..." } else { "" };
            format!("its keys are {}{more}", named.collect::<Vec<_>>().join(", "))
        }
    };
    format!("this JSON is no coverage report that is known: {what}; known are {known}")
}

/// Foreign text without control characters, cut.
fn quoted(text: &str, longest: usize) -> String {
    let mut cut: String = text
        .chars()
        .take(longest)
        .map(|sign| if sign.is_control() { char::REPLACEMENT_CHARACTER } else { sign })
        .collect();
    if text.chars().nth(longest).is_some() {
        cut.push_str("...");
    }
    cut
}

/// What the JSON reader says, with its place as figures and not as a part of the sentence.
fn located(error: &Error, what: &str) -> Unreadable {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let said = quoted(said.strip_suffix(&place).unwrap_or(&said), SENTENCE);
    Unreadable {
        line: (error.line() as u64).max(1),
        column: (error.column() as u64).max(1),
        what: format!("{what}: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::reading::shown;
    use super::*;

    /// One report of each format.
    const REPORTS: [&str; 8] = [
        r#"{"meta": {"format": 3}, "files": {"a.py": {"executed_lines": [1, 3], "missing_lines": [2], "excluded_lines": [9],
            "executed_branches": [[1, 2]], "missing_branches": [[1, -1]]}},
            "totals": {"covered_lines": 2, "num_statements": 3, "covered_branches": 1, "num_branches": 2}}"#,
        r#"{"/a.js": {"path": "/a.js", "statementMap": {"0": {"start": {"line": 1, "column": 0}, "end": {"line": 1, "column": 5}}},
            "fnMap": {}, "branchMap": {"0": {"loc": {"start": {"line": 1, "column": 0}, "end": {}}, "locations": []}},
            "s": {"0": 1}, "f": {}, "b": {"0": [1, 0]}}}"#,
        r#"{"total": {"lines": {"total": 2, "covered": 1}, "statements": {"total": 2, "covered": 1}, "branches": {"total": 0, "covered": 0}},
            "a.js": {"lines": {"total": 2, "covered": 1}, "statements": {"total": 2, "covered": 1}, "branches": {"total": 0, "covered": 0}}}"#,
        r#"{"RSpec": {"coverage": {"/a.rb": {"lines": [1, null, 0], "branches": {"[:if, 0, 3, 6, 3, 12]": {"[:then, 1]": 1}}}}, "timestamp": 1.5}}"#,
        r#"{"meta": {"simplecov_version": "0.21"}, "coverage": {"a.rb": {"lines": [1, 0]}}}"#,
        r#"{"files": [{"filename": "a.rb", "coverage": [1, 0, null]}], "metrics": {}}"#,
        r#"{"data": [{"files": [{"filename": "a.rs", "segments": [[1,1,5,true,true,false],[4,2,0,false,false,false]],
            "branches": [[1,2,3,4,5,6,0,0,4]]}]}], "type": "llvm.coverage.json.export", "version": "3.1.0"}"#,
        r#"{"format_version": "1", "files": [{"file": "a.c", "lines": [{"line_number": 1, "count": 2, "branches": [{"count": 1}]}]}]}"#,
    ];

    fn told(text: &[u8]) -> Result<Report, Unreadable> {
        read(&mut &*text, Detail::default())
    }

    #[test]
    fn formats_are_told_by_their_keys() {
        let formats = REPORTS.map(|text| told(text.as_bytes()).unwrap().format);
        let expected = [
            Format::CoveragePyJson,
            Format::Istanbul,
            Format::IstanbulSummary,
            Format::SimpleCovResultset,
            Format::SimpleCov,
            Format::SimpleCov,
            Format::Llvm,
            Format::GcovJson,
        ];
        assert_eq!(formats, expected);
        for text in REPORTS {
            assert!(!shown(text).is_empty());
        }
    }

    #[test]
    fn other_json_is_refused_with_its_keys() {
        for (text, said) in [
            (
                r#"{"name": "x", "version": "1.0.0", "files": ["dist"], "scripts": {}}"#,
                "`name`, `version`, `files`, `scripts`",
            ),
            (
                r#"{"$schema": "x", "version": "2.1.0", "runs": [{"results": []}]}"#,
                "`$schema`, `version`, `runs`",
            ),
            (r#"{"numTotalTests": 3, "success": true, "testResults": []}"#, "`numTotalTests`"),
            (r#"{"created": 1, "tests": [], "summary": {"passed": 1, "total": 1}}"#, "`created`"),
            (r#"{"type": "other", "data": [], "version": "1"}"#, "`type`, `data`, `version`"),
            (
                r#"{"gcovr/summary_format_version": "0.6", "files": [{"filename": "a", "line_total": 3}]}"#,
                "`gcovr/summary_format_version`",
            ),
            (r#"{"total": {"count": 3}, "coverage": {"lines": 3}}"#, "`total`, `coverage`"),
            (
                r#"{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9}"#,
                "`h`, ...;",
            ),
            ("{}", "it has no keys"),
            ("[]", "it is no object"),
            ("[{\"filename\": 1}]", "it is no object"),
            ("\"text\"", "it is no object"),
            ("null", "it is no object"),
        ] {
            let error = told(text.as_bytes()).unwrap_err();
            assert!(error.what.contains(said), "{error}");
            assert!(error.what.contains("no coverage report that is known"), "{error}");
            assert!(error.what.contains("known are coverage.py JSON, Istanbul JSON"), "{error}");
        }
    }

    #[test]
    fn foreign_keys_are_cut_and_have_no_control_characters() {
        let long = "k".repeat(100);
        let error = told(format!(r#"{{"\u001b[31m\n": 1, "{long}": 2}}"#).as_bytes()).unwrap_err();
        assert!(!error.what.contains(char::is_control));
        assert!(error.what.contains(&format!("`{}...`", "k".repeat(40))), "{error}");
        let text = REPORTS[0].replace("[1, 3]", &format!("[\"{}\"]", "v".repeat(5000)));
        assert!(told(text.as_bytes()).unwrap_err().what.len() < 600);
    }

    #[test]
    fn what_is_no_json_has_its_place() {
        for (text, place) in [
            ("", (1, 1)),
            ("{\"a\": 1,\n  b: 2}", (2, 3)),
            ("{\"a\": 1}\n{\"b\": 2}", (2, 1)),
            ("<?xml version=\"1.0\"?>", (1, 1)),
        ] {
            let error = told(text.as_bytes()).unwrap_err();
            assert_eq!((error.line, error.column), place, "{error}");
            assert!(!error.what.contains(" at line"), "{error}");
        }
    }

    #[test]
    fn a_report_cut_anywhere_is_an_error() {
        for text in REPORTS {
            for length in 0..text.len() {
                assert!(told(&text.as_bytes()[..length]).is_err(), "{}", &text[..length]);
            }
            assert!(told(format!("{text} x").as_bytes()).is_err());
            assert!(told(format!("{text}{text}").as_bytes()).is_err());
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let marked = format!("\u{feff}{}", REPORTS[0]);
        assert_eq!(told(marked.as_bytes()).unwrap().files.len(), 1);
        let error = told("\u{feff}x".as_bytes()).unwrap_err();
        assert_eq!((error.line, error.column), (1, 4));
    }

    #[test]
    fn depth_is_no_danger() {
        for open in ["[", "{\"a\":"] {
            assert!(told(open.repeat(200_000).as_bytes()).is_err());
        }
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(told(deep.as_bytes()).is_err());
        let beside = REPORTS[4].replacen('{', &format!("{{\"x\": {deep},"), 1);
        assert_eq!(told(beside.as_bytes()).unwrap().files.len(), 1);
    }

    fn json() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "files",
            "meta",
            "totals",
            "coverage",
            "timestamp",
            "data",
            "type",
            "total",
            "lines",
            "statements",
            "statementMap",
            "s",
            "b",
            "branchMap",
            "fnMap",
            "filename",
            "segments",
            "format_version",
            "simplecov_version",
        ]);
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|flag| flag.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u32>().prop_map(|number| number.to_string()),
            Just("\"llvm.coverage.json.export\"".to_owned()),
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            let entry = (word.clone(), inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(|list| format!("[{}]", list.join(","))),
                prop::collection::vec(entry, 0..6).prop_map(|entries| {
                    let entries = entries.iter().map(|(key, value)| format!("\"{key}\":{value}"));
                    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn anything_does_not_panic(text in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = told(&text);
        }

        #[test]
        fn any_json_does_not_panic(text in json()) {
            let _ = told(text.as_bytes());
        }

        #[test]
        fn changed_reports_do_not_panic(
            report in prop::sample::select(REPORTS.to_vec()),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..12), 1..4),
        ) {
            let mut text = report.as_bytes().to_vec();
            for (from, to, length) in changes {
                let (from, to) = (from.index(text.len()), to.index(text.len()));
                let part: Vec<u8> = text[from..(from + length).min(text.len())].to_vec();
                text.splice(to..(to + part.len()).min(text.len()), part);
            }
            let _ = told(&text);
        }

        /// What is written is read, whatever the lines are.
        #[test]
        fn coverage_py_goes_round(lines in prop::collection::btree_map(1_u32..3_000, any::<bool>(), 0..200)) {
            let of = |wanted: bool| lines.iter().filter(|(_, hit)| **hit == wanted).map(|(line, _)| *line).collect::<Vec<_>>();
            let (executed, missing) = (of(true), of(false));
            let text = serde_json::json!({"meta": {}, "files": {"a": {
                "executed_lines": executed, "missing_lines": missing, "excluded_lines": [],
            }}, "totals": {"covered_lines": executed.len(), "num_statements": lines.len()}});
            let report = told(text.to_string().as_bytes()).unwrap();
            prop_assert_eq!(report.files["a"].lines.iter().collect::<Vec<_>>(), lines.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(report.warnings.len(), 0);
        }

        /// `SimpleCov`'s list by line, and gcov's entries of the same lines, in any order and split.
        #[test]
        fn lists_and_entries_say_the_same(counts in prop::collection::vec(prop::option::of(0_u64..4), 1..300), turn in any::<prop::sample::Index>()) {
            let list = serde_json::json!({"RSpec": {"coverage": {"a": counts}, "timestamp": 0}});
            let mut entries: Vec<_> = counts.iter().zip(1_u32..)
                .filter_map(|(count, line)| Some((line, (*count)?)))
                .flat_map(|(line, count)| [(line, count / 2), (line, count - count / 2)])
                .map(|(line, count)| serde_json::json!({"line_number": line, "count": count})).collect();
            if !entries.is_empty() {
                let by = turn.index(entries.len());
                entries.rotate_left(by);
            }
            let gcov = serde_json::json!({"format_version": "1", "files": [{"file": "a", "lines": entries}]});
            let lines = |text: String| {
                let report = read(&mut text.as_bytes(), Detail { hits: true }).unwrap();
                (report.files["a"].lines.clone(), report.files["a"].hits.clone())
            };
            prop_assert_eq!(lines(list.to_string()), lines(gcov.to_string()));
        }
    }
}
