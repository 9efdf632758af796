//! The values of a manifest that matter, and what Odoo makes of them.

use crate::domain::finding::{Finding, Span};
use crate::domain::input::nearest;
use crate::domain::odoo::literal::{Node, Value};
use crate::domain::odoo::module::keys::span;
use crate::domain::odoo::module::{AutoInstall, Installable, Manifest, Written, rules};
use crate::domain::odoo::version::Version;

/// The licences that Odoo's list of modules can hold.
const LICENSES: [&str; 10] = [
    "GPL-2",
    "GPL-2 or any later version",
    "GPL-3",
    "GPL-3 or any later version",
    "AGPL-3",
    "LGPL-3",
    "Other OSI approved licence",
    "OEEL-1",
    "OPL-1",
    "Other proprietary",
];

/// Reads the values of one manifest.
pub(super) struct Reader<'a> {
    /// The file.
    pub(super) path: &'a str,
    /// Its dictionary.
    pub(super) pairs: &'a [(Node, Node)],
}

impl<'a> Reader<'a> {
    /// What the manifest says, without any findings.
    pub(super) fn facts(&self) -> Manifest {
        let lists = |keys: &[&str]| keys.iter().flat_map(|key| self.texts(self.get(key))).collect();
        Manifest {
            path: self.path.to_owned(),
            name: self.get("name").and_then(|node| self.written(node)),
            version: self.get("version").and_then(|node| self.written(node)),
            depends: lists(&["depends"]),
            data: lists(&["init_xml", "data", "update_xml"]),
            demo: lists(&["demo", "demo_xml"]),
            qweb: lists(&["qweb"]),
            assets: self.assets(),
            installable: if self.get("installable").is_some_and(is_false) {
                Installable::No
            } else {
                Installable::Yes
            },
            auto_install: self.auto_install(),
            python: self.texts(self.get("external_dependencies").and_then(|node| {
                let Value::Dict(pairs) = &node.value else { return None };
                last(pairs, "python")
            })),
            findings: Vec::new(),
        }
    }

    /// What is wrong with single values.
    pub(super) fn check(&self, manifest: &Manifest) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        for (key, hint) in [
            ("name", "Add a name that people read in the list of modules."),
            ("license", "Add one, such as 'license': 'LGPL-3'."),
        ] {
            if self.get(key).is_none() {
                let message = format!("the manifest has no `{key}`");
                let finding = Finding::new(&rules::KEY_MISSING, Span::file(self.path), message);
                found.push(finding.hint(hint));
            }
        }
        let license = self.get("license").and_then(|node| self.written(node));
        found.extend(license.and_then(|license| unknown_license(&license)));
        found.extend(manifest.version.as_ref().and_then(refused_version));
        found.extend(self.triggers(manifest));
        found
    }

    /// The value that Python keeps for a key.
    fn get(&self, key: &str) -> Option<&'a Node> {
        last(self.pairs, key)
    }

    fn written(&self, node: &Node) -> Option<Written> {
        Some(Written { text: node.text()?.to_owned(), span: span(self.path, node) })
    }

    fn texts(&self, node: Option<&Node>) -> Vec<Written> {
        let elements = node.and_then(Node::elements).unwrap_or_default();
        elements.iter().filter_map(|one| self.written(one)).collect()
    }

    fn auto_install(&self) -> AutoInstall {
        match self.get("auto_install") {
            Some(node) if node.elements().is_some() => AutoInstall::With(self.texts(Some(node))),
            Some(node) if !is_false(node) => AutoInstall::WithDependencies,
            _ => AutoInstall::Never,
        }
    }

    fn assets(&self) -> Vec<Written> {
        let Some(Value::Dict(bundles)) = self.get("assets").map(|node| &node.value) else {
            return Vec::new();
        };
        let entries = bundles.iter().filter_map(|(_, bundle)| bundle.elements()).flatten();
        let paths = entries.flat_map(|entry| match entry.elements() {
            None => std::slice::from_ref(entry),
            Some([what, ..]) if what.text() == Some("include") => &[],
            // What is done, and with which files.
            Some([_, paths @ ..]) => paths,
            Some([]) => &[],
        });
        paths.filter_map(|path| self.written(path)).collect()
    }

    /// What triggers the installation and is no dependency.
    fn triggers(&self, manifest: &Manifest) -> Vec<Finding> {
        let Some(node) = self.get("auto_install") else { return Vec::new() };
        if let Some(text) = node.text().filter(|text| !text.is_empty()) {
            let message = "`auto_install` is a text, of which Odoo takes every letter for a module";
            let finding = Finding::new(&rules::AUTO_INSTALL, span(self.path, node), message);
            return vec![finding.hint(format!("Write a list: ['{text}']."))];
        }
        let AutoInstall::With(triggers) = &manifest.auto_install else { return Vec::new() };
        let is_known = |name: &str| manifest.depends.iter().any(|one| one.text == name);
        let strangers = triggers.iter().filter(|one| !is_known(&one.text));
        strangers
            .map(|one| {
                let message =
                    format!("`auto_install` names `{}`, which is not in `depends`", one.text);
                Finding::new(&rules::AUTO_INSTALL, one.span.clone(), message)
            })
            .collect()
    }
}

fn last<'a>(pairs: &'a [(Node, Node)], key: &str) -> Option<&'a Node> {
    pairs.iter().rev().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
}

/// Whether Python takes a value for false.
fn is_false(node: &Node) -> bool {
    match &node.value {
        Value::None | Value::Bool(false) => true,
        Value::Int(digits) => digits == "0",
        Value::Float(float) => *float == 0.0,
        Value::Str(text) => text.is_empty(),
        Value::Dict(pairs) => pairs.is_empty(),
        _ => node.elements().is_some_and(<[Node]>::is_empty),
    }
}

fn unknown_license(license: &Written) -> Option<Finding> {
    let Written { text, span } = license;
    if LICENSES.contains(&text.as_str()) {
        return None;
    }
    let message = format!("Odoo does not know the licence `{text}`");
    let finding = Finding::new(&rules::LICENSE, span.clone(), message);
    Some(match nearest(text, LICENSES.into_iter()) {
        Some(near) => finding.hint(format!("Did you mean `{near}`?")),
        None => finding.hint(format!("It knows {}.", LICENSES.join(", "))),
    })
}

fn refused_version(version: &Written) -> Option<Finding> {
    let Written { text, span } = version;
    if Version::parse(text).is_some() {
        return None;
    }
    let message = format!("Odoo refuses the version `{text}`, and the module does not load");
    let finding = Finding::new(&rules::VERSION, span.clone(), message);
    Some(finding.hint("Write x.y, x.y.z, 17.0.x.y or 17.0.x.y.z, with the series of your Odoo."))
}
