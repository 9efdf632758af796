//! `coverage-gate` as a workflow uses it, run by act from the release tree: pass, fail on the total, on the changed lines,
//! on an indirect loss.
//!
//! `MTA_RELEASE_TREE` names the tree (`make release-tree` writes it); act is on the PATH after `. scripts/env`.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::kit::scene::{Scene, lcov, lines};

const TEN: [u32; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const WORKFLOW: &str = "
on: [push, pull_request]
permissions: { contents: read }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: cp -a \"$SOURCE/.\" .
        env:
          SOURCE: ${{ vars.SOURCE }}
      - uses: org/mta-actions/coverage-gate@v1
        id: gate
        continue-on-error: true
        with:
          reports: coverage.info
          max-drop: \"50\"
          max-indirect-loss: \"0\"
      - run: |
          echo \"SEEN $VERDICT $RESULT $TOTAL $PATCH\"
        env:
          VERDICT: ${{ steps.gate.outputs.verdict }}
          RESULT: ${{ steps.gate.outputs.result }}
          TOTAL: ${{ steps.gate.outputs.total-percent }}
          PATCH: ${{ steps.gate.outputs.patch-percent }}
";

/// The release tree, or `None` with one visible line.
fn release_tree() -> Option<String> {
    let act =
        Command::new("act").arg("--version").output().is_ok_and(|output| output.status.success());
    let absent = match std::env::var("MTA_RELEASE_TREE") {
        Ok(tree) if act => return Some(tree),
        Ok(_) => "act is not on the PATH; `. scripts/env` puts it there",
        Err(_) => "MTA_RELEASE_TREE names no release tree; `make release-tree` writes one",
    };
    let required = std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "required");
    assert!(!required, "{absent}, and MTA_TEST_DOCKER=required forbids to skip");
    eprintln!("SKIPPED: {absent}");
    None
}

/// What the step after the gate saw, and the whole log.
fn run(scene: &Scene, tree: &str, (name, event): (&str, &Value)) -> (String, String) {
    fs_err::write(scene.path("event.json"), event.to_string()).unwrap();
    let cache = scene.path("cache");
    fs_err::create_dir_all(&cache).unwrap();
    let output = Command::new("act")
        .args([name, "--no-cache-server", "--workflows", ".github/workflows/ci.yml"])
        .args(["--platform", "ubuntu-latest=-self-hosted"])
        .arg("--local-repository")
        .arg(format!("org/mta-actions@v1={tree}"))
        .arg("--var")
        .arg(format!("SOURCE={}", scene.path("work").display()))
        .arg("--eventpath")
        .arg(scene.path("event.json"))
        .current_dir(scene.path("work"))
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
    log.push_str(&String::from_utf8_lossy(&output.stderr));
    let seen = log
        .lines()
        .find_map(|line| line.split_once("| SEEN "))
        .map(|(_, seen)| seen.trim().to_owned());
    (seen.unwrap_or_default(), log)
}

#[track_caller]
fn check(scene: &Scene, tree: &str, event: (&str, &Value), expected: &str) {
    let (seen, log) = run(scene, tree, event);
    assert_eq!(seen, expected, "{log}");
}

#[test]
fn a_workflow_is_let_through_and_stopped() {
    let Some(tree) = release_tree() else { return };
    let scene = Scene::new();
    let push = scene.push(|scene| {
        scene.write(".github/workflows/ci.yml", WORKFLOW);
        scene.write("src/b.py", &lines(1, 10));
    });
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &TEN, &[])]));
    check(&scene, &tree, ("push", &push), "pass done 100.00 100.00");

    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(1, 14)));
    let whole = [&TEN[..], &[11, 12, 13, 14]].concat();
    let pull_request = ("pull_request", &event);
    let report = |files: &[(&str, &[u32], &[u32])]| scene.write("coverage.info", &lcov(files));

    report(&[("src/a.py", &whole, &[]), ("src/b.py", &TEN, &[])]);
    check(&scene, &tree, pull_request, "pass done 100.00 100.00");
    report(&[("src/a.py", &whole, &[]), ("src/b.py", &[], &TEN)]);
    check(&scene, &tree, pull_request, "fail failed 58.33 100.00");
    report(&[("src/a.py", &TEN, &[11, 12, 13, 14]), ("src/b.py", &TEN, &[])]);
    check(&scene, &tree, pull_request, "fail failed 83.33 0.00");
    report(&[("src/a.py", &whole, &[]), ("src/b.py", &TEN[1..], &[1])]);
    check(&scene, &tree, pull_request, "fail failed 95.83 100.00");
}
