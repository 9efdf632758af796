//! The sticky comment: created once, found again, changed in place, never somebody else's.

use mta_actions::adapters::github::comments::Done;
use mta_actions::adapters::github::errors::Error;
use mta_actions::domain::sticky::{Author, LONGEST_BODY, Marker};

use super::{bodies, marked, post_with, posted, settings, sticky};
use crate::kit::github::{FakeGitHub, Fault, LOGIN, denied, said};

const NONE: [String; 0] = [];

#[tokio::test]
async fn it_is_created_then_updated_then_left_alone() {
    let github = FakeGitHub::start().await;
    let first = posted(&github, "one").await.unwrap();
    assert_eq!((first.done, first.duplicates), (Done::Created, 0));
    assert!(first.url.ends_with("#issuecomment-1"), "{}", first.url);
    assert_eq!(github.methods(), ["GET", "POST", "GET"]);

    let second = posted(&github, "two").await.unwrap();
    assert_eq!((second.done, &second.url), (Done::Updated, &first.url));
    let third = posted(&github, "two\r\n").await.unwrap();
    assert_eq!((third.done, &third.url), (Done::Unchanged, &first.url));
    assert_eq!(github.methods()[3..], ["GET", "PATCH", "GET"]);
    assert_eq!(bodies(&github), [marked("two")]);
    assert_eq!(github.violations(), NONE);
}

#[tokio::test]
async fn a_forged_marker_is_not_ours_and_is_not_touched() {
    let github = FakeGitHub::start().await;
    github.add_comment("mallory", &marked("forged"));
    github.add_comment("", &marked("of an account that is gone"));
    github.add_comment(LOGIN, &format!("> {}", marked("quoted by another action")));
    github.add_comment(LOGIN, "<!-- mta:coverage ab -->\nof another name");
    let before = bodies(&github);
    assert_eq!(posted(&github, "ours").await.unwrap().done, Done::Created);
    assert_eq!(bodies(&github)[..4], before);
    assert_eq!(bodies(&github)[4..], [marked("ours")]);
}

#[tokio::test]
async fn the_login_of_another_token_can_be_given() {
    let github = FakeGitHub::start().await;
    github.add_comment(LOGIN, &marked("of the job's own token"));
    github.add_comment("deploy-app[bot]", &marked("of the app"));
    let mut theirs = sticky();
    theirs.author = Author::Login("Deploy-App[bot]".into());
    let posted = post_with(settings(github.url()), &theirs, "new").await.unwrap();
    assert_eq!(posted.done, Done::Updated);
    assert_eq!(bodies(&github), [marked("of the job's own token"), marked("new")]);
}

#[tokio::test]
async fn names_have_comments_of_their_own() {
    let github = FakeGitHub::start().await;
    for name in ["", "backend", "front end"] {
        let mut one = sticky();
        one.marker = Marker::new("coverage", name);
        for text in ["first", name] {
            post_with(settings(github.url()), &one, text).await.unwrap();
        }
    }
    assert_eq!(
        bodies(&github),
        [
            "<!-- mta:coverage -->\n",
            "<!-- mta:coverage backend -->\nbackend",
            "<!-- mta:coverage front%20end -->\nfront end"
        ]
    );
}

#[tokio::test]
async fn it_is_found_on_a_later_page() {
    let github = FakeGitHub::start().await;
    github.pages_of(2);
    for _ in 0..4 {
        github.add_comment("someone", "talk");
    }
    let ours = github.add_comment(LOGIN, &marked("old"));
    github.add_comment("someone", "more talk");
    let posted = posted(&github, "new").await.unwrap();
    assert!(posted.url.ends_with(&format!("#issuecomment-{ours}")), "{}", posted.url);
    assert_eq!(github.methods(), ["GET", "GET", "GET", "PATCH"]);
    assert!(github.requests()[2].target.starts_with("/repositories/1/"));
    assert_eq!(github.violations(), NONE);
}

#[tokio::test]
async fn an_enterprise_server_has_its_api_below_a_path() {
    for prefix in ["/api/v3", "/api/v3/"] {
        let github = FakeGitHub::start_at(prefix.trim_end_matches('/')).await;
        github.pages_of(1);
        github.add_comment("someone", "talk");
        let url = github.url() + prefix.trim_start_matches("/api/v3");
        let posted = post_with(settings(url), &sticky(), "text").await.unwrap();
        assert_eq!(posted.done, Done::Created);
        let targets: Vec<String> = github.requests().into_iter().map(|r| r.target).collect();
        assert!(targets.iter().all(|target| target.starts_with("/api/v3/rep")), "{targets:?}");
        assert_eq!(github.violations(), NONE);
    }
}

#[tokio::test]
async fn of_several_of_ours_the_oldest_is_used_and_the_others_are_counted() {
    let github = FakeGitHub::start().await;
    for text in ["a", "b", "c"] {
        github.add_comment(LOGIN, &marked(text));
    }
    let posted = posted(&github, "new").await.unwrap();
    assert_eq!((posted.done, posted.duplicates), (Done::Updated, 2));
    assert_eq!(bodies(&github), [marked("new"), marked("b"), marked("c")]);
}

