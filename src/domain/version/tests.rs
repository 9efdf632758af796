//! The whole way from `version-from` to a version and its place.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::known::Entry;
use crate::failure::Outcome;

/// What is found, as `version @ source`, or why nothing is.
fn told_with(from: &str, folder: &str, files: &[(&str, &str)], git: Git<'_>) -> String {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let read = |path: &str| {
        assert!(!path.starts_with(['/', '.']) && !path.contains(".."), "{path} is read");
        match files.get(path) {
            Some(text) => Entry::Text((*text).into()),
            None => Entry::Absent,
        }
    };
    let origin = Origin::parse(from).unwrap();
    match find(&Request { from: &origin, folder, given: None, git }, &read) {
        Ok(Found { version, source }) => format!("{version} @ {source}"),
        Err(failure) => {
            assert_eq!(failure.outcome, Outcome::BadInput);
            assert!(!failure.help.is_empty(), "{failure}");
            format!("{}: {}", failure.what, failure.why)
        }
    }
}

fn told(from: &str, files: &[(&str, &str)]) -> String {
    told_with(from, "", files, Git::default())
}

#[test]
fn the_systems_of_the_guides() {
    let guide_003 = [
        ("backend/config/__init__.py", "\"\"\"Settings.\"\"\"\n\n__version__ = \"2.7.1\"\n"),
        ("frontend/package.json", "{\n  \"name\": \"web\",\n  \"version\": \"1.4.0\"\n}\n"),
    ];
    assert_eq!(
        told("backend/config/__init__.py", &guide_003),
        "2.7.1 @ backend/config/__init__.py:3"
    );
    assert_eq!(told("frontend/package.json", &guide_003), "1.4.0 @ frontend/package.json:3");
    assert_eq!(
        told_with("auto", "frontend", &guide_003, Git::default()),
        "1.4.0 @ frontend/package.json:3"
    );
    assert_eq!(told("auto", &[("VERSION", "v1.2.3\n")]), "1.2.3 @ VERSION:1");
    let module = [("addons/shop/__manifest__.py", "{'name': 'Shop',\n 'version': '17.0.1.2.3'}")];
    assert_eq!(
        told("addons/shop/__manifest__.py", &module),
        "17.0.1.2.3 @ addons/shop/__manifest__.py:2"
    );
}

