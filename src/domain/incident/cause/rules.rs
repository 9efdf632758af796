//! The rules, by what they are about. A line may fall under several; the weightiest counts.

mod compiled;
mod delivery;
mod javascript;
mod python;
mod scripted;
mod shell;

use super::rule::Rule;

const TABLES: [&[Rule]; 6] = [
    python::RULES,
    javascript::RULES,
    compiled::RULES,
    scripted::RULES,
    delivery::RULES,
    shell::RULES,
];

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    TABLES.into_iter().flatten()
}

#[cfg(test)]
mod tests;