#[tokio::test]
async fn what_is_too_long_is_not_sent_and_what_just_fits_is() {
    let github = FakeGitHub::start().await;
    let room = LONGEST_BODY - marked("").len();
    // A smiley is two UTF-16 units and four bytes.
    let fits = "😀".repeat(room / 2) + &"x".repeat(room % 2);
    let error = posted(&github, &format!("{fits}x")).await.unwrap_err();
    assert!(matches!(error, Error::TooLong { units, .. } if units == LONGEST_BODY + 1), "{error}");
    assert_eq!(github.methods(), NONE);
    assert_eq!(posted(&github, &fits).await.unwrap().done, Done::Created);
}

#[tokio::test]
async fn a_token_that_may_not_write_is_told_from_other_failures() {
    for (on, ours) in [("POST", None), ("PATCH", Some("old"))] {
        let github = FakeGitHub::start().await;
        ours.map(|text| github.add_comment(LOGIN, &marked(text)));
        github.script(on, Fault::Answer(denied()));
        let error = posted(&github, "text").await.unwrap_err();
        assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
        assert!(error.to_string().contains("acme/app#7: GitHub answered 403: Resource not"));
        let help = error.help().unwrap();
        assert!(help.contains("lacks `issues: write` or `pull-requests: write`"), "{help}");
        assert_eq!(github.methods(), ["GET", on], "asked once");
    }
}

#[tokio::test]
async fn not_even_seeing_it_is_not_being_allowed_to() {
    let github = FakeGitHub::start().await;
    github.script("POST", Fault::Answer(said(404, "Not Found")));
    assert!(matches!(posted(&github, "x").await, Err(Error::NotAllowed { .. })));

    github.add_comment(LOGIN, &marked("old"));
    github.script("PATCH", Fault::Answer(said(404, "Not Found")));
    assert!(matches!(posted(&github, "x").await, Err(Error::NotAllowed { .. })));

    github.script("GET", Fault::Answer(denied()));
    assert!(matches!(posted(&github, "x").await, Err(Error::NotAllowed { .. })));
}

#[tokio::test]
async fn other_refusals_are_not_blamed_on_the_permission() {
    for (status, message) in [
        (403, "Unable to create comment because issue is locked."),
        (403, "Commenting is disabled on issues with more than 2500 comments"),
        (410, "Issues are disabled for this repo"),
    ] {
        let github = FakeGitHub::start().await;
        let wanted = ("x-accepted-github-permissions", "issues=write");
        github.script("POST", Fault::Answer(said(status, message).with(wanted.0, wanted.1)));
        let error = posted(&github, "text").await.unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.help(), None);
    }
}

#[tokio::test]
async fn one_that_was_deleted_meanwhile_is_made_anew() {
    let github = FakeGitHub::start().await;
    let id = github.add_comment(LOGIN, &marked("old"));
    github.forget_after_next_list(id);
    let posted = posted(&github, "new").await.unwrap();
    assert_eq!(posted.done, Done::Created);
    assert_eq!(bodies(&github), [marked("new")]);
}

#[tokio::test]
async fn where_the_oldest_was_deleted_meanwhile_the_next_of_ours_is_used() {
    let github = FakeGitHub::start().await;
    let id = github.add_comment(LOGIN, &marked("old"));
    github.add_comment(LOGIN, &marked("other"));
    github.forget_after_next_list(id);
    let posted = posted(&github, "new").await.unwrap();
    assert_eq!((posted.done, posted.duplicates), (Done::Updated, 0));
    assert_eq!(bodies(&github), [marked("new")]);
}

#[tokio::test]
async fn who_comes_second_leaves_the_first_ones_comment() {
    let github = FakeGitHub::start().await;
    github.script("POST", Fault::After { author: LOGIN, body: marked("theirs") });
    let posted = posted(&github, "ours").await.unwrap();
    assert_eq!((posted.done, posted.duplicates), (Done::Updated, 0));
    assert_eq!(bodies(&github), [marked("ours")]);
    assert!(posted.url.ends_with("#issuecomment-1"), "{}", posted.url);
    assert_eq!(github.methods(), ["GET", "POST", "GET", "PATCH", "DELETE"]);
}

#[tokio::test]
async fn a_second_one_that_cannot_be_deleted_is_counted() {
    let github = FakeGitHub::start().await;
    github.script("POST", Fault::After { author: LOGIN, body: marked("theirs") });
    github.script("DELETE", Fault::Answer(denied()));
    let posted = posted(&github, "ours").await.unwrap();
    assert_eq!((posted.done, posted.duplicates), (Done::Updated, 1));
    assert_eq!(bodies(&github), [marked("ours"), marked("ours")]);
}

#[tokio::test]
async fn a_comment_of_others_that_comes_first_does_not_matter() {
    let github = FakeGitHub::start().await;
    github.script("POST", Fault::After { author: "mallory", body: marked("forged") });
    assert_eq!(posted(&github, "ours").await.unwrap().done, Done::Created);
    assert_eq!(bodies(&github), [marked("forged"), marked("ours")]);
}

#[tokio::test]
async fn eight_jobs_at_once_end_with_one_comment() {
    let github = FakeGitHub::start().await;
    let target = sticky();
    let jobs = (0..8).map(|_| post_with(settings(github.url()), &target, "text"));
    let ended = futures_util::future::join_all(jobs).await;
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");
    let created = github.methods().iter().filter(|method| *method == "POST").count();
    assert!(created > 1, "they did not meet");
    assert_eq!(bodies(&github), [marked("text")]);
}
