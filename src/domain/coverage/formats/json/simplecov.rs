//! `SimpleCov`: its result set, and `coverage.json` in its two dialects.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::values::{Hit, Key, Pairs};
use crate::domain::coverage::arms::{named, numbered};
use crate::domain::coverage::formats::draft::{Draft, FileDraft, Stated};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report};

/// One command of a result set.
#[derive(serde::Deserialize)]
#[serde(expecting = "a command with `coverage`")]
struct Run<'a> {
    #[serde(borrow)]
    coverage: Pairs<'a, File>,
}

/// `coverage.json` of `SimpleCov` itself.
#[derive(serde::Deserialize)]
struct Map<'a> {
    meta: Meta,
    #[serde(borrow)]
    coverage: Pairs<'a, File>,
    total: Option<Totals>,
}

#[derive(serde::Deserialize)]
struct Meta {
    root: Option<String>,
}

#[derive(serde::Deserialize)]
struct Totals {
    lines: Option<Counts>,
    branches: Option<Counts>,
}

#[derive(serde::Deserialize)]
struct Counts {
    covered: u64,
    total: u64,
}

/// `coverage.json` of the gem `simplecov-json`.
#[derive(serde::Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    files: Vec<Listed<'a>>,
    metrics: Option<Metrics>,
}

#[derive(serde::Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    filename: Cow<'a, str>,
    coverage: File,
}

#[derive(serde::Deserialize)]
struct Metrics {
    covered_lines: Option<u64>,
    total_lines: Option<u64>,
}

/// Reads `.resultset.json`: the commands in it are merged.
pub fn read_resultset(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let runs: Pairs<Run> = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::SimpleCovResultset, detail);
    for (_, run) in runs.0 {
        for (name, file) in run.coverage.0 {
            report.add(&name, file.0);
        }
    }
    Ok(report.finish(&[]))
}

/// Reads `coverage.json` with files as keys.
pub fn read_map(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let Map { meta, coverage, total } = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::SimpleCov, detail);
    report.root(&meta.root.unwrap_or_default());
    for (name, file) in coverage.0 {
        report.add(&name, file.0);
    }
    let mut stated = Vec::new();
    if let Some(Totals { lines, branches }) = total {
        for (what, said, of) in [
            ("lines", lines, Measured::line_ratio as fn(&Measured) -> Ratio),
            ("branches", branches, Measured::branch_ratio),
        ] {
            if let Some(Counts { covered, total }) = said {
                stated.push(Stated { what, ratio: Ratio::new(covered, total), of });
            }
        }
    }
    Ok(report.finish(&stated))
}

/// Reads `coverage.json` with a list of files.
pub fn read_list(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let List { files, metrics } = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::SimpleCov, detail);
    for file in files {
        report.add(&file.filename, file.coverage.0);
    }
    let mut stated = Vec::new();
    if let Some(Metrics { covered_lines: Some(covered), total_lines: Some(total) }) = metrics {
        let ratio = Ratio::new(covered, total);
        stated.push(Stated { what: "lines", ratio, of: Measured::line_ratio });
    }
    Ok(report.finish(&stated))
}

/// A list of counts by line, or an object with such lines and with branches.
struct File(FileDraft);

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let mut draft = FileDraft::with_hits();
        reader.deserialize_any(IntoFile(&mut draft))?;
        Ok(Self(draft))
    }
}

struct IntoFile<'d>(&'d mut FileDraft);

impl<'de> Visitor<'de> for IntoFile<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a list of counts or an object with `lines`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        IntoLines(self.0).visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut lines, mut branches) = (0, 0);
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "lines" => {
                    lines += 1;
                    map.next_value_seed(IntoLines(self.0))?;
                }
                "branches" => {
                    branches += 1;
                    map.next_value_seed(IntoArms(self.0))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (lines, branches) {
            (0, _) => Err(A::Error::missing_field("lines")),
            (2.., _) => Err(A::Error::duplicate_field("lines")),
            (_, 2..) => Err(A::Error::duplicate_field("branches")),
            _ => Ok(()),
        }
    }
}

struct IntoLines<'d>(&'d mut FileDraft);

impl<'de> DeserializeSeed<'de> for IntoLines<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for IntoLines<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a list of counts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut line = 0;
        while let Some(Hit(hits)) = list.next_element()? {
            line += 1;
            if let Some(hits) = hits {
                self.0.line(line, hits);
            }
        }
        Ok(())
    }
}

struct IntoArms<'d>(&'d mut FileDraft);

impl<'de> DeserializeSeed<'de> for IntoArms<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

#[derive(serde::Deserialize)]
struct Arm {
    start_line: u32,
    coverage: Hit,
}

