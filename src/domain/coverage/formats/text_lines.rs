//! Text line by line, streamed, with the line and the column of what is wrong.

use std::io::{BufRead, ErrorKind};

use crate::domain::coverage::report::Unreadable;

/// The longest line, in bytes.
const LONGEST: usize = 1024 * 1024;

/// What is wrong with a line: at which byte of it, and what.
pub type Wrong = (usize, String);

/// Hands on each line without its end (LF or CRLF). A last line without one is half a file: the formats that are read
/// here always end with one.
pub fn each(
    input: &mut dyn BufRead,
    handle: &mut dyn FnMut(&[u8]) -> Result<(), Wrong>,
) -> Result<(), Unreadable> {
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        number += 1;
        let failed = |(at, what): Wrong| Unreadable { line: number, column: at as u64 + 1, what };
        let ended = fetch(input, &mut line).map_err(failed)?;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        match (ended, line.is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => {
                let what = "the file ends in the middle of a line";
                return Err(failed((line.len(), what.to_owned())));
            }
            (false, _) => handle(&line).map_err(failed)?,
        }
    }
}

/// Reads up to the end of a line; whether that is the end of the file.
fn fetch(input: &mut dyn BufRead, line: &mut Vec<u8>) -> Result<bool, Wrong> {
    loop {
        let piece = match input.fill_buf() {
            Ok([]) => return Ok(true),
            Ok(piece) => piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err((line.len(), format!("it cannot be read: {error}"))),
        };
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(piece.len());
        line.extend_from_slice(&piece[..taken]);
        input.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            return Ok(false);
        }
        if line.len() > LONGEST {
            return Err((LONGEST, format!("the line has more than {LONGEST} bytes")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn lines_end_with_lf_or_crlf() {
        for piece in [1, 64] {
            let mut seen = Vec::new();
            let mut input = BufReader::with_capacity(piece, &b"a\r\n\nb\rc\r\nd\n"[..]);
            each(&mut input, &mut |line| {
                seen.push(String::from_utf8_lossy(line).into_owned());
                Ok(())
            })
            .unwrap();
            assert_eq!(seen, ["a", "", "b\rc", "d"]);
        }
    }

    #[test]
    fn an_error_has_its_place_and_lines_are_bounded() {
        let mut wrong = |line: &[u8]| if line == b"b" { Err((3, "no".to_owned())) } else { Ok(()) };
        let found = each(&mut &b"a\nbc"[..], &mut wrong).unwrap_err().to_string();
        assert_eq!(found, "2:3: the file ends in the middle of a line");
        assert_eq!(each(&mut &b"a\nb\n"[..], &mut wrong).unwrap_err().to_string(), "2:4: no");
        let long = vec![b'x'; LONGEST + 1];
        let found = each(&mut &long[..], &mut wrong).unwrap_err().to_string();
        assert_eq!(found, "1:1048577: the line has more than 1048576 bytes");
    }
}
