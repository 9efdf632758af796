//! Private keys: blocks of PEM with a body, and the files of `PuTTY`.

use std::ops::Range;

use super::candidate::Candidate;
use super::text::{Class, Text, distinct};
use crate::domain::event::Level;
use crate::domain::finding::Rule;

/// A private key stands in a file.
pub const PRIVATE_KEY: Rule = Rule {
    id: "secret.private-key",
    level: Level::Error,
    about: "private key in a file",
    help: "Who can read the repository can act as its owner. Take it out of use, make a new one, and pass that in as a \
           secret.",
};

/// The longest block that is looked at.
const LONGEST: usize = 16 * 1024;

/// The shortest body of a key, in characters of base64.
const BODY: usize = 64;

/// Bodies of examples have fewer different characters.
const DIFFERENT: usize = 16;

/// Shorter runs of base64 are words.
const RUN: usize = 16;

/// A key of OpenSSH without a passphrase says `none` here.
const OPENSSH_NONE: &[u8] = b"AAAABG5vbmU";

/// The block at `-----BEGIN`.
pub(super) fn pem(text: Text<'_>, place: usize) -> Option<Candidate> {
    let label = place + "-----BEGIN".len();
    let label_end = text.run(label, |byte| byte.is_ascii_alphanumeric() || byte == b' ');
    let name = text.text(label..label_end).trim();
    let is_private = name.ends_with("PRIVATE KEY") || name == "PGP PRIVATE KEY BLOCK";
    if !is_private || !text.has(place, "-----BEGIN") || !text.has(label_end, "-----") {
        return None;
    }
    let start = label_end + 5;
    let rest = text.part(start..start + LONGEST);
    let length = memchr::memmem::find(rest, b"-----").unwrap_or(rest.len().min(LONGEST));
    let body = text.part(start..start + length);
    if !is_body(body) {
        return None;
    }
    let end = closing(text, start + length);
    let is_locked = name.contains("ENCRYPTED")
        || memchr::memmem::find(body, b"ENCRYPTED").is_some()
        || name.starts_with("OPENSSH") && memchr::memmem::find(body, OPENSSH_NONE).is_none();
    Some(found(place..end, name, if is_locked { Level::Warning } else { Level::Error }))
}

/// The end of a line `-----END ...-----` that begins at a place.
fn closing(text: Text<'_>, place: usize) -> usize {
    let label = place + 5;
    let end = text.run(label, |byte| byte.is_ascii_alphanumeric() || byte == b' ');
    if text.has(place, "-----END") && text.has(end, "-----") {
        end + 5
    } else {
        place.min(text.bytes.len())
    }
}

/// The block at `Private-Lines:` of a file of `PuTTY`.
pub(super) fn putty(text: Text<'_>, place: usize) -> Option<Candidate> {
    let line = text.line(place);
    let count = text.text(line.start..line.end).strip_prefix("Private-Lines:")?;
    let count: usize = count.trim().parse().ok()?;
    let start = line.end + 1;
    let block = text.part(start..start + LONGEST);
    let end = memchr::memchr_iter(b'\n', block).take(count.min(200)).last()?;
    if !is_body(text.part(start..start + end)) {
        return None;
    }
    let head = text.part(line.start.saturating_sub(LONGEST)..line.start);
    let is_open = memchr::memmem::find(head, b"Encryption: none").is_some();
    let level = if is_open { Level::Error } else { Level::Warning };
    Some(found(start..start + end, "PuTTY", level))
}

/// Whether the text between the marks holds a key and is no sketch of one.
fn is_body(body: &[u8]) -> bool {
    let runs = body.split(|byte| !Class::Base64.has(*byte)).filter(|run| run.len() >= RUN);
    let mut count = 0;
    let mut kinds = 0;
    for run in runs {
        count += run.len();
        kinds = kinds.max(distinct(run));
    }
    count >= BODY && kinds >= DIFFERENT
}

