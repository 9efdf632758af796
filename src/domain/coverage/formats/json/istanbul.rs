//! Istanbul's `coverage-final.json`: nyc, Jest, Vitest, Cypress, Karma, and v8-to-istanbul.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny};

use super::values::{Count, Pairs};
use crate::domain::coverage::arms::named;
use crate::domain::coverage::formats::draft::{Draft, FileDraft};
use crate::domain::coverage::report::{Detail, Format, Report};
use crate::domain::coverage::statements::Span;

/// An entry, or one that some loaders wrap as `{"data": entry}`. All fields are optional here so that an entry that has
/// neither form is told which one it misses.
#[derive(serde::Deserialize)]
#[serde(expecting = "the coverage of a file")]
struct Written<'a> {
    #[serde(borrow)]
    data: Option<Box<Self>>,
    #[serde(rename = "statementMap", borrow)]
    statement_map: Option<Pairs<'a, Place>>,
    #[serde(borrow)]
    s: Option<Pairs<'a, Count>>,
    #[serde(rename = "branchMap", borrow)]
    branch_map: Option<Pairs<'a, Branch>>,
    #[serde(borrow)]
    b: Option<Pairs<'a, Vec<Count>>>,
    #[serde(rename = "fnMap")]
    functions: Option<IgnoredAny>,
}

/// Where something is. Tools leave out what they do not know: the end of a line is `null`, an `else` that is not
/// written is `{"start": {}, "end": {}}`.
#[derive(Clone, Copy, Default, serde::Deserialize)]
struct Place {
    #[serde(default)]
    start: Point,
    end: Option<Point>,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
struct Point {
    line: Option<u32>,
    column: Option<Count>,
}

#[derive(serde::Deserialize)]
struct Branch {
    loc: Option<Place>,
    line: Option<u32>,
    #[serde(default)]
    locations: Vec<Option<Place>>,
}

struct File(FileDraft);

/// Reads the report.
pub fn read(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let files: Pairs<File> = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::Istanbul, detail);
    for (name, file) in files.0 {
        report.add(&name, file.0);
    }
    Ok(report.finish(&[]))
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let mut entry = Written::deserialize(reader)?;
        if let Some(inner) = entry.data.take() {
            entry = *inner;
        }
        let mut draft = FileDraft::with_hits();
        let statements = need(entry.statement_map, "statementMap")?;
        fill_statements(&mut draft, statements, need(entry.s, "s")?).map_err(Error::custom)?;
        let branches = need(entry.branch_map, "branchMap")?;
        fill_branches(&mut draft, branches, need(entry.b, "b")?).map_err(Error::custom)?;
        need(entry.functions, "fnMap")?;
        Ok(Self(draft))
    }
}

fn need<T, E: Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

/// Values by their numbers, each once.
fn by_id<'a, V>(pairs: Pairs<'a, V>, what: &str) -> Result<HashMap<Cow<'a, str>, V>, String> {
    let mut all = HashMap::with_capacity(pairs.0.len());
    for (id, value) in pairs.0 {
        match all.entry(id) {
            Entry::Vacant(place) => place.insert(value),
            Entry::Occupied(place) => {
                return Err(format!("{what} `{}` is there twice", place.key()));
            }
        };
    }
    Ok(all)
}

/// A line ran as often as the statement that begins on it and ran most. Counts without a statement are left out, as
/// Istanbul itself does; a statement without a count is an error.
fn fill_statements(
    draft: &mut FileDraft,
    places: Pairs<Place>,
    counts: Pairs<Count>,
) -> Result<(), String> {
    let mut counts = by_id(counts, "the count of statement")?;
    let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
    for (id, place) in by_id(places, "statement")? {
        let Some(Count(count)) = counts.remove(&id) else {
            return Err(format!("statement `{id}` has no count in `s`"));
        };
        let Some(span) = place.span() else {
            return Err(format!("statement `{id}` has no line in `statementMap`"));
        };
        draft.statement(span, count > 0);
        let line = lines.entry(span.line).or_default();
        *line = count.max(*line);
    }
    draft.unplaced += counts.len() as u64;
    for (line, count) in lines {
        draft.line(line, count);
    }
    Ok(())
}

