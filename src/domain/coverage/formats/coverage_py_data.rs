//! coverage.py's data file `.coverage`: which lines ran, and not which could have. It needs a report beside it.
//!
//! The tables are those of its schema 7 (coverage.py 5.0 and later): `file` (id, path), `line_bits` (file, context, bits),
//! `arc` (file, context, from, to), `meta` (key, value).

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use crate::domain::coverage::formats::sqlite::{Database, Fault, Found, Row, Value};
use crate::domain::coverage::lines::Lines;
use crate::domain::coverage::report::{Format, Report, Unreadable};

/// The largest file, in bytes.
const LIMIT: u64 = 512 << 20;

/// The schema that is known.
const SCHEMA: i64 = 7;

/// The lines of a file by its number in the table `file`.
type Executed = BTreeMap<i64, (String, Lines)>;

/// Reads the file. Contexts (which test ran a line) are merged.
pub fn read(input: &mut dyn BufRead) -> Result<Report, Unreadable> {
    let mut bytes = Vec::new();
    let refused = |what: String| Unreadable { line: 1, column: 1, what };
    let length = input.take(LIMIT + 1).read_to_end(&mut bytes);
    if length.map_err(|error| refused(format!("it cannot be read: {error}")))? as u64 > LIMIT {
        return Err(refused(format!("it has more than {LIMIT} bytes")));
    }
    decode(&bytes).map_err(|Fault { offset, what }| Unreadable {
        line: 1,
        column: offset as u64 + 1,
        what: format!("this coverage.py data file is not as it should be: {what}"),
    })
}

fn decode(bytes: &[u8]) -> Result<Report, Fault> {
    let database = Database::open(bytes)?;
    check_schema(&database)?;
    let mut executed = files(&database)?;
    let mut report = Report::new(Format::CoveragePyData);
    if executed.is_empty() {
        report.warnings.push("It names no file: coverage.py measured nothing.".to_owned());
        return Ok(report);
    }
    let rows = if has_arcs(&database)? {
        fill_from_arcs(&database, &mut executed)?
    } else {
        fill_from_bits(&database, &mut executed)?
    };
    if rows == 0 {
        return wrong(0, format!("it names {} files and no line of them ran", executed.len()));
    }
    for (path, lines) in executed.into_values() {
        report.executed.entry(path.replace('\\', "/")).or_default().merge(&lines);
    }
    Ok(report)
}

fn wrong<T>(offset: usize, what: String) -> Result<T, Fault> {
    Err(Fault { offset, what })
}

/// Goes through a table that has to be there.
fn rows(
    database: &Database,
    table: &str,
    each: impl FnMut(&Row) -> Result<(), Fault>,
) -> Result<(), Fault> {
    match database.rows(table, each)? {
        Found::Yes => Ok(()),
        Found::No => wrong(0, format!("it has no table `{table}`")),
    }
}

fn check_schema(database: &Database) -> Result<(), Fault> {
    let mut versions = Vec::new();
    rows(database, "coverage_schema", |row| {
        versions.push(row.integer(0)?);
        Ok(())
    })?;
    if versions == [SCHEMA] {
        return Ok(());
    }
    wrong(0, format!("its schema is {versions:?} and not {SCHEMA}: write it as `coverage json`"))
}

fn files(database: &Database) -> Result<Executed, Fault> {
    let mut files = Executed::new();
    rows(database, "file", |row| {
        files.insert(row.id, (row.text(1)?.to_owned(), Lines::default()));
        Ok(())
    })?;
    Ok(files)
}

/// Whether branches were measured. The value is the text of 0 or 1.
fn has_arcs(database: &Database) -> Result<bool, Fault> {
    let mut has_arcs = false;
    rows(database, "meta", |row| {
        if row.text(0)? == "has_arcs" {
            has_arcs = match row.value(1) {
                Value::Text(text) => text != "0",
                Value::Integer(number) => *number != 0,
                _ => return wrong(row.offset, "`has_arcs` is neither 0 nor 1".to_owned()),
            };
        }
        Ok(())
    })?;
    Ok(has_arcs)
}

/// The lines of the file that a row names in its first column.
fn lines_of<'e>(executed: &'e mut Executed, row: &Row) -> Result<&'e mut Lines, Fault> {
    let file = row.integer(0)?;
    match executed.get_mut(&file) {
        Some((_, lines)) => Ok(lines),
        None => wrong(row.offset, format!("a row names file {file}, which is not in `file`")),
    }
}

/// Bit `n` of byte `k` is line `8 * k + n`. Says how many rows there were.
fn fill_from_bits(database: &Database, executed: &mut Executed) -> Result<u64, Fault> {
    let mut count = 0;
    rows(database, "line_bits", |row| {
        count += 1;
        let lines = lines_of(executed, row)?;
        for (byte, first) in row.blob(2)?.iter().zip((0_u32..).step_by(8)) {
            for bit in (0..8).filter(|bit| byte >> bit & 1 == 1 && first + bit > 0) {
                lines.mark(first + bit, true);
            }
        }
        Ok(())
    })?;
    Ok(count)
}

/// Both ends of a step ran; an end that is not positive is the way in or out of a block of code. Says how many rows
/// there were.
fn fill_from_arcs(database: &Database, executed: &mut Executed) -> Result<u64, Fault> {
    let mut count = 0;
    rows(database, "arc", |row| {
        count += 1;
        let lines = lines_of(executed, row)?;
        for line in [row.integer(2)?, row.integer(3)?].into_iter().filter(|line| *line > 0) {
            let Ok(line) = u32::try_from(line) else {
                return wrong(row.offset, format!("no file has {line} lines"));
            };
            lines.mark(line, true);
        }
        Ok(())
    })?;
    Ok(count)
}
