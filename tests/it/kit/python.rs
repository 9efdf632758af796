//! Python, to compare with.

use std::io::Write;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

/// Which Python is compared with.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// This version and no other: what Python takes as a literal differs from version to version.
    Only(u32, u32),
    /// This version or a newer one.
    From(u32, u32),
}

impl Wanted {
    /// The first program that is one of these; on CI there must be one.
    fn program(self) -> Option<String> {
        let (names, test) = match self {
            Self::Only(major, minor) => (
                vec![format!("python{major}.{minor}"), "python3".to_owned()],
                format!("== ({major}, {minor})"),
            ),
            Self::From(major, minor) => {
                (vec!["python3".to_owned()], format!(">= ({major}, {minor})"))
            }
        };
        let age = format!("import sys; sys.exit(not sys.version_info[:2] {test})");
        let is_wanted = |name: &String| {
            let status = Command::new(name).args(["-c", &age]).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        };
        let found = names.iter().find(|name| is_wanted(name)).cloned();
        if found.is_none() {
            let why = format!("no Python {test} to compare with among {}", names.join(", "));
            let is_needed = matches!(self, Self::From(..))
                && std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
            assert!(!is_needed, "{why}: on CI this test must run");
            eprintln!("skipped: {why}");
        }
        found
    }
}

/// What a script answers, one line of JSON for each case, which it reads as lines of JSON too. `None` if there is no
/// such Python here.
pub fn answers<T: DeserializeOwned>(
    wanted: Wanted,
    script: &str,
    cases: &[String],
) -> Option<Vec<T>> {
    let mut child = Command::new(wanted.program()?)
        .args(["-W", "ignore", "-c", script])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: String =
        cases.iter().map(|case| serde_json::to_string(case).unwrap() + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<T> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len(), "an answer for each case");
    Some(answers)
}
