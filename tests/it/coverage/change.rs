//! What `coverage-gate` judges: the base, on every event and outside GitHub Actions, and reports of other files than those
//! of the commit.

use serde_json::{Value, json};

use crate::kit::scene::{Scene, git_in, lcov, lines};

const TEN: [u32; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/// A pull request that adds lines 11 to 13 of `src/a.py`, which the report calls covered or not.
fn with_change(is_tested: bool) -> (Scene, Value) {
    let scene = Scene::new();
    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(1, 13)));
    let added = [11, 12, 13];
    let all = [&TEN[..], &added].concat();
    let report = if is_tested { lcov(&[("src/a.py", &all, &[])]) } else { untested() };
    scene.write("coverage.info", &report);
    (scene, event)
}

fn untested() -> String {
    lcov(&[("src/a.py", &TEN, &[11, 12, 13])])
}

#[test]
fn a_base_that_holds_the_change_is_an_error_on_every_event() {
    let (scene, event) = with_change(true);
    let group = json!({"merge_group": {"base_sha": scene.git(&["rev-parse", "main"]),
                                       "head_sha": scene.git(&["rev-parse", "HEAD"])}});
    scene.git(&["branch", "-q", "further", "topic"]);
    scene.git(&["branch", "-q", "merged", "HEAD"]);
    for base in ["topic", "further", "merged"] {
        let ran = scene.run("pull_request", &event, &[("base", base)]);
        ran.expect(1, "error").says("set the input `base` to the branch");
    }
    scene.run("pull_request", &event, &[("base", "main")]).expect(0, "pass");
    scene.run("merge_group", &group, &[("base", "merged")]).expect(1, "error");
    scene.run("merge_group", &group, &[("base", "main")]).expect(0, "pass");
    // The head of the branch is checked out instead of the merge commit.
    scene.git(&["checkout", "-q", "topic"]);
    scene.run("pull_request", &event, &[("base", "topic")]).expect(1, "error");
    scene.run("pull_request", &event, &[("base", "main")]).expect(0, "pass");
    scene.run("schedule", &event, &[("base", "topic")]).expect(1, "error").says("`base: none`");
    scene.run("schedule", &event, &[("base", "main")]).expect(0, "pass");
    scene.run("schedule", &event, &[]).expect(0, "pass");
}

#[test]
fn a_pull_request_that_was_merged_is_judged_again_but_not_against_what_it_went_into() {
    let (scene, event) = with_change(false);
    scene.git(&["branch", "-f", "main", "HEAD"]);
    let inputs = [("min-total", "0"), ("base", "main")];
    scene.run("pull_request", &event, &inputs).expect(1, "error").says("history of `main` already");
    scene.run("pull_request", &event, &inputs[..1]).expect(1, "fail");
}

#[test]
fn a_push_is_not_compared_with_its_own_branch() {
    let scene = Scene::new();
    let push = scene.push(|scene| scene.write("src/a.py", &lines(1, 13)));
    scene.write("coverage.info", &untested());
    let inputs = [("min-total", "0"), ("base", "main")];
    let ran = scene.run("push", &push, &inputs);
    ran.expect(1, "error").says("leave the input `base` out on a push");
    scene.run("push", &push, &inputs[..1]).expect(1, "fail");
    // An older commit of a branch that went on.
    scene.push(|scene| scene.write("notes.md", "x"));
    scene.git(&["checkout", "-q", "--detach", push["after"].as_str().unwrap()]);
    scene.run("push", &push, &inputs).expect(1, "error");
    scene.run("push", &push, &inputs[..1]).expect(1, "fail");
    // A new branch with no commit of its own owes nothing.
    let new = json!({"ref": "refs/heads/next", "before": "0".repeat(40), "after": push["after"],
                     "forced": false, "repository": {"default_branch": "main"}});
    scene.run("push", &new, &inputs[..1]).expect(0, "pass").says("no executable lines changed");
}

/// A checkout as another CI makes it: one commit, no branch.
fn shallow(scene: &Scene, refspec: &str, remote: &str) {
    let ci = scene.path("ci");
    fs_err::create_dir(&ci).unwrap();
    git_in(&ci, &["init", "-q", "-b", "x"]);
    let origin = format!("file://{}", scene.path("origin.git").display());
    git_in(&ci, &["fetch", "-q", "--depth=1", &origin, refspec]);
    git_in(&ci, &["checkout", "-q", "--detach", "FETCH_HEAD"]);
    if !remote.is_empty() {
        git_in(&ci, &["remote", "add", "origin", &origin]);
    }
    fs_err::write(ci.join("coverage.info"), untested()).unwrap();
}

