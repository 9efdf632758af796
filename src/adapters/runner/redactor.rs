//! Replaces known secrets by `***` before anything is printed.
//!
//! The runner masks too, but only on a runner, and not in a terminal's scroll-back or a file.

use std::sync::{Arc, PoisonError, RwLock};

/// In shorter values anything that is sent may have been meant.
const TELLING: usize = 4;

/// A text that gives a secret away, and the input that the secret came from.
#[derive(Clone, Debug)]
struct Known {
    input: String,
    value: String,
}

/// Known secrets; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Arc<RwLock<Vec<Known>>>);

impl Redactor {
    /// Learns values of an input that must not be printed. Blank ones are ignored.
    pub fn learn(&self, input: &str, values: impl IntoIterator<Item = String>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for value in values {
            if !value.trim().is_empty() && !known.iter().any(|one| one.value == value) {
                known.push(Known { input: input.to_owned(), value });
            }
        }
    }

    /// The text with every occurrence of a known value replaced; hits that overlap or touch become one `***`.
    pub fn redact(&self, text: &str) -> String {
        let hits = merged(self.hits(text));
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (start, end) in hits {
            out.push_str(&text[from..start]);
            out.push_str("***");
            from = end;
        }
        out.push_str(&text[from..]);
        out
    }

    /// Whether a known value occurs in the text.
    pub fn finds(&self, text: &str) -> bool {
        !self.hits(text).is_empty()
    }

    /// The input of which a value of at least four characters occurs in the text.
    pub fn leaks(&self, text: &str) -> Option<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let is_in = |one: &&Known| {
            one.value.trim().chars().count() >= TELLING && text.contains(one.value.as_str())
        };
        known.iter().find(is_in).map(|one| one.input.clone())
    }

    fn hits(&self, text: &str) -> Vec<(usize, usize)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().flat_map(|one| occurrences(text, &one.value)).collect()
    }
}

/// Every occurrence, also those that overlap: `aa` is three times in `aaaa`.
fn occurrences<'a>(text: &'a str, value: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let step = value.chars().next().map_or(1, char::len_utf8);
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(value)?;
        from = start + step;
        Some((start, start + value.len()))
    })
}

fn merged(mut hits: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    hits.sort_unstable();
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (start, end) in hits {
        match out.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        let redactor = Redactor::default();
        redactor.learn("token", values.iter().map(ToString::to_string));
        redactor
    }

    #[test]
    fn known_values_are_replaced_and_others_stay() {
        let table: [(&[&str], &str, &str); 6] = [
            (&["hunter2"], "pw=hunter2!", "pw=***!"),
            (&["hunter2"], "pw=hunter3", "pw=hunter3"),
            (&["abcd", "cdef"], "xabcdefx", "x***x"),
            (&["aa"], "baaaab", "b***b"),
            (&["one", "two"], "onetwo", "***"),
            (&["  "], "a  b", "a  b"),
        ];
        for (values, text, expected) in table {
            assert_eq!(redactor(values).redact(text), expected, "{values:?} in {text:?}");
        }
    }

    #[test]
    fn characters_of_several_bytes_are_not_split() {
        assert_eq!(redactor(&["äöü"]).redact("xäöüäöüx"), "x***x");
    }

    #[test]
    fn what_leaks_is_told_by_its_input_and_never_by_its_value() {
        let redactor = redactor(&["hunter2", "abc"]);
        redactor.learn("slack-webhook", ["https://hooks.example.test/x".to_owned()]);
        assert_eq!(redactor.leaks("pw=hunter2!").as_deref(), Some("token"));
        let webhook = redactor.leaks("to https://hooks.example.test/x now");
        assert_eq!(webhook.as_deref(), Some("slack-webhook"));
        assert_eq!(redactor.leaks("abc is too short to mean anything"), None);
        assert_eq!(redactor.leaks(""), None);
    }

    #[test]
    fn clones_share_what_they_know() {
        let one = Redactor::default();
        let two = one.clone();
        one.learn("token", ["secret".to_owned()]);
        assert!(two.finds("a secret"));
        assert!(!two.finds("nothing"));
    }
}
