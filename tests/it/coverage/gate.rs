//! `coverage-gate` from outside: real git, a real server over `file://`, the events as GitHub sends them.

use serde_json::{Value, json};

use crate::kit::scene::{Scene, lcov, lines};

pub const TEN: [u32; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/// A scene whose pull request adds lines 11 to 14 of `src/a.py`, with a report of what is covered.
pub fn with_change(covered: &[u32], uncovered: &[u32]) -> (Scene, Value) {
    let scene = Scene::new();
    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(1, 14)));
    scene.write("coverage.info", &lcov(&[("src/a.py", covered, uncovered)]));
    (scene, event)
}

#[test]
fn a_tested_change_passes_and_says_so() {
    let (scene, event) = with_change(&[&TEN[..], &[11, 12, 13, 14]].concat(), &[]);
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(0, "pass");
    assert_eq!(
        [
            "result",
            "total-percent",
            "covered",
            "total",
            "patch-percent",
            "delta",
            "baseline-commit"
        ]
        .map(|name| ran.output(name)),
        ["done", "100.00", "14", "14", "100.00", "", ""]
    );
    for name in ["uncovered-json", "sarif-file", "comment-file", "badge-file"] {
        assert!(std::path::Path::new(ran.output(name)).is_file(), "{name}");
    }
    assert_eq!(ran.output("html-file"), "");
    ran.says("coverage.info: LCOV, 1 file, 14 of 14 lines").says("no baseline");
}

#[test]
fn a_total_that_is_too_low_fails_with_the_way_out() {
    let (scene, event) = with_change(&[1, 2, 3, 4, 5, 6, 11, 12, 13, 14], &[7, 8, 9, 10]);
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(1, "fail").says("2 more lines").says("src/a.py");
    assert_eq!((ran.output("result"), ran.output("total-percent")), ("failed", "71.42"));
}

#[test]
fn an_untested_change_fails_however_good_the_total_is() {
    let (scene, event) = with_change(&TEN, &[11, 12, 13]);
    let ran = scene.run("pull_request", &event, &[("min-total", "70")]);
    ran.expect(1, "fail");
    assert_eq!(ran.output("patch-percent"), "0.00");
    assert!(ran.log.contains("::error file=src/a.py,line=11"), "{}", ran.log);
}

#[test]
fn a_new_file_that_no_report_mentions_fails() {
    let scene = Scene::new();
    let event = scene.pull_request(|scene| {
        scene.write("addons/new/models.py", &lines(1, 3));
        scene.write("tests/test_new.py", &lines(1, 3));
        scene.write("README.md", "hello\n");
    });
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
    scene.run("pull_request", &event, &[]).expect(1, "fail").says("addons/new/models.py");
    let ran = scene.run("pull_request", &event, &[("unmeasured", "warn")]);
    ran.expect(0, "pass").says("addons/new/models.py");
    assert!(!ran.summary.contains("test_new.py"));
    scene.run("pull_request", &event, &[("exclude", "addons/**")]).expect(0, "pass");
}

#[test]
fn attributes_and_settings_of_git_change_nothing() {
    let scene = Scene::new();
    let event = scene.pull_request(|scene| {
        scene.write("src/a.py", &lines(1, 14));
        scene.write(".gitattributes", "*.py -diff\n");
    });
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[11, 12, 13, 14])]));
    for setting in ["diff.noprefix", "diff.mnemonicPrefix", "diff.relative"] {
        scene.git(&["config", setting, "true"]);
    }
    scene.git(&["config", "diff.external", "/bin/true"]);
    scene.run("pull_request", &event, &[("min-total", "0")]).expect(1, "fail").says("11");
}

#[test]
fn the_head_of_the_branch_instead_of_the_merge_commit_is_judged_whole() {
    let scene = Scene::new();
    let mut event = scene.pull_request(|scene| {
        scene.write("src/a.py", &lines(1, 14));
        scene.commit("untested");
    });
    scene.git(&["checkout", "-q", "topic"]);
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[11, 12, 13, 14])]));
    scene.run("pull_request", &event, &[("min-total", "0")]).expect(1, "fail");
    // The base instead of the change: nothing would be judged.
    scene.git(&["checkout", "-q", "main"]);
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
    scene.run("pull_request_target", &event, &[]).expect(1, "error").says("check out");
    event["pull_request"]["base"] = json!({});
    scene.run("pull_request", &event, &[]).expect(1, "error").says("pull_request.base.sha");
}

