//! A Slack for tests: one incoming webhook on a port of this host, which answers as scripted, and with `ok` otherwise.
//!
//! It notes what the real one would not take: `violations` must stay empty.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};

use crate::kit::github::wire::{Delivery, Request, Response, read, write};

/// What comes behind the host: whoever knows it can write into the channel.
pub const PATH: &str = "/services/T0ABCDEF/B0ABCDEF/the-word-of-the-webhook";

/// What happens to a message.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This answer, delivered like this.
    Answer(Response, Delivery),
    /// Nothing ever comes.
    Silence,
}

#[derive(Default)]
struct State {
    script: Vec<Reply>,
    requests: Vec<Request>,
    violations: Vec<String>,
}

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub struct FakeSlack {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl FakeSlack {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let slack = Self { state: Arc::default(), port };
        let serving = slack.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        slack
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The webhook.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// What happens to the next message.
    pub fn script(&self, reply: Reply) {
        self.state().script.push(reply);
    }

    /// The same for an answer of a status and a plain text, as Slack's are.
    pub fn answers(&self, status: u16, text: &str) {
        self.script(Reply::Answer(plain(status, text), Delivery::Whole));
    }

    /// The messages that came, whatever they were answered.
    pub fn messages(&self) -> Vec<Value> {
        self.state().requests.iter().map(Request::json).collect()
    }

    /// The titles of the messages.
    pub fn titles(&self) -> Vec<String> {
        let messages = self.messages().into_iter();
        messages.map(|m| m["blocks"][0]["text"]["text"].as_str().unwrap().to_owned()).collect()
    }

    /// What the real one would not take.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read(&mut stream).await {
            let reply = {
                let mut state = self.state();
                state.violations.extend(violations(&request));
                state.requests.push(request);
                if state.script.is_empty() { None } else { Some(state.script.remove(0)) }
            };
            let (response, delivery) = match reply {
                None => (plain(200, "ok"), Delivery::Whole),
                Some(Reply::Answer(response, delivery)) => (response, delivery),
                Some(Reply::Silence) => std::future::pending().await,
            };
            if !write(stream.get_mut(), &response, delivery).await {
                return;
            }
        }
    }
}

/// An answer in plain text.
pub fn plain(status: u16, text: &str) -> Response {
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    Response { status, headers, body: text.to_owned() }
}

fn violations(request: &Request) -> Vec<String> {
    let message = request.json();
    let blocks = message["blocks"].as_array().cloned().unwrap_or_default();
    let kinds = ["header", "section", "actions", "context", "divider", "rich_text"];
    let is_known = |block: &Value| kinds.contains(&block["type"].as_str().unwrap_or_default());
    [
        (request.method == "POST", "not a POST"),
        (request.path() == PATH, "no such webhook"),
        (request.all("content-type") == ["application/json"], "Content-Type"),
        (request.all("authorization").is_empty(), "a token that nobody asked for"),
        (message["text"].as_str().is_some_and(|text| !text.is_empty()), "no_text"),
        ((1..=50).contains(&blocks.len()) && blocks.iter().all(is_known), "invalid_blocks"),
        (request.body.len() <= 3 * 13_000, "msg_blocks_too_long"),
    ]
    .into_iter()
    .filter(|(holds, _)| !holds)
    .map(|(_, what)| what.to_owned())
    .collect()
}