#[test]
fn a_shallow_checkout_of_another_ci_is_judged_against_a_base_or_not_at_all() {
    let (scene, _) = with_change(false);
    scene.git(&["push", "-q", "origin", "topic"]);
    shallow(&scene, "topic", "origin");
    let gate = |more: &[&str]| {
        let args = [&["--reports", "coverage.info", "--min-total", "0"], more].concat();
        let ran = scene.by_hand_in("ci", &args);
        (ran.code, ran.log)
    };
    let (code, log) = gate(&[]);
    assert!(code == 1 && log.contains("has none of origin/HEAD"), "{log}");
    assert!(log.contains("--base main") && log.contains("--base none"), "{log}");
    let (code, log) = gate(&["--base", "main"]);
    assert!(code == 1 && log.contains("changed lines"), "{log}");
    // Its own branch, as a CI's variable may name it.
    let (code, log) = gate(&["--base", "topic"]);
    assert!(code == 1 && log.contains("the base is HEAD itself"), "{log}");
    let (code, log) = gate(&["--base", "none"]);
    assert!(code == 0 && log.contains("changed lines not judged"), "{log}");
    let report = lcov(&[("src/a.py", &[&TEN[..], &[11, 12, 13]].concat(), &[])]);
    fs_err::write(scene.path("ci/coverage.info"), report).unwrap();
    let (code, log) = gate(&["--base", "main"]);
    assert_eq!(code, 0, "{log}");
}

