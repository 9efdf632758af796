//! Mounts: `name:/path`, `./file:/path:ro`, `/path`, `C:\x:/path` and their long form.

use crate::domain::yaml::{Entry, Key, Node, Value};

/// The long form of an item of `volumes`; itself if it is one.
pub fn long(item: Node) -> Node {
    let Some(text) = item.as_text() else { return item };
    let Some((source, target, options)) = split(text) else { return item };
    let kind = if source.is_empty() || !is_path(source) { "volume" } else { "bind" };
    let is_read_only = options.split(',').any(|option| option == "ro");
    let pairs = [
        ("type", Some(kind)),
        ("source", (!source.is_empty()).then_some(source)),
        ("target", Some(target)),
        ("read_only", is_read_only.then_some("true")),
    ];
    let written = item.as_written().filter(|written| *written != text);
    let written_source = written.and_then(split).map(|(source, ..)| source);
    let entries = pairs.into_iter().filter_map(|(key, value)| {
        let mut node = Node::text(&item.span, value?);
        if let (Value::Scalar(scalar), "source") = (&mut node.value, key) {
            scalar.written = written_source.map(str::to_owned);
        }
        Some(Entry { key: Key { text: key.to_owned(), span: item.span.clone() }, value: node })
    });
    Node::made(&item.span, Value::Mapping(entries.collect()))
}

/// Source, target and options.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let drive = if is_drive(text) { 2 } else { 0 };
    let Some(colon) = colon(text, drive) else {
        return (!text.is_empty()).then_some(("", text, ""));
    };
    let (source, rest) = (text.get(..colon)?, text.get(colon + 1..)?);
    let (target, options) = rest.split_once(':').unwrap_or((rest, ""));
    Some((source, target, options))
}

/// The first colon that ends the source: not that of a drive, and not one inside of `${A:-b}`.
fn colon(text: &str, from: usize) -> Option<usize> {
    let mut open = 0_u32;
    for (at, c) in text.char_indices().filter(|(at, _)| *at >= from) {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            ':' if open == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

fn is_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

/// Whether a source is a path of the host and not the name of a volume.
pub fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~', '\\']) || is_drive(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_split_as_compose_splits_them() {
        for (text, expected) in [
            ("/data", ("", "/data", "")),
            ("db:/data", ("db", "/data", "")),
            ("./a:/b:ro", ("./a", "/b", "ro")),
            ("C:\\x:/b", ("C:\\x", "/b", "")),
            ("${A:-x}:/b", ("${A:-x}", "/b", "")),
            ("~/x:/y:z,ro", ("~/x", "/y", "z,ro")),
        ] {
            assert_eq!(split(text), Some(expected), "{text}");
        }
        assert!(
            is_path("./a") && is_path("/a") && is_path("~") && is_path("c:/x") && !is_path("db")
        );
    }
}
