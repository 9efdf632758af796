//! One table for each rule over all modules.

use super::*;
use crate::domain::event::Level;
use crate::domain::odoo::module;

/// A module with a manifest that has nothing else wrong.
fn module(folder: &str, more: &str, files: &[&str]) -> Module {
    let text = format!("{{'name': 'A', 'license': 'OPL-1',\n{more}}}");
    Module {
        folder: folder.to_owned(),
        manifest: module::read(&format!("{folder}/__manifest__.py"), &text),
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        migrations: Vec::new(),
    }
}

fn project(modules: Vec<Module>) -> Project {
    Project { modules, addons: Addons::Partial, ..Project::default() }
}

/// Levels, rules and messages.
fn told(project: &Project) -> Vec<String> {
    let shown = |one: Finding| {
        let hint = if one.hint.is_empty() { String::new() } else { format!(" | {}", one.hint) };
        format!(
            "{:?} {}: {}{hint}",
            one.level,
            one.rule.id.trim_start_matches("odoo."),
            one.message
        )
    };
    check(project).into_iter().map(shown).collect()
}

fn told_of(more: &str, files: &[&str]) -> Vec<String> {
    told(&project(vec![module("addons/m", more, files)]))
}

#[test]
fn files_that_are_not_there() {
    let files = ["views/sale.xml", "data/a.xml", "static/src/xml/q.xml"];
    for text in [
        "'data': ['views/sale.xml', './data/a.xml', 'views/../data//a.xml']",
        "'demo': ['data/a.xml'], 'qweb': ['static/src/xml/*.xml']",
        "'data': ['views/none.xml'], 'installable': False",
        "'data': []",
    ] {
        assert_eq!(told_of(text, &files), [""; 0], "{text}");
    }
    for (text, expected) in [
        (
            "'data': ['views/sales.xml']",
            "`views/sales.xml` is not in the module `m` | Did you mean `views/sale.xml`?",
        ),
        (
            "'demo': ['demo/a.xml']",
            "`demo/a.xml` is not in the module `m` | Did you mean `data/a.xml`?",
        ),
        (
            "'data': ['/data/a.xml']",
            "`/data/a.xml` is not in the module `m` | Did you mean `data/a.xml`?",
        ),
        ("'data': ['../x']", "`../x` is not in the module `m`"),
    ] {
        assert_eq!(told_of(text, &files), [format!("Error data-missing: {expected}")], "{text}");
    }
}

#[test]
fn templates_count_only_where_odoo_reads_them() {
    for (version, series, level) in [
        ("14.0.1.0.0", None, "Error"),
        ("1.0", Some("14.0"), "Error"),
        ("14.0.1.0.0", Some("14.0"), "Error"),
        ("15.0.1.0.0", None, "Warning"),
        ("1.0", Some("17.0"), "Warning"),
        ("1.0", None, "Warning"),
    ] {
        let text = format!("'qweb': ['static/*.xml'], 'version': '{version}'");
        let series = series.map(|series| (series.to_owned(), Span::file("compose.yml")));
        let found = told(&Project { series, ..project(vec![module("m", &text, &[])]) });
        let expected = "data-missing: `static/*.xml` is not in the module `m`";
        assert_eq!(found, [format!("{level} {expected}")], "{version}");
    }
}

#[test]
fn groups_behind_views() {
    let files = [
        "views/a.xml",
        "security/ir.model.access.csv",
        "security/shop_groups.xml",
        "security/g.xml",
    ];
    let late = "'data': ['security/g.xml', 'views/a.xml', 'security/shop_groups.xml']";
    let expected = "Notice data-order: `security/shop_groups.xml` is loaded behind `views/a.xml` | Put it before line 2.";
    assert_eq!(told_of(late, &files), [expected]);
    for text in [
        "'data': ['security/shop_groups.xml', 'views/a.xml']",
        "'data': ['views/a.xml', 'security/ir.model.access.csv']",
        "'data': ['views/a.xml', 'security/g.xml']",
        "'data': ['security/ir.model.access.csv']",
    ] {
        assert_eq!(told_of(text, &files), [""; 0], "{text}");
    }
}

