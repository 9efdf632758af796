//! Docker Hub and GHCR as they are imitated.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mta_actions::adapters::http;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::kit::registry::{
    Content, FakeGhcr, FakeHub, Repository, accept_all, installed, used_up,
};

/// A header of an answer; empty without it.
fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn json(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

async fn ask(base: &str, method: Method, path: &str, token: Option<&str>) -> Response {
    let url: reqwest::Url = format!("{base}{path}").parse().unwrap();
    let client = http::client().unwrap();
    let mut request = client.towards(&url).request(method, url).header("accept", accept_all());
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn the_hub_sends_to_its_token_server_and_tells_the_quota() {
    if !installed() {
        return;
    }
    let hub = FakeHub::start().await;
    let nginx = Content::oci_index(&hub.storage(), "library/nginx").tag("1").push().await;
    hub.tokens().grant_everybody("library/nginx", "pull");
    let get = async |path: &str, token| ask(&hub.url(), Method::GET, path, token).await;
    let realm = hub.tokens().realm();
    let front = format!("Bearer realm=\"{realm}\",service=\"registry.docker.io\"");
    let base = get("/v2/", None).await;
    assert_eq!((base.status().as_u16(), header(&base, "www-authenticate")), (401, &*front));
    let path = "/v2/library/nginx/manifests/1";
    let first = get(path, None).await;
    let challenge = format!("{front},scope=\"repository:library/nginx:pull\"");
    assert_eq!((first.status().as_u16(), header(&first, "www-authenticate")), (401, &*challenge));
    assert_eq!(header(&first, "ratelimit-limit"), "");
    assert_eq!(json(first).await["errors"][0]["code"], "UNAUTHORIZED");

    let scope = "scope=repository:library/nginx:pull";
    let given = format!("{realm}?service=registry.docker.io&{scope}");
    let token = json(ask(&given, Method::GET, "", None).await).await;
    let token = token["token"].as_str().unwrap();
    assert_eq!(get("/v2/", Some(token)).await.status(), 200);
    let quota = async |method: Method| {
        let answer = ask(&hub.url(), method, path, Some(token)).await;
        let status = answer.status().as_u16();
        let told =
            ["ratelimit-limit", "ratelimit-remaining"].map(|it| header(&answer, it).to_owned());
        (status, told, json_or_null(answer).await)
    };
    let told = |left: &str| ["100;w=21600".to_owned(), format!("{left};w=21600")];
    let (status, quota_told, _) = quota(Method::HEAD).await;
    assert_eq!((status, quota_told), (200, told("100")));
    let (status, quota_told, body) = quota(Method::GET).await;
    assert_eq!((status, quota_told), (200, told("99")));
    assert_eq!(body["manifests"].as_array().unwrap().len(), nginx.children.len());
    hub.remaining(0);
    let (status, quota_told, body) = quota(Method::GET).await;
    assert_eq!((status, quota_told), (429, told("0")));
    assert_eq!(body["errors"][0]["code"], "TOOMANYREQUESTS");
    assert_eq!(body.to_string().into_bytes(), used_up().body);
    let (status, quota_told, _) = quota(Method::HEAD).await;
    assert_eq!((status, quota_told), (200, told("0")));
    assert_eq!(hub.requests().len(), 7);
}

async fn json_or_null(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn what_the_hub_does_not_have_looks_like_what_is_private() {
    if !installed() {
        return;
    }
    let hub = FakeHub::start().await;
    Content::image(&hub.storage(), "acme/private").tag("v1").push().await;
    hub.tokens().user("ada", "lovelace");
    hub.tokens().grant("ada", "acme/private", "pull,push,delete");
    for name in ["acme/private", "acme/absent"] {
        let token = hub.tokens().token("", &[&format!("repository:{name}:pull")]);
        let path = format!("/v2/{name}/manifests/v1");
        let answer = ask(&hub.url(), Method::GET, &path, Some(&token)).await;
        assert_eq!(answer.status(), 401, "{name}");
        let challenge = header(&answer, "www-authenticate");
        let end = format!("scope=\"repository:{name}:pull\",error=\"insufficient_scope\"");
        assert!(challenge.ends_with(&end), "{challenge}");
    }
    let ada = hub.tokens().token("ada", &["repository:acme/private:pull,push,delete"]);
    let get = async |path: &str| ask(&hub.url(), Method::GET, path, Some(&ada)).await;
    assert_eq!(get("/v2/acme/private/manifests/v1").await.status(), 200);
    let missing = get("/v2/acme/private/manifests/v2").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await["errors"][0]["code"], "MANIFEST_UNKNOWN");
    let wrong = ask(&hub.url(), Method::GET, "/v2/acme/private/tags/list", Some("x")).await;
    assert!(header(&wrong, "www-authenticate").ends_with("error=\"invalid_token\""), "{wrong:?}");
}

#[tokio::test]
async fn the_hub_is_pushed_to_mounted_into_and_deleted_from() {
    if !installed() {
        return;
    }
    let hub = FakeHub::start().await;
    hub.tokens().user("ada", "lovelace");
    hub.tokens().grant("ada", "acme/shop", "pull,push,delete");
    hub.tokens().grant("ada", "acme/base", "pull");
    let base = Content::image(&hub.storage(), "acme/base").push().await;
    let own = "repository:acme/shop:pull,push";
    let (one, two) = (
        hub.tokens().token("ada", &[own]),
        hub.tokens().token("ada", &[own, "repository:acme/base:pull"]),
    );
    let layer = &base.blobs[1].digest;
    let mount = format!("/v2/acme/shop/blobs/uploads/?mount={layer}&from=acme%2Fbase");
    let refused = ask(&hub.url(), Method::POST, &mount, Some(&one)).await;
    assert_eq!(refused.status(), 401);
    let wanted = "scope=\"repository:acme/shop:pull,push repository:acme/base:pull\"";
    assert!(header(&refused, "www-authenticate").contains(wanted), "{refused:?}");
    assert_eq!(ask(&hub.url(), Method::POST, &mount, Some(&two)).await.status(), 201);

    let content = Content::image(&hub.url(), "acme/shop").tag("v1");
    let image = content.authorized(&format!("Bearer {one}")).push().await;
    let delete = async |reference: &str, token: &str| {
        let path = format!("/v2/acme/shop/manifests/{reference}");
        ask(&hub.url(), Method::DELETE, &path, Some(token)).await
    };
    let refused = delete(&image.digest, &one).await;
    assert!(header(&refused, "www-authenticate").contains(":delete\""), "{refused:?}");
    let may = hub.tokens().token("ada", &["repository:acme/shop:delete"]);
    assert_eq!(delete("v1", &may).await.status(), 405);
    assert_eq!(delete(&image.digest, &may).await.status(), 202);
}

#[tokio::test]
async fn ghcr_denies_what_is_private_or_absent_at_its_token_server() {
    if !installed() {
        return;
    }
    let ghcr = FakeGhcr::start().await;
    for name in ["acme/public", "acme/private"] {
        Content::image(&ghcr.storage(), name).tag("v1").push().await;
    }
    ghcr.tokens().user("ada", "ghp_of_the_test");
    ghcr.tokens().grant("ada", "acme/private", "pull");
    ghcr.tokens().grant_everybody("acme/public", "pull");
    let get = async |path: &str, token| ask(&ghcr.url(), Method::GET, path, token).await;
    let challenge = |scope: &str| {
        format!("Bearer realm=\"{}/token\",service=\"ghcr.io\",scope=\"{scope}\"", ghcr.url())
    };
    let path = "/v2/acme/public/manifests/v1";
    for (path, scope) in
        [("/v2/", "repository:user/image:pull"), (path, "repository:acme/public:pull")]
    {
        let answer = get(path, None).await;
        assert_eq!(header(&answer, "www-authenticate"), challenge(scope));
        assert_eq!(answer.status(), 401);
    }
    for name in ["acme/private", "acme/absent"] {
        let token =
            get(&format!("/token?service=ghcr.io&scope=repository:{name}:pull"), None).await;
        assert_eq!(token.status(), 403);
        let error = json(token).await["errors"][0].clone();
        assert_eq!(error["code"], "DENIED");
        assert_eq!(error["message"], "requested access to the resource is denied");
    }
    let answer = get("/token?service=ghcr.io&scope=repository:acme/public:pull", None).await;
    let given = json(answer).await;
    assert!(given.get("access_token").is_none(), "{given}");
    let token = given["token"].as_str();
    assert_eq!(get(path, token).await.status(), 200);
    assert_eq!(get("/v2/", token).await.status(), 200);
    let missing = get("/v2/acme/public/manifests/v2", token).await;
    assert_eq!(missing.status(), 404);
    assert_eq!(json(missing).await["errors"][0]["code"], "MANIFEST_UNKNOWN");
    assert_eq!(get("/v2/acme/private/manifests/v1", token).await.status(), 403);
    let personal = BASE64_STANDARD.encode("ghp_of_the_test");
    assert_eq!(get("/v2/acme/private/manifests/v1", Some(&personal)).await.status(), 200);
    let other = BASE64_STANDARD.encode("ghp_of_another");
    assert_eq!(get("/v2/acme/private/manifests/v1", Some(&other)).await.status(), 401);
    assert_eq!(ghcr.requests().len(), 11);
}

#[tokio::test]
async fn ghcr_is_pushed_to_by_who_may_and_deletes_nothing() {
    if !installed() {
        return;
    }
    let ghcr = FakeGhcr::start().await;
    ghcr.tokens().user("ada", "ghp_of_the_test");
    ghcr.tokens().grant("ada", "acme/shop", "pull,push");
    ghcr.tokens().grant_everybody("acme/shop", "pull");
    let push = "repository:acme/shop:pull,push";
    let token = ghcr.tokens().token("ada", &[push]);
    let content = Content::image(&ghcr.url(), "acme/shop").tag("v1");
    let image = content.authorized(&format!("Bearer {token}")).push().await;
    let upload = async |token: &str| {
        ask(&ghcr.url(), Method::POST, "/v2/acme/shop/blobs/uploads/", Some(token)).await
    };
    let begun = upload(&token).await;
    assert!(header(&begun, "location").starts_with("/v2/acme/shop/blobs/uploads/"), "{begun:?}");
    let refused = upload(&ghcr.tokens().token("", &[push])).await;
    assert_eq!(refused.status(), 403);
    let said = json(refused).await["errors"][0]["message"].clone();
    assert_eq!(said, "permission_denied: write_package");
    ghcr.tokens().grant("ada", "acme/shop", "delete");
    let may = ghcr.tokens().token("ada", &["repository:acme/shop:delete"]);
    let path = format!("/v2/acme/shop/manifests/{}", image.digest);
    assert_eq!(ask(&ghcr.url(), Method::DELETE, &path, Some(&may)).await.status(), 405);
}

#[tokio::test]
async fn ghcr_lists_a_hundred_tags_at_a_time() {
    if !installed() {
        return;
    }
    let ghcr = FakeGhcr::start().await;
    ghcr.tokens().grant_everybody("acme/shop", "pull");
    let mut content = Content::image(&ghcr.storage(), "acme/shop");
    for number in 0..150 {
        content = content.tag(&format!("v{number:03}"));
    }
    content.push().await;
    let token = ghcr.tokens().token("", &["repository:acme/shop:pull"]);
    let listed = async |query: &str| {
        let path = format!("/v2/acme/shop/tags/list{query}");
        let answer = ask(&ghcr.url(), Method::GET, &path, Some(&token)).await;
        let link = header(&answer, "link").to_owned();
        let list = json(answer).await;
        let names = list["tags"].as_array().unwrap();
        (names.len(), names[0].as_str().unwrap().to_owned(), link)
    };
    let next =
        |last: &str, n: usize| format!("</v2/acme/shop/tags/list?last={last}&n={n}>; rel=\"next\"");
    assert_eq!(listed("").await, (100, "v000".to_owned(), next("v099", 0)));
    assert_eq!(listed("?last=v099&n=0").await, (50, "v100".to_owned(), String::new()));
    assert_eq!(listed("?n=10000").await, (150, "v000".to_owned(), String::new()));
    assert_eq!(listed("?n=10").await, (10, "v000".to_owned(), next("v009", 10)));
    assert_eq!(listed("?last=v0995").await, (50, "v100".to_owned(), String::new()));
    let repository = Repository::new(&ghcr.url(), "acme/absent");
    let token = ghcr.tokens().token("", &["repository:acme/shop:pull"]);
    let other = repository.authorized(&format!("Bearer {token}"));
    assert_eq!(other.request(Method::GET, "tags/list").send().await.unwrap().status(), 403);
}
