//! Tags, pull requests, matrices and jobs that come and go: what belongs together, and what proves what.

use serde_json::{Value, json};

use super::bed::{Bed, Run, did, job, sha};
use crate::kit::github::{Fault, said};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

fn tag(number: u64, name: &'static str, digit: char, jobs: &[(&str, &str)]) -> Run {
    Run { branch: name, kind: "tags", ..Run::of(number, digit, jobs) }
}

#[tokio::test]
async fn the_next_tag_closes_the_issue_of_the_one_that_failed() {
    let bed = Bed::new().await;
    let tags = [("branches", "default, v*")];
    did(&bed.run(&tag(1, "v1.0", 'b', &RED)).await, "skipped");
    did(&bed.run_with(&tag(2, "v1.0", 'b', &RED), &tags).await, "created");
    assert_eq!(bed.issue().title, "nightly fails on tags: test");
    assert!(bed.issue().body.contains("| Tag | `v1.0` |"), "{}", bed.issue().body);
    did(&bed.run_with(&tag(3, "v0.9", 'a', &GREEN), &tags).await, "none");
    did(&bed.run_with(&Run { branch: "v1", ..Run::of(4, 'c', &GREEN) }, &tags).await, "none");
    assert!(bed.issue().is_open, "an older commit and a branch say nothing");
    did(&bed.run_with(&tag(5, "v1.1", 'c', &GREEN), &tags).await, "closed");
}

#[tokio::test]
async fn a_tag_of_another_branch_leaves_it_open() {
    let bed = Bed::new().await;
    let tags = [("branches", "v*")];
    did(&bed.run_with(&tag(1, "v1.0", 'b', &RED), &tags).await, "created");
    bed.github.rewrite_without(&sha('b'));
    bed.github.tag("v2.0", &sha('f'));
    did(&bed.run_with(&tag(2, "v2.0", 'f', &GREEN), &tags).await, "none");
    assert!(bed.issue().is_open);
}

fn pull(number: u64, digit: char, pull: u64, jobs: &[(&str, &str)]) -> Run {
    let head = json!({"ref": "main", "sha": sha(digit), "repo": {"full_name": "bob/app"}});
    let event = json!({"repository": {"default_branch": "main"}, "pull_request": {"number": pull, "head": head}});
    Run { event: ("pull_request", event), branch: "7/merge", ..Run::of(number, digit, jobs) }
}

#[tokio::test]
async fn a_pull_request_from_a_branch_of_the_same_name_is_not_the_branch() {
    let bed = Bed::new().await;
    let inputs = [("skip-pull-requests", "false")];
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    did(&bed.run_with(&pull(2, 'b', 7, &GREEN), &inputs).await, "none");
    assert!(bed.issue().is_open, "what a pull request proves is not true of main");
    did(&bed.run_with(&pull(3, 'b', 7, &RED), &inputs).await, "created");
    did(&bed.run_with(&pull(4, 'b', 8, &RED), &inputs).await, "created");
    // The head was rewritten, as people do.
    bed.github.rewrite_without(&sha('b'));
    did(&bed.run_with(&pull(5, 'c', 7, &GREEN), &inputs).await, "closed");
    let open: Vec<bool> = bed.github.issues().iter().map(|issue| issue.is_open).collect();
    assert_eq!(open, [true, false, true]);
}

