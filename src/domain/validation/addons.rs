//! The Odoo modules of a repository, put together from its files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::compose::rules::files::UNREADABLE;
use crate::domain::finding::{Finding, Span};
use crate::domain::known::{Entry, Known, folder, join, name};
use crate::domain::odoo::module::{self, Installable};
use crate::domain::odoo::paths::{addons_path, series_of_image};
use crate::domain::odoo::project::{self, Addons, Module, Project};

/// What is known besides the files.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The images of the stack, where they stand.
    pub images: Vec<(String, Span)>,
    /// Folders with modules, if the user says so.
    pub addons_paths: Vec<String>,
    /// The series, if the user says so.
    pub series: Option<String>,
    /// The versions of changed modules before the change, by folder; none for new ones.
    pub base_versions: BTreeMap<String, Option<String>>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The modules: folder, version (empty if it has none), whether it can be installed.
    pub modules: Vec<(String, String, Installable)>,
}

const MANIFESTS: [&str; 2] = ["__manifest__.py", "__openerp__.py"];

const CONFIGS: [&str; 3] = ["odoo.conf", "openerp-server.conf", "odoo-server.conf"];

/// Checks the modules. A repository without Odoo has none, whatever its Python packages look like.
pub fn check(files: &BTreeSet<String>, known: &Known, facts: &Facts) -> Checked {
    let mut checked = Checked::default();
    let manifests =
        files.iter().filter(|path| MANIFESTS.contains(&name(path)) && path.contains('/'));
    let mut modules = Vec::new();
    for path in manifests {
        match known.entry(path) {
            Entry::Text(text) => modules.push((path, text)),
            Entry::Unreadable(why) => {
                let what = format!("`{path}` cannot be read: {why}");
                checked.findings.push(Finding::new(&UNREADABLE, Span::file(path), what));
            }
            _ => {}
        }
    }
    let configs: Vec<&String> = files.iter().filter(|path| CONFIGS.contains(&name(path))).collect();
    let is_odoo = !configs.is_empty()
        || facts.images.iter().any(|(image, _)| series_of_image(image).is_some())
        || modules.iter().any(|(_, text)| text.contains("depends") || text.contains("installable"));
    if !is_odoo || modules.is_empty() {
        return checked;
    }
    let modules = modules.iter().map(|(path, text)| one(path, text, files)).collect();
    let series = facts.series.clone().map(|series| (series, Span::file("")));
    let by_image =
        facts.images.iter().find_map(|(image, span)| Some((series_of_image(image)?, span.clone())));
    let project = Project {
        modules,
        addons: addons(files, known, (facts, &configs)),
        series: series.or(by_image),
        requirements: requirements(files, known),
        base_versions: facts.base_versions.clone(),
    };
    checked.findings.extend(project::check(&project));
    let told = project.modules.iter().map(|module| {
        let version = module.manifest.version.as_ref().map(|version| version.text.clone());
        (module.folder.clone(), version.unwrap_or_default(), module.manifest.installable)
    });
    checked.modules = told.collect();
    checked
}

fn one(path: &str, text: &str, files: &BTreeSet<String>) -> Module {
    let own = folder(path).to_owned();
    let prefix = format!("{own}/");
    let inside = files.range(prefix.clone()..).take_while(|file| file.starts_with(&prefix));
    let files: BTreeSet<String> = inside.map(|file| file[prefix.len()..].to_owned()).collect();
    let versions = files.iter().filter_map(|file| {
        let rest = file.strip_prefix("migrations/").or_else(|| file.strip_prefix("upgrades/"))?;
        rest.split_once('/').map(|(version, _)| version.to_owned())
    });
    let migrations: BTreeSet<String> = versions.collect();
    Module {
        manifest: module::read(path, text),
        folder: own,
        migrations: migrations.into_iter().collect(),
        files,
    }
}

