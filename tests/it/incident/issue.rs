//! The life of an issue, run by run, on the fake GitHub. The first twelve are what other actions were measured by.

use serde_json::json;

use super::bed::{Bed, Run, did, job, sha};
use crate::kit::github::tracker::Issue;
use crate::kit::github::wire::{Delivery, Response};
use crate::kit::github::{Fault, LOGIN, denied, said};

const RED: [(&str, &str); 3] = [("lint", "success"), ("test", "failure"), ("deploy", "skipped")];
const GREEN: [(&str, &str); 3] = [("lint", "success"), ("test", "success"), ("deploy", "success")];

#[tokio::test]
async fn three_failures_are_one_issue_that_counts_them() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(41, 'a', &RED)).await, "created");
    let first = bed.github.requests().len();
    did(&bed.run(&Run::of(42, 'b', &RED)).await, "updated");
    let second = bed.github.requests().len() - first;
    let ran = bed.run(&Run::of(43, 'c', &RED)).await;
    did(&ran, "updated");
    assert_eq!((ran.output("occurrences"), ran.output("first-bad-sha")), ("3", sha('a').as_str()));
    assert_eq!(ran.output("issue-url"), "https://github.example.test/acme/app/issues/11");
    assert_eq!(bed.comments(), [""; 0]);
    assert!(first <= 9 && second <= 4, "{first} and {second} requests");
    insta::assert_snapshot!(shown(&bed.issue().body), @r###"
<!-- mta:failure .github/workflows/nightly.yml%0Amain%0A -->

|  |  |
| --- | --- |
| Failed stage | `test`, step `Run the thing`: [log](https://github.example.test/acme/app/actions/runs/543/job/9002#step:2:1) |
| Run | [#43](https://github.example.test/acme/app/actions/runs/543) of `nightly` (`push`) |
| Branch | `main` |
| Commit | [`ccccccc`](https://github.example.test/acme/app/commit/cccccccccccccccccccccccccccccccccccccccc) |
| Started by | `ann` |
| Failed runs | 3 |

### What is broken

| Job | State | Failing since | Runs | Last failed | Where |
| --- | --- | --- | --- | --- | --- |
| `test` | **broken** | [#41](https://github.example.test/acme/app/actions/runs/541), [`aaaaaaa`](https://github.example.test/acme/app/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) | 3 | [#43](https://github.example.test/acme/app/actions/runs/543) | `Run the thing` [log](https://github.example.test/acme/app/actions/runs/543/job/9002#step:2:1) |

### All jobs of the run

| Job | Result | Took |
| --- | --- | --- |
| `test` | failed | 1 min 0 s |
| `lint` | passed | 1 min 0 s |
| `deploy` | blocked |  |

### The last failed runs

| Run | Commit | Failed | When |
| --- | --- | --- | --- |
| [#43](https://github.example.test/acme/app/actions/runs/543) | [`ccccccc`](https://github.example.test/acme/app/commit/cccccccccccccccccccccccccccccccccccccccc) | `test` | DATE UTC |
| [#42](https://github.example.test/acme/app/actions/runs/542) | [`bbbbbbb`](https://github.example.test/acme/app/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb) | `test` | DATE UTC |
| [#41](https://github.example.test/acme/app/actions/runs/541) | [`aaaaaaa`](https://github.example.test/acme/app/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) | `test` | DATE UTC |

This text is written anew with each run; what you have to say belongs into a comment. The issue closes by itself when every broken job succeeds on a later commit of `main`. Close it as "not planned" to hear no more of it until then.

<!-- mta:memory {"version":1,"runs":3,"newest":{"run":543,"number":43,"attempt":1,"sha":"cccccccccccccccccccccccccccccccccccccccc","at":"DATE"},"sections":[{"job":"test","first":{"run":541,"number":41,"attempt":1,"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","at":"DATE"},"last":{"run":543,"number":43,"attempt":1,"sha":"cccccccccccccccccccccccccccccccccccccccc","at":"DATE"},"count":3,"fixed":null}],"has_more":false,"history":[{"seen":{"run":543,"number":43,"attempt":1,"sha":"cccccccccccccccccccccccccccccccccccccccc","at":"DATE"},"jobs":["test"]},{"seen":{"run":542,"number":42,"attempt":1,"sha":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","at":"DATE"},"jobs":["test"]},{"seen":{"run":541,"number":41,"attempt":1,"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","at":"DATE"},"jobs":["test"]}]} -->
"###);
    assert_eq!(bed.issue().title, "nightly fails on main: test");
    assert_eq!(bed.issue().labels, ["bug", "ci-failure"]);
}

/// A body without the times of this run.
fn shown(body: &str) -> String {
    let date = regex::Regex::new(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+Z)?").unwrap();
    date.replace_all(body, "DATE").into_owned()
}

#[tokio::test]
async fn another_workflow_has_an_issue_of_its_own() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    let other = Run { workflow: "ci", ..Run::of(1, 'a', &RED) };
    did(&bed.run(&other).await, "created");
    let release = Run { branch: "release/1", ..Run::of(2, 'a', &RED) };
    did(&bed.run(&release).await, "created");
    assert_eq!(bed.github.issues().len(), 3);
}

#[tokio::test]
async fn it_closes_when_it_is_green_and_opens_again_when_it_is_not() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'b', &RED)).await;
    let before = bed.github.requests().len();
    did(&bed.run(&Run::of(2, 'c', &GREEN)).await, "closed");
    let requests = bed.github.requests().len() - before;
    assert!(requests <= 5, "{requests} requests");
    assert!(!bed.issue().is_open);
    assert_eq!(bed.issue().reason.as_deref(), Some("completed"));
    assert_eq!(bed.comments().len(), 1);
    did(&bed.run(&Run::of(3, 'd', &GREEN)).await, "none");
    did(&bed.run(&Run::of(4, 'e', &RED)).await, "reopened");
    assert!(bed.issue().is_open);
    let run = "https://github.example.test/acme/app/actions/runs";
    let commit = |digit| {
        format!(
            "[`{}`](https://github.example.test/acme/app/commit/{})",
            &sha(digit)[..7],
            sha(digit)
        )
    };
    let fixed = format!("All that was broken succeeded in run [#2]({run}/502) ({}).", commit('c'));
    assert_eq!(bed.comments(), [fixed], "one a day: GitHub's own history tells of the rest");
    // As if it were another day.
    let said_at = regex::Regex::new("\"said_at\":\"[^\"]*\"").unwrap();
    bed.github.touch(11, |issue| {
        let before = said_at.replace(&issue.body, "\"said_at\":\"2026-01-01T00:00:00Z\"");
        issue.body = before.into_owned();
        issue.is_open = false;
        issue.closed_at = Some(jiff::Timestamp::now().to_string());
    });
    did(&bed.run(&Run::of(5, 'f', &RED)).await, "reopened");
    let back = format!("It is back: in run [#5]({run}/505) ({}) `test` fails.", commit('f'));
    assert_eq!(bed.comments()[1], back);
}

#[tokio::test]
async fn after_the_window_a_new_one_names_the_old_one() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.run(&Run::of(2, 'b', &GREEN)).await;
    bed.github.touch(11, |issue| issue.closed_at = Some("2026-01-01T00:00:00Z".into()));
    did(&bed.run(&Run::of(3, 'c', &RED)).await, "created");
    let issues = bed.github.issues();
    assert_eq!((issues.len(), issues[0].is_open, issues[1].is_open), (2, false, true));
    assert!(issues[1].body.contains("| Earlier | #11 |"), "{}", issues[1].body);
}

#[tokio::test]
async fn many_failing_jobs_are_one_issue() {
    let bed = Bed::new().await;
    let names: Vec<String> = (0..50).map(|number| format!("job {number}")).collect();
    let jobs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "failure")).collect();
    did(&bed.run_with(&Run::of(1, 'a', &jobs), &[("scope", "job")]).await, "created");
    assert_eq!(bed.issue().title, "nightly fails on main: job 0 and 49 more");
    let four = Run { workflow: "ci", ..Run::of(1, 'a', &jobs[..4]) };
    did(&bed.run_with(&four, &[("scope", "job")]).await, "created");
    assert_eq!(
        bed.github.issues().len(),
        5,
        "up to five jobs have an issue each where that is asked for"
    );
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_issue() {
    for fault in [
        Fault::DoneBut(said(502, "Server Error")),
        Fault::Wire(Delivery::Nothing),
        Fault::Wire(Delivery::Half),
        Fault::DoneBut(Response { body: "<html>oops</html>".into(), ..said(503, "x") }),
    ] {
        let bed = Bed::new().await;
        bed.github.script("POST issues", fault);
        did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
        assert!(bed.issue().is_open);
    }
}

#[tokio::test]
async fn limits_are_waited_for_and_a_failed_read_is_repeated() {
    let bed = Bed::new().await;
    let limit = said(403, "You have exceeded a secondary rate limit").with("retry-after", 3);
    bed.github.script("POST issues", Fault::Answer(limit));
    bed.github.script("GET jobs", Fault::Answer(said(500, "Server Error")));
    bed.github.script("GET labels=", Fault::Dropped);
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    assert!(bed.issue().is_open);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_and_still_read_the_next_time() {
    let bed = Bed::new().await;
    let names: Vec<String> =
        (0..300).map(|number| format!("{number:03} {}", "é|`@#<".repeat(15))).collect();
    let jobs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "failure")).collect();
    did(&bed.run(&Run::of(1, 'a', &jobs)).await, "created");
    let body = bed.issue().body;
    assert!(body.encode_utf16().count() <= 65_536 && body.len() <= 60_010, "{}", body.len());
    let ran = bed.run(&Run::of(2, 'b', &jobs)).await;
    did(&ran, "updated");
    assert_eq!(ran.output("occurrences"), "2");
    assert!(ran.summary.contains("299 "), "the summary has all of them");
}

#[tokio::test]
async fn hostile_names_mention_nobody_and_break_out_of_nothing() {
    let bed = Bed::new().await;
    let hostile = "@acme/admins fixes #7 </details> ``` | --> ::error::x ##[error]x";
    let mut run = Run::of(1, 'a', &[(hostile, "failure")]);
    run.jobs[0]["steps"][1]["name"] = json!(hostile);
    let ran = bed.run(&run).await;
    did(&ran, "created");
    let issue = bed.issue();
    // Names are shown as logs are: what a runner would obey is parted.
    let span = format!("````{}````", hostile.replace('|', "\\|").replace("##[", "## ["));
    assert!(issue.body.contains(&span), "{}", issue.body);
    let bare = issue.body.replace(&span, "");
    for text in ["@acme", "fixes #7", "</details>", "##[error]"] {
        assert!(!bare.contains(text), "{text} in {bare}");
        assert!(!issue.title.contains("#7") && !issue.title.contains("@acme"), "{}", issue.title);
    }
    assert!(
        !ran.log.lines().any(|line| line.trim_start().starts_with("::error::x")),
        "{}",
        ran.log
    );
    assert!(!ran.log.contains("##[error]x"), "{}", ran.log);
    assert_eq!(bed.run(&Run::of(2, 'b', &GREEN)).await.output("action"), "closed");
}

#[tokio::test]
async fn without_the_permission_the_report_is_in_the_summary_with_the_lines_that_are_missing() {
    let bed = Bed::new().await;
    bed.github.script("GET labels=", Fault::Answer(denied()));
    let ran = bed.run(&Run::of(1, 'a', &RED)).await;
    did(&ran, "skipped");
    ran.says("issues: write").says("::notice ").says("`test`");
    assert!(!ran.log.contains("::warning"), "{}", ran.log);
    assert!(fs_err::read_to_string(ran.output("report-path")).unwrap().contains("`test`"));
    bed.github.script("POST issues", Fault::Answer(denied()));
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "skipped");
    assert!(bed.github.issues().is_empty());
}

#[tokio::test]
async fn pull_requests_and_foreign_issues_with_the_label_are_not_ours() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    let ours = bed.issue();
    for number in 100..112 {
        bed.github.add_issue(Issue { number, is_pull_request: true, ..ours.clone() });
    }
    bed.github.add_issue(Issue { number: 5, author: "mallory".into(), ..ours.clone() });
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    did(&bed.run(&Run::of(3, 'c', &GREEN)).await, "closed");
    let changed: Vec<u64> = bed
        .github
        .issues()
        .iter()
        .filter(|issue| issue.body != ours.body)
        .map(|issue| issue.number)
        .collect();
    assert_eq!(changed, [11]);
}

#[tokio::test]
async fn an_issue_on_the_second_page_is_found() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    for number in 100..104 {
        let labels = vec!["ci-failure".to_owned()];
        bed.github.add_issue(Issue {
            number,
            labels,
            author: LOGIN.into(),
            is_open: true,
            ..Issue::default()
        });
    }
    bed.github.pages_of(2);
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
}

#[tokio::test]
async fn only_a_later_commit_closes() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'c', &RED)).await;
    did(&bed.run(&Run::of(2, 'a', &GREEN)).await, "none");
    assert!(bed.issue().is_open, "an older commit was run again");
    let cancelled = [("lint", "success"), ("test", "cancelled"), ("deploy", "skipped")];
    did(&bed.run(&Run::of(3, 'd', &cancelled)).await, "none");
    bed.github.rewrite_without(&sha('c'));
    did(&bed.run(&Run::of(4, 'e', &GREEN)).await, "none");
    assert!(bed.issue().is_open, "not the newest commit of a branch that was rewritten");
    did(&bed.run(&Run::of(5, 'f', &GREEN)).await, "closed");
}

