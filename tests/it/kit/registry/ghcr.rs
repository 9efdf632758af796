//! GHCR, `ghcr.io`, as far as a client sees it.
//!
//! - The token server is the registry's own host. What is private and what is absent look alike: it answers 403
//!   `DENIED`. A login that is not good gets the same status with the text `denied`. The token stands in `token` alone.
//! - The challenge of `/v2/` names a repository that nobody has: `user/image`.
//! - The base64 of a personal token is good as a bearer token too.
//! - Tags come in pages of 100 with a `Link` whose `n` is 0 unless one was asked for; `n` may be as much as 10,000.
//! - Who may read and not write gets 403 `permission_denied: write_package` with the first write (from memory).
//! - Nothing can be deleted here, only by GitHub's API: 405.
//! - Addresses of uploads are relative (from memory; a client has to take both forms).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::kit::registry::hosted::{Hosted, Need, bearer, needs, repository, scopes};
use crate::kit::registry::pages::{Link, Pages, tags_of};
use crate::kit::registry::tokens::{Field, Refusal, TokenServer, Verdict, denied};
use crate::kit::registry::wire::{Answer, Ending, Request, listen, serve};

/// A running GHCR; it ends with the test's runtime.
#[derive(Clone)]
pub struct FakeGhcr {
    hosted: Hosted,
    port: u16,
}

impl FakeGhcr {
    /// It holds nothing, and nobody may do anything: see [`FakeGhcr::tokens`] and [`FakeGhcr::storage`].
    pub async fn start() -> Self {
        let (listener, port) = listen().await;
        let ghcr = Self { hosted: Hosted::start().await, port };
        ghcr.tokens().settings(|settings| {
            (settings.refusal, settings.field) = (Refusal::Denied, Field::Token);
        });
        let serving = ghcr.clone();
        serve(listener, move |request| serving.clone().answer(request));
        ghcr
    }

    /// `http://127.0.0.1:1234`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Who may do what. A public package is `grant_everybody("acme/shop", "pull")`.
    pub fn tokens(&self) -> &TokenServer {
        &self.hosted.tokens
    }

    /// The registry behind, into which a test pushes without a token.
    pub fn storage(&self) -> String {
        self.hosted.storage()
    }

    /// The requests that came, also those for tokens.
    pub fn requests(&self) -> Vec<Request> {
        self.hosted.requests()
    }

    async fn answer(self, request: Request) -> (Answer, Ending) {
        self.hosted.note(&request);
        if request.path() == "/token" {
            return self.tokens().answer(&request);
        }
        let answer = match self.refusal(&request) {
            Some(refusal) => refusal,
            None => self.allowed(request).await,
        };
        (answer, Ending::Whole)
    }

    fn refusal(&self, request: &Request) -> Option<Answer> {
        let needs = needs(request);
        let verdict = bearer(request).map(|token| self.verdict(token, &needs));
        match verdict {
            Some(Verdict::Good) => None,
            Some(Verdict::TooLittle) if needs.iter().any(|(_, action)| *action == "push") => {
                Some(Answer::error(403, "DENIED", "permission_denied: write_package"))
            }
            Some(Verdict::TooLittle) => Some(denied()),
            None | Some(Verdict::Unknown) => {
                let scope = match scopes(&needs) {
                    none if none.is_empty() => "repository:user/image:pull".to_owned(),
                    some => some,
                };
                let host = request.all("host").first().copied().unwrap_or_default().to_owned();
                let challenge = format!(
                    "Bearer realm=\"http://{host}/token\",service=\"ghcr.io\",scope=\"{scope}\""
                );
                let answer = Answer::error(401, "UNAUTHORIZED", "authentication required");
                Some(answer.with("WWW-Authenticate", challenge))
            }
        }
    }

    fn verdict(&self, token: &str, needs: &[Need]) -> Verdict {
        let decoded = BASE64_STANDARD.decode(token).ok().and_then(|it| String::from_utf8(it).ok());
        match decoded.and_then(|personal| self.tokens().owner(&personal)) {
            Some(user) => {
                let scopes = scopes(needs);
                let scopes: Vec<&str> = scopes.split_whitespace().collect();
                self.hosted.verdict(&self.tokens().token(&user, &scopes), needs)
            }
            None => self.hosted.verdict(token, needs),
        }
    }

    async fn allowed(&self, mut request: Request) -> Answer {
        if request.method == "DELETE" {
            return Answer::error(405, "UNSUPPORTED", "The operation is unsupported.");
        }
        if !request.path().ends_with("/tags/list") {
            let host = request.all("host").first().map(|host| format!("http://{host}"));
            let answer = self.hosted.passed_on(request).await;
            let place = answer.header("location").map(ToOwned::to_owned);
            let relative = place.map(|place| place.replace(&host.unwrap_or_default(), ""));
            return match relative {
                Some(relative) => answer.replacing("Location", Some(&relative)),
                None => answer,
            };
        }
        let asked = request.clone();
        request.target = request.path().to_owned();
        let answer = self.hosted.passed_on(request).await;
        if answer.status != 200 {
            return answer;
        }
        let mut tags = tags_of(&answer);
        tags.sort();
        let pages = Pages { size: 100, most: 10_000, link: Link::Relative, says_size: false };
        pages.page(repository(asked.path()).unwrap_or_default(), &tags, &asked)
    }
}
