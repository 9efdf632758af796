//! A job that fails and succeeds on the same commit, run by run: its issue, its label, and what a channel is told.

use super::bed::{Bed, Run, did, sha};
use crate::kit::github::{Fault, denied, said};
use crate::kit::scene::Ran;
use crate::kit::slack::FakeSlack;

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

/// The number of `test` in [`RED`].
const TEST: u64 = 9002;

/// The same run once more, with other results.
fn again(number: u64, digit: char, jobs: &[(&str, &str)]) -> Run {
    Run { attempt: 2, ..Run::of(number, digit, jobs) }
}

#[track_caller]
fn is_flaky(ran: &Ran, action: &str, flaky: &str) {
    did(ran, action);
    assert_eq!(ran.output("flaky"), flaky, "{}", ran.log);
}

fn run(number: u64) -> String {
    format!("[#{number}](https://github.example.test/acme/app/actions/runs/{})", 500 + number)
}

fn commit(digit: char) -> String {
    let sha = sha(digit);
    format!("[`{}`](https://github.example.test/acme/app/commit/{sha})", &sha[..7])
}

/// The labels that were set after the issue was opened.
fn labelled(bed: &Bed) -> usize {
    let all = bed.github.requests().into_iter();
    all.filter(|one| one.method == "POST" && one.target.ends_with("/labels")).count()
}

#[tokio::test]
async fn a_run_that_succeeds_when_it_is_run_again_has_mended_nothing() {
    let bed = Bed::new().await;
    let log = |line: &str| format!("2026-11-30T10:02:05.1234567Z {line}\n");
    bed.log(TEST, &log("FAILED tests/test_cart.py::test_total - assert 3 == 4"));
    is_flaky(&bed.run(&Run::of(1, 'a', &RED)).await, "created", "false");
    let before = bed.github.requests().len();
    is_flaky(&bed.run(&again(1, 'a', &GREEN)).await, "updated", "true");
    let requests = bed.github.requests().len() - before;
    assert!(requests <= 5, "{requests} requests");
    assert!(bed.issue().is_open);
    assert_eq!(bed.issue().labels, ["bug", "ci-failure", "flaky"]);
    let told = format!(
        "`test` failed and succeeded on the same commit ({}, run {}): flaky. From now on its failures and successes are \
         counted without a word, and it is steady again after 3 runs in a row that succeed.",
        commit('a'),
        run(1)
    );
    assert_eq!(bed.comments(), [told.as_str()]);
    let body = bed.issue().body;
    let row = format!(
        "| `test` | {}, failed in {} | `FAILED tests/test_cart.py::test_total - assert 3 == 4` | 20",
        commit('a'),
        run(1)
    );
    assert!(body.contains("### What is flaky\n") && body.contains(&row), "{body}");
    let state = format!("| **flaky** since {}: succeeded 1 time, 0 of 3 runs in a row |", run(1));
    assert!(body.contains(&state), "{body}");
    assert!(body.contains("and every flaky one in 3 runs in a row."), "{body}");

    is_flaky(&bed.run(&Run::of(2, 'b', &GREEN)).await, "updated", "true");
    is_flaky(&bed.run(&Run::of(3, 'c', &RED)).await, "updated", "true");
    for (number, digit) in [(4, 'd'), (5, 'e')] {
        is_flaky(&bed.run(&Run::of(number, digit, &GREEN)).await, "updated", "true");
    }
    assert!(bed.issue().body.contains("succeeded 4 times, 2 of 3 runs in a row"));
    let ran = bed.run(&Run::of(6, 'f', &GREEN)).await;
    is_flaky(&ran, "closed", "false");
    ran.says("what was flaky is steady again");
    assert!(!bed.issue().is_open && bed.issue().body.contains("| steady again since "));
    assert_eq!(bed.comments(), [told.as_str()], "one a day: that it is steady comes within it");
    assert_eq!(labelled(&bed), 1);

    is_flaky(&bed.run(&Run::of(7, 'f', &RED)).await, "reopened", "false");
    assert!(bed.issue().body.contains(&row), "what was flaky is remembered: {}", bed.issue().body);
}

/// As if what was said had been said long ago.
fn days_later(bed: &Bed) {
    let said_at = regex::Regex::new("\"said_at\":\"[^\"]*\"").unwrap();
    bed.github.touch(11, |issue| {
        let before = said_at.replace(&issue.body, "\"said_at\":\"2026-01-01T00:00:00Z\"");
        assert_ne!(before, issue.body);
        issue.body = before.into_owned();
    });
}

