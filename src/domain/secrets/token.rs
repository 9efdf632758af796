//! Tokens that are known by their form: a prefix of their own, a set of characters and a length.

mod aws;
mod jwt;
mod near;
mod shapes;

use std::ops::Range;

use super::candidate::Candidate;
use super::checksum;
use super::placeholder::is_placeholder;
use super::text::{Class, Text, distinct};
use crate::domain::event::Level;
use crate::domain::finding::Rule;

pub(super) use shapes::SHAPES;

/// A token of a service stands in a file.
pub const TOKEN: Rule = Rule {
    id: "secret.token",
    level: Level::Error,
    about: "token of a service in a file",
    help: "Who can read the repository can use it, and so can everyone who ever gets a copy of its history. Revoke it, \
           make a new one, and pass that in as a secret.",
};

/// What more a token must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing.
    Form,
    /// A digit: without one it is a name.
    Digit,
    /// The checksum of GitHub.
    Checksum,
    /// A dot so many characters behind the prefix.
    Dot(usize),
    /// A slash and a `B` inside: the address of a webhook.
    Webhook,
}

/// A form of token.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// What it is, with its article.
    pub(super) name: &'static str,
    /// What it begins with; also the keyword that finds it.
    pub(super) prefix: &'static str,
    /// What stands behind the prefix.
    pub(super) class: Class,
    /// The fewest and the most characters behind the prefix.
    pub(super) length: (usize, usize),
    /// What more it must have.
    pub(super) check: Check,
    /// How much it matters.
    pub(super) level: Level,
}

/// Finds a token that needs more than a form. The place is that of a keyword.
pub(super) type Finder = fn(Text<'_>, usize) -> Option<Candidate>;

/// The keywords of [`Finder`]s.
pub(super) const FINDERS: [(&str, Finder); 11] = [
    ("akia", aws::find),
    ("asia", aws::find),
    ("akia", aws::secret),
    ("asia", aws::secret),
    ("eyj", jwt::find),
    ("t3blbkfj", near::openai),
    ("accountkey=", near::azure),
    (".atlasv1.", near::terraform),
    (":aa", near::telegram),
    ("twilio", near::twilio),
    ("discord", near::discord),
];

impl Shape {
    /// The token at a place where the keyword was found, in whatever case.
    pub(super) fn find(&'static self, text: Text<'_>, place: usize) -> Option<Candidate> {
        let start = place + self.prefix.len();
        if !text.has(place, self.prefix) || !text.is_start(place) {
            return None;
        }
        let end = text.run(start, |byte| self.class.has(byte));
        let end = start + trimmed(text.part(start..end)).len();
        let (least, most) = self.length;
        let body = text.part(start..end);
        if !(least..=most).contains(&body.len()) || is_invented(body) || !self.check.holds(body) {
            return None;
        }
        let found = named(self.name, self.prefix, place..end);
        if self.check == Check::Checksum && !checksum::is_right(body) {
            let what = format!("{}; the checksum is wrong: made up, or cut", found.what);
            return Some(Candidate { what, ..found }.with_level(Level::Notice));
        }
        Some(found.with_level(self.level))
    }
}

impl Check {
    fn holds(self, body: &[u8]) -> bool {
        match self {
            Self::Form | Self::Checksum => true,
            Self::Digit => body.iter().any(u8::is_ascii_digit),
            Self::Dot(at) => body.get(at) == Some(&b'.'),
            Self::Webhook => {
                body.first() == Some(&b'T') && body.windows(2).any(|pair| pair == b"/B")
            }
        }
    }
}

/// A token ends with no sign of a sentence.
fn trimmed(mut body: &[u8]) -> &[u8] {
    while let [rest @ .., b'.' | b'-' | b'/'] = body {
        body = rest;
    }
    body
}

/// Whether a body is a filling of examples: few different characters, or words of placeholders.
fn is_invented(body: &[u8]) -> bool {
    distinct(body) < 6 || std::str::from_utf8(body).is_ok_and(is_placeholder)
}

/// A token, described by its name, what of it is no secret, and its length.
fn named(name: &str, prefix: &str, range: Range<usize>) -> Candidate {
    let what = format!("{name} ({prefix}\u{2026}, {} characters)", range.len());
    Candidate::new(&TOKEN, range, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every finder finds in a text.
    fn found(text: &str) -> Vec<(Level, String)> {
        let bytes = Text { bytes: text.as_bytes() };
        let lower = text.to_ascii_lowercase();
        let at = |word: &str| {
            lower.match_indices(&word.to_ascii_lowercase()).map(|hit| hit.0).collect::<Vec<_>>()
        };
        let shapes = SHAPES.iter().flat_map(|shape| {
            at(shape.prefix).into_iter().filter_map(move |place| shape.find(bytes, place))
        });
        let finders = FINDERS.iter().flat_map(|(word, finder)| {
            at(word).into_iter().filter_map(move |place| finder(bytes, place))
        });
        shapes.chain(finders).map(|one| (one.level, text[one.range].to_owned())).collect()
    }

    fn body(class: Class, length: usize) -> String {
        let source = "a1B2c3D4e5F6a7B8c9D0";
        source
            .chars()
            .cycle()
            .filter(|c| class != Class::Upper || !c.is_ascii_lowercase())
            .take(length)
            .collect()
    }

    #[test]
    fn every_shape_is_found_at_its_lengths_and_at_no_other() {
        for shape in SHAPES {
            let (least, most) = shape.length;
            let make = |length: usize| {
                let mut body = body(shape.class, length);
                match shape.check {
                    Check::Dot(at) => body.replace_range(at..=at, "."),
                    Check::Webhook => body.replace_range(0..12, "T01ABCD2E/B0"),
                    _ => {}
                }
                format!("{}{body}", shape.prefix)
            };
            for length in [least, most] {
                let token = make(length);
                let all = found(&format!("x = '{token}'\n"));
                assert!(all.iter().any(|(_, found)| *found == token), "{} {length}", shape.prefix);
            }
            assert_eq!(found(&make(least - 1)), [], "{}", shape.prefix);
            assert_eq!(found(&format!("a{}", make(least))), [], "{}", shape.prefix);
            let masked = format!("{}{}", shape.prefix, "x".repeat(least));
            assert_eq!(found(&masked), [], "{}", shape.prefix);
        }
    }

    #[test]
    fn checksums_part_real_from_invented() {
        let right = format!("ghp{}{}", "_", checksum::signed("aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1"));
        assert_eq!(found(&right), [(Level::Error, right.clone())]);
        let wrong = right.replace("aB3", "aB4");
        assert_eq!(found(&wrong), [(Level::Notice, wrong.clone())]);
    }

    #[test]
    fn messages_show_no_secret() {
        let token = format!("glpat{}{}", "-", body(Class::Url, 20));
        let shape = SHAPES.iter().find(|shape| shape.prefix.starts_with("glpat")).unwrap();
        let one = shape.find(Text { bytes: token.as_bytes() }, 0).unwrap();
        assert_eq!(one.what, "a GitLab token (glpat-\u{2026}, 26 characters)");
    }

    #[test]
    fn a_token_may_stand_in_a_quoted_line_or_end_a_sentence() {
        let token = format!("glpat{}{}", "-", body(Class::Url, 20));
        for text in [format!("\"a\\n{token}\\n\""), format!("It is {token}."), format!("({token})")]
        {
            assert_eq!(found(&text).len(), 1, "{text}");
        }
    }
}
