//! Puts variables into every value of a file, and keeps who asked for what and where.

use std::collections::BTreeMap;

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::interpolate::{Need, fill, hash};
use crate::domain::yaml::{Kind, Node, Value, part};

/// A dollar sign that begins no variable.
pub const TEMPLATE: Rule = Rule {
    id: "compose.template",
    level: Level::Error,
    about: "a `${` that begins no variable",
    help: "Compose refuses the file. A dollar sign that is meant as such is written `$$`.",
};

/// A password hash whose dollar signs are taken for variables.
pub const UNESCAPED_DOLLAR: Rule = Rule {
    id: "compose.unescaped-dollar",
    level: Level::Error,
    about: "a password hash whose dollar signs are taken for variables",
    help: "Compose mangles the hash without a word, and nobody can log in. Double each dollar sign.",
};

/// The rules of templates.
pub const RULES: &[&Rule] = &[&TEMPLATE, &UNESCAPED_DOLLAR];

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
                for entry in entries {
                    self.put_in(&mut entry.value, values);
                }
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
                    "this `${` begins no variable: Compose refuses the file",
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