#[tokio::test]
async fn a_nightly_on_a_commit_that_nobody_changes_closes_by_itself() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    for number in 2..4 {
        is_flaky(&bed.run(&Run::of(number, 'a', &GREEN)).await, "updated", "true");
    }
    days_later(&bed);
    let before = bed.github.requests().len();
    is_flaky(&bed.run(&Run::of(4, 'a', &GREEN)).await, "closed", "false");
    assert!(bed.github.requests().len() - before <= 5);
    let told = format!(
        "All that was broken succeeded in run {} ({}). Steady again, with 3 successes in a row: `test`.",
        run(4),
        commit('a')
    );
    assert_eq!(bed.comments()[1], told);
    is_flaky(&bed.run(&Run::of(5, 'a', &GREEN)).await, "none", "false");
}

#[tokio::test]
async fn only_the_job_that_succeeds_on_the_same_commit_is_flaky() {
    let bed = Bed::new().await;
    let both = [("e2e", "failure"), ("test", "failure")];
    did(&bed.run(&Run::of(1, 'a', &both)).await, "created");
    let one = [("e2e", "failure"), ("test", "success")];
    is_flaky(&bed.run(&again(1, 'a', &one)).await, "updated", "true");
    let green = [("e2e", "success"), ("test", "success")];
    is_flaky(&bed.run(&Run::of(2, 'b', &green)).await, "updated", "true");
    let body = bed.issue().body;
    assert!(
        body.contains("| `e2e` | fixed by ") && body.contains("| `test` | **flaky** "),
        "{body}"
    );
    assert_eq!(bed.comments().len(), 1);
}

#[tokio::test]
async fn a_label_that_cannot_be_set_is_a_note_and_a_dry_run_sets_none() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    let dry = [("dry-run", "true")];
    is_flaky(&bed.run_with(&again(1, 'a', &GREEN), &dry).await, "updated", "true");
    assert_eq!(labelled(&bed), 0);
    for refusal in [denied(), said(404, "Not Found")] {
        let bed = Bed::new().await;
        did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
        bed.github.script("POST labels", Fault::Answer(refusal));
        let ran = bed.run(&again(1, 'a', &GREEN)).await;
        is_flaky(&ran, "updated", "true");
        ran.says("left out: ").says("flaky");
        assert!(!ran.log.contains("::warning"), "{}", ran.log);
        assert_eq!(bed.comments().len(), 1);
    }
}

#[tokio::test]
async fn a_pull_request_is_mended_by_the_same_commit_too() {
    let bed = Bed::new().await;
    let head =
        serde_json::json!({"ref": "fix", "sha": sha('a'), "repo": {"full_name": "acme/app"}});
    let event = serde_json::json!({"pull_request": {"number": 7, "head": head}});
    let pull = |run: Run| Run { event: ("pull_request", event.clone()), branch: "7/merge", ..run };
    let inputs = [("skip-pull-requests", "false")];
    did(&bed.run_with(&pull(Run::of(1, 'a', &RED)), &inputs).await, "created");
    let ran = bed.run_with(&pull(again(1, 'a', &GREEN)), &inputs).await;
    is_flaky(&ran, "closed", "false");
}

#[tokio::test]
async fn a_channel_is_told_once_that_it_is_flaky_and_that_it_succeeds_again() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let url = slack.url();
    let inputs = [("slack-webhook", url.as_str())];
    let runs = [
        Run::of(1, 'a', &RED),
        again(1, 'a', &GREEN),
        Run::of(2, 'b', &RED),
        again(2, 'b', &GREEN),
        Run::of(3, 'c', &GREEN),
        Run::of(4, 'd', &GREEN),
        Run::of(5, 'e', &GREEN),
    ];
    for run in &runs {
        let ran = bed.run_with(run, &inputs).await;
        assert!(!ran.log.contains("::warning"), "{}", ran.log);
    }
    assert_eq!(
        slack.titles(),
        [
            "🔴 nightly fails on main: test",
            "⚪ nightly is flaky on main: test",
            "🟢 nightly succeeds again on main",
        ]
    );
    assert!(!bed.issue().is_open);
}

#[tokio::test]
async fn what_an_older_text_knows_is_read_and_what_a_newer_one_adds_is_passed_over() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    is_flaky(&bed.run(&again(1, 'a', &GREEN)).await, "updated", "true");
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    let body = bed.issue().body;
    let memory = body.lines().rev().find(|line| line.starts_with("<!-- mta:memory ")).unwrap();
    assert!(memory.starts_with("<!-- mta:memory {\"version\":1,"), "{memory}");
    let flaky =
        regex::Regex::new(r#","flaky":\{.*?"last":\[\d+,\d+\](,"steady":\[[\d,]*\])?\}"#).unwrap();
    let flakes = regex::Regex::new(r#","flakes":\[\{.*?\}\}?\]"#).unwrap();
    let older = flakes.replace(&flaky.replace(&body, ""), "").into_owned();
    assert!(!older.contains("\"flak"), "{older}");
    bed.github.touch(11, |issue| issue.body = older);
    is_flaky(&bed.run(&Run::of(3, 'c', &GREEN)).await, "closed", "false");
}