/// Arms are known by the number of the branch and their place in it.
fn fill_branches(
    draft: &mut FileDraft,
    branches: Pairs<Branch>,
    counts: Pairs<Vec<Count>>,
) -> Result<(), String> {
    let mut counts = by_id(counts, "the counts of branch")?;
    for (id, branch) in by_id(branches, "branch")? {
        let Some(counts) = counts.remove(&id) else {
            return Err(format!("branch `{id}` has no counts in `b`"));
        };
        let Some(line) = branch.first_line() else {
            return Err(format!("branch `{id}` has no line in `branchMap`"));
        };
        for (at, Count(count)) in counts.into_iter().enumerate() {
            draft.arm(line, named(format!("{id},{at}").as_bytes()), count > 0);
        }
    }
    match counts.into_keys().min() {
        Some(id) => Err(format!("branch `{id}` has no place in `branchMap`")),
        None => Ok(()),
    }
}

impl Place {
    fn span(self) -> Option<Span> {
        let end = self.end.unwrap_or_default();
        Some(Span {
            line: self.start.line?,
            column: self.start.column(),
            end_line: end.line.unwrap_or_default(),
            end_column: end.column(),
        })
    }
}

impl Point {
    fn column(self) -> u32 {
        self.column.unwrap_or_default().0.try_into().unwrap_or(u32::MAX)
    }
}