#[test]
fn what_cannot_be_checked_is_an_error_and_never_a_pass() {
    let (scene, event) = with_change(&TEN, &[]);
    let whole = "<coverage><packages><package><classes><class filename=\"src/a.py\"><lines><line number=\"1\" hits=\"1\"/>";
    for (name, text, code, says) in [
        ("none.info", None, 1, "no file matches `none.info`"),
        ("cut.xml", Some(whole), 1, "`cut.xml`:1:"),
        ("empty.info", Some(""), 1, "`empty.info`:1:1"),
        ("junit.xml", Some("<testsuites></testsuites>"), 1, "testsuites"),
        ("lines.info", Some("TN:\nSF:src/a.py\nend_of_record\n"), 1, "no executable line"),
        ("stale.info", Some("SF:src/a.py\nDA:99,1\nend_of_record\n"), 1, "stale"),
        ("bad.json", Some("{\"files\": {"), 1, "`bad.json`:1:"),
    ] {
        if let Some(text) = text {
            scene.write(name, text);
        }
        let ran = scene.run("pull_request", &event, &[("reports", name)]);
        ran.expect(code, "error").says(says);
        assert_eq!(ran.output("result"), "failed", "{name}");
    }
    scene
        .run("pull_request", &event, &[("min-reports", "2")])
        .expect(1, "error")
        .says("min-reports");
    scene.run("pull_request", &event, &[("groups", "x")]).expect(64, "error").says("groups");
    scene.run("pull_request", &event, &[("min-total", "81 percent")]).expect(64, "error");
}

#[test]
fn names_of_a_container_are_mapped_and_ambiguous_ones_refused() {
    let (scene, event) = with_change(&TEN, &[]);
    scene.write(
        "coverage.info",
        &lcov(&[
            ("/app/src/a.py", &TEN, &[11, 12]),
            ("/usr/lib/python3/dist-packages/src/__init__.py", &[1], &[]),
        ]),
    );
    let ran = scene.run("pull_request", &event, &[("min-total", "0")]);
    ran.expect(1, "fail").says("/app/").says("(1 file");
    assert_eq!(ran.output("patch-percent"), "0.00");
    scene.git(&["checkout", "-q", "-B", "twice", "main"]);
    scene.write("old/src/a.py", &lines(1, 14));
    scene.commit("copy");
    scene.write("coverage.info", &lcov(&[("/app/src/a.py", &TEN, &[])]));
    scene
        .run("workflow_dispatch", &event, &[])
        .expect(1, "error")
        .says("could be")
        .says("path-map");
    scene
        .run("workflow_dispatch", &event, &[("path-map", "/app/=./"), ("min-total", "0")])
        .expect(0, "pass");
}

#[test]
fn an_event_without_a_change_is_judged_by_its_total_and_says_so() {
    let (scene, event) = with_change(&TEN, &[]);
    let ran = scene.run("schedule", &event, &[]);
    ran.expect(0, "pass").says("schedule");
    assert_eq!(ran.output("patch-percent"), "");
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN[..7], &TEN[7..])]));
    scene.run("workflow_dispatch", &event, &[]).expect(1, "fail");
}

#[test]
fn ways_round_the_gate_are_told() {
    let scene = Scene::new();
    let event = scene.pull_request(|scene| {
        scene.write("src/a.py", &format!("{}y = 1  # pragma: no cover\n", lines(1, 10)));
        scene.write(".coveragerc", "[run]\nomit = src/b.py\n");
    });
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
    scene
        .run("pull_request", &event, &[])
        .expect(0, "pass")
        .says("pragma: no cover")
        .says(".coveragerc");
    scene.run("pull_request", &event, &[("new-exclusions", "fail")]).expect(1, "fail");
}

