//! Docker Hub, `registry-1.docker.io`, as far as a client sees it.
//!
//! - A challenge names the token server, the service `registry.docker.io` and the scope.
//! - What does not exist and what is private look alike: the token server gives a token for nothing, and the registry
//!   answers 401 with `insufficient_scope`.
//! - The quota stands in `ratelimit-limit` and `ratelimit-remaining` of every answer about a manifest. GET takes one
//!   of it, HEAD none (Docker's documentation). At 0 a GET is answered 429; a HEAD still 200, as people show it with
//!   `curl --head` (docker/hub-feedback#2464, docker/getting-started#101). Where a HEAD shall fail too, put a
//!   `FaultProxy` in front.
//! - A tag cannot be deleted here, only by the API of the site: 405. A digest can.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::kit::registry::hosted::{Hosted, bearer, needs, scopes};
use crate::kit::registry::tokens::{TokenServer, Verdict};
use crate::kit::registry::wire::{Answer, Ending, Request, listen, serve};

/// What it calls itself.
const HUB: &str = "registry.docker.io";

/// A running Docker Hub; it ends with the test's runtime.
#[derive(Clone)]
pub struct FakeHub {
    hosted: Hosted,
    remaining: Arc<Mutex<u64>>,
    port: u16,
}

impl FakeHub {
    /// It holds nothing, and nobody may do anything: see [`FakeHub::tokens`] and [`FakeHub::storage`].
    pub async fn start() -> Self {
        let (listener, port) = listen().await;
        let hub = Self { hosted: Hosted::start().await, remaining: Arc::new(100.into()), port };
        let serving = hub.clone();
        serve(listener, move |request| {
            let hub = serving.clone();
            async move { (hub.answer(request).await, Ending::Whole) }
        });
        hub
    }

    /// `http://127.0.0.1:1234`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Who may do what. A public repository is `grant_everybody("library/nginx", "pull")`.
    pub fn tokens(&self) -> &TokenServer {
        &self.hosted.tokens
    }

    /// The registry behind, into which a test pushes without a token.
    pub fn storage(&self) -> String {
        self.hosted.storage()
    }

    /// How many manifests may still be pulled.
    pub fn remaining(&self, count: u64) {
        *self.remaining.lock().unwrap() = count;
    }

    /// The requests that came, without those to the token server.
    pub fn requests(&self) -> Vec<Request> {
        self.hosted.requests()
    }

    async fn answer(self, request: Request) -> Answer {
        self.hosted.note(&request);
        let needs = needs(&request);
        let error = match bearer(&request).map(|token| self.hosted.verdict(token, &needs)) {
            None => Some(""),
            Some(Verdict::Unknown) => Some(",error=\"invalid_token\""),
            Some(Verdict::TooLittle) => Some(",error=\"insufficient_scope\""),
            Some(Verdict::Good) => None,
        };
        if let Some(error) = error {
            let scopes = scopes(&needs);
            let scope =
                if scopes.is_empty() { String::new() } else { format!(",scope=\"{scopes}\"") };
            let realm = self.tokens().realm();
            let detail: Vec<_> = needs
                .iter()
                .map(|(name, action)| {
                    json!({"Type": "repository", "Class": "", "Name": name, "Action": action})
                })
                .collect();
            let text = "authentication required";
            let error_body = json!({"code": "UNAUTHORIZED", "message": text, "detail": detail});
            let challenge = format!("Bearer realm=\"{realm}\",service=\"{HUB}\"{scope}{error}");
            return Answer::json(401, &json!({"errors": [error_body]}))
                .with("WWW-Authenticate", challenge)
                .with("Docker-Distribution-Api-Version", "registry/2.0");
        }
        let is_manifest = request.path().contains("/manifests/");
        match &*request.method {
            "DELETE" if is_manifest && !request.path().contains("/manifests/sha256:") => {
                Answer::error(405, "UNSUPPORTED", "The operation is unsupported.")
            }
            "GET" if is_manifest => self.pulled(request).await,
            "HEAD" if is_manifest => {
                let remaining = *self.remaining.lock().unwrap();
                quota(self.hosted.passed_on(request).await, remaining)
            }
            _ => self.hosted.passed_on(request).await,
        }
    }

    async fn pulled(&self, request: Request) -> Answer {
        let left = {
            let mut remaining = self.remaining.lock().unwrap();
            let left = remaining.checked_sub(1);
            *remaining = left.unwrap_or(0);
            left
        };
        match left {
            Some(left) => quota(self.hosted.passed_on(request).await, left),
            None => quota(used_up(), 0),
        }
    }
}

/// Docker Hub's answer when the quota is used up.
pub fn used_up() -> Answer {
    let text = "You have reached your pull rate limit. You may increase the limit by authenticating and \
                upgrading: https://www.docker.com/increase-rate-limit";
    Answer::error(429, "TOOMANYREQUESTS", text)
}

fn quota(answer: Answer, remaining: u64) -> Answer {
    answer
        .with("ratelimit-limit", "100;w=21600")
        .with("ratelimit-remaining", format!("{remaining};w=21600"))
        .with("docker-ratelimit-source", "127.0.0.1")
}
