//! Tags that are set to an image which is there: the same bytes, so the same digest.

use mta_actions::adapters::registry::{Doing, Error, Whole};
use mta_actions::domain::image::Reference;

use super::client::{client, password};
use crate::kit::registry::{
    Answer, Content, Distribution, Fault, FaultProxy, Repository, TokenServer, accept_all, digest,
    installed,
};

fn reference(url: &str, rest: &str) -> Reference {
    Reference::parse(&format!("{}/{rest}", url.strip_prefix("http://").unwrap())).unwrap()
}

async fn read(url: &str, rest: &str) -> Whole {
    client(url, None).manifest(&reference(url, rest)).await.unwrap()
}

async fn set(url: &str, rest: &str, whole: &Whole) -> Result<(), Error> {
    client(url, None).tag(&reference(url, rest), whole).await
}

#[tokio::test]
async fn any_kind_of_image_keeps_its_digest() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let url = registry.url();
    let repository = Repository::new(&url, "acme/shop");
    for content in [
        Content::image(&url, "acme/shop"),
        Content::list(&url, "acme/shop"),
        Content::oci_image(&url, "acme/shop"),
        Content::oci_index(&url, "acme/shop"),
    ] {
        let pushed = content.tag("first").push().await;
        let proxy = FaultProxy::before(&url).await;
        let whole = read(&proxy.url(), "acme/shop:first").await;
        assert_eq!(whole.found.digest.to_string(), pushed.digest);
        set(&proxy.url(), "acme/shop:second", &whole).await.unwrap();
        let answer = repository.manifest("second", &accept_all()).await;
        assert_eq!(answer.headers()["content-type"].to_str().unwrap(), pushed.media_type);
        assert_eq!(digest(&answer.bytes().await.unwrap()), pushed.digest);
        let lines = ["GET /v2/acme/shop/manifests/first", "PUT /v2/acme/shop/manifests/second"];
        assert_eq!(proxy.lines(), lines);
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_is_not_kept_is_told() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    Content::image(&registry.url(), "acme/shop").tag("v1").push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let whole = read(&proxy.url(), "acme/shop:v1").await;
    let put = "PUT /v2/acme/shop/manifests/v2";
    for fault in [
        Fault::error(503, "UNAVAILABLE"),
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::Answer(Answer::error(429, "TOOMANYREQUESTS", "x").with("Retry-After", 0)),
    ] {
        proxy.heal();
        proxy.once(put, fault.clone());
        set(&proxy.url(), "acme/shop:v2", &whole).await.unwrap();
        assert_eq!(proxy.lines(), [put, put], "{fault:?}");
    }
    // A registry that does not say what it keeps is asked.
    proxy.heal();
    proxy.once(put, Fault::Header("docker-content-digest", None));
    set(&proxy.url(), "acme/shop:v2", &whole).await.unwrap();
    assert_eq!(proxy.lines(), [put, "HEAD /v2/acme/shop/manifests/v2"]);
    let other = format!("sha256:{}", "0".repeat(64));
    for (fault, is_expected) in [
        (Fault::Header("docker-content-digest", Some(other)), "keeps another image"),
        (Fault::Redirect(proxy.other_host()), "sends what is written elsewhere"),
        (Fault::error(405, "UNSUPPORTED"), "cannot write"),
    ] {
        proxy.heal();
        proxy.once(put, fault);
        let error = set(&proxy.url(), "acme/shop:v2", &whole).await.unwrap_err();
        assert!(error.to_string().contains(is_expected), "{error}");
        assert_eq!(proxy.lines(), [put], "{error}");
    }
    // Another repository does not have what the manifest lists.
    proxy.heal();
    let error = set(&proxy.url(), "acme/other:v2", &whole).await.unwrap_err();
    assert!(matches!(error, Error::Refused { doing: Doing::Write, .. }), "{error:?}");
    assert_eq!(Repository::new(&registry.url(), "acme/other").tags().await, Vec::<String>::new());
}

#[tokio::test]
async fn it_needs_the_right_to_push_and_asks_for_it() {
    if !installed() {
        return;
    }
    let tokens = TokenServer::start().await;
    tokens.user("ada", "lovelace");
    tokens.user("eve", "moneypenny");
    tokens.grant("ada", "acme/shop", "pull,push");
    tokens.grant("eve", "acme/shop", "pull");
    let registry = Distribution::token(&tokens).await;
    let url = registry.url();
    let content = Content::image(&url, "acme/shop").tag("v1");
    let token = tokens.token("ada", &["repository:acme/shop:pull,push"]);
    content.authorized(&format!("Bearer {token}")).push().await;
    let by = |name: &str, word: &str| client(&url, password(name, word));
    let ada = by("ada", "lovelace");
    let whole = ada.manifest(&reference(&url, "acme/shop:v1")).await.unwrap();
    ada.tag(&reference(&url, "acme/shop:v2"), &whole).await.unwrap();
    // The registry names the actions in any order, and is asked for its own words too.
    let asked = tokens.asked();
    let scopes = asked.last().unwrap().scopes();
    assert_eq!(scopes[0], "repository:acme/shop:pull,push");
    assert!(
        scopes[1..].iter().all(|scope| *scope == "repository:acme/shop:push,pull"),
        "{scopes:?}"
    );
    let eve = by("eve", "moneypenny");
    let error = eve.tag(&reference(&url, "acme/shop:v3"), &whole).await.unwrap_err();
    assert!(
        matches!(error, Error::Forbidden { doing: Doing::Write, has_login: true, .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().starts_with("not allowed to write") && error.help().contains("may push"),
        "{error}"
    );
}
