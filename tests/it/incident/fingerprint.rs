//! `scope: fingerprint`: an issue for each error of a job.

use super::bed::{Bed, Run, did};
use crate::kit::github::{Fault, said};
use crate::kit::scene::Ran;

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

const SCOPE: [(&str, &str); 1] = [("scope", "fingerprint")];

/// The number of `test` in [`RED`].
const TEST: u64 = 9002;

const TOTAL: &str = "FAILED tests/test_cart.py::test_total - assert 3 == 4";
const EMPTY: &str = "FAILED tests/test_cart.py::test_empty - KeyError: 'cart'";

/// The log of a job: it says this.
fn says(bed: &Bed, job: u64, line: &str) {
    bed.log(job, &format!("2026-11-30T10:02:05.1234567Z {line}\n"));
}

/// A run in which `test` fails with this line in its log.
async fn fails(bed: &Bed, (number, digit): (u64, char), line: &str) -> Ran {
    says(bed, TEST, line);
    bed.run_with(&Run::of(number, digit, &RED), &SCOPE).await
}

fn open(bed: &Bed) -> Vec<bool> {
    bed.github.issues().iter().map(|issue| issue.is_open).collect()
}

#[tokio::test]
async fn the_same_error_keeps_its_issue_and_another_one_of_the_job_gets_its_own() {
    let bed = Bed::new().await;
    did(&fails(&bed, (1, 'a'), TOTAL).await, "created");
    did(&fails(&bed, (2, 'b'), &TOTAL.replace("3 == 4", "7 == 9")).await, "updated");
    let of_total = bed.issue();
    assert_eq!(of_total.title, format!("nightly fails on main: test: {TOTAL}"));
    let ran = fails(&bed, (3, 'c'), EMPTY).await;
    did(&ran, "created");
    assert_eq!(ran.output("issue-number"), "12");
    let issues = bed.github.issues();
    assert_eq!(issues[0], of_total, "it is not mended, and not counted");
    assert_eq!(issues[1].title, format!("nightly fails on main: test: {EMPTY}"));
    let of_empty = issues[1].clone();
    did(&fails(&bed, (4, 'd'), TOTAL).await, "updated");
    let issues = bed.github.issues();
    assert!(issues[0].body.contains("| Failed runs | 3 |"), "{}", issues[0].body);
    assert_eq!((issues.len(), &issues[1]), (2, &of_empty));

    // Which error it is nobody knows: it stays in the issue in which the job failed last.
    bed.github.script("GET logs", Fault::Answer(said(410, "Gone")));
    did(&bed.run_with(&Run::of(5, 'e', &RED), &SCOPE).await, "updated");
    let issues = bed.github.issues();
    assert!(issues[0].body.contains("| Failed runs | 4 |"), "{}", issues[0].body);
    assert_eq!((issues.len(), &issues[1]), (2, &of_empty));
    assert_eq!(bed.comments(), [""; 0]);

    did(&bed.run_with(&Run::of(6, 'f', &GREEN), &SCOPE).await, "closed");
    assert_eq!(open(&bed), [false, false]);
    did(&fails(&bed, (7, 'f'), EMPTY).await, "reopened");
    assert_eq!(open(&bed), [false, true]);
}

#[tokio::test]
async fn without_a_log_the_issue_is_that_of_the_workflow_and_the_job_stays_in_it() {
    let bed = Bed::new().await;
    did(&bed.run_with(&Run::of(1, 'a', &RED), &SCOPE).await, "created");
    assert_eq!(bed.issue().title, "nightly fails on main: test");
    did(&fails(&bed, (2, 'b'), TOTAL).await, "updated");
    assert_eq!(bed.github.issues().len(), 1);
    did(&bed.run_with(&Run::of(3, 'c', &GREEN), &SCOPE).await, "closed");
    did(&fails(&bed, (4, 'd'), TOTAL).await, "created");
    assert_eq!(open(&bed), [false, true]);
}

#[tokio::test]
async fn more_than_five_jobs_are_one_issue() {
    let bed = Bed::new().await;
    let names = ["a", "b", "c", "d", "e", "f"];
    let jobs = names.map(|name| (name, "failure"));
    (9001..9007).for_each(|job| says(&bed, job, TOTAL));
    did(&bed.run_with(&Run::of(1, 'a', &jobs), &SCOPE).await, "created");
    assert_eq!(bed.issue().title, "nightly fails on main: a and 5 more");
    let logs = |bed: &Bed| {
        let all = bed.github.requests().into_iter();
        all.filter(|one| one.target.ends_with("/logs")).count()
    };
    assert_eq!(logs(&bed), 2, "one issue needs no more");
    did(&bed.run_with(&Run::of(2, 'b', &jobs[..2]), &SCOPE).await, "updated");
    assert_eq!(bed.github.issues().len(), 1, "they stay in it until it is closed");
}

#[tokio::test]
async fn each_error_costs_a_log_and_each_issue_what_it_takes_to_write_it() {
    let bed = Bed::new().await;
    let jobs = ["a", "b", "c", "d", "e"].map(|name| (name, "failure"));
    let logs = || (9001..9006).for_each(|job| says(&bed, job, TOTAL));
    logs();
    did(&bed.run_with(&Run::of(1, 'a', &jobs), &SCOPE).await, "created");
    let first = bed.github.requests().len();
    assert_eq!(open(&bed), [true; 5]);
    // Jobs, file, list and the runs around; five logs; five issues, each looked for once more.
    assert_eq!(first, 4 + 5 + 2 * 5, "requests of a first failure");
    logs();
    did(&bed.run_with(&Run::of(2, 'b', &jobs), &SCOPE).await, "updated");
    let again = bed.github.requests().len() - first;
    // The file is looked at again: no issue knows all of them.
    assert_eq!(again, 3 + 5 + 5, "requests of a repeat");

    let bed = Bed::new().await;
    did(&fails(&bed, (1, 'a'), TOTAL).await, "created");
    let first = bed.github.requests().len();
    did(&fails(&bed, (2, 'b'), TOTAL).await, "updated");
    assert!(first <= 9 && bed.github.requests().len() - first <= 4, "one error is as ever");
}

#[tokio::test]
async fn a_hostile_line_is_inert_in_the_title() {
    let bed = Bed::new().await;
    let hostile = "error: @acme/admins fixes #7 </details> <!-- mta:failure -->";
    did(&fails(&bed, (1, 'a'), hostile).await, "created");
    let title = bed.issue().title;
    assert!(title.contains("error: @\u{200b}acme/admins fixes #\u{200b}7"), "{title}");
    did(&fails(&bed, (2, 'b'), hostile).await, "updated");
}
