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
        ("VERSION = (1, 4, 2, 'final', 0)\n__version__ = get_version(VERSION)", "1.4.2", 1),
        ("VERSION = (1, 4, 0)\n__version__ = utils.version_to_str(VERSION)", "1.4.0", 1),
        ("__version__ = (1, 4, 0, 'final', 0)", "1.4.0", 1),
        ("VERSION = (1, 4, 0)\n__version__ = '.'.join(map(str, VERSION))", "1.4.0", 1),
        ("VERSION = '1.4.0'\n__version__ = VERSION", "1.4.0", 1),
        ("APP = '1.4.0'\n__version__ = APP", "1.4.0", 1),
        ("__version__ = u'1.4.0'", "1.4.0", 1),
        ("APP = (1, 4, 0)\n__version__ = '.'.join(str(x) for x in APP)", "1.4.0", 1),
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
        ("VERSION = (1, 4, 0, 'rc', 1)\n__version__ = get_version(VERSION)", computed, 2),
        ("__version__ = f'{major}.0'", computed, 1),
        ("__version__ = '%d.%d' % (1, 4)", computed, 1),
        (
            "__version__ = __version__",
            "Unknown: `__version__` stands for `__version__`, and nothing before it gives that a value",
            1,
        ),
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
    for opened in
        ["(", "[{", "f'{", "f'{(", "f'{x:{", "lambda:", "a;", "\\\n", "\r", "\u{c} ", "1.", "é"]
    {
        let text = opened.repeat(200_000 / opened.len());
        drop(version("m.py", &text, None));
        drop(version("m.py", &format!("x = {text}\n__version__ = '1.4.0'"), None));
    }
    assert_eq!(
        told(&format!("x = {}", "(".repeat(1_000_000))).0,
        "Unknown: it is no Python: a bracket is not closed"
    );
}

/// Cases of text, answer and line.
fn assert_all(cases: &[(&str, &str, u32)]) {
    for (text, expected, line) in cases {
        assert_eq!(told(text), ((*expected).to_owned(), *line), "{text}");
    }
}

#[test]
fn a_tuple_of_numbers_counts_only_as_a_whole() {
    let computed = "Unknown: `__version__` is computed at runtime";
    for (tuple, made, expected) in [
        ("(1, 4, 0)", "'.'.join(map(str, VERSION[:2]))", computed),
        ("(1, 4, 0)", "get_version(VERSION) + '.dev1'", computed),
        ("(1, 4, 0)", "read() if VERSION else x", computed),
        ("(1, 4, 0)", "str(VERSION)", computed),
        ("(1, 4, 0)", "short_version(VERSION)", computed),
        ("(1, 4, 0)", "'%d.%d.%d' % VERSION", computed),
        // Django's own leaves out the 0.
        ("(1, 4, 0, 'final', 0)", "get_version(VERSION)", computed),
        ("(1, 4, 1, 'final', 0)", "get_version(VERSION)", "1.4.1"),
        ("(1, 4, 0, 'final', 0)", "'.'.join(map(str, VERSION))", "1.4.0.final.0"),
        ("(1, 4, 0, 'rc', 1)", "'.'.join(map(str, VERSION))", "1.4.0.rc.1"),
        ("(1, 4, -1)", "'.'.join(map(str, VERSION))", computed),
        ("(1, 4.0)", "'.'.join(map(str, VERSION))", computed),
        ("()", "'.'.join(map(str, VERSION))", "Unknown: \"\" is no version: it is empty"),
        // Neither is written out.
        ("[1, 4, 0]", "'.'.join(map(str, VERSION))", computed),
        ("'140'", "'.'.join(map(str, VERSION))", computed),
        ("'1.4.0'", "get_version(VERSION)", computed),
        ("f()", "get_version(VERSION)", computed),
    ] {
        let text = format!("VERSION = {tuple}\n__version__ = {made}\nVERSION = None");
        assert_eq!(told_of(&text, Some("__version__")).0, expected, "{text}");
    }
    assert_eq!(told("__version__ = get_version(V)\nV = (1, 4, 0)"), (computed.into(), 1));
    let django = "VERSION = (1, 4, 0, 'final', 0)\n__version__ = get_version(VERSION)";
    assert_eq!(told_of(django, Some("VERSION")).0, "1.4.0");
}