impl Branch {
    fn first_line(&self) -> Option<u32> {
        let mut places = self.loc.iter().chain(self.locations.iter().flatten());
        places.find_map(|place| place.start.line).or(self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::shown;

    const EMPTY: &str = r#""fnMap": {}, "f": {}, "branchMap": {}, "b": {}"#;

    fn at(line: u32, column: u32) -> String {
        format!(
            r#"{{"start": {{"line": {line}, "column": {column}}}, "end": {{"line": {line}, "column": null}}}}"#
        )
    }

    fn statements(map: &str, counts: &str) -> String {
        shown(&format!(
            r#"{{"/app/a.js": {{"path": "/app/a.js", "statementMap": {{{map}}}, "s": {{{counts}}}, {EMPTY}}}}}"#
        ))
    }

    fn branches(map: &str, counts: &str) -> String {
        shown(&format!(
            r#"{{"a.js": {{"statementMap": {{}}, "s": {{}}, "fnMap": {{}}, "f": {{}},
                "branchMap": {{{map}}}, "b": {{{counts}}}, "inputSourceMap": {{"mappings": "x"}}}}}}"#
        ))
    }

    #[test]
    fn a_line_ran_as_often_as_the_statement_on_it_that_ran_most() {
        let map = format!(r#""0": {}, "1": {}, "2": {}"#, at(3, 0), at(3, 9), at(5, 0));
        assert_eq!(
            statements(&map, r#""0": 2, "1": 7, "2": 0"#),
            "/app/a.js lines 3+7 5-0 statements 2/3\n"
        );
    }

    #[test]
    fn an_empty_file_is_there() {
        assert_eq!(statements("", ""), "/app/a.js\n");
    }

    #[test]
    fn columns_that_are_not_are_tolerated() {
        let map = r#""0": {"start": {"line": 1, "column": -1}, "end": {"line": 1, "column": 1.5}}, "1": {"start": {"line": 2}}"#;
        assert_eq!(
            statements(map, r#""0": 1, "1": null"#),
            "/app/a.js lines 1+1 2-0 statements 1/2\n"
        );
    }

    #[test]
    fn counts_without_a_statement_and_line_0_are_left_out() {
        let map = format!(r#""0": {}, "1": {}"#, at(1, 0), at(0, 0));
        assert_eq!(
            statements(&map, r#""0": 1, "1": 1, "9": 5"#),
            "/app/a.js lines 1+1 statements 1/1\n2 entries without a line were left out.\n"
        );
    }

    #[test]
    fn arms_lie_where_their_branch_begins() {
        let written = format!(r#""loc": {}, "type": "if", "line": 9, "locations": []"#, at(4, 2));
        let old =
            r#""type": "cond-expr", "line": 6, "locations": [{"start": {}, "end": {}}, null]"#;
        let first = format!(
            r#""type": "switch", "locations": [{{"start": {{}}, "end": {{}}}}, {}]"#,
            at(8, 1)
        );
        let map = format!(r#""0": {{{written}}}, "1": {{{old}}}, "2": {{{first}}}"#);
        let said = branches(&map, r#""0": [1, 0], "1": [0, 0], "2": [3, 4]"#);
        assert!(
            ["a.js arms 4+- 6-- 8++\n", "a.js arms 4-+ 6-- 8++\n"].contains(&said.as_str()),
            "{said}"
        );
    }

    #[test]
    fn two_branches_of_a_line_are_two() {
        let map = format!(r#""0": {{"loc": {0}}}, "1": {{"loc": {0}}}"#, at(4, 2));
        let said = branches(&map, r#""0": [1, 1], "1": [1, 1]"#);
        assert_eq!(said, "a.js arms 4++++\n");
    }

    #[test]
    fn wrapped_entries_and_a_file_twice() {
        let entry = |count| {
            format!(r#"{{"statementMap": {{"0": {}}}, "s": {{"0": {count}}}, {EMPTY}}}"#, at(1, 0))
        };
        let text = format!(
            r#"{{"a.js": {{"data": {}}}, "b.js": {}, "a.js": {}}}"#,
            entry(0),
            entry(2),
            entry(3)
        );
        assert_eq!(shown(&text), "a.js lines 1+3 statements 1/1\nb.js lines 1+2 statements 1/1\n");
    }

    #[test]
    fn what_does_not_fit_together_is_an_error() {
        let here = at(1, 0);
        for (said, wanted) in [
            (statements(&format!(r#""0": {here}"#), ""), "statement `0` has no count"),
            (statements(r#""0": {"start": {}}"#, r#""0": 1"#), "statement `0` has no line"),
            (
                statements(&format!(r#""0": {here}, "0": {here}"#), r#""0": 1"#),
                "statement `0` is there twice",
            ),
            (
                statements(&format!(r#""0": {here}"#), r#""0": 1, "0": 0"#),
                "count of statement `0` is there twice",
            ),
            (statements(&format!(r#""0": {here}"#), r#""0": "1""#), "invalid type: string \"1\""),
            (branches(&format!(r#""0": {{"loc": {here}}}"#), ""), "branch `0` has no counts"),
            (branches("", r#""0": [1]"#), "branch `0` has no place"),
            (branches(r#""0": {"locations": []}"#, r#""0": [1]"#), "branch `0` has no line"),
            (
                shown(r#"{"a": {"statementMap": {}, "s": {}, "branchMap": {}, "b": {}}}"#),
                "missing field `fnMap`",
            ),
            (
                shown(&format!(
                    r#"{{"a": {{"statementMap": {{}}, "s": {{}}, {EMPTY}}}, "b": {{"s": {{}}}}}}"#
                )),
                "missing field `statementMap`",
            ),
            (
                shown(&format!(
                    r#"{{"a": {{"statementMap": {{}}, "s": {{}}, {EMPTY}}}, "b": []}}"#
                )),
                "expected the coverage of a file",
            ),
        ] {
            assert!(said.contains(wanted) && said.contains("Istanbul JSON"), "{said}");
        }
    }

    #[test]
    fn an_error_has_its_place() {
        let text = "{\"a\": {\"statementMap\": {},\n\"s\": {}, \"fnMap\": {}, \"branchMap\": {},\n\"b\": {\"7\": [1]}},\n\"b\": 1}";
        assert!(shown(text).starts_with("3:"), "{}", shown(text));
    }
}
