//! The client against the real program: what it finds, what it does not, and by how many requests.

use std::time::Duration;

use mta_actions::adapters::http;
use mta_actions::adapters::registry::{Client, Error, Found, Settings, Tempo};
use mta_actions::domain::event::{Event, Sink};
use mta_actions::domain::image::{Digest, MediaType, Reference, Registry, Repository};
use mta_actions::domain::registry::credentials::Credentials;

use serde_json::json;

use crate::kit::registry::{
    Answer, Content, Distribution, Ending, Fault, FaultProxy, Field, Link, PASSWORD, Pages, Pushed,
    Repository as Pieces, TokenServer, accept_all, installed, too_many, wrong_password,
};

/// Nobody listens.
pub struct Silent;

impl Sink for Silent {
    fn emit(&self, _: Event) {}
}

/// A client of the registry at `http://HOST:PORT`, faster than the usual one.
pub fn client(url: &str, credentials: impl Into<Option<Credentials>>) -> Client<'static> {
    let registry = Registry::parse(url.strip_prefix("http://").unwrap()).unwrap();
    let tempo = Tempo {
        first_pause: Duration::from_millis(5),
        unsaid_limit: Duration::from_millis(20),
        answer: Duration::from_secs(2),
    };
    let budget = Duration::from_secs(8);
    let settings = Settings { credentials: credentials.into(), budget, seed: 1, tempo };
    Client::new(&http::client().unwrap(), registry, settings, &Silent)
}

pub fn password(username: &str, password: &str) -> Credentials {
    Credentials::Password { username: username.to_owned(), password: password.into() }
}

fn reference(url: &str, rest: &str) -> Reference {
    Reference::parse(&format!("{}/{rest}", url.strip_prefix("http://").unwrap())).unwrap()
}

async fn find(url: &str, rest: &str) -> Result<Option<Found>, Error> {
    client(url, None).find(&reference(url, rest)).await
}

fn found(pushed: &Pushed) -> Found {
    let digest = Digest::parse(&pushed.digest).unwrap();
    Found { digest, media_type: MediaType::parse(&pushed.media_type).unwrap() }
}

/// What is there and what is not costs one request.
#[tokio::test]
async fn all_four_media_types_are_found_by_one_request() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let url = registry.url();
    let kinds = [
        Content::image(&url, "acme/shop").tag("docker").push().await,
        Content::list(&url, "acme/shop").tag("list").push().await,
        Content::oci_image(&url, "acme/shop").tag("oci").push().await,
        Content::oci_index(&url, "acme/shop").tag("index").push().await,
    ];
    let proxy = FaultProxy::before(&url).await;
    for (pushed, tag) in kinds.iter().zip(["docker", "list", "oci", "index"]) {
        proxy.heal();
        assert_eq!(
            find(&proxy.url(), &format!("acme/shop:{tag}")).await.unwrap(),
            Some(found(pushed)),
            "{tag}"
        );
        assert_eq!(proxy.lines(), [format!("HEAD /v2/acme/shop/manifests/{tag}")]);
        assert_eq!(proxy.requests()[0].all("accept").join(", "), accept_all());
        let by_digest = format!("acme/shop@{}", pushed.digest);
        assert_eq!(
            find(&proxy.url(), &by_digest).await.unwrap(),
            Some(found(pushed)),
            "{by_digest}"
        );
    }
    for absent in ["acme/shop:none", "acme/none:1", &format!("acme/shop@sha256:{}", "0".repeat(64))]
    {
        proxy.heal();
        assert_eq!(find(&proxy.url(), absent).await.unwrap(), None, "{absent}");
        assert_eq!(proxy.lines().len(), 1, "{absent}");
        // Where nothing says that it is a registry's answer, the body has to.
        proxy.heal();
        proxy.once("HEAD", Fault::Header("Docker-Distribution-Api-Version", None));
        assert_eq!(find(&proxy.url(), absent).await.unwrap(), None, "{absent}");
        assert_eq!(proxy.lines().len(), 2, "{absent}");
    }
}

