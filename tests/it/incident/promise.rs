//! `fix-pending`: a branch or a pull request says that it fixes an issue, and a run of the issue's own branch shows it.

use serde_json::{Value, json};

use super::bed::{Bed, Run, did, sha};
use crate::kit::github::tracker::Issue;
use crate::kit::github::{Fault, LOGIN, denied, said};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

/// A run of another branch with one commit, whose jobs do not matter.
fn branch(message: &str) -> Run {
    let commits = json!([{"id": sha('b'), "message": message, "distinct": true}]);
    let event = json!({"repository": {"default_branch": "main"}, "commits": commits});
    Run { event: ("push", event), branch: "feature", workflow: "ci", ..Run::of(7, 'b', &GREEN) }
}

/// A run of a pull request of a repository's branch.
fn pull(event: &'static str, repository: &Value, body: &str) -> Run {
    let head = json!({"ref": "fix", "sha": sha('b'), "repo": repository});
    let pull = json!({"number": 7, "state": "open", "title": "Work", "body": body, "head": head});
    let event = (event, json!({"repository": {"default_branch": "main"}, "pull_request": pull}));
    Run { event, branch: "7/merge", ..Run::of(8, 'b', &RED) }
}

/// The workflow is broken on `main`: issue 11 tells of it.
async fn broken() -> Bed {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    bed
}

/// The labels of issue 11.
fn labels(bed: &Bed) -> Vec<String> {
    bed.github.issues().into_iter().find(|issue| issue.number == 11).unwrap().labels
}

/// What was asked about issues and labels since so many requests.
fn asked(bed: &Bed, since: usize) -> Vec<String> {
    let requests = bed.github.requests().into_iter().skip(since);
    let about = requests.filter(|request| request.target.contains("/issues"));
    let line = |target: &str| target.replace("/repos/acme/app", "");
    about.map(|request| format!("{} {}", request.method, line(&request.target))).collect()
}

#[tokio::test]
async fn a_branch_that_says_it_fixes_an_issue_is_seen_on_the_issue() {
    let bed = broken().await;
    let before = bed.github.requests().len();
    let ran = bed.run(&branch("Fix issue #11")).await;
    did(&ran, "skipped");
    let page = "https://github.example.test/acme/app/issues/11";
    let line = format!("[issue 11]({page}) is to be fixed by this branch: labelled `fix-pending`.");
    assert!(ran.summary.contains(&line), "{}", ran.summary);
    ran.says(&format!("issue 11 ({page}) is to be fixed by this branch"));
    assert_eq!(asked(&bed, before), ["GET /issues/11", "POST /issues/11/labels"]);
    assert_eq!(labels(&bed), ["bug", "ci-failure", "fix-pending"]);
    assert_eq!(bed.comments(), [""; 0], "GitHub's own timeline tells of the commit");

    let before = bed.github.requests().len();
    let ran = bed.run(&branch("resolved: issue #11")).await;
    did(&ran, "skipped");
    ran.says("it has the label `fix-pending` already");
    assert_eq!(asked(&bed, before), ["GET /issues/11"]);
}

#[tokio::test]
async fn a_pull_request_says_it_in_its_text() {
    let bed = broken().await;
    let ours = json!({"full_name": "acme/app"});
    let ran = bed.run(&pull("pull_request", &ours, "Fixes #11\n\nmore")).await;
    did(&ran, "skipped");
    ran.says("is to be fixed by this pull request: labelled `fix-pending`");
    assert!(labels(&bed).contains(&"fix-pending".to_owned()));
}

#[tokio::test]
async fn what_names_no_issue_costs_no_request() {
    let bed = broken().await;
    for run in [
        branch("work on #11"),
        branch("prefix #11"),
        pull("pull_request", &json!({"full_name": "acme/app"}), "see #11 <!-- fixes #11 -->"),
    ] {
        let before = bed.github.requests().len();
        did(&bed.run(&run).await, "skipped");
        assert_eq!(asked(&bed, before), [""; 0]);
    }
    assert_eq!(labels(&bed), ["bug", "ci-failure"]);
}

#[tokio::test]
async fn what_a_fork_says_is_not_believed() {
    let bed = broken().await;
    for head in [json!({"full_name": "bob/app"}), Value::Null] {
        for event in ["pull_request", "pull_request_target"] {
            let before = bed.github.requests().len();
            let ran = bed.run(&pull(event, &head, "Fixes #11")).await;
            did(&ran, "skipped");
            ran.says("anybody can open a pull request from a fork");
            assert_eq!(asked(&bed, before), [""; 0], "{event}");
        }
    }
}

