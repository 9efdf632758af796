//! Puts variables into every value of a file, and keeps who asked for what and where.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::interpolate::{HOLE, Need, Refused, Worth, fill, hash};
use crate::domain::limit::LIMIT;
use crate::domain::yaml::{Kind, Node, Value, part};

/// Most text that variables may make of the files of a stack, in bytes.
const MOST_TEXT: usize = 8 << 20;

/// Most variables that the files of a stack may ask for.
const MOST_USES: usize = 20_000;

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
    /// It gets its value on the host.
    Open,
}

/// What variables are worth to a project.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Those whose value is known.
    pub known: BTreeMap<String, String>,
    /// Those of which only the host knows the value.
    pub open: Open,
}

/// The variables that get their value on the host, where `known` has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Open {
    /// None: this is the host.
    #[default]
    Nothing,
    /// Those that an example names.
    Named(BTreeSet<String>),
    /// Whatever is asked for: nothing says which there are.
    Everything,
}

impl Values {
    /// What one is worth.
    pub fn worth(&self, name: &str) -> Worth {
        let known = self.known.get(name).cloned();
        let is_open = match &self.open {
            Open::Nothing => false,
            Open::Named(names) => names.contains(name),
            Open::Everything => true,
        };
        match known {
            None if is_open => Worth::Open,
            None => Worth::Unset,
            Some(text) if text.is_empty() && is_open => Worth::Open,
            Some(text) => Worth::Text(text),
        }
    }
}

/// The variables that were asked for, and the texts that are no templates.
#[derive(Debug, Default)]
pub struct Answers {
    /// In the order of the files.
    pub asked: Vec<Asked>,
    /// Each at its dollar sign.
    pub findings: Vec<Finding>,
    /// How much text was made so far.
    made: usize,
}

impl Answers {
    /// Puts the variables into a tree.
    pub fn put_in(&mut self, node: &mut Node, values: &Values) {
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

    fn scalar(&mut self, node: &mut Node, values: &Values) {
        let text = node.as_text().unwrap_or_default().to_owned();
        if let Some((from, to)) = hash(&text) {
            let span = part(node, from, to);
            let what = "the dollar signs of a password hash are taken for variables here";
            let finding = Finding::new(&UNESCAPED_DOLLAR, span.clone(), what).hiding(span);
            self.findings
                .push(finding.hint("double each of them: `$$`, or take the hash from a variable"));
            return;
        }
        if self.made > MOST_TEXT || self.asked.len() > MOST_USES {
            return open(node, text);
        }
        match fill(&text, &|name| values.worth(name)) {
            Err(Refused::Invalid(at)) => self.findings.push(
                Finding::new(
                    &TEMPLATE,
                    part(node, at, at + 1),
                    "this `${` begins no variable: Compose refuses the file",
                )
                .hint("a dollar sign that is meant as such is written `$$`"),
            ),
            Err(Refused::TooLarge) => {
                let what = "with its variables this text becomes longer than 1 MiB, or asks for more than 10000 of them";
                self.findings.push(Finding::new(&LIMIT, node.span.clone(), what));
                open(node, text);
            }
            Ok(filled) => {
                self.made += filled.text.len();
                for one in filled.uses {
                    let state = match values.worth(&one.name) {
                        Worth::Unset => State::Unset,
                        Worth::Text(value) if value.is_empty() => State::Empty,
                        Worth::Text(_) => State::Filled,
                        Worth::Open => State::Open,
                    };
                    let span = part(node, one.from, one.to);
                    let (name, need, message) = (one.name, one.need, one.message);
                    self.asked.push(Asked { name, need, span, message, state });
                }
                if let Value::Scalar(scalar) = &mut node.value {
                    scalar.text = filled.text;
                    scalar.written = Some(text);
                }
                self.limit(node);
            }
        }
    }

    /// Says once that there is too much: what follows is left open, so that nothing false is said of it.
    fn limit(&mut self, node: &Node) {
        if self.made > MOST_TEXT || self.asked.len() > MOST_USES {
            let what = format!(
                "the variables of the stack are used more than {MOST_USES} times, or make more than {} MiB of text: what follows is not checked",
                MOST_TEXT >> 20
            );
            self.findings.push(Finding::new(&LIMIT, node.span.clone(), what));
        }
    }
}

/// Nothing is known of a text.
fn open(node: &mut Node, text: String) {
    if let Value::Scalar(scalar) = &mut node.value {
        scalar.text = HOLE.to_string();
        scalar.written = Some(text);
    }
}
