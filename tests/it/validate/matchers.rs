//! No problem matcher of a compiler takes our lines: a job that sets up Python, Go or Rust applies them to every step.

use regex::Regex;
use serde_json::json;

use crate::kit::scene::Scene;

/// Owner, and the expressions of consecutive lines: those of actions/setup-python, -go, -node and -dotnet,
/// actions-rust-lang/setup-rust-toolchain, the examples of actions/toolkit, and what linters of C and Python use.
const MATCHERS: [(&str, &[&str]); 10] = [
    (
        "rust",
        &[
            r"^(?:\x1b\[[\d;]+m)*(warning|warn|error)(?:\x1b\[[\d;]+m)*(\[(.*)\])?(?:\x1b\[[\d;]+m)*:(?:\x1b\[[\d;]+m)* ([^\x1b]*)(?:\x1b\[[\d;]+m)*$",
            r"^(?:\x1b\[[\d;]+m)*\s*(?:\x1b\[[\d;]+m)*\s*--> (?:\x1b\[[\d;]+m)*(.*):(\d*):(\d*)(?:\x1b\[[\d;]+m)*$",
        ],
    ),
    ("rustfmt", &[r"^(Diff in (.+))(?: at line |:)(\d+):$"]),
    ("gcc", &[r"^(.*?):(\d+):(\d*):?\s+(?:fatal\s+)?(warning|error):\s+(.*)$"]),
    (
        "eslint-stylish",
        &[r"^\s*([^\s].*)$", r"^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(.*)$"],
    ),
    (
        "eslint-compact",
        &[r"^(.+):\sline\s(\d+),\scol\s(\d+),\s(Error|Warning|Info)\s-\s(.+)\s\((.+)\)$"],
    ),
    ("python", &[r#"^\s*File\s"(.*)",\sline\s(\d+),\sin\s(.*)$"#, r"^\s*raise\s(.*)\('(.*)'\)$"]),
    ("flake8", &[r"^([^:]*):(\d+):(?:(\d+):)?\s+(\w\d+)\s+(.*)$"]),
    ("go", &[r"((?:\.{0,2}/|\.{0,2}\\)(?:.+\.go)):(?:(\d+):(\d+):)? (.*)"]),
    (
        "tsc",
        &[
            r"^([^\s].*)[(:](\d+)[,:](\d+)(?:\):\s+|\s+-\s+)(error|warning|info)\s+(\w{1,2}\d+)\s*:\s*(.*)$",
        ],
    ),
    ("csc", &[r"^([^\s].*)\((\d+),(\d+)\):\s+(error|warning)\s+([A-Z]{1,4}\d{1,5}):\s*(.*)$"]),
];

/// The matchers that find something in a log, each with the first of its lines.
fn taken(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    let mut found = Vec::new();
    for (owner, expressions) in MATCHERS {
        let expressions: Vec<Regex> =
            expressions.iter().map(|text| Regex::new(text).unwrap()).collect();
        let fits = |window: &&[&str]| {
            window.iter().zip(&expressions).all(|(line, one)| one.is_match(line))
        };
        let first = lines.windows(expressions.len()).find(fits);
        found.extend(first.map(|window| format!("{owner}: {}", window[0])));
    }
    found
}

/// A stack with errors and warnings, with columns and without, in files whose names look like a compiler's.
fn scene() -> Scene {
    let scene = Scene::of("validate-config");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    scene.git(&["init", "-q", "-b", "main"]);
    let compose = "services:\n  web:\n    image: nginx\n    ports: [\"1:x\"]\n    environment: {DB_PASSWORD: hunter2hunter2}\n  web2:\n    imag: x\n";
    scene.write("compose.yaml", compose);
    scene.write("./cmd/main.go", "const password = \"kX9vQ2mPw7Lz\"\n");
    scene.write(".env", "A=1\nA=2\nnot an assignment\n");
    scene.commit("first");
    scene
}

#[test]
fn on_a_runner_no_matcher_takes_a_finding() {
    let ran = scene().run("push", &json!({}), &[]);
    assert_eq!(ran.code, 1, "{}", ran.log);
    ran.says("compose.yaml, line 5");
    // What the runner takes for its own commands is gone before a matcher sees it.
    let shown: Vec<&str> = ran.log.lines().filter(|line| !line.starts_with("::")).collect();
    assert_eq!(taken(&shown.join("\n")), [""; 0], "{}", ran.log);
}

#[test]
fn the_matchers_take_what_their_tools_say() {
    let by_hand = scene().by_hand(&[]);
    assert!(taken(&by_hand.log)[0].starts_with("rust: error["), "{}", by_hand.log);
    let table = [
        ("error[E0308]: mismatched types\n --> src/main.rs:2:18", "rust"),
        ("Diff in /a/src/main.rs:3:", "rustfmt"),
        ("a.c:3:9: error: expected ';'", "gcc"),
        ("a.js\n  1:7  error  'a' is never used  no-unused-vars", "eslint-stylish"),
        ("a.js: line 5, col 1, Error - 'a' is not defined. (no-undef)", "eslint-compact"),
        ("  File \"a.py\", line 3, in f\n    raise ValueError('x')", "python"),
        ("a.py:3:80: E501 line too long", "flake8"),
        ("./cmd/a.go:3:2: undefined: x", "go"),
        ("a.ts(3,5): error TS2304: no name", "tsc"),
        ("a.cs(3,5): error CS0103: no name", "csc"),
    ];
    for (log, owner) in table {
        assert!(taken(log).iter().any(|one| one.starts_with(owner)), "{owner}: {:?}", taken(log));
    }
}
