//! Versions of modules against the series of Odoo, their migrations, and the version before a change.

use std::cmp::Ordering;

use crate::domain::event::Level::{Error, Warning};
use crate::domain::finding::{Finding, Rule};
use crate::domain::odoo::module::Written;
use crate::domain::odoo::project::{Module, Project};
use crate::domain::odoo::version::Version;

/// A module of another series.
pub const SERIES: Rule = Rule {
    id: "odoo.series-mismatch",
    level: Error,
    about: "a module is for another series of Odoo",
    help: "Odoo refuses a version with the series of another Odoo, and the module does not load. Take the module of the \
           right branch, or the right image.",
};

/// Migrations that never run.
pub const BEHIND_MIGRATIONS: Rule = Rule {
    id: "odoo.behind-migrations",
    level: Error,
    about: "a migration is for a version that the manifest has not reached",
    help: "Odoo runs a migration only if its version is not above that of the manifest. Raise the version.",
};

/// A change without a new version.
pub const NOT_BUMPED: Rule = Rule {
    id: "odoo.version-not-bumped",
    level: Warning,
    about: "a changed module has the version that it had before; not looked at yet in this version",
    help: "Tools that update modules by their versions, and migrations, see no change. Raise the version.",
};

/// What is wrong with the version of one module.
pub(super) fn check(project: &Project, module: &Module) -> Vec<Finding> {
    let Some(written) = &module.manifest.version else { return Vec::new() };
    let mut found: Vec<Finding> = not_bumped(project, module, written).into_iter().collect();
    let Some(version) = Version::parse(&written.text) else { return found };
    found.extend(mismatch(project, &version, written));
    let series = version.series.clone();
    let series = series.or_else(|| project.series.as_ref().map(|(series, _)| series.clone()));
    let version = version.in_series(series.as_deref());
    for name in &module.migrations {
        let Some(migration) = Version::parse(name) else { continue };
        if version.compared(&migration.in_series(series.as_deref())) == Some(Ordering::Less) {
            let message =
                format!("the migration `{name}` never runs: the version is `{}`", written.text);
            found.push(Finding::new(&BEHIND_MIGRATIONS, written.span.clone(), message));
        }
    }
    found
}

fn not_bumped(project: &Project, module: &Module, written: &Written) -> Option<Finding> {
    let before = project.base_versions.get(&module.folder)?.as_ref()?;
    (before.trim() == written.text.trim()).then(|| {
        let message =
            format!("`{}` changed and still has the version `{}`", module.name(), written.text);
        Finding::new(&NOT_BUMPED, written.span.clone(), message)
    })
}

fn mismatch(project: &Project, version: &Version, written: &Written) -> Option<Finding> {
    let (series, place) = project.series.as_ref()?;
    let own = version.series.as_ref().filter(|own| *own != series)?;
    let message = format!("the module is for Odoo {own}, and {} has Odoo {series}", place.file);
    Some(Finding::new(&SERIES, written.span.clone(), message))
}
