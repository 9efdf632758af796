//! What others do at the same time, and what fails in between.

use serde_json::{Value, json};

use super::bed::{Bed, Run, did, job, sha};
use crate::kit::github::tracker::Issue;
use crate::kit::github::{Fault, LOGIN, TOKEN, said};
use crate::kit::slack::FakeSlack;

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

/// A run that is over, as the API tells it, with its jobs.
fn over(bed: &Bed, number: u64, conclusion: &str, jobs: &[(&str, &str)]) -> Value {
    let told = json!({"id": 500 + number, "run_attempt": 1, "run_number": number, "name": "nightly",
        "path": ".github/workflows/nightly.yml", "head_branch": "main", "head_sha": sha('f'), "event": "push",
        "conclusion": conclusion});
    bed.github.add_run(told.clone());
    let jobs = jobs.iter().map(|(name, conclusion)| job(name, conclusion, 1)).collect();
    bed.github.set_jobs((500 + number, 1), jobs);
    told
}

#[tokio::test]
async fn an_old_run_that_ends_after_a_newer_green_one_opens_nothing() {
    let bed = Bed::new().await;
    over(&bed, 6, "success", &GREEN);
    let ran = bed.run(&Run::of(5, 'a', &RED)).await;
    did(&ran, "none");
    ran.says("What failed succeeded in the newer run 6 already");
    assert!(bed.github.issues().is_empty());
    did(&bed.run(&Run::of(7, 'b', &RED)).await, "created");
}

#[tokio::test]
async fn a_newer_run_that_does_not_show_it_keeps_no_issue_from_being_opened() {
    for (conclusion, jobs) in [
        ("success", [("lint", "success"), ("test", "skipped")]),
        ("failure", [("lint", "failure"), ("test", "success")]),
    ] {
        let bed = Bed::new().await;
        over(&bed, 6, conclusion, &jobs);
        did(&bed.run(&Run::of(5, 'a', &RED)).await, "created");
    }
    let bed = Bed::new().await;
    let mut of_a_fork = over(&bed, 6, "success", &GREEN);
    of_a_fork["event"] = json!("pull_request");
    let other = Bed::new().await;
    other.github.add_run(of_a_fork);
    other.github.set_jobs((506, 1), vec![job("test", "success", 1)]);
    did(&other.run(&Run::of(5, 'a', &RED)).await, "created");
    let denied = Fault::Answer(said(403, "Resource not accessible by integration"));
    bed.github.script("GET nightly.yml/runs", denied);
    did(&bed.run(&Run::of(5, 'a', &RED)).await, "created");
}

#[tokio::test]
async fn an_overtaken_run_opens_nothing_though_its_suspects_cannot_be_had() {
    let bed = Bed::new().await;
    over(&bed, 6, "success", &GREEN);
    over(&bed, 2, "success", &GREEN);
    bed.github.script("GET compare", Fault::Answer(said(404, "Not Found")));
    let ran = bed.run(&Run::of(5, 'a', &RED)).await;
    did(&ran, "none");
    ran.says("left out: ").says("the newer run 6");
}

#[tokio::test]
async fn what_a_newer_run_mended_is_not_opened_again() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.touch(11, |issue| {
        issue.is_open = false;
        issue.closed_at = Some(jiff::Timestamp::now().to_string());
    });
    over(&bed, 6, "success", &GREEN);
    did(&bed.run(&Run::of(5, 'b', &RED)).await, "none");
    assert!(!bed.issue().is_open);
}

#[tokio::test]
async fn an_issue_that_is_closed_between_look_and_write_is_not_lost_and_not_forced() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.script("PATCH issues/11", Fault::Closed(11, "not_planned"));
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    assert!(!bed.issue().is_open, "a person does not want to hear of it");
    assert_eq!(bed.comments(), [""; 0]);

    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.script("PATCH issues/11", Fault::Closed(11, "completed"));
    let ran = bed.run(&Run::of(2, 'b', &RED)).await;
    did(&ran, "reopened");
    assert!(bed.issue().is_open);
    assert_eq!(ran.output("occurrences"), "2", "counted once");
    assert_eq!(bed.comments().len(), 1);

    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    over(&bed, 6, "success", &GREEN);
    bed.github.script("PATCH issues/11", Fault::Closed(11, "completed"));
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    assert!(!bed.issue().is_open, "the newer run closed it, and was right");
}