impl<'de> Visitor<'de> for IntoArms<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("an object or a list of branches")
    }

    /// Conditions and their arms, each under a key such as `[:if, 0, 3, 6, 3, 12]`: kind, number, line, ...
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((Key(condition), arms)) = map.next_entry::<_, Pairs<Hit>>()? {
            let line = condition.trim_matches(['[', ']']).split(',').nth(2);
            let Some(line) = line.and_then(|line| line.trim().parse().ok()) else {
                return Err(A::Error::custom(format!("branch `{condition}` has no line")));
            };
            for (arm, Hit(hits)) in arms.0 {
                if let Some(hits) = hits {
                    self.0.arm(line, named(format!("{condition}{arm}").as_bytes()), hits > 0);
                }
            }
        }
        Ok(())
    }

    /// Arms without their condition, in the order of the source: known by their place.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(Arm { start_line, coverage: Hit(hits) }) = list.next_element()? {
            if let Some(hits) = hits {
                self.0.arm(start_line, numbered(number), hits > 0);
            }
            number += 1;
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::shown;

    fn run(name: &str, coverage: &str) -> String {
        format!(r#""{name}": {{"coverage": {{{coverage}}}, "timestamp": 1700000000.25}}"#)
    }

    #[test]
    fn lines_that_are_null_or_ignored_cannot_run() {
        let text =
            format!("{{{}}}", run("RSpec", r#""/app/a.rb": [null, 1, 0, "ignored", 7, null]"#));
        assert_eq!(shown(&text), "/app/a.rb lines 2+1 3-0 5+7\n");
    }

    #[test]
    fn commands_merge_by_union() {
        let one = run("RSpec", r#""/app/a.rb": [null, 1, 0], "/app/b.rb": {"lines": [0]}"#);
        let two = run("Minitest", r#""/app/a.rb": {"lines": [0, 2, 0, null, 1]}"#);
        assert_eq!(
            shown(&format!("{{{one}, {two}}}")),
            "/app/a.rb lines 1-0 2+3 3-0 5+1\n/app/b.rb lines 1-0\n"
        );
    }

    #[test]
    fn arms_lie_on_the_line_of_their_condition() {
        let branches = r#"{"[:if, 0, 3, 6, 3, 12]": {"[:then, 1, 3, 6, 3, 8]": 1, "[:else, 2, 3, 9, 3, 12]": 0},
            "[:while, 3, 5, 0, 9, 3]": {"[:body, 4, 6, 0, 6, 3]": 4}}"#;
        let text = format!(
            "{{{}}}",
            run("RSpec", &format!(r#""a.rb": {{"lines": [1], "branches": {branches}}}"#))
        );
        let said = shown(&text);
        assert!(
            ["a.rb lines 1+1 arms 3+- 5+\n", "a.rb lines 1+1 arms 3-+ 5+\n"]
                .contains(&said.as_str()),
            "{said}"
        );
    }

    #[test]
    fn both_dialects_of_coverage_json() {
        let map = r#"{"meta": {"simplecov_version": "0.22.0", "root": "/app"},
            "total": {"lines": {"covered": 1, "missed": 1, "total": 2}, "branches": {"covered": 2, "total": 2}},
            "coverage": {"a.rb": {"lines": [null, 1, 0, "ignored"], "source": ["x"], "branches": [
                {"type": "then", "start_line": 2, "end_line": 2, "coverage": 0},
                {"type": "else", "start_line": 2, "end_line": 2, "coverage": 1},
                {"type": "else", "start_line": 3, "end_line": 3, "coverage": "ignored"}]}}, "groups": {}}"#;
        assert_eq!(
            shown(map),
            "a.rb lines 2+1 3-0 arms 2-+\nroot /app\n\
             Its totals say 2 of 2 branches, its lines 1 of 2: the lines count.\n"
        );
        let list = r#"{"timestamp": 1, "command_name": "RSpec", "metrics": {"covered_percent": 50.0, "covered_lines": 2, "total_lines": 2},
            "files": [{"filename": "C:\\app\\a.rb", "covered_percent": 50.0, "coverage": [1, null, 0]},
                {"filename": "b.rb", "coverage": {"lines": [1], "branches": {}}}]}"#;
        assert_eq!(
            shown(list),
            "C:/app/a.rb lines 1+1 3-0\nb.rb lines 1+1\n\
             Its totals say 2 of 2 lines, its lines 2 of 3: the lines count.\n"
        );
    }

    #[test]
    fn what_is_no_line_is_an_error() {
        for (file, said) in [
            (r#"[1, "2"]"#, "invalid type: string \"2\""),
            ("[1, true]", "invalid type: boolean"),
            (r#"{"oneshot_lines": [1]}"#, "missing field `lines`"),
            (r#"{"lines": [1], "lines": [0]}"#, "duplicate field `lines`"),
            (r#"{"lines": null}"#, "invalid type: null"),
            (
                r#"{"lines": [1], "branches": {"[:if, 0, x]": {}}}"#,
                "branch `[:if, 0, x]` has no line",
            ),
            (r#"{"lines": [1], "branches": {"[:if, 0, 1]": 3}}"#, "expected an object"),
            ("7", "invalid type: integer"),
        ] {
            let error = shown(&format!("{{{}}}", run("RSpec", &format!(r#""a.rb": {file}"#))));
            assert!(error.contains(said) && error.contains("SimpleCov result set"), "{error}");
        }
    }
}
