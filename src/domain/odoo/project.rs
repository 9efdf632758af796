//! All modules of a project together: files, dependencies, versions.

mod dependencies;
mod files;
mod requirements;
mod versions;

pub use dependencies::{CYCLE, UNRESOLVED};
pub use files::{ASSET_MISSING, DATA_MISSING, DATA_ORDER};
pub use requirements::MISSING as REQUIREMENT_MISSING;
pub use versions::{BEHIND_MIGRATIONS, NOT_BUMPED, SERIES};

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::finding::{Finding, Span};
use crate::domain::limit::LIMIT;
use crate::domain::odoo::module::{Installable, Manifest};

/// A module and what lies in its folder.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The folder; its last part is the name of the module.
    pub folder: String,
    /// The manifest.
    pub manifest: Manifest,
    /// The files below the folder, relative to it.
    pub files: BTreeSet<String>,
    /// The names of the folders in `migrations` and `upgrades`.
    pub migrations: Vec<String>,
}

impl Module {
    /// What other modules call it.
    pub fn name(&self) -> &str {
        self.folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}

/// Whether the modules that are known are all there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addons {
    /// Odoo's own `base` is among them, so that what is missing does not exist.
    WithBase,
    /// Odoo's own modules lie elsewhere.
    #[default]
    Partial,
}

/// Everything that modules are judged by.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The modules.
    pub modules: Vec<Module>,
    /// Whether these are all.
    pub addons: Addons,
    /// The series of Odoo, such as `17.0`, and where it is said.
    pub series: Option<(String, Span)>,
    /// The Python packages that are installed, if that is known; a name may have a version behind it.
    pub requirements: Option<Vec<String>>,
    /// The folders of changed modules, with the version before the change; `None` for a new module.
    pub base_versions: BTreeMap<String, Option<String>>,
}

/// Most findings of all modules.
const MOST: usize = 20_000;

/// What is wrong in all modules: each manifest alone, and what lies between them. Worst first.
pub fn check(project: &Project) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        project.modules.iter().flat_map(|module| module.manifest.findings.clone()).collect();
    let series = project.series.as_ref().map(|(series, _)| series.as_str());
    for module in installed(project) {
        if found.len() > MOST {
            let what = format!(
                "the modules have more than {MOST} findings: those from `{}` on are not looked at",
                module.name()
            );
            found.push(Finding::new(&LIMIT, Span::file(&module.folder), what));
            break;
        }
        found.extend(files::check(module, series));
        found.extend(versions::check(project, module));
        found.extend(requirements::check(project, module));
    }
    found.extend(dependencies::check(project));
    found.sort_by(|one, other| one.order().cmp(&other.order()));
    found
}

/// The modules that Odoo would install, as far as their manifests can be read.
fn installed(project: &Project) -> impl Iterator<Item = &Module> {
    project.modules.iter().filter(|module| module.manifest.installable == Installable::Yes)
}

#[cfg(test)]
mod tests;