#[test]
fn assets_that_match_nothing() {
    let files = ["static/src/js/a.js", "static/src/scss/x/b.scss"];
    for entry in [
        "'m/static/src/js/a.js'",
        "'/m/static/src/js/a.js'",
        "'m/static/src/**/*'",
        "'m/static/src/**/*.scss'",
        "'m/static/src/js/**/*.js'",
        "'web/static/none.js'",
        "'https://x/y.js'",
        "('include', 'm/none')",
        "('remove', 'web/static/x.js')",
        "'m/static/**x/*.js'",
        "()",
    ] {
        let text = format!("'assets': {{'web.assets_backend': [{entry}]}}");
        assert_eq!(told_of(&text, &files), [""; 0], "{entry}");
    }
    for (entry, path) in [
        ("'m/static/src/js/*.ts'", "m/static/src/js/*.ts"),
        ("'m/static/src/*.js'", "m/static/src/*.js"),
        ("('remove', 'm/static/*.js')", "m/static/*.js"),
        ("('after', 'web/x.js', 'm/static/*.js')", "m/static/*.js"),
    ] {
        let text = format!("'assets': {{'web.assets_backend': [{entry}]}}");
        let expected =
            format!("Warning asset-missing: no file of the module `m` matches the asset `{path}`");
        assert_eq!(told_of(&text, &files), [expected], "{entry}");
    }
}

#[test]
fn dependencies_that_are_not_there() {
    let modules = |depends: &str| {
        vec![
            module("a/acme_sale_extra", &format!("'depends': [{depends}]"), &[]),
            module("b/acme_stock", "", &[]),
            module("b/acme_old", "'installable': False", &[]),
        ]
    };
    let partial = |depends: &str| told(&project(modules(depends)));
    let whole =
        |depends: &str| told(&Project { addons: Addons::WithBase, ..project(modules(depends)) });
    assert_eq!(partial("'base', 'acme_stock'"), [""; 0]);
    assert_eq!(whole("'acme_stock'"), [""; 0]);
    assert_eq!(
        partial("'sale', 'sale'"),
        ["Notice depends-unresolved: the module `sale` is not in this project"]
    );
    assert_eq!(
        partial("'acme_stok'"),
        [
            "Warning depends-unresolved: the module `acme_stok` is not in this project | Did you mean `acme_stock`?"
        ]
    );
    assert_eq!(
        whole("'acme_stok'"),
        ["Error depends-unresolved: there is no module `acme_stok` | Did you mean `acme_stock`?"]
    );
    assert_eq!(whole("'base'"), ["Error depends-unresolved: there is no module `base`"]);
    assert_eq!(
        partial("'acme_old'"),
        ["Error depends-unresolved: the module `acme_old` is there, but not installable"]
    );
    let twice = [modules("'acme_old'"), vec![module("c/acme_old", "", &[])]].concat();
    assert_eq!(told(&project(twice)), [""; 0]);
}

#[test]
fn circles() {
    let chain = |edges: &[(&str, &str)]| {
        let modules =
            edges.iter().map(|(name, to)| module(name, &format!("'depends': [{to}]"), &[]));
        told(&project(modules.collect()))
    };
    let circle = |way: &str| format!("Error depends-cycle: modules depend on each other: {way}");
    assert_eq!(chain(&[("a", "'b'"), ("b", "'a'")]), [circle("a -> b -> a")]);
    assert_eq!(chain(&[("a", "'a'")]), [circle("a -> a")]);
    assert_eq!(
        chain(&[("a", "'b'"), ("b", "'c', 'd'"), ("c", "'d'"), ("d", "'b'")]),
        [circle("b -> d -> b")]
            .iter()
            .chain(&[circle("c -> d -> b -> c")])
            .cloned()
            .collect::<Vec<_>>()
    );
    assert_eq!(chain(&[("a", "'b', 'c'"), ("b", "'d'"), ("c", "'d'"), ("d", "")]), [""; 0]);
}

