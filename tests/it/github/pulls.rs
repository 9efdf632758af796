//! Pull requests, and which of them a finished run may post on.

use mta_actions::adapters::github::client::Client;
use mta_actions::adapters::github::errors::Error;
use mta_actions::adapters::github::pulls;
use mta_actions::adapters::http;
use mta_actions::domain::pull_request::{FinishedRun, PullRequest};
use serde_json::{Value, json};

use super::{Said, repository, settings};
use crate::kit::github::{FakeGitHub, Fault, denied};

const SHA: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";

fn pull(number: u64, state: &str, sha: &str) -> Value {
    json!({"number": number, "state": state, "html_url": format!("https://h/pull/{number}"),
        "head": {"sha": sha, "ref": "fix/ä", "label": "stranger:fix/1 +x", "repo": {"full_name": "stranger/app"}},
        "base": {"sha": OTHER, "ref": "main", "repo": {"full_name": "acme/app"}}})
}

fn run() -> FinishedRun {
    let event = json!({"workflow_run": {"id": 3, "event": "pull_request", "head_sha": SHA,
        "head_branch": "fix/1 +x", "head_repository": {"full_name": "stranger/app"}, "pull_requests": []}});
    FinishedRun::of_event(&event).unwrap()
}

async fn get(github: &FakeGitHub, number: u64) -> Result<PullRequest, Error> {
    let (http, said) = (http::client().unwrap(), Said::default());
    let client = Client::new(&http, settings(github.url()), &said).unwrap();
    pulls::get(&client, &repository(), number).await
}

async fn numbers_of_run(github: &FakeGitHub) -> Vec<u64> {
    let (http, said) = (http::client().unwrap(), Said::default());
    let client = Client::new(&http, settings(github.url()), &said).unwrap();
    let found = pulls::of_run(&client, &repository(), &run()).await.unwrap();
    assert_eq!(github.violations(), [] as [String; 0]);
    found.into_iter().map(|pull| pull.number).collect()
}

#[tokio::test]
async fn one_is_read_and_a_forged_number_is_found_out() {
    let github = FakeGitHub::start().await;
    github.add_pull(pull(7, "open", SHA));
    github.add_pull(pull(8, "open", OTHER));
    github.add_pull(pull(9, "closed", SHA));
    let ours = repository();
    let read = get(&github, 7).await.unwrap();
    let expected = PullRequest {
        number: 7,
        is_open: true,
        head_sha: SHA.into(),
        head_repository: "stranger/app".into(),
        base_ref: "main".into(),
        base_sha: OTHER.into(),
        base_repository: "acme/app".into(),
        url: "https://h/pull/7".into(),
    };
    assert_eq!(read, expected);
    assert_eq!(run().may_post_on(&read, &ours), Ok(()));
    for forged in [8, 9] {
        let read = get(&github, forged).await.unwrap();
        assert!(run().may_post_on(&read, &ours).is_err(), "{forged}");
    }
    assert!(matches!(get(&github, 404).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn what_is_null_does_not_break_it() {
    let github = FakeGitHub::start().await;
    let mut gone = pull(7, "open", SHA);
    gone["head"]["repo"] = Value::Null;
    gone["html_url"] = Value::Null;
    github.add_pull(gone);
    github.add_pull(json!({"number": 8}));
    assert_eq!(get(&github, 7).await.unwrap().head_repository, "");
    assert!(!get(&github, 8).await.unwrap().is_open);
}

#[tokio::test]
async fn those_of_a_run_are_open_and_at_its_commit() {
    let github = FakeGitHub::start().await;
    github.pages_of(1);
    for (number, state, sha) in
        [(1, "closed", SHA), (2, "open", OTHER), (3, "open", SHA), (4, "open", SHA)]
    {
        github.add_pull(pull(number, state, sha));
    }
    let mut elsewhere = pull(5, "open", SHA);
    elsewhere["base"]["repo"]["full_name"] = "stranger/app".into();
    github.add_pull(elsewhere);
    assert_eq!(numbers_of_run(&github).await, [3, 4]);
}

#[tokio::test]
async fn a_fork_whose_commit_is_not_connected_is_found_by_its_branch() {
    let github = FakeGitHub::start().await;
    github.forget_commits();
    github.add_pull(pull(3, "open", SHA));
    github.add_pull(pull(4, "open", OTHER));
    assert_eq!(numbers_of_run(&github).await, [3]);
    let last = github.requests().pop().unwrap();
    assert_eq!(last.query("head"), Some("stranger%3Afix%2F1+%2Bx"));
}

#[tokio::test]
async fn reading_without_permission_says_which() {
    let github = FakeGitHub::start().await;
    github.script("GET", Fault::Answer(denied()));
    let error = get(&github, 7).await.unwrap_err();
    assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
    assert!(error.help().unwrap().contains("`pull-requests: write`"));
}