/// Whether a folder with modules holds Odoo's own `base`.
fn addons(
    files: &BTreeSet<String>,
    known: &Known,
    (facts, configs): (&Facts, &[&String]),
) -> Addons {
    let mut folders: Vec<String> = facts.addons_paths.clone();
    for config in configs {
        if let Some(text) = known.text(config) {
            folders
                .extend(addons_path(&text).into_iter().map(|one| join(folder(config), &one.path)));
        }
    }
    let has_base = |path: &String| {
        let manifest = join(path, "base/__manifest__.py");
        files.contains(&manifest)
            || (path.starts_with('/') && matches!(known.entry(&manifest), Entry::Text(_)))
    };
    if folders.iter().any(has_base) { Addons::WithBase } else { Addons::Partial }
}

/// The names in `requirements*.txt`; nothing where there is no such file.
fn requirements(files: &BTreeSet<String>, known: &Known) -> Option<Vec<String>> {
    let is_list = |path: &&String| {
        let ending = name(path).rsplit_once('.').map(|(_, ending)| ending);
        name(path).starts_with("requirements") && ending == Some("txt")
    };
    let texts: Vec<Arc<str>> =
        files.iter().filter(is_list).filter_map(|path| known.text(path)).collect();
    if texts.is_empty() {
        return None;
    }
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
    Some(
        lines
            .filter(|line| !line.is_empty() && !line.starts_with(['#', '-']))
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::known::checkout;

    fn told(files: &[(&str, &str)], facts: &Facts) -> (Vec<String>, usize) {
        let known = checkout(files, None);
        let names = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        let checked = check(&names, &known, facts);
        let one =
            |one: &Finding| format!("{} {}:{}", one.rule.id, one.span.file, one.span.start.line);
        (checked.findings.iter().map(one).collect(), checked.modules.len())
    }

    const GOOD: &str = "{\n 'name': 'Shop',\n 'version': '17.0.1.0.0',\n 'license': 'LGPL-3',\n 'depends': ['base'],\n 'data': ['a.xml'],\n}\n";

    #[test]
    fn modules_are_put_together_from_files() {
        let facts = Facts {
            images: vec![("odoo:16.0".to_owned(), Span::line("c.yml", 3))],
            ..Facts::default()
        };
        let files = [
            ("addons/shop/__manifest__.py", GOOD),
            ("addons/shop/migrations/17.0.2.0.0/post.py", ""),
        ];
        let (told, modules) = told(&files, &facts);
        assert_eq!(modules, 1);
        for rule in ["odoo.data-missing", "odoo.series-mismatch", "odoo.behind-migrations"] {
            assert!(told.iter().any(|one| one.starts_with(rule)), "{rule}: {told:?}");
        }
    }

    #[test]
    fn dependencies_are_errors_only_where_base_is_known() {
        let manifest = GOOD.replace("'base'", "'gone'").replace("'a.xml'", "");
        let found = |base: bool| {
            let mut files = vec![
                ("odoo.conf", "[options]\naddons_path = odoo/addons,addons\n"),
                ("addons/shop/__manifest__.py", manifest.as_str()),
            ];
            if base {
                files.push((
                    "odoo/addons/base/__manifest__.py",
                    "{'name': 'Base', 'version': '1.3', 'license': 'LGPL-3'}",
                ));
            }
            let known = checkout(&files, None);
            let names = files.iter().map(|(path, _)| (*path).to_owned()).collect();
            let findings = check(&names, &known, &Facts::default()).findings;
            findings
                .into_iter()
                .find(|one| one.rule.id == "odoo.depends-unresolved")
                .map(|one| format!("{:?}", one.level))
        };
        assert_eq!(
            (found(false).as_deref(), found(true).as_deref()),
            (Some("Notice"), Some("Error"))
        );
    }

    #[test]
    fn python_packages_of_the_same_shape_pass() {
        assert_eq!(
            told(&[("pkg/__manifest__.py", "import os\n"), ("setup.py", "")], &Facts::default()),
            (vec![], 0)
        );
    }
}
