//! Keys of AWS: an identifier with a prefix, and a secret near it that only its length shows.

use super::TOKEN;
use crate::domain::event::Level;
use crate::domain::secrets::candidate::Candidate;
use crate::domain::secrets::randomness::is_random;
use crate::domain::secrets::text::{Class, Text};

/// How far around the identifier the secret is looked for, in bytes.
const NEAR: usize = 300;

/// The length of the secret.
const SECRET: usize = 40;

/// The identifier at a place, and how much it matters by what stands near it.
pub(super) fn find(text: Text<'_>, place: usize) -> Option<Candidate> {
    let end = text.run(place, |byte| Class::Upper.has(byte));
    let is_known = text.has(place, "AKIA") || text.has(place, "ASIA");
    if !is_known || !text.is_start(place) || end - place != 20 {
        return None;
    }
    if text.text(place..end).ends_with("EXAMPLE") || super::is_invented(text.part(place + 4..end)) {
        return None;
    }
    let prefix = text.text(place..place + 4);
    if secret_near(text, place).is_some() {
        let what =
            format!("an AWS key ({prefix}\u{2026}, 20 characters) with its secret beside it");
        return Some(Candidate::new(&TOKEN, place..end, what));
    }
    let what = format!("the identifier of an AWS key ({prefix}\u{2026}, 20 characters)");
    Some(Candidate::new(&TOKEN, place..end, what).with_level(Level::Warning))
}

/// The secret that belongs to an identifier.
pub(super) fn secret(text: Text<'_>, place: usize) -> Option<Candidate> {
    find(text, place)?;
    let range = secret_near(text, place)?;
    let what = "the secret of an AWS key (40 characters)".to_owned();
    Some(Candidate::new(&TOKEN, range, what))
}

fn secret_near(text: Text<'_>, place: usize) -> Option<std::ops::Range<usize>> {
    let is_inside = |byte: u8| byte != b'=' && Class::Base64.has(byte);
    let mut at = place.saturating_sub(NEAR);
    let last = (place + NEAR).min(text.bytes.len());
    while at < last {
        let start = at + text.part(at..last).iter().position(|byte| is_inside(*byte))?;
        let start = text.run_back(start, is_inside);
        let end = text.run(start, is_inside).max(start + 1);
        if end - start == SECRET && is_random(text.text(start..end)) {
            return Some(start..end);
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> Option<Level> {
        let place = text.find("AK").unwrap_or_default();
        find(Text { bytes: text.as_bytes() }, place).map(|one| one.level)
    }

    #[test]
    fn identifiers_with_and_without_their_secret() {
        let key = format!("AK{}Q3ZX7RT2LMP9WB4K", "IA");
        let secret_text = "q8ZsK2vXw7RtYp4LmN0bHc/G5vQx9ZtR2kLw8PmN";
        let both = format!("id = {key}\nsecret = {secret_text}\n");
        assert_eq!(level(&both), Some(Level::Error));
        let place = both.find("AK").unwrap();
        let one = secret(Text { bytes: both.as_bytes() }, place).unwrap();
        assert_eq!(&both[one.range], secret_text);
        assert_eq!(level(&format!("id = {key}\n")), Some(Level::Warning));
        assert_eq!(level(&format!("id = AK{}IOSFODNN7EXAMPLE", "IA")), None);
        assert_eq!(level(&format!("{key}A")), None);
        assert_eq!(level("AKIAN is a word"), None);
    }
}
