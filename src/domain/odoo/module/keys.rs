//! The keys of a manifest: which there are, what type their values have, and which stand twice.

use crate::domain::finding::{Finding, Span};
use crate::domain::input::nearest;
use crate::domain::odoo::literal::{Node, Value};
use crate::domain::odoo::module::rules;

/// What a value has to be.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Texts,
    Switch,
    Number,
    /// A dictionary of lists of texts.
    Groups,
    /// A dictionary of lists.
    Bundles,
    /// `True`, `False` or texts.
    Triggers,
    Any,
}

/// The keys that Odoo, its own modules or OCA use.
const KEYS: &[(Shape, &[&str])] = &[
    (
        Shape::Text,
        &[
            "name",
            "version",
            "summary",
            "description",
            "category",
            "license",
            "website",
            "icon",
            "post_init_hook",
            "post_load",
            "pre_init_hook",
            "uninstall_hook",
        ],
    ),
    (
        Shape::Texts,
        &["depends", "data", "demo", "qweb", "init_xml", "update_xml", "demo_xml", "test"],
    ),
    (Shape::Switch, &["installable", "application", "active"]),
    (Shape::Number, &["sequence"]),
    (Shape::Groups, &["external_dependencies"]),
    (Shape::Bundles, &["assets"]),
    (Shape::Triggers, &["auto_install"]),
    (
        Shape::Any,
        &[
            "author",
            "bootstrap",
            "certificate",
            "cloc_exclude",
            "configurator_snippets",
            "configurator_snippets_addons",
            "contributors",
            "countries",
            "css",
            "currency",
            "development_status",
            "excludes",
            "iap_paid_service",
            "images",
            "images_preview_theme",
            "js",
            "live_preview_url",
            "live_test_url",
            "maintainers",
            "new_page_templates",
            "price",
            "snippet_lists",
            "support",
            "theme_customizations",
            "to_buy",
            "url",
            "web",
        ],
    ),
];

/// Keys of former versions and what they are called now.
const LEGACY: [(&str, &str); 4] = [
    ("init_xml", "data"),
    ("update_xml", "data"),
    ("demo_xml", "demo"),
    ("active", "auto_install"),
];

/// What is wrong with the keys and the types of their values.
pub(super) fn check(file: &str, pairs: &[(Node, Node)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (key, value) in pairs {
        let Some(name) = key.text() else {
            let message = format!("{} is a key; Odoo knows only texts", capital(key.kind()));
            found.push(Finding::new(&rules::TYPE, span(file, key), message));
            continue;
        };
        found.extend(outdated_or_unknown(file, name, key));
        found.extend(mistyped(file, name, value));
    }
    found
}

/// Keys that stand twice, in the manifest and in every dictionary in it.
pub(super) fn duplicates(file: &str, node: &Node) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Value::Dict(pairs) = &node.value {
        let mut first_lines = std::collections::HashMap::new();
        for (key, value) in pairs {
            found.extend(duplicates(file, value));
            let Some(name) = key.text() else { continue };
            if let Some(line) = first_lines.insert(name, key.start.line) {
                let message =
                    format!("`{name}` stands in line {line} already, and that value is dropped");
                found.push(Finding::new(&rules::DUPLICATE_KEY, span(file, key), message));
            }
        }
    }
    found.extend(node.elements().into_iter().flatten().flat_map(|one| duplicates(file, one)));
    found
}

/// Where a value stands.
pub(super) fn span(file: &str, node: &Node) -> Span {
    Span { file: file.into(), start: node.start, end: node.end }
}

fn outdated_or_unknown(file: &str, name: &str, key: &Node) -> Option<Finding> {
    if let Some((_, now)) = LEGACY.iter().find(|(legacy, _)| *legacy == name) {
        let message = format!("`{name}` is a key of former versions");
        let finding = Finding::new(&rules::LEGACY_KEY, span(file, key), message);
        return Some(finding.hint(format!("It is `{now}` today.")));
    }
    let known = || KEYS.iter().flat_map(|(_, names)| names.iter().copied());
    if known().any(|known| known == name) {
        return None;
    }
    let message = format!("Odoo does not know the key `{name}`");
    let finding = Finding::new(&rules::UNKNOWN_KEY, span(file, key), message);
    Some(match nearest(name, known()) {
        Some(near) => finding.hint(format!("Did you mean `{near}`?")),
        None => finding,
    })
}

fn mistyped(file: &str, name: &str, value: &Node) -> Option<Finding> {
    let (shape, _) = KEYS.iter().find(|(_, names)| names.contains(&name))?;
    let (wrong, expected) = fault(*shape, value)?;
    let message = if std::ptr::eq(wrong, value) {
        format!("`{name}` is {}, not {expected}", wrong.kind())
    } else {
        format!("`{name}` holds {}, not {expected}", wrong.kind())
    };
    Some(Finding::new(&rules::TYPE, span(file, wrong), message))
}

/// The value that is wrong, and what should be there.
fn fault(shape: Shape, value: &Node) -> Option<(&Node, &'static str)> {
    let is_switch = matches!(value.value, Value::Bool(_) | Value::Int(_));
    match shape {
        Shape::Any => None,
        Shape::Text => value.text().is_none().then_some((value, "a text")),
        Shape::Switch => (!is_switch).then_some((value, "`True` or `False`")),
        Shape::Number => match value.value {
            Value::Int(_) | Value::Float(_) => None,
            _ => Some((value, "a number")),
        },
        // A text is judged by what it triggers.
        Shape::Triggers if is_switch || value.text().is_some() => None,
        Shape::Triggers | Shape::Texts => texts(value),
        Shape::Groups => entries(value, texts),
        Shape::Bundles => entries(value, |one| match one.value {
            Value::List(_) | Value::Tuple(_) => None,
            _ => Some((one, "a list")),
        }),
    }
}

fn texts(value: &Node) -> Option<(&Node, &'static str)> {
    let Some(elements) = value.elements() else { return Some((value, "a list of texts")) };
    elements.iter().find(|one| one.text().is_none()).map(|one| (one, "only texts"))
}

fn entries<'a>(
    value: &'a Node,
    entry: impl Fn(&'a Node) -> Option<(&'a Node, &'static str)>,
) -> Option<(&'a Node, &'static str)> {
    let Value::Dict(pairs) = &value.value else {
        return Some((value, "a dictionary with lists"));
    };
    pairs.iter().find_map(|(_, value)| entry(value))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