#[tokio::test]
async fn only_an_open_issue_of_ours_is_labelled() {
    let bed = broken().await;
    let ours = bed.issue();
    for (number, other) in [
        (20, Issue { author: "mallory".into(), ..ours.clone() }),
        (21, Issue { labels: vec!["bug".into()], ..ours.clone() }),
        (22, Issue { body: format!("words\n{}", ours.body), ..ours.clone() }),
        (23, Issue { is_open: false, reason: Some("completed".into()), ..ours.clone() }),
        (24, Issue { is_pull_request: true, ..ours.clone() }),
    ] {
        let issue = Issue { number, ..other };
        bed.github.add_issue(issue.clone());
        let ran = bed.run(&branch(&format!("Fix issue #{number}"))).await;
        did(&ran, "skipped");
        ran.says(&format!("acme/app#{number} is no open issue of ours"));
        assert!(!ran.summary.contains(&number.to_string()), "{}", ran.summary);
        let now = bed.github.issues().into_iter().find(|one| one.number == number).unwrap();
        assert_eq!(now.labels, issue.labels);
    }
    let before = bed.github.requests().len();
    let ran = bed.run(&branch("fixes #90, fixes #91, fixes #92, fixes #11")).await;
    did(&ran, "skipped");
    ran.says("the first 3 are looked up").says("acme/app#92 is no open issue of ours");
    assert_eq!(asked(&bed, before).len(), 3);
    assert_eq!(labels(&bed), ["bug", "ci-failure"]);
}

#[tokio::test]
async fn a_token_that_may_not_set_it_makes_nothing_red() {
    for (on, answer) in [
        ("POST labels", denied()),
        ("GET /issues/11", denied()),
        ("GET /issues/11", said(410, "This issue was deleted")),
    ] {
        let bed = broken().await;
        bed.github.script(on, Fault::Answer(answer));
        let ran = bed.run(&branch("Fix issue #11, fix issue #12")).await;
        did(&ran, "skipped");
        ran.says("no label `fix-pending`: ");
        assert!(!ran.log.contains("::warning") && !ran.log.contains("::error"), "{}", ran.log);
        assert_eq!(labels(&bed), ["bug", "ci-failure"]);
    }
}

#[tokio::test]
async fn a_dry_run_only_says_so() {
    let bed = broken().await;
    let ran = bed.run_with(&branch("Fix issue #11"), &[("dry-run", "true")]).await;
    did(&ran, "skipped");
    ran.says("is to be fixed by this branch: would label it `fix-pending`");
    assert_eq!(labels(&bed), ["bug", "ci-failure"]);
}

/// A run of `main` whose push says that it fixes issue 11.
fn claiming(number: u64, digit: char, jobs: &[(&str, &str)]) -> Run {
    let commits = json!([{"id": sha(digit), "message": "Fix issue #11"}]);
    let event = json!({"repository": {"default_branch": "main"}, "commits": commits});
    Run { event: ("push", event), ..Run::of(number, digit, jobs) }
}

#[tokio::test]
async fn it_ends_when_the_fix_is_there_and_holds() {
    let bed = broken().await;
    bed.run(&branch("Fix issue #11")).await;
    let before = bed.github.requests().len();
    did(&bed.run(&claiming(2, 'c', &GREEN)).await, "closed");
    assert_eq!(labels(&bed), ["bug", "ci-failure"]);
    assert!(asked(&bed, before).contains(&"DELETE /issues/11/labels/fix-pending".to_owned()));
    let requests = bed.github.requests().len() - before;
    assert!(requests <= 6, "{requests} requests");
}

#[tokio::test]
async fn it_ends_when_the_fix_is_there_and_does_not_hold() {
    let bed = broken().await;
    bed.run(&branch("Fix issue #11")).await;
    did(&bed.run(&Run::of(2, 'c', &RED)).await, "updated");
    assert!(labels(&bed).contains(&"fix-pending".to_owned()), "the fix is not there yet");
    did(&bed.run(&claiming(3, 'd', &RED)).await, "updated");
    assert!(bed.comments()[0].starts_with("The fix did not hold"), "{:?}", bed.comments());
    assert_eq!(labels(&bed), ["bug", "ci-failure"]);
}

#[tokio::test]
async fn it_ends_when_the_fix_has_closed_the_issue_and_it_fails_again() {
    let bed = broken().await;
    bed.run(&branch("Fix issue #11")).await;
    // GitHub itself closed it, when the branch was merged.
    bed.github.touch(11, |issue| {
        issue.is_open = false;
        issue.reason = Some("completed".into());
        issue.closed_at = Some(jiff::Timestamp::now().to_string());
    });
    did(&bed.run(&Run::of(2, 'c', &RED)).await, "reopened");
    assert_eq!(labels(&bed), ["bug", "ci-failure"]);
}

#[tokio::test]
async fn what_does_not_have_it_costs_no_request() {
    let bed = broken().await;
    let before = bed.github.requests().len();
    did(&bed.run(&claiming(2, 'c', &RED)).await, "updated");
    did(&bed.run(&claiming(3, 'd', &GREEN)).await, "closed");
    assert!(!asked(&bed, before).iter().any(|line| line.contains("/labels")));
}

#[tokio::test]
async fn a_label_that_cannot_be_taken_off_costs_a_note() {
    let bed = broken().await;
    bed.github.touch(11, |issue| issue.labels.push("Fix-Pending".into()));
    bed.github.script("DELETE labels", Fault::Answer(denied()));
    let ran = bed.run(&Run::of(2, 'c', &GREEN)).await;
    did(&ran, "closed");
    ran.says("left out: not allowed to take the label `fix-pending` off acme/app#11");
    assert_eq!((bed.issue().is_open, bed.issue().author.as_str()), (false, LOGIN));
    assert_eq!(bed.comments().len(), 1);
}