fn found(range: Range<usize>, name: &str, level: Level) -> Candidate {
    let kind = name.split(" PRIVATE KEY").next().unwrap_or_default();
    let kind = match kind {
        "RSA" | "EC" | "OPENSSH" => format!("an {kind} private key"),
        "DSA" | "PGP" | "PuTTY" => format!("a {kind} private key"),
        _ => "a private key".to_owned(),
    };
    let locked = if level == Level::Error { "" } else { ", locked with a passphrase" };
    let what = format!("{kind}{locked}");
    Candidate::new(&PRIVATE_KEY, range, what).with_level(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

    fn block(label: &str, body: &str) -> String {
        let mark = "-".repeat(5);
        format!("{mark}BEGIN {label}{mark}\n{body}\n{mark}END {label}{mark}")
    }

    fn level(text: &str) -> Option<Level> {
        let place = text.find("-----BEGIN")?;
        let one = pem(Text { bytes: text.as_bytes() }, place)?;
        assert_eq!(one.range, place..text.trim_end_matches(['"', '\n']).len());
        Some(one.level)
    }

    #[test]
    fn keys_with_a_body() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
            assert_eq!(level(&block(label, LINE)), Some(Level::Error), "{label}");
        }
        let one_line = block("PRIVATE KEY", LINE).replace('\n', "\\n");
        assert_eq!(level(&format!("\"private_key\": \"{one_line}\"\n")), Some(Level::Error));
        let ssh = format!("b3BlbnNzaC1rZXktdjEAAAA{}{LINE}", "ABG5vbmU");
        assert_eq!(level(&block("OPENSSH PRIVATE KEY", &ssh)), Some(Level::Error));
    }

    #[test]
    fn locked_keys_are_warnings() {
        assert_eq!(level(&block("ENCRYPTED PRIVATE KEY", LINE)), Some(Level::Warning));
        let legacy = format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n{LINE}");
        assert_eq!(level(&block("RSA PRIVATE KEY", &legacy)), Some(Level::Warning));
        assert_eq!(level(&block("OPENSSH PRIVATE KEY", LINE)), Some(Level::Warning));
    }

    #[test]
    fn messages_name_the_kind() {
        let what = |label: &str| {
            let text = block(label, LINE);
            pem(Text { bytes: text.as_bytes() }, 0).map(|one| one.what).unwrap_or_default()
        };
        assert_eq!(what("PRIVATE KEY"), "a private key");
        assert_eq!(what("RSA PRIVATE KEY"), "an RSA private key");
        assert_eq!(what("PGP PRIVATE KEY BLOCK"), "a PGP private key");
        assert_eq!(what("ENCRYPTED PRIVATE KEY"), "a private key, locked with a passphrase");
    }

    #[test]
    fn no_keys() {
        let mark = "-".repeat(5);
        for text in [
            block("PRIVATE KEY", ""),
            block("PRIVATE KEY", "..."),
            block("PRIVATE KEY", &"x".repeat(200)),
            block("CERTIFICATE", LINE),
            block("PUBLIC KEY", LINE),
            format!("{mark}BEGIN PRIVATE KEY{mark}"),
            format!(
                "{mark}BEGIN PRIVATE KEY{mark} is how a key begins, and this is a long sentence about it"
            ),
            format!("{mark}BEGIN"),
        ] {
            assert_eq!(level(&text), None, "{text}");
        }
    }

    #[test]
    fn files_of_putty() {
        let text = format!(
            "Encryption: none\nPublic-Lines: 1\nA\nPrivate-Lines: 1\n{LINE}\nPrivate-MAC: 1\n"
        );
        let place = text.find("Private-Lines").unwrap();
        let one = putty(Text { bytes: text.as_bytes() }, place).unwrap();
        assert_eq!((&text[one.range], one.level), (LINE, Level::Error));
        let locked = text.replace("none", "aes");
        let one = putty(Text { bytes: locked.as_bytes() }, place - 1).unwrap();
        assert_eq!(one.level, Level::Warning);
        assert_eq!(putty(Text { bytes: b"Private-Lines: x" }, 0), None);
    }
}
