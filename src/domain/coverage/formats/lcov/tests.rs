use std::collections::BTreeMap;
use std::io::BufReader;

use proptest::prelude::*;

use super::*;
use crate::domain::coverage::ratio::Ratio;

const HITS: Detail = Detail { hits: true };

fn of(text: &str) -> Result<Report, String> {
    read(&mut text.as_bytes(), HITS).map_err(|error| error.to_string())
}

/// The lines of a file, its branches, and the warnings.
fn seen(text: &str, file: &str) -> (Vec<(u32, bool)>, Ratio, Vec<String>) {
    let report = of(text).unwrap();
    let measured = report.files.get(file).cloned().unwrap_or_default();
    (measured.lines.iter().collect(), measured.branch_ratio(), report.warnings)
}

fn record(body: &str) -> String {
    format!("TN:\nSF:/a.c\n{body}\nend_of_record\n")
}

#[test]
fn lines_in_all_the_ways_that_tools_write_them() {
    for (body, lines) in [
        ("DA:1,0\nDA:2,3", vec![(1, false), (2, true)]),
        ("DA:1,2,Xyz+/==\nDA:2,0,q", vec![(1, true), (2, false)]),
        ("DA:1,-5\nDA:2,18446744073709551611", vec![(1, false), (2, true)]),
        ("DA:1,=2\nDA:2,1e+05\nDA:3,0.0", vec![(1, true), (2, true), (3, false)]),
        ("DA:1,0\nDA:1,1\nDA:1,0", vec![(1, true)]),
        ("DA:4294967295,1\nDA:7,0", vec![(7, false), (u32::MAX, true)]),
        ("DA:12345678,123456789\nDA:9999999,9999999", vec![(9_999_999, true), (12_345_678, true)]),
        ("\r\nDA:1,1\r\n\r\n# a comment\r\n  DA:2,0 \r", vec![(1, true), (2, false)]),
        (
            "VER:1\nFN:1,f\nFN:1,4,g\nFNDA:1,f\nFNL:0,1,4\nFNA:0,2,f\nFNF:1\nFNH:1\nDA:1,1",
            vec![(1, true)],
        ),
        ("MCDC:1,2,t,1,0,a && b\nMCF:2\nMCH:1\nDA:1,1", vec![(1, true)]),
    ] {
        assert_eq!(
            seen(&record(body), "/a.c"),
            (lines, seen(&record(body), "/a.c").1, vec![]),
            "{body}"
        );
    }
}

#[test]
fn branches() {
    for (body, ratio) in [
        ("BRDA:1,0,0,-\nBRDA:1,0,1,5\nBRDA:1,0,2,0", Ratio::new(1, 3)),
        ("BRDA:1,0,0,0\nBRDA:1,0,0,1", Ratio::new(1, 1)),
        ("BRDA:1,0,0,0\nBRDA:1,e0,0,1", Ratio::new(1, 2)),
        ("BRDA:1,0,a > f(b, c),1\nBRDA:1,0,a > f(b, d),-", Ratio::new(1, 2)),
        ("BRDA:1,0,40000,1\nBRDA:1,40000,0,0", Ratio::new(1, 2)),
        ("BRDA:1,4294967295,1,1\nBRDA:1,4294967295,1,0", Ratio::new(1, 1)),
        ("BRDA:1,00,1,0\nBRDA:1,0,1,0000001", Ratio::new(1, 1)),
    ] {
        let body = format!("DA:1,1\n{body}");
        let (_, found, warnings) = seen(&record(&body), "/a.c");
        assert_eq!((found, warnings), (ratio, vec![]), "{body}");
    }
}

