//! Mounts: `name:/path`, `./file:/path:ro`, `/path`, `C:\x:/path` and their long form.

use crate::domain::interpolate::HOLE;
use crate::domain::yaml::{Entry, Key, Node, Value};

/// The long form of an item of `volumes`; itself if it is one. Of a source that begins with a variable of which nothing
/// is known only a `/` in it tells that it is a path.
pub fn long(item: Node) -> Node {
    let Some(text) = item.as_template() else { return item };
    let Some((source, target, options)) = split(text) else { return item };
    let hole = HOLE.to_string();
    let kind = match source {
        "" if target.contains(HOLE) => hole.as_str(),
        "" => "volume",
        _ if is_path(source) || (source.starts_with(HOLE) && source.contains('/')) => "bind",
        _ if source.starts_with(HOLE) => hole.as_str(),
        _ => "volume",
    };
    let read_only = match options {
        _ if options.split(',').any(|option| option == "ro") => Some("true"),
        _ => options.contains(HOLE).then_some(hole.as_str()),
    };
    let pairs = [
        ("type", Some(kind)),
        ("source", (!source.is_empty()).then_some(source)),
        ("target", Some(target)),
        ("read_only", read_only),
    ];
    let written = item.as_written().filter(|written| *written != text);
    let written = written.map(|whole| match split(whole) {
        Some((from, to, _)) if from.is_empty() == source.is_empty() => (from, to),
        _ => (whole, whole),
    });
    let entries = pairs.into_iter().filter_map(|(key, value)| {
        let mut node = Node::text(&item.span, value?);
        if let Value::Scalar(scalar) = &mut node.value {
            scalar.written = written.and_then(|(source, target)| match key {
                "source" => Some(source.to_owned()),
                "target" => Some(target.to_owned()),
                _ => None,
            });
        }
        Some(Entry { key: Key::new(key, &item.span), value: node })
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
