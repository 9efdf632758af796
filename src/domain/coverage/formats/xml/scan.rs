//! Where markup ends. Byte by byte and once: reports are a hundred thousand short tags.

use std::borrow::Cow;

use super::{Tag, brief, decoded};

/// How many attributes an element may have: reports need 20.
const MOST_ATTRIBUTES: usize = 256;

/// Why a piece of markup was not taken.
#[derive(Debug)]
pub enum Stop {
    /// The text ends inside it: inside what.
    Cut(&'static str),
    /// It is wrong: at which byte, and what.
    Wrong(usize, String),
}

/// How a tag ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `<a>`
    Open,
    /// `<a/>`
    Empty,
}

/// What begins with `<!` or `<?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// `<![CDATA[text]]>`
    CData,
    /// `<!DOCTYPE a>`
    Doctype,
    /// `<?xml version="1.0"?>`
    Declaration,
    /// A comment or a processing instruction.
    Skipped,
}

/// A byte that XML calls white space.
const SPACE: u8 = 1;
/// A byte that may be part of a name: not white space and nothing that means something else in a tag.
const NAME: u8 = 2;
/// A byte that stands for itself in a value, whichever quotes that has.
const VALUE: u8 = 4;
/// A byte that stands for itself in text.
const TEXT: u8 = 8;

/// What each byte may be.
const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [NAME | VALUE | TEXT; 256];
    let mut at = 0;
    while at <= b' ' as usize {
        classes[at] = VALUE | TEXT;
        at += 1;
    }
    classes[b' ' as usize] |= SPACE;
    classes[b'\t' as usize] |= SPACE;
    classes[b'\n' as usize] |= SPACE;
    classes[b'\r' as usize] |= SPACE;
    classes[b'<' as usize] = 0;
    classes[b'&' as usize] = 0;
    classes[b'"' as usize] = TEXT;
    classes[b'\'' as usize] = TEXT;
    classes[b'>' as usize] = VALUE | TEXT;
    classes[b'=' as usize] = VALUE | TEXT;
    classes[b'/' as usize] = VALUE | TEXT;
    classes
}

/// The first place from `at` on whose byte is not of a class; the end of the text if all are.
#[inline]
fn past(bytes: &[u8], at: usize, class: u8) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let other = |byte: &u8| CLASSES[usize::from(*byte)] & class == 0;
    rest.iter().position(other).map_or(bytes.len(), |length| at + length)
}

/// Where text ends: before `<`, before `&`, or with what is there.
#[inline]
pub fn text_end(text: &str, at: usize) -> usize {
    past(text.as_bytes(), at, TEXT)
}

/// Where white space ends.
pub fn space_end(text: &str, at: usize) -> usize {
    past(text.as_bytes(), at, SPACE)
}

/// The name of a reference at `&`, and where it ends.
pub fn reference(text: &str, at: usize) -> Result<(&str, usize), Stop> {
    let bytes = text.as_bytes();
    let limit = past(bytes, at + 1, NAME);
    match bytes[at + 1..limit].iter().position(|byte| *byte == b';') {
        Some(length) => Ok((&text[at + 1..at + 1 + length], at + length + 2)),
        None if limit == bytes.len() => Err(Stop::Cut("a character reference")),
        None => Err(Stop::Wrong(at, LONE_AMPERSAND.to_owned())),
    }
}

/// What is said of a `&` that stands for itself.
pub const LONE_AMPERSAND: &str = "a `&` that begins no character reference: write `&amp;`";

/// The name in an end tag at `</`, and where the tag ends.
pub fn end_tag(text: &str, at: usize) -> Result<(&str, usize), Stop> {
    let bytes = text.as_bytes();
    let name_end = past(bytes, at + 2, NAME);
    let end = past(bytes, name_end, SPACE);
    match bytes.get(end) {
        Some(b'>') if name_end > at + 2 => Ok((&text[at + 2..name_end], end + 1)),
        Some(_) => Err(Stop::Wrong(at, "a `</` that is no end tag".to_owned())),
        None => Err(Stop::Cut("a tag")),
    }
}

/// Takes a tag at `<` into `tag`; how it ends, and where.
pub fn start_tag<'a>(tag: &mut Tag<'a>, text: &'a str, at: usize) -> Result<(Shape, usize), Stop> {
    let bytes = text.as_bytes();
    let mut end = past(bytes, at + 1, NAME);
    tag.name_it(&text[at + 1..end]);
    if end == at + 1 && end < bytes.len() {
        return Err(Stop::Wrong(at, "a `<` that begins no tag: write `&lt;`".to_owned()));
    }
    loop {
        let next = past(bytes, end, SPACE);
        match (bytes.get(next), bytes.get(next + 1)) {
            (None, _) | (Some(b'/'), None) => return Err(Stop::Cut("a tag")),
            (Some(b'>'), _) => return Ok((Shape::Open, next + 1)),
            (Some(b'/'), Some(b'>')) => return Ok((Shape::Empty, next + 2)),
            _ if next == end => return Err(no_attribute(tag, next)),
            _ => end = attribute(tag, text, next)?,
        }
    }
}