#[test]
fn a_name_is_worth_what_it_was_where_it_stands() {
    assert_all(&[
        ("A = '1.0'; __version__ = A; A = '2.0'", "1.0", 1),
        ("A = '1.0'\n__version__ = A\nif x:\n    A = '2.0'", "1.0", 1),
        ("A = '1.0'\n__version__ = A\ndef f():\n    global A\n    A = '2.0'", "1.0", 1),
        ("A = (1, 0)\n__version__ = '.'.join(map(str, A))\nA = (2, 0)", "1.0", 1),
        ("__version__ = '1.0'\n__version__ = __version__", "1.0", 1),
        (
            "__version__ = A\nA = '1.0'",
            "Unknown: `__version__` stands for `A`, and nothing before it gives that a value",
            1,
        ),
        (
            "if x:\n    A = '2.0'\n__version__ = A\nA = '1.0'",
            "Unknown: `A` is given a value in a block, so it depends on what runs",
            2,
        ),
        ("a = '1.0'\nb = a\nc = b\nd = c\n__version__ = d", "1.0", 1),
        (
            "a = '1.0'\nb = a\nc = b\nd = c\ne = d\n__version__ = e",
            "Unknown: `b` is more than 4 names away from what it stands for",
            2,
        ),
        ("b = f()\nc = b\nd = c\ne = d\n__version__ = e", "Unknown: `b` is computed at runtime", 1),
    ]);
}

#[test]
fn what_stands_behind_a_colon_is_in_the_block() {
    let block = "Unknown: `version` is given a value in a block, so it depends on what runs";
    for inner in [
        "if x: a = 1; version = '2.0'",
        "if x: version: str = '2.0'",
        "if x: (version) = '2.0'",
        "if (lambda: 0)() if lambda: 1 else 0: version = '2.0'",
        "try: import version\nexcept E: pass",
        "try: from a import b as version; x = 1\nexcept E: pass",
        "else: del version",
        "while x: y = 1; version += '.0'",
        "with x: a; b; version = '2.0'",
        "for a in b: a; version = '2.0'",
        "for a[b in c], version in d: pass",
        "match x:\n  case 1: a; version = '2.0'",
        "if x:\n    if y: a = 1; version: str = '2.0'",
        "def f(): global version; version = '2.0'",
        "def f():\n    def g(): a = 1; global version; version = 1",
        "class A: global version; version = '2.0'",
    ] {
        assert_eq!(told(&format!("version = '1.4.0'\n{inner}\n")).0, block, "{inner}");
    }
    for other in [
        "def f(): a = 1; version = '2.0'",
        "def f(): version = '2.0'; a = 1",
        "async def f(): a = 1; version = '2.0'",
        "class A: x = 1; version = '2.0'",
        "class A: version = '2.0'",
        "def f(a: int, b=1) -> version: a; version = '2.0'",
        "if x:\n    def f(): a = 1; version = '2.0'",
        "if version: a = 1; b = 2",
        "if version == 1: x = 1",
        "for a in version: pass",
        "try: x = version\nexcept E: pass",
        "lambda: 0; a = 1",
    ] {
        assert_eq!(told(&format!("{other}\nversion = '1.4.0'\n")).0, "1.4.0", "{other}");
        assert_eq!(told(&format!("version = '1.4.0'\n{other}\n")).0, "1.4.0", "{other}");
    }
    let match_is_a_name = "match = x.match(a)\nmatch.y = version = '1.4.0'\nmatch: int = 3";
    assert_eq!(told(match_is_a_name), ("1.4.0".into(), 2));
}

