//! The token server, and the real program that takes its tokens.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mta_actions::adapters::http;
use reqwest::Response;
use serde_json::Value;

use crate::kit::registry::{
    Answer, Asked, Content, Distribution, Ending, Field, ISSUER, Refusal, Repository, SERVICE,
    TokenServer, Verdict, accept_all, denied, installed, too_many, wrong_password,
};

const PUSH: &str = "repository:acme/shop:pull,push";

/// A server where ada may push and everybody may pull.
async fn server() -> TokenServer {
    let tokens = TokenServer::start().await;
    tokens.user("ada", "lovelace");
    tokens.grant("ada", "acme/shop", "push");
    tokens.grant_everybody("acme/shop", "pull");
    tokens
}

async fn ask(tokens: &TokenServer, query: &str, basic: Option<&str>) -> Response {
    let url = format!("{}?service={SERVICE}&{query}", tokens.realm());
    let mut request = http::client().unwrap().get(url.parse().unwrap());
    if let Some(basic) = basic {
        request =
            request.header("authorization", format!("Basic {}", BASE64_STANDARD.encode(basic)));
    }
    request.timeout(Duration::from_secs(10)).send().await.unwrap()
}

async fn post(tokens: &TokenServer, form: &str) -> Response {
    let request = http::client().unwrap().post(tokens.realm().parse().unwrap());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(form.to_owned()).send().await.unwrap()
}

async fn json(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// What a token opens.
fn access(token: &Value) -> String {
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let claims = token.as_str().unwrap().split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &SERVICE.into()));
    claims["access"].to_string()
}

#[tokio::test]
async fn the_real_registry_takes_the_tokens_and_no_others() {
    if !installed() {
        return;
    }
    let tokens = server().await;
    let registry = Distribution::token(&tokens).await;
    let status = async |token: &str| {
        let repository = Repository::new(&registry.url(), "acme/shop");
        let repository = repository.authorized(&format!("Bearer {token}"));
        let answer = repository.manifest("v1", &accept_all()).await;
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    };
    let plain = Repository::new(&registry.url(), "acme/shop").manifest("v1", &accept_all()).await;
    let challenge = plain.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let asks = format!(
        "Bearer realm=\"{}\",service=\"{SERVICE}\",scope=\"repository:acme/shop:pull\"",
        tokens.realm()
    );
    assert_eq!((plain.status().as_u16(), challenge), (401, asks.clone()));

    let push = tokens.token("ada", &[PUSH]);
    let content = Content::image(&registry.url(), "acme/shop").tag("v1");
    content.authorized(&format!("Bearer {push}")).push().await;
    assert_eq!(status(&push).await.0, 200);
    assert_eq!(status(&tokens.token("", &[PUSH])).await.0, 200);
    let put = Repository::new(&registry.url(), "acme/shop");
    let put = put.authorized(&format!("Bearer {}", tokens.token("", &[PUSH])));
    let put = put.request(reqwest::Method::POST, "blobs/uploads/").send().await.unwrap();
    assert_eq!(put.status(), 401, "everybody may only pull");

    let other = tokens.token("ada", &["repository:acme/other:pull"]);
    assert_eq!(status(&other).await, (401, format!("{asks},error=\"insufficient_scope\"")));
    let foreign = server().await.token("ada", &[PUSH]);
    for wrong in [&*foreign, &push[..push.len() - 8], "nonsense"] {
        assert_eq!(
            status(wrong).await,
            (401, format!("{asks},error=\"invalid_token\"")),
            "{wrong}"
        );
    }
    tokens.settings(|settings| settings.lifetime = -120);
    let ended = status(&tokens.token("ada", &[PUSH])).await;
    assert_eq!(ended, (401, format!("{asks},error=\"invalid_token\"")), "{}", registry.log());
}