#[test]
fn modules_of_another_series() {
    let series = Some(("17.0".to_owned(), Span::line("compose.yml", 3)));
    let told = |version: &str| {
        let modules = vec![module("m", &format!("'version': '{version}'"), &[])];
        told(&Project { series: series.clone(), ..project(modules) })
    };
    assert_eq!(
        told("16.0.1.0.0"),
        ["Error series-mismatch: the module is for Odoo 16.0, and compose.yml has Odoo 17.0"]
    );
    assert_eq!(
        told("18.0.1.0"),
        ["Error series-mismatch: the module is for Odoo 18.0, and compose.yml has Odoo 17.0"]
    );
    for version in ["17.0.1.0.0", "1.0", "16.0.1"] {
        assert_eq!(told(version), [""; 0], "{version}");
    }
    assert_eq!(told_of("'version': '16.0.1.0.0'", &[]), [""; 0]);
}

#[test]
fn migrations_that_never_run() {
    for (version, migration, series, fires) in [
        ("17.0.1.0.0", "17.0.1.1.0", None, true),
        ("17.0.1.0.0", "1.1", None, true),
        ("1.0", "1.0.1", None, true),
        ("1.0", "17.0.2.0", Some("17.0"), true),
        ("17.0.1.1.0", "17.0.1.1.0", None, false),
        ("17.0.1.1", "17.0.1.1.0", None, false),
        ("17.0.1.0.0", "16.0.9.9.9", None, false),
        ("1.0", "17.0.2.0", None, false),
        ("1.0", "16.0.2.0", Some("17.0"), false),
        ("17.0.1.0.0", "tests", None, false),
        ("17.0.1.0.0", "0.0.0", None, false),
    ] {
        let mut one = module("m", &format!("'version': '{version}'"), &[]);
        one.migrations.push(migration.to_owned());
        let series = series.map(|series| (series.to_owned(), Span::file("compose.yml")));
        let found = told(&Project { series, ..project(vec![one]) });
        let expected = format!(
            "Error behind-migrations: the migration `{migration}` never runs: the version is `{version}`"
        );
        assert_eq!(found, Vec::from_iter(fires.then_some(expected)), "{version} {migration}");
    }
}

#[test]
fn changes_without_a_new_version() {
    for (before, now, fires) in [
        (Some(Some("1.0")), "1.0", true),
        (Some(Some("1.0")), "1.1", false),
        (Some(None), "1.0", false),
        (None, "1.0", false),
    ] {
        let mut one = project(vec![module("a/m", &format!("'version': '{now}'"), &[])]);
        let before = before.map(|before| ("a/m".to_owned(), before.map(str::to_owned)));
        one.base_versions.extend(before);
        let expected = "Warning version-not-bumped: `m` changed and still has the version `1.0`";
        assert_eq!(told(&one), Vec::from_iter(fires.then_some(expected)), "{now}");
    }
}

#[test]
fn packages_that_are_not_installed() {
    let told = |needed: &str, installed: Option<&[&str]>| {
        let text = format!("'external_dependencies': {{'python': [{needed}]}}");
        let requirements = installed.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
        told(&Project { requirements, ..project(vec![module("m", &text, &[])]) })
    };
    assert_eq!(
        told("'stripe'", Some(&["boto3"])),
        ["Warning requirement-missing: the Python package `stripe` is not among the requirements"]
    );
    assert_eq!(told("'stripe'", None), [""; 0]);
    for (needed, installed) in [
        ("'stripe'", "Stripe==5.0 ; python_version > '3'"),
        ("'Google_Auth>=2'", "google-auth[x]"),
        ("'yaml'", "PyYAML"),
        ("'requests'", "boto3"),
        ("'dateutil'", ""),
    ] {
        assert_eq!(told(needed, Some(&[installed])), [""; 0], "{needed}");
    }
}

#[test]
fn findings_of_single_manifests_are_there_too_and_broken_ones_count_as_modules() {
    let broken = Module {
        folder: "x/broken".to_owned(),
        manifest: module::read("x/broken/__manifest__.py", "{"),
        ..Module::default()
    };
    let all = project(vec![broken, module("x/m", "'depends': ['broken']", &[])]);
    let found = check(&all);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule.id, found[0].level), ("odoo.manifest-syntax", Level::Error));
}
