//! coverage.py's data files against what coverage.py itself reads in them: `fixtures/coverage/coverage_py_data/make.py`
//! makes both. Then the same files damaged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mta_actions::domain::coverage::formats::coverage_py_data;
use mta_actions::domain::coverage::lines::Lines;
use mta_actions::domain::coverage::report::{Report, Unreadable};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/coverage/coverage_py_data")
}

#[derive(serde::Deserialize)]
struct Sparse {
    length: usize,
    parts: BTreeMap<usize, String>,
}

/// A data file: as it is, or its length and its parts that are not zero.
fn bytes(name: &str) -> Vec<u8> {
    if let Ok(bytes) = std::fs::read(folder().join(format!("{name}.coverage"))) {
        return bytes;
    }
    let text = std::fs::read_to_string(folder().join(format!("{name}.sparse.json"))).unwrap();
    let sparse: Sparse = serde_json::from_str(&text).unwrap();
    let mut bytes = vec![0; sparse.length];
    for (at, hex) in &sparse.parts {
        for (place, pair) in bytes[*at..].iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *place = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        }
    }
    bytes
}

fn read(bytes: &[u8]) -> Result<Report, Unreadable> {
    coverage_py_data::read(&mut &*bytes)
}

type Expected = BTreeMap<String, BTreeMap<String, Vec<u32>>>;

