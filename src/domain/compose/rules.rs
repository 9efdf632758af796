//! The rules of compose files, one file for each subject, and what they look at.

mod access;
mod data;
mod dependencies;
pub mod externals;
pub mod files;
mod health;
mod images;
mod literals;
mod paths;
mod ports;
mod references;
mod restart;
mod traefik;
pub mod variables;

use std::cell::Cell;

use crate::domain::compose::stack::Stack;
use crate::domain::compose::variables::{self as templates, Asked};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::input::nearest;
use crate::domain::known::{IfIgnored, Known};
use crate::domain::limit::LIMIT;

/// Where a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In a checkout: what only the host has is not there.
    PullRequest,
    /// On the host, before a deploy: everything has to be there.
    Deploy,
}

/// What the rules look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// The services and what they use.
    pub stack: Stack<'a>,
    /// The variables that the files ask for.
    pub asked: &'a [Asked],
    /// Where the values of variables come from, for messages: `.env`, `.env.example`.
    pub source: &'a str,
    /// The files of the checkout.
    pub known: &'a Known,
    /// Where it runs.
    pub mode: Mode,
    /// Whether all files of the stack could be read: else a name may be declared in what is missing.
    pub is_whole: bool,
    /// How often the nearest name was looked for.
    pub asked_near: Cell<usize>,
}

/// Most names for which the nearest known one is looked for.
const NEAR: usize = 500;

/// Most services that are checked.
const MOST: usize = 1_000;

impl Context<'_> {
    /// The known name most like a mistyped one; none any more after `NEAR` of them.
    pub fn nearest<'n>(&self, name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        self.asked_near.set(self.asked_near.get() + 1);
        if self.asked_near.get() > NEAR { None } else { nearest(name, known) }
    }
}

/// Everything that the rules find, and what they find if git ignores a path or does not.
pub fn check(context: &Context<'_>) -> (Vec<Finding>, Vec<IfIgnored>) {
    if let Some(service) = context.stack.services.get(MOST) {
        let count = context.stack.services.len();
        let what = format!("the stack has {count} services, and at most {MOST} are checked");
        return (vec![Finding::new(&LIMIT, service.span(), what)], Vec::new());
    }
    let checks = [
        variables::check,
        references::check,
        dependencies::check,
        images::check,
        ports::check,
        health::check,
        restart::check,
        data::check,
        access::check,
        traefik::check,
        literals::check,
    ];
    let mut findings: Vec<Finding> = checks.iter().flat_map(|check| check(context)).collect();
    let (missing, open) = paths::check(context);
    findings.extend(missing);
    (findings, open)
}

/// The rules whose findings, at the level of an error, Compose 2.40 refuses too; the others are ours.
/// `tests/it/compose/differential.rs` compares.
pub const REFUSED: &[&str] = &[
    "yaml.syntax",
    "yaml.duplicate-key",
    "files.unreadable",
    "compose.merge",
    "compose.schema",
    "compose.unknown-key",
    "compose.value",
    "compose.template",
    "compose.required-variable",
    "compose.file-missing",
    "compose.env-file-missing",
    "compose.extends",
    "compose.include",
    "compose.undefined-reference",
    "compose.no-image-or-build",
    "compose.container-name",
    "compose.contradiction",
    "compose.dependency-cycle",
    "compose.healthcheck-form",
];

/// Every rule of compose files.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let own = [&MERGE, &SCHEMA, &UNKNOWN_KEY, &DUPLICATE_ITEM, &VALUE];
    own.into_iter()
        .chain(templates::RULES.iter().copied())
        .chain(variables::RULES.iter().copied())
        .chain(files::RULES.iter().copied())
        .chain(references::RULES.iter().copied())
        .chain(externals::RULES.iter().copied())
        .chain(dependencies::RULES.iter().copied())
        .chain(images::RULES.iter().copied())
        .chain(paths::RULES.iter().copied())
        .chain(ports::RULES.iter().copied())
        .chain(health::RULES.iter().copied())
        .chain(restart::RULES.iter().copied())
        .chain(data::RULES.iter().copied())
        .chain(access::RULES.iter().copied())
        .chain(traefik::RULES.iter().copied())
        .chain(literals::RULES.iter().copied())
}

/// Two files say things that cannot be joined.
pub const MERGE: Rule = Rule {
    id: "compose.merge",
    level: Level::Error,
    about: "two compose files that cannot be joined",
    help: "One file gives a list where the other gives a mapping. Compose refuses both.",
};

/// The published schema is violated.
pub const SCHEMA: Rule = Rule {
    id: "compose.schema",
    level: Level::Error,
    about: "a value that the Compose Specification does not allow",
    help: "Compose refuses the file.",
};

/// A key that Compose does not know.
pub const UNKNOWN_KEY: Rule = Rule {
    id: "compose.unknown-key",
    level: Level::Error,
    about: "a key that Compose does not know",
    help: "Most often a typing error. Compose refuses the file. Keys of your own begin with `x-`.",
};

/// A list that says the same twice, which Compose joins.
pub const DUPLICATE_ITEM: Rule = Rule {
    id: "compose.duplicate-item",
    level: Level::Notice,
    about: "a list that holds the same item twice",
    help: "Compose drops one of the two. Most often another item was meant.",
};

/// A value that has to be a duration, a size, a number or a truth value.
pub const VALUE: Rule = Rule {
    id: "compose.value",
    level: Level::Error,
    about: "a duration, size, number or port that cannot be read",
    help: "Compose refuses the file.",
};

#[cfg(test)]
pub(crate) mod tests;