#[tokio::test]
async fn details_are_those_of_the_images_and_not_of_their_attestations() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let url = registry.url();
    let bytes_of = |pushed: &Pushed| pushed.blobs.iter().map(|blob| blob.size as u64).sum::<u64>();
    let index = Content::oci_index(&url, "acme/shop").tag("index").push().await;
    let image = Content::image(&url, "acme/shop").platform("linux/arm/v7").tag("one").push().await;
    let client = client(&url, None);
    let one = reference(&url, "acme/shop:one");
    let details = client.details(one.repository(), &found(&image)).await.unwrap();
    assert_eq!(
        details.platforms.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["linux/arm/v7"]
    );
    assert_eq!(details.pulled, bytes_of(&image));
    // An index that does not say for what its images are, and one of indexes.
    let part = |pushed: &Pushed| {
        let (media_type, digest, size) = (&pushed.media_type, &pushed.digest, pushed.size);
        json!({"mediaType": media_type, "digest": digest, "size": size})
    };
    let into = Pieces::new(&url, "acme/shop");
    for (tag, child) in [("bare", &image), ("nested", &index)] {
        let media_type = MediaType::OciIndex.as_str();
        let bytes =
            json!({"schemaVersion": 2, "mediaType": media_type, "manifests": [part(child)]})
                .to_string();
        into.push_manifest(tag, media_type, bytes.as_bytes()).await;
        let there =
            client.find(&reference(&url, &format!("acme/shop:{tag}"))).await.unwrap().unwrap();
        let details = client.details(one.repository(), &there).await;
        match details {
            Ok(details) => {
                assert_eq!(
                    (tag, details.platforms[0].to_string().as_str()),
                    ("bare", "linux/arm/v7")
                );
                assert_eq!(details.pulled, bytes_of(&image));
            }
            Err(error) => {
                assert!(tag == "nested" && matches!(error, Error::Unusable { .. }), "{error:?}");
            }
        }
    }
    let details = client.details(one.repository(), &found(&index)).await.unwrap();
    let platforms: Vec<String> = details.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(details.pulled, index.children[..2].iter().map(bytes_of).max().unwrap());
}

#[tokio::test]
async fn answers_that_lack_something_are_looked_at_themselves() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let pushed = Content::oci_index(&registry.url(), "acme/shop").tag("v1").push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    for (name, value) in [
        ("Docker-Content-Digest", None),
        ("Docker-Content-Digest", Some("sha256:12")),
        ("Content-Type", None),
    ] {
        proxy.heal();
        proxy.once("HEAD", Fault::Header(name, value.map(str::to_owned)));
        assert_eq!(
            find(&proxy.url(), "acme/shop:v1").await.unwrap(),
            Some(found(&pushed)),
            "{name} {value:?}"
        );
        assert_eq!(proxy.lines()[1..], ["GET /v2/acme/shop/manifests/v1"], "{name} {value:?}");
    }
    // Neither answer names a digest: it is that of the bytes.
    proxy.heal();
    proxy.always("", Fault::Header("Docker-Content-Digest", None));
    assert_eq!(find(&proxy.url(), "acme/shop:v1").await.unwrap(), Some(found(&pushed)));
    for status in [400, 405, 501] {
        proxy.heal();
        proxy.once("HEAD", Fault::Answer(Answer::new(status, "")));
        assert_eq!(
            find(&proxy.url(), "acme/shop:v1").await.unwrap(),
            Some(found(&pushed)),
            "{status}"
        );
    }
}