#[tokio::test]
async fn a_matrix_that_leaves_the_broken_leg_out_is_not_mended_by_that() {
    let bed = Bed::new().await;
    let legs = |names: &[&str], conclusion: &'static str| {
        names.iter().map(|name| (format!("test ({name})"), conclusion)).collect::<Vec<_>>()
    };
    let run = |number, digit, jobs: &[(String, &'static str)]| {
        let jobs: Vec<(&str, &str)> =
            jobs.iter().map(|(name, end)| (name.as_str(), *end)).collect();
        Run::of(number, digit, &jobs)
    };
    did(&bed.run(&run(1, 'a', &legs(&["api", "web"], "failure"))).await, "created");
    did(&bed.run(&run(2, 'b', &legs(&["web"], "success"))).await, "updated");
    did(&bed.run(&run(3, 'c', &legs(&["web"], "success"))).await, "updated");
    assert!(bed.issue().is_open && bed.comments().is_empty());
    let body = bed.issue().body;
    assert!(body.contains("| **broken**, and 2 of 3 runs without `test (api)` |"), "{body}");
    did(&bed.run(&run(4, 'd', &legs(&["api"], "success"))).await, "closed");
    assert!(bed.issue().body.contains("fixed by"), "{}", bed.issue().body);

    did(&bed.run(&run(5, 'd', &legs(&["api"], "failure"))).await, "reopened");
    did(&bed.run(&run(6, 'e', &legs(&["web"], "success"))).await, "updated");
    did(&bed.run(&run(7, 'e', &legs(&["web"], "success"))).await, "updated");
    did(&bed.run(&run(8, 'f', &legs(&["web"], "success"))).await, "closed");
    assert!(bed.issue().body.contains("gone since"), "{}", bed.issue().body);
}

#[tokio::test]
async fn a_renamed_job_closes_though_another_job_reports_at_the_end_too() {
    let bed = Bed::new().await;
    did(&bed.run(&Run::of(1, 'a', &RED)).await, "created");
    let with_slack = |number, digit| {
        let mut run = Run::of(number, digit, &[("lint", "success"), ("tests", "success")]);
        let mut slack = job("slack", "success", 3);
        for name in ["conclusion", "completed_at"] {
            slack[name] = Value::Null;
        }
        slack["steps"] = json!([]);
        run.jobs.push(slack);
        run
    };
    did(&bed.run(&with_slack(2, 'b')).await, "updated");
    did(&bed.run(&with_slack(3, 'c')).await, "updated");
    let body = bed.issue().body;
    assert!(body.contains("| **broken**, and 2 of 3 runs without `test` |"), "{body}");
    let ran = bed.run(&with_slack(4, 'd')).await;
    did(&ran, "closed");
    ran.says("what was broken succeeded or is gone");
    assert!(!ran.summary.contains("all that was broken succeeded"), "{}", ran.summary);
    assert!(bed.comments()[0].contains("Gone, or without the legs that failed: `test`."));
}

#[tokio::test]
async fn the_jobs_of_a_flood_stay_in_its_issue_until_it_is_closed() {
    let bed = Bed::new().await;
    let scope = [("scope", "job")];
    let jobs = |failed: &[&str]| {
        let jobs = ["a", "b", "c", "d", "e", "f", "g"]
            .map(|name| (name, if failed.contains(&name) { "failure" } else { "success" }));
        jobs.to_vec()
    };
    did(
        &bed.run_with(&Run::of(1, 'a', &jobs(&["a", "b", "c", "d", "e", "f"])), &scope).await,
        "created",
    );
    did(&bed.run_with(&Run::of(2, 'b', &jobs(&["a", "b"])), &scope).await, "updated");
    assert_eq!(bed.github.issues().len(), 1, "two of the flood are left, and it tells of them");
    did(&bed.run_with(&Run::of(3, 'c', &jobs(&["a", "g"])), &scope).await, "updated");
    assert_eq!(bed.github.issues().len(), 2, "another one has its own");
    did(&bed.run_with(&Run::of(4, 'd', &jobs(&["g"])), &scope).await, "updated");
    let open: Vec<bool> = bed.github.issues().iter().map(|issue| issue.is_open).collect();
    assert_eq!(open, [false, true]);
    did(&bed.run_with(&Run::of(5, 'e', &jobs(&["a"])), &scope).await, "created");
}

