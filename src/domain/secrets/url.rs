//! Addresses with a password inside: `scheme://user:password@host`.

use super::candidate::Candidate;
use super::placeholder::is_placeholder;
use super::reference::is_reference;
use super::text::Text;
use crate::domain::event::Level;
use crate::domain::finding::Rule;

/// An address has a password inside.
pub const URL_CREDENTIALS: Rule = Rule {
    id: "secret.url-credentials",
    level: Level::Error,
    about: "password in an address",
    help: "Addresses are logged, shown and copied, and the password goes with them. Change it, and put the address \
           together from variables or a secret.",
};

/// The longest user and password that are looked at together.
const LONGEST: usize = 300;

/// Hosts that only examples have.
const INVENTED: [&str; 8] = [
    "example.com",
    "example.org",
    "example.net",
    ".example",
    ".test",
    ".invalid",
    "yourhost",
    "hostname",
];

/// The password in the address whose `://` stands at a place.
pub(super) fn find(text: Text<'_>, place: usize) -> Option<Candidate> {
    let start = place + 3;
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if !text.before(place).is_ascii_alphanumeric() {
        return None;
    }
    let window = text.part(start..start + LONGEST);
    let end = window.iter().position(|byte| is_end(*byte)).unwrap_or(window.len());
    let at = start + memchr::memrchr(b'@', window.get(..end)?)?;
    let (_, password) = text.text(start..at).split_once(':')?;
    let host_end =
        text.run(at + 1, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let host = text.text(at + 1..host_end);
    let is_somewhere = !host.is_empty() || matches!(text.at(at + 1), b'$' | b'{' | b'%' | b'[');
    if !is_literal(password) || !is_somewhere || is_invented(host) {
        return None;
    }
    let scheme = text.text(text.run_back(place, is_scheme)..place);
    let length = password.chars().count();
    let what =
        format!("a password of {length} characters in an address ({scheme}://\u{2026}@{host})");
    let found = Candidate::new(&URL_CREDENTIALS, at - password.len()..at, what);
    Some(if is_local(host) { found.with_level(Level::Warning) } else { found })
}

/// What ends the part before the host.
fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || byte.is_ascii_control()
        || matches!(byte, b'/' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'?' | b',' | b'\\')
}

fn is_literal(password: &str) -> bool {
    let is_pattern =
        |byte: u8| matches!(byte, b'[' | b']' | b'{' | b'}' | b'^' | b'|' | b'(' | b')');
    password.len() >= 3
        && !password.bytes().any(is_pattern)
        && !is_reference(password)
        && !password.starts_with(['%', '$', '*'])
        && !is_placeholder(password)
}

fn is_invented(host: &str) -> bool {
    INVENTED.iter().any(|invented| host.ends_with(invented)) || host == "host"
}

/// Whether a host is this machine or one beside it: `localhost`, `db`.
fn is_local(host: &str) -> bool {
    host.starts_with("127.")
        || host == "0.0.0.0"
        || host.ends_with(".localhost")
        || host.ends_with(".internal")
        || !host.is_empty() && !host.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(Level, &str)> {
        let place = text.find("://")?;
        let one = find(Text { bytes: text.as_bytes() }, place)?;
        Some((one.level, &text[one.range]))
    }

    #[test]
    fn addresses_with_a_password() {
        for (text, level, password) in [
            ("postgres://shop:hunter22@db.shop.io:5432/x", Level::Error, "hunter22"),
            ("uri: \"mongodb+srv://a:b%40c9@c.mongodb.net\"", Level::Error, "b%40c9"),
            ("https://:tok3nvalue@git.shop.io/x.git", Level::Error, "tok3nvalue"),
            ("redis://a:p@ss1@redis.shop.io", Level::Error, "p@ss1"),
            ("postgres://shop:hunter22@db/x", Level::Warning, "hunter22"),
            ("amqp://guest:guest@localhost:5672", Level::Warning, "guest"),
            ("http://a:hunter22@127.0.0.1/", Level::Warning, "hunter22"),
            ("postgres://shop:hunter22@${HOST}/x", Level::Error, "hunter22"),
        ] {
            assert_eq!(found(text), Some((level, password)), "{text}");
        }
    }

    #[test]
    fn addresses_without_one() {
        for text in [
            "https://shop.io/a:b@c",
            "https://user@shop.io",
            "https://shop.io:8080/x@y",
            "postgres://a:${PASSWORD}@db.io/x",
            "postgres://a:$PASSWORD@db.io/x",
            "postgres://a:{{ pw }}@db.io/x",
            "postgres://a:<pw>@db.io",
            "postgres://%s:%s@db.io",
            "postgres://{user}:{pw}@db.io",
            "postgres://user:password@db.io",
            "postgres://user:changeme@db.io",
            "postgres://a:***@db.io",
            "postgres://a:xxx@db.io",
            "https://a:hunter22@example.com/",
            "https://[^:]+:[^@]+@x",
            "://a:hunter22@b.io",
            "https://",
            "https://a:hunter22@",
            "https://a:hunter22@/x",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