#[tokio::test]
async fn what_is_not_what_it_says_is_no_answer() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let url = registry.url();
    let pushed = Content::oci_image(&url, "acme/shop").tag("v1").push().await;
    let other = Content::oci_image(&url, "acme/shop").text("other").tag("v2").push().await;
    let proxy = FaultProxy::before(&url).await;
    let why = |error: Error| match error {
        Error::Unusable { why, .. } => why,
        error => panic!("{error:?}"),
    };
    // Another image than the one that was asked for.
    proxy.once("HEAD", Fault::Header("Docker-Content-Digest", Some(other.digest.clone())));
    let by_digest = format!("acme/shop@{}", pushed.digest);
    let told = why(find(&proxy.url(), &by_digest).await.unwrap_err());
    assert_eq!(told, format!("the registry answers with another digest, {}", other.digest));
    // Bytes that were changed on the way.
    proxy.heal();
    proxy.once("HEAD", Fault::Header("Content-Type", None));
    proxy.once("GET", Fault::Corrupt);
    let told = why(find(&proxy.url(), "acme/shop:v1").await.unwrap_err());
    assert_eq!(told, "the bytes are not those of the digest that the registry names");
    // JSON of other interfaces, and a manifest that is none.
    for (status, media_type, body, words) in [
        (
            404,
            "application/json",
            r#"{"errors":[{"code":"not_found"}]}"#,
            "not how a registry says",
        ),
        (
            404,
            "application/json",
            r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#,
            "not how a registry says",
        ),
        (200, "application/vnd.api+json", r#"{"data":[]}"#, "another media type"),
        (200, "application/vnd.oci.image.manifest.v1+json", "", "not the JSON of a manifest"),
        (204, "application/vnd.oci.image.manifest.v1+json", "", "has no manifest"),
    ] {
        proxy.heal();
        proxy.always("", Fault::Answer(Answer::new(status, body).with("Content-Type", media_type)));
        let told = why(find(&proxy.url(), "acme/shop:v1").await.unwrap_err());
        assert!(told.contains(words), "{status} {media_type} {body}: {told}");
    }
    // There by one answer, and not by the next.
    proxy.heal();
    proxy.once("HEAD", Fault::Header("Docker-Content-Digest", None));
    proxy.once("GET", Fault::error(404, "MANIFEST_UNKNOWN"));
    let told = why(find(&proxy.url(), "acme/shop:v1").await.unwrap_err());
    assert_eq!(told, "the registry says that it is there, and that it is not");
    // A web server that has no page, and one that has one for everything.
    proxy.heal();
    proxy.always("", Fault::Answer(Answer::new(404, "<html>no such page</html>")));
    let told = why(find(&proxy.url(), "acme/shop:v1").await.unwrap_err());
    assert_eq!(
        told,
        format!(
            "{} answered 404 (a page of HTML), which is not how a registry says that there is none",
            proxy.url().strip_prefix("http://").unwrap()
        )
    );
    proxy.heal();
    let page = Answer::new(200, "<html>welcome</html>").with("Content-Type", "text/html");
    proxy.always("", Fault::Answer(page));
    let told = why(find(&proxy.url(), "acme/shop:v1").await.unwrap_err());
    assert_eq!(told, "the answer is no manifest: it is of another media type");
}

#[tokio::test]
async fn what_passes_by_itself_is_asked_again() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let pushed = Content::image(&registry.url(), "acme/shop").tag("v1").push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let limited =
        || Fault::Answer(Answer::error(429, "TOOMANYREQUESTS", "slow down").with("Retry-After", 0));
    for fault in [
        Fault::LoseRequest,
        Fault::LoseAnswer,
        limited(),
        Fault::error(500, "UNKNOWN"),
        Fault::error(503, "UNAVAILABLE"),
        Fault::Answer(Answer::new(522, "")),
    ] {
        proxy.heal();
        proxy.nth(0, fault.clone());
        proxy.nth(1, fault.clone());
        assert_eq!(
            find(&proxy.url(), "acme/shop:v1").await.unwrap(),
            Some(found(&pushed)),
            "{fault:?}"
        );
    }
    // What stays.
    proxy.heal();
    proxy.always("", Fault::error(503, "UNAVAILABLE"));
    let error = find(&proxy.url(), "acme/shop:v1").await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert_eq!(proxy.lines().len(), 4);
    proxy.heal();
    proxy.always(
        "",
        Fault::Answer(Answer::error(429, "TOOMANYREQUESTS", "x").with("Retry-After", 3600)),
    );
    let error = find(&proxy.url(), "acme/shop:v1").await.unwrap_err();
    let Error::Limited { asks, .. } = &error else { panic!("{error:?}") };
    assert_eq!(asks.as_secs(), 3600, "what was asked for, without our own addition");
    assert_eq!(proxy.lines().len(), 1, "a wait that does not fit is not begun");
    let nobody = client("http://127.0.0.1:1", None);
    let error = nobody.find(&reference("http://127.0.0.1:1", "acme/shop:v1")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_login_is_told_to_the_registry_and_to_nobody_else() {
    if !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let elsewhere = FaultProxy::before(&registry.url()).await;
    let ask = async |credentials: Option<Credentials>| {
        client(&proxy.url(), credentials).find(&reference(&proxy.url(), "acme/shop:v1")).await
    };
    assert_eq!(ask(Some(password("ada", PASSWORD))).await.unwrap(), None);
    let error = ask(Some(password("ada", "wrong"))).await.unwrap_err();
    assert!(matches!(error, Error::Login { .. }), "{error:?}");
    let error = ask(None).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { has_login: false, .. }), "{error:?}");
    // Sent elsewhere and back to a path that the other host chose, it is not told there either.
    proxy.heal();
    elsewhere.always("", Fault::Redirect(proxy.url()));
    proxy.nth(1, Fault::Redirect(elsewhere.other_host()));
    let error = ask(Some(password("ada", PASSWORD))).await.unwrap_err();
    let with_login: Vec<bool> =
        proxy.requests().iter().map(|request| !request.all("authorization").is_empty()).collect();
    assert_eq!(with_login[..3], [false, true, false], "{error:?}");
    elsewhere.heal();
    // Sent elsewhere, it asks there without it.
    proxy.heal();
    proxy.nth(1, Fault::Redirect(elsewhere.other_host()));
    let error = ask(Some(password("ada", PASSWORD))).await.unwrap_err();
    assert!(!elsewhere.lines().is_empty() && !elsewhere.saw_credentials(), "{error:?}");
    assert!(proxy.saw_credentials());
}