fn no_attribute(tag: &Tag<'_>, at: usize) -> Stop {
    let what = format!("something in `<{}>` that is no attribute", brief(tag.written));
    Stop::Wrong(at, what)
}

/// Takes one attribute; where it ends.
#[inline]
fn attribute<'a>(tag: &mut Tag<'a>, text: &'a str, at: usize) -> Result<usize, Stop> {
    let bytes = text.as_bytes();
    let name_end = past(bytes, at, NAME);
    let sign = past(bytes, name_end, SPACE);
    let open = past(bytes, sign + 1, SPACE);
    match (bytes.get(sign), bytes.get(open)) {
        (Some(b'='), Some(b'"' | b'\'')) if name_end > at => {}
        (None, _) | (Some(b'='), None) => return Err(Stop::Cut("a tag")),
        _ => return Err(no_attribute(tag, at)),
    }
    let (end, plain) = value_end(bytes, open)?;
    let (name, value) = (&text[at..name_end], &text[open + 1..end]);
    let value = match plain {
        Plain::Yes => Cow::Borrowed(value),
        Plain::No => Cow::Owned(decoded(value).map_err(|what| Stop::Wrong(open + 1, what))?),
    };
    add(tag, name, value).map_err(|what| Stop::Wrong(at, what))?;
    Ok(end + 1)
}

/// Whether a value stands for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plain {
    Yes,
    No,
}

/// Where the closing quote of a value is, and whether there are references before it.
#[inline]
fn value_end(bytes: &[u8], open: usize) -> Result<(usize, Plain), Stop> {
    let mut plain = Plain::Yes;
    let mut at = open + 1;
    loop {
        at = past(bytes, at, VALUE);
        match bytes.get(at) {
            None => return Err(Stop::Cut("a tag")),
            Some(b'<') => {
                return Err(Stop::Wrong(at, "a `<` in a value: write `&lt;`".to_owned()));
            }
            Some(b'&') => plain = Plain::No,
            Some(quote) if *quote == bytes[open] => return Ok((at, plain)),
            Some(_) => {}
        }
        at += 1;
    }
}

#[inline]
fn add<'a>(tag: &mut Tag<'a>, name: &'a str, value: Cow<'a, str>) -> Result<(), String> {
    if tag.get(name).is_some() {
        return Err(format!("`<{}>` has `{}` twice", brief(tag.written), brief(name)));
    }
    if tag.attributes.len() == MOST_ATTRIBUTES {
        let tag = brief(tag.written);
        return Err(format!("`<{tag}>` has more than {MOST_ATTRIBUTES} attributes"));
    }
    tag.attributes.push((name, value));
    Ok(())
}

/// What begins with `<!` or `<?` at `at`, and where it ends.
pub fn aside(text: &str, at: usize) -> Result<(Aside, usize), Stop> {
    let rest = &text[at..];
    for (start, end, name, kind) in [
        ("<!--", "-->", "a comment", Aside::Skipped),
        ("<![CDATA[", "]]>", "CDATA", Aside::CData),
        ("<?", "?>", "a processing instruction", Aside::Skipped),
    ] {
        let Some(inner) = rest.strip_prefix(start) else { continue };
        if start == "<?" && inner.starts_with(|first: char| !begins_a_name(first)) {
            return Err(Stop::Wrong(at, "a `<?` without a name".to_owned()));
        }
        let length = inner.find(end).ok_or(Stop::Cut(name))?;
        let kind = if start == "<?" && declares(inner) { Aside::Declaration } else { kind };
        return Ok((kind, at + start.len() + length + end.len()));
    }
    if rest.starts_with("<!DOCTYPE") {
        let length = doctype(rest).ok_or(Stop::Cut("the DOCTYPE"))?;
        return Ok((Aside::Doctype, at + length));
    }
    if ["<!--", "<![CDATA[", "<!DOCTYPE"].iter().any(|start| start.starts_with(rest)) {
        return Err(Stop::Cut("a tag"));
    }
    Err(Stop::Wrong(at, "a `<!` that begins no comment, CDATA or DOCTYPE".to_owned()))
}

fn begins_a_name(first: char) -> bool {
    first.is_alphabetic() || matches!(first, '_' | ':')
}

/// Whether a processing instruction is the XML declaration (`<?xml-stylesheet?>` is none).
fn declares(inner: &str) -> bool {
    inner.strip_prefix("xml").is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '\r', '?']))
}

/// Where a DOCTYPE ends: at the `>` outside of quotes, of `[]`, and of comments and instructions within those.
fn doctype(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = "<!DOCTYPE".len();
    let mut within = 0_u32;
    loop {
        let after = |start: &str, end: &str| {
            text.get(at..)?.strip_prefix(start)?;
            Some(
                text[at + start.len()..]
                    .find(end)
                    .map(|length| at + start.len() + length + end.len()),
            )
        };
        if let Some(end) = after("<!--", "-->").or_else(|| after("<?", "?>")) {
            at = end?;
            continue;
        }
        match *bytes.get(at)? {
            quote @ (b'"' | b'\'') => {
                at += 1 + bytes[at + 1..].iter().position(|byte| *byte == quote)?;
            }
            b'[' => within += 1,
            b']' => within = within.saturating_sub(1),
            b'>' if within == 0 => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}
