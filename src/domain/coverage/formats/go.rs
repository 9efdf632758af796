//! Go's cover profile: `path:line.column,line.column statements count` for each block. Several profiles may stand one
//! behind the other; a block that two packages' tests name is one block, covered if one of them ran it.
//!
//! Lines are those of blocks with statements, covered if one of the blocks on them ran. Names keep the module's path.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::domain::coverage::formats::draft::Draft;
use crate::domain::coverage::formats::text_lines::{self, Wrong};
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::report::{Detail, Format, Report, Unreadable};
use crate::domain::coverage::statements::Span;

/// The blocks of a file.
type Blocks = BTreeMap<Span, Block>;

/// How many statements a block has, how often it ran, and where the report has it, as a line of the report.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    statements: u32,
    hits: u64,
    named_at: u64,
}

/// Whether a report begins like a cover profile.
pub fn recognises(start: &[u8]) -> bool {
    start.starts_with(b"mode:")
}

/// Reads a report.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let mut files: BTreeMap<String, Blocks> = BTreeMap::new();
    let mut number = 0;
    text_lines::each(input, &mut |line| {
        number += 1;
        let line = line.trim_ascii_end();
        match line.strip_prefix(b"mode:") {
            Some(mode) => mode_is_known(mode),
            None if line.is_empty() => Ok(()),
            None if number == 1 => Err((0, "the first line must be `mode: ...`".to_owned())),
            None => block(line, number, &mut files),
        }
    })?;
    report(files, detail)
}

fn mode_is_known(mode: &[u8]) -> Result<(), Wrong> {
    if matches!(mode.trim_ascii(), b"set" | b"count" | b"atomic") {
        return Ok(());
    }
    Err(("mode:".len(), "the mode must be `set`, `count` or `atomic`".to_owned()))
}

/// Takes the line of a block.
fn block(line: &[u8], number: u64, files: &mut BTreeMap<String, Blocks>) -> Result<(), Wrong> {
    let text = std::str::from_utf8(line)
        .map_err(|error| (error.valid_up_to(), "a byte that is not UTF-8".to_owned()))?;
    let shape =
        || (0, "this must be `file.go:line.column,line.column statements count`".to_owned());
    let (rest, hits) = text.rsplit_once(' ').ok_or_else(shape)?;
    let (rest, statements) = rest.rsplit_once(' ').ok_or_else(shape)?;
    let (path, place) = rest.rsplit_once(':').ok_or_else(shape)?;
    let (start, end) = place.split_once(',').ok_or_else(shape)?;
    let ((line, column), (end_line, end_column)) =
        point(start).zip(point(end)).ok_or_else(shape)?;
    let hits: u64 = count(hits).ok_or_else(shape)?;
    let statements = statements.parse().map_err(|_| shape())?;
    if path.is_empty() || line == 0 || end_line < line {
        return Err(shape());
    }
    let span = Span { line, column, end_line, end_column };
    if !files.contains_key(path) {
        files.insert(path.to_owned(), Blocks::new());
    }
    let known = files.get_mut(path).map(|blocks| blocks.entry(span).or_default());
    if let Some(known) = known {
        known.statements = known.statements.max(statements);
        known.hits = known.hits.saturating_add(hits);
        known.named_at = number;
    }
    Ok(())
}

