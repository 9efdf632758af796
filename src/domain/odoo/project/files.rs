//! Files that manifests name: whether they are there, and in which order they are loaded.

use crate::domain::event::Level::{Error, Notice, Warning};
use crate::domain::finding::{Finding, Rule};
use crate::domain::globs::Globs;
use crate::domain::input::nearest;
use crate::domain::limit::LIMIT;
use crate::domain::odoo::module::Written;
use crate::domain::odoo::project::Module;
use crate::domain::odoo::version::Version;

/// A data file that is not there.
pub const DATA_MISSING: Rule = Rule {
    id: "odoo.data-missing",
    level: Error,
    about: "a manifest names a file that is not there",
    help: "Odoo stops with a FileNotFoundError when it installs or updates the module. Add the file, or correct its \
           name in `data` or `demo`. A file of `qweb` is a warning from Odoo 15 on, which does not read that list.",
};

/// Groups behind the views.
pub const DATA_ORDER: Rule = Rule {
    id: "odoo.data-order",
    level: Notice,
    about: "groups are loaded behind views",
    help: "Odoo loads the files in the order of the list, and a view that names a group which is not there yet stops \
           the installation. Put the file with the groups first. Access rights may come behind the views.",
};

/// An asset that matches nothing.
pub const ASSET_MISSING: Rule = Rule {
    id: "odoo.asset-missing",
    level: Warning,
    about: "an asset matches no file",
    help: "Odoo puts nothing into the bundle for it, or refuses to build the bundle. Correct the path or pattern.",
};

/// What is wrong with the files that one module names.
pub(super) fn check(module: &Module, series: Option<&str>) -> Vec<Finding> {
    let manifest = &module.manifest;
    let mut found: Vec<Finding> = limit(module).into_iter().collect();
    let listed = few(&manifest.data).chain(few(&manifest.demo));
    found.extend(listed.filter_map(|file| missing(module, file)));
    // Odoo reads no `qweb` since 15, and says nothing.
    let level = if needs_templates(module, series) { Error } else { Warning };
    let templates = few(&manifest.qweb).filter_map(|file| missing(module, file));
    found.extend(templates.map(|finding| finding.with_level(level)));
    found.extend(disorder(&manifest.data));
    found.extend(few(&manifest.assets).filter_map(|asset| unmatched(module, asset)));
    found
}

/// Most files of a list of a manifest that are looked for: each is compared with the files of the module.
const MOST: usize = 1_000;

/// Most files of a list for which the nearest name is looked for.
const NEAR: usize = 20;

/// The files of a list that are looked for, each with whether its nearest name is too.
fn few(list: &[Written]) -> impl Iterator<Item = (bool, &Written)> {
    list.iter().take(MOST).enumerate().map(|(at, file)| (at < NEAR, file))
}

/// Says that a list is longer.
fn limit(module: &Module) -> Option<Finding> {
    let manifest = &module.manifest;
    let lists = [&manifest.data, &manifest.demo, &manifest.qweb, &manifest.assets];
    let first = lists.into_iter().find_map(|list| list.get(MOST))?;
    let what = format!(
        "the manifest of `{}` lists more than {MOST} files: those from here on are not looked for",
        module.name()
    );
    Some(Finding::new(&LIMIT, first.span.clone(), what))
}

/// Whether Odoo reads `qweb`: up to 14, by the version of the module or else by the image.
fn needs_templates(module: &Module, series: Option<&str>) -> bool {
    let version = module.manifest.version.as_ref().and_then(|one| Version::parse(&one.text));
    let own = version.and_then(|version| version.series);
    let major = own.as_deref().or(series).and_then(|series| series.split('.').next());
    major.and_then(|major| major.parse::<u8>().ok()).is_some_and(|major| major < 15)
}

fn missing(module: &Module, (has_near, file): (bool, &Written)) -> Option<Finding> {
    let is_pattern = file.text.contains(['*', '?']);
    let path = resolved(&file.text);
    if path.as_ref().is_some_and(|path| module.files.contains(path)) {
        return None;
    }
    // Old manifests have patterns in `qweb`.
    if is_pattern && matches(module, &file.text) != Some(false) {
        return None;
    }
    let message = format!("`{}` is not in the module `{}`", file.text, module.name());
    let finding = Finding::new(&DATA_MISSING, file.span.clone(), message);
    Some(match has_near.then(|| near_file(module, &file.text)).flatten() {
        Some(near) => finding.hint(format!("Did you mean `{near}`?")),
        None => finding,
    })
}

/// A path without `.` and `..`; `None` if it leads out of the module.
fn resolved(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The same name in another folder, or the name most like it.
fn near_file<'a>(module: &'a Module, path: &str) -> Option<&'a str> {
    let name = |path: &'a str| path.rsplit('/').next();
    let wanted = path.rsplit('/').next();
    let files = || module.files.iter().map(String::as_str);
    files().find(|file| name(file) == wanted).or_else(|| nearest(path, files()))
}

/// Groups that are loaded behind the first view.
fn disorder(data: &[Written]) -> Option<Finding> {
    let view = data.iter().position(|file| file.text.starts_with("views/"))?;
    let is_groups = |text: &str| text.starts_with("security/") && text.contains("groups");
    let groups = data.iter().skip(view).find(|file| is_groups(&file.text))?;
    let view = data.get(view)?;
    let message = format!("`{}` is loaded behind `{}`", groups.text, view.text);
    let finding = Finding::new(&DATA_ORDER, groups.span.clone(), message);
    Some(finding.hint(format!("Put it before line {}.", view.span.start.line)))
}

/// An asset of this module that matches no file. Paths of other modules and addresses are not judged.
fn unmatched(module: &Module, (has_near, asset): (bool, &Written)) -> Option<Finding> {
    let path = asset.text.trim_start_matches('/');
    let below = path.strip_prefix(module.name())?.strip_prefix('/')?;
    if matches(module, below) != Some(false) {
        return None;
    }
    let message =
        format!("no file of the module `{}` matches the asset `{}`", module.name(), asset.text);
    let finding = Finding::new(&ASSET_MISSING, asset.span.clone(), message);
    Some(match (has_near && !below.contains('*')).then(|| near_file(module, below)).flatten() {
        Some(near) => finding.hint(format!("Did you mean `{}/{near}`?", module.name())),
        None => finding,
    })
}

/// Whether a file matches; `None` if the pattern cannot be read as Python reads it.
fn matches(module: &Module, pattern: &str) -> Option<bool> {
    let globs = Globs::new([pattern.to_owned()]).ok()?;
    Some(module.files.contains(pattern) || module.files.iter().any(|file| globs.matches(file)))
}