#[tokio::test]
async fn sections_close_one_by_one() {
    let bed = Bed::new().await;
    bed.run(&Run::of(
        1,
        'a',
        &[("test", "failure"), ("e2e (a)", "failure"), ("e2e (b)", "success")],
    ))
    .await;
    did(
        &bed.run(&Run::of(2, 'b', &[("test", "success"), ("e2e (a)", "failure")])).await,
        "updated",
    );
    did(
        &bed.run(&Run::of(3, 'c', &[("test", "failure"), ("e2e (a)", "success")])).await,
        "updated",
    );
    assert_eq!(bed.comments().len(), 1, "`test` fails again: that is news");
    did(&bed.run(&Run::of(4, 'd', &[("test", "success"), ("e2e (a)", "success")])).await, "closed");
}

#[tokio::test]
async fn a_job_that_may_fail_is_a_note() {
    let bed = Bed::new().await;
    // "jobs:\n  fuzz:\n    continue-on-error: true\n    environment: lab\n  test:\n    environment: staging\n"
    let packed = "am9iczoKICBmdXp6OgogICAgY29udGludWUtb24tZXJyb3I6IHRydWUKICAgIGVudmlyb25tZW50OiBs\nYWIKICB0ZXN0OgogICAgZW52aXJvbm1lbnQ6IHN0YWdpbmcK\n";
    bed.github.add_file(".github/workflows/nightly.yml", packed);
    did(&bed.run(&Run::of(1, 'a', &[("fuzz", "failure"), ("test", "success")])).await, "none");
    did(&bed.run(&Run::of(2, 'a', &[("fuzz", "failure"), ("test", "failure")])).await, "created");
    let body = bed.issue().body;
    assert!(body.contains("| Environment | `staging` |"), "{body}");
    assert!(body.contains("failed, which is allowed"), "{body}");
    did(&bed.run(&Run::of(3, 'b', &[("fuzz", "failure"), ("test", "success")])).await, "closed");
}

