//! Redirects and next pages: followed, but the token stays with the API.

use mta_actions::adapters::github::comments::Done;
use mta_actions::adapters::github::errors::Error;

use super::{bodies, marked, posted};
use crate::kit::github::wire::Response;
use crate::kit::github::{FakeGitHub, Fault, LOGIN, said};

const MOVED: &str = "/repositories/1/issues/7/comments";

fn redirect(status: u16, to: impl std::fmt::Display) -> Fault {
    Fault::Answer(said(status, "Moved Permanently").with("location", to))
}

#[tokio::test]
async fn a_renamed_repository_is_followed_with_the_token() {
    for (status, to) in [
        (301, MOVED.to_owned()),
        (302, MOVED.into()),
        (307, "../../../../../repositories/1/issues/7/comments".into()),
    ] {
        let github = FakeGitHub::start().await;
        github.add_comment(LOGIN, &marked("old"));
        github.script("GET", redirect(status, to));
        assert_eq!(posted(&github, "new").await.unwrap().done, Done::Updated);
        assert_eq!(github.violations(), [] as [String; 0]);
    }
}

#[tokio::test]
async fn a_write_is_sent_again_only_where_the_status_says_so() {
    for status in [307, 308] {
        let github = FakeGitHub::start().await;
        github.script("POST", redirect(status, MOVED));
        assert_eq!(posted(&github, "text").await.unwrap().done, Done::Created);
        assert_eq!(github.methods(), ["GET", "POST", "POST", "GET"]);
        assert_eq!(bodies(&github), [marked("text")]);
    }
    for status in [301, 302, 303] {
        let github = FakeGitHub::start().await;
        github.script("POST", redirect(status, MOVED));
        let error = posted(&github, "text").await.unwrap_err();
        assert!(error.to_string().contains("not followed for a write"), "{error}");
        assert_eq!(github.methods(), ["GET", "POST"]);
    }
}

#[tokio::test]
async fn another_host_never_gets_the_token() {
    let (github, other) = (FakeGitHub::start().await, FakeGitHub::start().await);
    other.script("GET", Fault::Answer(Response::json(200, &serde_json::json!([]))));
    github.script("GET", redirect(302, format!("{}/log?sig=1", other.url())));
    posted(&github, "text").await.unwrap();
    let asked = &other.requests()[0];
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/log?sig=1"));
    assert_eq!(asked.all("authorization"), [] as [&str; 0]);
    assert_eq!(asked.all("user-agent").len(), 1);
}

#[tokio::test]
async fn a_write_does_not_go_to_another_host() {
    let (github, other) = (FakeGitHub::start().await, FakeGitHub::start().await);
    github.script("POST", redirect(307, format!("{}{MOVED}", other.url())));
    assert!(matches!(posted(&github, "text").await, Err(Error::Unusable { .. })));
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn circles_and_nonsense_end() {
    for (to, says) in [
        (Some(MOVED), "more than 3 redirects"),
        (Some("ftp://127.0.0.1/x"), "is not secure"),
        (Some("http://["), "to what is no address"),
        (None, "to nowhere"),
    ] {
        let github = FakeGitHub::start().await;
        for _ in 0..9 {
            let answer = said(302, "Found");
            let answer = to.map_or(answer.clone(), |to| answer.with("location", to));
            github.script("GET", Fault::Answer(answer));
        }
        let error = posted(&github, "text").await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(github.methods().len() <= 4);
    }
}

#[tokio::test]
async fn a_next_page_on_another_host_is_not_asked_for() {
    let (github, other) = (FakeGitHub::start().await, FakeGitHub::start().await);
    let next = format!("<{}{MOVED}?page=2>; rel=\"next\"", other.url());
    github.script(
        "GET",
        Fault::Answer(Response::json(200, &serde_json::json!([])).with("link", next)),
    );
    let error = posted(&github, "text").await.unwrap_err();
    assert!(error.to_string().contains("its next page is on another server"), "{error}");
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_list_without_end_is_an_error_and_not_half_a_list() {
    let github = FakeGitHub::start().await;
    github.pages_of(1);
    for _ in 0..101 {
        github.add_comment("someone", "talk");
    }
    let error = posted(&github, "text").await.unwrap_err();
    assert!(error.to_string().contains("more than 100 pages"), "{error}");
    assert_eq!(github.methods(), vec!["GET"; 100]);
}
