//! `llvm-cov export`: segments, which are turned into lines by LLVM's own rule.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::values::Count;
use crate::domain::coverage::arms::named;
use crate::domain::coverage::formats::draft::{Draft, FileDraft};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Report, Summary};

/// So many lines without a segment of their own may a report have, besides one for every two bytes of it. A region of
/// 4,000,000,000 lines is a broken report and not a reason to run out of memory.
const SPARE_LINES: u64 = 1_000_000;

#[derive(Deserialize)]
#[serde(expecting = "a report of llvm-cov")]
struct Document<'a> {
    #[serde(borrow)]
    data: Vec<Export<'a>>,
}

#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    files: Vec<File<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "the coverage of a file")]
struct File<'a> {
    #[serde(borrow)]
    filename: Cow<'a, str>,
    segments: Option<Vec<Segment>>,
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default)]
    expansions: Vec<Expansion>,
    /// Used where no segment names a line (`--summary-only`). Elsewhere its counts are others by design: sums over
    /// functions, and LLVM's own LCOV has the same difference between `LF` and its `DA`.
    summary: Option<Counts>,
}

/// A macro where it is used: its branches are ways out of that line, too.
#[derive(Deserialize)]
struct Expansion {
    source_region: Place,
    #[serde(default)]
    branches: Vec<Branch>,
}

#[derive(Clone, Copy, Deserialize)]
struct Counts {
    lines: Counted,
    branches: Option<Counted>,
}

#[derive(Clone, Copy, Deserialize)]
struct Counted {
    count: u64,
    covered: u64,
}

/// From here on, until the next segment, this count holds.
#[derive(Clone, Copy)]
struct Segment {
    line: u32,
    count: u64,
    has_count: bool,
    is_entry: bool,
    is_gap: bool,
}

/// A condition: its place, and how often it was true and false.
struct Branch {
    place: [u32; 4],
    taken: [u64; 2],
}

/// Line, column, end line, end column.
struct Place([u32; 4]);

/// Reads the report.
pub fn read(text: &[u8], detail: Detail) -> serde_json::Result<Report> {
    let Document { data } = serde_json::from_slice(text)?;
    let mut report = Draft::new(Format::Llvm, detail);
    let mut spare = SPARE_LINES.saturating_add(text.len() as u64 / 2);
    for file in data.into_iter().flat_map(|export| export.files) {
        let mut draft = report.file_draft();
        let without_lines = file.segments.as_ref().is_none_or(Vec::is_empty);
        match (&file.segments, file.summary.filter(|_| without_lines)) {
            (_, Some(counts)) => draft.measured.summary = Some(counts.summary()?),
            (Some(segments), None) => fill_lines(&mut draft, segments, &mut spare)
                .map_err(|what| Error::custom(format!("{what} (`{}`)", file.filename)))?,
            (None, None) => return Err(Error::missing_field("segments")),
        }
        for branch in &file.branches {
            fill_arms(&mut draft, branch, branch.place);
        }
        for Expansion { source_region, branches } in &file.expansions {
            for branch in branches {
                fill_arms(&mut draft, branch, source_region.0);
            }
        }
        report.add(&file.filename, draft);
    }
    Ok(report.finish(&[]))
}

/// Arms are known by their place, so that the instances of a generic function are one, as in LLVM's own LCOV. A
/// condition that is constant (`while (1)`) looks like one that was never true nor false: its arms count as not taken.
fn fill_arms(draft: &mut FileDraft, branch: &Branch, on: [u32; 4]) {
    for (at, taken) in branch.taken.iter().enumerate() {
        let key = named(format!("{on:?},{:?},{at}", branch.place).as_bytes());
        draft.arm(on[0], key, *taken > 0);
    }
}

/// A line counts if a region is open when it begins or if one begins on it, unless its first segment begins a region that
/// was skipped. It ran as often as the region open when it begins, or as the most frequent one that begins on it.
fn fill_lines(draft: &mut FileDraft, segments: &[Segment], spare: &mut u64) -> Result<(), String> {
    let mut open: Option<Segment> = None;
    let mut next = 1;
    for group in segments.chunk_by(|one, two| one.line == two.line) {
        let line = group[0].line;
        if line < next {
            return Err(format!("the segments of line {line} are not in order"));
        }
        if let Some(open) = open.filter(|open| open.has_count) {
            let between = u64::from(line - next);
            let Some(left) = spare.checked_sub(between) else {
                return Err(format!("a region from line {next} to {line} is too long"));
            };
            *spare = left;
            (next..line).for_each(|line| draft.line(line, open.count));
        }
        if let Some(count) = count_of(group, open) {
            draft.line(line, count);
        }
        open = group.last().copied();
        next = line.saturating_add(1);
    }
    Ok(())
}

