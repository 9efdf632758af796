//! A token server, as the distribution specification describes it: a registry sends its clients here.
//!
//! Its tokens are real: the real `docker-registry` takes them ([`Distribution::token`]).
//!
//! [`Distribution::token`]: super::Distribution::token

mod issuer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use serde_json::{Value, json};

use issuer::Issuer;

use crate::kit::registry::wire::{Answer, Ending, Request, listen, serve};

/// What a registry calls itself in its challenge, and a token says whom it is for.
pub const SERVICE: &str = "registry.test";

/// Who signs.
pub const ISSUER: &str = "issuer.test";

/// The fields of an answer that hold the token. Docker's own server sends both, others one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    Token,
    AccessToken,
    #[default]
    Both,
}

/// What happens to somebody who asks for more than they may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    /// A token for what they may have, perhaps for nothing, with status 200: Docker Hub, and the specification.
    #[default]
    Less,
    /// 403 `DENIED` if there is nothing of a scope that they may have, else less: GHCR.
    Denied,
}

/// How to answer.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub field: Field,
    /// What the answer says in `expires_in`, in seconds; `None` says nothing, which means 60.
    pub expires_in: Option<u64>,
    /// How long the token really is good, in seconds; one that ended more than 60 s ago is not taken any more.
    pub lifetime: i64,
    pub refusal: Refusal,
}

impl Default for Settings {
    fn default() -> Self {
        let (field, refusal) = (Field::default(), Refusal::default());
        Self { field, expires_in: Some(300), lifetime: 300, refusal }
    }
}

/// A request for a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    /// Query and form, decoded, in their order.
    pub query: Vec<(String, String)>,
    pub form: Vec<(String, String)>,
    /// User and password of the header `Authorization`.
    pub basic: Option<(String, String)>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let pairs = |text: &str| -> Vec<(String, String)> {
            let url = Url::parse(&format!("http://t/?{text}")).unwrap();
            url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect()
        };
        let (_, query) = request.target.split_once('?').unwrap_or_default();
        let basic = request.all("authorization").first().and_then(|value| credentials(value));
        let form = pairs(&String::from_utf8_lossy(&request.body));
        Self { method: request.method.clone(), query: pairs(query), form, basic }
    }

    /// The first value of a name in the query or the form.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().chain(&self.form).find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Every scope that was asked for, in order: each may stand in a parameter of its own, or with blanks between.
    pub fn scopes(&self) -> Vec<&str> {
        let all = self.query.iter().chain(&self.form).filter(|(name, _)| name == "scope");
        all.flat_map(|(_, value)| value.split_whitespace()).collect()
    }
}

/// User and password of `Basic ...`.
pub fn credentials(value: &str) -> Option<(String, String)> {
    let decoded = BASE64_STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// What a registry thinks of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// It is ours, and does not open this.
    TooLittle,
    /// Nobody here has made it.
    Unknown,
}

#[derive(Default)]
struct State {
    settings: Settings,
    /// Passwords by user.
    users: HashMap<String, String>,
    /// Who (empty for everybody), repository, actions.
    grants: Vec<(String, String, Vec<String>)>,
    script: Vec<(Answer, Ending)>,
    asked: Vec<Asked>,
    issued: HashMap<String, Value>,
}

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub struct TokenServer {
    state: Arc<Mutex<State>>,
    issuer: Arc<Issuer>,
    port: u16,
}

