//! What the tests themselves rest on: the limits that keep a runaway from the machine.

use std::process::Stdio;

use crate::kit::mta::{limited, mta, peak};

/// Asks for the memory in one piece: nothing of it is ever touched.
const ASK: &str = "import sys\nbytearray(int(sys.argv[1]) << 20)";

fn asks_for(mebibytes: &str) -> bool {
    let mut python = limited("/usr/bin/env");
    python.args(["python3", "-c", ASK, mebibytes]).stderr(Stdio::null());
    python.status().unwrap().success()
}

#[test]
fn a_program_that_runs_away_is_refused_the_memory() {
    assert!(asks_for("512"));
    assert!(!asks_for("5000"));
}

#[test]
fn what_a_test_itself_may_take_has_a_limit() {
    let limits = fs_err::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max address space")).unwrap();
    assert!(line.contains("8589934592"), "run by `cargo nextest`, which reads .config: {line}");
}

#[test]
fn the_memory_that_was_taken_is_told() {
    let output = mta().arg("--version").output().unwrap();
    assert!(output.status.success());
    let taken = peak();
    assert!((1 << 20..1 << 28).contains(&taken), "{taken}");
}
