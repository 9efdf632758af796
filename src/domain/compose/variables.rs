//! Puts variables into every value of a file, and keeps who asked for what and where.

use std::collections::BTreeMap;

use crate::domain::compose::interpolate::{Need, fill};
use crate::domain::compose::rules::variables::{TEMPLATE, UNESCAPED_DOLLAR};
use crate::domain::finding::{Finding, Span};
use crate::domain::yaml::{Kind, Node, Value, part};

/// A variable that a compose file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// How it is asked for.
    pub need: Need,
    /// Where.
    pub span: Span,
    /// The author's own words for "missing".
    pub message: String,
    /// What it is worth.
    pub state: State,
}

/// What a variable is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody sets it.
    Unset,
    /// It is set to an empty text.
    Empty,
    /// It has a value.
    Filled,
}

/// The variables that were asked for, and the texts that are no templates.
#[derive(Debug, Default)]
pub struct Answers {
    /// In the order of the files.
    pub asked: Vec<Asked>,
    /// Each at its dollar sign.
    pub findings: Vec<Finding>,
}

impl Answers {
    /// Puts the variables into a tree.
    pub fn put_in(&mut self, node: &mut Node, values: &BTreeMap<String, String>) {
        match &mut node.value {
            Value::Mapping(entries) => {
                entries.iter_mut().for_each(|entry| self.put_in(&mut entry.value, values));
            }
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.put_in(item, values)),
            Value::Scalar(scalar) if scalar.kind == Kind::Text && scalar.text.contains('$') => {
                self.scalar(node, values);
            }
            Value::Scalar(_) => {}
        }
    }

    fn scalar(&mut self, node: &mut Node, values: &BTreeMap<String, String>) {
        let text = node.as_text().unwrap_or_default().to_owned();
        if let Some((from, to)) = hash(&text) {
            let span = part(node, from, to);
            let what = "the dollar signs of a password hash are taken for variables here";
            let finding = Finding::new(&UNESCAPED_DOLLAR, span.clone(), what).hiding(span);
            self.findings
                .push(finding.hint("double each of them: `$$`, or take the hash from a variable"));
            return;
        }
        let lookup = |name: &str| values.get(name).cloned();
        match fill(&text, &lookup) {
            Err(invalid) => self.findings.push(
                Finding::new(
                    &TEMPLATE,
                    part(node, invalid.at, invalid.at + 1),
                    "a `$` that begins no variable: Compose refuses the file",
                )
                .hint("a dollar sign that is meant as such is written `$$`"),
            ),
            Ok(filled) => {
                for one in filled.uses {
                    let state = match lookup(&one.name) {
                        None => State::Unset,
                        Some(value) if value.is_empty() => State::Empty,
                        Some(_) => State::Filled,
                    };
                    let span = part(node, one.from, one.to);
                    let (name, need, message) = (one.name, one.need, one.message);
                    self.asked.push(Asked { name, need, span, message, state });
                }
                if let Value::Scalar(scalar) = &mut node.value {
                    scalar.text = filled.text;
                    scalar.written = Some(text);
                }
            }
        }
    }
}

/// Where a password hash with single dollar signs begins and ends, in characters: `$apr1$...`, `$2y$...`, `$6$...`.
pub fn hash(text: &str) -> Option<(usize, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let kinds = ["apr1", "1", "2a", "2b", "2y", "5", "6", "y", "argon2i", "argon2id", "scrypt"];
    let is_hash = |at: usize| {
        let rest: String = chars.iter().skip(at + 1).take(10).collect();
        let alone = at == 0 || chars.get(at - 1) != Some(&'$');
        alone
            && rest.split_once('$').is_some_and(|(kind, rest)| {
                kinds.contains(&kind)
                    && rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "./".contains(c))
            })
    };
    let dollars = chars.iter().enumerate().filter(|(_, c)| **c == '$').map(|(at, _)| at);
    let from = dollars.into_iter().find(|at| is_hash(*at))?;
    let is_end = |c: &char| c.is_whitespace() || ",'\"".contains(*c);
    let length = chars.iter().skip(from).position(is_end).unwrap_or(chars.len() - from);
    Some((from, from + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_known_by_their_kind() {
        for (text, expected) in [
            ("admin:$apr1$abc/def$x,b", Some((6, 21))),
            ("$2y$05$abc", Some((0, 10))),
            ("admin:$$apr1$$abc", None),
            ("${A}$B$C", None),
            ("$1 $6", None),
            ("$USER$x", None),
        ] {
            assert_eq!(hash(text), expected, "{text}");
        }
    }
}