#[tokio::test]
async fn runs_that_get_no_issue_are_reported_in_the_summary() {
    let bed = Bed::new().await;
    let event = json!({"repository": {"default_branch": "main"},
        "pull_request": {"head": {"ref": "fix", "sha": sha('a')}}});
    let pull = Run { event: ("pull_request", event), branch: "7/merge", ..Run::of(1, 'a', &RED) };
    let ran = bed.run(&pull).await;
    did(&ran, "skipped");
    ran.says("pull request").says("What is broken");
    assert!(!ran.summary.contains("closes by itself"), "there is no issue: {}", ran.summary);
    let feature = Run { branch: "feature", ..Run::of(2, 'a', &RED) };
    did(&bed.run(&feature).await, "skipped");
    assert!(bed.github.issues().is_empty());
    let ran = bed.run_with(&feature, &[("branches", "feature"), ("dry-run", "true")]).await;
    did(&ran, "created");
    ran.says("Would open an issue").says("<!-- mta:failure");
    assert!(bed.github.issues().is_empty());
    did(&bed.run_with(&feature, &[("branches", "default, feat*")]).await, "created");
    did(&bed.run_with(&pull, &[("skip-pull-requests", "false")]).await, "created");
}

#[tokio::test]
async fn where_nobody_says_which_branch_is_the_default_one_a_failure_counts() {
    let bed = Bed::new().await;
    let scheduled = Run { event: ("schedule", json!({})), ..Run::of(1, 'a', &RED) };
    did(&bed.run(&scheduled).await, "created");
}

