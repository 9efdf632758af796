//! What the hosted registries have in common: a real registry that is open to them alone, a token server, and a look at
//! each request before it is passed on.

use std::sync::{Arc, Mutex};

use crate::kit::registry::distribution::Distribution;
use crate::kit::registry::forward::forward;
use crate::kit::registry::tokens::{TokenServer, Verdict};
use crate::kit::registry::wire::{Answer, Request};

/// What a hosted registry consists of.
#[derive(Clone)]
pub struct Hosted {
    pub tokens: TokenServer,
    registry: Arc<Distribution>,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// Something that a request wants to do: repository and action.
pub type Need = (String, &'static str);

impl Hosted {
    pub async fn start() -> Self {
        let (registry, tokens) = (Arc::new(Distribution::open().await), TokenServer::start().await);
        Self { tokens, registry, requests: Arc::default() }
    }

    /// The registry behind.
    pub fn storage(&self) -> String {
        self.registry.url()
    }

    pub fn note(&self, request: &Request) {
        self.requests.lock().unwrap().push(request.clone());
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Passes on what has been allowed. The credentials stay here.
    pub async fn passed_on(&self, mut request: Request) -> Answer {
        request.headers.retain(|(name, _)| name != "authorization");
        forward(&self.storage(), &request).await
    }

    /// The worst verdict on the token of a request.
    pub fn verdict(&self, token: &str, needs: &[Need]) -> Verdict {
        let each = needs.iter().map(|(name, action)| self.tokens.verdict(token, name, action));
        each.fold(Verdict::Good, |worst, this| if worst == Verdict::Good { this } else { worst })
    }
}

/// The token of `Authorization: Bearer`.
pub fn bearer(request: &Request) -> Option<&str> {
    request.all("authorization").first()?.strip_prefix("Bearer ")
}

/// The repository of a path below `/v2/`.
pub fn repository(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/v2/")?;
    let ends = ["/manifests/", "/blobs/", "/tags/", "/referrers/"].map(|part| rest.rfind(part));
    Some(&rest[..ends.into_iter().flatten().min()?])
}

/// What a request wants to do. Reading of another repository belongs to a mount.
pub fn needs(request: &Request) -> Vec<Need> {
    let Some(name) = repository(request.path()) else { return Vec::new() };
    let actions: &[&str] = match &*request.method {
        "GET" | "HEAD" => &["pull"],
        "DELETE" if request.path().contains("/manifests/") => &["delete"],
        _ => &["pull", "push"],
    };
    let mut needs: Vec<Need> = actions.iter().map(|action| (name.to_owned(), *action)).collect();
    if let Some(from) = request.query("from") {
        needs.push((from.replace("%2F", "/"), "pull"));
    }
    needs
}

/// The same as scopes of a challenge, one for each repository.
pub fn scopes(needs: &[Need]) -> String {
    let mut scopes: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, action) in needs {
        match scopes.iter_mut().find(|(known, _)| known == name) {
            Some((_, actions)) => actions.push(action),
            None => scopes.push((name.clone(), vec![action])),
        }
    }
    let written =
        scopes.iter().map(|(name, actions)| format!("repository:{name}:{}", actions.join(",")));
    written.collect::<Vec<_>>().join(" ")
}
