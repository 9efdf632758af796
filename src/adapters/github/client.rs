//! The client: addresses, the token, and operations, each of which has a budget of time for all its requests.

use std::time::Duration;

use hyper::body::Bytes;
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::adapters::github::errors::{Error, Fault, Refusal};
use crate::adapters::github::pacing::Pacer;
use crate::adapters::github::retry::{Failed, Kind, Tempo, is_server_fault};
pub use crate::adapters::github::transport::{Answer, Call, LARGEST_ANSWER};
use crate::adapters::github::transport::{Transport, Wants};
use crate::adapters::http::{self, Chance};
use crate::domain::event::{Event, Sink};

/// Waits that are shorter are not told.
const TOLD: Duration = Duration::from_secs(5);

/// How to reach GitHub.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `GITHUB_API_URL`: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api_url: String,
    /// The token; empty to ask without one.
    pub token: SecretString,
    /// The longest time that one operation may take, waits included.
    pub budget: Duration,
    /// A random number, so that jobs that were refused together do not come back together.
    pub seed: u64,
    /// How long things take.
    pub tempo: Tempo,
}

impl Settings {
    /// One minute for an operation, at GitHub's tempo.
    pub fn new(api_url: impl Into<String>, token: SecretString, seed: u64) -> Self {
        let budget = Duration::from_mins(1);
        Self { api_url: api_url.into(), token, budget, seed, tempo: Tempo::default() }
    }
}

/// Speaks to one API with one token. Writes are paced for all operations of a client together.
pub struct Client<'a> {
    transport: Transport,
    pacer: Pacer,
    budget: Duration,
    tempo: Tempo,
    chance: Chance,
    token: SecretString,
    sink: &'a dyn Sink,
}

impl<'a> Client<'a> {
    /// Checks the address and the token; sends nothing. To be called inside the runtime.
    pub fn new(http: &http::Client, settings: Settings, sink: &'a dyn Sink) -> Result<Self, Error> {
        let Settings { api_url, token, budget, seed, tempo } = settings;
        let base: Url = api_url
            .parse()
            .ok()
            .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| Error::Settings(format!("`{api_url}` is no address of a GitHub API")))?;
        let token = SecretString::from(token.expose_secret().trim());
        let transport = Transport::new(http, base, authorization(&token)?);
        let (pacer, chance) = (Pacer::default(), Chance::new(seed));
        Ok(Self { transport, pacer, budget, tempo, chance, token, sink })
    }

    /// The address of a path, given in segments: each is percent-encoded, `/` included.
    pub fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.transport.base().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Begins an operation: its budget of time starts now.
    pub fn operation(&self) -> Operation<'_> {
        Operation { client: self, deadline: Instant::now() + self.budget }
    }

    /// The same with less time, for what can be left out.
    pub fn operation_within(&self, budget: Duration) -> Operation<'_> {
        Operation { client: self, deadline: Instant::now() + budget.min(self.budget) }
    }

    /// A text of GitHub's without the token, should it ever be sent back.
    fn without_token(&self, text: String) -> String {
        match self.token.expose_secret() {
            "" => text,
            token => text.replace(token, "***"),
        }
    }

    fn redacted(&self, fault: Fault) -> Fault {
        match fault {
            Fault::NotSent(why) => Fault::NotSent(self.without_token(why)),
            Fault::Lost(why) => Fault::Lost(self.without_token(why)),
            Fault::Unusable(why) => Fault::Unusable(self.without_token(why)),
            Fault::Refused(mut refusal) => {
                refusal.message = self.without_token(refusal.message);
                refusal.documentation = self.without_token(refusal.documentation);
                let details = refusal.details.into_iter();
                refusal.details = details.map(|detail| self.without_token(detail)).collect();
                Fault::Refused(refusal)
            }
        }
    }
}

fn authorization(token: &SecretString) -> Result<Option<HeaderValue>, Error> {
    if token.expose_secret().is_empty() {
        return Ok(None);
    }
    let wrong = |_| Error::Settings("the token has characters that no token has".to_owned());
    let mut value: HeaderValue =
        format!("Bearer {}", token.expose_secret()).parse().map_err(wrong)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

impl Call {
    /// Asks for something.
    pub fn get(what: impl Into<String>, url: Url) -> Self {
        Self::of(what, url, (Method::GET, Kind::Read), Bytes::new())
    }

    /// Asks for a text, and keeps the last bytes of it.
    pub fn end_of(what: impl Into<String>, url: Url, bytes: usize) -> Self {
        Self { wants: Wants::End(bytes), ..Self::get(what, url) }
    }

    /// Deletes something.
    pub fn delete(what: impl Into<String>, url: Url) -> Self {
        Self::of(what, url, (Method::DELETE, Kind::Replace), Bytes::new())
    }

    /// Changes fields of something that is known by its name or number.
    pub fn patch(what: impl Into<String>, url: Url, body: &serde_json::Value) -> Self {
        Self::of(what, url, (Method::PATCH, Kind::Replace), body.to_string().into())
    }

    /// Sees to it that something is there, of which nobody is notified: done twice is as done once.
    pub fn ensure(what: impl Into<String>, url: Url, body: &serde_json::Value) -> Self {
        Self::of(what, url, (Method::POST, Kind::Replace), body.to_string().into())
    }

    /// Creates something, of which nobody is notified.
    pub fn create(what: impl Into<String>, url: Url, body: &serde_json::Value) -> Self {
        Self::of(what, url, (Method::POST, Kind::Create), body.to_string().into())
    }

    fn of(what: impl Into<String>, url: Url, (method, kind): (Method, Kind), body: Bytes) -> Self {
        Self { what: what.into(), url, method, kind, body, wants: Wants::Json }
    }

    /// The same for something of which people are notified: issues, comments, pull requests, releases.
    #[must_use]
    pub fn notifying(self) -> Self {
        Self { kind: Kind::CreateAndNotify, ..self }
    }
}

impl Answer {
    /// The body as what is expected.
    pub fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let why = format!("the answer is not as described: {error}");
            Error::Unusable { what: call.what.clone(), why }
        })
    }

    /// Whether the body is empty or JSON at all.
    fn is_json(&self) -> bool {
        self.body.is_empty() || serde_json::from_slice::<IgnoredAny>(&self.body).is_ok()
    }
}