/// How often a line with segments ran; `None` if it cannot run.
fn count_of(group: &[Segment], open: Option<Segment>) -> Option<u64> {
    let begins = |segment: &&Segment| segment.has_count && segment.is_entry;
    let most = group.iter().filter(begins).filter(|it| !it.is_gap).map(|it| it.count).max();
    let skipped = group.first().is_some_and(|first| !first.has_count && first.is_entry);
    let carried = open.is_some_and(|open| open.has_count) && !skipped;
    let mapped = carried || group.iter().any(|segment| begins(&segment));
    mapped.then(|| most.unwrap_or_default().max(open.map_or(0, |open| open.count)))
}

impl Counts {
    fn summary(self) -> serde_json::Result<Summary> {
        let ratio = |Counted { count, covered }| {
            if covered > count {
                return Err(Error::custom(format!("{covered} of {count} cannot be covered")));
            }
            Ok(Ratio::new(covered, count))
        };
        Ok(Summary {
            lines: ratio(self.lines)?,
            branches: self.branches.map_or(Ok(Ratio::default()), ratio)?,
            statements: Ratio::default(),
        })
    }
}

impl<'de> Deserialize<'de> for Segment {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_seq(SegmentVisitor)
    }
}

struct SegmentVisitor;

impl<'de> Visitor<'de> for SegmentVisitor {
    type Value = Segment;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a segment: line, column, count, has count, is entry, is gap")
    }

    /// The sixth element came with LLVM 11; the flags were numbers before LLVM 5.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Segment, A::Error> {
        let line = need(list.next_element()?, 0)?;
        let _column: Count = need(list.next_element()?, 1)?;
        let Count(count) = need(list.next_element()?, 2)?;
        let Flag(has_count) = need(list.next_element()?, 3)?;
        let Flag(is_entry) = need(list.next_element()?, 4)?;
        let is_gap = list.next_element()?.is_some_and(|Flag(gap)| gap);
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Segment { line, count, has_count, is_entry, is_gap })
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_seq(PlaceVisitor)
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a place: line, column, end line, end column")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Place, A::Error> {
        let place = place(&mut list)?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Place(place))
    }
}

fn place<'de, A: SeqAccess<'de>>(list: &mut A) -> Result<[u32; 4], A::Error> {
    let mut place = [0; 4];
    for (at, figure) in place.iter_mut().enumerate() {
        *figure = need(list.next_element()?, at)?;
    }
    Ok(place)
}

impl<'de> Deserialize<'de> for Branch {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_seq(BranchVisitor)
    }
}

struct BranchVisitor;

impl<'de> Visitor<'de> for BranchVisitor {
    type Value = Branch;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a branch: line, column, end line, end column, times true, times false")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Branch, A::Error> {
        let place = place(&mut list)?;
        let mut taken = [0; 2];
        for (at, figure) in taken.iter_mut().enumerate() {
            let Count(count) = need(list.next_element()?, place.len() + at)?;
            *figure = count;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Branch { place, taken })
    }
}

fn need<T, E: Error>(element: Option<T>, at: usize) -> Result<T, E> {
    element.ok_or_else(|| E::custom(format!("element {at} of a list is missing")))
}

struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(FlagVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("true or false")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }

    fn visit_u64<E>(self, flag: u64) -> Result<Flag, E> {
        Ok(Flag(flag != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::shown;

    fn export(file: &str) -> String {
        shown(&format!(
            r#"{{"data": [{{"files": [{{"filename": "/src/a.rs", {file}}}], "functions": [], "totals": {{}}}}],
                "type": "llvm.coverage.json.export", "version": "3.1.0"}}"#
        ))
    }

    #[test]
    fn the_rule_for_lines() {
        for (segments, lines) in [
            // A region over three lines, and one inside it.
            (
                "[1,1,5,true,true,false],[2,4,3,true,true,false],[2,9,5,true,false,false],[4,2,0,false,false,false]",
                "1+5 2+5 3+5 4+5",
            ),
            // After a region comes nothing, until the next one.
            (
                "[1,1,1,true,true,false],[1,9,0,false,false,false],[4,1,0,true,true,false],[5,2,0,false,false,false]",
                "1+1 4-0 5-0",
            ),
            // What begins on a line counts if it ran more than what was open.
            (
                "[1,1,1,true,true,false],[2,1,9,true,true,false],[2,3,1,true,false,false],[3,1,0,false,false,false]",
                "1+1 2+9 3+1",
            ),
            // A gap does not count for the line on which it begins, but for those that it goes over.
            (
                "[1,1,1,true,true,false],[1,9,0,true,true,true],[3,1,1,true,true,false],[3,5,0,false,false,false]",
                "1+1 2-0 3+1",
            ),
            // A line that begins with a skipped region cannot run, nor one that begins in it.
            (
                "[1,1,4,true,true,false],[2,1,0,false,true,false],[3,1,4,true,false,false],[5,1,0,false,false,false]",
                "1+4 4+4 5+4",
            ),
            // Five elements and numbers for flags, from old versions.
            ("[1,1,5,1,1],[2,1,0,0,0]", "1+5 2+5"),
            // Counts near 2^64.
            (
                "[1,1,18446744073709551615,true,true,false],[1,5,0,false,false,false]",
                "1+18446744073709551615",
            ),
        ] {
            let said = export(&format!(r#""segments": [{segments}]"#));
            assert_eq!(said, format!("/src/a.rs lines {lines}\n"), "{segments}");
        }
    }

    #[test]
    fn instances_of_a_generic_function_are_one() {
        let branches = "[5,16,5,28,0,2,0,0,4],[5,16,5,28,1,2,0,0,4],[5,30,5,31,0,0,0,0,4]";
        let said = export(&format!(r#""segments": [], "branches": [{branches}]"#));
        assert_eq!(said.matches('+').count(), 2, "{said}");
        assert_eq!(said.matches('-').count(), 2, "{said}");
    }

    #[test]
    fn a_macro_has_its_branches_where_it_is_used() {
        let expansion = |line| {
            format!(
                r#"{{"source_region": [{line},11,{line},16,1,0,1,1], "branches": [[2,19,2,22,1,0,1,0,4]], "target_regions": []}}"#
            )
        };
        let said = export(&format!(
            r#""segments": [], "branches": [[2,19,2,22,1,1,0,0,4]], "expansions": [{}, {}]"#,
            expansion(29),
            expansion(30)
        ));
        assert_eq!(said.matches('+').count(), 2 + 1 + 1, "{said}");
        assert_eq!(said.matches('-').count(), 1 + 1, "{said}");
    }

    #[test]
    fn counts_without_lines_are_a_summary() {
        let counts = r#""lines": {"count": 4, "covered": 3, "percent": 75}, "branches": {"count": 2, "covered": 1, "notcovered": 1}"#;
        let said = export(&format!(r#""summary": {{{counts}}}"#));
        assert_eq!(said, "/src/a.rs summary 3/4 1/2 0/0\n");
        let both =
            export(&format!(r#""segments": [[1,1,1,true,true,false]], "summary": {{{counts}}}"#));
        assert_eq!(both, "/src/a.rs lines 1+1\n");
    }

    #[test]
    fn a_region_without_end_costs_no_memory() {
        let far = "[1,1,1,true,true,false],[4000000000,1,0,false,false,false]";
        let error = export(&format!(r#""segments": [{far}]"#));
        assert!(error.contains("a region from line 2 to 4000000000 is too long"), "{error}");
        let near =
            "[1,1,1,true,true,false],[1,9,0,false,false,false],[4000000000,1,0,true,true,false]";
        assert_eq!(
            export(&format!(r#""segments": [{near}]"#)),
            "/src/a.rs lines 1+1 4000000000-0\n"
        );
    }

    #[test]
    fn what_is_no_segment_is_an_error() {
        for (file, said) in [
            (r#""segments": [[1,1,1,true]]"#, "element 4 of a list is missing"),
            (r#""segments": [[1,1,"1",true,true]]"#, "invalid type: string"),
            (r#""segments": [[1,1,1,"true",true]]"#, "expected true or false"),
            (r#""segments": [[5,1,1,true,true],[4,1,0,false,false]]"#, "line 4 are not in order"),
            (r#""segments": [[0,1,1,true,true]]"#, "line 0 are not in order"),
            (r#""segments": [], "branches": [[1,2,3]]"#, "element 3 of a list is missing"),
            (r#""summary": {"lines": {"count": 1, "covered": 2}}"#, "2 of 1 cannot be covered"),
            (r#""summary": {}"#, "missing field `lines`"),
            (r#""expansions": []"#, "missing field `segments`"),
        ] {
            let error = export(file);
            assert!(error.contains(said) && error.contains("llvm-cov JSON"), "{error}");
        }
    }
}
