//! A server in front of another one, which does to its requests and answers what a test says.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::kit::registry::forward::forward;
use crate::kit::registry::pages::{Pages, tags_of};
use crate::kit::registry::wire::{Answer, Ending, Request, listen, serve};

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is passed on. In front of a rule for many it is an exception.
    Pass,
    /// This answer; the server behind sees nothing of the request.
    Answer(Answer),
    /// The connection is reset; the server behind sees nothing of the request.
    LoseRequest,
    /// The server behind answers, and nothing of it arrives: the connection is reset.
    LoseAnswer,
    /// The head of the answer arrives, then the connection is reset.
    LoseBody,
    /// Half of the body arrives, then the connection is closed.
    Cut,
    /// The body comes with one bit changed.
    Corrupt,
    /// The answer comes with this value of a header, without it for `None`.
    Header(&'static str, Option<String>),
    /// 307 to the same path at another address: `http://HOST:PORT`.
    Redirect(String),
    /// Never an answer; the server behind sees nothing of the request.
    Silence,
    /// For `GET /v2/NAME/tags/list`: the list behind in pages.
    Pages(Pages),
}

impl Fault {
    /// An answer as the distribution specification has it for an error.
    pub fn error(status: u16, code: &str) -> Self {
        Self::Answer(Answer::error(status, code, "of the test"))
    }
}

#[derive(Clone, Debug)]
enum Which {
    /// The request of this number, from 0.
    Number(usize),
    /// What `METHOD PATH?QUERY` begins with.
    Beginning(String),
}

struct Rule {
    which: Which,
    is_once: bool,
    fault: Fault,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    requests: Vec<Request>,
}

/// A running proxy; it ends with the test's runtime. Without a rule it passes everything on.
#[derive(Clone)]
pub struct FaultProxy {
    upstream: String,
    state: Arc<Mutex<State>>,
    port: u16,
}

impl FaultProxy {
    /// In front of the server at `http://HOST:PORT`.
    pub async fn before(upstream: &str) -> Self {
        let (listener, port) = listen().await;
        let proxy = Self { upstream: upstream.to_owned(), state: Arc::default(), port };
        let serving = proxy.clone();
        serve(listener, move |request| serving.clone().answer(request));
        proxy
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// `http://127.0.0.1:1234`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The same server by another name of this host: to a client it is another host.
    pub fn other_host(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// What happens to the next request that begins like this: `PUT /v2/acme/shop/manifests/`. The first rule that fits
    /// counts.
    pub fn once(&self, beginning: &str, fault: Fault) {
        self.rule(Which::Beginning(beginning.to_owned()), true, fault);
    }

    /// What happens to all of them.
    pub fn always(&self, beginning: &str, fault: Fault) {
        self.rule(Which::Beginning(beginning.to_owned()), false, fault);
    }

    /// What happens to the request of a number, counted from 0 since the start or the last [`FaultProxy::heal`].
    pub fn nth(&self, number: usize, fault: Fault) {
        self.rule(Which::Number(number), true, fault);
    }

    fn rule(&self, which: Which, is_once: bool, fault: Fault) {
        self.state().rules.push(Rule { which, is_once, fault });
    }

    /// Forgets the rules and the requests.
    pub fn heal(&self) {
        *self.state() = State::default();
    }

    /// The requests that came, whatever happened to them: `all("authorization")`, `all("accept")`.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// The same as `METHOD PATH?QUERY`.
    pub fn lines(&self) -> Vec<String> {
        self.state().requests.iter().map(line).collect()
    }

    /// Whether any of them had credentials.
    pub fn saw_credentials(&self) -> bool {
        self.state().requests.iter().any(|request| !request.all("authorization").is_empty())
    }

    /// Notes the request and takes the rule that fits.
    fn noted(&self, request: &Request) -> Fault {
        let mut state = self.state();
        let number = state.requests.len();
        state.requests.push(request.clone());
        let line = line(request);
        let fits = |rule: &Rule| match &rule.which {
            Which::Number(wanted) => *wanted == number,
            Which::Beginning(beginning) => line.starts_with(beginning),
        };
        let Some(place) = state.rules.iter().position(fits) else { return Fault::Pass };
        if state.rules[place].is_once {
            state.rules.remove(place).fault
        } else {
            state.rules[place].fault.clone()
        }
    }

    async fn answer(self, request: Request) -> (Answer, Ending) {
        let fault = self.noted(&request);
        let nothing = Answer::default();
        match fault {
            Fault::Answer(answer) => (answer, Ending::Whole),
            Fault::LoseRequest => (nothing, Ending::Reset),
            Fault::Silence => (nothing, Ending::Silence),
            Fault::Redirect(base) => {
                let there = format!("{base}{}", request.target);
                (Answer::new(307, "").with("Location", there), Ending::Whole)
            }
            Fault::Pages(pages) => (self.paged(&pages, request).await, Ending::Whole),
            Fault::Pass => (self.passed_on(&request).await, Ending::Whole),
            Fault::LoseAnswer => (self.passed_on(&request).await, Ending::Reset),
            Fault::LoseBody => (self.passed_on(&request).await, Ending::ResetAfterHead),
            Fault::Cut => (self.passed_on(&request).await, Ending::Half),
            Fault::Corrupt => {
                let mut answer = self.passed_on(&request).await;
                if let Some(byte) = answer.body.last_mut() {
                    *byte ^= 1;
                }
                (answer, Ending::Whole)
            }
            Fault::Header(name, value) => {
                let answer = self.passed_on(&request).await;
                (answer.replacing(name, value.as_deref()), Ending::Whole)
            }
        }
    }

    /// The answer of the server behind. Addresses in it that name that server itself, though it was asked by our name,
    /// lead here: nothing else is changed.
    async fn passed_on(&self, request: &Request) -> Answer {
        let mut answer = forward(&self.upstream, request).await;
        for (name, value) in &mut answer.headers {
            if ["location", "www-authenticate"].contains(&&*name.to_ascii_lowercase()) {
                *value = value.replace(&self.upstream, &self.url());
            }
        }
        answer
    }

    async fn paged(&self, pages: &Pages, mut request: Request) -> Answer {
        let name =
            request.path().trim_start_matches("/v2/").trim_end_matches("/tags/list").to_owned();
        let asked = request.clone();
        request.target = request.path().to_owned();
        let answer = self.passed_on(&request).await;
        if answer.status != 200 {
            return answer;
        }
        pages.page(&name, &tags_of(&answer), &asked)
    }
}

fn line(request: &Request) -> String {
    format!("{} {}", request.method, request.target)
}
