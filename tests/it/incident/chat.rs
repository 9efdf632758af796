//! What a channel is told of, run by run, and what keeps it from being told: on a fake Slack beside the fake GitHub.

use std::time::{Duration, Instant};

use serde_json::json;

use super::bed::{Bed, Run, did, job, sha};
use crate::kit::github::wire::Delivery;
use crate::kit::github::{Fault, TOKEN, denied, said};
use crate::kit::scene::Ran;
use crate::kit::slack::{FakeSlack, PATH, Reply, plain};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const WORSE: [(&str, &str); 2] = [("lint", "failure"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

/// The action with a channel. Its address is told nowhere.
async fn run(bed: &Bed, slack: &FakeSlack, run: &Run, inputs: &[(&str, &str)]) -> Ran {
    let url = slack.url();
    let mut all = vec![("slack-webhook", url.as_str())];
    all.extend(inputs.iter().copied());
    let ran = bed.run_with(run, &all).await;
    let is_mask = |line: &&str| line.starts_with("::add-mask::");
    let shown: Vec<&str> = ran.log.lines().filter(|line| !is_mask(line)).collect();
    for sink in shown
        .into_iter()
        .chain([ran.summary.as_str()])
        .chain(ran.outputs.values().map(String::as_str))
    {
        assert!(!sink.contains("the-word-of-the-webhook") && !sink.contains(PATH), "{sink}");
    }
    assert_eq!(slack.violations(), [""; 0]);
    ran
}

#[tokio::test]
async fn a_channel_is_told_of_what_changes() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let runs =
        [(&RED, 'a'), (&RED, 'b'), (&WORSE, 'c'), (&WORSE, 'd'), (&GREEN, 'e'), (&GREEN, 'f')];
    for ((jobs, digit), number) in runs.into_iter().zip(1..) {
        let ran = run(&bed, &slack, &Run::of(number, digit, jobs), &[]).await;
        assert_eq!(ran.code, 0, "{}", ran.log);
        assert!(!ran.log.contains("::warning"), "{}", ran.log);
    }
    assert_eq!(
        slack.titles(),
        [
            "🔴 nightly fails on main: test",
            "🔴 More of nightly fails on main: lint",
            "🟢 nightly succeeds again on main",
        ]
    );
    run(&bed, &slack, &Run::of(7, 'f', &RED), &[]).await;
    assert_eq!(slack.titles()[3], "🔴 nightly fails again on main: test");
    let commits = json!([{"id": sha('f'), "message": "Fix issue #11"}]);
    let event = json!({"repository": {"default_branch": "main"}, "commits": commits});
    let claim = Run { event: ("push", event), ..Run::of(8, 'f', &RED) };
    run(&bed, &slack, &claim, &[]).await;
    assert_eq!(slack.titles()[4], "🔴 The fix did not hold: nightly fails on main: test");
}

#[tokio::test]
async fn who_asks_for_more_is_told_more() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let failure = [("notify-on", "failure")];
    for (number, digit, jobs) in [(1, 'a', &RED), (2, 'b', &RED), (3, 'c', &GREEN)] {
        run(&bed, &slack, &Run::of(number, digit, jobs), &failure).await;
    }
    assert_eq!(
        slack.titles(),
        ["🔴 nightly fails on main: test", "🔴 nightly still fails on main: test"]
    );
    let always = [("notify-on", "always")];
    run(&bed, &slack, &Run::of(4, 'd', &GREEN), &always).await;
    let cancelled = [("test", "cancelled")];
    run(&bed, &slack, &Run::of(5, 'e', &cancelled), &always).await;
    assert_eq!(
        slack.titles()[2..],
        ["🟢 nightly succeeded on main", "⚪ nightly ended without a result on main"]
    );
}