/// A line and a column, as in `12.34`.
fn point(text: &str) -> Option<(u32, u32)> {
    let (line, column) = text.split_once('.')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// A count, however large: those of loops that run for hours do not fit into 64 bits.
fn count(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn report(files: BTreeMap<String, Blocks>, detail: Detail) -> Result<Report, Unreadable> {
    let mut draft = Draft::new(Format::Go, detail);
    for (path, blocks) in files {
        draft.open(&path);
        for (span, Block { statements, hits, named_at }) in blocks {
            if statements > 0 {
                let range = Range { first: span.line, last: span.end_line };
                draft.range(range, hits).map_err(|what| Unreadable {
                    line: named_at,
                    column: 1,
                    what,
                })?;
            }
            if let Some(file) = draft.file() {
                file.statements.mark(span, statements, hits > 0);
            }
        }
    }
    Ok(draft.finish(&[]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::coverage::ratio::Ratio;

    fn profile(text: &str) -> Result<Report, String> {
        read(&mut text.as_bytes(), Detail { hits: true }).map_err(|error| error.to_string())
    }

    #[test]
    fn blocks_are_weighted_and_one_however_often_they_are_named() {
        let report = profile(
            "mode: set\nx.org/m/a.go:3.13,5.2 2 0\nx.org/m/a.go:5.8,7.3 3 0\r\nx.org/m/b c:d.go:1.1,1.9 1 1\n\
             mode: atomic\nx.org/m/a.go:3.13,5.2 2 9\n\nx.org/m/a.go:9.1,9.5 0 4\nx.org/m/a.go:3.13,5.2 2 0\n",
        )
        .unwrap();
        let file = &report.files["x.org/m/a.go"];
        assert_eq!(file.statement_ratio(), Ratio::new(2, 5));
        let lines: Vec<_> = file.lines.iter().collect();
        assert_eq!(lines, [(3, true), (4, true), (5, true), (6, false), (7, false)]);
        assert_eq!(file.hits, [(3, 9), (4, 9), (5, 9), (6, 0), (7, 0)]);
        assert_eq!(report.files["x.org/m/b c:d.go"].statement_ratio(), Ratio::new(1, 1));
    }

    #[test]
    fn a_line_of_another_shape_is_an_error() {
        let shape = "this must be `file.go:line.column,line.column statements count`";
        for (line, error) in [
            ("a.go:1.1,2.2 1", shape),
            ("a.go:1.1,2.2 1 -1", shape),
            ("a.go:1.1,2.2 x 1", shape),
            ("a.go:1.1 1 1", shape),
            ("a.go:1,2 1 1", shape),
            ("a.go:2.1,1.2 1 1", shape),
            ("a.go:0.1,1.2 1 1", shape),
            (":1.1,1.2 1 1", shape),
            ("a.go:1.1,4294967296.2 1 1", shape),
            ("a.go:1.1,4294967295.2 1 1", "lines 1 to 4294967295 are no range of code"),
        ] {
            let found = profile(&format!("mode: set\nb.go:1.1,1.2 1 1\n{line}\n")).unwrap_err();
            assert_eq!(found, format!("3:1: {error}"));
        }
        let found = profile("mode: cover\n").unwrap_err();
        assert_eq!(found, "1:6: the mode must be `set`, `count` or `atomic`");
        assert_eq!(
            profile("a.go:1.1,2.2 1 1\n").unwrap_err(),
            "1:1: the first line must be `mode: ...`"
        );
        let found = read(&mut &b"mode: set\na\xFF.go:1.1,2.2 1 1\n"[..], Detail::default());
        assert_eq!(found.unwrap_err().to_string(), "2:2: a byte that is not UTF-8");
        let cut = profile("mode: set\na.go:1.1,2.2 1 1").unwrap_err();
        assert_eq!(cut, "2:17: the file ends in the middle of a line");
        let many = profile("mode: set\na.go:1.1,1.2 1 99999999999999999999999\n").unwrap();
        assert_eq!(many.files["a.go"].hits, [(1, u64::MAX)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_makes_it_panic(text in "(mode: set\n)?([a.:, 0-9\n]|4294967295){0,60}") {
            let _ = profile(&text);
        }

        #[test]
        fn two_shards_in_either_order_are_the_same(
            blocks in proptest::collection::vec((1_u32..9, 0_u32..3, 0_u32..4, 0_u32..2), 0..12),
            at in any::<prop::sample::Index>(),
        ) {
            let shard = |blocks: &[(u32, u32, u32, u32)]| {
                let lines = blocks.iter().map(|(line, span, weight, hits)| format!("a.go:{line}.1,{}.2 {weight} {hits}\n", line + span));
                format!("mode: set\n{}", lines.collect::<String>())
            };
            let (one, two) = blocks.split_at(at.index(blocks.len() + 1));
            let left = profile(&(shard(one) + &shard(two))).unwrap();
            let right = profile(&(shard(two) + &shard(one))).unwrap();
            prop_assert_eq!(format!("{:?}", left.files), format!("{:?}", right.files));
        }
    }
}
