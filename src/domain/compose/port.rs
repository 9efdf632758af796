//! Published ports: `"8080:80"`, `"127.0.0.1:8000-8002:80-82/udp"`, `"[::1]:80:80"` and their long form.

use crate::domain::interpolate::HOLE;
use crate::domain::yaml::{Entry, Key, Node, Value};

/// One more than the last port.
const RANGE: u32 = 65_536;

/// The parts of a short form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short<'a> {
    /// The address of the host; empty for all.
    pub host: &'a str,
    /// The ports of the host, both ends included; none where the engine chooses.
    pub published: Option<(u32, u32)>,
    /// The ports of the container, both ends included.
    pub target: (u32, u32),
    /// `tcp`, `udp` or `sctp`.
    pub protocol: &'a str,
}

/// Reads a short form.
///
/// # Errors
/// Why it is none, as the end of a sentence.
pub fn short(text: &str) -> Result<Short<'_>, String> {
    let (rest, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if !matches!(protocol.to_ascii_lowercase().as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("`{protocol}` is none of tcp, udp and sctp"));
    }
    let (before, target) = rest.rsplit_once(':').map_or((None, rest), |(a, b)| (Some(a), b));
    let target = range(target)?;
    let Some(before) = before else {
        return Ok(Short { host: "", published: None, target, protocol });
    };
    let (host, published) = split_host(before)?;
    let published = if published.is_empty() { None } else { Some(range(published)?) };
    if let Some((first, last)) = published
        && last - first != target.1 - target.0
        && target.0 != target.1
    {
        return Err("the two ranges have different lengths".to_owned());
    }
    Ok(Short { host, published, target, protocol })
}

/// `127.0.0.1:80`, `[::1]:80`, `::1:80`, `80`.
fn split_host(text: &str) -> Result<(&str, &str), String> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.parse::<std::net::IpAddr>().is_ok() {
        return Ok((host, port));
    }
    Err(format!("`{host}` is no address"))
}

fn range(text: &str) -> Result<(u32, u32), String> {
    let number = |text: &str| match text.parse::<u32>() {
        Ok(number) if number < RANGE && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(number)
        }
        _ => Err(format!("`{text}` is no port from 0 to 65535")),
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(format!("the range `{text}` ends before it begins"));
    }
    Ok((first, last))
}

/// The long form of an item of `ports`, ranges as `8000-8002`; itself if it is one or cannot be read. What a variable of
/// which nothing is known may hold is open: `${WEB}:80` says nothing of address and port of the host.
pub fn long(item: Node) -> Node {
    let Some(text) = item.as_template() else { return item };
    let made = if text.contains(HOLE) {
        open(text)
    } else {
        let Ok(read) = short(text) else { return item };
        Made {
            host: read.host.to_owned(),
            target: shown(read.target),
            published: read.published.map_or(String::new(), shown),
            protocol: read.protocol.to_ascii_lowercase(),
        }
    };
    let pairs = [
        ("host_ip", made.host),
        ("target", made.target),
        ("published", made.published),
        ("protocol", made.protocol),
    ];
    let entries = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let entries = entries
        .map(|(key, value)| Entry { key: Key::new(key, &item.span), value: item.piece(value) });
    Node::made(&item.span, Value::Mapping(entries.collect()))
}

struct Made {
    host: String,
    target: String,
    published: String,
    protocol: String,
}

fn shown((first, last): (u32, u32)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// A short form in which something is not known.
fn open(text: &str) -> Made {
    let (rest, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let hole = HOLE.to_string();
    let (host, published, target) = match rest.rsplit_once(':') {
        None => (hole.clone(), hole, rest.to_owned()),
        Some((before, target)) => match before.rsplit_once(':') {
            Some((host, published)) => {
                (host.trim_matches(['[', ']']).to_owned(), published.to_owned(), target.to_owned())
            }
            None if before.contains(HOLE) => (hole, before.to_owned(), target.to_owned()),
            None => (String::new(), before.to_owned(), target.to_owned()),
        },
    };
    Made { host, target, published, protocol: protocol.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_read_as_compose_reads_them() {
        let some = |host, published, target, protocol| Short { host, published, target, protocol };
        for (text, expected) in [
            ("80", some("", None, (80, 80), "tcp")),
            ("8080:80", some("", Some((8080, 8080)), (80, 80), "tcp")),
            ("127.0.0.1:8080:80/udp", some("127.0.0.1", Some((8080, 8080)), (80, 80), "udp")),
            ("127.0.0.1::80", some("127.0.0.1", None, (80, 80), "tcp")),
            ("[::1]:8080:80", some("::1", Some((8080, 8080)), (80, 80), "tcp")),
            ("8000-8002:80-82", some("", Some((8000, 8002)), (80, 82), "tcp")),
            ("8000-8002:80", some("", Some((8000, 8002)), (80, 80), "tcp")),
            ("3000-3005", some("", None, (3000, 3005), "tcp")),
        ] {
            assert_eq!(short(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "a",
            "80:",
            "70000",
            "8080:80/http",
            "1.2.3:80:80",
            "5-3",
            "80-82:90-91",
            "x:80:80",
        ] {
            assert!(short(text).is_err(), "{text}");
        }
    }
}