#[tokio::test]
async fn it_is_told_where_no_issue_can_be_written() {
    for fault in [denied(), said(410, "Issues has been disabled in this repository.")] {
        let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
        bed.github.script("GET labels=", Fault::Answer(fault));
        let ran = run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
        assert_eq!(ran.output("result"), "done", "{}", ran.log);
        assert_eq!(slack.titles(), ["🔴 nightly failed on main: test"]);
        assert!(!slack.messages()[0].to_string().contains("Issue"), "there is no issue");
        bed.github.script("GET labels=", Fault::Answer(denied()));
        run(&bed, &slack, &Run::of(2, 'b', &GREEN), &[]).await;
        assert_eq!(slack.messages().len(), 1, "whether it was broken before is not known");
    }
}

#[tokio::test]
async fn runs_that_are_left_out_are_not_told() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let event = json!({"pull_request": {"head": {"ref": "fix", "sha": sha('a')}}});
    let pull = Run { event: ("pull_request", event), branch: "7/merge", ..Run::of(1, 'a', &RED) };
    let feature = Run { branch: "feature", ..Run::of(2, 'a', &RED) };
    for one in [pull, feature] {
        did(&run(&bed, &slack, &one, &[("notify-on", "always")]).await, "skipped");
    }
    assert_eq!(slack.messages(), [json!(null); 0]);
}

