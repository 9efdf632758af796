//! Each fault of the proxy, in front of the real program.

use std::time::Duration;

use mta_actions::adapters::http;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::kit::registry::{
    Answer, Content, Distribution, FakeGhcr, Fault, FaultProxy, Link, Pages, Repository,
    accept_all, digest, installed,
};

/// A registry with an image `v1`, and a proxy before it.
async fn both() -> (Distribution, FaultProxy) {
    let registry = Distribution::open().await;
    Content::image(&registry.url(), "acme/shop").tag("v1").push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    (registry, proxy)
}

async fn get(base: &str, path: &str) -> Result<Response, reqwest::Error> {
    let url = format!("{base}{path}").parse().unwrap();
    let client = http::client().unwrap();
    let request = client.get(url).header("accept", accept_all());
    request.timeout(Duration::from_secs(10)).send().await
}

const V1: &str = "/v2/acme/shop/manifests/v1";

#[tokio::test]
async fn without_a_rule_everything_passes_and_is_noted() {
    if !installed() {
        return;
    }
    let (registry, proxy) = both().await;
    let index = Content::oci_index(&proxy.url(), "acme/shop").tag("v2").push().await;
    let straight = get(&registry.url(), "/v2/acme/shop/manifests/v2").await.unwrap();
    assert_eq!(straight.bytes().await.unwrap(), index.bytes);
    let began = proxy.lines();
    assert_eq!(began[0], "POST /v2/acme/shop/blobs/uploads/");
    assert!(began[1].starts_with("PUT /v2/acme/shop/blobs/uploads/"), "{began:?}");
    assert_eq!(began.last().unwrap(), "PUT /v2/acme/shop/manifests/v2");
    assert!(!proxy.saw_credentials());
    proxy.heal();
    let head = Repository::new(&proxy.url(), "acme/shop").authorized("Bearer x");
    let answer = head.request(Method::HEAD, "manifests/v2").header("accept", accept_all());
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["docker-content-digest"], *index.digest);
    assert_eq!(answer.headers()["content-length"], index.size.to_string());
    assert!(answer.bytes().await.unwrap().is_empty());
    assert!(proxy.saw_credentials());
    assert_eq!(proxy.requests()[0].all("accept"), [accept_all()]);
}

#[tokio::test]
async fn rules_are_once_or_always_or_for_a_number() {
    if !installed() {
        return;
    }
    let (_registry, proxy) = both().await;
    let status = async |path: &str| get(&proxy.url(), path).await.unwrap().status().as_u16();
    proxy.once("GET /v2/acme/shop/manifests/", Fault::error(503, "UNAVAILABLE"));
    proxy.nth(2, Fault::error(429, "TOOMANYREQUESTS"));
    proxy.once("HEAD /", Fault::error(500, "UNKNOWN"));
    assert_eq!([status("/v2/").await, status(V1).await], [200, 503]);
    assert_eq!([status(V1).await, status(V1).await], [429, 200]);
    proxy.heal();
    proxy.once("GET /v2/acme", Fault::Pass);
    proxy.always("GET /v2/acme", Fault::error(502, "UNKNOWN"));
    assert_eq!([status(V1).await, status(V1).await, status(V1).await], [200, 502, 502]);
    assert_eq!(proxy.lines().len(), 3);
}

#[tokio::test]
async fn an_answer_of_the_script_is_given_instead() {
    if !installed() {
        return;
    }
    let (_registry, proxy) = both().await;
    let busy = Answer::new(429, "slowly").with("Retry-After", 7);
    proxy.once("GET ", Fault::Answer(busy));
    let answer = get(&proxy.url(), V1).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    assert_eq!(answer.text().await.unwrap(), "slowly");
}