/// A token server where ada may read one repository.
async fn tokens() -> TokenServer {
    let tokens = TokenServer::start().await;
    tokens.user("ada", "lovelace");
    tokens.grant("ada", "acme/shop", "pull");
    tokens
}

#[tokio::test]
async fn tokens_are_fetched_once_and_again_when_they_end() {
    if !installed() {
        return;
    }
    let tokens = tokens().await;
    let registry = Distribution::token(&tokens).await;
    let url = registry.url();
    for field in [Field::Token, Field::AccessToken, Field::Both] {
        tokens.settings(|settings| settings.field = field);
        let client = client(&url, password("ada", "lovelace"));
        let before = tokens.asked().len();
        for tag in ["one", "two", "three"] {
            assert_eq!(
                client.find(&reference(&url, &format!("acme/shop:{tag}"))).await.unwrap(),
                None
            );
        }
        let asked = tokens.asked();
        assert_eq!(asked.len(), before + 1, "{field:?}");
        assert_eq!(asked[before].scopes(), ["repository:acme/shop:pull"]);
    }
    // A server that says nothing of the time, one whose tokens end at once, and one whose tokens ended long ago.
    for (expires_in, lifetime) in [(None, 300), (Some(0), 300), (Some(300), -120)] {
        tokens
            .settings(|settings| (settings.expires_in, settings.lifetime) = (expires_in, lifetime));
        let client = client(&url, password("ada", "lovelace"));
        let answer = client.find(&reference(&url, "acme/shop:one")).await;
        assert_eq!(answer.is_ok(), lifetime > 0, "{expires_in:?} {lifetime}: {answer:?}");
    }
    tokens.settings(|settings| (settings.expires_in, settings.lifetime) = (Some(300), 300));
    // One that the registry does not take any more, whatever it said of its time.
    let proxy = FaultProxy::before(&url).await;
    let early = client(&proxy.url(), password("ada", "lovelace"));
    let look = async || early.find(&reference(&proxy.url(), "acme/shop:one")).await;
    assert_eq!(look().await.unwrap(), None);
    let before = tokens.asked().len();
    let challenge = format!(
        "Bearer realm=\"{}\",service=\"registry.test\",error=\"invalid_token\"",
        tokens.realm()
    );
    proxy.once("HEAD", Fault::Answer(Answer::new(401, "").with("WWW-Authenticate", challenge)));
    assert_eq!(look().await.unwrap(), None);
    assert_eq!(tokens.asked().len(), before + 1);
    let identity = Some(Credentials::IdentityToken(TokenServer::identity_token("ada").into()));
    let client = client(&url, identity);
    assert_eq!(client.find(&reference(&url, "acme/shop:one")).await.unwrap(), None);
    assert_eq!(tokens.asked().last().unwrap().value("grant_type"), Some("refresh_token"));
}