#[tokio::test]
async fn what_is_refused_is_a_warning_in_our_words() {
    let table = [
        (404, "no_service", "removed or switched off"),
        (400, "invalid_payload", "defect of mta"),
        (403, "action_prohibited", "does not let the webhook post"),
        (404, "channel_not_found", "its channel is gone"),
        (410, "channel_is_archived", "unarchive the channel"),
        (500, "rollup_error", "something went wrong at Slack"),
        (404, "<html>::error::owned</html>", "there is no such webhook"),
        (200, "welcome to the proxy", "it may have been posted"),
        (503, "", "something went wrong there"),
        (418, "teapot", "`slack-webhook`"),
    ];
    for (status, text, told) in table {
        let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
        slack.answers(status, text);
        let ran = run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
        did(&ran, "created");
        ran.says("::warning ").says("Slack was not told").says(told);
        let foreign = ["html", "owned", "welcome", "teapot"];
        assert!(!foreign.iter().any(|word| ran.log.contains(word)), "{}", ran.log);
        assert_eq!(slack.messages().len(), 1, "{text} is no reason to send it again");
        assert!(bed.issue().is_open);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (bed, slack, other) =
        (Bed::new().await, FakeSlack::start().await, FakeSlack::start().await);
    for status in [302, 307, 308] {
        let answer = plain(status, "").with("location", other.url());
        slack.script(Reply::Answer(answer, Delivery::Whole));
        let one = Run { workflow: "ci", ..Run::of(u64::from(status), 'a', &RED) };
        run(&bed, &slack, &one, &[("notify-on", "always")]).await.says("which is not followed");
    }
    assert_eq!((slack.messages().len(), other.messages().len()), (3, 0));
}

#[tokio::test]
async fn a_lost_answer_is_no_reason_to_send_it_again() {
    for delivery in [Delivery::Nothing, Delivery::Half] {
        let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
        slack.script(Reply::Answer(plain(200, "ok"), delivery));
        let ran = run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
        did(&ran, "created");
        ran.says("it may have been posted, and is not sent again");
        assert_eq!(slack.messages().len(), 1, "{delivery:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_ten_seconds() {
    let hanging = [Reply::Silence, Reply::Answer(plain(200, "ok"), Delivery::Silence)];
    let all = hanging.map(|reply| async move {
        let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
        slack.script(reply.clone());
        let began = Instant::now();
        let ran = run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
        did(&ran, "created");
        ran.says("Slack was not told").says("within 10 s");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!(slack.messages().len(), 1, "{reply:?}");
    });
    let [one, two] = all;
    tokio::join!(one, two);
}

#[tokio::test]
async fn a_limit_is_waited_for_once_where_it_fits() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let limited = |seconds: &str| {
        let answer = plain(429, "rate_limited").with("retry-after", seconds);
        Reply::Answer(answer, Delivery::Whole)
    };
    slack.script(limited("1"));
    let ran = run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
    assert!(!ran.log.contains("::warning"), "{}", ran.log);
    assert_eq!(slack.messages().len(), 2);
    assert_eq!(slack.messages()[0], slack.messages()[1]);
    for (scripted, sent) in [(vec!["1", "1"], 2), (vec!["60"], 1), (vec!["soon"], 1)] {
        let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
        for seconds in &scripted {
            slack.script(limited(seconds));
        }
        let ran = run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
        did(&ran, "created");
        ran.says("takes no more messages for now");
        assert_eq!(slack.messages().len(), sent, "{scripted:?}");
    }
}

#[tokio::test]
async fn where_nobody_listens_it_says_which_host() {
    let bed = Bed::new().await;
    let url = format!("http://127.0.0.1:1{PATH}");
    let ran = bed.run_with(&Run::of(1, 'a', &RED), &[("slack-webhook", &url)]).await;
    did(&ran, "created");
    ran.says("127.0.0.1 cannot be reached");
    let mut shown = ran.log.lines().filter(|line| !line.starts_with("::add-mask::"));
    assert!(!shown.any(|line| line.contains(PATH)), "{}", ran.log);
}

/// A run whose every name is hostile, with a log that tells secrets.
fn hostile(bed: &Bed) -> (Run, String) {
    // Put together here, so that no scanner takes this file for a leak.
    let word = ["kX9vQ2mN", "7pL4wR8t"].concat();
    let hostile = "<!channel> <@U1> <https://x.test|ok> ``` & \u{202e} :: ##[error]x";
    let mut run = Run::of(1, 'a', &[(hostile, "failure")]);
    run.jobs[0]["steps"][1]["name"] = json!(hostile);
    let lines = [
        format!("admin_passwd = {word}"),
        format!("error: {TOKEN} was refused by postgres://shop:{word}@db/x <!here> ````"),
    ];
    let at = |time: &str, line: &str| format!("2026-11-30T10:01:{time}Z {line}\n");
    let before = at("00.0000000", "##[group]Run x") + &at("00.1000000", "##[endgroup]");
    let after = at("06.0000000", "##[error]Process completed with exit code 2.");
    let lines: String = lines.iter().map(|line| at("05.1234567", line)).collect();
    bed.log(9001, &format!("{before}{lines}{after}"));
    (run, word)
}

#[tokio::test]
async fn foreign_text_is_shown_and_never_obeyed_and_secrets_are_in_no_message() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let (one, word) = hostile(&bed);
    did(&run(&bed, &slack, &one, &[]).await, "created");
    let message = &slack.messages()[0];
    let text = message.to_string();
    for secret in [word.as_str(), TOKEN, "the-word-of-the-webhook"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!text.contains('<') && !text.contains('>') && !text.contains('\u{202e}'), "{text}");
    let blocks: Vec<String> =
        message["blocks"].as_array().unwrap().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(blocks.join("\n"), @r###"
{"type":"header","text":{"type":"plain_text","text":"🔴 nightly fails on main: &lt;!channel&gt; &lt;@U1&gt; &lt;https://x.test|ok…","emoji":false}}
{"type":"section","text":{"type":"mrkdwn","text":"`&lt;!channel&gt; &lt;@U1&gt; &lt;https://x.test|ok&gt; ˋˋˋ &amp; \\u{202e} :: ## [error]x`, step `&lt;!channel&gt; &lt;@U1&gt; &lt;https://x.test|ok&gt; ˋˋˋ &amp; \\u{202e} :: ## [error]x` failed (exit code 2)","verbatim":true}}
{"type":"section","text":{"type":"mrkdwn","text":"```\nerror: *** was refused by postgres://shop:***@db/x &lt;!here&gt; ˋˋˋ`\n```","verbatim":true}}
{"type":"section","fields":[{"type":"mrkdwn","text":"*Run*\n`#1 (push)`","verbatim":true},{"type":"mrkdwn","text":"*Branch*\n`main`","verbatim":true},{"type":"mrkdwn","text":"*Commit*\n`aaaaaaa`","verbatim":true},{"type":"mrkdwn","text":"*Started by*\n`ann`","verbatim":true}]}
{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Run","emoji":false},"url":"https://github.example.test/acme/app/actions/runs/501","action_id":"run"},{"type":"button","text":{"type":"plain_text","text":"Commit","emoji":false},"url":"https://github.example.test/acme/app/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","action_id":"commit"},{"type":"button","text":{"type":"plain_text","text":"Issue","emoji":false},"url":"https://github.example.test/acme/app/issues/11","action_id":"issue"}]}
"###);
}

#[tokio::test]
async fn a_message_in_which_a_secret_stands_is_not_sent() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let url = slack.url();
    let inputs = [("slack-webhook", url.as_str())];
    // No page of a real GitHub has such an address: links are the one text that is not hidden before.
    let env = [("GITHUB_SERVER_URL", url.as_str())];
    let ran = bed.run_in(&Run::of(1, 'a', &RED), &inputs, &env).await;
    did(&ran, "error");
    ran.says("Slack was not told").says("the value of slack-webhook stands in it");
    ran.says("has the value of `slack-webhook` in it, and nothing was sent");
    assert_eq!((slack.messages().len(), bed.github.issues().len()), (0, 0), "the issue neither");
}

#[tokio::test]
async fn a_dry_run_prints_the_message_and_sends_none() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let (one, word) = hostile(&bed);
    let ran = run(&bed, &slack, &one, &[("dry-run", "true")]).await;
    did(&ran, "created");
    ran.says("Slack (not sent) | ").says("\"type\": \"header\"").says("nightly fails on main");
    let mut shown = ran.log.lines().filter(|line| line.starts_with("Slack (not sent)"));
    assert!(!shown.any(|line| line.contains(['<', '>'])), "{}", ran.log);
    assert!(!ran.log.contains(&word), "{}", ran.log);
    assert_eq!((slack.messages().len(), bed.github.issues().len()), (0, 0));
    let ran = run(&bed, &slack, &Run::of(2, 'b', &GREEN), &[("dry-run", "true")]).await;
    ran.says("Slack: nothing to tell (`notify-on: change`)");
}

#[tokio::test]
async fn a_wrong_address_is_refused_before_anything_is_asked() {
    let bed = Bed::new().await;
    for (address, says) in [
        ("http://hooks.example.test/the-word-of-the-webhook", "does not begin with `https://`"),
        ("the-word-of-the-webhook", "no address"),
        ("https://a:the-word-of-the-webhook@x.test/", "names a user"),
    ] {
        let ran = bed.run_with(&Run::of(1, 'a', &GREEN), &[("slack-webhook", address)]).await;
        assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{}", ran.log);
        ran.says("`slack-webhook`").says(says);
        let mut shown = ran.log.lines().filter(|line| !line.starts_with("::add-mask::"));
        assert!(!shown.any(|line| line.contains("the-word")), "{}", ran.log);
    }
    let ran = bed.run_with(&Run::of(1, 'a', &GREEN), &[("notify-on", "never")]).await;
    assert_eq!(ran.code, 64, "{}", ran.log);
    assert!(bed.github.requests().is_empty());
}

#[tokio::test]
async fn each_issue_of_its_own_and_one_message_for_the_run() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let scope = [("scope", "job")];
    run(&bed, &slack, &Run::of(1, 'a', &WORSE), &scope).await;
    run(&bed, &slack, &Run::of(2, 'b', &RED), &scope).await;
    run(&bed, &slack, &Run::of(3, 'c', &GREEN), &scope).await;
    assert_eq!(
        slack.titles(),
        ["🔴 nightly fails on main: lint and 1 more", "🟢 nightly succeeds again on main"]
    );
    assert!(bed.github.issues().iter().all(|issue| !issue.is_open));
    let own = job("deploy", "failure", 3);
    let one = Run { jobs: vec![own], ..Run::of(4, 'd', &[]) };
    run(&bed, &slack, &one, &scope).await;
    assert_eq!(slack.titles()[2], "🔴 nightly fails on main: deploy");
}

