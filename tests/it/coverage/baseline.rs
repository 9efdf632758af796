//! The baseline from outside: what becomes one, where it is kept, and what is compared with it.

use serde_json::json;

use super::gate::{TEN, with_change};
use crate::kit::scene::{Scene, git_in, lcov, lines};

#[test]
fn a_push_writes_the_baseline_and_a_pull_request_is_compared_with_it() {
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("src/b.py", &lines(1, 10)));
    let base = [("src/a.py", &TEN[..], &[][..]), ("src/b.py", &TEN[..], &[])];
    scene.write("coverage.info", &lcov(&base));
    scene.run("push", &push, &[]).expect(0, "pass").says("refs/mta/coverage/coverage");
    assert!(scene.git(&["ls-remote", "origin"]).contains("refs/mta/coverage/coverage"));

    // The change is tested; two lines that it does not touch are not any more.
    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(1, 14)));
    let added = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
    scene.write(
        "coverage.info",
        &lcov(&[("src/a.py", &added, &[]), ("src/b.py", &TEN[..8], &TEN[8..])]),
    );
    let ran = scene.run("pull_request", &event, &[("max-drop", "20")]);
    ran.expect(0, "pass")
        .says("src/b.py")
        .says("2 lines that this change does not touch lost their");
    assert!(!ran.log.contains("could not be judged"), "{}", ran.log);
    assert_eq!(
        (ran.output("baseline-commit"), ran.output("delta")),
        (push["after"].as_str().unwrap(), "-8.34")
    );
    let ran = scene.run("pull_request", &event, &[("max-drop", "20"), ("max-indirect-loss", "0")]);
    ran.expect(1, "fail").says("src/b.py");
    scene.run("pull_request", &event, &[]).expect(1, "fail").says("baseline");
    scene.run("pull_request", &event, &[("no-regression", "false")]).expect(0, "pass");
    scene.run("pull_request", &event, &[("baseline", "none")]).expect(0, "pass");
}

/// With `if: always()` a test run that broke off would lower what others are compared with; so would a commit that does not
/// pass.
#[test]
fn what_failed_is_no_baseline() {
    for (outcome, code, says) in [
        ("failure", 0, "the tests ended with `failure`"),
        ("cancelled", 0, "the tests ended with `cancelled`"),
        ("skipped", 0, "the tests ended with `skipped`"),
        ("success", 1, "this commit does not pass"),
    ] {
        let scene = Scene::new();
        let push = scene.push(|scene| scene.write("src/b.py", &lines(1, 10)));
        let part = if code == 0 { &TEN[..9] } else { &TEN[..4] };
        let rest = &TEN[part.len()..];
        scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", part, rest)]));
        let inputs = [("tests-outcome", outcome), ("badge-branch", "badges")];
        let ran = scene.run("push", &push, &inputs);
        ran.expect(code, if code == 0 { "pass" } else { "fail" }).says(says);
        assert!(
            ran.log.contains("::notice title=baseline and badge are not written"),
            "{}",
            ran.log
        );
        let refs = scene.git(&["ls-remote", "origin"]);
        assert!(!refs.contains("refs/mta/") && !refs.contains("badges"), "{refs}");
    }
    // Nobody says how they ended.
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("src/b.py", &lines(1, 10)));
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &TEN, &[])]));
    let mut command = scene.command("push", &push, &[]);
    let ran = scene.ran(&command.env_remove("MTA_TESTS_OUTCOME").output().unwrap());
    ran.expect(0, "pass").says("it is not known how the tests ended");
    assert!(!scene.git(&["ls-remote", "origin"]).contains("refs/mta/"));
    let ran = scene.run("push", &push, &[("tests-outcome", "success")]);
    ran.expect(0, "pass").says("the baseline of");
    assert!(scene.git(&["ls-remote", "origin"]).contains("refs/mta/"));
}

#[test]
fn a_small_fall_says_how_many_lines_it_is_and_what_allows_it() {
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("src/b.py", &lines(1, 10)));
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &TEN, &[])]));
    scene.run("push", &push, &[]).expect(0, "pass");
    // No line is lost, and the change is better than `min-patch`: the total falls all the same.
    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(1, 20)));
    let nineteen: Vec<u32> = (1..=19).collect();
    scene.write("coverage.info", &lcov(&[("src/a.py", &nineteen, &[20]), ("src/b.py", &TEN, &[])]));
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(1, "fail").says("Cover 1 more line to hold the 100.00 %");
    ran.says("of the baseline; not covered of this change: src/a.py:20; or allow the fall: `max-drop: 3.34`");
    assert_eq!(ran.output("delta"), "-3.34");
    scene.run("pull_request", &event, &[("max-drop", "3.34")]).expect(0, "pass");
    scene.run("pull_request", &event, &[("max-drop", "3.33")]).expect(1, "fail");

    // Merged all the same: the push is no measure, unless it may fall.
    let merged = scene.push(|scene| scene.write("src/a.py", &lines(1, 20)));
    scene.write("coverage.info", &lcov(&[("src/a.py", &nineteen, &[20]), ("src/b.py", &TEN, &[])]));
    scene.run("push", &merged, &[]).expect(1, "fail").says("this commit does not pass");
    scene.run("push", &merged, &[("max-drop", "100")]).expect(0, "pass").says("the baseline of");
}

