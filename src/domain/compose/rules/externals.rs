//! Networks and volumes that somebody else makes: what the engine has to have before the stack starts.

use std::collections::BTreeSet;

use crate::domain::compose::stack::Stack;
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::yaml::Node;

/// Something external that the engine does not have.
pub const EXTERNAL_MISSING: Rule = Rule {
    id: "compose.external-missing",
    level: Level::Error,
    about: "an external network or volume that the engine does not have",
    help: "Compose does not create what is external: the stack would not start.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&EXTERNAL_MISSING];

/// What an external thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A network.
    Network,
    /// A volume.
    Volume,
}

impl Kind {
    const fn noun(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Volume => "volume",
        }
    }
}

/// Something external that the stack needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// What it is.
    pub kind: Kind,
    /// Its name on the engine.
    pub name: String,
    /// The name as it may be shown.
    pub shown: String,
    /// Where it is declared.
    pub span: Span,
}

/// Whether a declaration is one of something external.
pub fn is_external(node: &Node) -> bool {
    node.get("external").is_some_and(Node::is_true)
}

/// What is external in a stack, if its name is known.
pub fn of(stack: &Stack<'_>) -> Vec<External> {
    let kinds = [("networks", Kind::Network), ("volumes", Kind::Volume)];
    let all = kinds.into_iter().flat_map(|(key, kind)| {
        let declared = stack.declared(key).iter().filter(|entry| is_external(&entry.value));
        declared.filter_map(move |entry| {
            let own = entry.value.get("name").filter(|name| !name.is_null());
            let (name, shown) = match own {
                Some(name) => (name.as_text()?, name.shown()),
                None => (entry.key.text.as_str(), entry.key.shown()),
            };
            let (name, shown) = (name.to_owned(), shown.to_owned());
            Some(External { kind, name, shown, span: entry.key.span.clone() })
        })
    });
    all.collect()
}

/// What of it an engine does not have; `there` is what it has.
pub fn missing(externals: &[External], there: &BTreeSet<(Kind, String)>) -> Vec<Finding> {
    let is_missing = |one: &&External| !there.contains(&(one.kind, one.name.clone()));
    let missing = externals.iter().filter(is_missing).map(|one| {
        let noun = one.kind.noun();
        let what = format!("the external {noun} `{}` is not there on this host", one.shown);
        let hint = if one.shown.contains('$') {
            format!("create it with `docker {noun} create`")
        } else {
            format!("create it: docker {noun} create {}", one.shown)
        };
        Finding::new(&EXTERNAL_MISSING, one.span.clone(), what).hint(hint)
    });
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::read;

    #[test]
    fn what_is_external_has_to_be_there() {
        let text = "networks:\n  there: {external: true}\n  gone: {external: true}\n  n: {external: true, name: there}\n  own: {}\nvolumes:\n  there: {external: true}\n";
        let root = read("c.yml", text).roots.remove(0);
        let externals = of(&Stack::of(&root));
        let there = BTreeSet::from([(Kind::Network, "there".to_owned())]);
        let told: Vec<_> = missing(&externals, &there)
            .into_iter()
            .map(|one| (one.message, one.hint, one.span.start.line))
            .collect();
        let told_of = |noun: &str, name: &str, line| {
            (
                format!("the external {noun} `{name}` is not there on this host"),
                format!("create it: docker {noun} create {name}"),
                line,
            )
        };
        assert_eq!(told, [told_of("network", "gone", 3), told_of("volume", "there", 7)]);
    }
}
