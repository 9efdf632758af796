//! Requests to one registry: login, redirects, retries, and a budget of time for all of what is asked for.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Method, Url};
use tokio::time::{Instant, sleep};

use super::address;
use super::errors::{Doing, Error, Refusal};
use super::retry::{Fault, Tempo};
use super::token::{Asking, Grant};
use super::wire::{LARGEST_ERROR, Wire, left, refused};
use crate::adapters::http::{self, Chance};
use crate::domain::event::{Event, Sink};
use crate::domain::image::{MediaType, Registry, Repository};
use crate::domain::registry::challenge::demand;
use crate::domain::registry::credentials::Credentials;
use crate::domain::registry::quota::Quota;

/// Redirects that are followed for one request.
const REDIRECTS: u32 = 5;

/// Waits that are shorter are not told.
const TOLD: Duration = Duration::from_secs(5);

/// How to ask a registry.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who we are to it; `None` to ask without a login.
    pub credentials: Option<Credentials>,
    /// The longest time that one question may take, waits included.
    pub budget: Duration,
    /// A random number, so that jobs that were refused together do not come back together.
    pub seed: u64,
    /// How long things take.
    pub tempo: Tempo,
}

impl Settings {
    /// One minute for a question, at the tempo that registries ask for.
    pub fn new(credentials: Option<Credentials>, seed: u64) -> Self {
        Self { credentials, budget: Duration::from_mins(1), seed, tempo: Tempo::default() }
    }
}

/// Speaks to one registry.
pub struct Client<'a> {
    wire: Wire,
    registry: Registry,
    settings: Settings,
    chance: Chance,
    state: Mutex<State>,
    sink: &'a dyn Sink,
}

/// What was learnt of the registry.
#[derive(Default)]
struct State {
    /// Where it answers; on this machine that is found out with the first request.
    base: Option<Url>,
    /// What lets us in, by scope.
    grants: BTreeMap<String, Grant>,
    /// How many pulls it allows, as it said last.
    quota: Option<Quota>,
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// What is asked for, as it is named in errors: `ghcr.io/acme/shop:v1`.
    pub(super) what: String,
    /// `GET`, `HEAD` or `PUT`: repeated, each comes to the same.
    pub(super) method: Method,
    /// What stands behind `/v2/`, or a whole address of this registry.
    pub(super) path: String,
    /// Media types that are taken; none for any.
    pub(super) accept: &'static [MediaType],
    /// What is written, and of which media type it is.
    pub(super) body: Option<(MediaType, Vec<u8>)>,
    /// What it is a right for: `repository:acme/shop:pull`.
    pub(super) scope: String,
    /// The largest answer, in bytes.
    pub(super) most: usize,
}

/// An answer that is no error.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Where it came from: relative addresses in it begin there.
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// A request for something of a repository.
    pub(super) fn of(repository: &Repository, what: String, path: &str) -> Self {
        let name = repository.path();
        Self {
            what,
            method: Method::GET,
            path: format!("{name}/{path}"),
            accept: &[],
            body: None,
            scope: format!("repository:{name}:pull"),
            most: LARGEST_ERROR,
        }
    }

    const fn doing(&self) -> Doing {
        if self.body.is_some() { Doing::Write } else { Doing::Read }
    }
}

impl<'a> Client<'a> {
    /// A client of a registry; sends nothing.
    pub fn new(
        http: &http::Client,
        registry: Registry,
        settings: Settings,
        sink: &'a dyn Sink,
    ) -> Self {
        let chance = Chance::new(settings.seed);
        let wire = Wire::new(http, settings.tempo.answer);
        Self { wire, registry, settings, chance, state: Mutex::default(), sink }
    }

    /// The registry.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Where it answers, as far as that is known.
    pub(super) fn base(&self) -> Option<Url> {
        self.state().base.clone()
    }

    /// How many pulls the registry allows, as its last answer said; `None` if it does not count them.
    pub fn quota(&self) -> Option<Quota> {
        self.state().quota
    }

