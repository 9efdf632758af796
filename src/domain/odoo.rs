//! Odoo modules, judged by their manifests: what Odoo would refuse to load, or would load in another way than was meant.

pub mod literal;
pub mod module;
pub mod paths;
pub mod project;
pub mod version;

use crate::domain::finding::Rule;

/// All rules about Odoo modules.
pub const RULES: &[&Rule] = &[
    &module::rules::SYNTAX,
    &module::rules::NOT_LITERAL,
    &module::rules::NOT_DICT,
    &module::rules::KEY_MISSING,
    &module::rules::LICENSE,
    &module::rules::VERSION,
    &module::rules::DUPLICATE_KEY,
    &module::rules::AUTO_INSTALL,
    &module::rules::LEGACY_KEY,
    &module::rules::UNKNOWN_KEY,
    &module::rules::TYPE,
    &module::rules::RENAMED,
    &project::DATA_MISSING,
    &project::DATA_ORDER,
    &project::ASSET_MISSING,
    &project::UNRESOLVED,
    &project::CYCLE,
    &project::SERIES,
    &project::BEHIND_MIGRATIONS,
    &project::NOT_BUMPED,
    &project::REQUIREMENT_MISSING,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_id_and_words() {
        let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            assert!(
                rule.id.starts_with("odoo.") && !rule.about.is_empty() && !rule.help.is_empty()
            );
        }
    }
}
