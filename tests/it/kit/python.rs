//! Python, to compare with.

use std::io::Write;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

/// What a script answers, one line of JSON for each case, which it reads as lines of JSON too. `None` if there is no
/// python3 of version 3.11: what Python takes differs from version to version.
pub fn answers<T: DeserializeOwned>(script: &str, cases: &[String]) -> Option<Vec<T>> {
    let age = "import sys; sys.exit(sys.version_info[:2] != (3, 11))";
    let right = Command::new("python3").args(["-c", age]).status();
    if !right.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no python3 of version 3.11 to compare with");
        return None;
    }
    let mut child = Command::new("python3")
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