#[tokio::test]
async fn two_runs_at_the_same_moment_converge() {
    let bed = Bed::new().await;
    let probe = Bed::new().await;
    probe.run(&Run::of(1, 'a', &RED)).await;
    let other = Issue { number: 3, ..probe.issue() };
    bed.github.script("POST issues", Fault::Opened(other));
    let ran = bed.run(&Run::of(2, 'a', &[("e2e", "failure")])).await;
    did(&ran, "updated");
    assert_eq!(ran.output("issue-number"), "3");
    let issues = bed.github.issues();
    let open: Vec<u64> =
        issues.iter().filter(|issue| issue.is_open).map(|issue| issue.number).collect();
    assert_eq!((issues.len(), open), (2, vec![3]));
    assert_eq!(issues[1].reason.as_deref(), Some("duplicate"));
    assert!(
        issues[0].body.contains("`test`") && issues[0].body.contains("`e2e`"),
        "{}",
        issues[0].body
    );

    bed.github.touch(12, |issue| issue.is_open = true);
    did(&bed.run(&Run::of(3, 'b', &[("e2e", "failure")])).await, "updated");
    assert!(!bed.github.issues()[1].is_open, "a twin that was left is closed by the next run");
}

#[tokio::test]
async fn not_planned_is_respected() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.touch(11, |issue| {
        issue.is_open = false;
        issue.reason = Some("not_planned".into());
    });
    did(&bed.run(&Run::of(2, 'b', &RED)).await, "updated");
    assert!(!bed.issue().is_open);
    assert_eq!(bed.comments(), [""; 0]);
}