#[test]
fn files_that_agree_are_one_answer_and_others_none() {
    let same = [("VERSION", "1.4.0"), ("package.json", r#"{"version": "1.4.0"}"#)];
    assert_eq!(told("auto", &same), "1.4.0 @ VERSION:1");
    let differ = [("VERSION", "1.4.0"), ("package.json", "{\n\"version\": \"1.5.0\"}")];
    assert_eq!(
        told("auto", &differ),
        "the version is not clear: VERSION:1 says 1.4.0, package.json:2 says 1.5.0"
    );
    assert_eq!(told("package.json", &differ), "1.5.0 @ package.json:2");
    // `1.4` and `1.4.0` make different tags.
    let written = [("VERSION", "1.4"), ("version.txt", "1.4.0")];
    assert!(told("auto", &written).starts_with("the version is not clear"));
}

#[test]
fn what_holds_no_version_leaves_the_answer_to_others() {
    let files = [
        ("pyproject.toml", "[tool.ruff]\ntarget-version = \"py311\"\n"),
        ("package.json", r#"{"private": true, "version": "0.0.0"}"#),
        ("Cargo.toml", "[workspace]\nmembers = []\n"),
        ("__init__.py", ""),
    ];
    let none = told("auto", &files);
    assert!(
        none.starts_with("no version was found in the top of the repository: none of VERSION, "),
        "{none}"
    );
    assert!(
        none.contains("package.json:1: \"0.0.0\" stands for a version that is not set"),
        "{none}"
    );
    assert!(!none.contains("no such file"), "{none}");
    let with: Vec<_> = files.into_iter().chain([("VERSION", "1.4.0")]).collect();
    assert_eq!(told("auto", &with), "1.4.0 @ VERSION:1");
}

#[test]
fn what_cannot_be_known_is_not_replaced_by_another() {
    let files = [("VERSION", "1.4.0"), ("__init__.py", "__version__ = read()\n")];
    assert_eq!(
        told("auto", &files),
        "no version in __init__.py:1: `__version__` is computed at runtime"
    );
    let broken = [("VERSION", "1.4.0"), ("package.json", "{")];
    assert_eq!(told("auto", &broken), "no version in package.json:1: it is not valid JSON");
}

#[test]
fn the_tag_of_a_commit_must_agree_with_the_file() {
    let tags = ["v1.4.0".to_owned()];
    let git = Git { tags: &tags, ..Git::default() };
    assert_eq!(told_with("git", "", &[], git), "1.4.0 @ tag v1.4.0");
    assert_eq!(told_with("auto", "", &[], git), "1.4.0 @ tag v1.4.0");
    assert_eq!(told_with("auto", "", &[("VERSION", "1.4.0")], git), "1.4.0 @ VERSION:1");
    assert_eq!(
        told_with("auto", "", &[("VERSION", "1.3.0")], git),
        "the version is not clear: VERSION:1 says 1.3.0, tag v1.4.0 says 1.4.0"
    );
    let started = Git { started_by: Some("v1.4.0"), tags: &[], ..git };
    assert_eq!(told_with("git", "", &[], started), "1.4.0 @ tag v1.4.0");
    assert_eq!(
        told_with("auto", "", &[("VERSION", "1.3.0")], started),
        "the version is not clear: VERSION:1 says 1.3.0, tag v1.4.0 says 1.4.0"
    );
    let nightly = Git { started_by: Some("nightly"), ..git };
    assert_eq!(
        told_with("git", "", &[], nightly),
        "no version in git: the tag that started the run, `nightly`, is no version: it does not begin with a digit"
    );
    assert_eq!(told_with("auto", "", &[("VERSION", "1.3.0")], nightly), "1.3.0 @ VERSION:1");
    let shallow = Git { is_shallow: true, ..Git::default() };
    assert_eq!(
        told_with("git", "", &[], shallow),
        "no version in git: the commit has no version tag here, and the clone is shallow"
    );
}

#[test]
fn of_several_tags_one_must_agree_with_the_file() {
    let tags = ["v1.4.0".to_owned(), "v2.0.0".to_owned()];
    let git = Git { tags: &tags, ..Git::default() };
    assert_eq!(told_with("auto", "", &[("VERSION", "2.0.0")], git), "2.0.0 @ VERSION:1");
    assert_eq!(
        told_with("auto", "", &[("VERSION", "1.3.0")], git),
        "the version is not clear: VERSION:1 says 1.3.0, tag v1.4.0 says 1.4.0, tag v2.0.0 says 2.0.0"
    );
    let disagree = "no version in git: the commit has several tags that disagree: v1.4.0, v2.0.0";
    assert_eq!(told_with("auto", "", &[], git), disagree);
    assert_eq!(told_with("git", "", &[("VERSION", "2.0.0")], git), disagree);
}

#[test]
fn the_root_of_a_private_monorepo_leaves_the_answer_to_others() {
    let root = r#"{"private": true, "workspaces": ["web"], "version": "1.0.0"}"#;
    let files = [("package.json", root), ("web/package.json", r#"{"version": "1.4.0"}"#)];
    let why = "it is the root of a private monorepo (`private` and `workspaces`), whose packages have versions";
    let none = told("auto", &files);
    assert!(none.contains(&format!("package.json: {why}")), "{none}");
    assert_eq!(told("package.json", &files), format!("no version in package.json: {why}"));
    assert_eq!(told("package.json:version", &files), "1.0.0 @ package.json:1");
    assert_eq!(told("web/package.json", &files), "1.4.0 @ web/package.json:1");
    assert_eq!(told("auto", &[("package.json", root), ("VERSION", "1.5.0")]), "1.5.0 @ VERSION:1");
}

#[test]
fn what_a_project_names_is_not_replaced_by_another_place() {
    let dynamic = "[project]\nname = 'shop'\ndynamic = ['version']\n";
    let missing = "there is no such file";
    let of_setuptools = "[tool.setuptools.dynamic]\nversion";
    let member = "[package]\nname = 'x'\nversion.workspace = true\n";
    for (name, text, expected) in [
        ("pyproject.toml", format!("{dynamic}{of_setuptools} = {{file = 'V'}}\n"), format!("5: it names `V`, and {missing}")),
        ("pyproject.toml", format!("{dynamic}{of_setuptools} = {{file = '../V'}}\n"), "5: it names `../V`, and it is outside of the repository".into()),
        ("pyproject.toml", format!("{dynamic}{of_setuptools} = {{file = 'EMPTY'}}\n"), "5: it names `EMPTY`, and it is empty".into()),
        (
            "pyproject.toml",
            format!("{dynamic}{of_setuptools} = {{attr = 'none.VERSION'}}\n"),
            "5: it names `none.py`, and it assigns nothing to `VERSION`".into(),
        ),
        (
            "pyproject.toml",
            format!("{dynamic}{of_setuptools} = {{attr = 'gone.VERSION'}}\n"),
            "5: no file of the module `gone` was found in ``, `src`".into(),
        ),
        (
            "pyproject.toml",
            format!("{dynamic}{of_setuptools} = {{attr = 'x.V'}}\n[tool.setuptools]\npackage-dir = {{x = 'y'}}\n"),
            "5: `package-dir` puts packages in folders of their own".into(),
        ),
        (
            "pyproject.toml",
            format!("{dynamic}{of_setuptools} = {{attr = 'x.V'}}\n[tool.setuptools.packages.find]\nwhere = ['/lib']\n"),
            "5: it names `/lib/x.py`, and it is outside of the repository".into(),
        ),
        ("pyproject.toml", format!("{dynamic}[tool.hatch.version]\npath = 'v.py'\n"), format!("5: it names `v.py`, and {missing}")),
        (
            "pyproject.toml",
            format!("{dynamic}[tool.pdm.version]\nsource = 'file'\npath = 'none.py'\n"),
            "6: it names `none.py`, and it assigns nothing to `__version__`".into(),
        ),
        (
            "pyproject.toml",
            format!("{dynamic}[build-system]\nbuild-backend = 'flit_core.buildapi'\n"),
            "3: no file of the module `shop` was found in ``, `src`".into(),
        ),
        (
            "Cargo.toml",
            format!("{member}workspace = 'ws'\n"),
            format!("4: `package.workspace` names ws/Cargo.toml, and {missing}"),
        ),
        (
            "Cargo.toml",
            format!("{member}[workspace]\n"),
            "3: it takes the version from its workspace, and Cargo.toml has no `workspace.package.version`".into(),
        ),
        ("Cargo.toml", member.into(), "3: `version.workspace = true`, and no folder above has a Cargo.toml with `[workspace]`".into()),
    ] {
        let files = [(name, text.as_str()), ("VERSION", "1.4.0"), ("none.py", ""), ("EMPTY", "")];
        let expected = format!("no version in {name}:{expected}");
        assert_eq!(told(name, &files), expected);
        assert_eq!(told("auto", &files), expected);
    }
    // What says of itself that it has none is asked no further.
    let unset = format!("{member}[workspace.package]\nversion = '0.0.0'\n");
    let files = [("Cargo.toml", unset.as_str()), ("VERSION", "1.4.0")];
    assert_eq!(told("auto", &files), "1.4.0 @ VERSION:1");
    // A fault in the file that is named is told where it is.
    let hatch = format!("{dynamic}[tool.hatch.version]\npath = 'bad.py'\n");
    let files = [("pyproject.toml", hatch.as_str()), ("bad.py", "\n__version__ = f()\n")];
    assert_eq!(
        told("auto", &files),
        "no version in bad.py:2: `__version__` is computed at runtime"
    );
}

#[test]
fn python_projects_say_it_or_say_where() {
    for (pyproject, expected) in [
        (
            "[project]\nname = 'x'\nversion = '1.4.0'\nrequires-python = '>=3.11'\n",
            "1.4.0 @ pyproject.toml:3",
        ),
        ("[tool.poetry]\nversion = '1.4.0'\n", "1.4.0 @ pyproject.toml:2"),
        (
            "[project]\ndynamic = ['version']\n[tool.poetry]\nversion = '1.4.0'\n",
            "1.4.0 @ pyproject.toml:4",
        ),
        (
            "[project]\nversion = '1.4.0'\n[tool.poetry]\nversion = '0.0.0'\n",
            "1.4.0 @ pyproject.toml:2",
        ),
        (
            "[project]\nversion = '1.4.0'\n[tool.poetry]\nversion = '1.5.0'\n",
            "no version in pyproject.toml:2: `project.version` says 1.4.0, `tool.poetry.version` in line 4 says 1.5.0",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {attr = 'shop.about.__version__'}\n",
            "3.0.0 @ src/shop/about.py:1",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools]\npackage-dir = {'' = 'lib'}\n[tool.setuptools.dynamic]\nversion = {attr = 'shop.__version__'}\n",
            "4.0.0 @ lib/shop/__init__.py:1",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools.packages.find]\nwhere = ['lib']\n[tool.setuptools.dynamic]\nversion = {attr = 'shop.__version__'}\n",
            "4.0.0 @ lib/shop/__init__.py:1",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {attr = 'gone.__version__'}\n",
            "no version in pyproject.toml:4: no file of the module `gone` was found in ``, `src`",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {file = 'V'}\n",
            "5.0.0 @ V:1",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {file = ['V']}\n",
            "5.0.0 @ V:1",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {file = '../V'}\n",
            "no version in pyproject.toml:4: it names `../V`, and it is outside of the repository",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.hatch.version]\npath = 'src/shop/about.py'\n",
            "3.0.0 @ src/shop/about.py:1",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.hatch.version]\nsource = 'code'\npath = 'x.py'\n",
            "no version in pyproject.toml:4: `tool.hatch.version.source` runs code",
        ),
        (
            "[project]\nname = 'shop-flit'\ndynamic = ['version']\n[build-system]\nbuild-backend = 'flit_core.buildapi'\n",
            "6.0.0 @ shop_flit.py:2",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.pdm.version]\nsource = 'file'\npath = 'src/shop/about.py'\n",
            "3.0.0 @ src/shop/about.py:1",
        ),
        (
            "[project]\ndynamic = ['version']\n",
            "no version in pyproject.toml:2: `project.dynamic` has `version`, and nothing says in a way that is known here where it comes from",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.setuptools_scm]\n",
            "no version in pyproject.toml:3: setuptools-scm takes the version from git, and the commit has no tag that is a version, such as v1.4.0",
        ),
        (
            "[project]\ndynamic = ['version']\n[tool.hatch.version]\nsource = 'vcs'\n",
            "no version in pyproject.toml:4: hatch-vcs takes the version from git, and the commit has no tag that is a version, such as v1.4.0",
        ),
        (
            "[tool.black]\ntarget-version = ['py311']\n",
            "no version in pyproject.toml: it has neither `project.version` nor `tool.poetry.version`",
        ),
        ("[project\n", "no version in pyproject.toml:1: it is not valid TOML"),
    ] {
        let files = [
            ("pyproject.toml", pyproject),
            ("src/shop/about.py", "__version__ = '3.0.0'\n"),
            ("lib/shop/__init__.py", "__version__ = '4.0.0'\n"),
            ("V", "5.0.0\n"),
            ("shop_flit.py", "'''Shop.'''\n__version__ = '6.0.0'\n"),
        ];
        assert_eq!(told("pyproject.toml", &files), expected, "{pyproject}");
    }
}