#[test]
fn without_a_remote_or_a_repository_only_totals_can_be_judged_and_only_on_purpose() {
    let (scene, _) = with_change(false);
    scene.git(&["push", "-q", "origin", "topic"]);
    shallow(&scene, "topic", "");
    fs_err::create_dir(scene.path("plain")).unwrap();
    fs_err::write(scene.path("plain/coverage.info"), untested()).unwrap();
    for folder in ["ci", "plain"] {
        let args = ["--reports", "coverage.info", "--min-total", "0"];
        let ran = scene.by_hand_in(folder, &args);
        assert_eq!(ran.code, 1, "{}", ran.log);
        ran.says("--base none");
        let main = scene.by_hand_in(folder, &[&args[..], &["--base", "main"]].concat());
        assert_eq!(main.code, 1, "{}", main.log);
        let ran = scene.by_hand_in(folder, &[&args[..], &["--base", "none"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.log);
    }
}

#[test]
fn by_hand_on_the_base_itself_the_working_tree_must_change_something() {
    let scene = Scene::new();
    scene.write("coverage.info", &untested());
    scene.write("left/by-a-build.txt", "x");
    for base in [&["--base", "main"][..], &[]] {
        let args = [&["--reports", "coverage.info", "--min-total", "0"], base].concat();
        let ran = scene.by_hand(&args);
        assert_eq!(ran.code, 1, "{}", ran.log);
        ran.says("the base is HEAD itself");
    }
    scene.write("src/a.py", &lines(1, 13));
    scene.write("coverage.info", &untested());
    let ran = scene.by_hand(&["--reports", "coverage.info", "--min-total", "0", "--base", "main"]);
    assert!(ran.code == 1 && ran.log.contains("changed lines"), "{}", ran.log);
}

/// Makes a file of the checkout look old.
fn written_an_hour_ago(scene: &Scene, path: &str) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    let file = fs_err::File::options().write(true).open(scene.path("work").join(path)).unwrap();
    file.set_modified(then).unwrap();
}

#[test]
fn a_stale_shard_beside_a_fresh_one_is_refused() {
    let scene = Scene::new();
    scene.push(|scene| {
        scene.write("web/a.js", &lines(1, 10));
        scene.write("web/b.js", &lines(1, 10));
        scene.write(".gitignore", "*.info\n");
    });
    let event = scene.pull_request(|scene| {
        scene.write("src/a.py", &lines(1, 12));
        scene.write("web/a.js", &lines(1, 12));
    });
    let all: Vec<u32> = (1..=12).collect();
    scene.write("py.info", &lcov(&[("src/a.py", &all, &[])]));
    scene.write("js.info", &lcov(&[("web/a.js", &all, &[])]));
    scene.write("old.info", &lcov(&[("web/b.js", &TEN, &[])]));
    let gate = |reports: &str| scene.run("pull_request", &event, &[("reports", reports)]);
    written_an_hour_ago(&scene, "js.info");
    let ran = gate("py.info\njs.info");
    ran.expect(1, "error")
        .says("`web/a.js` was written after the report `js.info`, which names it");
    // Of two that name a file, the older lends its hits too.
    scene.write("js2.info", &lcov(&[("web/a.js", &TEN, &[11, 12])]));
    gate("py.info\njs2.info\njs.info").expect(1, "error").says("`js.info`");
    // All of this run, as shards of a matrix are; and an old one of files that did not change.
    scene.write("js.info", &lcov(&[("web/a.js", &all, &[])]));
    written_an_hour_ago(&scene, "old.info");
    gate("py.info\njs2.info\njs.info\nold.info").expect(0, "pass");
}

/// Forty lines, of which a report counts all but the comments in lines 8 and 9.
fn long() -> Vec<String> {
    let line = |n: u32| if n == 8 || n == 9 { format!("# {n}") } else { format!("x{n} = {n}") };
    (1..=40).map(line).collect()
}

#[test]
fn lines_that_a_step_moved_are_refused_and_no_others() {
    let scene = Scene::new();
    let text = |lines: &[String], end: &str| {
        lines.iter().map(|line| format!("{line}{end}")).collect::<String>()
    };
    scene.push(|scene| scene.write("src/b.py", &text(&long()[..30], "\n")));
    let event = scene.pull_request(|scene| scene.write("src/b.py", &text(&long(), "\n")));
    let counted: Vec<u32> = (1..=40).filter(|line| !matches!(line, 8 | 9)).collect();
    let gate = |lines: &[String], end: &str| {
        scene.write("src/b.py", &text(lines, end));
        scene
            .write("coverage.info", &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &counted, &[])]));
        scene.run("pull_request", &event, &[])
    };
    gate(&long(), "\n").expect(0, "pass");
    // Ten lines go up: as many are added as taken away.
    let mut moved = long();
    moved.rotate_right(10);
    gate(&moved, "\n")
        .expect(1, "error")
        .says("`src/b.py` is not as the commit has it from line 1 on");
    let mut swapped = long();
    swapped.swap(20, 21);
    gate(&swapped, "\n").expect(1, "error").says("(lines added: 1, taken away: 1)");
    // A line of the change itself was tested otherwise than it is proposed.
    let mut other = long();
    "x = untold()".clone_into(&mut other[34]);
    gate(&other, "\n").expect(1, "error").says("from line 35 on");
    // Line ends and blanks of the host, comments that nobody counts, a version in its line, lines below all.
    gate(&long(), "\r\n").expect(0, "pass");
    gate(&long(), "  \n").expect(0, "pass");
    let mut comments = long();
    "# other".clone_into(&mut comments[7]);
    "x3 = '1.2.3'".clone_into(&mut comments[2]);
    comments.push("# built".to_owned());
    gate(&comments, "\n").expect(0, "pass");
    // Where the change does not touch the file, its lines are nobody's concern here.
    scene.git(&["checkout", "-q", "--", "src/b.py"]);
    let event = scene.pull_request(|scene| scene.write("notes.md", "x"));
    scene.write("src/b.py", &text(&moved[..30], "\n"));
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[])]));
    scene.run("pull_request", &event, &[]).expect(0, "pass");
}

#[test]
fn without_a_token_it_is_said_once_that_there_is_no_comment() {
    let (scene, event) = with_change(false);
    let said = |ran: &crate::kit::scene::Ran| ran.log.matches("no comment is posted").count();
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(1, "fail");
    assert_eq!(said(&ran), 1, "{}", ran.log);
    for (event_name, comment) in [("pull_request", "off"), ("schedule", "auto")] {
        let ran = scene.run(event_name, &event, &[("comment", comment)]);
        assert_eq!(said(&ran), 0, "{}", ran.log);
    }
}

/// A pull request whose base branch put two lines on top of `src/b.py` meanwhile: its lines 21 to 24 are 23 to 26 of the
/// merge commit.
fn with_a_moved_base(scene: &Scene) -> Value {
    scene.push(|scene| scene.write("src/b.py", &lines(1, 20)));
    let mut event = scene.pull_request(|scene| scene.write("src/b.py", &lines(1, 24)));
    scene.push(|scene| scene.write("src/b.py", &format!("# one\n# two\n{}", lines(1, 20))));
    scene.git(&["checkout", "-q", "--detach", "main"]);
    scene.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    event["pull_request"]["base"]["sha"] = json!(scene.git(&["rev-parse", "main"]));
    let old: Vec<u32> = (3..=22).collect();
    scene.write(
        "coverage.info",
        &lcov(&[("src/a.py", &TEN, &[]), ("src/b.py", &old, &[23, 24, 25, 26])]),
    );
    event
}

