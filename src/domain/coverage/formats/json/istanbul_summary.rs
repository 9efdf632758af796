//! Istanbul's `coverage-summary.json`: counts without lines.

use serde::Deserialize;

use super::values::Pairs;
use crate::domain::coverage::formats::draft::{Draft, Stated};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report, Summary};

/// The entry that is no file.
const TOTAL: &str = "total";

#[derive(Deserialize)]
#[serde(expecting = "the counts of a file")]
struct Entry {
    lines: Counts,
    statements: Counts,
    branches: Counts,
}

/// `pct` is not read: it is a rounded number, or the word "Unknown".
#[derive(Clone, Copy)]
struct Counts(Ratio);

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            covered: u64,
            total: u64,
        }
        let Written { covered, total } = Written::deserialize(reader)?;
        if covered > total {
            let what = format!("{covered} of {total} cannot be covered");
            return Err(serde::de::Error::custom(what));
        }
        Ok(Self(Ratio::new(covered, total)))
    }
}

/// Reads the report.
pub fn read(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let entries: Pairs<Entry> = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::IstanbulSummary, detail);
    let (totals, files): (Vec<_>, Vec<_>) =
        entries.0.into_iter().partition(|(name, _)| name == TOTAL);
    for (name, entry) in files {
        let mut draft = report.file_draft();
        draft.measured.summary = Some(entry.summary());
        report.add(&name, draft);
    }
    let stated = totals.into_iter().flat_map(|(_, total)| {
        [
            Stated { what: "lines", ratio: total.lines.0, of: Measured::line_ratio },
            Stated { what: "statements", ratio: total.statements.0, of: Measured::statement_ratio },
            Stated { what: "branches", ratio: total.branches.0, of: Measured::branch_ratio },
        ]
    });
    Ok(report.finish(&stated.collect::<Vec<_>>()))
}

impl Entry {
    fn summary(&self) -> Summary {
        Summary { lines: self.lines.0, branches: self.branches.0, statements: self.statements.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::shown;

    fn entry(covered: u64, total: u64, percent: &str) -> String {
        let counts = format!(
            r#"{{"total": {total}, "covered": {covered}, "skipped": 0, "pct": {percent}}}"#
        );
        format!(
            r#"{{"lines": {counts}, "functions": {counts}, "statements": {counts}, "branches": {counts}}}"#
        )
    }

    #[test]
    fn counts_are_kept_and_the_total_is_no_file() {
        let text = format!(
            r#"{{"total": {}, "/app/a.js": {}, "/app/empty.js": {}}}"#,
            entry(3, 4, "75"),
            entry(3, 4, "75"),
            entry(0, 0, "\"Unknown\"")
        );
        let expected = "/app/a.js summary 3/4 3/4 3/4\n/app/empty.js summary 0/0 0/0 0/0\n";
        assert_eq!(shown(&text), expected);
    }

    #[test]
    fn a_total_that_says_more_is_told() {
        let text = format!(r#"{{"total": {}, "a.js": {}}}"#, entry(9, 10, "90"), entry(3, 4, "75"));
        let said = shown(&text);
        for what in ["lines", "statements", "branches"] {
            let warning = format!("Its totals say 9 of 10 {what}, its files 3 of 4:");
            assert!(said.contains(&warning), "{said}");
        }
    }

    #[test]
    fn a_file_twice_counts_with_its_lower_counts() {
        let text = format!(
            r#"{{"total": {}, "a.js": {}, "a.js": {}}}"#,
            entry(3, 9, "33"),
            entry(3, 4, "75"),
            entry(4, 9, "44")
        );
        assert_eq!(shown(&text), "a.js summary 3/9 3/9 3/9\n");
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        for (file, said) in [
            (entry(5, 4, "125"), "5 of 4 cannot be covered"),
            ("{}".to_owned(), "missing field `lines`"),
            (
                entry(1, 4, "25").replace("\"covered\": 1", "\"covered\": \"1\""),
                "invalid type: string",
            ),
        ] {
            let error = shown(&format!(r#"{{"total": {}, "a.js": {file}}}"#, entry(1, 4, "25")));
            assert!(error.contains(said) && error.contains("Istanbul JSON summary"), "{error}");
        }
    }
}