#[tokio::test]
async fn a_fix_that_does_not_hold_is_told() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    let commits = json!([{"id": sha('b'), "message": "Fix issue #11"}]);
    let event = json!({"repository": {"default_branch": "main"}, "commits": commits});
    let run = Run { event: ("push", event), ..Run::of(2, 'b', &RED) };
    did(&bed.run(&run).await, "updated");
    assert!(
        bed.comments()[0].starts_with("The fix did not hold: [`bbbbbbb`]"),
        "{:?}",
        bed.comments()
    );
}

#[tokio::test]
async fn the_stages_are_known_from_needs_alone() {
    let bed = Bed::new().await;
    let needs = r#"{"test": {"result": "failure"}, "deploy": {"result": "skipped"}}"#;
    let refused = || Fault::Answer(said(403, "Resource not accessible by integration"));
    bed.github.script("GET jobs", refused());
    did(&bed.run_with(&Run::of(1, 'a', &[]), &[("needs", needs)]).await, "created");
    assert!(bed.issue().body.contains("`test`"));
    bed.github.script("GET jobs", refused());
    let ran = bed.run(&Run::of(2, 'b', &[])).await;
    did(&ran, "error");
    ran.says("toJSON(needs)").says("actions: read").says("::warning ");
}

#[tokio::test]
async fn a_job_sees_its_own_failed_step() {
    let bed = Bed::new().await;
    let mut failing = job("test", "failure", 3);
    failing["conclusion"] = json!(null);
    failing["completed_at"] = json!(null);
    failing["runner_name"] = json!("here");
    let run = Run { jobs: vec![failing], ..Run::of(1, 'a', &[]) };
    did(&bed.run(&run).await, "created");
    assert_eq!(bed.issue().title, "nightly fails on main: test");
}

#[tokio::test]
async fn another_run_can_be_looked_at() {
    let bed = Bed::new().await;
    let told = json!({"id": 77, "run_attempt": 2, "run_number": 9, "name": "Deploy", "path": ".github/workflows/deploy.yml",
        "head_branch": "main", "head_sha": sha('b'), "event": "push", "actor": {"login": "bob"}, "conclusion": "failure",
        "repository": {"full_name": "acme/app"}});
    bed.github.add_run(told.clone());
    bed.github.set_jobs((77, 2), vec![job("ship", "failure", 1)]);
    did(&bed.run_with(&Run::of(1, 'a', &GREEN), &[("run-id", "77")]).await, "created");
    assert_eq!(bed.issue().title, "Deploy fails on main: ship");
    let mut event = json!({"repository": {"default_branch": "main"}, "workflow_run": told});
    event["workflow_run"]["run_number"] = json!(10);
    let after = Run { event: ("workflow_run", event), ..Run::of(2, 'c', &GREEN) };
    did(&bed.run(&after).await, "updated");
    let ran = bed.run_with(&Run::of(1, 'a', &GREEN), &[("run-id", "78")]).await;
    assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{}", ran.log);
    ran.says("acme/app has no run 78, or the token may not see it").says("actions: read");
    ran.says("the number in the address of the run's page, of this repository");
}