#[test]
fn what_setuptools_scm_writes_is_read() {
    let text = "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Tuple, Union\n    VERSION_TUPLE = Tuple[Union[int, str], ...]\nelse:\n    VERSION_TUPLE = object\n\nversion: str\n__version__: str\n__version_tuple__: VERSION_TUPLE\n\n__version__ = version = '1.4.0'\n__version_tuple__ = version_tuple = (1, 4, 0)\n";
    assert_eq!(told(text), ("1.4.0".into(), 12));
    let imported = "if TYPE_CHECKING:\n    from ._v import version\n";
    assert_eq!(
        told(imported).0,
        "Unknown: `version` is given a value in a block, so it depends on what runs"
    );
}

#[test]
fn every_way_to_give_a_name_a_value_is_seen() {
    let function = "Unknown: `version` is a function or a class";
    let changed =
        "Unknown: `version` is changed by another statement, so it is known only at runtime";
    let writer = "Unknown: `version` may be what `exec` or `globals` makes of it";
    let letters = "Unknown: `version` may be what Python takes a name in other letters for";
    for (other, expected) in [
        ("async def version(): pass", function),
        ("async def version():\n    return 1", function),
        ("class version: x = 1", function),
        ("type version = int", "Unknown: `version` is a name for a type"),
        ("type version[T] = int", "Unknown: `version` is a name for a type"),
        ("(version) += '.dev'", changed),
        ("( version ) += '.dev'", changed),
        ("exec(open('v').read())", writer),
        ("globals()['version'] = '2.0'", writer),
        ("ｖersion = '2.0'", letters),
    ] {
        assert_eq!(told(&format!("version = '1.4.0'\n{other}")), (expected.into(), 2), "{other}");
    }
    for other in [
        "async def f(version): pass",
        "type x = version",
        "type = version",
        "version.x += 1",
        "x.version += 1",
        "(x[version]) += 1",
        "x = exec(version)",
        "versión = '2.0'",
        "größe = '2.0'",
        "ｖersions = '2.0'",
        "def f():\n    ｖersion = '2.0'",
        "print('ｖersion')",
    ] {
        assert_eq!(told(&format!("version = '1.4.0'\n{other}")), ("1.4.0".into(), 1), "{other}");
    }
    assert_all(&[
        ("exec(x)\nversion = '1.4.0'", "1.4.0", 2),
        ("globals()['version'] = 1\nversion = '1.4.0'", "1.4.0", 2),
        ("globals()['version'] = 1", writer, 1),
        ("exec('version = 1')", writer, 1),
        ("exec(open('x').read())\nglobals().update(x)", NOTHING, 0),
    ]);
}

#[test]
fn a_star_brings_what_begins_with_a_line_only_from_a_module_of_versions() {
    let brought =
        "Unknown: `__version__` may be what `import *` brings of a module that says versions";
    assert_all(&[
        ("__version__ = '1.4.0'\nfrom .models import *", "1.4.0", 1),
        ("__version__ = '1.4.0'\nfrom .conversion import *", "1.4.0", 1),
        ("__version__ = '1.4.0'\nfrom ._version import __all__", "1.4.0", 1),
        ("from ._version import *\n__version__ = '1.4.0'", "1.4.0", 2),
        ("__version__ = '1.4.0'\nfrom ._version import *", brought, 2),
        ("from .__about__ import *", brought, 1),
        (
            "VERSION = '1.4.0'\nif x: from .local import *",
            "Unknown: `VERSION` may be replaced by what `import *` brings",
            2,
        ),
    ]);
}

#[test]
fn lines_are_those_of_python() {
    let block = "Unknown: `version` is given a value in a block, so it depends on what runs";
    assert_all(&[
        ("x = 1\rversion = '1.4.0'\r", "1.4.0", 2),
        ("x = 'a\\\r\nb'\r\nversion = '1.4.0'", "1.4.0", 3),
        ("x = 'a\\\rb'\rversion = '1.4.0'", "1.4.0", 3),
        ("version = \\\r    '1.4.0'", "1.4.0", 1),
        ("\u{c}version = '1.4.0'", "1.4.0", 1),
        ("if x:\n    y = 1\n  \u{c}version = '1.4.0'", "1.4.0", 3),
        ("if x:\n\u{c}\tversion = '1.4.0'", block, 2),
        // Old versions of Python take these for statements at module level, newer ones for a part of the block.
        ("if x:\n    pass\n\\\n    version = '1.4.0'", block, 3),
        ("def f():\n    pass\n\\\n    version = '1.4.0'", block, 3),
        ("def f():\n    pass\n\\\nif x:\n    version = '1.4.0'", block, 5),
    ]);
}

