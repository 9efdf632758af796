//! `coverage-gate` as a workflow uses it, run by act from the release tree: pass, fail on the total, on the changed lines,
//! on an indirect loss.

use serde_json::Value;

use crate::kit::act::{act, release_tree, seen};
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

#[track_caller]
fn check(scene: &Scene, tree: &str, event: (&str, &Value), expected: &str) {
    let mut command = act(scene, tree, event);
    command.arg("--var").arg(format!("SOURCE={}", scene.path("work").display()));
    let (seen, log) = seen(command);
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