#[tokio::test]
async fn wrong_inputs_are_refused_and_all_else_is_a_warning() {
    let bed = Bed::new().await;
    let green = Run::of(1, 'a', &GREEN);
    for (name, value, says) in [
        ("scope", "all", "scope"),
        ("needs", "[", "toJSON(needs)"),
        ("marker-label", "a,b", "no label"),
        ("branches", "a[", "branches"),
    ] {
        let ran = bed.run_with(&green, &[(name, value)]).await;
        assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{name}: {}", ran.log);
        ran.says(says);
    }
    assert!(bed.github.requests().is_empty());
    bed.github.disable_issues();
    let ran = bed.run(&Run::of(2, 'a', &RED)).await;
    did(&ran, "error");
    ran.says("Issues has been disabled").says("::warning ").says("What is broken");
}

#[tokio::test]
async fn a_label_that_is_left_out_is_said() {
    let bed = Bed::new().await;
    bed.github.drop_labels();
    let ran = bed.run(&Run::of(1, 'a', &RED)).await;
    did(&ran, "created");
    ran.says("did not set the label `ci-failure`");
}

#[tokio::test]
async fn somebody_who_has_left_keeps_nobody_from_hearing_of_it() {
    let bed = Bed::new().await;
    let ran = bed.run_with(&Run::of(1, 'a', &RED), &[("assignees", "gone")]).await;
    did(&ran, "created");
    ran.says("assigned to nobody");
    let other = Run { workflow: "ci", ..Run::of(1, 'a', &RED) };
    did(&bed.run_with(&other, &[("assignees", "ann")]).await, "created");
    let assigned: Vec<_> = bed.github.issues().into_iter().map(|issue| issue.assignees).collect();
    assert_eq!(assigned, [vec![], vec!["ann".to_owned()]]);
}

#[tokio::test]
async fn a_comment_that_cannot_be_written_costs_no_more_than_itself() {
    let bed = Bed::new().await;
    bed.run(&Run::of(1, 'a', &RED)).await;
    bed.github.script("POST comments", Fault::Answer(said(403, "Unable to comment: locked")));
    let ran = bed.run(&Run::of(2, 'b', &GREEN)).await;
    did(&ran, "closed");
    ran.says("left out");
    assert!(!bed.issue().is_open);
}

#[tokio::test]
async fn a_token_of_another_login_is_said() {
    let bed = Bed::new().await;
    let inputs = [("login", "my-app[bot]")];
    let ran = bed.run_with(&Run::of(1, 'a', &RED), &inputs).await;
    did(&ran, "created");
    ran.says("set `login: \"github-actions[bot]\"`").says("::warning ");
}

#[tokio::test]
async fn a_job_that_needs_do_not_name_is_not_gone() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    let refused = Fault::Answer(said(403, "Resource not accessible by integration"));
    bed.github.script("GET jobs", refused);
    let needs = [("needs", r#"{"build": {"result": "success"}}"#)];
    did(&bed.run_with(&Run::of(2, 'b', &GREEN), &needs).await, "none");
    assert!(bed.issue().is_open, "it may be red, or have another name among `needs`");
}

#[tokio::test]
async fn needs_are_those_of_this_run_only() {
    let bed = Bed::new().await;
    let told = json!({"id": 77, "run_attempt": 1, "run_number": 9, "name": "Deploy", "path": ".github/workflows/deploy.yml",
        "head_branch": "main", "head_sha": sha('b'), "event": "push", "conclusion": "failure"});
    bed.github.add_run(told);
    bed.github.set_jobs((77, 1), vec![job("test", "failure", 1)]);
    let inputs = [("run-id", "77"), ("needs", r#"{"test": {"result": "success"}}"#)];
    did(&bed.run_with(&Run::of(1, 'a', &GREEN), &inputs).await, "created");
}

#[tokio::test]
async fn a_job_that_hangs_until_its_limit_is_a_failure_and_one_that_a_person_ends_is_none() {
    let bed = Bed::new().await;
    let cancelled = [("e2e", "cancelled")];
    did(&bed.run(&Run::of(1, 'a', &cancelled)).await, "none");
    // "jobs:\n  e2e:\n    timeout-minutes: 1\n", and the job took a minute
    bed.github.add_file(
        ".github/workflows/nightly.yml",
        "am9iczoKICBlMmU6CiAgICB0aW1lb3V0LW1pbnV0ZXM6IDEK",
    );
    did(&bed.run(&Run::of(2, 'b', &cancelled)).await, "created");
    assert_eq!(bed.issue().title, "nightly fails on main: e2e");
}