    /// When a question that begins now is over.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.settings.budget
    }

    /// Sends a request until it is answered, is refused for good, or its time is used up.
    pub(super) async fn send(&self, call: &Call, deadline: Instant) -> Result<Answer, Error> {
        let mut attempts = 0;
        loop {
            let fault = match self.attempt(call, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            attempts += 1;
            let tempo = self.settings.tempo;
            let pause = tempo.pause(&fault, attempts, self.chance.jitter());
            match pause {
                Some(pause) if pause < left(deadline) => self.wait(pause, call).await,
                _ => return Err(self.error(call, fault, pause)),
            }
        }
    }

    async fn wait(&self, pause: Duration, call: &Call) {
        let text = format!(
            "{}: {} s until another attempt to {} {}",
            self.registry,
            pause.as_secs(),
            call.doing(),
            call.what
        );
        let event = if pause >= TOLD { Event::Note(text) } else { Event::Debug(text) };
        self.sink.emit(event);
        sleep(pause).await;
    }

    /// One attempt: where the registry wants to know who asks, it is told, and asked again.
    async fn attempt(&self, call: &Call, deadline: Instant) -> Result<Answer, Fault> {
        let known = self.grant(&call.scope);
        let refused = match self.try_once(call, known.as_ref(), deadline).await? {
            Step::Answered(answer) => return Ok(answer),
            Step::Refused(refused) => refused,
        };
        let Refused { headers, refusal, base } = refused;
        let challenges: Vec<&str> = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        if challenges.is_empty() {
            return Err(Fault::Forbidden(refusal));
        }
        let demand = demand(&challenges)
            .map_err(|why| Fault::Unusable(format!("its header WWW-Authenticate {why}")))?;
        if known.is_some_and(|known| known.is_final()) {
            return Err(Fault::Login(refusal));
        }
        self.forget(&call.scope);
        let asking = Asking {
            wire: &self.wire,
            credentials: self.settings.credentials.as_ref(),
            scope: &call.scope,
        };
        let Some(grant) = asking.answered(&demand, &base, deadline).await? else {
            return Err(Fault::Forbidden(refusal));
        };
        self.remember(&call.scope, &grant);
        match self.try_once(call, Some(&grant), deadline).await? {
            Step::Answered(answer) => Ok(answer),
            Step::Refused(Refused { refusal, .. }) if grant.is_final() => {
                self.forget(&call.scope);
                Err(Fault::Login(refusal))
            }
            Step::Refused(Refused { refusal, .. }) => {
                self.forget(&call.scope);
                Err(Fault::Forbidden(refusal))
            }
        }
    }

    /// One exchange with what lets us in. A registry on this machine may do without TLS, as Docker allows it: it is asked
    /// without first, and with TLS where that leads to nothing.
    async fn try_once(
        &self,
        call: &Call,
        grant: Option<&Grant>,
        deadline: Instant,
    ) -> Result<Step, Fault> {
        let no_address = || Fault::Unusable("the name of the registry is no address".to_owned());
        let plain = address::base(&self.registry, "http").filter(|_| self.registry.is_loopback());
        let secure = address::base(&self.registry, "https").ok_or_else(no_address)?;
        let (first, other) = match (self.base(), plain) {
            (Some(known), _) => (known, None),
            (None, Some(plain)) => (plain, Some(secure)),
            (None, None) => (secure, None),
        };
        let step = self.exchange(call, &first, grant, deadline).await;
        let (step, base) = match (step, other) {
            (Err(plain), Some(other)) if wants_tls(&plain) => {
                match self.exchange(call, &other, grant, deadline).await {
                    Err(Fault::Lost(why)) => return Err(neither(plain, why)),
                    step => (step, other),
                }
            }
            (step, _) => (step, first),
        };
        if !matches!(step, Err(Fault::Lost(_))) {
            self.state().base.get_or_insert(base);
        }
        step
    }

    /// Sends a request once and follows redirects. What lets us in goes to the registry's own address and nowhere else.
    async fn exchange(
        &self,
        call: &Call,
        base: &Url,
        grant: Option<&Grant>,
        deadline: Instant,
    ) -> Result<Step, Fault> {
        let mut url =
            base.join(&call.path).map_err(|_| Fault::Unusable("its address is none".to_owned()))?;
        let mut has_left = false;
        for _ in 0..=REDIRECTS {
            has_left |= url.origin() != base.origin();
            let mut request =
                self.wire.http.towards(&url).request(call.method.clone(), url.clone());
            for accepted in call.accept {
                request = request.header(ACCEPT, accepted.as_str());
            }
            // Also not when another host sends it back to a path of its own choice.
            if !has_left && let Some(grant) = grant {
                request = request.header(AUTHORIZATION, grant.header());
            }
            if let Some((media_type, bytes)) = &call.body {
                request = request.header(CONTENT_TYPE, media_type.as_str()).body(bytes.clone());
            }
            let answer = self.wire.bounded(request.send(), deadline).await?;
            let status = answer.status();
            if status.is_redirection() && call.body.is_some() {
                return Err(Fault::Unusable("it sends what is written elsewhere".to_owned()));
            }
            if status.is_redirection() {
                let location = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
                let location = location
                    .ok_or_else(|| Fault::Unusable("it redirects to nowhere".to_owned()))?;
                url = address::redirect(location, &url).map_err(Fault::Unusable)?;
                continue;
            }
            let headers = answer.headers().clone();
            let most = if status.is_success() { call.most } else { LARGEST_ERROR };
            let body = self.wire.body(answer, most, status.is_success(), deadline).await?;
            if !has_left {
                self.learn(&headers);
            }
            if status.is_success() {
                return Ok(Step::Answered(Answer { url, status: status.as_u16(), headers, body }));
            }
            let refusal = self.wire.refusal(&url, status.as_u16(), (&headers, &body));
            if status.as_u16() == 401 && !has_left {
                return Ok(Step::Refused(Refused { headers, refusal, base: base.clone() }));
            }
            return Err(refused(refusal, &headers));
        }
        Err(Fault::Unusable(format!("more than {REDIRECTS} redirects")))
    }

    /// Remembers what is left of the registry's limit.
    fn learn(&self, headers: &HeaderMap) {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if let (Some(limit), Some(left)) = (text("ratelimit-limit"), text("ratelimit-remaining"))
            && let Some(quota) = Quota::parse(limit, left)
        {
            self.state().quota = Some(quota);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant(&self, scope: &str) -> Option<Grant> {
        self.state().grants.get(scope).filter(|grant| grant.is_good()).cloned()
    }

    fn remember(&self, scope: &str, grant: &Grant) {
        self.state().grants.insert(scope.to_owned(), grant.clone());
    }

    fn forget(&self, scope: &str) {
        self.state().grants.remove(scope);
    }

    /// The error that a fault is in the end; `pause` is the wait that did not fit into the time.
    fn error(&self, call: &Call, fault: Fault, pause: Option<Duration>) -> Error {
        let (what, registry, doing) = (call.what.clone(), self.registry.clone(), call.doing());
        match fault {
            Fault::Lost(why) => Error::Unreachable { registry, why },
            Fault::Unusable(why) => Error::Unusable { what, why },
            Fault::Login(refusal) => Error::Login { registry, refusal: refusal.into() },
            Fault::Forbidden(refusal) => Error::Forbidden {
                doing,
                what,
                registry,
                refusal: refusal.into(),
                has_login: self.settings.credentials.is_some(),
            },
            Fault::Refused { refusal, asks } if refusal.is_limit() => {
                let asks = asks.or(pause).unwrap_or(self.settings.tempo.unsaid_limit);
                Error::Limited { doing, what, refusal: refusal.into(), asks }
            }
            Fault::Refused { refusal, .. } if refusal.status == 404 => {
                Error::Absent { what, refusal: refusal.into() }
            }
            Fault::Refused { refusal, .. } => {
                Error::Refused { doing, what, refusal: refusal.into() }
            }
        }
    }
}

/// What one exchange came to.
enum Step {
    Answered(Answer),
    /// The registry wants to know who asks (401).
    Refused(Refused),
}

struct Refused {
    headers: HeaderMap,
    refusal: Refusal,
    /// Where the registry answers.
    base: Url,
}

/// Whether a server that was asked without TLS may want it: Go's and nginx answer 400, others drop the line.
fn wants_tls(fault: &Fault) -> bool {
    matches!(fault, Fault::Lost(_))
        || matches!(fault, Fault::Refused { refusal, .. } if refusal.status == 400)
}

/// What to tell of a server that gave nothing with TLS: a certificate that is not trusted is of one that speaks it.
fn neither(plain: Fault, secure: String) -> Fault {
    match plain {
        _ if secure.contains("certificate") => Fault::Lost(secure),
        Fault::Lost(why) if why != secure => {
            Fault::Lost(format!("without TLS: {why}; with it: {secure}"))
        }
        plain => plain,
    }
}