impl TokenServer {
    pub async fn start() -> Self {
        let (listener, port) = listen().await;
        let server = Self { state: Arc::default(), issuer: Arc::new(Issuer::new()), port };
        let serving = server.clone();
        serve(listener, move |request| std::future::ready(serving.answer(&request)));
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Where tokens are given.
    pub fn realm(&self) -> String {
        format!("http://127.0.0.1:{}/token", self.port)
    }

    /// The certificate that a registry is given to trust, as PEM.
    pub fn root(&self) -> String {
        self.issuer.root()
    }

    /// Somebody with a password.
    pub fn user(&self, name: &str, password: &str) {
        self.state().users.insert(name.to_owned(), password.to_owned());
    }

    /// What somebody may do in a repository: `pull,push`. Everybody's rights are theirs as well.
    pub fn grant(&self, user: &str, repository: &str, actions: &str) {
        let actions = actions.split(',').map(ToOwned::to_owned).collect();
        self.state().grants.push((user.to_owned(), repository.to_owned(), actions));
    }

    /// The same for everybody, also without a password.
    pub fn grant_everybody(&self, repository: &str, actions: &str) {
        self.grant("", repository, actions);
    }

    /// How to answer from now on.
    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// What the next request is answered that no earlier script waits for: [`wrong_password`], [`denied`], [`too_many`]
    /// and any other answer, with any ending.
    pub fn script(&self, answer: Answer, ending: Ending) {
        self.state().script.push((answer, ending));
    }

    /// The requests that came, whatever they were answered.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// The identity token of a user, which stands in Docker's configuration in the place of a password.
    pub fn identity_token(user: &str) -> String {
        format!("identity-of-{user}")
    }

    /// Whose password this is.
    pub fn owner(&self, password: &str) -> Option<String> {
        let state = self.state();
        state.users.iter().find(|(_, known)| *known == password).map(|(user, _)| user.clone())
    }

    /// A token without the server: for somebody (empty for anybody) and these scopes, as far as they may have them.
    pub fn token(&self, user: &str, scopes: &[&str]) -> String {
        let mut state = self.state();
        let access = allowed(&state.grants, user, scopes).0;
        let lifetime = state.settings.lifetime;
        let token = self.issuer.token(user, &access, lifetime, state.issued.len());
        state.issued.insert(token.clone(), access);
        token
    }

    /// What a registry of this server thinks of a token that wants to do something.
    pub fn verdict(&self, token: &str, repository: &str, action: &str) -> Verdict {
        let state = self.state();
        let Some(access) = state.issued.get(token) else { return Verdict::Unknown };
        let opens = |entry: &Value| {
            let actions = entry["actions"].as_array().unwrap();
            entry["name"] == repository && actions.iter().any(|known| known == action)
        };
        let entries = access.as_array().unwrap();
        if entries.iter().any(opens) { Verdict::Good } else { Verdict::TooLittle }
    }

    /// Answers a request for a token, also where another server passes it on.
    pub fn answer(&self, request: &Request) -> (Answer, Ending) {
        let asked = Asked::of(request);
        let mut state = self.state();
        state.asked.push(asked.clone());
        if !state.script.is_empty() {
            return state.script.remove(0);
        }
        drop(state);
        let answer = if request.path() == "/token" {
            self.given(&asked)
        } else {
            Answer::new(404, "404 page not found\n")
        };
        (answer, Ending::Whole)
    }

    fn given(&self, asked: &Asked) -> Answer {
        let Settings { field, expires_in, refusal, .. } = self.state().settings;
        let Some(user) = self.subject(asked) else {
            return match refusal {
                Refusal::Less => wrong_password(),
                // Not the words for what is absent: of GHCR's two texts this is the one for a login that is not good.
                Refusal::Denied => Answer::error(403, "DENIED", "denied"),
            };
        };
        let scopes = asked.scopes();
        let (_, is_denied) = allowed(&self.state().grants, &user, &scopes);
        if is_denied && refusal == Refusal::Denied {
            return denied();
        }
        let token = self.token(&user, &scopes);
        let mut body = json!({});
        let is_form = asked.method == "POST";
        if is_form || field != Field::Token {
            body["access_token"] = json!(token);
        }
        if !is_form && field != Field::AccessToken {
            body["token"] = json!(token);
        }
        if is_form {
            body["scope"] = json!(scopes.join(" "));
        }
        if let Some(seconds) = expires_in {
            body["expires_in"] = json!(seconds);
        }
        let wants_identity = asked.value("offline_token") == Some("true")
            || asked.value("access_type") == Some("offline");
        if wants_identity && !user.is_empty() {
            body["refresh_token"] = json!(Self::identity_token(&user));
        }
        Answer::json(200, &body)
    }

    /// Who asks: empty for nobody in particular, `None` for somebody with a wrong password.
    fn subject(&self, asked: &Asked) -> Option<String> {
        let state = self.state();
        let known = |user: &str, password: &str| {
            let right = state.users.get(user).is_some_and(|known| known == password);
            right.then(|| user.to_owned())
        };
        if asked.method != "POST" {
            let Some((user, password)) = &asked.basic else { return Some(String::new()) };
            return known(user, password);
        }
        match asked.value("grant_type")? {
            "password" => known(asked.value("username")?, asked.value("password")?),
            "refresh_token" => {
                let given = asked.value("refresh_token")?;
                state.users.keys().find(|user| Self::identity_token(user) == given).cloned()
            }
            _ => None,
        }
    }
}

/// The part of the scopes that somebody may have, in the form of a token, and whether there is one of which they may
/// have nothing.
fn allowed(grants: &[(String, String, Vec<String>)], user: &str, scopes: &[&str]) -> (Value, bool) {
    let (mut access, mut is_denied) = (Vec::new(), false);
    for scope in scopes {
        let mut parts = scope.splitn(2, ':');
        let (kind, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (name, wanted) = rest.rsplit_once(':').unwrap_or_default();
        let may = |action: &&str| {
            grants.iter().any(|(who, repository, actions)| {
                (who.is_empty() || who == user)
                    && repository == name
                    && actions.iter().any(|known| known == action)
            })
        };
        let given: Vec<&str> = wanted.split(',').filter(may).collect();
        is_denied |= given.is_empty();
        if !given.is_empty() {
            access.push(json!({"type": kind, "name": name, "actions": given}));
        }
    }
    (Value::Array(access), is_denied)
}

/// Docker Hub's answer to a wrong password.
pub fn wrong_password() -> Answer {
    Answer::json(401, &json!({"details": "incorrect username or password"}))
}

/// GHCR's answer for a package that is private or absent.
pub fn denied() -> Answer {
    Answer::error(403, "DENIED", "requested access to the resource is denied")
}

/// An answer of a server that has enough, with the seconds of a pause, or without.
pub fn too_many(retry_after: Option<u64>) -> Answer {
    let answer = Answer::error(429, "TOOMANYREQUESTS", "too many requests");
    match retry_after {
        Some(seconds) => answer.with("Retry-After", seconds),
        None => answer,
    }
}
