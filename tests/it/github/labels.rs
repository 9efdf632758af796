//! Labels of an issue: one is set or taken off, and the others stay.

use mta_actions::adapters::github::client::Client;
use mta_actions::adapters::github::errors::Error;
use mta_actions::adapters::github::labels;
use mta_actions::adapters::http;

use super::{Said, repository, settings};
use crate::kit::github::tracker::Issue;
use crate::kit::github::wire::Delivery;
use crate::kit::github::{FakeGitHub, Fault, denied, said};

async fn github() -> FakeGitHub {
    let github = FakeGitHub::start().await;
    let labels = vec!["bug".to_owned(), "Ci/failure 1 #é%+".to_owned()];
    github.add_issue(Issue { number: 5, labels, is_open: true, ..Issue::default() });
    github
}

async fn add(github: &FakeGitHub, number: u64, label: &str) -> Result<(), Error> {
    let (http, said) = (http::client().unwrap(), Said::default());
    let client = Client::new(&http, settings(github.url()), &said).unwrap();
    labels::add(&client.operation(), &repository(), (number, label)).await
}

async fn remove(github: &FakeGitHub, number: u64, label: &str) -> Result<(), Error> {
    let (http, said) = (http::client().unwrap(), Said::default());
    let client = Client::new(&http, settings(github.url()), &said).unwrap();
    labels::remove(&client.operation(), &repository(), (number, label)).await
}

fn labels_of(github: &FakeGitHub) -> Vec<String> {
    github.issues().remove(0).labels
}

#[tokio::test]
async fn one_is_set_beside_the_others_and_taken_off_alone() {
    let github = github().await;
    let both = labels_of(&github);
    for label in ["fix-pending", "Fix-Pending", "fix-pending"] {
        add(&github, 5, label).await.unwrap();
        assert_eq!(labels_of(&github), [both.clone(), vec!["fix-pending".into()]].concat());
    }
    remove(&github, 5, "fix-pending").await.unwrap();
    assert_eq!(labels_of(&github), both);
    remove(&github, 5, "fix-pending").await.unwrap();
    assert_eq!(labels_of(&github), both, "it was not there any more");
    remove(&github, 5, &both[1]).await.unwrap();
    assert_eq!(labels_of(&github), ["bug"], "its name is encoded, `/` too");
    assert_eq!(github.violations(), [""; 0]);
}

#[tokio::test]
async fn a_name_that_no_address_has_takes_nothing_off() {
    let github = github().await;
    for name in ["", ".", ".."] {
        assert!(matches!(remove(&github, 5, name).await, Err(Error::Unusable { .. })), "{name}");
    }
    assert!(github.requests().is_empty(), "it would have taken off all");
}

#[tokio::test]
async fn both_are_repeated_after_a_lost_answer() {
    for fault in [
        Fault::DoneBut(said(502, "Server Error")),
        Fault::Answer(said(500, "Server Error")),
        Fault::Wire(Delivery::Nothing),
        Fault::Dropped,
    ] {
        let github = github().await;
        github.script("POST labels", fault.clone());
        add(&github, 5, "flaky").await.unwrap();
        assert!(labels_of(&github).contains(&"flaky".to_owned()), "{fault:?}");
        github.script("DELETE labels", fault.clone());
        remove(&github, 5, "flaky").await.unwrap();
        assert!(!labels_of(&github).contains(&"flaky".to_owned()), "{fault:?}");
        assert_eq!(github.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn who_may_not_is_told_what_is_missing() {
    let github = github().await;
    github.script("POST labels", Fault::Answer(denied()));
    let error = add(&github, 5, "flaky").await.unwrap_err();
    assert!(
        error.to_string().starts_with("not allowed to set the label `flaky` on acme/app#5"),
        "{error}"
    );
    assert!(error.help().unwrap().contains("`issues: write`"), "{error}");
    github.script("DELETE labels", Fault::Answer(denied()));
    let error = remove(&github, 5, "bug").await.unwrap_err();
    assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
    assert!(matches!(add(&github, 6, "flaky").await, Err(Error::NotAllowed { .. })), "no issue 6");
    assert_eq!(labels_of(&github).len(), 2);
}
