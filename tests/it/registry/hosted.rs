//! The client against Docker Hub and GHCR as they answer: what is private and what is absent look alike there, and are
//! never told as "there is none".

use mta_actions::adapters::registry::Error;
use mta_actions::domain::image::{Reference, Repository};

use super::client::{client, password};
use crate::kit::registry::{Content, FakeGhcr, FakeHub, installed};

fn reference(url: &str, rest: &str) -> Reference {
    Reference::parse(&format!("{}/{rest}", url.strip_prefix("http://").unwrap())).unwrap()
}

#[tokio::test]
async fn docker_hub_is_asked_without_a_pull() {
    if !installed() {
        return;
    }
    let hub = FakeHub::start().await;
    hub.tokens().grant_everybody("library/nginx", "pull");
    hub.tokens().user("ada", "lovelace");
    hub.tokens().grant("ada", "acme/shop", "pull");
    Content::oci_index(&hub.storage(), "library/nginx").tag("1").push().await;
    Content::image(&hub.storage(), "acme/shop").tag("1").push().await;
    // Nothing is left of the quota, and it is not needed.
    hub.remaining(0);
    let url = hub.url();
    let asking = client(&url, None);
    assert_eq!(asking.quota(), None, "nothing was asked");
    let found = asking.find(&reference(&url, "library/nginx:1")).await.unwrap();
    assert!(found.unwrap().media_type.is_index());
    let quota = asking.quota().expect("it says what is left");
    assert_eq!((quota.left, quota.of, quota.window.as_secs()), (0, 100, 21_600));
    let pulls: Vec<String> = hub
        .requests()
        .iter()
        .filter(|request| request.method == "GET" && request.path().contains("/manifests/"))
        .map(|request| request.path().to_owned())
        .collect();
    assert!(pulls.is_empty(), "{pulls:?}");
    // What it may not read and what is not there: the same, and no answer.
    for rest in ["acme/shop:1", "acme/none:1"] {
        let error = client(&url, None).find(&reference(&url, rest)).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden { has_login: false, .. }), "{rest}: {error:?}");
    }
    let ada = || password("ada", "lovelace");
    assert!(client(&url, ada()).find(&reference(&url, "acme/shop:1")).await.unwrap().is_some());
    let error = client(&url, ada()).find(&reference(&url, "acme/none:1")).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { has_login: true, .. }), "{error:?}");
    let error = client(&url, password("ada", "byron"))
        .find(&reference(&url, "acme/shop:1"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Login { .. }), "{error:?}");
    assert!(error.to_string().contains("incorrect username or password"), "{error}");
    assert_eq!(
        client(&url, None).find(&reference(&url, "library/nginx:none")).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn ghcr_gives_its_tags_in_pages_and_names_a_repository_that_nobody_has() {
    if !installed() {
        return;
    }
    let ghcr = FakeGhcr::start().await;
    ghcr.tokens().user("ada", "lovelace");
    ghcr.tokens().grant("ada", "acme/shop", "pull");
    let tags: Vec<String> = (0..130).map(|at| format!("v1.0.{at}")).collect();
    let content = Content::image(&ghcr.storage(), "acme/shop");
    tags.iter().fold(content, |content, tag| content.tag(tag)).push().await;
    let url = ghcr.url();
    let ada = || password("ada", "lovelace");
    let repository = format!("{}/acme/shop", url.strip_prefix("http://").unwrap());
    let listed = client(&url, ada()).tags(&Repository::parse(&repository).unwrap()).await.unwrap();
    assert_eq!(listed.len(), 130);
    assert!(
        client(&url, ada()).find(&reference(&url, "acme/shop:v1.0.7")).await.unwrap().is_some()
    );
    assert_eq!(client(&url, ada()).find(&reference(&url, "acme/shop:none")).await.unwrap(), None);
    for (credentials, rest) in [
        (Some(ada()), "acme/none:1"),
        (Some(password("ada", "byron")), "acme/shop:v1.0.7"),
        (None, "acme/shop:v1.0.7"),
    ] {
        let error = client(&url, credentials).find(&reference(&url, rest)).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. }), "{rest}: {error:?}");
    }
}
