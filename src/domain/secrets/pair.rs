//! The value behind a name, in every way that configuration writes one.

use std::ops::Range;

use super::path::Syntax;
use super::text::{Class, Text};

/// A value at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Where it is, without its quotes.
    pub(super) range: Range<usize>,
}

/// No name goes on further than this.
const LONGEST: usize = 128;

/// The name around a place: letters, digits, `_`, `-` and dots.
pub(super) fn name(text: Text<'_>, place: usize) -> Range<usize> {
    let is_inside = |byte: &&u8| Class::Dotted.has(**byte);
    let (before, behind) =
        (text.part(place.saturating_sub(LONGEST)..place), text.part(place..place + LONGEST));
    let start = place - before.iter().rev().take_while(is_inside).count();
    start..place + behind.iter().take_while(is_inside).count()
}

/// The value of the name that ends at a place.
pub(super) fn value(text: Text<'_>, name: &Range<usize>, syntax: Syntax) -> Option<Value> {
    let range = match syntax {
        Syntax::Markup => element(text, name).or_else(|| assigned(text, name.end, syntax)),
        _ => assigned(text, name.end, syntax),
    }?;
    let range = within(text, name, range);
    (!range.is_empty()).then_some(Value { range })
}

/// The value up to what ends it on its line: of `"NAME=value", ...` the quote, of `{name: value, ...}` the comma or
/// brace.
fn within(text: Text<'_>, name: &Range<usize>, range: Range<usize>) -> Range<usize> {
    let quote = text.before(name.start);
    let is_quoted = matches!(text.before(range.start), b'"' | b'\'');
    let ends = |byte: u8| match quote {
        _ if is_quoted => false,
        b'"' | b'\'' => byte == quote,
        b'{' | b' ' | b',' => matches!(byte, b',' | b'}') && is_in_flow(text, name.start),
        _ => false,
    };
    let part = text.part(range.clone());
    let end = part.iter().position(|byte| ends(*byte)).unwrap_or(part.len());
    trimmed(text, range.start..range.start + end)
}

/// Whether a `{` stands open before a place, on its line.
fn is_in_flow(text: Text<'_>, place: usize) -> bool {
    let start = place.saturating_sub(LONGEST);
    let before = text.part(start..place);
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let last = line.iter().rev().find(|byte| matches!(byte, b'{' | b'}'));
    last == Some(&b'{')
}

/// `<name attributes>value</name>`.
fn element(text: Text<'_>, name: &Range<usize>) -> Option<Range<usize>> {
    if text.before(name.start) != b'<' {
        return None;
    }
    let open = text.run(name.end, |byte| !matches!(byte, b'>' | b'\n' | b'<'));
    let end = text.run(open + 1, |byte| !matches!(byte, b'<' | b'\n'));
    let closed = text.at(open) == b'>' && text.before(open) != b'/' && text.has(end, "</");
    closed.then(|| trimmed(text, open + 1..end))
}

/// `name = value`, `"name": "value"`, `['name'] = 'value'`, `define('NAME', 'value')`.
fn assigned(text: Text<'_>, end: usize, syntax: Syntax) -> Option<Range<usize>> {
    let quoted = text.run(end, |byte| matches!(byte, b'"' | b'\'' | b'\\')).min(end + 2);
    let bracket = quoted + usize::from(text.at(quoted) == b']');
    let gap = blank(text, bracket);
    let behind = match (text.at(gap), text.at(gap + 1)) {
        (b'=', b'=' | b'~') | (b':', b':') => return None,
        (b':', b'=') | (b'=', b'>') => gap + 2,
        (b'=', _) => gap + 1,
        (b':', next) if quoted > end || syntax != Syntax::Plain || is_blank(next) => gap + 1,
        (b',', _) if quoted > end && syntax == Syntax::Quoted && is_argument(text, end) => gap + 1,
        _ if gap > end && quoted == end && syntax == Syntax::Docker => gap,
        _ => return None,
    };
    let start = blank(text, behind);
    match text.at(start) {
        quote @ (b'"' | b'\'') => {
            let end = closing(text, start + 1, quote);
            (text.at(end) == quote).then_some(start + 1..end)
        }
        b'\\' if text.at(start + 1) == b'"' => {
            let end = text.run(start + 2, |byte| !matches!(byte, b'\\' | b'"' | b'\n'));
            Some(start + 2..end)
        }
        _ if matches!(syntax, Syntax::Quoted | Syntax::Markup) => None,
        _ => Some(unquoted(text, start)),
    }
}

/// Whether the name that ends here is an argument of `define(`.
fn is_argument(text: Text<'_>, end: usize) -> bool {
    let start = text.run_back(end, |byte| Class::Dotted.has(byte));
    let open = text.run_back(start, |byte| matches!(byte, b'"' | b'\'' | b' '));
    text.before(open) == b'(' && text.part(open.saturating_sub(7)..open - 1) == b"define"
}

