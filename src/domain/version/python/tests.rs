//! Modules whose version is known, and those whose version is not.

use proptest::prelude::*;

use super::*;

fn told(text: &str) -> (String, u32) {
    told_of(text, None)
}

fn told_of(text: &str, name: Option<&str>) -> (String, u32) {
    match version("m.py", text, name) {
        Ok(said) => (said.version.to_string(), said.line),
        Err(lack) => (format!("{:?}: {}", lack.kind, lack.why), lack.line),
    }
}

#[test]
fn a_literal_at_module_level() {
    for (text, expected, line) in [
        ("__version__ = '1.4.0'\n", "1.4.0", 1),
        ("\u{feff}# c\n\n__version__ = \"1.4.0\"  # now", "1.4.0", 3),
        ("\"\"\"Doc.\n__version__ = '9.9'\n\"\"\"\n__version__='1.4.0'", "1.4.0", 4),
        ("__version__: str = '1.4.0'", "1.4.0", 1),
        ("from typing import Final\n__version__: Final[str] = '1.4.0'", "1.4.0", 2),
        (
            "__version__ = version = '1.4.0'\n__version_tuple__ = version_tuple = (1, 4, 0)",
            "1.4.0",
            1,
        ),
        ("__version__ = (\n    '1.4'\n    '.0'\n)", "1.4.0", 1),
        ("__version__ = \\\n    '1.4.0'", "1.4.0", 1),
        ("import os; __version__ = '1.4.0'; x = 1", "1.4.0", 1),
        ("VERSION = (1, 4, 0)", "1.4.0", 1),
        ("VERSION = 1, 4", "1.4", 1),
        ("VERSION = (1, 4, 0, 'final', 0)\n__version__ = get_version(VERSION)", "1.4.0", 1),
        ("VERSION = (1, 4, 0)\n__version__ = '.'.join(map(str, VERSION))", "1.4.0", 1),
        ("VERSION = '1.4.0'\n__version__ = VERSION", "1.4.0", 1),
        ("APP = '1.4.0'\n__version__ = APP", "1.4.0", 1),
        ("__version__ = u'1.4.0'", "1.4.0", 1),
        ("__version__ = '1.4.0'\nfrom .x import *", "1.4.0", 1),
        ("from .x import *\nVERSION = '1.4.0'", "1.4.0", 2),
        ("__version__ = '1.4.0'\nfor part in __version__.split('.'): pass", "1.4.0", 1),
        ("from packaging import version\n__version__ = '1.4.0'\nVERSION = 3", "1.4.0", 2),
        ("__version__ = '1.3.0'\n__version__ = '1.4.0'", "1.4.0", 2),
        ("version: str\n__version__: str\n__version__ = '1.4.0'", "1.4.0", 3),
        ("__version__ = '1.4.0'\r\nx = f\"{a['b']}\"\r\n", "1.4.0", 1),
        ("x = f\"{\", \".join(y)}\"\n__version__ = '1.4.0'", "1.4.0", 2),
        ("x = r'\\''\n__version__ = '1.4.0'", "1.4.0", 2),
    ] {
        assert_eq!(told(text), (expected.to_owned(), line), "{text}");
    }
}

#[test]
fn functions_and_classes_have_names_of_their_own() {
    let text = "class A:\n    version = '9.9'\n    def version(self):\n        version = 8\n\n@decorated(\n  version='7'\n)\ndef f(version='6'):\n\n    __version__ = '5.5'\n# c\n    VERSION = 4\n__version__ = '1.4.0'\n";
    assert_eq!(told(text), ("1.4.0".into(), 14));
    assert_eq!(
        told("setup(version='1.4.0')\nself.version = '2'\nx['version'] = '3'\nx[version] = 4").0,
        NOTHING
    );
    assert_eq!(told("assert version == '1.4.0'\nprint(__version__)").0, NOTHING);
}

const NOTHING: &str = "Absent: it assigns nothing to `__version__`, `VERSION`, `version`";

