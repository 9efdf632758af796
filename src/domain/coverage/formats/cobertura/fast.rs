//! `<line number="12" hits="3"/>` as machines write it, recognised byte for byte: most of what a report is.

use crate::domain::coverage::formats::lcov::number::Digits;

/// What may stand behind the digits of `hits`: no branches.
const ENDS: [&[u8]; 6] = [
    b"\"/>",
    b"\" branch=\"false\"/>",
    b"\" branch=\"false\" />",
    b"\" branch=\"False\" />",
    b"\" branch=\"False\"/>",
    b"\" />",
];

const NUMBER: &[u8] = b"<line number=\"";
const HITS: &[u8] = b"\" hits=\"";

/// Hands on line and hits of each such element, and skips the white space behind it: how many bytes that were.
#[inline]
pub fn lines(text: &[u8], mut mark: impl FnMut(u32, u64)) -> usize {
    let mut taken = 0;
    while let Some((line, hits, length)) = line(&text[taken..]) {
        mark(line, hits);
        taken += length;
        let spaces =
            text[taken..].iter().position(|byte| !byte.is_ascii_whitespace() || *byte == 0x0C);
        taken += spaces.unwrap_or(text.len() - taken);
    }
    taken
}

/// One element: line, hits, and its length.
#[inline]
fn line(text: &[u8]) -> Option<(u32, u64, usize)> {
    if !text.starts_with(NUMBER) {
        return None;
    }
    let number = Digits::at(text, NUMBER.len())?;
    let after = NUMBER.len() + number.length;
    if !text[after..].starts_with(HITS) {
        return None;
    }
    let hits = Digits::at(text, after + HITS.len())?;
    let after = after + HITS.len() + hits.length;
    let end = ENDS.iter().find(|end| text[after..].starts_with(end))?;
    let line = number.value();
    (line > 0).then(|| (line, hits.value().into(), after + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_takes_and_what_it_leaves() {
        for (text, taken) in [
            ("<line number=\"1\" hits=\"0\"/>\n\t <line number=\"2\" hits=\"7\" />  </lines>", 60),
            ("<line number=\"1\" hits=\"0\" branch=\"False\" /></lines>", 43),
            ("<line number=\"1\" hits=\"0\" branch=\"true\"/></lines>", 0),
            ("<line number=\"0\" hits=\"0\"/></lines>", 0),
            ("<line number=\"1\" hits=\"12345678\"/></lines>", 0),
            ("<line number='1' hits='0'/></lines>", 0),
            ("<line hits=\"0\" number=\"1\"/></lines>", 0),
            ("<line number=\"1\" hits=\"0\"></line></lines>", 0),
            ("<line number=\"1\" hits=\"0\"/", 0),
            ("<line number=\"1\" hits=\"", 0),
        ] {
            assert_eq!(lines(text.as_bytes(), |_, _| {}), taken, "{text}");
        }
    }
}
