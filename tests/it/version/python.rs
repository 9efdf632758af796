//! The version of a Python module against what Python itself assigns when it runs it: never another one.

use mta_actions::domain::known::Entry;
use mta_actions::domain::version::{Git, Origin, Request, find};

use crate::kit::python;

/// Runs each module and answers one line of JSON: the version, `null` where it ends with an error, `0` where it sets
/// none, `1` where it sets something that is neither a text nor a tuple.
const PYTHON: &str = r#"
import io, json, sys, warnings
warnings.simplefilter("ignore")
out, sys.stdout = sys.stdout, io.StringIO()
for line in sys.stdin:
    names = {"x": 1}
    try:
        exec(compile(json.loads(line), "m.py", "exec"), names)
        v = names.get("__version__", 0)
        answer = v if v == 0 or isinstance(v, str) else ".".join(map(str, v)) if isinstance(v, tuple) else 1
    except BaseException:
        answer = None
    print(json.dumps(answer), file=out)
"#;

/// Statements of which modules are made; `N` becomes a number of its own.
const STATEMENTS: [&str; 44] = [
    "__version__ = '1.0.N'",
    "__version__: str = '1.1.N'",
    "__version__ = \"1.2.N\"  # '9.9.9'",
    "__version__ = ('1.3.'\n    'N')",
    "__version__ = \\\n    '1.4.N'",
    "s = '\\''; __version__ = '1.5.N'; y = 2",
    "a = __version__ = '1.6.N'",
    "__version__: str",
    "VERSION = (2, 0, N)",
    "VERSION = '2.1.N'",
    "VERSION: tuple = 2, 2, N",
    "__version__ = VERSION",
    "__version__ = '.'.join(map(str, VERSION))",
    "__version__ = f'{x}.N'",
    "__version__ = '3.0.' + str(N)",
    "__version__ += '.N'",
    "if x:\n    __version__ = '4.0.N'",
    "if x: __version__ = '4.1.N'",
    "try:\n    __version__ = '4.2.N'\nexcept Exception:\n    pass",
    "with open('/dev/null') as f:\n  __version__ = '4.3.N'",
    "while False:\n\t__version__ = '4.4.N'",
    "for __version__ in ['4.5.N']: pass",
    "for i, __version__ in [(1, '4.6.N')]:\n    pass",
    "match x:\n    case __version__:\n        pass",
    "def f():\n    __version__ = '5.0.N'\n    return __version__",
    "async def g(__version__='5.1.N'):\n\n# c\n    VERSION = 1",
    "class A:\n    __version__ = '5.2.N'\n    VERSION = 1",
    "def h():\n    global __version__\n    __version__ = '5.3.N'\nh()",
    "k = lambda __version__='5.4.N': 1",
    "\"\"\"\n__version__ = '6.0.N'\n\"\"\"",
    "t = '''it's\n__version__ = \"6.1.N\"'''",
    "r = r'\\'  '\n",
    "# __version__ = '6.2.N'",
    "d = {'__version__': '6.3.N', 'VERSION': 1}\n",
    "l = [\n__name__,\nx == 1,\n]",
    "(b, __version__) = ('b', '7.0.N')",
    "[__version__, c] = '7.1.N', 1",
    "e = (__version__ := '7.2.N')",
    "from os import name as __version__",
    "import os as VERSION",
    "import os.path\nfrom os import (\n    sep,\n    curdir as n,\n)",
    "del __version__",
    "assert x == 1 != 2 <= 3",
    "u = f\"{'a'}\"; w = [1][0:1]",
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
            module.push_str(&statement.replace('N', &numbers.below(1000).to_string()));
            module.push_str(["\n", "\r\n", "\n\n"][numbers.below(3)]);
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
    let modules = modules(5000);
    let Some(answers) = python::answers::<serde_json::Value>(PYTHON, &modules) else { return };
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