#[test]
fn what_is_not_known_without_running_it() {
    let computed = "Unknown: `__version__` is computed at runtime";
    let imported = "Unknown: `__version__` is imported, so it is known only at runtime";
    let block = "Unknown: `__version__` is given a value in a block, so it depends on what runs";
    let changed =
        "Unknown: `__version__` is changed by another statement, so it is known only at runtime";
    for (text, expected, line) in [
        ("", NOTHING, 0),
        ("__version__: str\n", NOTHING, 0),
        (
            "from importlib.metadata import version\n",
            "Unknown: `version` is imported, so it is known only at runtime",
            1,
        ),
        ("from importlib import metadata\n__version__ = metadata.version('x')", computed, 2),
        ("__version__ = open('VERSION').read().rstrip()", computed, 1),
        ("__version__ = '1.4.0' + suffix", computed, 1),
        ("VERSION = '1.4'\n__version__ = VERSION + '.0'", computed, 2),
        (
            "VERSION = (1, 4, 0, 'rc', 1)\n__version__ = get_version(VERSION)",
            "Unknown: `VERSION` is a tuple, not a text or a tuple of numbers",
            1,
        ),
        ("__version__ = f'{major}.0'", computed, 1),
        ("__version__ = '%d.%d' % (1, 4)", computed, 1),
        ("__version__ = __version__", "Unknown: `__version__` stands for itself", 1),
        ("from ._version import __version__", imported, 1),
        ("from ._version import (\n    a,\n    v as __version__,\n)", imported, 1),
        ("import x.y as __version__", imported, 1),
        ("import x.version\nfrom a import __version__ as b", NOTHING, 0),
        (
            "__version__ = '1.4.0'\ntry:\n    from ._v import __version__\nexcept ImportError:\n    pass",
            block,
            3,
        ),
        ("if x:\n    __version__ = '1.4.0'\nelse:\n    __version__ = '1.5.0'", block, 2),
        ("if x: __version__ = '1.4.0'", block, 1),
        ("for __version__ in y: pass", block, 1),
        ("with a as __version__: pass", block, 1),
        ("for a, __version__ in y: pass", block, 1),
        ("match x:\n    case [__version__]:\n        pass", block, 2),
        ("if (__version__ := '1.4.0'): pass", block, 1),
        (
            "print(__version__ := '1.4.0')",
            "Unknown: `__version__` is given a value inside of an expression",
            1,
        ),
        (
            "__version__ = '1.4.0'\ndef f():\n    global __version__\n    __version__ = '1.5.0'",
            block,
            3,
        ),
        (
            "VERSION = '1.4.0'\nfrom .x import *",
            "Unknown: `VERSION` may be replaced by what `import *` brings",
            2,
        ),
        ("__version__ = '1.4.0'\n__version__ += '.dev0'", changed, 2),
        ("a, __version__ = f()", "Unknown: `__version__` is unpacked from another value", 1),
        ("(a, __version__) = f()", "Unknown: `__version__` is unpacked from another value", 1),
        ("def __version__(): pass", "Unknown: `__version__` is a function or a class", 1),
        (
            "__version__ = 1.10",
            "Unknown: `__version__` is a float, not a text or a tuple of numbers",
            1,
        ),
        (
            "__version__ = None",
            "Unknown: `__version__` is `None`, not a text or a tuple of numbers",
            1,
        ),
        (
            "__version__ = 'next'",
            "Unknown: \"next\" is no version: it does not begin with a digit",
            1,
        ),
        ("x = 1\n__version__ = 'a\n", "Unknown: it is no Python: a text is not closed", 2),
        (
            "__version__ = '1.4.0'\nVERSION = '1.5.0'",
            "Unknown: `VERSION` says 1.5.0 and `__version__` in line 1 says 1.4.0",
            2,
        ),
    ] {
        assert_eq!(told(text), (expected.to_owned(), line), "{text}");
    }
}

#[test]
fn large_files_are_read_in_time() {
    let names = "VERSION, ".repeat(50_000);
    let text = format!("VERSION = '1.4.0'\n__version__ = f({names})\n");
    assert_eq!(told(&text).0, "Unknown: `__version__` is computed at runtime");
    let text = format!("{}__version__ = '1.4.0'", "version = 1\n".repeat(50_000));
    assert_eq!(told(&text).0, "1.4.0");
    assert!(
        told(&"version = 1\n".repeat(50_000)).0.starts_with("Unknown: `version` is an integer")
    );
    assert_eq!(told(&format!("x = {}", "(".repeat(1_000_000))).0, NOTHING);
}

#[test]
fn a_name_that_is_asked_for() {
    let text = "__version__ = '1.4.0'\nAPI = '2'\nVERSION = 'v3.0'\n";
    assert_eq!(told_of(text, Some("API")), ("2".into(), 2));
    assert_eq!(told_of(text, Some("VERSION")), ("3.0".into(), 3));
    assert_eq!(told_of(text, Some("x")).0, "Absent: it assigns nothing to `x`");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_odd(text in "[a-c_ \n\t\r()\\[\\]{}'\"\\\\=:;,.@+#1é]{0,80}") {
        drop(version("m.py", &text, Some("a")));
    }

    #[test]
    fn what_stands_around_it_does_not_matter(
        before in "(x = 1\n|# version\n|import os\n|def f\\(\\):\n    version = 1\n|y = '''\nversion = 2\n'''\n){0,5}",
        after in "(\nz = \\[\nversion\n\\]|\nclass A:\n  version = 3|\nprint\\(version\\)){0,4}",
    ) {
        let said = version("m.py", &format!("{before}version = '1.4.0'{after}"), None);
        let said = said.map_err(|lack| TestCaseError::fail(lack.why))?;
        prop_assert_eq!(said.version.as_str(), "1.4.0");
        let lines = u32::try_from(before.lines().count()).unwrap_or(0);
        prop_assert_eq!(said.line, lines + 1);
    }
}