/// Requests that share a budget of time.
pub struct Operation<'a> {
    client: &'a Client<'a>,
    deadline: Instant,
}

impl<'a> Operation<'a> {
    /// The client.
    pub fn client(&self) -> &'a Client<'a> {
        self.client
    }

    /// Whether an address belongs to the API: only such ones are asked with the token.
    pub fn owns(&self, url: &Url) -> bool {
        self.client.transport.owns(url)
    }

    /// Asks for JSON.
    pub async fn get<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        self.send(call).await?.json(call)
    }

    /// Sends a request until it is answered, is refused for good, or its time is used up.
    pub async fn send(&self, call: &Call) -> Result<Answer, Error> {
        // The last look before anything leaves: every text was cleaned where it was made, and here no one can be forgotten.
        if let Some(input) = self.client.sink.leaks(&String::from_utf8_lossy(&call.body)) {
            return Err(Error::Withheld { what: call.what.clone(), input });
        }
        let mut attempts = 0;
        loop {
            let fault = match self.attempt(call).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.client.redacted(fault),
            };
            attempts += 1;
            let kind = call.kind;
            let failed =
                Failed { fault: &fault, kind, attempts, jitter: self.client.chance.jitter() };
            let pause = self.client.tempo.pause(&failed);
            match pause {
                Some(pause) if pause < self.left() => self.wait(pause, call).await,
                _ => return Err(self.error(call, fault, pause)),
            }
        }
    }

    /// Waits before a creation whose answer was lost is looked up; `false` if there is no time for that.
    pub(super) async fn pause(&self, call: &Call, lost: &Error, attempts: u32) -> bool {
        let Error::Unknown { asks, why, .. } = lost else { return false };
        let fault = Fault::Lost(why.clone());
        let jitter = self.client.chance.jitter();
        let failed = Failed { fault: &fault, kind: call.kind, attempts, jitter };
        let pause = self.client.tempo.backoff(&failed).max(*asks);
        let fits = pause < self.left();
        if fits {
            self.wait(pause, call).await;
        }
        fits
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    async fn wait(&self, pause: Duration, call: &Call) {
        let text = format!("GitHub: {} s until another attempt to {}", pause.as_secs(), call.what);
        let event = if pause >= TOLD { Event::Note(text) } else { Event::Debug(text) };
        self.client.sink.emit(event);
        sleep(pause).await;
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Fault> {
        let Client { transport, pacer, tempo, .. } = self.client;
        let spent = || Fault::NotSent("the time for it is used up".to_owned());
        let turn = timeout_at(self.deadline, pacer.turn(call.kind, tempo));
        let _turn = turn.await.map_err(|_| spent())?;
        let limit = tempo.answer.min(self.left());
        if limit.is_zero() {
            return Err(spent());
        }
        let answer = timeout(limit, transport.exchange(call)).await.map_err(|_| {
            Fault::Lost(format!("no whole answer within {:.1} s", limit.as_secs_f32()))
        })??;
        if !(200..300).contains(&answer.status) {
            let refusal = Refusal::read(answer.status, &answer.headers, &answer.body);
            return Err(Fault::Refused(Box::new(refusal)));
        }
        // A body that is cut off or a proxy's page: asked for again it may be right.
        if call.wants != Wants::Json || answer.is_json() {
            Ok(answer)
        } else {
            Err(Fault::Lost("it is not JSON".to_owned()))
        }
    }

    /// The error that a fault is in the end; `pause` is the wait that did not fit into the time.
    fn error(&self, call: &Call, fault: Fault, pause: Option<Duration>) -> Error {
        let (what, left) = (call.what.clone(), self.left());
        let refusal = match fault {
            Fault::Refused(refusal) => refusal,
            Fault::Lost(why) if call.kind.creates() => {
                return Error::Unknown { what, why, asks: Duration::ZERO };
            }
            Fault::Lost(why) | Fault::NotSent(why) => return Error::Unreachable { what, why },
            Fault::Unusable(why) => return Error::Unusable { what, why },
        };
        match (refusal.status, refusal.limit) {
            (_, Some(_)) => {
                let asks = pause.or(refusal.asks).unwrap_or(self.client.tempo.unsaid_limit);
                Error::Limited { what, asks, left, refusal }
            }
            (status, _) if is_server_fault(status) && call.kind.creates() => {
                let asks = refusal.asks.unwrap_or_default();
                Error::Unknown { what, why: refusal.to_string(), asks }
            }
            (403, _) => Error::NotAllowed { what, refusal },
            (404, _) if call.kind.is_write() => Error::NotAllowed { what, refusal },
            (404, _) => Error::NotFound { what, refusal },
            _ => Error::Refused { what, refusal },
        }
    }
}