#[test]
fn by_hand_it_is_the_same_verdict_with_files_that_git_does_not_know_yet() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "-B", "topic"]);
    scene.write("src/a.py", &lines(1, 14));
    scene.write("src/new.py", &lines(1, 2));
    scene.write(
        "coverage.info",
        &lcov(&[
            ("src/a.py", &[&TEN[..], &[11, 12, 13, 14]].concat(), &[]),
            ("src/new.py", &[], &[1, 2]),
        ]),
    );
    let args = ["--reports", "coverage.info", "--base", "main"];
    let ran = scene.by_hand(&args);
    assert_eq!(ran.code, 1, "{}", ran.log);
    ran.says("src/new.py");
    assert_eq!(
        scene.git(&["status", "--porcelain"]).lines().count(),
        2,
        "nothing was staged or written"
    );
    scene.write(
        "coverage.info",
        &lcov(&[
            ("src/a.py", &[&TEN[..], &[11, 12, 13, 14]].concat(), &[]),
            ("src/new.py", &[1, 2], &[]),
        ]),
    );
    assert_eq!(scene.by_hand(&args).code, 0);
}

#[test]
fn the_page_shows_sources_and_hits() {
    let (scene, event) = with_change(&TEN, &[11, 12, 13]);
    let ran = scene.run("pull_request", &event, &[("html", "true"), ("output-dir", "out")]);
    ran.expect(1, "fail");
    let page = fs_err::read_to_string(ran.output("html-file")).unwrap();
    assert!(page.contains("x11 = 11") && page.contains("src/a.py"));
    assert!(ran.output("html-file").ends_with("/out/coverage.html"));
}

#[test]
fn a_badge_goes_to_its_branch_on_a_push_and_beside_what_is_there() {
    let scene = Scene::new();
    let push = scene.push(|_| {});
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
    for name in ["coverage", "backend"] {
        scene.run("push", &push, &[("badge-branch", "badges"), ("name", name)]).expect(0, "pass");
    }
    scene.git(&["fetch", "-q", "origin", "badges"]);
    assert_eq!(scene.git(&["ls-tree", "--name-only", "FETCH_HEAD"]), "backend.svg\ncoverage.svg");
    assert!(scene.git(&["show", "FETCH_HEAD:coverage.svg"]).contains("100"));
    let event = scene.pull_request(|scene| scene.write("README.md", "x\n"));
    scene.run("pull_request", &event, &[("badge-branch", "other")]).expect(0, "pass");
    assert!(!scene.git(&["ls-remote", "origin"]).contains("refs/heads/other"));
}

#[test]
fn a_report_that_is_committed_is_not_that_of_this_run() {
    let scene = Scene::new();
    scene.push(|scene| {
        scene.write("cov.info", &lcov(&[("src/a.py", &TEN, &[])]));
    });
    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(1, 13)));
    let inputs = [("reports", "cov.info")];
    let ran = scene.run("pull_request", &event, &inputs);
    ran.expect(1, "error").says("`cov.info` is committed in the repository");
    // The tests of this run wrote it anew: then it counts, and says that nobody tested the new lines.
    scene.write("cov.info", &lcov(&[("src/a.py", &TEN, &[11, 12, 13])]));
    scene.run("pull_request", &event, &inputs).expect(1, "fail");
}

/// Makes the report look old.
fn written_hours_ago(scene: &Scene, hours: u64) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_hours(hours);
    let report =
        fs_err::File::options().write(true).open(scene.path("work/coverage.info")).unwrap();
    report.set_modified(then).unwrap();
}

#[test]
fn a_report_that_an_earlier_run_left_is_refused() {
    let (scene, event) = with_change(&TEN, &[]);
    written_hours_ago(&scene, 1);
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(1, "error")
        .says("`src/a.py` was written after the report `coverage.info`")
        .says("`touch` it");
    written_hours_ago(&scene, 0);
    scene.run("pull_request", &event, &[]).expect(0, "pass");
}