/// The quote that ends a text on its line.
fn closing(text: Text<'_>, start: usize, quote: u8) -> usize {
    let mut is_escaped = false;
    let mut end = start;
    while let byte @ (1..=9 | 11..=255) = text.at(end) {
        if byte == quote && !is_escaped || end - start > 2048 {
            break;
        }
        is_escaped = byte == b'\\' && !is_escaped;
        end += 1;
    }
    end
}

/// The rest of a line without its comment.
fn unquoted(text: Text<'_>, start: usize) -> Range<usize> {
    let end = text.line(start).end;
    let line = text.part(start..end);
    let comment = line.windows(2).position(|pair| matches!(pair, [b' ' | b'\t', b'#' | b';']));
    trimmed(text, start..comment.map_or(end, |at| start + at))
}

/// Without blanks around it and signs that end a value.
fn trimmed(text: Text<'_>, range: Range<usize>) -> Range<usize> {
    let part = text.part(range.clone());
    let front = part.iter().take_while(|byte| is_blank(**byte)).count();
    let back = part
        .iter()
        .rev()
        .take_while(|byte| is_blank(**byte) || matches!(byte, b',' | b';'))
        .count();
    let start = range.start + front;
    start..(range.start + part.len() - back).max(start)
}

fn blank(text: Text<'_>, from: usize) -> usize {
    text.run(from, |byte| byte == b' ' || byte == b'\t')
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(line: &str, syntax: Syntax) -> Option<&str> {
        let text = Text { bytes: line.as_bytes() };
        let name = name(text, line.find("key")?);
        value(text, &name, syntax).map(|value| &line[value.range])
    }

    #[test]
    fn values() {
        for (line, syntax, expected) in [
            ("a_key=v1\nb=c", Syntax::Plain, "v1"),
            ("  key: v1 # c", Syntax::Plain, "v1"),
            ("- key: \"v 1\"", Syntax::Plain, "v 1"),
            ("key = v1 ; c", Syntax::Plain, "v1"),
            ("{\"key\":\"v1\",\"b\":2}", Syntax::Quoted, "v1"),
            ("key = 'a\\'b'", Syntax::Quoted, "a\\'b"),
            ("$config['key'] = 'v1';", Syntax::Quoted, "v1"),
            ("'key' => 'v1',", Syntax::Quoted, "v1"),
            ("define( 'key',   'v1' );", Syntax::Quoted, "v1"),
            ("define('key', 'v1');", Syntax::Quoted, "v1"),
            ("a: {key: v1, b: x}", Syntax::Plain, "v1"),
            ("a: {b: x, key: v1}", Syntax::Plain, "v1"),
            ("a: {b: {c: 1}, key: 'v1'}", Syntax::Plain, "v1"),
            ("a: [\"A_key=v1\", \"B=x\"]", Syntax::Plain, "v1"),
            ("- 'key=v 1'", Syntax::Plain, "v 1"),
            ("key: a,b}c", Syntax::Plain, "a,b}c"),
            ("ENV key v1", Syntax::Docker, "v1"),
            ("ENV key=v1", Syntax::Docker, "v1"),
            ("<key>v1</key>", Syntax::Markup, "v1"),
            ("<key a=\"b\">v1</key>", Syntax::Markup, "v1"),
            ("<a key=\"v1\"/>", Syntax::Markup, "v1"),
            ("x = \"{\\\"key\\\": \\\"v1\\\"}\"", Syntax::Quoted, "v1"),
        ] {
            assert_eq!(found(line, syntax), Some(expected), "{line}");
        }
    }

    #[test]
    fn no_values() {
        for (line, syntax) in [
            ("key", Syntax::Plain),
            ("key=", Syntax::Plain),
            ("key: ", Syntax::Plain),
            ("key:v1", Syntax::Plain),
            ("key == 'a'", Syntax::Quoted),
            ("key = call()", Syntax::Quoted),
            ("get('key', 'v1')", Syntax::Quoted),
            ("key 'v1'", Syntax::Quoted),
            ("key: 'v1\n'", Syntax::Quoted),
            ("<key/>", Syntax::Markup),
            ("<key></key>", Syntax::Markup),
        ] {
            assert_eq!(found(line, syntax), None, "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_line_has_a_value_or_none(line in "[a-z'\"=:<>,\\\\\\]\n# ]{0,20}key[a-z'\"=:<>,/\\\\\\]\n# ]{0,20}") {
            for syntax in [Syntax::Plain, Syntax::Quoted, Syntax::Docker, Syntax::Markup] {
                if let Some(found) = found(&line, syntax) {
                    prop_assert!(!found.contains('\n'));
                }
            }
        }
    }
}
