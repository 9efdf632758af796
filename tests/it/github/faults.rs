//! What goes wrong on the way: each fault as GitHub, a proxy or the network makes it.

use std::time::{Duration, Instant};

use mta_actions::adapters::github::client::Settings;
use mta_actions::adapters::github::comments::Done;
use mta_actions::adapters::github::errors::Error;

use super::{bodies, marked, post_with, posted, settings, sticky};
use crate::kit::github::wire::{Delivery, Response};
use crate::kit::github::{FakeGitHub, Fault, LOGIN, TOKEN, said};

const NONE: [String; 0] = [];
const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes.";

fn html() -> Response {
    let body = "<html><head><title>Unicorn!</title></head><body>No server</body></html>".to_owned();
    Response { status: 503, headers: vec![("content-type".into(), "text/html".into())], body }
}

fn count(github: &FakeGitHub, method: &str) -> usize {
    github.methods().iter().filter(|one| *one == method).count()
}

#[tokio::test]
async fn what_was_done_although_the_answer_was_lost_is_not_done_again() {
    for fault in [
        Fault::DoneBut(said(500, "Server Error")),
        Fault::DoneBut(said(502, "Bad Gateway")),
        Fault::DoneBut(html()),
        Fault::DoneBut(Response::json(201, &serde_json::json!({"unknown": "shape"}))),
        Fault::Wire(Delivery::Nothing),
        Fault::Wire(Delivery::Half),
    ] {
        let github = FakeGitHub::start().await;
        github.script("POST", fault.clone());
        let posted = posted(&github, "text").await.unwrap();
        assert_eq!((posted.done, posted.duplicates), (Done::Created, 0), "{fault:?}");
        assert_eq!(
            (bodies(&github), count(&github, "POST")),
            (vec![marked("text")], 1),
            "{fault:?}"
        );
        assert_eq!(github.violations(), NONE);
    }
}

#[tokio::test]
async fn what_was_not_done_is_done_after_a_look() {
    for fault in [Fault::Answer(said(502, "Bad Gateway")), Fault::Answer(html()), Fault::Dropped] {
        let github = FakeGitHub::start().await;
        github.script("POST", fault);
        assert_eq!(posted(&github, "text").await.unwrap().done, Done::Created);
        assert_eq!(github.methods(), ["GET", "POST", "GET", "POST", "GET"]);
        assert_eq!(bodies(&github), [marked("text")]);
    }
}

#[tokio::test]
async fn a_creation_that_never_succeeds_is_given_up_and_says_that_it_may_be_there() {
    let github = FakeGitHub::start().await;
    for _ in 0..9 {
        github.script("POST", Fault::Answer(said(500, "Server Error")));
    }
    let error = posted(&github, "text").await.unwrap_err();
    assert!(error.may_have_been_done(), "{error}");
    assert_eq!(count(&github, "POST"), 3);
    let words = error.to_string();
    assert!(
        words.starts_with("cannot tell whether it was done: comment on acme/app#7: "),
        "{words}"
    );
}

#[tokio::test]
async fn reading_and_updating_are_repeated() {
    for method in ["GET", "PATCH"] {
        for fault in [
            Fault::Answer(said(500, "Server Error")),
            Fault::Answer(html()),
            Fault::Answer(Response { status: 200, headers: Vec::new(), body: "[{\"id\":".into() }),
            Fault::Dropped,
            Fault::Wire(Delivery::Nothing),
            Fault::Wire(Delivery::Half),
        ] {
            let github = FakeGitHub::start().await;
            github.add_comment(LOGIN, &marked("old"));
            github.script(method, fault.clone());
            github.script(method, fault.clone());
            assert_eq!(posted(&github, "new").await.unwrap().done, Done::Updated, "{fault:?}");
            assert_eq!(count(&github, method), 3, "{method} {fault:?}");
            assert_eq!(bodies(&github), [marked("new")]);
        }
    }
}

#[tokio::test]
async fn a_server_that_stays_broken_is_given_up() {
    let github = FakeGitHub::start().await;
    for _ in 0..9 {
        github.script("GET", Fault::Answer(html()));
    }
    let error = posted(&github, "text").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot list the comments of acme/app#7: GitHub answered 503: a page titled \"Unicorn!\""
    );
    assert_eq!(github.methods(), ["GET"; 6]);
}

#[tokio::test]
async fn retry_after_is_kept_to() {
    let limits = [said(429, "slow down"), said(403, SECONDARY)];
    for (limit, method) in limits.into_iter().zip(["POST", "GET"]) {
        let github = FakeGitHub::start().await;
        github.script(method, Fault::Answer(limit.with("retry-after", 1)));
        let began = Instant::now();
        assert_eq!(posted(&github, "text").await.unwrap().done, Done::Created);
        assert!(began.elapsed() >= Duration::from_secs(1));
        assert_eq!(bodies(&github), [marked("text")]);
        assert_eq!(github.violations(), NONE);
    }
}