#[tokio::test]
async fn what_a_person_does_not_plan_to_mend_is_not_told_until_it_is_mended() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
    bed.github.touch(11, |issue| {
        issue.is_open = false;
        issue.reason = Some("not_planned".into());
    });
    did(&run(&bed, &slack, &Run::of(2, 'b', &WORSE), &[]).await, "updated");
    assert_eq!(slack.messages().len(), 1);
    run(&bed, &slack, &Run::of(3, 'c', &GREEN), &[]).await;
    assert_eq!(slack.titles()[1..], ["🟢 nightly succeeds again on main"]);
}

#[tokio::test]
async fn without_closing_it_is_told_once_that_it_succeeds_again() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let stays_open = [("close-on-success", "false")];
    for (number, digit, jobs) in [(1, 'a', &RED), (2, 'b', &GREEN), (3, 'c', &GREEN)] {
        run(&bed, &slack, &Run::of(number, digit, jobs), &stays_open).await;
    }
    assert!(bed.issue().is_open);
    assert_eq!(
        slack.titles(),
        ["🔴 nightly fails on main: test", "🟢 nightly succeeds again on main"]
    );
}

#[tokio::test]
async fn a_run_that_is_looked_at_twice_is_told_once() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    for _ in 0..2 {
        run(&bed, &slack, &Run::of(1, 'a', &RED), &[]).await;
    }
    assert_eq!(slack.titles(), ["🔴 nightly fails on main: test"]);
}

