//! The server that plays GitHub for `make demo`, as `create-failure-issue` sees it. The demo itself runs on no CI.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::kit::github::TOKEN;
use crate::kit::process::numbers;
use crate::kit::scene::{Ran, Scene};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The repository of the shop, and the server.
struct Demo {
    scene: Scene,
    server: Child,
    url: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _status = self.server.wait();
    }
}

impl Demo {
    fn start() -> Self {
        let scene = Scene::of("create-failure-issue");
        for name in ["work", "temp", "nights"] {
            fs_err::create_dir(scene.path(name)).unwrap();
        }
        scene.git(&["init", "-q", "-b", "main"]);
        let workflow = ".github/workflows/nightly.yml";
        let text = fs_err::read_to_string(format!("{ROOT}/examples/shop/{workflow}")).unwrap();
        scene.write(workflow, &text);
        let mut server = Command::new(format!("{ROOT}/scripts/demo-github"));
        server.args(["nights", "work", "page", "port"].map(|name| scene.path(name)));
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let url = format!("http://127.0.0.1:{}", numbers(&scene.path("port"), 1)[0]);
        Self { scene, server, url }
    }

    /// A run of what is committed with this subject, of which act has told this so far: the tests have ended, and the
    /// action runs.
    fn night(&self, number: u64, conclusion: &str, subject: &str) -> Ran {
        let sha = self.scene.commit(subject);
        let told = self.scene.path(&format!("nights/{number}-{sha}.json"));
        fs_err::write(&told, told_by_act(number, conclusion)).unwrap();
        let mut command = self.scene.command("schedule", &json!({}), &[]);
        let file = "org/shop/.github/workflows/nightly.yml@refs/heads/main";
        command
            .env("GITHUB_API_URL", &self.url)
            .env("MTA_TOKEN", TOKEN)
            .env("GITHUB_RUN_ID", number.to_string())
            .env("GITHUB_RUN_NUMBER", number.to_string())
            .env("GITHUB_RUN_ATTEMPT", "1")
            .env("GITHUB_WORKFLOW", "Nightly")
            .env("GITHUB_WORKFLOW_REF", file)
            .env("GITHUB_REF_NAME", "main")
            .env("GITHUB_SHA", sha)
            .env("RUNNER_NAME", "demo");
        let ran = self.scene.ran(&command.output().unwrap());
        let end = record(number, "Issue", "🏁  Job succeeded", &json!({"jobResult": "success"}));
        fs_err::write(&told, told_by_act(number, conclusion) + &end).unwrap();
        ran
    }

    fn page(&self) -> String {
        fs_err::read_to_string(self.scene.path("page")).unwrap()
    }
}

/// A record of `act --json` as far as the server reads it.
fn record(number: u64, job: &str, msg: &str, more: &Value) -> String {
    let mut record = json!({"jobID": job, "job": format!("Nightly/{job}"), "msg": msg,
        "time": format!("2026-11-30T10:{number:02}:00Z")});
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{record}\n")
}

/// What act has told when the tests have ended and the action runs.
fn told_by_act(number: u64, conclusion: &str) -> String {
    let of_step = |msg: &str, more: Value| {
        let mut step = json!({"stage": "Main", "step": "Unit tests", "stepID": ["test"]});
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record(number, "Test", msg, &step)
    };
    let file = "/tmp/act/1f/hostexecutor/tests/test_cart.py";
    let trace = format!("  File \"{file}\", line 7, in test_total\n");
    [
        of_step("⭐ Run Main Unit tests", json!({})),
        of_step("FAIL: test_total (tests.test_cart.Cart)\n", json!({"raw_output": true})),
        of_step("Traceback (most recent call last):\n", json!({"raw_output": true})),
        of_step(&trace, json!({"raw_output": true})),
        of_step("AssertionError: 3 != 4\n", json!({"raw_output": true})),
        of_step("  ended", json!({"stepResult": conclusion})),
        of_step("exit status 1", json!({})),
        record(number, "Test", "🏁  Job", &json!({"jobResult": conclusion})),
        record(number, "Issue", "⭐ Run Set up job", &json!({})),
        "Error: a line of act that is no record\n".to_owned(),
    ]
    .concat()
}

#[test]
fn the_server_of_the_demo_keeps_one_issue_and_shows_it() {
    let demo = Demo::start();
    for (number, conclusion, subject, action) in [
        (1, "success", "The shop", "none"),
        (2, "failure", "Break it", "created"),
        (3, "failure", "Break it more", "updated"),
        (4, "success", "Mend it", "closed"),
    ] {
        let ran = demo.night(number, conclusion, subject);
        assert_eq!((ran.code, ran.output("action")), (0, action), "{}\n{}", ran.log, ran.summary);
        assert!(!ran.log.contains("left out"), "{}", ran.log);
        if action == "created" {
            let page = demo.page();
            let title = "Nightly fails on main: Test  #1  (open; bug, ci-failure)\n";
            assert!(page.starts_with(title), "{page}");
            for text in [
                "| Failed runs | 1 |",
                "step `Unit tests`: [log](",
                "### Why `Test` failed (exit code 1)",
                "`/home/runner/work/shop/shop/tests/test_cart.py:7: FAIL: test_total (tests.test_cart.Cart)`",
                "| `t` | `Break it` |",
            ] {
                assert!(page.contains(text), "{text} is not in\n{page}");
            }
        }
    }
    let page = demo.page();
    assert!(page.starts_with("Nightly fails on main: Test  #1  (closed; bug"), "{page}");
    assert!(page.contains("| Failed runs | 2 |") && !page.contains("<!-- "), "{page}");
    let last = page.lines().last().unwrap();
    assert!(last.starts_with("All that was broken succeeded in run [#4]"), "{page}");
}

#[test]
fn what_the_demo_breaks_is_there_to_be_broken() {
    let demo = fs_err::read_to_string(format!("{ROOT}/scripts/demo")).unwrap();
    let store = fs_err::read_to_string(format!("{ROOT}/examples/shop/app/store.py")).unwrap();
    assert!(demo.contains("sed -i 's/if found < self\\.schema:/"), "{demo}");
    assert_eq!(store.matches("if found < self.schema:").count(), 1, "{store}");
}
