//! What modules depend on: whether it is there, and whether it goes round in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::event::Level::{Error, Notice, Warning};
use crate::domain::finding::{Finding, Rule};
use crate::domain::odoo::module::{Installable, Written};
use crate::domain::odoo::project::{Addons, Module, Project, installed};

/// A dependency that is not there.
pub const UNRESOLVED: Rule = Rule {
    id: "odoo.depends-unresolved",
    level: Error,
    about: "a module depends on one that is not there",
    help: "Odoo leaves out a module whose dependencies are missing. Correct the name, or add the module to a folder of \
           `addons_path`. It is an error only if Odoo's own modules are among the folders that were looked at.",
};

/// Modules that depend on each other.
pub const CYCLE: Rule = Rule {
    id: "odoo.depends-cycle",
    level: Error,
    about: "modules depend on each other in a circle",
    help: "Odoo can load none of them. Move what they share into a module that both depend on.",
};

/// From the shortest name that may be taken for a mistyped one.
const LONG_ENOUGH: usize = 5;

/// Modules by their names. Of several with one name the first that can be installed counts.
type ByName<'a> = BTreeMap<&'a str, &'a Module>;

/// What is wrong with the dependencies of all modules.
pub(super) fn check(project: &Project) -> Vec<Finding> {
    let mut by_name = ByName::new();
    for module in &project.modules {
        let kept = by_name.entry(module.name()).or_insert(module);
        if kept.manifest.installable == Installable::No {
            *kept = module;
        }
    }
    let mut found = unresolved(project, &by_name);
    found.extend(cycles(&by_name));
    found
}

fn unresolved(project: &Project, by_name: &ByName) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for module in installed(project) {
        for needed in &module.manifest.depends {
            let name = needed.text.as_str();
            // What may well lie elsewhere is told once.
            let may_repeat = project.addons == Addons::WithBase || by_name.contains_key(name);
            if seen.insert(name) || may_repeat {
                found.extend(judged(project, by_name, needed));
            }
        }
    }
    found
}

fn judged(project: &Project, by_name: &ByName, needed: &Written) -> Option<Finding> {
    let Written { text: name, span } = needed;
    let finding = |message: String| Finding::new(&UNRESOLVED, span.clone(), message);
    match by_name.get(name.as_str()) {
        Some(module) if module.manifest.installable == Installable::No => {
            return Some(finding(format!("the module `{name}` is there, but not installable")));
        }
        Some(_) => return None,
        None if name == "base" && project.addons == Addons::Partial => return None,
        None => {}
    }
    let near = mistyped(name, by_name);
    let hint = near.map(|near| format!("Did you mean `{near}`?")).unwrap_or_default();
    let (level, message) = match (project.addons, near) {
        (Addons::WithBase, _) => (Error, format!("there is no module `{name}`")),
        (Addons::Partial, Some(_)) => {
            (Warning, format!("the module `{name}` is not in this project"))
        }
        (Addons::Partial, None) => (Notice, format!("the module `{name}` is not in this project")),
    };
    Some(finding(message).with_level(level).hint(hint))
}

/// A module whose name differs in one letter, or in two of a long name.
fn mistyped<'a>(name: &str, by_name: &ByName<'a>) -> Option<&'a str> {
    let length = name.chars().count();
    if length < LONG_ENOUGH {
        return None;
    }
    let allowed = if length >= 2 * LONG_ENOUGH { 2 } else { 1 };
    let distance = |known: &&str| strsim::damerau_levenshtein(known, name);
    let is_like = |known: &&str| known.chars().count().abs_diff(length) <= allowed;
    let likest = by_name.keys().copied().filter(is_like).min_by_key(distance)?;
    (distance(&likest) <= allowed).then_some(likest)
}

/// One shortest circle for each group of modules that depend on each other.
fn cycles(by_name: &ByName) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (name, module) in by_name {
        if told.contains(name) {
            continue;
        }
        let Some(circle) = circle(name, by_name) else { continue };
        told.extend(&circle);
        let next = circle.get(1).unwrap_or(name);
        let edge = module.manifest.depends.iter().find(|one| one.text == **next);
        let Some(edge) = edge else { continue };
        let message = format!("modules depend on each other: {} -> {name}", circle.join(" -> "));
        found.push(Finding::new(&CYCLE, edge.span.clone(), message));
    }
    found
}

/// The shortest way from a module back to it, without the return.
fn circle<'a>(start: &'a str, by_name: &ByName<'a>) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        let Some(module) = by_name.get(at) else { continue };
        if module.manifest.installable != Installable::Yes {
            continue;
        }
        for needed in &module.manifest.depends {
            let Some((next, _)) = by_name.get_key_value(needed.text.as_str()) else { continue };
            if *next == start {
                return Some(way(at, &came_from));
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(next) {
                entry.insert(at);
                queue.push_back(next);
            }
        }
    }
    None
}

/// The way to a module from where a search began.
fn way<'a>(end: &'a str, came_from: &BTreeMap<&'a str, &'a str>) -> Vec<&'a str> {
    let mut way = vec![end];
    let mut at = end;
    while let Some(before) = came_from.get(at) {
        way.push(before);
        at = before;
    }
    way.reverse();
    way
}
