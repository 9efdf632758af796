//! What `gcov` prints: each line of the source with its count, and the branches below it. Several files may stand one
//! behind the other.
//!
//! A template is printed once with the sums and then once for each instantiation between rulers: the latter are the same
//! lines, so they add arms but no counts.

use std::io::BufRead;

use crate::domain::coverage::arms::numbered;
use crate::domain::coverage::formats::draft::Draft;
use crate::domain::coverage::formats::text_lines::{self, Wrong};
use crate::domain::coverage::report::{Detail, Format, Report, Unreadable};

/// What separates the instantiations of a template.
const RULER: &[u8] = b"------------------";

/// What begins the lines below a line of code, besides those of branches.
const BELOW: [&str; 8] =
    ["function", "call", "unconditional", "condition", "conditions", "path", "paths", "BB"];

/// Whether a report begins like the output of gcov.
pub fn recognises(start: &[u8]) -> bool {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    fields(line).is_some_and(|(count, number, _)| count == b"-" && number == b"0")
}

/// Reads a report.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let mut gcov = Gcov {
        draft: Draft::new(Format::GcovText, detail),
        named: false,
        line: 0,
        after: After::Lines,
    };
    text_lines::each(input, &mut |line| gcov.take(line).map_err(|what| -> Wrong { (0, what) }))?;
    Ok(gcov.draft.finish(&[]))
}

struct Gcov {
    draft: Draft,
    /// Whether a `Source:` was there.
    named: bool,
    /// The line of code that branches belong to.
    line: u32,
    after: After,
}

/// What is above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// Lines of a file.
    Lines,
    /// A ruler: the name of an instantiation, or lines of the file again.
    Ruler,
    /// The name of an instantiation: its lines.
    Instantiation,
}

impl Gcov {
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        if line == RULER {
            self.after = After::Ruler;
            return Ok(());
        }
        if let Some((count, number, text)) = fields(line) {
            if self.after == After::Ruler {
                self.after = After::Lines;
            }
            return self.code(count, number, text);
        }
        let words: Vec<&[u8]> =
            line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        match words.first() {
            _ if self.after == After::Ruler && line.ends_with(b":") => {
                self.after = After::Instantiation;
                Ok(())
            }
            None => Ok(()),
            Some(&b"branch") => self.branch(&words),
            Some(first) if BELOW.iter().any(|known| known.as_bytes() == *first) => Ok(()),
            Some(_) if line.contains(&0x1B) => {
                Err("it is coloured: run gcov without -k".to_owned())
            }
            Some(_) => Err("this is no line of gcov's".to_owned()),
        }
    }

    /// Takes a line of code, or of the head of a file where the number is 0.
    fn code(&mut self, count: &[u8], number: &[u8], text: &[u8]) -> Result<(), String> {
        if number == b"0" {
            if let Some(name) = text.strip_prefix(b"Source:") {
                self.draft.open(&String::from_utf8_lossy(name));
                (self.named, self.line, self.after) = (true, 0, After::Lines);
            }
            return Ok(());
        }
        if !self.named {
            return Err("there is no `Source:` above this line".to_owned());
        }
        if is_block(number) {
            return Ok(());
        }
        let line = whole(number).ok_or("this is no line of gcov's")?;
        self.line = line;
        let hits = match count {
            b"-" => return Ok(()),
            b"#####" | b"=====" => 0,
            _ => hits(count).ok_or_else(|| {
                format!("`{}` is no count", String::from_utf8_lossy(count).escape_debug())
            })?,
        };
        if self.after != After::Instantiation {
            self.draft.line(line, hits);
        } else if let Some(file) = self.draft.file() {
            file.lines.mark(line, hits > 0);
        }
        Ok(())
    }

    /// Takes `branch  0 taken 50%`, `branch  0 taken 3 (fallthrough)` or `branch  1 never executed`.
    fn branch(&mut self, words: &[&[u8]]) -> Result<(), String> {
        let number = words.get(1).and_then(|word| whole(word));
        let taken = match (words.get(2), words.get(3)) {
            (Some(&b"never"), _) => Some(false),
            (Some(&b"taken"), Some(count)) => {
                hits(count.strip_suffix(b"%").unwrap_or(count)).map(|hits| hits > 0)
            }
            _ => None,
        };
        let Some((number, taken)) = number.zip(taken) else {
            return Err("this is no line of gcov's about a branch".to_owned());
        };
        if let Some(file) = self.draft.file().filter(|_| self.line > 0) {
            file.arms.mark(self.line, numbered(number), taken);
        }
        Ok(())
    }
}

/// With `-a`, the blocks of a line are listed below it: `%%%%%:   12-block  0`.
fn is_block(number: &[u8]) -> bool {
    number.windows(b"-block".len()).any(|part| part == b"-block")
}

/// The count, the number and the text of a line such as `        4:    7:    return n;`.
fn fields(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut parts = line.splitn(3, |byte| *byte == b':');
    let (count, number) = (parts.next()?.trim_ascii(), parts.next()?.trim_ascii());
    let counts = |byte: &u8| byte.is_ascii_digit() || b"-#=%$*.kKMGTPEZY".contains(byte);
    let is_count = !count.is_empty() && count.iter().all(counts);
    let is_number = number.first().is_some_and(u8::is_ascii_digit);
    let text = parts.next().or_else(|| is_block(number).then_some(b""))?;
    (is_count && is_number).then_some((count, number, text))
}