#[tokio::test]
async fn connections_are_lost_at_each_place() {
    if !installed() {
        return;
    }
    let (registry, proxy) = both().await;
    for fault in [Fault::LoseRequest, Fault::LoseAnswer] {
        proxy.once("GET ", fault.clone());
        let error = get(&proxy.url(), V1).await.unwrap_err();
        assert!(http::in_words(&error).contains("reset"), "{fault:?}: {error:?}");
    }
    for fault in [Fault::LoseBody, Fault::Cut] {
        proxy.once("GET ", fault.clone());
        let answer = get(&proxy.url(), V1).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err(), "{fault:?}");
    }
    // What became of the request at the server behind.
    for (fault, arrives) in [(Fault::LoseRequest, false), (Fault::LoseAnswer, true)] {
        let bytes = get(&registry.url(), V1).await.unwrap().bytes().await.unwrap();
        proxy.once("PUT ", fault);
        let put = Repository::new(&proxy.url(), "acme/shop").request(Method::PUT, "manifests/new");
        let put = put.header("content-type", crate::kit::registry::DOCKER_MANIFEST).body(bytes);
        assert!(put.send().await.is_err());
        let there = get(&registry.url(), "/v2/acme/shop/manifests/new").await.unwrap();
        assert_eq!(there.status() == 200, arrives);
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_arrives() {
    if !installed() {
        return;
    }
    let (registry, proxy) = both().await;
    let begun = Repository::new(&proxy.url(), "acme/shop");
    let begun = begun.request(Method::POST, "blobs/uploads/").send().await.unwrap();
    let place = begun.headers()["location"].to_str().unwrap();
    assert!(place.starts_with(&proxy.url()), "{place}");
    let pieces = [vec![b'a'; 70_000], Vec::new(), vec![b'b'; 3]];
    let name = digest(&pieces.concat());
    let stream = futures_util::stream::iter(pieces.map(Ok::<_, std::io::Error>));
    let url: reqwest::Url = format!("{place}&digest={name}").parse().unwrap();
    let put = http::client().unwrap().towards(&url).put(url.clone());
    let done = put.body(reqwest::Body::wrap_stream(stream)).send().await.unwrap();
    assert_eq!(done.status(), 201);
    let last = proxy.requests().pop().unwrap();
    assert_eq!((last.body.len(), last.all("transfer-encoding")), (70_003, vec!["chunked"]));
    let there = get(&registry.url(), &format!("/v2/acme/shop/blobs/{name}")).await.unwrap();
    assert_eq!(digest(&there.bytes().await.unwrap()), name);
}

#[tokio::test]
async fn silence_lasts() {
    if !installed() {
        return;
    }
    let (_registry, proxy) = both().await;
    proxy.once("GET ", Fault::Silence);
    let request = http::client().unwrap().get(format!("{}{V1}", proxy.url()).parse().unwrap());
    let error = request.timeout(Duration::from_millis(300)).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(get(&proxy.url(), V1).await.unwrap().status(), 200);
}

#[tokio::test]
async fn headers_are_dropped_and_replaced_and_bodies_changed() {
    if !installed() {
        return;
    }
    let (_registry, proxy) = both().await;
    let whole = get(&proxy.url(), V1).await.unwrap();
    let named = whole.headers()["docker-content-digest"].to_str().unwrap().to_owned();
    assert_eq!(digest(&whole.bytes().await.unwrap()), named);
    proxy.once("GET ", Fault::Header("Docker-Content-Digest", None));
    let answer = get(&proxy.url(), V1).await.unwrap();
    assert!(answer.headers().get("docker-content-digest").is_none());
    proxy.once("GET ", Fault::Header("Content-Type", Some("text/plain".to_owned())));
    let answer = get(&proxy.url(), V1).await.unwrap();
    let types: Vec<_> = answer.headers().get_all("content-type").iter().collect();
    assert_eq!(types, ["text/plain"]);
    proxy.once("GET ", Fault::Corrupt);
    let answer = get(&proxy.url(), V1).await.unwrap();
    assert_eq!(answer.headers()["docker-content-digest"], *named);
    assert_ne!(digest(&answer.bytes().await.unwrap()), named);
}

#[tokio::test]
async fn a_redirect_leads_to_another_host() {
    if !installed() {
        return;
    }
    let (registry, proxy) = both().await;
    let other = FaultProxy::before(&registry.url()).await;
    proxy.once("GET ", Fault::Redirect(other.other_host()));
    let answer = get(&proxy.url(), V1).await.unwrap();
    assert_eq!(answer.status(), 307);
    let there = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(there, format!("{}{V1}", other.other_host()));
    assert_eq!(get(&there, "").await.unwrap().status(), 200);
    assert_eq!(other.lines(), [format!("GET {V1}")]);
}

#[tokio::test]
async fn addresses_of_the_server_behind_lead_through_the_proxy() {
    if !installed() {
        return;
    }
    let (_registry, proxy) = both().await;
    let outer = FaultProxy::before(&proxy.url()).await;
    let there = format!("{}/elsewhere", proxy.url());
    let foreign = "http://registry.example.org/x";
    proxy.once("GET ", Fault::Answer(Answer::new(302, "").with("Location", &there)));
    proxy.once("GET ", Fault::Answer(Answer::new(302, "").with("Location", foreign)));
    let location = async || {
        let answer = get(&outer.url(), "/v2/").await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(location().await, format!("{}/elsewhere", outer.url()));
    assert_eq!(location().await, foreign);
    let ghcr = FakeGhcr::start().await;
    let before = FaultProxy::before(&ghcr.url()).await;
    let asked = get(&before.url(), "/v2/").await.unwrap();
    let challenge = asked.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(&format!("realm=\"{}/token\"", before.url())), "{challenge}");
}

/// Follows the links, at most so often; what each page had, and where the last link led.
async fn walked(base: &str, first: &str, most: usize) -> (Vec<Vec<String>>, Option<String>) {
    let (mut pages, mut next) = (Vec::new(), Some(format!("{base}{first}")));
    while let (Some(url), true) = (next.clone(), pages.len() < most) {
        let answer = get(&url, "").await.unwrap();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let list: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let tags = list["tags"].as_array().unwrap();
        pages.push(tags.iter().map(|tag| tag.as_str().unwrap().to_owned()).collect());
        next = link.map(|link| {
            let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
            if target.starts_with('/') { format!("{base}{target}") } else { target.to_owned() }
        });
    }
    (pages, next)
}

#[tokio::test]
async fn tags_come_in_pages() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let mut content = Content::image(&registry.url(), "acme/shop");
    for number in 0..7 {
        content = content.tag(&format!("v{number}"));
    }
    content.push().await;
    let all = Repository::new(&registry.url(), "acme/shop").tags().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let list = "/v2/acme/shop/tags/list";
    let cut = |link: Link| {
        proxy.heal();
        proxy.always(&format!("GET {list}"), Fault::Pages(Pages::of(3, link)));
    };
    for (link, second) in [
        (Link::Relative, format!("GET {list}?last={}&n=3", all[2])),
        (Link::Absolute, format!("GET {list}?last={}&n=3", all[2])),
        (Link::Opaque, format!("GET {list}?next_page=gAAAA%2Fof%2Bthe%3Dtest-3%3D%3D")),
    ] {
        cut(link);
        let (pages, next) = walked(&proxy.url(), list, 9).await;
        assert_eq!((pages.len(), pages.concat(), next), (3, all.clone(), None));
        assert_eq!(proxy.lines()[1], second);
    }
    let (page, _) = walked(&proxy.url(), &format!("{list}?n=2"), 1).await;
    assert_eq!(page.concat(), all[..2]);
    let wrong =
        get(&proxy.url(), &format!("{list}?next_page=gAAAA/of+the=test-3==")).await.unwrap();
    assert_eq!(wrong.status(), 400);

    cut(Link::Loop);
    let (pages, next) = walked(&proxy.url(), list, 7).await;
    assert_eq!((&pages[0], &pages[1], pages.len()), (&pages[3], &pages[4], 7));
    assert!(next.is_some());

    let other = FaultProxy::before(&registry.url()).await;
    cut(Link::Elsewhere(other.other_host()));
    let (pages, next) = walked(&proxy.url(), list, 1).await;
    assert_eq!(pages.concat(), all[..3]);
    assert!(next.unwrap().starts_with(&other.other_host()));
}