#[test]
fn texts_with_code_in_them_are_read_as_python_does() {
    assert_all(&[
        ("x = f\"{a[\"b\"]}\"\n__version__ = '1.4.0'", "1.4.0", 2),
        (
            "x = f'{a:{b}}' f'{{' f'\\N{DASH}' rf'\\{a}' f'{a!r:>{b[':']}}'\n__version__ = '1.4.0'",
            "1.4.0",
            2,
        ),
        ("x = f'{f'{f'{1}'}'}'\n__version__ = '1.4.0'", "1.4.0", 2),
        // All of it is one text since Python 3.12, and none before.
        ("x = f'''{'''\n__version__ = '9.9'\n'''}'''\n__version__ = '1.4.0'", "1.4.0", 4),
        ("x = t'''{f('''\n__version__ = '9.9'\n''')}'''", NOTHING, 0),
        ("x = '{'\n__version__ = '1.4.0'", "1.4.0", 2),
        ("x = f'{a'\n__version__ = '1.4.0'", "Unknown: it is no Python: a text is not closed", 1),
    ]);
}

#[test]
fn what_python_does_not_run_says_nothing() {
    for (text, why, line) in [
        ("\n__version__ = '1.4.0')", "a `)` closes nothing", 2),
        ("__version__ = ('1.4.0']", "a `]` closes nothing", 1),
        ("__version__ = '1.4.0'\nx = (\n", "a bracket is not closed", 2),
        ("__version__ = '1.4.0'\n#\0", "it has a character that Python refuses there (U+0000)", 2),
        ("__version__\u{a0}= '1.4.0'", "it has a character that Python refuses there (U+00A0)", 1),
        ("ver\u{200b}sion = '1.4.0'", "it has a character that Python refuses there (U+200B)", 1),
        ("\u{b}version = '1.4.0'", "it has a character that Python refuses there (U+000B)", 1),
        ("version = \\ '1.4.0'", "a backslash is not at the end of its line", 1),
    ] {
        assert_eq!(told(text), (format!("Unknown: it is no Python: {why}"), line), "{text:?}");
    }
}

#[test]
fn a_file_in_a_foreign_encoding_is_not_read() {
    let utf_7 = "Unknown: it is written in `utf-7`, which is not read here";
    assert_all(&[
        ("# coding: utf-7\n__version__ = '1.4.0'\n#+AAo-__version__ = '9.9'", utf_7, 1),
        ("#!/bin/sh\n# vim: set fileencoding=utf-7 :\n__version__ = '1.4.0'", utf_7, 2),
        ("# coding: ; coding=utf-7\n__version__ = '1.4.0'", utf_7, 1),
        ("# -*- coding: UTF-8 -*-\n__version__ = '1.4.0'", "1.4.0", 2),
        ("# coding: latin_1\n__version__ = '1.4.0'", "1.4.0", 2),
        ("# how coding works: utf-7\n__version__ = '1.4.0'", "1.4.0", 2),
        ("#\n#\n# coding: utf-7\n__version__ = '1.4.0'", "1.4.0", 4),
    ]);
}

#[test]
fn a_name_that_is_asked_for() {
    let text = "__version__ = '1.4.0'\nAPI = '2'\nVERSION = 'v3.0'\n";
    assert_eq!(told_of(text, Some("API")), ("2".into(), 2));
    assert_eq!(told_of(text, Some("VERSION")), ("3.0".into(), 3));
    assert_eq!(told_of(text, Some("x")).0, "Absent: it assigns nothing to `x`");
    assert_eq!(told_of(text, Some("é")).0, "Unknown: `é` has letters that are not ASCII");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_odd(text in "([a-cf_ \n\t\r()\\[\\]{}'\"\\\\=:;,.@+#1é\u{c}\0ａ]|if |def |global |lambda ){0,80}") {
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
