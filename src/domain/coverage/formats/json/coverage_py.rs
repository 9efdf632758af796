//! coverage.py's `coverage json`.

use serde::Deserialize;

use super::values::Pairs;
use crate::domain::coverage::arms::named;
use crate::domain::coverage::formats::draft::{Draft, FileDraft, Stated};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report};
use crate::domain::coverage::statements::Span;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    files: Pairs<'a, File>,
    totals: Totals,
}

#[derive(Deserialize)]
#[serde(expecting = "the coverage of a file")]
struct File {
    executed_lines: Vec<u32>,
    missing_lines: Vec<u32>,
    excluded_lines: Vec<u32>,
    #[serde(default)]
    executed_branches: Vec<[i64; 2]>,
    #[serde(default)]
    missing_branches: Vec<[i64; 2]>,
}

#[derive(Deserialize)]
struct Totals {
    covered_lines: u64,
    num_statements: u64,
    covered_branches: Option<u64>,
    num_branches: Option<u64>,
}

/// Reads the report. A statement is known by its first line alone, so lines and statements are the same.
pub fn read(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let Document { files, totals } = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::CoveragePyJson, detail);
    for (name, file) in files.0 {
        let draft = file.fill(report.file_draft());
        report.add(&name, draft);
    }
    let lines = Ratio::new(totals.covered_lines, totals.num_statements);
    // Reports without branches have no counts of them; versions before 7 have counts and do not name them.
    let branches = Ratio::new(
        totals.covered_branches.unwrap_or_default(),
        totals.num_branches.unwrap_or_default(),
    );
    Ok(report.finish(&[
        Stated { what: "lines", ratio: lines, of: Measured::line_ratio },
        Stated { what: "branches", ratio: branches, of: Measured::branch_ratio },
    ]))
}

impl File {
    fn fill(mut self, mut draft: FileDraft) -> FileDraft {
        self.excluded_lines.sort_unstable();
        for (lines, hits) in [(&self.executed_lines, 1), (&self.missing_lines, 0)] {
            for line in lines {
                if self.excluded_lines.binary_search(line).is_err() {
                    draft.line(*line, hits);
                    draft.statement(Span { line: *line, ..Span::default() }, hits > 0);
                }
            }
        }
        for (arms, taken) in [(&self.executed_branches, true), (&self.missing_branches, false)] {
            for [from, to] in arms {
                // A negative line is the way in or out of the block of code that begins there.
                let line = u32::try_from(from.unsigned_abs()).unwrap_or_default();
                draft.arm(line, named(format!("{from},{to}").as_bytes()), taken);
            }
        }
        draft
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::shown;

    const TOTALS: &str =
        r#""totals": {"covered_lines": 2, "num_statements": 3, "percent_covered": 1.5}"#;

    fn with(files: &str, totals: &str) -> String {
        shown(&format!(
            r#"{{"meta": {{"format": 3, "branch_coverage": true}}, "files": {{{files}}}, {totals}}}"#
        ))
    }

    #[test]
    fn lines_that_are_excluded_cannot_run() {
        let file = r#""src\\a.py": {"executed_lines": [1, 2, 9], "missing_lines": [4], "excluded_lines": [8, 9],
            "summary": {"covered_lines": 0}, "functions": {"f": {"executed_lines": [2]}}}"#;
        assert_eq!(with(file, TOTALS), "src/a.py lines 1+1 2+1 4-0 statements 2/3\n");
    }

    #[test]
    fn branches_are_ways_between_lines_and_out_of_the_block() {
        let file = r#""a.py": {"executed_lines": [1, 3], "missing_lines": [5], "excluded_lines": [],
            "executed_branches": [[1, 3], [3, -1]], "missing_branches": [[1, 5], [3, 5], [-7, 7]]}"#;
        let totals = r#""totals": {"covered_lines": 2, "num_statements": 3, "covered_branches": 2, "num_branches": 5}"#;
        let said = with(file, totals);
        assert!(said.starts_with("a.py lines 1+1 3+1 5-0 arms 1"), "{said}");
        assert!(said.ends_with(" 7- statements 2/3\n"), "{said}");
        assert_eq!(said.matches('+').count(), 2 + 2);
    }

    #[test]
    fn totals_that_say_more_are_told() {
        let file = r#""a.py": {"executed_lines": [1], "missing_lines": [], "excluded_lines": []}"#;
        let totals = r#""totals": {"covered_lines": 1, "num_statements": 2, "covered_branches": 3, "num_branches": 4}"#;
        assert_eq!(
            with(file, totals),
            "a.py lines 1+1 statements 1/1\n\
             Its totals say 1 of 2 lines, its lines 1 of 1: the lines count.\n\
             Its totals say 3 of 4 branches, its lines 0 of 0: the lines count.\n"
        );
    }

    #[test]
    fn a_file_that_is_there_twice_is_merged() {
        let file = r#""a.py": {"executed_lines": [1], "missing_lines": [2], "excluded_lines": []}"#;
        let again =
            r#""a.py": {"executed_lines": [2], "missing_lines": [1, 3], "excluded_lines": []}"#;
        assert_eq!(
            with(&format!("{file}, {again}"), TOTALS),
            "a.py lines 1+1 2+1 3-0 statements 2/3\n"
        );
    }

    #[test]
    fn what_has_no_place_is_told() {
        let file = r#""a.py": {"executed_lines": [0, 1, 2], "missing_lines": [3], "excluded_lines": []},
            " ": {"executed_lines": [1], "missing_lines": [], "excluded_lines": []}"#;
        assert_eq!(
            with(file, TOTALS),
            "a.py lines 1+1 2+1 3-0 statements 2/3\n\
             1 entries without a file name were left out.\n\
             1 entries without a line were left out.\n"
        );
    }

    #[test]
    fn a_file_that_lacks_something_is_an_error() {
        for (file, said) in [
            (
                r#""a": {"executed_lines": [1], "excluded_lines": []}"#,
                "missing field `missing_lines`",
            ),
            (
                r#""a": {"executed_lines": [1, "2"], "missing_lines": []}"#,
                "invalid type: string \"2\"",
            ),
            (
                r#""a": {"executed_lines": [-1], "missing_lines": []}"#,
                "invalid value: integer `-1`",
            ),
            (
                r#""a": {"executed_lines": [1], "executed_lines": [2]}"#,
                "duplicate field `executed_lines`",
            ),
            (r#""a": null"#, "invalid type: null"),
        ] {
            let error = with(file, TOTALS);
            assert!(error.starts_with("1:"), "{error}");
            assert!(error.contains(said) && error.contains("coverage.py JSON"), "{error}");
        }
    }
}