#[tokio::test]
async fn absent_forbidden_limited_and_wrong_logins_are_different_answers() {
    if !installed() {
        return;
    }
    let tokens = tokens().await;
    let registry = Distribution::token(&tokens).await;
    let url = registry.url();
    let ask = async |credentials: Option<Credentials>, rest: &str| {
        client(&url, credentials).find(&reference(&url, rest)).await
    };
    let ada = || Some(password("ada", "lovelace"));
    assert_eq!(ask(ada(), "acme/shop:none").await.unwrap(), None);
    let error = ask(ada(), "acme/other:v1").await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { has_login: true, .. }), "{error:?}");
    let error = ask(None, "acme/shop:v1").await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { has_login: false, .. }), "{error:?}");
    let error = ask(Some(password("ada", "wrong")), "acme/shop:v1").await.unwrap_err();
    assert!(matches!(error, Error::Login { .. }), "{error:?}");
    assert!(!format!("{error} {error:?} {}", error.help()).contains("wrong"), "{error:?}");
    // A limit of logins is no wrong login.
    let limit = Answer::error(401, "TOOMANYREQUESTS", "too many failed login attempts");
    tokens.script(limit.with("Retry-After", u64::MAX), Ending::Whole);
    let error = ask(ada(), "acme/shop:v1").await.unwrap_err();
    assert!(matches!(error, Error::Limited { .. }), "{error:?}");
    tokens.script(too_many(Some(3600)), Ending::Whole);
    let error = ask(ada(), "acme/shop:v1").await.unwrap_err();
    assert!(matches!(error, Error::Limited { .. }), "{error:?}");
    // What passes is asked again at the token server too.
    for (answer, ending) in [
        (Answer::new(500, ""), Ending::Whole),
        (Answer::new(200, "{}"), Ending::Reset),
        (too_many(Some(0)), Ending::Whole),
    ] {
        tokens.script(answer, ending);
        assert_eq!(ask(ada(), "acme/shop:v1").await.unwrap(), None);
    }
    for (answer, ending) in [
        (Answer::new(200, "{}"), Ending::Whole),
        (Answer::new(200, "<html>"), Ending::Whole),
        (Answer::new(200, r#"{"token":"a\nb"}"#), Ending::Whole),
        (Answer::new(200, "x"), Ending::Endless),
        (Answer::new(302, "").with("Location", "http://127.0.0.1:1/"), Ending::Whole),
        (Answer::new(404, ""), Ending::Whole),
    ] {
        let shown = format!("{answer:?}");
        tokens.script(answer, ending);
        let error = ask(ada(), "acme/shop:v1").await.unwrap_err();
        assert!(matches!(error, Error::Unusable { .. }), "{shown}: {error:?}");
    }
    tokens.script(wrong_password(), Ending::Whole);
    let error = ask(None, "acme/shop:v1").await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { has_login: false, .. }), "{error:?}");
}

fn repository(url: &str) -> Repository {
    Repository::parse(&format!("{}/acme/shop", url.strip_prefix("http://").unwrap())).unwrap()
}

#[tokio::test]
async fn all_pages_of_the_tags_are_read() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let mut content = Content::image(&registry.url(), "acme/shop");
    let mut expected: Vec<String> = (0..7).map(|at| format!("v1.{at}")).collect();
    for tag in expected.iter().rev() {
        content = content.tag(tag);
    }
    content.push().await;
    expected.sort();
    let proxy = FaultProxy::before(&registry.url()).await;
    let url = proxy.url();
    let tags = async || client(&url, None).tags(&repository(&url)).await;
    let shown = |tags: Vec<mta_actions::domain::image::Tag>| {
        tags.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(shown(tags().await.unwrap()), expected);
    for (size, link) in
        [(3, Link::Relative), (1, Link::Absolute), (2, Link::Opaque), (7, Link::Relative)]
    {
        proxy.heal();
        let kind = format!("{size} {link:?}");
        proxy.always("GET", Fault::Pages(Pages::of(size, link)));
        assert_eq!(shown(tags().await.unwrap()), expected, "{kind}");
        assert!(proxy.lines().len() >= 7 / size, "{kind}");
    }
    // Half a list is none.
    for (link, why) in [
        (Link::Loop, "the list of tags does not end, or has more than 50,000"),
        (Link::Elsewhere(proxy.other_host()), "its next page is on another server"),
    ] {
        proxy.heal();
        proxy.always("GET", Fault::Pages(Pages::of(3, link)));
        let error = tags().await.unwrap_err();
        assert!(matches!(&error, Error::Unusable { why: told, .. } if told == why), "{error:?}");
    }
    proxy.heal();
    proxy.always("GET", Fault::Answer(Answer::new(200, r#"{"name":"acme/shop","tags":null}"#)));
    assert!(tags().await.unwrap().is_empty());
    proxy.heal();
    proxy.always("GET", Fault::Answer(Answer::new(200, "<html>")));
    assert!(matches!(tags().await.unwrap_err(), Error::Unusable { .. }));
    let none = repository(&url).to_string().replace("shop", "none");
    let error =
        client(&registry.url(), None).tags(&Repository::parse(&none).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Absent { .. }), "{error:?}");
}

#[tokio::test]
async fn silence_and_cut_answers_end_in_time() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    Content::image(&registry.url(), "acme/shop").tag("v1").push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let url = proxy.url();
    for fault in [Fault::Silence, Fault::LoseBody, Fault::Cut] {
        proxy.heal();
        proxy.always("", fault.clone());
        let began = std::time::Instant::now();
        let error = client(&url, None).tags(&repository(&url)).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{fault:?}: {error:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{fault:?}");
    }
}
