//! Published ports: `"8080:80"`, `"127.0.0.1:8000-8002:80-82/udp"`, `"[::1]:80:80"` and their long form.

use crate::domain::yaml::{Entry, Key, Node, Value};

/// Most ports of one range: a range of all 65,536 is allowed, several of them would only cost time.
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

/// The long forms of an item of `ports`, one for each port of the container; itself if it is one or cannot be read.
pub fn long(item: Node) -> Vec<Node> {
    let Some(Ok(read)) = item.as_text().map(short) else { return vec![item] };
    let one = |offset: u32| {
        let published = read.published.map(|(first, last)| {
            if read.target.0 == read.target.1 && first != last {
                format!("{first}-{last}")
            } else {
                (first + offset).to_string()
            }
        });
        let host = (!read.host.is_empty()).then(|| read.host.to_owned());
        let pairs = [
            ("host_ip", host),
            ("target", Some((read.target.0 + offset).to_string())),
            ("published", published),
            ("protocol", Some(read.protocol.to_ascii_lowercase())),
        ];
        let entries = pairs.into_iter().filter_map(|(key, value)| {
            let key = Key { text: key.to_owned(), span: item.span.clone() };
            Some(Entry { key, value: Node::text(&item.span, value?) })
        });
        Node::made(&item.span, Value::Mapping(entries.collect()))
    };
    (0..=read.target.1 - read.target.0).map(one).collect()
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
