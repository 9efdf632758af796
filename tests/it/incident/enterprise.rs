//! A GitHub Enterprise Server, whose API lies below a path: every request and every link goes there, none elsewhere.

use serde_json::{Value, json};

use super::bed::{Bed, Run, did, sha};
use crate::kit::scene::Ran;
use crate::kit::slack::FakeSlack;

const SERVER: &str = "https://ghe.example.test";
const PREFIX: &str = "/api/v3";

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const WORSE: [(&str, &str); 2] = [("lint", "failure"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

/// Every address in a text.
fn links(text: &str) -> Vec<String> {
    let address = regex::Regex::new(r#"https?://[^\s)|"'`<>\\]+"#).unwrap();
    address.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

async fn run(bed: &Bed, slack: &FakeSlack, run: &Run) -> Ran {
    let url = slack.url();
    bed.run_in(run, &[("slack-webhook", &url)], &[("GITHUB_SERVER_URL", SERVER)]).await
}

#[tokio::test]
async fn all_requests_and_all_links_go_to_the_server() {
    let (bed, slack) = (Bed::at(PREFIX).await, FakeSlack::start().await);
    bed.github.add_run(json!({"id": 400, "run_attempt": 1, "run_number": 1, "name": "nightly",
        "path": ".github/workflows/nightly.yml", "head_branch": "main", "head_sha": sha('a'), "event": "push",
        "conclusion": "success"}));
    // Jobs and issues lie on two pages: the address of the second one is the server's.
    bed.github.pages_of(1);
    bed.log(9002, "2026-11-30T10:02:05.1234567Z error: it broke\n");
    let runs =
        [(2, 'b', &RED[..], "created"), (3, 'c', &WORSE, "updated"), (4, 'd', &GREEN, "closed")];
    let mut shown = Vec::new();
    for (number, digit, jobs, action) in runs {
        let ran = run(&bed, &slack, &Run::of(number, digit, jobs)).await;
        did(&ran, action);
        if let Ok(report) = fs_err::read_to_string(ran.output("report-path")) {
            shown.push(report);
        }
        let log = ran.log.lines().filter(|line| !line.starts_with("::add-mask::"));
        shown.extend(log.map(str::to_owned));
        shown.extend(ran.outputs.into_values().chain([ran.summary]));
        shown.extend([bed.issue().title, bed.issue().body]);
    }
    shown.extend(bed.comments());
    shown.extend(slack.messages().iter().map(Value::to_string));
    let links: Vec<String> = shown.iter().flat_map(|text| links(text)).collect();
    assert!(links.len() > 30, "{links:?}");
    // A refusal names a page of GitHub's documentation by itself.
    let ours = [format!("{SERVER}/acme/app/"), "https://docs.github.com/".to_owned()];
    let foreign = |link: &&String| !ours.iter().any(|known| link.starts_with(known));
    let foreign: Vec<_> = links.iter().filter(foreign).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let targets: Vec<String> =
        bed.github.requests().into_iter().map(|request| request.target).collect();
    let repository = [format!("{PREFIX}/repos/acme/app/"), format!("{PREFIX}/repositories/1/")];
    let is_there = |target: &String| repository.iter().any(|known| target.starts_with(known));
    assert!(targets.iter().all(is_there), "{targets:#?}");
    assert!(targets.iter().any(|target| target.starts_with(&repository[1])), "{targets:#?}");
}

#[tokio::test]
async fn a_token_of_another_host_is_told_with_the_host() {
    let bed = Bed::at(PREFIX).await;
    let env = [("GITHUB_SERVER_URL", SERVER), ("MTA_TOKEN", "the-token-of-another-host")];
    let ran = bed.run_in(&Run::of(1, 'a', &RED), &[], &env).await;
    did(&ran, "error");
    ran.says("GitHub answered 401: Bad credentials").says("::warning ");
    ran.says("wrong, expired or revoked, or another GitHub's than that of `GITHUB_API_URL`");
    let mut shown = ran.log.lines().filter(|line| !line.starts_with("::add-mask::"));
    assert!(!shown.any(|line| line.contains("the-token-of")), "{}", ran.log);
}
