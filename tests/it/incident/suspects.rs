//! The commits since the last green run.

use serde_json::json;

use super::bed::{Bed, Run, did, sha};
use crate::kit::github::{Fault, said};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];

/// A run of `main` that succeeded at a commit.
fn green(bed: &Bed, number: u64, digit: char) {
    bed.github.add_run(json!({"id": 500 + number, "run_attempt": 1, "run_number": number, "name": "nightly",
        "path": ".github/workflows/nightly.yml", "head_branch": "main", "head_sha": sha(digit), "event": "push",
        "conclusion": "success"}));
}

/// The section of the issue.
fn section(bed: &Bed) -> Option<String> {
    let body = bed.issue().body;
    let (_, rest) = body.split_once("### Suspects\n")?;
    Some(rest.split("\n###").next().unwrap().to_owned())
}

#[tokio::test]
async fn the_commits_since_the_last_green_run_are_named_and_inert() {
    let bed = Bed::new().await;
    green(&bed, 2, 'a');
    green(&bed, 1, 'f');
    did(&bed.run(&Run::of(5, 'd', &RED)).await, "created");
    insta::assert_snapshot!(section(&bed).unwrap());
    let asked = bed.github.requests().len();
    assert!(asked <= 9, "{asked} requests for a first failure");

    // They are those of the first failure, and cost no request any more.
    did(&bed.run(&Run::of(6, 'e', &RED)).await, "updated");
    let again = section(&bed).unwrap();
    assert!(again.contains("3 commits since") && !again.contains("Change e"), "{again}");
    assert!(bed.github.requests().len() - asked <= 4);
}

#[tokio::test]
async fn where_nothing_is_known_nobody_is_suspected() {
    for digit in [None, Some('d')] {
        let bed = Bed::new().await;
        if let Some(digit) = digit {
            green(&bed, 2, digit);
        }
        did(&bed.run(&Run::of(5, 'd', &RED)).await, "created");
        assert_eq!(section(&bed), None, "no green run, or the same commit");
    }
    let bed = Bed::new().await;
    green(&bed, 2, 'a');
    bed.github.script("GET compare", Fault::Answer(said(500, "oops")));
    bed.github.script("GET compare", Fault::Answer(said(404, "Not Found")));
    let ran = bed.run(&Run::of(5, 'd', &RED)).await;
    did(&ran, "created");
    ran.says("left out: ");
    assert_eq!(section(&bed), None);
}