#[test]
fn deleting_tested_code_is_no_regression() {
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("src/a.py", &lines(1, 20)));
    let all: Vec<u32> = (1..=18).collect();
    scene.write("coverage.info", &lcov(&[("src/a.py", &all, &[19, 20])]));
    scene.run("push", &push, &[]).expect(0, "pass");
    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(9, 20)));
    let kept: Vec<u32> = (1..=10).collect();
    scene.write("coverage.info", &lcov(&[("src/a.py", &kept, &[11, 12])]));
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(0, "pass");
    assert_eq!(ran.output("delta"), "0.00", "what was deleted left out");
    scene.run("pull_request", &event, &[("max-total-drop", "1")]).expect(1, "fail");
}

#[test]
fn a_baseline_is_missing_only_if_the_server_says_so() {
    let (scene, event) = with_change(&[&TEN[..], &[11, 12, 13, 14]].concat(), &[]);
    for (on_missing, code, verdict) in
        [("warn", 0, "pass"), ("pass", 0, "pass"), ("fail", 1, "fail")]
    {
        scene
            .run("pull_request", &event, &[("on-missing-baseline", on_missing)])
            .expect(code, verdict);
    }
    fs_err::rename(scene.path("origin.git"), scene.path("gone.git")).unwrap();
    let ran = scene.run("pull_request", &event, &[("on-missing-baseline", "pass")]);
    ran.expect(75, "error");
    assert_eq!(ran.output("result"), "unavailable");
}

#[test]
fn a_baseline_that_no_parent_has_is_told_and_a_damaged_one_is_an_error() {
    let (scene, event) = with_change(&[&TEN[..], &[11, 12, 13, 14]].concat(), &[]);
    // Written for a commit that is on no line of this change.
    scene.git(&["checkout", "-q", "--orphan", "other"]);
    let stray = scene.commit("stray");
    scene.git(&["push", "-q", "origin", "other"]);
    let push = json!({"ref": "refs/heads/other", "before": "0".repeat(40), "after": stray, "forced": false,
                      "repository": {"default_branch": "other"}});
    scene.run("push", &push, &[]).expect(0, "pass");
    scene.git(&["checkout", "-q", "--detach", "main"]);
    scene.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    let whole = [&TEN[..], &[11, 12, 13, 14]].concat();
    scene.write("coverage.info", &lcov(&[("src/a.py", &whole, &[])]));
    for (on_missing, code, verdict) in [("warn", 0, "pass"), ("fail", 1, "fail")] {
        let ran = scene.run("pull_request", &event, &[("on-missing-baseline", on_missing)]);
        ran.expect(code, verdict)
            .says("200 first parents")
            .says("the next push to the base branch");
    }

    let blob = git_in(&scene.path("origin.git"), &["hash-object", "-w", "--stdin"]);
    let name = format!("1-{}", scene.git(&["rev-parse", "main"]));
    let tree = std::process::Command::new("sh")
        .args([
            "-c",
            "printf '100644 blob %s\\t%s\\n' \"$1\" \"$2\" | git mktree",
            "sh",
            &blob,
            &name,
        ])
        .current_dir(scene.path("origin.git"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let commit = git_in(&scene.path("origin.git"), &["commit-tree", "-m", "x", tree.trim()]);
    git_in(&scene.path("origin.git"), &["update-ref", "refs/mta/coverage/coverage", &commit]);
    scene
        .run("pull_request", &event, &[("on-missing-baseline", "pass")])
        .expect(75, "error")
        .says("corrupt");
}

#[test]
fn a_pull_request_never_writes_a_baseline() {
    let (scene, event) = with_change(&[&TEN[..], &[11, 12, 13, 14]].concat(), &[]);
    for name in ["pull_request", "pull_request_target", "merge_group", "schedule"] {
        scene.run(name, &event, &[]);
    }
    assert!(!scene.git(&["ls-remote", "origin"]).contains("refs/mta/"));
}

#[test]
fn other_stores_hold_a_baseline_too() {
    for keep in
        [&[("baseline", "branch")][..], &[("baseline", "file"), ("baseline-file", "kept/base")]]
    {
        let scene = Scene::new();
        let push = scene.push(|_| {});
        scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
        scene.run("push", &push, keep).expect(0, "pass");
        let event = scene.pull_request(|scene| scene.write("README.md", "x\n"));
        scene.write("coverage.info", &lcov(&[("src/a.py", &TEN[..9], &TEN[9..])]));
        let ran = scene.run("pull_request", &event, keep);
        ran.expect(1, "fail");
        assert_eq!(ran.output("baseline-commit"), push["after"].as_str().unwrap());
    }
}