fn whole(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A count: `12`, `12*` (some of the line did not run), `1.2k` (rounded for people, never to 0).
fn hits(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_suffix('*').unwrap_or(text);
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let thousands = match &text[digits.len()..] {
        "" => 0,
        suffix => {
            1 + ["k", "M", "G", "T", "P", "E", "Z", "Y"]
                .iter()
                .position(|known| suffix.eq_ignore_ascii_case(known))?
        }
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !numeric(whole) || !numeric(part) {
        return None;
    }
    let unit = u32::try_from(thousands).ok().and_then(|power| 1000_u64.checked_pow(power));
    let count = whole.parse().unwrap_or(u64::MAX).saturating_mul(unit.unwrap_or(u64::MAX));
    let more = part.bytes().any(|digit| digit != b'0');
    Some(count.max(u64::from(more)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::coverage::ratio::Ratio;

    fn gcov(text: &str) -> Result<Report, String> {
        read(&mut text.as_bytes(), Detail { hits: true }).map_err(|error| error.to_string())
    }

    #[test]
    fn lines_counts_and_branches() {
        let report = gcov(
            "        -:    0:Source:src/a.c\n        -:    0:Runs:1\n\
             function main called 1 returned 100% blocks executed 75%\n\
             \x20       1:    3:int main(void) {\n\
             \x20      4*:    4:  if (a && b) // 9:    9:x\nbranch  0 taken 50%\nbranch  1 taken 0% (fallthrough)\n\
             branch  2 never executed\ncall    0 returned 100%\ncondition outcomes covered 1/4\ncondition  1 not covered (false)\n\
             \x20   1.2k:    5:  x++;\n    #####:    6:  y();\nbranch  0 taken 3 (throw)\n    =====:    7:  throw;\n\
             \x20   %%%%%:    6-block  0\n    $$$$$:    7-block  1\n        1:    5-block  0\nunconditional  0 taken 100%\n\
             \x20       -:    8:}\n        -:    9:/*EOF*/\n\
             \x20       -:    0:Source:C:\\b\\b.c\n    #####:    1:f();\n",
        )
        .unwrap();
        let file = &report.files["src/a.c"];
        let lines: Vec<_> = file.lines.iter().collect();
        assert_eq!(lines, [(3, true), (4, true), (5, true), (6, false), (7, false)]);
        assert_eq!(file.hits, [(3, 1), (4, 4), (5, 1000), (6, 0), (7, 0)]);
        assert_eq!(file.branch_ratio(), Ratio::new(2, 4));
        assert_eq!(report.files["C:/b/b.c"].line_ratio(), Ratio::new(0, 1));
    }

    #[test]
    fn instantiations_are_the_same_lines() {
        let report = gcov(
            "        -:    0:Source:t.cc\n        3:    5:T f(T x) {\n        3:    6:  return x ? 1 : 2;\n\
             ------------------\nint f<int>(int):\n        3:    5:T f(T x) {\n        3:    6:  return x;\n\
             branch  0 taken 100%\nbranch  1 taken 0%\n\
             ------------------\nchar f<char>(char):\n    #####:    5:T f(T x) {\n    #####:    6:  return x;\n\
             branch  0 never executed\nbranch  1 never executed\n\
             ------------------\n        1:    9:int main() {\n",
        )
        .unwrap();
        let file = &report.files["t.cc"];
        assert_eq!(file.hits, [(5, 3), (6, 3), (9, 1)]);
        assert_eq!(file.lines.ratio(), Ratio::new(3, 3));
        assert_eq!(file.branch_ratio(), Ratio::new(1, 2));
    }

    #[test]
    fn what_gcov_does_not_write_is_an_error() {
        let head = "        -:    0:Source:a.c\n";
        for (text, error) in [
            ("        1:    1:x\n", "1:1: there is no `Source:` above this line"),
            (
                &format!("{head}\u{1B}[45;37m        1\u{1B}[m:    3:x\n"),
                "2:1: it is coloured: run gcov without -k",
            ),
            (&format!("{head}garbage\n"), "2:1: this is no line of gcov's"),
            (&format!("{head}        1:    1\n"), "2:1: this is no line of gcov's"),
            (&format!("{head}        1:    1:x"), "2:18: the file ends in the middle of a line"),
            (&format!("{head}       1-:    1:x\n"), "2:1: `1-` is no count"),
            (&format!("{head}branch x taken 1\n"), "2:1: this is no line of gcov's about a branch"),
            (&format!("{head}branch 0 tak\n"), "2:1: this is no line of gcov's about a branch"),
            (&format!("{head}int f<int>(int):\n"), "2:1: this is no line of gcov's"),
        ] {
            assert_eq!(gcov(text).unwrap_err(), error);
        }
    }

    #[test]
    fn counts() {
        for (text, count) in [
            ("0", Some(0)),
            ("12*", Some(12)),
            ("1.9k", Some(1000)),
            ("0.2M", Some(1)),
            ("3E", Some(3_000_000_000_000_000_000)),
            ("9Y", Some(u64::MAX)),
            ("99999999999999999999", Some(u64::MAX)),
            ("", None),
            ("k", None),
            ("1x", None),
            ("1..2", None),
            ("#####", None),
        ] {
            assert_eq!(hits(text.as_bytes()), count, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_makes_it_panic(text in "(-:0:Source:a\n)?([-#=0-9:.kE* \n]|branch|taken|%|é|------------------){0,60}") {
            let _ = gcov(&text);
        }
    }
}
