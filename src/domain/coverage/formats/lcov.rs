//! LCOV, 1 and 2: what `geninfo`, `llvm-cov`, Istanbul, coverage.py, grcov and many more write.
//!
//! The lines count (`DA`), not the totals (`LF`, `LH`): totals are taken only for a record that names no line at all.
//! Several records of one file are one file: a line that ran in any of them ran.
//!
//! The bytes are looked at once, in the buffer of the reader. A line that the buffer cuts is put together first.

pub(super) mod number;
mod tally;

use std::io::{BufRead, ErrorKind};

use crate::domain::coverage::arms::{named, numbered};
use crate::domain::coverage::report::{Detail, Report, Unreadable};
use number::{Count, Digits, LineNumber};
use tally::{Tally, Total};

/// The longest line, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// How many lines are looked at to recognise the format.
const LOOKED_AT: usize = 100;

/// Set in the key of an arm that has a name, so that it is never one of those that have numbers.
const NAMED: u32 = 1 << 30;

/// Numbers of blocks and branches below this make a key by themselves.
const PACKED: u32 = 1 << 15;

/// The most lines or branches that a record may state.
const MOST_STATED: u64 = 1_000_000_000_000;

/// Records that say nothing about lines and branches, or nothing that is not in another one.
const PASSED_OVER: [&[u8]; 13] = [
    b"TN", b"FN", b"FNDA", b"FNF", b"FNH", b"FNL", b"FNA", b"VER", b"MCDC", b"MCF", b"MCH", b"MRF",
    b"MRH",
];

/// What is wrong with a line: at which byte of it, and what.
type Wrong = (usize, String);

/// Whether a file begins like LCOV: the first line that is neither empty nor a comment is a record that LCOV begins with,
/// or a few lines of other records follow each other until one is.
pub fn recognises(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).take(LOOKED_AT);
    for line in lines.filter(|line| !line.is_empty() && line[0] != b'#') {
        if line == b"end_of_record" {
            return true;
        }
        match split(line) {
            Some((b"TN" | b"SF", _)) => return true,
            Some((b"DA" | b"BRDA", _)) if holds_numbers(line) => return true,
            Some((name, _)) if PASSED_OVER.contains(&name) => {}
            _ => return false,
        }
    }
    false
}

/// Whether a `DA` or `BRDA` looks like one: a line and a count. Other texts have `DA:` in them, too.
fn holds_numbers(line: &[u8]) -> bool {
    let digit = split(line).and_then(|(_, rest)| rest.first());
    digit.is_some_and(u8::is_ascii_digit) && line.contains(&b',')
}

/// Name and content of a record: letters, digits and `_` up to the first colon.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, rest) = (&line[..colon], &line[colon + 1..]);
    let named = name.len() > 1 && name[0].is_ascii_alphabetic();
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (named && plain).then_some((name, rest))
}

/// Reads a report.
///
/// A file that ends in the middle of a line is an error: `DA:12,1` may have been `DA:12,10` or `DA:123,1`, and what came
/// after it is lost. So is one whose last record has no `end_of_record` while others have. A file without a single one is
/// read with a warning: several tools write such files.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let mut parser = Parser { tally: Tally::new(detail), known: false, line: 0 };
    let mut held: Vec<u8> = Vec::new();
    let mut begun = false;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(parser.failed(held.len(), format!("it cannot be read: {error}")));
            }
        };
        let length = bytes.len();
        if length == 0 {
            break;
        }
        if let Some(last) = memchr::memrchr(b'\n', bytes) {
            let mut whole = &bytes[..=last];
            if !held.is_empty() {
                let first = memchr::memchr(b'\n', whole).unwrap_or(last);
                held.extend_from_slice(&whole[..=first]);
                parser.first(&held, &mut begun)?;
                held.clear();
                whole = &whole[first + 1..];
            }
            parser.first(whole, &mut begun)?;
            held.extend_from_slice(&bytes[last + 1..]);
        } else {
            held.extend_from_slice(bytes);
        }
        input.consume(length);
        if held.len() > LONGEST {
            return Err(parser.failed(LONGEST, format!("the line has more than {LONGEST} bytes")));
        }
    }
    parser.finish(&held, begun)
}

/// A file without the mark that says that it is UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

struct Parser {
    tally: Tally,
    /// Whether a record was there that LCOV has.
    known: bool,
    /// How many lines are done.
    line: u64,
}

impl Parser {
    /// Takes whole lines, and drops the mark before the very first one.
    fn first(&mut self, lines: &[u8], begun: &mut bool) -> Result<(), Unreadable> {
        let lines = if *begun { lines } else { without_mark(lines) };
        *begun = true;
        self.lines(lines)
    }