#[tokio::test]
async fn everybody_gets_what_they_may_have() {
    let tokens = server().await;
    let token = async |query: &str, basic| {
        let answer = ask(&tokens, query, basic).await;
        assert_eq!(answer.status(), 200);
        access(&json(answer).await["token"])
    };
    let both = r#"[{"type":"repository","name":"acme/shop","actions":["pull","push"]}]"#;
    let pull = r#"[{"type":"repository","name":"acme/shop","actions":["pull"]}]"#;
    let ada = Some("ada:lovelace");
    assert_eq!(token(&format!("scope={PUSH}"), ada).await, both);
    assert_eq!(token("scope=repository%3Aacme%2Fshop%3Apull%2Cpush", ada).await, both);
    assert_eq!(token(&format!("scope={PUSH}"), None).await, pull);
    assert_eq!(token("scope=repository:acme/other:pull", ada).await, "[]");
    assert_eq!(token("", ada).await, "[]");
    let two = format!("scope={PUSH}&scope=repository:acme/base:pull");
    assert_eq!(token(&two, ada).await, both);
    let asked = tokens.asked();
    assert_eq!(asked[5].scopes(), [PUSH, "repository:acme/base:pull"]);
    assert_eq!(asked[5].basic, Some(("ada".to_owned(), "lovelace".to_owned())));
    assert_eq!((&*asked[2].method, asked[2].basic.is_some()), ("GET", false));
    assert_eq!(asked[2].value("service"), Some(SERVICE));
    for wrong in ["ada:other", "bob:lovelace"] {
        let answer = ask(&tokens, &format!("scope={PUSH}"), Some(wrong)).await;
        assert_eq!(answer.status(), 401);
        assert_eq!(json(answer).await["details"], "incorrect username or password");
    }
    let lost = format!("{}s", tokens.realm()).parse().unwrap();
    assert_eq!(http::client().unwrap().get(lost).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_fields_of_an_answer_are_as_set() {
    let tokens = server().await;
    let fields = async |query: &str| {
        let Value::Object(fields) = json(ask(&tokens, query, Some("ada:lovelace")).await).await
        else {
            panic!("no object")
        };
        fields.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(fields("").await, ["access_token", "token", "expires_in"]);
    let identity = fields("offline_token=true").await;
    assert_eq!(identity, ["access_token", "token", "expires_in", "refresh_token"]);
    tokens.settings(|settings| settings.field = Field::Token);
    assert_eq!(fields("").await, ["token", "expires_in"]);
    tokens.settings(|settings| (settings.field, settings.expires_in) = (Field::AccessToken, None));
    assert_eq!(fields("").await, ["access_token"]);
    let anybody = ask(&tokens, "offline_token=true", None).await;
    assert!(json(anybody).await.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_form_gives_a_password_or_an_identity() {
    let tokens = server().await;
    let identity = TokenServer::identity_token("ada");
    let scope =
        format!("service={SERVICE}&client_id=mta&scope=repository%3Aacme%2Fshop%3Apull,push");
    let by_password = format!("grant_type=password&username=ada&password=lovelace&{scope}");
    let by_identity = format!("grant_type=refresh_token&refresh_token={identity}&{scope}");
    for form in [&by_password, &by_identity] {
        let answer = post(&tokens, &format!("{form}&access_type=offline")).await;
        assert_eq!(answer.status(), 200);
        let said = json(answer).await;
        assert!(access(&said["access_token"]).contains("push"), "{said}");
        assert!(said.get("token").is_none(), "{said}");
        assert_eq!(
            (&said["scope"], &said["refresh_token"]),
            (&PUSH.into(), &identity.clone().into())
        );
    }
    for wrong in ["grant_type=refresh_token&refresh_token=x", "grant_type=nothing", ""] {
        assert_eq!(post(&tokens, wrong).await.status(), 401);
    }
    let Asked { method, form, basic, query } = tokens.asked().swap_remove(1);
    assert_eq!((&*method, basic, query.len()), ("POST", None, 0));
    assert_eq!(form[1], ("refresh_token".to_owned(), identity));
    assert_eq!(form[4], ("scope".to_owned(), PUSH.to_owned()));
}

#[tokio::test]
async fn the_script_comes_first() {
    let tokens = server().await;
    for (answer, status) in [
        (wrong_password(), 401),
        (denied(), 403),
        (too_many(Some(3)), 429),
        (Answer::new(500, "no"), 500),
        (Answer::new(200, "<html>"), 200),
    ] {
        tokens.script(answer.clone(), Ending::Whole);
        let got = ask(&tokens, "", None).await;
        assert_eq!(got.status(), status);
        let pause = got.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(pause, answer.header("retry-after"));
        assert_eq!(got.bytes().await.unwrap(), answer.body);
    }
    assert_eq!(too_many(None).header("retry-after"), None);
    let quick = async || {
        let request = http::client().unwrap().get(tokens.realm().parse().unwrap());
        request.timeout(Duration::from_millis(500)).send().await?.bytes().await
    };
    tokens.script(Answer::default(), Ending::Silence);
    assert!(quick().await.unwrap_err().is_timeout());
    tokens.script(Answer::default(), Ending::Reset);
    assert!(http::in_words(&quick().await.unwrap_err()).contains("reset"));
    tokens.script(Answer::new(200, ""), Ending::Endless);
    let request = http::client().unwrap().get(tokens.realm().parse().unwrap());
    let mut endless = request.send().await.unwrap();
    let mut size = 0;
    while size < 1 << 20 {
        size += endless.chunk().await.unwrap().unwrap().len();
    }
    assert_eq!(ask(&tokens, "", None).await.status(), 200);
    assert_eq!(tokens.asked().len(), 9);
}

#[tokio::test]
async fn a_server_may_deny_and_knows_what_its_tokens_open() {
    let tokens = server().await;
    let pull = tokens.token("", &[PUSH]);
    assert_eq!(tokens.verdict(&pull, "acme/shop", "pull"), Verdict::Good);
    assert_eq!(tokens.verdict(&pull, "acme/shop", "push"), Verdict::TooLittle);
    assert_eq!(tokens.verdict(&pull, "acme/other", "pull"), Verdict::TooLittle);
    assert_eq!(tokens.verdict("x", "acme/shop", "pull"), Verdict::Unknown);
    tokens.settings(|settings| settings.refusal = Refusal::Denied);
    let status = async |query: &str| ask(&tokens, query, None).await.status().as_u16();
    assert_eq!(status("scope=repository:acme/shop:pull").await, 200);
    assert_eq!(status("scope=repository:acme/shop:pull,push").await, 200);
    assert_eq!(status("scope=repository:acme/shop:push").await, 403);
    assert_eq!(tokens.owner("lovelace").as_deref(), Some("ada"));
    assert_eq!(tokens.owner("other"), None);
    let login = ask(&tokens, "", Some("ada:other")).await;
    assert_eq!(login.status(), 403);
    assert_eq!(json(login).await["errors"][0]["message"], "denied");
}
