//! `gcov --json-format`, and gcovr's own JSON, which has the same bones.

use std::borrow::Cow;

use serde::Deserialize;

use super::values::Count;
use crate::domain::coverage::arms::named;
use crate::domain::coverage::formats::draft::Draft;
use crate::domain::coverage::report::{Detail, Format, Report};

#[derive(Deserialize)]
struct Document<'a> {
    current_working_directory: Option<String>,
    #[serde(borrow)]
    files: Vec<File<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "the coverage of a file")]
struct File<'a> {
    #[serde(borrow)]
    file: Cow<'a, str>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(expecting = "a line with `line_number` and `count`")]
struct Line {
    #[serde(rename = "line_number")]
    number: u32,
    count: Count,
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default, rename = "gcovr/excluded")]
    excluded: bool,
    #[serde(default, rename = "gcovr/noncode")]
    noncode: bool,
}

#[derive(Deserialize)]
struct Branch {
    count: Count,
    branchno: Option<u64>,
    source_block_id: Option<u64>,
    destination_block_id: Option<u64>,
    #[serde(default, rename = "gcovr/excluded")]
    excluded: bool,
}

/// Reads the report. A line is there once for each function that it belongs to (templates, several functions on one line):
/// it ran if it ran in any of them, and so did an arm of the same number or between the same blocks. This is how gcovr
/// counts, too.
pub fn read(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let Document { current_working_directory, files } = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::GcovJson, detail);
    report.root(&current_working_directory.unwrap_or_default());
    for File { file, lines } in files {
        let mut draft = report.file_draft();
        for line in lines.iter().filter(|line| !line.excluded && !line.noncode) {
            draft.line(line.number, line.count.0);
            for (at, branch) in line.branches.iter().enumerate().filter(|(_, it)| !it.excluded) {
                draft.arm(line.number, branch.key(at), branch.count.0 > 0);
            }
        }
        report.add(&file, draft);
    }
    Ok(report.finish(&[]))
}

impl Branch {
    /// Its number in the line, its blocks, or its place where it has neither.
    fn key(&self, at: usize) -> u32 {
        let blocks = (self.source_block_id, self.destination_block_id);
        match (self.branchno, blocks) {
            (None, (None, None)) => named(format!("{at}").as_bytes()),
            (number, (from, to)) => named(format!("{number:?},{from:?},{to:?}").as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::shown;

    fn gcov(lines: &str) -> String {
        shown(&format!(
            r#"{{"gcc_version": "12.2.0", "format_version": "1", "current_working_directory": " /src/build ",
                "data_file": "t.gcda", "files": [{{"file": "../t.cpp", "functions": [], "lines": [{lines}]}}]}}"#
        ))
    }

    #[test]
    fn instances_of_a_template_are_one() {
        let lines = r#"
            {"line_number": 4, "count": 1, "unexecuted_block": false, "function_name": "f<int>", "branches": []},
            {"line_number": 6, "count": 2, "unexecuted_block": true, "branches": [
                {"count": 0, "throw": false, "fallthrough": true}, {"count": 1, "throw": true, "fallthrough": false}]},
            {"line_number": 4, "count": 0, "unexecuted_block": false, "function_name": "f<double>", "branches": []},
            {"line_number": 6, "count": 3, "branches": [{"count": 2}, {"count": 0}]},
            {"line_number": 9, "count": 0, "unexecuted_block": true}"#;
        assert_eq!(gcov(lines), "../t.cpp lines 4+1 6+5 9-0 arms 6++\nroot /src/build\n");
    }

    #[test]
    fn blocks_tell_arms_apart() {
        let lines = r#"
            {"line_number": 6, "count": 1, "branches": [{"count": 1, "source_block_id": 2, "destination_block_id": 3}]},
            {"line_number": 6, "count": 1, "branches": [{"count": 1, "source_block_id": 7, "destination_block_id": 8}]}"#;
        assert_eq!(gcov(lines), "../t.cpp lines 6+2 arms 6++\nroot /src/build\n");
    }

    #[test]
    fn gcovr_says_what_is_excluded() {
        let text = r#"{"gcovr/format_version": "0.15", "files": [{"file": "t.cpp", "functions": [], "lines": [
            {"line_number": 1, "count": 1, "branches": [
                {"branchno": 0, "count": 0, "source_block_id": 0}, {"branchno": 1, "count": 1, "gcovr/excluded": true}]},
            {"line_number": 2, "count": 0, "branches": [], "gcovr/excluded": true},
            {"line_number": 3, "count": 0, "branches": [], "gcovr/noncode": true},
            {"line_number": 4, "count": 0, "branches": [], "gcovr/noncode": false}]}]}"#;
        assert_eq!(shown(text), "t.cpp lines 1+1 4-0 arms 1-\n");
    }

    #[test]
    fn what_is_no_line_is_an_error() {
        for (line, said) in [
            (r#"{"count": 1}"#, "missing field `line_number`"),
            (r#"{"line_number": 1}"#, "missing field `count`"),
            (r#"{"line_number": 5000000000, "count": 1}"#, "invalid value"),
            (r#"{"line_number": 1, "count": "1"}"#, "invalid type: string"),
            (r#"{"line_number": 1, "count": 1, "branches": [{}]}"#, "missing field `count`"),
        ] {
            let error = gcov(line);
            assert!(error.contains(said) && error.contains("gcov JSON"), "{error}");
        }
    }
}
