//! One table for each rule of a manifest, and the facts.

use proptest::prelude::*;

use super::*;

const GOOD: &str = "'name': 'A', 'license': 'LGPL-3'";

/// Rules, lines and columns of what is found.
fn found(text: &str) -> Vec<String> {
    let findings = read("m/__manifest__.py", text).findings;
    let shown = |one: &Finding| {
        format!(
            "{} {}:{}",
            one.rule.id.trim_start_matches("odoo.manifest-"),
            one.span.start.line,
            one.span.start.column
        )
    };
    findings.iter().map(shown).collect()
}

/// What is found in a manifest that has nothing else wrong.
fn with(more: &str) -> Vec<String> {
    found(&format!("{{{GOOD},\n{more}}}"))
}

#[test]
fn a_manifest_that_python_does_not_read() {
    assert_eq!(found("{'name': 'A'\n'license': 'x'}"), ["syntax 2:10"]);
    assert_eq!(found(""), ["syntax 1:1"]);
    assert_eq!(found("{'name': _('A')}"), ["not-literal 1:10"]);
    assert_eq!(found("{'description': '' or ''}"), ["not-literal 1:20"]);
    assert_eq!(found("['a']"), ["not-dict 1:1"]);
    assert_eq!(found("'a'"), ["not-dict 1:1"]);
    let limit = read("m", r"{'name': '\N{DASH}'}");
    assert_eq!((limit.findings[0].level, limit.installable), (Level::Notice, Installable::Unknown));
    assert_eq!(with(""), [""; 0]);
}

#[test]
fn keys_that_are_missing() {
    assert_eq!(found("{}"), ["key-missing 0:0", "key-missing 0:0"]);
    assert_eq!(found("{'name': 'A'}"), ["key-missing 0:0"]);
    assert_eq!(found("{'name': 'A', 'license': 'OPL-1'}"), [""; 0]);
}

#[test]
fn licences() {
    for license in ["MIT", "LGPL", "lgpl-3", "LGPL-3 ", ""] {
        assert_eq!(found(&format!("{{'name': 'A', 'license': '{license}'}}")), ["license 1:26"]);
    }
    for license in ["AGPL-3", "OEEL-1", "Other proprietary", "GPL-3 or any later version"] {
        assert_eq!(found(&format!("{{'name': 'A', 'license': '{license}'}}")), [""; 0]);
    }
    let near = read("m", "{'name': 'A', 'license': 'LGPL3'}");
    assert_eq!(near.findings[0].hint, "Did you mean `LGPL-3`?");
}

#[test]
fn versions() {
    for version in ["1", "1.0.0.0", "17.0.1.0-rc1", "x"] {
        assert_eq!(with(&format!("'version': '{version}'")), ["version 2:12"], "{version}");
    }
    for version in ["1.0", "17.0.1.0", "17.0.1.0.0", "0.1.2"] {
        assert_eq!(with(&format!("'version': '{version}'")), [""; 0], "{version}");
    }
}

#[test]
fn keys_that_stand_twice() {
    assert_eq!(with("'name': 'B'"), ["duplicate-key 2:1"]);
    assert_eq!(with("'assets': {'a': [],\n 'a': []}"), ["duplicate-key 3:2"]);
    assert_eq!(with("'data': [], 'demo': []"), [""; 0]);
    let twice = read("m", "{'name': 'A',\n'name': 'B', 'license': 'OPL-1'}");
    assert_eq!(
        twice.findings[0].message,
        "`name` stands in line 1 already, and that value is dropped"
    );
    assert_eq!(twice.name.unwrap().text, "B");
}

#[test]
fn triggers_that_are_no_dependencies() {
    for (text, expected) in [
        ("'depends': ['a'], 'auto_install': ['b']", Some("auto-install 2:36")),
        ("'auto_install': ['base']", Some("auto-install 2:18")),
        ("'depends': ['a'], 'auto_install': 'a'", Some("auto-install 2:35")),
        ("'depends': ['a', 'b'], 'auto_install': ['b']", None),
        ("'depends': ['a'], 'auto_install': True", None),
        ("'auto_install': False", None),
        ("'auto_install': []", None),
        ("'auto_install': ''", None),
    ] {
        assert_eq!(with(text), Vec::from_iter(expected), "{text}");
    }
}