#[test]
fn a_step_that_moves_the_changed_lines_is_refused() {
    let (scene, event) = with_change(&[&TEN[..], &[11, 12, 13, 14]].concat(), &[]);
    let report = lcov(&[("src/a.py", &[&TEN[..], &[11, 12, 13, 14]].concat(), &[])]);
    let edit = |text: String| {
        scene.write("src/a.py", &text);
        scene.write("coverage.info", &report);
        scene.run("pull_request", &event, &[])
    };
    let ran = edit(format!("# built\n{}", lines(1, 14)));
    ran.expect(1, "error").says(
        "`src/a.py` is not as the commit has it from line 1 on (lines added: 1, taken away: 0)",
    );
    // A version that a step writes into its line moves nothing.
    edit(lines(1, 14).replacen('1', "9", 1)).expect(0, "pass");
}

#[test]
fn a_change_within_a_statement_of_python_is_not_lost() {
    let source = |what: &str| {
        format!(
            "def total(order):\n    return sum(\n        {what}\n        # each\n        for line in order\n    )\n"
        )
    };
    let scene = Scene::new();
    scene.push(|scene| scene.write("src/b.py", &source("line.price")));
    let event = scene.pull_request(|scene| scene.write("src/b.py", &source("line.price * 2")));
    // coverage.py names lines 1 and 2 only.
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &[1], &[2])]));
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(1, "fail");
    assert!(ran.log.contains("::error file=src/b.py,line=2"), "{}", ran.log);
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &[1, 2], &[])]));
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(0, "pass");
    assert_eq!(ran.output("patch-percent"), "100.00");
    let event = scene.pull_request(|scene| {
        scene.write("src/b.py", &source("line.price").replace("each", "of all"));
    });
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &[1], &[2])]));
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(0, "pass").says("no executable lines changed");
}

#[test]
fn by_hand_a_report_older_than_the_change_is_refused() {
    let scene = Scene::new();
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
    written_hours_ago(&scene, 1);
    let args = ["--reports", "coverage.info", "--base", "main"];
    // Nothing that it measures changed: its age does not matter.
    scene.write(".gitignore", "/coverage.info\n/out/\n/more/\n");
    assert_eq!(scene.by_hand(&args).code, 0);
    scene.write("src/a.py", &lines(1, 13));
    let ran = scene.by_hand(&args);
    assert_eq!(ran.code, 1);
    assert!(
        ran.log.contains("`src/a.py` was written after the report `coverage.info`"),
        "{}",
        ran.log
    );
}

#[test]
fn a_report_that_knows_a_deleted_file_is_older_than_the_change() {
    let scene = Scene::new();
    scene.push(|scene| scene.write("src/gone.py", &lines(1, 4)));
    let event = scene.pull_request(|scene| {
        fs_err::remove_file(scene.path("work/src/gone.py")).unwrap();
        scene.write("src/a.py", &lines(1, 11));
    });
    let whole = [&TEN[..], &[11]].concat();
    scene.write("coverage.info", &lcov(&[("src/a.py", &whole, &[]), ("src/gone.py", &[1], &[])]));
    scene.run("pull_request", &event, &[]).expect(1, "error").says("`src/gone.py`");
    scene.write("coverage.info", &lcov(&[("src/a.py", &whole, &[])]));
    scene.run("pull_request", &event, &[]).expect(0, "pass");
}

#[test]
fn a_report_that_did_not_arrive_is_a_loss_though_its_files_did_not_change() {
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("src/b.py", &lines(1, 10)));
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &TEN, &[])]));
    scene.run("push", &push, &[]).expect(0, "pass");
    let event = scene.pull_request(|scene| scene.write("notes.md", "x"));
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
    scene
        .run("pull_request", &event, &[])
        .expect(1, "fail")
        .says("1 file of the baseline is in the repository and in no report any more")
        .says("src/b.py")
        .says("lost-files: carry");
    let also = |name, value| scene.run("pull_request", &event, &[(name, value)]);
    also("lost-files", "warn").expect(0, "pass").says("src/b.py");
    also("exclude", "src/b.py").expect(0, "pass");
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &TEN, &[])]));
    scene.run("pull_request", &event, &[]).expect(0, "pass");
}