#[test]
fn a_version_of_a_project_is_a_text() {
    let files = [("pyproject.toml", "[project]\nversion = 1.4\n")];
    let why = "no version in pyproject.toml:2: `project.version` is not a text in quotes";
    assert_eq!(told("pyproject.toml", &files), why);
}

#[test]
fn a_project_that_takes_it_from_git_has_the_version_of_its_tag() {
    let tags = ["v1.4.0".to_owned()];
    let files = [("pyproject.toml", "[project]\ndynamic = ['version']\n[tool.setuptools_scm]\n")];
    let git = Git { tags: &tags, ..Git::default() };
    assert_eq!(told_with("pyproject.toml", "", &files, git), "1.4.0 @ tag v1.4.0");
}

#[test]
fn a_tool_that_is_switched_off_does_not_count() {
    let off =
        "[tool.setuptools-git-versioning]\nenabled = false\n[tool.poetry]\nversion = '1.4.0'\n";
    assert_eq!(told("pyproject.toml", &[("pyproject.toml", off)]), "1.4.0 @ pyproject.toml:4");
    for on in
        ["[tool.setuptools-git-versioning]\nenabled = true\n", "[tool.setuptools-git-versioning]\n"]
    {
        assert_eq!(
            told("pyproject.toml", &[("pyproject.toml", on)]),
            "no version in pyproject.toml:1: setuptools-git-versioning takes the version from git, and the commit has no tag that is a version, such as v1.4.0"
        );
    }
}

