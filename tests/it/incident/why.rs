//! Why a job failed: what its log says comes into the issue, and nothing of it is obeyed or leaks.

use super::bed::{Bed, Run, did};
use crate::kit::github::{Fault, TOKEN, said};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];

/// The number of `test` in [`RED`].
const TEST: u64 = 9002;

/// The log of a job: `lines` are what the step that failed wrote, in its second minute.
fn log(lines: &[&str]) -> String {
    let mut text = String::from("\u{feff}");
    let mut line = |second: u32, words: &str| {
        text.push_str(&format!("2026-11-30T10:02:{second:02}.1234567Z {words}\r\n"));
    };
    line(0, "##[group]Run make test");
    line(0, "make test");
    line(0, "##[endgroup]");
    for words in lines {
        line(5, words);
    }
    line(6, "##[error]Process completed with exit code 2.");
    text
}

#[tokio::test]
async fn the_issue_says_why() {
    let bed = Bed::new().await;
    bed.log(
        TEST,
        &log(&["collected 2 items", "FAILED tests/test_cart.py::test_total - assert 3 == 4"]),
    );
    let ran = bed.run(&Run::of(1, 'a', &RED)).await;
    did(&ran, "created");
    let body = bed.issue().body;
    let why = "### Why `test` failed (exit code 2)\n\n`FAILED tests/test_cart.py::test_total - assert 3 == 4`\n\n\
        From the log, untrusted output:\n\n```text\n  collected 2 items\n\
        > FAILED tests/test_cart.py::test_total - assert 3 == 4\n  Process completed with exit code 2.\n```\n";
    assert!(body.contains(why), "{body}");
    assert!(ran.summary.contains("test_total"), "{}", ran.summary);
    let stages: serde_json::Value = serde_json::from_str(ran.output("failed-stages")).unwrap();
    assert_eq!(stages[0]["exit-code"], 2);
    assert_eq!(stages[0]["error"], "FAILED tests/test_cart.py::test_total - assert 3 == 4");

    bed.log(TEST, &log(&["FAILED tests/test_cart.py::test_total - assert 7 == 9"]));
    let again = bed.run(&Run::of(2, 'b', &RED)).await;
    did(&again, "updated");
    assert_eq!(again.output("fingerprint"), ran.output("fingerprint"), "the numbers do not count");
    assert_eq!(ran.output("fingerprint").len(), 12);
}

#[tokio::test]
async fn what_looks_like_a_secret_is_in_no_sink() {
    let bed = Bed::new().await;
    // Put together here, so that no scanner takes this file for a leak.
    let (user, word) = ("shop", ["kX9vQ2mN", "7pL4wR8t"].concat());
    let word = word.as_str();
    let url = format!("psycopg2.OperationalError: cannot reach postgres://{user}:{word}@db/x");
    let ours = format!("error: {TOKEN} was refused");
    bed.log(TEST, &log(&[&format!("admin_passwd = {word}"), &ours, &url]));
    let ran = bed.run_with(&Run::of(1, 'a', &RED), &[]).await;
    did(&ran, "created");
    let report = fs_err::read_to_string(ran.output("report-path")).unwrap();
    let shown = ran.log.replace(&format!("::add-mask::{TOKEN}"), "");
    for sink in [&bed.issue().body, &ran.summary, &report, &shown, ran.output("failed-stages")] {
        assert!(!sink.contains(word) && !sink.contains(TOKEN), "{sink}");
    }
    assert!(bed.issue().body.contains("postgres://shop:***@db/x"), "{}", bed.issue().body);
}

#[tokio::test]
async fn hostile_lines_stay_in_their_fence() {
    let bed = Bed::new().await;
    let lines = [
        "error: ``` </details> @acme/admins fixes #7",
        "````",
        "::error::owned",
        "##[error]owned\u{202e}",
    ];
    bed.log(TEST, &log(&lines));
    let ran = bed.run(&Run::of(1, 'a', &RED)).await;
    did(&ran, "created");
    let body = bed.issue().body;
    let (_, rest) =
        body.split_once("`````text\n").unwrap_or_else(|| panic!("a longer fence: {body}"));
    let (inside, after) = rest.split_once("\n`````\n").unwrap();
    assert!(inside.contains("@acme/admins") && !after.contains("@acme"), "{body}");
    assert!(!body.contains('\u{202e}'), "{body}");
    assert!(!ran.log.lines().any(|line| line.trim_start().starts_with("::error")), "{}", ran.log);
}

#[tokio::test]
async fn a_log_that_is_gone_costs_the_reason_and_nothing_else() {
    let told = [(404, "add `actions: read` under `permissions:`"), (410, "GitHub has deleted it")];
    for (status, help) in told {
        let bed = Bed::new().await;
        bed.github.script("GET logs", Fault::Answer(said(status, "Gone")));
        let ran = bed.run(&Run::of(1, 'a', &RED)).await;
        did(&ran, "created");
        ran.says("why it failed is not known").says("| Failed stage |").says(help);
        let others = told.iter().filter(|(other, _)| *other != status);
        assert!(!others.into_iter().any(|(_, other)| ran.log.contains(other)), "{}", ran.log);
        assert!(!bed.issue().body.contains("### Why"), "{}", bed.issue().body);
    }
}

#[tokio::test]
async fn the_last_known_reason_stays_when_the_log_is_gone_or_the_issue_is_closed() {
    let bed = Bed::new().await;
    bed.log(TEST, &log(&["FAILED tests/test_cart.py::test_total - assert 3 == 4"]));
    bed.run(&Run::of(1, 'a', &RED)).await;
    let before = "### Why `test` failed (exit code 2), as of run [#1](https://github.example.test/acme/app/actions/runs/501)\n\n\
        `FAILED tests/test_cart.py::test_total - assert 3 == 4`\n";
    assert!(!bed.issue().body.contains("as of run"), "{}", bed.issue().body);
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    assert!(bed.issue().body.contains(before), "{}", bed.issue().body);
    let green = [("lint", "success"), ("test", "success")];
    did(&bed.run(&Run::of(3, 'c', &green)).await, "closed");
    assert!(bed.issue().body.contains(before), "{}", bed.issue().body);
}

#[tokio::test]
async fn of_a_long_log_the_end_is_read() {
    let bed = Bed::new().await;
    let noise =
        "2026-11-30T10:02:05.1234567Z error: this is an older line of the log\n".repeat(60_000);
    let whole =
        format!("{noise}{}", log(&["FAILED tests/test_cart.py::test_total - assert 3 == 4"]));
    bed.log(TEST, &whole);
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    assert!(bed.issue().body.contains("test_total"), "{}", bed.issue().body);
}