#[tokio::test]
async fn a_limit_that_does_not_say_how_long_is_waited_out_too() {
    let github = FakeGitHub::start().await;
    github.script("POST", Fault::Answer(said(403, SECONDARY)));
    let began = Instant::now();
    assert_eq!(posted(&github, "text").await.unwrap().done, Done::Created);
    assert!(began.elapsed() >= Duration::from_millis(40), "the tempo's stand-in for a minute");
    assert_eq!(count(&github, "POST"), 2);
}

#[tokio::test]
async fn a_wait_that_does_not_fit_is_an_error_that_says_how_long() {
    let hourly = said(403, "API rate limit exceeded for installation ID 1.")
        .with("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-reset", 784_111_777 + 3599);
    for (limit, seconds) in
        [(hourly, 3600..=3960), (said(429, "x").with("retry-after", 90), 90..=99)]
    {
        let github = FakeGitHub::start().await;
        github.script("GET", Fault::Answer(limit));
        let began = Instant::now();
        let error = posted(&github, "text").await.unwrap_err();
        let Error::Limited { asks, .. } = &error else { panic!("{error}") };
        assert!(seconds.contains(&asks.as_secs()), "{error}");
        assert!(error.to_string().contains(&format!("asks to wait {} s", asks.as_secs())));
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(github.methods(), ["GET"]);
    }
}

#[tokio::test]
async fn an_answer_that_falls_silent_is_not_waited_for_longer_than_allowed() {
    let github = FakeGitHub::start().await;
    github.script("GET", Fault::Wire(Delivery::Silence));
    let mut short = settings(github.url());
    short.tempo.answer = Duration::from_millis(200);
    assert_eq!(post_with(short, &sticky(), "text").await.unwrap().done, Done::Created);

    github.script("GET", Fault::Wire(Delivery::Silence));
    let budget = Duration::from_millis(200);
    let began = Instant::now();
    let tight = Settings { budget, ..settings(github.url()) };
    let error = post_with(tight, &sticky(), "other").await.unwrap_err();
    assert!(error.to_string().contains("no whole answer within"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "the budget is the end");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let github = FakeGitHub::start().await;
    github.script("GET", Fault::Wire(Delivery::Endless));
    let error = posted(&github, "text").await.unwrap_err();
    assert!(error.to_string().ends_with("the answer is larger than 32 MiB"), "{error}");
    assert_eq!(github.methods(), ["GET"]);
}

#[tokio::test]
async fn nobody_there_is_said_with_the_reason() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let error = post_with(settings(url), &sticky(), "text").await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_wrong_token_is_said_and_never_shown() {
    let github = FakeGitHub::start().await;
    let wrong = Settings { token: "ghs_wrong".into(), ..settings(github.url()) };
    let error = post_with(wrong, &sticky(), "text").await.unwrap_err();
    assert!(error.to_string().contains("401: Bad credentials"), "{error}");
    assert!(error.help().unwrap().contains("expired"));
    // `post_with` looks for the token in every word that is said.
    let echo = said(422, &format!("no {TOKEN} here")).with("x-echo", TOKEN);
    github.script("GET", Fault::Answer(echo));
    let error = posted(&github, "text").await.unwrap_err();
    assert!(error.to_string().contains("no *** here"), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    let github = FakeGitHub::start().await;
    for url in ["", "api.github.com", "ftp://h/", "unix:/run/x"] {
        let error = post_with(settings(url.into()), &sticky(), "text").await.unwrap_err();
        assert!(error.to_string().contains("is no address of a GitHub API"), "{url}: {error}");
    }
    let split = Settings { token: "ghs_a\nX-Evil: 1".into(), ..settings(github.url()) };
    let error = post_with(split, &sticky(), "text").await.unwrap_err();
    assert_eq!(error.to_string(), "the token has characters that no token has");
    // The line end of a file that a token was read from does no harm.
    let padded = Settings { token: format!("{TOKEN}\n").into(), ..settings(github.url()) };
    assert_eq!(post_with(padded, &sticky(), "text").await.unwrap().done, Done::Created);
    assert_eq!(github.violations(), NONE);
}

#[tokio::test]
async fn answers_with_bare_strings_and_without_documentation_are_read() {
    let github = FakeGitHub::start().await;
    let body = r#"{"message":"Invalid request.\n\nFor 'x'","errors":["'y' is not one of z"]}"#;
    let odd = Response { status: 422, headers: Vec::new(), body: body.into() };
    github.script("POST", Fault::Answer(odd));
    let error = posted(&github, "text").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot comment on acme/app#7: GitHub answered 422: Invalid request. For 'x' ('y' is not one of z)"
    );
}