#[tokio::test]
async fn a_workflow_whose_file_cannot_be_read_is_broken_and_mended_by_a_run_that_starts() {
    let bed = Bed::new().await;
    let told = |number: u64, digit, conclusion: &str| {
        json!({"id": 500 + number, "run_attempt": 1, "run_number": number, "name": ".github/workflows/deploy.yml",
            "path": ".github/workflows/deploy.yml", "head_branch": "main", "head_sha": sha(digit), "event": "push",
            "conclusion": conclusion})
    };
    let after = |number, digit, conclusion: &str| {
        let event = json!({"repository": {"default_branch": "main"}, "workflow_run": told(number, digit, conclusion)});
        Run { event: ("workflow_run", event), ..Run::of(900 + number, 'a', &[]) }
    };
    did(&bed.run(&after(1, 'a', "action_required")).await, "none");
    did(&bed.run(&after(2, 'b', "startup_failure")).await, "created");
    assert_eq!(
        bed.issue().title,
        ".github/workflows/deploy.yml fails on main: .github/workflows/deploy.yml"
    );
    bed.github.set_jobs((503, 1), vec![job("ship", "failure", 1), job("docs", "skipped", 1)]);
    did(&bed.run(&after(3, 'c', "failure")).await, "updated");
    bed.github.set_jobs((504, 1), vec![job("ship", "success", 1), job("docs", "skipped", 1)]);
    did(&bed.run(&after(4, 'd', "success")).await, "closed");
}

/// A run of another job's workflow that is over, as the API tells it: nothing in it says what kind of name it has.
fn told(number: u64, name: &str, digit: char, conclusion: &str) -> Value {
    json!({"id": 500 + number, "run_attempt": 1, "run_number": number, "name": "nightly",
        "path": ".github/workflows/nightly.yml", "head_branch": name, "head_sha": sha(digit), "event": "push",
        "conclusion": conclusion})
}

#[tokio::test]
async fn a_tag_that_another_run_looks_at_shares_the_issue_of_tags() {
    let bed = Bed::new().await;
    bed.github.tag("v1.0", &sha('b'));
    bed.github.tag("rel/v1.1", &sha('c'));
    let inputs = [("branches", "default, v*, rel/*")];
    let of_tags = [("branches", "default, v*, rel/*"), ("run-id", "502")];
    did(&bed.run_with(&tag(1, "v0.9", 'a', &RED), &inputs).await, "created");
    bed.github.add_run(told(2, "v1.0", 'b', "failure"));
    bed.github.set_jobs((502, 1), vec![job("test", "failure", 1)]);
    did(&bed.run_with(&Run::of(40, 'f', &GREEN), &of_tags).await, "updated");
    assert_eq!(bed.issue().title, "nightly fails on tags: test");

    let event = json!({"repository": {"default_branch": "main"}, "workflow_run": told(3, "rel/v1.1", 'c', "success")});
    bed.github.set_jobs((503, 1), vec![job("test", "success", 1)]);
    let after = Run { event: ("workflow_run", event), ..Run::of(41, 'f', &[]) };
    did(&bed.run_with(&after, &inputs).await, "closed");
}

#[tokio::test]
async fn a_branch_that_another_run_looks_at_is_no_tag() {
    let inputs = [("branches", "default, v*"), ("run-id", "502")];
    for (name, asked) in [("v2", 1), ("main", 0), ("feature", 0)] {
        let bed = Bed::new().await;
        bed.github.add_run(told(2, name, 'b', "failure"));
        bed.github.set_jobs((502, 1), vec![job("test", "failure", 1)]);
        let ran = bed.run_with(&Run::of(40, 'f', &GREEN), &inputs).await;
        did(&ran, if name == "feature" { "skipped" } else { "created" });
        let refs = bed.github.requests().into_iter().filter(|one| one.target.contains("/git/ref/"));
        assert_eq!(refs.count(), asked, "{name}");
        let title = format!("nightly fails on {name}: test");
        assert!(bed.github.issues().iter().all(|issue| issue.title == title), "{name}");
    }
    let bed = Bed::new().await;
    bed.github.tag("v2", &sha('b'));
    bed.github.add_run(told(2, "v2", 'b', "failure"));
    bed.github.set_jobs((502, 1), vec![job("test", "failure", 1)]);
    bed.github.script("GET git/ref", Fault::Answer(said(403, "Forbidden")));
    let ran = bed.run_with(&Run::of(40, 'f', &GREEN), &inputs).await;
    did(&ran, "created");
    ran.says("whether it is a run of a tag is not known").says("contents: read");
    assert_eq!(bed.issue().title, "nightly fails on v2: test");
}