#[test]
fn a_file_that_is_deleted_or_has_another_name_is_not_lost() {
    let scene = Scene::new();
    let push = scene.push(|scene| {
        scene.write("src/b.py", &lines(1, 10));
        scene.write("src/c.py", &lines(21, 40));
    });
    let twenty: Vec<u32> = (1..=20).collect();
    let (a, b, c) = (
        ("src/a.py", &TEN[..], &[][..]),
        ("src/b.py", &TEN[..], &[][..]),
        ("src/c.py", &twenty[..], &[][..]),
    );
    scene.write("coverage.info", &lcov(&[a, b, c]));
    scene.run("push", &push, &[]).expect(0, "pass");
    let event = scene.pull_request(|scene| {
        scene.git(&["rm", "-q", "src/b.py"]);
        scene.git(&["mv", "src/c.py", "src/d.py"]);
    });
    scene.write("coverage.info", &lcov(&[a, ("src/d.py", &twenty, &[])]));
    scene.run("pull_request", &event, &[]).expect(0, "pass");
    // Its new name is in no report.
    scene.write("coverage.info", &lcov(&[a]));
    scene.run("pull_request", &event, &[]).expect(1, "fail").says("src/d.py");
    scene
        .run("pull_request", &event, &[("lost-files", "carry")])
        .expect(0, "pass")
        .says("src/d.py");
}

#[test]
fn what_is_carried_is_in_the_next_baseline_and_what_changed_is_not_carried() {
    let carry = [("lost-files", "carry")];
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("web/b.js", &lines(1, 10)));
    let (a, b) = (("src/a.py", &TEN[..], &[][..]), ("web/b.js", &TEN[..], &[][..]));
    scene.write("coverage.info", &lcov(&[a, b]));
    scene.run("push", &push, &carry).expect(0, "pass");
    for note in ["one", "two"] {
        let push = scene.push(|scene| scene.write("notes.md", note));
        scene.write("coverage.info", &lcov(&[a]));
        let ran = scene.run("push", &push, &carry);
        ran.expect(0, "pass");
        assert_eq!(ran.output("total"), "20", "{}", ran.log);
    }
    let event = scene.pull_request(|scene| scene.write("web/b.js", &lines(2, 11)));
    scene.write("coverage.info", &lcov(&[a]));
    let ran = scene.run("pull_request", &event, &carry);
    ran.expect(1, "fail").says("web/b.js").says("no report has a file below");
    assert_eq!(ran.output("total"), "10");
}

#[test]
fn inputs_that_are_refused_leave_the_verdict_error() {
    let (scene, event) = with_change(&TEN, &[]);
    for wrong in [("min-total", "x"), ("min-total", "0.8"), ("exclude", "a[")] {
        let ran = scene.run("pull_request", &event, &[wrong]);
        ran.expect(64, "error");
    }
}

#[test]
fn a_shard_without_a_line_is_no_shard() {
    let (scene, event) = with_change(&[&TEN[..], &[11, 12, 13]].concat(), &[]);
    scene.write("empty.info", "TN:\nSF:src/a.py\nend_of_record\n");
    let inputs = [("reports", "coverage.info\nempty.info"), ("min-reports", "2")];
    let ran = scene.run("pull_request", &event, &inputs);
    ran.expect(1, "error").says("`empty.info` holds no executable line");
    // Nor is the same report by another name.
    let inputs = [("reports", "coverage.info\nsrc/../coverage.info"), ("min-reports", "2")];
    scene.run("pull_request", &event, &inputs).expect(1, "error").says("`min-reports` asks for 2");
}

#[test]
fn a_lost_report_does_not_make_its_language_unknown() {
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("web/a.js", &lines(1, 10)));
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("web/a.js", &TEN, &[])]));
    scene.run("push", &push, &[]).expect(0, "pass");
    let event = scene.pull_request(|scene| {
        scene.write("src/b.py", &lines(1, 9));
        scene.write("web/b.ts", &lines(1, 9));
    });
    scene.write("coverage.info", &lcov(&[("web/a.js", &TEN, &[])]));
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(1, "fail").says("src/b.py").says("web/b.ts");
}

#[test]
fn by_hand_in_a_subfolder_paths_begin_there() {
    let scene = Scene::new();
    scene.write("src/cov.info", &lcov(&[("src/a.py", &TEN, &[])]));
    let args = ["--reports", "cov.info", "--output-dir", "out", "--base", "none"];
    let ran = scene.by_hand_in("work/src", &args);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert!(scene.path("work/src/out/badge.svg").is_file());
}