    /// Takes whole lines, each with its end.
    fn lines(&mut self, lines: &[u8]) -> Result<(), Unreadable> {
        let mut rest = lines;
        while let Some(first) = rest.first() {
            let taken = match first {
                b'D' => self.hot_line(rest),
                b'B' => self.hot_branch(rest),
                _ => None,
            };
            let taken = if let Some(taken) = taken {
                taken
            } else {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len() - 1);
                self.record(&rest[..end]).map_err(|(at, what)| self.failed(at, what))?;
                end + 1
            };
            self.line += 1;
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// Takes `DA:<line>,<count>` with numbers of at most seven digits: what almost all of a report is. How many bytes
    /// that were; `None` for anything else, about which [`Self::record`] decides.
    #[inline]
    fn hot_line(&mut self, rest: &[u8]) -> Option<usize> {
        let rest = rest.strip_prefix(b"DA:")?;
        let line = Digits::at(rest, 0)?;
        if rest.get(line.length) != Some(&b',') {
            return None;
        }
        let count = Digits::at(rest, line.length + 1)?;
        let end = end_of_line(rest, line.length + 1 + count.length)?;
        let number = line.value();
        if number == 0 || !self.tally.is_open() {
            return None;
        }
        self.tally.line(number, &count);
        Some(b"DA:".len() + end)
    }

    /// Takes `BRDA:<line>,<block>,<branch>,<count>` with small numbers, as [`Self::hot_line`].
    #[inline]
    fn hot_branch(&mut self, rest: &[u8]) -> Option<usize> {
        let rest = rest.strip_prefix(b"BRDA:")?;
        let mut at = 0;
        let mut numbers = [0; 3];
        for number in &mut numbers {
            let digits = Digits::at(rest, at)?;
            at += digits.length;
            if rest.get(at) != Some(&b',') {
                return None;
            }
            at += 1;
            *number = digits.value();
        }
        let (taken, end) = match rest.get(at) {
            Some(b'-') => (false, at + 1),
            _ => Digits::at(rest, at).map(|digits| (digits.is_some_hit(), at + digits.length))?,
        };
        let end = end_of_line(rest, end)?;
        let [line, block, branch] = numbers;
        if line == 0 || block >= PACKED || branch >= PACKED || !self.tally.is_open() {
            return None;
        }
        self.tally.arm(line, numbered(block * PACKED + branch), taken);
        Some(b"BRDA:".len() + end)
    }

    /// Takes any line, given without its end.
    #[cold]
    fn record(&mut self, line: &[u8]) -> Result<(), Wrong> {
        let record = line.trim_ascii();
        let skipped = line.len() - line.trim_ascii_start().len();
        if record.is_empty() || record[0] == b'#' {
            return Ok(());
        }
        if record == b"end_of_record" {
            self.known = true;
            self.tally.ended();
            return Ok(());
        }
        let Some((name, content)) = split(record) else {
            return Err((skipped, "this is no LCOV record".to_owned()));
        };
        let begins = skipped + name.len() + 1;
        let unknown = self.content(name, content).map_err(|(at, what)| (begins + at, what))?;
        if unknown.is_some() {
            return self.unknown(record).map_err(|what| (skipped, what));
        }
        self.known = true;
        Ok(())
    }

    /// Takes the content of a record; `Some` if no record has such a name.
    fn content(&mut self, name: &[u8], content: &[u8]) -> Result<Option<Unknown>, Wrong> {
        let mut total = |kind| {
            let count = Count::of(content).map_err(|what| (0, what))?.hits();
            if count > MOST_STATED {
                return Err((0, format!("a total of {count} is none that a file can have")));
            }
            self.tally.total(kind, count);
            Ok(None)
        };
        match name {
            b"SF" => self.file(content).map(|()| None),
            b"DA" => self.any_line(content).map(|()| None),
            b"BRDA" => self.any_branch(content).map(|()| None),
            b"LF" => total(Total::Lines),
            b"LH" => total(Total::LinesHit),
            b"BRF" => total(Total::Branches),
            b"BRH" => total(Total::BranchesHit),
            b"FN" | b"FNL" => {
                self.tally.function();
                Ok(None)
            }
            _ if PASSED_OVER.contains(&name) => Ok(None),
            _ => Ok(Some(Unknown)),
        }
    }

    fn unknown(&mut self, record: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(record).ok().filter(|text| !text.chars().any(is_binary));
        let text = text.ok_or("this is no text")?;
        let name = text.split_once(':').map_or(text, |(name, _)| name);
        self.tally.unknown(name);
        Ok(())
    }

    fn file(&mut self, content: &[u8]) -> Result<(), Wrong> {
        let Ok(name) = std::str::from_utf8(content) else {
            return Err((0, "the name of the file is not UTF-8".to_owned()));
        };
        if name.chars().any(is_binary) {
            return Err((0, "the name of the file is no text".to_owned()));
        }
        self.tally.begin(&name.trim().replace('\\', "/"));
        Ok(())
    }

    /// `DA:<line>,<count>[,<checksum>]`
    fn any_line(&mut self, content: &[u8]) -> Result<(), Wrong> {
        let Some(comma) = memchr::memchr(b',', content) else {
            return Err((0, "`DA` has no count".to_owned()));
        };
        let (line, rest) = (&content[..comma], &content[comma + 1..]);
        let count = &rest[..memchr::memchr(b',', rest).unwrap_or(rest.len())];
        self.inside("DA")?;
        let line = LineNumber::of(line).map_err(|what| (0, what))?;
        let count = Count::of(count).map_err(|what| (comma + 1, what))?;
        match line {
            LineNumber::Line(line) => self.tally.counted_line(line, count),
            LineNumber::None => self.tally.no_line(),
        }
        Ok(())
    }

    /// `BRDA:<line>,[e]<block>,<branch>,<count or ->`: a branch of LCOV 2 may be an expression with commas in it.
    fn any_branch(&mut self, content: &[u8]) -> Result<(), Wrong> {
        let commas = memchr::memchr(b',', content).zip(memchr::memrchr(b',', content));
        let Some((first, last)) =
            commas.filter(|(first, last)| content[*first + 1..].len() > 1 && first < last)
        else {
            return Err((0, "`BRDA` has no line, block, branch and count".to_owned()));
        };
        self.inside("BRDA")?;
        let line = LineNumber::of(&content[..first]).map_err(|what| (0, what))?;
        let taken = match &content[last + 1..] {
            b"-" => false,
            count => Count::of(count).map_err(|what| (last + 1, what))?.hits() > 0,
        };
        match line {
            LineNumber::Line(line) => {
                self.tally.arm(line, arm_key(&content[first + 1..last]), taken);
            }
            LineNumber::None => self.tally.no_line(),
        }
        Ok(())
    }

    fn inside(&self, record: &str) -> Result<(), Wrong> {
        if self.tally.is_inside() {
            return Ok(());
        }
        Err((0, format!("`{record}` outside of a file: no `SF` before it")))
    }

    /// An error in the line that is being read.
    fn failed(&self, at: usize, what: String) -> Unreadable {
        Unreadable { line: self.line + 1, column: at as u64 + 1, what }
    }

    /// The report, when `rest` is what comes after the last end of a line.
    fn finish(mut self, rest: &[u8], begun: bool) -> Result<Report, Unreadable> {
        let rest = if begun { rest } else { without_mark(rest) };
        match rest.trim_ascii() {
            b"" => {}
            b"end_of_record" => self.record(rest).map_err(|(at, what)| self.failed(at, what))?,
            _ => {
                let what = "the file ends in the middle of a record: the last line has no end";
                return Err(self.failed(rest.len(), what.to_owned()));
            }
        }
        if self.tally.is_cut() {
            let what = "a record was cut off: it has no `end_of_record`, and others have";
            return Err(self.failed(0, what.to_owned()));
        }
        if self.known || self.tally.any() {
            return Ok(self.tally.finish());
        }
        Err(Unreadable {
            line: 1,
            column: 1,
            what: "this is no LCOV: it has not one record".to_owned(),
        })
    }
}

/// A record of a type that LCOV does not have.
struct Unknown;

/// What no text has: control characters.
fn is_binary(char: char) -> bool {
    char.is_control() && char != '\t'
}

/// Where the line ends that has nothing more at `at`: after LF or CRLF.
#[inline]
fn end_of_line(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'\n' => Some(at + 1),
        b'\r' if bytes.get(at + 1) == Some(&b'\n') => Some(at + 2),
        _ => None,
    }
}

/// The key of the arm `<block>,<branch>`.
fn arm_key(name: &[u8]) -> u32 {
    let packed = |part: &[u8]| {
        let digits = !part.is_empty() && part.len() < 8 && part.iter().all(u8::is_ascii_digit);
        let number = || part.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte & 15));
        digits.then(number).filter(|number| *number < PACKED)
    };
    let comma = memchr::memchr(b',', name).unwrap_or(name.len());
    let branch = name.get(comma + 1..).unwrap_or_default();
    match (packed(&name[..comma]), packed(branch)) {
        (Some(block), Some(branch)) => numbered(block * PACKED + branch),
        _ => numbered(named(name) | NAMED),
    }
}

#[cfg(test)]
mod tests;