#[test]
fn links_and_annotations_lead_to_the_lines_of_the_pull_request() {
    let scene = Scene::new();
    let event = with_a_moved_base(&scene);
    let ran = scene.run("pull_request", &event, &[]);
    ran.expect(1, "fail");
    assert!(ran.log.contains("::error file=src/b.py,line=21,"), "{}", ran.log);
    let head = event["pull_request"]["head"]["sha"].as_str().unwrap();
    let comment = fs_err::read_to_string(ran.output("comment-file")).unwrap();
    let link =
        format!("[23-26](https://github.example.test/org/shop/blob/{head}/src/b.py#L21-L24)");
    assert!(comment.contains(&link), "{comment}");
    let listed = fs_err::read_to_string(ran.output("uncovered-json")).unwrap();
    assert!(listed.contains("23"), "{listed}");
}

#[test]
fn where_the_newest_commit_cannot_be_had_links_lead_to_the_merge_commit() {
    let scene = Scene::new();
    let event = with_a_moved_base(&scene);
    let merge = scene.git(&["rev-parse", "HEAD"]);
    let head = event["pull_request"]["head"]["sha"].as_str().unwrap();
    // As in a checkout of one commit whose server does not give the other any more.
    scene.git(&["branch", "-q", "-D", "topic"]);
    fs_err::remove_file(scene.path("work/.git/objects").join(&head[..2]).join(&head[2..])).unwrap();
    let ran = scene.run("pull_request", &event, &[("baseline", "none")]);
    ran.expect(1, "fail");
    let comment = fs_err::read_to_string(ran.output("comment-file")).unwrap();
    assert!(comment.contains(&format!("/org/shop/blob/{merge}/src/b.py#L23-L26)")), "{comment}");
}

/// A report of Istanbul: (line, end line, hits) of each statement of `web/a.js`.
fn istanbul(statements: &[(u32, u32, u32)]) -> String {
    let numbered = || (0_u32..).zip(statements);
    let map: serde_json::Map<String, Value> = numbered()
        .map(|(id, (line, end, _))| {
            let place =
                json!({"start": {"line": line, "column": 0}, "end": {"line": end, "column": 2}});
            (id.to_string(), place)
        })
        .collect();
    let hits: serde_json::Map<String, Value> =
        numbered().map(|(id, (_, _, hits))| (id.to_string(), json!(hits))).collect();
    json!({"web/a.js": {"path": "web/a.js", "statementMap": map, "s": hits, "fnMap": {}, "f": {}, "branchMap": {}, "b": {}}})
        .to_string()
}

#[test]
fn a_change_within_a_statement_of_istanbul_counts_at_its_statement() {
    let source = |price: &str, note: &str| {
        format!(
            "export function total(order) {{\n  log(order);\n  return sum({{\n    price: {price},\n    // {note}\n    \
                 each: () => {{\n      tick();\n    }},\n    tax: 1,\n  }});\n}}\n"
        )
    };
    let scene = Scene::new();
    scene.push(|scene| {
        scene.write("web/a.js", &source("1", "x"));
        scene.write(".gitignore", "*.json\n");
    });
    let gate = |event: &Value, hits: u32| {
        scene.write("cov.json", &istanbul(&[(2, 2, 1), (3, 10, hits), (7, 7, 1)]));
        scene.run("pull_request", event, &[("reports", "cov.json"), ("min-total", "0")])
    };
    let event = scene.pull_request(|scene| scene.write("web/a.js", &source("2", "x")));
    let ran = gate(&event, 0);
    ran.expect(1, "fail");
    assert!(ran.log.contains("::error file=web/a.js,line=3,"), "{}", ran.log);
    let ran = gate(&event, 4);
    ran.expect(0, "pass");
    assert_eq!(ran.output("patch-percent"), "100.00");
    // Below an inner statement it is still the outer one.
    let event = scene.pull_request(|scene| {
        scene.write("web/a.js", &source("1", "x").replace("tax: 1", "tax: 2"));
    });
    gate(&event, 0).expect(1, "fail");
    // A comment within it, and a line that no statement holds.
    let event = scene.pull_request(|scene| scene.write("web/a.js", &source("1", "other")));
    gate(&event, 0).expect(0, "pass").says("no executable lines changed");
    let event = scene.pull_request(|scene| {
        scene.write("web/a.js", &source("1", "x").replace("(order) {", "(order, b) {"));
    });
    gate(&event, 0).expect(0, "pass").says("no executable lines changed");
}
