//! What breaks off in the middle: a run that is killed between the text and the comment, a server that hangs, an issue
//! that takes no more comments, and two runs that work at the same time.

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;

use super::bed::{Bed, Run, did};
use crate::kit::github::tracker::Issue;
use crate::kit::github::wire::Delivery;
use crate::kit::github::{Fault, said};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const WORSE: [(&str, &str); 2] = [("lint", "failure"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

/// The sentence of [`WORSE`] in a run.
fn more_fails(run: u64, digit: char) -> String {
    let sha = super::bed::sha(digit);
    let server = "https://github.example.test/acme/app";
    format!(
        "Since run [#{run}]({server}/actions/runs/{}) ([`{}`]({server}/commit/{sha})) `lint` fails too.",
        500 + run,
        &sha[..7]
    )
}

/// Starts the action, and kills it as soon as it has sent the comment.
async fn killed_at_the_comment(bed: &Bed, run: &Run) {
    let before = bed.github.requests().len();
    let mut command = bed.prepared(run, &[]);
    let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child: Child = started.unwrap();
    let began = Instant::now();
    let has_sent = || {
        let all = bed.github.requests();
        all[before..].iter().any(|one| one.method == "POST" && one.target.ends_with("/comments"))
    };
    while !has_sent() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never comments");
        assert_eq!(child.try_wait().unwrap(), None, "it ended before");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// As if an hour had gone by since the text was written.
fn an_hour_later(bed: &Bed) {
    let owed = regex::Regex::new(r#"("owed":\{.*?"at":")[^"]*"#).unwrap();
    let before = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    bed.github.touch(11, |issue| {
        let aged = owed.replace(&issue.body, format!("${{1}}{before}")).into_owned();
        assert_ne!(aged, issue.body, "the text speaks of a comment to come");
        issue.body = aged;
    });
}

#[tokio::test]
async fn the_comment_of_a_run_that_was_killed_before_it_is_written_by_the_next_run_once() {
    let bed = Bed::new().await;
    bed.github.clients(2);
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    bed.github.script("POST comments", Fault::Held);
    killed_at_the_comment(&bed, &Run::of(2, 'b', &WORSE)).await;
    assert_eq!(bed.comments(), [""; 0]);
    assert!(bed.issue().body.contains("| Failed runs | 2 |"), "{}", bed.issue().body);
    // For all that the next one knows the other is about to write it.
    did(&bed.run(&Run::of(3, 'c', &WORSE)).await, "updated");
    assert_eq!(bed.comments(), [""; 0]);
    an_hour_later(&bed);
    for (number, digit) in [(4, 'd'), (5, 'e')] {
        let ran = bed.run(&Run::of(number, digit, &WORSE)).await;
        did(&ran, "updated");
        assert_eq!(ran.output("occurrences"), number.to_string(), "each is counted once");
        assert_eq!(bed.comments(), [more_fails(2, 'b')]);
    }
}

#[tokio::test]
async fn a_killed_run_that_is_looked_at_again_says_what_it_had_to_say_and_counts_nothing() {
    let bed = Bed::new().await;
    bed.github.clients(2);
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    bed.github.script("POST comments", Fault::Held);
    killed_at_the_comment(&bed, &Run::of(2, 'b', &WORSE)).await;
    an_hour_later(&bed);
    for _ in 0..2 {
        did(&bed.run(&Run::of(2, 'b', &WORSE)).await, "none");
        assert_eq!(bed.comments(), [more_fails(2, 'b')]);
        assert!(bed.issue().body.contains("| Failed runs | 2 |"), "{}", bed.issue().body);
    }
}

#[tokio::test]
async fn a_comment_that_came_though_its_run_was_killed_is_not_repeated() {
    let bed = Bed::new().await;
    bed.github.clients(2);
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    bed.github.script("POST comments", Fault::Wire(Delivery::Never));
    killed_at_the_comment(&bed, &Run::of(2, 'b', &WORSE)).await;
    an_hour_later(&bed);
    let before = bed.github.requests().len();
    did(&bed.run(&Run::of(3, 'c', &WORSE)).await, "updated");
    assert_eq!(bed.comments(), [more_fails(2, 'b')]);
    let asked = bed.github.requests().split_off(before);
    assert!(asked.iter().all(|one| !one.target.contains("comments")), "the number says it");
}

#[tokio::test]
async fn an_issue_that_takes_no_more_comments_is_still_kept_up_to_date() {
    let tried = |bed: &Bed| {
        let all = bed.github.requests().into_iter();
        all.filter(|one| one.target.contains("/comments")).count()
    };
    for by_rule in [true, false] {
        let bed = Bed::new().await;
        did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
        if by_rule {
            bed.github.fill(11);
        } else {
            let refusal =
                said(422, "Commenting is disabled on issues with more than 2500 comments");
            bed.github.script("POST comments", Fault::Answer(refusal));
        }
        let ran = bed.run(&Run::of(2, 'b', &WORSE)).await;
        did(&ran, "updated");
        ran.says("::warning ").says("a comment was left out").says("more than 2500 comments");
        ran.says("the text of #11 says it too");
        assert!(bed.issue().body.contains("| Failed runs | 2 |"), "{}", bed.issue().body);
        assert_eq!(tried(&bed), 1, "it is refused, and not sent again");
        if by_rule {
            let ran = bed.run(&Run::of(3, 'c', &WORSE)).await;
            did(&ran, "updated");
            assert!(!ran.log.contains("::warning"), "{}", ran.log);
            assert_eq!(tried(&bed), 1, "nor by the next run");
        }
    }
}

#[tokio::test]
async fn a_comment_that_is_refused_is_tried_by_one_later_run_and_then_no_more() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    let locked = || Fault::Answer(said(403, "Unable to create comment because issue is locked."));
    bed.github.script("POST comments", locked());
    bed.run(&Run::of(2, 'b', &WORSE)).await.says("a comment was left out");
    an_hour_later(&bed);
    bed.github.script("POST comments", locked());
    bed.run(&Run::of(3, 'c', &WORSE)).await.says("a comment was left out");
    let ran = bed.run(&Run::of(4, 'd', &WORSE)).await;
    did(&ran, "updated");
    assert!(!ran.log.contains("::warning"), "{}", ran.log);
    assert_eq!(bed.comments(), [""; 0]);
}

/// A run whose log lies on a server that hangs, and how long it took.
async fn with_a_log_that_hangs(timeout: &str) -> (Bed, String, Duration) {
    let bed = Bed::new().await;
    bed.log_hangs(9002);
    let began = Instant::now();
    let ran = bed.run_with(&Run::of(1, 'a', &RED), &[("timeout", timeout)]).await;
    did(&ran, "created");
    assert!(!bed.issue().body.contains("### Why"), "{}", bed.issue().body);
    (bed, ran.log, began.elapsed())
}

#[tokio::test]
async fn a_log_that_hangs_costs_a_quarter_of_the_time_and_fifteen_seconds_at_most() {
    let (short, long) = tokio::join!(with_a_log_that_hangs("8s"), with_a_log_that_hangs("60s"));
    for ((bed, log, took), seconds) in [(short, 2), (long, 15)] {
        let why = format!("no whole answer within {seconds}.0 s");
        assert!(log.contains("why it failed is not known") && log.contains(&why), "{log}");
        let (least, most) = (Duration::from_secs(seconds), Duration::from_secs(seconds + 10));
        assert!(least <= took && took < most, "{took:?}");
        assert!(bed.issue().is_open);
    }
}

#[tokio::test]
async fn two_runs_that_open_an_issue_at_the_same_moment_are_counted_in_one() {
    // Which of the two is the first to open one is left to chance: both orders have to hold.
    for _ in 0..3 {
        let bed = Bed::new().await;
        bed.github.clients(2);
        let both = Arc::new(Barrier::new(2));
        for _ in 0..2 {
            bed.github.script("POST /issues", Fault::Meets(Arc::clone(&both)));
        }
        let other = bed.beside();
        let (one, two) = (Run::of(1, 'a', &RED), Run::of(2, 'b', &WORSE));
        let (one, two) = tokio::join!(bed.run(&one), other.run(&two));
        assert_eq!((one.code, two.code), (0, 0), "{}\n{}", one.log, two.log);
        let open: Vec<_> = bed.github.issues().into_iter().filter(|issue| issue.is_open).collect();
        assert_eq!((bed.github.issues().len(), open.len()), (2, 1), "{open:#?}");
        assert!(open[0].body.contains("| Failed runs | 2 |"), "{}", open[0].body);
        assert!(open[0].body.contains("\"runs\":2"), "{}", open[0].body);
        assert!(open[0].body.contains("`lint`"), "{}", open[0].body);
        let done = bed.run(&Run::of(3, 'c', &GREEN)).await;
        did(&done, "closed");
    }
}

#[tokio::test]
async fn an_older_run_that_comes_a_moment_too_late_is_counted_in_the_issue_of_the_newer_one() {
    let (bed, probe) = (Bed::new().await, Bed::new().await);
    probe.run(&Run::of(3, 'c', &WORSE)).await;
    bed.github.script("POST issues", Fault::Opened(Issue { number: 3, ..probe.issue() }));
    let ran = bed.run(&Run::of(2, 'b', &RED)).await;
    did(&ran, "updated");
    assert_eq!((ran.output("issue-number"), ran.output("occurrences")), ("3", "2"));
    let issues = bed.github.issues();
    let open: Vec<u64> =
        issues.iter().filter(|issue| issue.is_open).map(|issue| issue.number).collect();
    assert_eq!((issues.len(), open), (2, vec![3]));
    assert!(issues[0].body.contains("| Failed runs | 2 |"), "{}", issues[0].body);
    assert_eq!(bed.comments().len(), 1, "that the second one is a duplicate");
}