#[tokio::test]
async fn an_issue_that_cannot_be_written_keeps_nobody_from_the_others() {
    let bed = Bed::new().await;
    let scope = [("scope", "job")];
    let jobs = [("a", "failure"), ("b", "failure"), ("c", "failure")];
    bed.run_with(&Run::of(1, 'a', &jobs), &scope).await;
    bed.github.script("PATCH issues/11", Fault::Answer(said(410, "This issue was deleted")));
    let ran = bed.run_with(&Run::of(2, 'b', &jobs), &scope).await;
    did(&ran, "updated");
    ran.says("This issue was deleted").says("::warning ");
    let counted = |issue: &Issue| issue.body.contains("| Failed runs | 2 |");
    assert_eq!(bed.github.issues().iter().map(counted).collect::<Vec<_>>(), [false, true, true]);

    let before = bed.github.requests().len();
    let denied = || Fault::Answer(said(403, "Resource not accessible by integration"));
    bed.github.script("PATCH issues/11", denied());
    let ran = bed.run_with(&Run::of(3, 'c', &jobs), &scope).await;
    did(&ran, "skipped");
    let requests = bed.github.requests();
    let tried = requests[before..].iter().filter(|request| request.method == "PATCH").count();
    assert_eq!(tried, 1, "a token that may not write one may write none");
}

#[tokio::test]
async fn a_first_failure_takes_nine_requests_at_most_and_a_repeat_four() {
    let bed = Bed::new().await;
    let jobs = [("a", "failure"), ("b", "failure"), ("c", "failure"), ("d", "failure")];
    for job in 9001..9005 {
        bed.log(job, "2026-11-30T10:02:05.1234567Z error: it broke\n");
    }
    let mut green = over(&bed, 1, "success", &GREEN);
    (green["id"], green["run_number"], green["head_sha"]) = (json!(502), json!(2), json!(sha('a')));
    bed.github.add_run(green);
    did(&bed.run(&Run::of(3, 'c', &jobs)).await, "created");
    let requests = bed.github.requests();
    let shown: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(requests.len(), 9, "{shown:#?}");
    assert!(bed.issue().body.contains("### Suspects"), "{}", bed.issue().body);

    for job in 9001..9003 {
        bed.log(job, "2026-11-30T10:02:05.1234567Z error: it broke\n");
    }
    did(&bed.run(&Run::of(4, 'd', &jobs)).await, "updated");
    let requests = bed.github.requests().split_off(9);
    let shown: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(requests.len(), 4, "a repeat: {shown:#?}");
}

#[tokio::test]
async fn a_secret_in_the_name_of_a_step_is_hidden() {
    let bed = Bed::new().await;
    // A step without a name has its command for one.
    let mut run = Run::of(1, 'a', &RED);
    run.jobs[1]["steps"][1]["name"] = json!(format!("curl -H {TOKEN}"));
    let ran = bed.run(&run).await;
    did(&ran, "created");
    assert!(bed.issue().body.contains("`curl -H ***`"), "{}", bed.issue().body);
    let sent = bed.github.requests();
    assert!(!sent.iter().any(|one| String::from_utf8_lossy(&one.body).contains(TOKEN)), "{sent:?}");
}

#[tokio::test]
async fn of_thousands_of_issues_the_open_ones_and_the_recent_ones_are_read() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    let body = bed.issue().body;
    for number in 100..140 {
        let labels = vec!["ci-failure".to_owned()];
        let closed_at = Some("2020-01-01T00:00:00Z".to_owned());
        let author = LOGIN.into();
        let body = body.replace("nightly.yml", "other.yml");
        bed.github.add_issue(Issue { number, body, author, labels, closed_at, ..Issue::default() });
    }
    bed.github.pages_of(3);
    let before = bed.github.requests().len();
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    let requests = bed.github.requests();
    let lists = requests[before..].iter().filter(|one| one.target.contains("labels=")).count();
    assert_eq!(lists, 3, "the first page, those that are open, those closed not long ago");
    bed.github.touch(11, |issue| {
        issue.is_open = false;
        issue.closed_at = Some(jiff::Timestamp::now().to_string());
    });
    did(&bed.run(&Run::of(3, 'c', &RED)).await, "reopened");
}

/// More issues than fit on a page, of which ours is the oldest; it was closed.
async fn crowded() -> Bed {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    let body = bed.issue().body.replace("nightly.yml", "other.yml");
    for number in 100..110 {
        let (labels, author) = (vec!["ci-failure".to_owned()], LOGIN.to_owned());
        let closed_at = Some("2020-01-01T00:00:00Z".to_owned());
        let body = body.clone();
        bed.github.add_issue(Issue { number, body, author, labels, closed_at, ..Issue::default() });
    }
    bed.github.pages_of(3);
    bed
}

#[tokio::test]
async fn an_issue_that_is_opened_or_closed_between_two_lists_is_not_made_twice() {
    let bed = crowded().await;
    let close = |issue: &mut Issue| {
        issue.is_open = false;
        issue.closed_at = Some(jiff::Timestamp::now().to_string());
    };
    bed.github.touch(11, close);
    bed.github.script("GET labels= since=", Fault::Reopened(11));
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    assert_eq!(bed.github.issues().len(), 11);

    let bed = crowded().await;
    bed.github.script("GET labels= since=", Fault::Closed(11, "completed"));
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "reopened");
    assert_eq!(bed.github.issues().len(), 11);
    assert!(bed.github.issues()[0].is_open);
}

