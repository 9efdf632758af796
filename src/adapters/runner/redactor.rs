//! Replaces known secrets by `***` before anything is printed.
//!
//! The runner masks too, but only on a runner, and not in a terminal's scroll-back or a file.

use std::sync::{Arc, PoisonError, RwLock};

/// Known secrets; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Arc<RwLock<Vec<String>>>);

impl Redactor {
    /// Learns values that must not be printed. Blank ones are ignored.
    pub fn learn(&self, values: impl IntoIterator<Item = String>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for value in values {
            if !value.trim().is_empty() && !known.contains(&value) {
                known.push(value);
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

    fn hits(&self, text: &str) -> Vec<(usize, usize)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().flat_map(|value| occurrences(text, value)).collect()
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
        redactor.learn(values.iter().map(ToString::to_string));
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
    fn clones_share_what_they_know() {
        let one = Redactor::default();
        let two = one.clone();
        one.learn(["secret".to_owned()]);
        assert!(two.finds("a secret"));
        assert!(!two.finds("nothing"));
    }
}
