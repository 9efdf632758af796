//! The rules of compose files, one file for each subject, and what they look at.

mod access;
mod data;
mod dependencies;
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

use std::collections::BTreeSet;

use crate::domain::compose::stack::Stack;
use crate::domain::compose::variables::{self as templates, Asked};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::known::Known;

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
    /// What the engine has; none where it was not asked.
    pub engine: Option<&'a Engine>,
}

/// Networks and volumes that the engine has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// Names of networks.
    pub networks: BTreeSet<String>,
    /// Names of volumes.
    pub volumes: BTreeSet<String>,
}

/// Everything that the rules find.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let checks = [
        variables::check,
        references::check,
        dependencies::check,
        images::check,
        paths::check,
        ports::check,
        health::check,
        restart::check,
        data::check,
        access::check,
        traefik::check,
        literals::check,
    ];
    checks.iter().flat_map(|check| check(context)).collect()
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