#[test]
fn names_of_files() {
    for (name, file) in
        [("/a b.c ", "/a b.c"), ("C:\\x\\y.cs", "C:/x/y.cs"), ("/\u{e9}.c\r", "/\u{e9}.c")]
    {
        let report =
            of(&format!("SF:/z.c\nDA:9,1\nend_of_record\nSF:{name}\nDA:1,1\nend_of_record\n"))
                .unwrap();
        assert_eq!(
            report.files.keys().collect::<Vec<_>>(),
            if file > "/z.c" { ["/z.c", file] } else { [file, "/z.c"] }
        );
        assert_eq!(report.files["/z.c"].lines.iter().collect::<Vec<_>>(), [(9, true)]);
    }
    let (lines, _, warnings) = seen("SF:\nDA:1,1\nend_of_record\n", "");
    assert_eq!(
        (lines, warnings),
        (vec![], vec!["1 records without a file name were left out.".to_owned()])
    );
}

#[test]
fn records_of_one_file_are_one_file() {
    let text = "TN:a\nSF:/a.c\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nend_of_record\nTN:b\nSF:/a.c\nDA:2,3\nDA:3,0\nBRDA:1,0,0,-\nend_of_record\n";
    let report = of(text).unwrap();
    assert_eq!(
        report.files["/a.c"].lines.iter().collect::<Vec<_>>(),
        [(1, true), (2, true), (3, false)]
    );
    assert_eq!(report.files["/a.c"].hits, [(1, 1), (2, 3), (3, 0)]);
    assert_eq!(report.files["/a.c"].branch_ratio(), Ratio::new(1, 1));
}

#[test]
fn totals_count_only_without_lines() {
    let report = of(
        "SF:/a.c\nLF:27\nLH:19\nBRF:4\nBRH:9\nend_of_record\nSF:/b.c\nLF:0\nLH:0\nend_of_record\n",
    )
    .unwrap();
    assert_eq!(report.files["/a.c"].line_ratio(), Ratio::new(19, 27));
    assert_eq!(report.files["/a.c"].branch_ratio(), Ratio::new(4, 4));
    assert_eq!(report.files["/b.c"].summary, None);
    let (_, _, warnings) = seen(&record("DA:1,1\nDA:1,0\nLF:2\nLH:1"), "/a.c");
    assert_eq!(
        warnings,
        ["Its totals (LF, LH) say 1 of 2 lines, its lines 1 of 1: the lines count."]
    );
    assert_eq!(of(&record("DA:1,1\nLF:1000000000000\nLH:1")).unwrap().warnings.len(), 1);
    let error = of(&record("LF:18446744073709551615\nLH:18446744073709551615")).unwrap_err();
    assert_eq!(error, "3:4: a total of 18446744073709551615 is none that a file can have");
}

#[test]
fn what_is_odd_is_said_once() {
    let left_out = "2 entries without a line that can be were left out.";
    let unknown = "2 records of unknown types were left out, the first is XYZ.";
    let open = "1 records have no end_of_record: was the file cut off?";
    for (text, warning) in [
        (record("DA:0,1\nDA:undefined,1\nDA:3,1"), left_out),
        (record("DA:4294967296,1\nBRDA:0,0,0,1\nDA:3,1"), left_out),
        (record("XYZ:1\nABC:2\nDA:3,1"), unknown),
        ("SF:/a.c\nDA:3,1\n".to_owned(), open),
        (
            "SF:/a.c\nDA:3,1\nSF:/b.c\nDA:1,1\n".to_owned(),
            "2 records have no end_of_record: was the file cut off?",
        ),
    ] {
        assert_eq!(seen(&text, "/a.c").0, [(3, true)], "{text}");
        assert_eq!(seen(&text, "/a.c").2, [warning], "{text}");
    }
}

