//! The version of a Python module against what Python itself assigns when it runs it: never another one.

use mta_actions::domain::known::Entry;
use mta_actions::domain::version::{Git, Origin, Request, find};

use crate::kit::python;

/// Runs each module and answers one line of JSON: the version, `null` where it ends with an error, `0` where it sets
/// none, `1` where it sets something that is neither a text nor a tuple. `get_version` is as Django's, which takes five
/// parts.
const PYTHON: &str = r#"
import io, json, sys, warnings
warnings.simplefilter("ignore")
out, sys.stdout = sys.stdout, io.StringIO()
def get_version(v):
    return ".".join(map(str, v[:2] if len(v) == 5 and v[2] == 0 else v[:3]))
def dotted(v):
    return ".".join(map(str, v[:3] if len(v) == 5 and v[3] == "final" else v))
for line in sys.stdin:
    names = {"x": 1, "get_version": get_version}
    try:
        exec(compile(json.loads(line), "m.py", "exec"), names)
        v = names.get("__version__", 0)
        answer = v if v == 0 or isinstance(v, str) else dotted(v) if isinstance(v, tuple) else 1
    except BaseException:
        answer = None
    print(json.dumps(answer), file=out)
"#;

/// Statements of which modules are made; `NN` becomes a number of its own.
const STATEMENTS: &[&str] = &[
    "__version__ = '1.0.NN'",
    "__version__: str = '1.1.NN'",
    "__version__ = \"1.2.NN\"  # '9.9.9'",
    "__version__ = ('1.3.'\n    'NN')",
    "__version__ = \\\n    '1.4.NN'",
    "s = '\\''; __version__ = '1.5.NN'; y = 2",
    "a = __version__ = '1.6.NN'",
    "__version__: str",
    "VERSION = (2, 0, NN)",
    "VERSION = '2.1.NN'",
    "VERSION: tuple = 2, 2, NN",
    "__version__ = VERSION",
    "__version__ = '.'.join(map(str, VERSION))",
    "__version__ = f'{x}.NN'",
    "__version__ = '3.0.' + str(NN)",
    "__version__ += '.NN'",
    "if x:\n    __version__ = '4.0.NN'",
    "if x: __version__ = '4.1.NN'",
    "try:\n    __version__ = '4.2.NN'\nexcept Exception:\n    pass",
    "with open('/dev/null') as f:\n  __version__ = '4.3.NN'",
    "while False:\n\t__version__ = '4.4.NN'",
    "for __version__ in ['4.5.NN']: pass",
    "for i, __version__ in [(1, '4.6.NN')]:\n    pass",
    "match x:\n    case __version__:\n        pass",
    "def f():\n    __version__ = '5.0.NN'\n    return __version__",
    "async def g(__version__='5.1.NN'):\n\n# c\n    VERSION = 1",
    "class A:\n    __version__ = '5.2.NN'\n    VERSION = 1",
    "def h():\n    global __version__\n    __version__ = '5.3.NN'\nh()",
    "k = lambda __version__='5.4.NN': 1",
    "\"\"\"\n__version__ = '6.0.NN'\n\"\"\"",
    "t = '''it's\n__version__ = \"6.1.NN\"'''",
    "r = r'\\'  '\n",
    "# __version__ = '6.2.NN'",
    "d = {'__version__': '6.3.NN', 'VERSION': 1}\n",
    "l = [\n__name__,\nx == 1,\n]",
    "(b, __version__) = ('b', '7.0.NN')",
    "[__version__, c] = '7.1.NN', 1",
    "e = (__version__ := '7.2.NN')",
    "from os import name as __version__",
    "import os as VERSION",
    "import os.path\nfrom os import (\n    sep,\n    curdir as n,\n)",
    "del __version__",
    "assert x == 1 != 2 <= 3",
    "u = f\"{'a'}\"; w = [1][0:1]",
    "VERSION = (2, 3, NN, 'final', 0)",
    "VERSION = (2, 4, 0, 'final', 0)",
    "VERSION = __version__",
    "__version__ = get_version(VERSION)",
    "__version__ = '.'.join(str(i) for i in VERSION)",
    "__version__ = '.'.join(map(str, VERSION[:2]))",
    "a = VERSION; b = a; c = b; d = c; __version__ = d",
    "if x: y = 1; __version__ = '8.0.NN'",
    "if x: __version__: str = '8.1.NN'",
    "if not x: y = 1; VERSION = '8.2.NN'",
    "def f(): y = 1; __version__ = '8.3.NN'",
    "class B: y = 1; __version__ = '8.4.NN'",
    "class C: global __version__; __version__ = '8.5.NN'",
    "async def __version__(): pass",
    "type __version__ = int",
    "(__version__) += '.NN'",
    "\\\n    __version__ = '8.6.NN'",
    "\u{c}__version__ = '8.7.NN'",
    "if x:\n  y = 1\n  \u{c}__version__ = '8.8.NN'",
    "＿_version__ = '8.9.NN'",
    "exec(\"__version__ = '9.0.NN'\")",
    "globals()['__version__'] = '9.1.NN'",
    "y = f\"{x:{x}}\" f'{{' f'{x!r:>3}'",
    "y = f\"{\"a\"}\"",
    "y = f'''{'''\n__version__ = '9.2.NN'\n'''}'''",
    "y = 'a\\\r\nb'",
    "try: from os import name as __version__\nexcept ImportError: pass",
    "for l[0 in [0]], __version__ in []: pass",
    "match = x; match: int = 2",
    "with open('/dev/null') as f: y = 1; __version__ = '9.3.NN'",
    "from os import *",
];

/// Numbers that look random and are the same each time (a linear congruential generator, Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

fn modules(count: usize) -> Vec<String> {
    let mut numbers = Numbers(7);
    let module = |_| {
        let length = 1 + numbers.below(5);
        let mut module = String::new();
        for _ in 0..length {
            let statement = STATEMENTS[numbers.below(STATEMENTS.len())];
            module.push_str(&statement.replace("NN", &numbers.below(1000).to_string()));
            module.push_str(["\n", "\r\n", "\n\n", "\r"][numbers.below(4)]);
        }
        module
    };
    (0..count).map(module).collect()
}

/// Our answer: the version, or why there is none.
fn ours(module: &str) -> Result<String, String> {
    let origin = Origin::File { path: "m.py".to_owned(), key: Some("__version__".to_owned()) };
    let request = Request { from: &origin, folder: "", given: None, git: Git::default() };
    let found = find(&request, &|_| Entry::Text(module.into()));
    found.map(|found| found.version.raw().to_owned()).map_err(|failure| failure.why)
}

#[test]
fn the_version_is_the_one_that_python_assigns() {
    let modules = modules(10_000);
    let python = python::Wanted::From(3, 8);
    let Some(answers) = python::answers::<serde_json::Value>(python, PYTHON, &modules) else {
        return;
    };
    let (mut found, mut absent, mut different) = (0, 0, Vec::new());
    for (module, theirs) in modules.iter().zip(&answers) {
        if theirs.is_null() {
            continue;
        }
        let is_right = match ours(module) {
            Ok(version) => {
                found += 1;
                *theirs == version
            }
            Err(why) if why.contains("assigns nothing") => {
                absent += 1;
                *theirs == 0
            }
            Err(_) => true,
        };
        if !is_right {
            different.push(format!("{module:?}: Python has {theirs}, we have {:?}", ours(module)));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(found > 500 && absent > 500, "{found} found, {absent} absent");
}
