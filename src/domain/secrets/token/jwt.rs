//! JSON web tokens: three parts in base64, of which the first is a header that names its algorithm.

use super::named;
use crate::domain::event::Level;
use crate::domain::secrets::candidate::Candidate;
use crate::domain::secrets::text::{Class, Text};

/// The token at a place.
pub(super) fn find(text: Text<'_>, place: usize) -> Option<Candidate> {
    if !text.has(place, "eyJ") || !text.is_start(place) {
        return None;
    }
    let end = text.run(place, |byte| Class::Dotted.has(byte));
    let mut parts = text.text(place..end).split('.');
    let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if payload.len() < 10 || signature.len() < 20 || !names_algorithm(header) {
        return None;
    }
    let end = place + header.len() + payload.len() + signature.len() + 2;
    let found = named("a JSON web token", "eyJ", place..end);
    let payload = decoded(payload).unwrap_or_default();
    let is_example = String::from_utf8_lossy(&payload).contains("1234567890");
    Some(found.with_level(if is_example { Level::Notice } else { Level::Warning }))
}

fn names_algorithm(header: &str) -> bool {
    let header = decoded(header);
    let header = header.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    header.is_some_and(|header| header.get("alg").is_some_and(serde_json::Value::is_string))
}

/// Base64 without padding, in either alphabet.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count).to_le_bytes()[0]);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> Option<Level> {
        find(Text { bytes: text.as_bytes() }, 0).map(|one| one.level)
    }

    #[test]
    fn headers_decide() {
        let signature = "q8ZsK2vXw7RtYp4LmN0bHcG5vQx9Zt";
        let header = format!("ey{}", "JhbGciOiJIUzI1NiJ9");
        assert_eq!(level(&format!("{header}.eyJzdWIiOiJhIn0.{signature}")), Some(Level::Warning));
        let sample = format!("{header}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{signature}");
        assert_eq!(level(&sample), Some(Level::Notice));
        // `{"typ":"x"}` names no algorithm.
        assert_eq!(level(&format!("eyJ0eXAiOiJ4In0.eyJzdWIiOiJhIn0.{signature}")), None);
        assert_eq!(level(&format!("{header}.eyJzdWIiOiJhIn0")), None);
        assert_eq!(level(&format!("{header}.eyJzdWIiOiJhIn0.short")), None);
        assert_eq!(level("eyJ"), None);
    }

    #[test]
    fn base64() {
        assert_eq!(decoded("aGVsbG8").unwrap(), b"hello");
        assert_eq!(decoded("a b"), None);
    }
}