fn expected() -> Expected {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn executed(report: &Report) -> BTreeMap<String, Vec<u32>> {
    let lines = report.executed.iter();
    lines
        .map(|(path, lines)| (path.clone(), lines.iter().map(|(line, _)| line).collect()))
        .collect()
}

#[test]
fn every_file_says_what_coverage_py_says() {
    let all = expected();
    assert_eq!(all.len(), 14);
    for (name, files) in all {
        let report = read(&bytes(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let slashed = files.into_iter().map(|(path, lines)| (path.replace('\\', "/"), lines));
        assert_eq!(executed(&report), slashed.collect(), "{name}");
        assert!(report.executed.values().flat_map(Lines::iter).all(|(_, ran)| ran));
        assert!(report.files.is_empty(), "{name}");
        assert_eq!(report.warnings.is_empty(), name != "no_files", "{name}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (name, said) in [
        ("wrong_no_lines", "it names 1 files and no line of them ran"),
        ("wrong_schema", "its schema is [8] and not 7"),
        ("wrong_file", "a row names file 9"),
        ("wrong_table", "it has no table `line_bits`"),
        ("wrong_wal", "`coverage combine`"),
        ("wrong_flag", "`has_arcs` is neither 0 nor 1"),
        ("wrong_arc", "no file has 5000000000 lines"),
        ("wrong_arcs_only", "it names 1 files and no line of them ran"),
        ("wrong_bits", "column 2 of a row is no blob"),
    ] {
        let error = read(&bytes(name)).unwrap_err();
        assert!(error.what.contains(said), "{name}: {error}");
    }
}

#[test]
fn a_file_cut_anywhere_is_no_shorter_report() {
    let whole = bytes("many_files");
    for length in (0..whole.len()).step_by(97) {
        assert!(read(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
    }
    let longer = [whole.as_slice(), &[0; 512]].concat();
    assert_eq!(executed(&read(&longer).unwrap()), executed(&read(&whole).unwrap()));
}

/// The page of `many_files` at which a table begins: its first page is an interior one there.
fn interior_page(bytes: &[u8]) -> usize {
    (512..bytes.len()).step_by(512).find(|start| bytes[*start] == 5).unwrap()
}

#[test]
fn pages_that_name_one_another_in_a_ring_are_an_error() {
    let mut ring = bytes("many_files");
    let page = interior_page(&ring);
    let number = u32::try_from(page / 512 + 1).unwrap();
    ring[page + 8..page + 12].copy_from_slice(&number.to_be_bytes());
    let error = read(&ring).unwrap_err();
    assert!(error.what.contains("is used twice"), "{error}");
    assert_eq!(error.column, page as u64 + 1);
}

#[test]
fn a_page_that_does_not_exist_is_an_error() {
    for number in [0_u32, 10_000, u32::MAX] {
        let mut lost = bytes("many_files");
        let page = interior_page(&lost);
        lost[page + 8..page + 12].copy_from_slice(&number.to_be_bytes());
        assert!(read(&lost).unwrap_err().what.contains(&format!("page {number} is needed")));
    }
}

/// The chain of `overflow` that goes on: pages of a chain begin with the number of the next one.
#[test]
fn a_chain_of_pages_that_goes_in_a_ring_is_an_error() {
    let whole = bytes("overflow");
    let mut rings = 0;
    for page in (512..whole.len()).step_by(512) {
        let kind = whole[page];
        if kind != 0 {
            continue;
        }
        let mut ring = whole.clone();
        let number = u32::try_from(page / 512 + 1).unwrap();
        ring[page..page + 4].copy_from_slice(&number.to_be_bytes());
        rings += usize::from(read(&ring).is_err_and(|error| error.what.contains("is used twice")));
    }
    assert!(rings >= 2, "{rings}");
}

#[test]
fn rows_that_overlap_are_an_error() {
    // A page of which every entry is the same long row would be read once for each of them.
    let mut overlapping = bytes("page_1024");
    let leaf = |page: usize| u16::from_be_bytes([overlapping[page + 3], overlapping[page + 4]]);
    let pages = (1024..overlapping.len()).step_by(1024);
    let page =
        pages.filter(|page| overlapping[*page] == 13).max_by_key(|page| leaf(*page)).unwrap();
    let rows = usize::from(leaf(page));
    assert!(rows > 3);
    let first = [overlapping[page + 8], overlapping[page + 9]];
    for row in 0..300 {
        overlapping[page + 8 + 2 * row..page + 10 + 2 * row].copy_from_slice(&first);
    }
    overlapping[page + 3..page + 5].copy_from_slice(&300_u16.to_be_bytes());
    let error = read(&overlapping).unwrap_err();
    assert!(error.what.contains("rows of a page overlap"), "{error}");
}

#[test]
fn what_is_no_database_is_told() {
    for other in
        [&b""[..], b"SQLite format 3", &[0; 4096], b"!coverage.py: This is a private format"]
    {
        assert!(read(other).unwrap_err().what.contains("no SQLite database"));
    }
    let mut headers = 0;
    for (at, value) in [(16, 3), (17, 1), (18, 2), (19, 3), (20, 255), (59, 9)] {
        let mut damaged = bytes("windows");
        damaged[at] = value;
        headers += usize::from(read(&damaged).is_err());
    }
    assert_eq!(headers, 6);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_do_not_panic(
        name in prop::sample::select(vec!["many_files", "many_arcs", "overflow", "utf16_big", "auto_vacuum", "page_1024"]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let mut file = bytes(name);
        for (at, value) in damage {
            let at = at.index(file.len());
            file[at] = value;
        }
        let _ = read(&file);
    }

    /// Damage where it hurts: headers of pages and the lists of their entries.
    #[test]
    fn damaged_pages_do_not_panic(
        name in prop::sample::select(vec!["many_files", "many_arcs", "overflow", "utf16_little"]),
        damage in prop::collection::vec((0_usize..32, 0_usize..24, prop::sample::select(vec![0_u8, 1, 2, 5, 13, 127, 128, 255])), 1..6),
    ) {
        let mut file = bytes(name);
        for (page, at, value) in damage {
            let at = page % (file.len() / 512) * 512 + at;
            let at = if at < 100 { at + 100 } else { at };
            file[at] = value;
        }
        let _ = read(&file);
    }

    #[test]
    fn anything_behind_a_header_does_not_panic(rest in prop::collection::vec(any::<u8>(), 0..2048)) {
        let mut file = bytes("windows");
        file.truncate(100);
        file.extend(rest);
        file.resize(9728, 0);
        let _ = read(&file);
    }
}