/// What the issue of run 1 says after run 3 failed too, which is newer than the one that is looked at.
async fn written_by_a_newer_run() -> String {
    let probe = Bed::new().await;
    probe.run(&Run::of(1, 'a', &RED)).await;
    probe.run(&Run::of(3, 'c', &RED)).await;
    probe.issue().body
}

/// A run whose push says that its commit came right after `a`.
fn pushed(number: u64, forced: bool) -> Run {
    let repository = json!({"default_branch": "main"});
    let event =
        json!({"repository": repository, "before": sha('a'), "after": sha('b'), "forced": forced});
    Run { event: ("push", event), ..Run::of(number, 'b', &GREEN) }
}

/// How often the issue was read, and how many requests there were in all.
fn read_since(bed: &Bed, before: usize) -> (usize, usize) {
    let requests = bed.github.requests().split_off(before);
    let is_read = |line: &str| line.ends_with("/issues/11");
    let read = requests.iter().filter(|one| one.method == "GET" && is_read(&one.target));
    (read.count(), requests.len())
}

#[tokio::test]
async fn an_older_green_run_does_not_close_what_a_newer_one_has_just_written() {
    let newer = written_by_a_newer_run().await;
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.script("GET issues/11", Fault::Written(11, newer.clone()));
    let ran = bed.run(&pushed(2, false)).await;
    did(&ran, "none");
    ran.says("A later run was looked at already");
    assert!(bed.issue().is_open);
    assert_eq!((bed.issue().body, bed.comments().len()), (newer, 0));
}

#[tokio::test]
async fn what_a_newer_run_writes_while_the_jobs_are_read_is_known_without_another_look() {
    let newer = written_by_a_newer_run().await;
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.script("GET jobs", Fault::Written(11, newer.clone()));
    did(&bed.run(&Run::of(2, 'b', &GREEN)).await, "none");
    assert_eq!((bed.issue().is_open, bed.issue().body), (true, newer));
}

#[tokio::test]
async fn closing_takes_five_requests_at_most_and_looks_again_where_they_allow_it() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    let before = bed.github.requests().len();
    did(&bed.run(&pushed(2, false)).await, "closed");
    assert_eq!(read_since(&bed, before), (1, 5), "the push says which commit came before");

    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    let before = bed.github.requests().len();
    did(&bed.run(&pushed(2, true)).await, "closed");
    assert_eq!(read_since(&bed, before), (0, 5), "GitHub is asked, and people are told");
    did(&bed.run(&Run::of(3, 'c', &RED)).await, "reopened");
    let before = bed.github.requests().len();
    did(&bed.run(&Run::of(4, 'd', &GREEN)).await, "closed");
    assert_eq!(read_since(&bed, before), (1, 5), "no second comment on a day");

    // Nothing has changed since, or a person has closed it.
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.script("GET issues/11", Fault::Closed(11, "completed"));
    did(&bed.run(&pushed(2, false)).await, "updated");
    assert_eq!(bed.comments(), [""; 0]);
}

#[tokio::test]
async fn a_secret_in_the_name_of_a_branch_is_in_no_sink() {
    let (bed, slack) = (Bed::new().await, FakeSlack::start().await);
    // Put together here, so that no scanner takes this file for a leak.
    let like_a_token = ["ghp_", "kX9vQ2mN7pL4wR8tZ1cF6hJ3yB5sD0gA1e2R"].concat();
    let branch: &'static str = format!("fix/{TOKEN}/{like_a_token}").leak();
    let run = |number, jobs: &[(&str, &str)]| Run { branch, ..Run::of(number, 'a', jobs) };
    let url = slack.url();
    let inputs = [
        ("branches", "fix/**"),
        ("environment", like_a_token.as_str()),
        ("slack-webhook", url.as_str()),
    ];
    let env = [("GITHUB_ACTOR", TOKEN), ("GITHUB_WORKFLOW", like_a_token.as_str())];
    let ran = bed.run_in(&run(1, &RED), &inputs, &env).await;
    did(&ran, "created");
    let issue = bed.issue();
    assert_eq!(issue.title, "*** fails on fix/***/***: test");
    for row in ["Branch | `fix/***/***`", "Started by | `***`", "Environment | `***`", "of `***`"] {
        assert!(issue.body.contains(row), "{row}: {}", issue.body);
    }
    let report = fs_err::read_to_string(ran.output("report-path")).unwrap();
    assert_eq!(slack.titles(), ["🔴 *** fails on fix/***/***: test"]);
    let message = slack.messages()[0].to_string();
    for sink in [&issue.title, &issue.body, &ran.summary, &report, &message] {
        assert!(!sink.contains(TOKEN) && !sink.contains(&like_a_token), "{sink}");
    }
    // The hidden line is without it too, and the issue is found again by it.
    did(&bed.run_in(&run(2, &RED), &inputs, &env).await, "updated");
    let ran = bed.run_in(&run(3, &RED), &[], &env).await;
    did(&ran, "skipped");
    ran.says("`fix/***/***` is none of `branches`");
    assert!(!ran.summary.contains(&like_a_token), "{}", ran.summary);
}