#[test]
fn rust_packages_inherit_from_the_nearest_workspace() {
    let inherits = "[package]\nname = 'x'\nversion.workspace = true\nrust-version = '1.95'\n";
    let root =
        "[workspace.package]\nversion = '2.0.0'\n[package]\nname = 'root'\nversion = '9.9.9'\n";
    for (files, expected) in [
        (
            &[(
                "Cargo.toml",
                "[package]\nversion = '1.4.0'\n[dependencies]\na = { version = '9' }\n",
            )][..],
            "1.4.0 @ Cargo.toml:2",
        ),
        (&[("Cargo.toml", "[workspace.package]\nversion = '1.4.0'\n")], "1.4.0 @ Cargo.toml:2"),
        (
            &[("Cargo.toml", root), ("a/Cargo.toml", "[package]\n"), ("a/b/Cargo.toml", inherits)],
            "2.0.0 @ Cargo.toml:2",
        ),
        (
            &[(
                "Cargo.toml",
                "[package]\nversion.workspace = true\n[workspace.package]\nversion = '3.0.0'\n",
            )],
            "3.0.0 @ Cargo.toml:4",
        ),
        (
            &[
                ("ws/Cargo.toml", "[workspace.package]\nversion = '4.0.0'\n"),
                ("a/Cargo.toml", "[package]\nversion.workspace = true\nworkspace = '../ws'\n"),
            ],
            "4.0.0 @ ws/Cargo.toml:2",
        ),
        (
            &[("a/Cargo.toml", inherits)],
            "no version in a/Cargo.toml:3: `version.workspace = true`, and no folder above has a Cargo.toml with `[workspace]`",
        ),
        (
            &[("a/Cargo.toml", inherits), ("Cargo.toml", "[workspace]\n")],
            "no version in a/Cargo.toml:3: it takes the version from its workspace, and Cargo.toml has no `workspace.package.version`",
        ),
        (
            &[("Cargo.toml", "[package]\nversion = '0.0.0'\n")],
            "no version in Cargo.toml:2: \"0.0.0\" stands for a version that is not set",
        ),
        (
            &[("Cargo.toml", "[package]\nname = 'x'\nrust-version = '1.95'\n")],
            "no version in Cargo.toml: it has no `package.version`",
        ),
    ] {
        let (path, _) = files[files.len() - 1];
        let path = if files[0].0 == "a/Cargo.toml" { "a/Cargo.toml" } else { path };
        assert_eq!(told(path, files), expected);
    }
}

