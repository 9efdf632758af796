//! The fake itself: it notes what the real one would not take, and does what it is told to.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::github::wire::Delivery;
use crate::kit::github::{FakeGitHub, Fault, TOKEN, said};

/// Sends bytes, and reads until the server closes or falls silent.
async fn raw(github: &FakeGitHub, request: &str) -> String {
    let address = github.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _closed_or_silent = tokio::time::timeout(Duration::from_millis(100), read).await;
    String::from_utf8(answer).unwrap()
}

fn request(line: &str, headers: &str, body: &str) -> String {
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{line} HTTP/1.1\r\n{headers}{length}\r\n{body}")
}

fn good_headers() -> String {
    format!(
        "Authorization: Bearer {TOKEN}\r\nAccept: application/vnd.github+json\r\n\
         X-GitHub-Api-Version: 2022-11-28\r\nUser-Agent: test\r\nContent-Type: application/json\r\n"
    )
}

const LIST: &str = "GET /repos/acme/app/issues/7/comments?per_page=100";
const CREATE: &str = "POST /repos/acme/app/issues/7/comments";

#[tokio::test]
async fn a_request_that_keeps_the_contract_is_not_noted() {
    let github = FakeGitHub::start().await;
    let answer = raw(&github, &request(CREATE, &good_headers(), r#"{"body":"x"}"#)).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let answer = raw(&github, &request(LIST, &good_headers(), "")).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("github-actions[bot]"),
        "{answer}"
    );
    assert_eq!(github.violations(), [] as [String; 0]);
}

#[tokio::test]
async fn each_breach_of_the_contract_is_noted() {
    let good = good_headers();
    for (line, headers, body, noted) in [
        (LIST, good.replace("Authorization", "X-Other"), "", "Authorization"),
        (LIST, format!("{good}User-Agent: two\r\n"), "", "User-Agent"),
        (LIST, good.replace("vnd.github+", ""), "", "Accept"),
        (LIST, good.replace("2022", "2021"), "", "Version"),
        ("GET /repos/acme/app/issues/7/comments?per_page=101", good.clone(), "", "per_page"),
        ("GET /repos/acme/app/läbel", good.clone(), "", "percent-encoded"),
        ("GET /repos/acme/app/labels", good.clone(), "", "no such route"),
        ("GET /user", good.clone(), "", "/user"),
        (LIST, good.clone(), "{}", "a body where none belongs"),
        (
            CREATE,
            good.replace("application/json", "text/plain"),
            "{\"body\":\"x\"}",
            "Content-Type",
        ),
        (CREATE, good.clone(), "{\"body\":\"x\",\"labels\":[]}", "fields"),
        (CREATE, good.clone(), "{\"body\":", "fields"),
    ] {
        let github = FakeGitHub::start().await;
        raw(&github, &request(line, &headers, body)).await;
        let violations = github.violations().join("\n");
        assert!(violations.contains(noted), "{line}: {noted} is not in: {violations}");
    }
}

#[tokio::test]
async fn a_token_that_it_does_not_know_is_refused() {
    let github = FakeGitHub::start().await;
    let headers = good_headers().replace(TOKEN, "ghs_other");
    assert!(raw(&github, &request(LIST, &headers, "")).await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn coming_back_too_early_is_noted() {
    let github = FakeGitHub::start().await;
    github.script("GET", Fault::Answer(said(429, "slow down").with("retry-after", 9)));
    for _ in 0..2 {
        raw(&github, &request(LIST, &good_headers(), "")).await;
    }
    assert!(github.violations()[0].contains("earlier than Retry-After allows"));
}

#[tokio::test]
async fn faults_hit_the_request_that_is_meant_and_only_once() {
    let github = FakeGitHub::start().await;
    github.script("POST comments", Fault::DoneBut(said(502, "Bad Gateway")));
    github.script("POST comments", Fault::Dropped);
    github.script("GET comments", Fault::Wire(Delivery::Half));
    let create = request(CREATE, &good_headers(), r#"{"body":"x"}"#);
    assert!(raw(&github, &create).await.starts_with("HTTP/1.1 502"));
    assert_eq!(github.comments().len(), 1, "done all the same");
    assert_eq!(raw(&github, &create).await, "");
    assert_eq!(github.comments().len(), 1, "dropped before it was done");
    let list = request(LIST, &good_headers(), "");
    let (half, whole) = (raw(&github, &list).await, raw(&github, &list).await);
    assert!(!half.ends_with("}]") && whole.ends_with("}]"), "{half} {whole}");
}

#[tokio::test]
async fn pages_are_told_by_the_number_of_the_repository() {
    let github = FakeGitHub::start().await;
    github.pages_of(2);
    for _ in 0..3 {
        github.add_comment("a", "b");
    }
    let get = |target: &str| request(&format!("GET {target}"), &good_headers(), "");
    let first = raw(&github, &get("/repos/acme/app/issues/7/comments?per_page=100")).await;
    assert!(first.contains("/repositories/1/issues/7/comments?per_page=2&page=2>; rel=\"next\""));
    let last = raw(&github, &get("/repositories/1/issues/7/comments?per_page=2&page=2")).await;
    assert!(!last.contains("link:") && last.contains("\"id\":3"), "{last}");
}