#[test]
fn what_is_no_report_is_an_error_with_its_place() {
    let cut = "a record was cut off: it has no `end_of_record`, and others have";
    let middle = "the file ends in the middle of a record: the last line has no end";
    for (text, error) in [
        ("", "1:1: this is no LCOV: it has not one record".to_owned()),
        ("\n# x\nXYZ:1\n", "1:1: this is no LCOV: it has not one record".to_owned()),
        ("DA:1,1\n", "1:4: `DA` outside of a file: no `SF` before it".to_owned()),
        (
            "SF:/a\nend_of_record\nBRDA:1,0,0,1\n",
            "3:6: `BRDA` outside of a file: no `SF` before it".to_owned(),
        ),
        ("SF:/a\nDA:1,1\nend_of_record\nSF:/b\nDA:1,1\n", format!("6:1: {cut}")),
        ("SF:/a\nDA:1,1\nSF:/b\nDA:1,1\nend_of_record\n", format!("6:1: {cut}")),
        ("SF:/a\nDA:1\n", "2:4: `DA` has no count".to_owned()),
        ("SF:/a\nDA:x,1\n", "2:4: `x` is no line".to_owned()),
        ("SF:/a\nDA:1,x\n", "2:6: `x` is no count".to_owned()),
        ("SF:/a\n DA:1,\n", "2:7: `` is no count".to_owned()),
        ("SF:/a\nBRDA:1,0\n", "2:6: `BRDA` has no line, block, branch and count".to_owned()),
        ("SF:/a\nLF:x\n", "2:4: `x` is no count".to_owned()),
        ("SF:/a\nhello\n", "2:1: this is no LCOV record".to_owned()),
        ("SF:/a\nXY:\u{0}\n", "2:1: this is no text".to_owned()),
        ("SF:/a\u{0}\n", "1:4: the name of the file is no text".to_owned()),
        ("SF:/a\nDA:12,1", format!("2:8: {middle}")),
        ("SF:/a\nDA:1", format!("2:5: {middle}")),
        ("SF:/a\nDA:1,1\nend_of_rec", format!("3:11: {middle}")),
        ("SF:/a", format!("1:6: {middle}")),
    ] {
        assert_eq!(of(text).unwrap_err(), error, "{text:?}");
    }
    let found = read(&mut &b"SF:/\xE9\n"[..], HITS).unwrap_err().to_string();
    assert_eq!(found, "1:4: the name of the file is not UTF-8");
    let long = format!("SF:/a\nFN:{}", "x".repeat(LONGEST + 1));
    let found = read(&mut BufReader::new(long.as_bytes()), HITS).unwrap_err().to_string();
    assert_eq!(found, "2:16777217: the line has more than 16777216 bytes");
}

#[test]
fn what_begins_like_it() {
    for (start, is) in [
        ("TN:\nSF:/a\n", true),
        ("\u{FEFF}\r\n# made by x\nTN:x\r\n", true),
        ("SF:a", true),
        ("VER:1\nTN:", true),
        ("DA:1,1\n", true),
        ("", false),
        ("mode: set\n", false),
        ("SF\n", false),
        ("{\"SF:\": 1}", false),
        ("<coverage/>", false),
        ("        -:    0:Source:a.c\n", false),
    ] {
        assert_eq!(recognises(start.as_bytes()), is, "{start:?}");
    }
    assert_eq!(of("\u{FEFF}SF:/a.c\nDA:1,1\nend_of_record\n").unwrap().files.len(), 1);
}

/// What a naive reader would have: by file, line and hit.
type Model = BTreeMap<String, BTreeMap<u32, bool>>;

#[derive(Clone, Debug)]
struct Entry {
    file: u8,
    lines: Vec<(u32, u64)>,
    arms: Vec<(u32, u32, Option<u64>)>,
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let line = prop_oneof![1_u32..300, 9_999_990_u32..10_000_010, Just(u32::MAX)];
    let count = prop_oneof![Just(0_u64), 0_u64..20, any::<u64>()];
    let lines = proptest::collection::vec((line.clone(), count.clone()), 1..20);
    let arms = proptest::collection::vec((line, 0_u32..3, proptest::option::of(count)), 0..6);
    let entry = (0_u8..4, lines, arms).prop_map(|(file, lines, arms)| Entry { file, lines, arms });
    proptest::collection::vec(entry, 0..6)
}