#[tokio::test]
async fn without_issues_the_run_before_says_what_changed() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let runs = [(&GREEN, "success"), (&RED, "failure"), (&RED, "failure"), (&GREEN, "success")];
    for ((jobs, conclusion), number) in runs.into_iter().zip(1..) {
        bed.github.script("GET labels=", Fault::Answer(denied()));
        did(&run(&bed, &slack, &Run::of(number, 'a', jobs), &[]).await, "skipped");
        bed.github.add_run(json!({"id": 500 + number, "run_attempt": 1, "run_number": number, "name": "nightly",
            "path": ".github/workflows/nightly.yml", "head_branch": "main", "head_sha": sha('a'), "event": "push",
            "conclusion": conclusion}));
    }
    assert_eq!(
        slack.titles(),
        ["🔴 nightly fails on main: test", "🟢 nightly succeeds again on main"]
    );
}

#[tokio::test]
async fn where_each_run_has_an_issue_of_its_own_a_channel_is_told_of_the_first_one_only() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    let scope = [("scope", "run")];
    let runs = [
        (&GREEN, "success"),
        (&RED, "failure"),
        (&RED, "failure"),
        (&GREEN, "success"),
        (&RED, "failure"),
    ];
    for ((jobs, conclusion), number) in runs.into_iter().zip(1..) {
        let ran = run(&bed, &slack, &Run::of(number, digit(number), jobs), &scope).await;
        assert_eq!(ran.output("result"), "done", "{}", ran.log);
        bed.github.add_run(json!({"id": 500 + number, "run_attempt": 1, "run_number": number, "name": "nightly",
            "path": ".github/workflows/nightly.yml", "head_branch": "main", "head_sha": sha('a'), "event": "push",
            "conclusion": conclusion}));
    }
    assert_eq!(bed.github.issues().len(), 3, "each failed run has one");
    assert_eq!(
        slack.titles(),
        [
            "🔴 nightly fails on main: test",
            "🟢 nightly succeeds again on main",
            "🔴 nightly fails on main: test",
        ]
    );
    let failure = [("scope", "run"), ("notify-on", "failure")];
    run(&bed, &slack, &Run::of(6, 'f', &RED), &failure).await;
    assert_eq!(slack.titles()[3], "🔴 nightly still fails on main: test");
}

/// A commit of its own for a run.
fn digit(number: u64) -> char {
    "abcdef".chars().nth(usize::try_from(number).unwrap() - 1).unwrap()
}