#[test]
fn a_workspace_that_cannot_be_read_is_not_passed_over() {
    let member = "[package]\nversion.workspace = true\n";
    let read = |path: &str| match path {
        "a/b/Cargo.toml" => Entry::Text(member.into()),
        "a/b/VERSION" => Entry::Text("1.4.0".into()),
        "a/Cargo.toml" => Entry::Folder,
        _ => Entry::Absent,
    };
    let request = Request { from: &Origin::Auto, folder: "a/b", given: None, git: Git::default() };
    let failure = find(&request, &read).unwrap_err();
    assert_eq!(failure.what, "no version in a/b/Cargo.toml:2");
    assert_eq!(
        failure.why,
        "it takes the version from a workspace above, and of a/Cargo.toml: it is a folder, not a file"
    );
}

#[test]
fn keys_and_kinds_of_files() {
    let files = [
        ("a.toml", "[app]\nv = '1.4.0'\n"),
        ("m.py", "API = '2.0'\n"),
        ("VERSION", "1.0.0"),
        ("Chart.yaml", "version: 1.0.0"),
        ("a.json", r#"{"app": {"v": "3.0"}}"#),
    ];
    for (from, expected) in [
        ("a.toml:app.v", "1.4.0 @ a.toml:2"),
        ("m.py:API", "2.0 @ m.py:1"),
        ("a.json:app.v", "3.0 @ a.json:1"),
        ("./VERSION", "1.0.0 @ VERSION:1"),
        ("a.toml", "no version in a.toml: it is not known which key of it is the version"),
        ("VERSION:x", "no version in VERSION: a file that holds the version alone has no keys"),
        ("Chart.yaml", "no version in Chart.yaml: no version is read from files of this kind"),
        ("1.4.0", "no version in 1.4.0: there is no such file"),
        ("gone/VERSION", "no version in gone/VERSION: there is no such file"),
        ("../VERSION", "no version in ../VERSION: it is outside of the repository"),
        ("/etc/passwd", "no version in /etc/passwd: it is outside of the repository"),
    ] {
        assert_eq!(told(from, &files), expected, "{from}");
    }
    for bad in ["", ":x", "VERSION:"] {
        assert!(Origin::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_version_that_is_given() {
    let of = |given| {
        let request = Request { from: &Origin::Value, folder: "", given, git: Git::default() };
        find(&request, &|_| Entry::Absent)
            .map(|found| format!("{} @ {}", found.version, found.source))
    };
    assert_eq!(of(Some(" v1.4.0\n")).unwrap(), "1.4.0 @ input version");
    for bad in [None, Some(""), Some("latest"), Some("1.0 2")] {
        assert_eq!(of(bad).unwrap_err().outcome, Outcome::BadInput, "{bad:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_ever_guessed(texts in proptest::collection::vec(
        proptest::option::of("(v?[0-9]\\.[0-9]\n?|\\{\"version\": ?\"[0-9]\\.[0-9]\"\\}|\\[project\\]\nversion = '[0-9]\\.[0-9]'|\\{'version': '[0-9]\\.[0-9]'\\}|__version__ = '[0-9]\\.[0-9]'|[a-z0-9.{}\\[\\]='\" \n]{0,30})"),
        AUTO.len(),
    )) {
        let files: BTreeMap<&str, String> = AUTO.into_iter().zip(texts).filter_map(|(name, text)| Some((name, text?))).collect();
        let read = |path: &str| files.get(path).map_or(Entry::Absent, |text| Entry::Text(text.as_str().into()));
        let request = Request { from: &Origin::Auto, folder: "", given: None, git: Git::default() };
        let found = find(&request, &read);
        prop_assert_eq!(&found, &find(&request, &read));
        if let Ok(Found { version, source: Source::File { path, line } }) = found {
            // What was found stands there, and nothing else that can be read says another.
            let index = usize::try_from(line).unwrap_or(0).saturating_sub(1);
            let stands = files[path.as_str()].lines().nth(index).unwrap_or_default();
            prop_assert!(stands.contains(version.as_str()), "{stands} {version}");
            for name in files.keys() {
                let origin = Origin::File { path: (*name).to_owned(), key: None };
                if let Ok(other) = find(&Request { from: &origin, ..request }, &read) {
                    prop_assert_eq!(other.version.as_str(), version.as_str(), "{}", name);
                }
            }
        }
    }
}