fn written(entries: &[Entry], end: &str) -> String {
    let mut text = format!("TN:{end}");
    for Entry { file, lines, arms } in entries {
        text.push_str(&format!("SF:/f{file}{end}"));
        for (line, hits) in lines {
            text.push_str(&format!("DA:{line},{hits}{end}"));
        }
        for (line, arm, taken) in arms {
            let taken = taken.map_or_else(|| "-".to_owned(), |taken| taken.to_string());
            text.push_str(&format!("BRDA:{line},0,{arm},{taken}{end}"));
        }
        text.push_str(&format!("end_of_record{end}"));
    }
    text
}

fn model(entries: &[Entry]) -> Model {
    let mut model = Model::new();
    for Entry { file, lines, .. } in entries {
        let known = model.entry(format!("/f{file}")).or_default();
        for (line, hits) in lines {
            *known.entry(*line).or_default() |= *hits > 0;
        }
    }
    model
}

fn lines_of(report: &Report) -> Model {
    report.files.iter().map(|(name, file)| (name.clone(), file.lines.iter().collect())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_a_naive_reader_has(entries in entries(), end in prop_oneof![Just("\n"), Just("\r\n")]) {
        let report = of(&written(&entries, end)).unwrap();
        prop_assert_eq!(lines_of(&report), model(&entries));
        prop_assert_eq!(report.warnings, Vec::<String>::new());
        for (name, file) in &report.files {
            let mut arms = BTreeMap::new();
            for entry in entries.iter().filter(|entry| format!("/f{}", entry.file) == *name) {
                for (line, arm, taken) in &entry.arms {
                    *arms.entry((*line, *arm)).or_insert(false) |= taken.is_some_and(|taken| taken > 0);
                }
            }
            let taken = arms.values().filter(|taken| **taken).count() as u64;
            prop_assert_eq!(file.branch_ratio(), Ratio::new(taken, arms.len() as u64));
        }
    }

    #[test]
    fn pieces_change_nothing(entries in entries(), piece in 1_usize..40) {
        let text = written(&entries, "\n");
        let whole = of(&text).unwrap();
        let pieces = read(&mut BufReader::with_capacity(piece, text.as_bytes()), HITS).unwrap();
        prop_assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), piece in 1_usize..20) {
        let _ = read(&mut BufReader::with_capacity(piece, &bytes[..]), HITS);
    }

    #[test]
    fn no_mutation_makes_it_panic(entries in entries(), at in any::<prop::sample::Index>(), new in "[-,:.=eDAB0-9\r\n]{0,9}") {
        let mut text = written(&entries, "\n");
        let at = at.index(text.len());
        text.insert_str(at, &new);
        let _ = of(&text);
    }

    /// Cut anywhere, it is an error or has exactly the lines that stand before the cut as whole lines: never one that
    /// was cut. Cut between two lines of a record it is an error too, if a record before it is whole; else it has a warning.
    #[test]
    fn half_a_line_is_never_taken(entries in entries(), at in any::<prop::sample::Index>()) {
        let text = written(&entries, "\n");
        let start = &text[..at.index(text.len() + 1)];
        let whole_lines = start.ends_with('\n') || start.is_empty();
        let begun = start.lines().filter(|line| line.starts_with("SF:")).count();
        let ended = start.matches("end_of_record").count();
        let Ok(report) = of(start) else {
            prop_assert!(!whole_lines || start.is_empty() || (ended > 0 && begun > ended));
            return Ok(());
        };
        prop_assert!(whole_lines || start.ends_with("end_of_record"), "{}", start);
        let mut expected = Model::new();
        let mut file = String::new();
        for line in start.lines() {
            if let Some(name) = line.strip_prefix("SF:") {
                file = name.to_owned();
                expected.entry(file.clone()).or_default();
            }
            if let Some((line, hits)) = line.strip_prefix("DA:").and_then(|line| line.split_once(',')) {
                *expected.get_mut(&file).unwrap().entry(line.parse().unwrap()).or_default() |= hits != "0";
            }
        }
        prop_assert_eq!(lines_of(&report), expected);
        prop_assert!(begun == ended || ended == 0, "{}", start);
        prop_assert_eq!(report.warnings.len(), usize::from(begun > ended));
    }
}
