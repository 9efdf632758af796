//! Damaged reports: half a report is an error or a known weakness of its format, and no bytes whatever cause a panic or
//! more lines than they can name.

use mta_actions::domain::coverage::report::{Detail, Format, Report};

use super::fixtures;

/// Formats without an end of their own: a file cut between two records is a shorter file. What is read of it was in the
/// whole one.
const ENDLESS: [(Format, &str); 3] = [
    (Format::Lcov, "records follow each other; one without its end is told"),
    (Format::Go, "one line, one block"),
    (Format::GcovText, "one line of source, one line"),
];

/// Mutated copies of each report. The number, not a time, is fixed, so that each run tests the same bytes.
const MUTANTS: u64 = 150;

fn covered(report: &Report) -> u64 {
    report.files.values().map(|file| file.line_ratio().covered).sum()
}

#[test]
fn half_a_report_is_none() {
    let mut accepted = Vec::new();
    for name in fixtures::all() {
        let whole = fixtures::bytes(&name);
        let report = fixtures::read(&name);
        let end = whole.trim_ascii_end().len();
        for cut in [end / 8, end / 4, end / 3, end / 2, end * 2 / 3, end * 7 / 8, end - 2, end - 1]
        {
            let Ok(half) = fixtures::parse(&whole[..cut], Detail::default()) else { continue };
            let endless = ENDLESS.iter().any(|(format, _)| *format == half.format);
            let told = half.format != Format::Lcov
                || !half.warnings.is_empty()
                || whole[..cut].trim_ascii_end().ends_with(b"end_of_record");
            if !endless || !told || covered(&half) > covered(&report) {
                accepted.push(format!("{name}, {cut} of {} bytes", whole.len()));
            }
        }
    }
    assert!(accepted.is_empty(), "\n{}", accepted.join("\n"));
}

#[test]
fn an_empty_file_is_an_error() {
    for empty in [&b""[..], b"\n", b" \r\n\t", b"\xef\xbb\xbf"] {
        assert!(fixtures::parse(empty, Detail::default()).is_err(), "{empty:?}");
    }
}

/// Marsaglia's xorshift: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit.max(1) as u64)).unwrap()
    }
}

/// What readers stumble over.
const PIECES: [&[u8]; 14] = [
    b"0",
    b"-1",
    b"4294967295",
    b"18446744073709551616",
    b"1e999",
    b"NaN",
    b"null",
    b"\"",
    b"<",
    b"&#0;",
    b"[[[[[[[[",
    b"\n",
    b"\0",
    b"\xff\xfe",
];

fn mutant(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut mutant = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(mutant.len());
        let until = (at + 1 + numbers.below(40)).min(mutant.len());
        match numbers.below(6) {
            0 => mutant.truncate(at),
            1 => drop(mutant.drain(at..until)),
            2 => {
                let copy = mutant[at..until].to_vec();
                mutant.splice(at..at, copy);
            }
            3 => {
                let piece = PIECES[numbers.below(PIECES.len())];
                mutant.splice(at..until.min(at + piece.len()), piece.iter().copied());
            }
            4 => replace_number(&mut mutant, at, numbers),
            _ => {
                if let Some(byte) = mutant.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
        }
    }
    mutant
}

/// Puts another number where the next one stands: most of a report is numbers.
fn replace_number(bytes: &mut Vec<u8>, from: usize, numbers: &mut Numbers) {
    let Some(start) = bytes[from.min(bytes.len())..].iter().position(u8::is_ascii_digit) else {
        return;
    };
    let start = from + start;
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = PIECES[numbers.below(6)];
    bytes.splice(start..start + length, number.iter().copied());
}

#[test]
fn no_mutant_panics_or_has_more_covered_lines_than_bytes() {
    let mut numbers = Numbers(0x5eed_0000_0000_0001);
    let mut read = 0;
    for name in fixtures::all() {
        let whole = fixtures::bytes(&name);
        for number in 0..MUTANTS {
            let mutant = mutant(&whole, &mut numbers);
            let Ok(report) = fixtures::parse(&mutant, Detail { hits: number % 2 == 0 }) else {
                continue;
            };
            read += 1;
            let (covered, bytes) = (covered(&report), mutant.len() as u64);
            assert!(
                covered <= bytes,
                "{name}, mutant {number}: {covered} covered lines of {bytes} bytes"
            );
        }
    }
    assert!(read > 100, "only {read} mutants were read: the test says nothing");
}