#[test]
fn keys_of_former_times_and_unknown_ones() {
    for key in ["init_xml", "update_xml", "demo_xml"] {
        assert_eq!(with(&format!("'{key}': []")), ["legacy-key 2:1"]);
    }
    assert_eq!(with("'active': True"), ["legacy-key 2:1"]);
    assert_eq!(with("'dependes': ['a']"), ["unknown-key 2:1"]);
    let near = read("m", "{'name': 'A', 'license': 'OPL-1', 'dependes': []}");
    assert_eq!(near.findings[0].hint, "Did you mean `depends`?");
    assert_eq!(with("'maintainers': [], 'price': 1.5, 'author': 'x'"), [""; 0]);
}

#[test]
fn values_of_the_wrong_type() {
    for (text, column) in [
        ("'depends': 'base'", 12),
        ("'depends': [1]", 13),
        ("'data': {}", 9),
        ("'demo': None", 9),
        ("'version': 17.0", 12),
        ("'installable': 'False'", 16),
        ("'external_dependencies': ['x']", 26),
        ("'external_dependencies': {'python': 'x'}", 37),
        ("'assets': []", 11),
        ("'assets': {'web.assets_backend': 'a'}", 34),
        ("'auto_install': {}", 17),
        ("'sequence': '1'", 13),
        ("1: 2", 1),
    ] {
        assert_eq!(with(text), [format!("type 2:{column}")], "{text}");
    }
    for text in [
        "'depends': ('base',)",
        "'data': []",
        "'installable': 1",
        "'external_dependencies': {'python': ['x'], 'bin': ()}",
        "'assets': {'a': [('include', 'b')]}",
        "'auto_install': False",
    ] {
        assert_eq!(with(text), [""; 0], "{text}");
    }
}

#[test]
fn the_former_name_of_the_file() {
    let good = format!("{{{GOOD}}}");
    let found =
        |path: &str| read(path, &good).findings.iter().map(|one| one.rule.id).collect::<Vec<_>>();
    assert_eq!(found("m/__openerp__.py"), ["odoo.manifest-renamed"]);
    assert_eq!(found("m/__manifest__.py"), [""; 0]);
}

#[test]
fn what_is_not_installed_is_only_read() {
    assert_eq!(found("{'installable': False, 'version': 'x', 'dependes': 1}"), [""; 0]);
    assert_eq!(found("{'installable': False,, }"), ["syntax 1:23"]);
}

#[test]
fn facts() {
    let text = "{'name': 'A', 'version': '17.0.1.0', 'depends': ['base', 'sale'], 'data': ['a.xml'],\n\
        'update_xml': ['b.xml'], 'demo': ['c.xml'], 'qweb': ['q.xml'], 'auto_install': ['sale'],\n\
        'external_dependencies': {'python': ['requests'], 'bin': ['wkhtmltopdf']},\n\
        'assets': {'web.assets_backend': ['m/a.js', ('include', 'x'), ('remove', 'm/b.js'), ('after', 'm/c.js', 'm/d.js')]}}";
    let manifest = read("m", text);
    let texts =
        |all: &[Written]| all.iter().map(|one| one.text.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!(texts(&manifest.depends), "base sale");
    assert_eq!(texts(&manifest.data), "a.xml b.xml");
    assert_eq!(texts(&[manifest.demo, manifest.qweb].concat()), "c.xml q.xml");
    assert_eq!(texts(&manifest.assets), "m/a.js m/b.js m/c.js m/d.js");
    assert_eq!(texts(&manifest.python), "requests");
    assert_eq!(manifest.version.unwrap().span, Span::columns("m", 1, 26..36));
    assert!(matches!(manifest.auto_install, AutoInstall::With(one) if texts(&one) == "sale"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_manifest_is_too_odd(
        keys in proptest::collection::vec(("(depends|data|assets|auto_install|external_dependencies|version|installable|x)",
            "(\\[\\]|\\{\\}|''|1|None|\\[\\[\\]\\]|\\{'a': \\[\\(\\)\\]\\}|\\{'python': 1\\}|\\['a'\\])"), 0..6)
    ) {
        let pairs: Vec<String> = keys.iter().map(|(key, value)| format!("'{key}': {value}")).collect();
        let manifest = read("m", &format!("{{{}}}", pairs.join(", ")));
        prop_assert!(manifest.installable != Installable::Unknown);
    }
}
