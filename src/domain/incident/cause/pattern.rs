//! Forms of lines: `*` is any text, `#` a number of at most ten digits, `\` makes the next character plain. The form is
//! that of the whole line. Matching takes linear time: each piece between stars is taken where it first fits.

/// The most digits of a `#`; a bound, so that a line of nothing but digits costs no more than another.
const DIGITS: usize = 10;

/// Whether a line has the form.
pub fn matches(pattern: &str, line: &str) -> bool {
    let mut pieces = Pieces(pattern);
    let Some((first, open)) = pieces.next() else { return line.is_empty() };
    let Some(mut at) = fits(first, line, 0) else { return false };
    let mut open = open;
    while let Some((piece, again)) = pieces.next() {
        let last = !again;
        let found = if last { at_end(piece, line, at) } else { earliest(piece, line, at) };
        let Some(end) = found else { return false };
        at = end;
        open = again;
    }
    open || at == line.len()
}

/// The pieces of a form, each with whether a star follows it.
struct Pieces<'a>(&'a str);

impl<'a> Pieces<'a> {
    fn next(&mut self) -> Option<(&'a str, bool)> {
        if self.0.is_empty() {
            return None;
        }
        let mut escaped = false;
        let star = self.0.bytes().position(|byte| {
            let star = byte == b'*' && !escaped;
            escaped = byte == b'\\' && !escaped;
            star
        });
        let (piece, rest) = match star {
            Some(star) => (&self.0[..star], &self.0[star + 1..]),
            None => (self.0, ""),
        };
        self.0 = rest;
        Some((piece, star.is_some()))
    }
}

/// Where a piece ends that begins at `at`.
fn fits(piece: &str, line: &str, mut at: usize) -> Option<usize> {
    let line = line.as_bytes();
    let mut wanted = piece.bytes();
    while let Some(byte) = wanted.next() {
        match byte {
            b'#' => {
                let rest = line.get(at..)?;
                let digits = rest.iter().take(DIGITS).take_while(|b| b.is_ascii_digit()).count();
                at += (digits > 0).then_some(digits)?;
            }
            plain => {
                let plain = if plain == b'\\' { wanted.next()? } else { plain };
                (line.get(at) == Some(&plain)).then_some(())?;
                at += 1;
            }
        }
    }
    Some(at)
}

/// Where the piece ends that comes first at or behind `at`.
fn earliest(piece: &str, line: &str, at: usize) -> Option<usize> {
    let literal = piece.split(['#', '\\']).next().unwrap_or_default().as_bytes();
    if literal.is_empty() {
        return (at..=line.len()).find_map(|start| fits(piece, line, start));
    }
    let finder = memchr::memmem::find_iter(&line.as_bytes()[at..], literal);
    finder.map(|start| at + start).find_map(|start| fits(piece, line, start))
}

/// The last piece, which nothing follows: it ends with the line.
fn at_end(piece: &str, line: &str, at: usize) -> Option<usize> {
    if !piece.contains(['#', '\\']) {
        return line.get(at..)?.ends_with(piece).then_some(line.len());
    }
    let longest = piece.len() + DIGITS * piece.matches('#').count();
    let from = at.max(line.len().saturating_sub(longest));
    (from..=line.len())
        .find(|start| fits(piece, line, *start) == Some(line.len()))
        .map(|_| line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("*b", "abc", false),
            ("*", "", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*.c:#:#: error: *", "src/tax.c:4:12: error: 'rate' undeclared", true),
            ("*.c:#:#: error: *", "src/tax.c:x:12: error: 'rate' undeclared", false),
            ("make: \\*\\*\\* [*] Error #", "make: *** [Makefile:2: all] Error 12", true),
            ("make: \\*\\*\\* [*] Error #", "make: *** [Makefile:2: all] Error ", false),
            ("\\#* ERROR: *", "#6 ERROR: not found", true),
            ("\\#* ERROR: *", "6 ERROR: not found", false),
            ("*aab", "aaab", true),
            ("*: #", "é: 12345678901", false),
            ("*é*", "caféine", true),
        ];
        for (pattern, line, expected) in table {
            assert_eq!(matches(pattern, line), expected, "{pattern:?} on {line:?}");
        }
    }
}
