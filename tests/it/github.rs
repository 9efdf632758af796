//! The GitHub adapter against a server of this host that answers, and fails, as GitHub does.

mod comments;
mod fake;
mod faults;
mod labels;
mod pulls;
mod redirects;

use std::sync::Mutex;
use std::time::Duration;

use mta_actions::adapters::github::client::{Client, Settings};
use mta_actions::adapters::github::comments::{Posted, Sticky, post};
use mta_actions::adapters::github::errors::Error;
use mta_actions::adapters::github::retry::Tempo;
use mta_actions::adapters::http;
use mta_actions::domain::event::{Event, Sink};
use mta_actions::domain::repository::Repository;
use mta_actions::domain::sticky::{Author, Marker};

use crate::kit::github::{FakeGitHub, TOKEN};

/// Keeps what the adapter says.
#[derive(Default)]
struct Said(Mutex<Vec<String>>);

impl Sink for Said {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

/// Pauses of milliseconds instead of seconds. What a server asks for by `Retry-After` stays as it is.
fn settings(url: String) -> Settings {
    let tempo = Tempo {
        first_pause: Duration::from_millis(2),
        unsaid_limit: Duration::from_millis(40),
        answer: Duration::from_secs(10),
        write_gap: Duration::from_millis(1),
        notify_gap: Duration::from_millis(2),
    };
    let budget = Duration::from_secs(20);
    Settings { budget, tempo, ..Settings::new(url, TOKEN.into(), 1) }
}

fn repository() -> Repository {
    Repository::parse("acme/app").unwrap()
}

fn sticky() -> Sticky {
    let marker = Marker::new("coverage", "a");
    Sticky { repository: repository(), number: 7, marker, author: Author::Own }
}

async fn post_with(settings: Settings, sticky: &Sticky, text: &str) -> Result<Posted, Error> {
    let (http, said) = (http::client().unwrap(), Said::default());
    let client = Client::new(&http, settings, &said)?;
    let posted = post(&client, sticky, text).await;
    let told = said.0.lock().unwrap().join("\n");
    assert!(!told.contains(TOKEN), "{told}");
    if let Err(error) = &posted {
        let words = format!("{error} {error:?} {:?}", error.help());
        assert!(!words.contains(TOKEN), "{words}");
    }
    posted
}

/// Posts as a job does.
async fn posted(github: &FakeGitHub, text: &str) -> Result<Posted, Error> {
    post_with(settings(github.url()), &sticky(), text).await
}

/// The body with our marker.
fn marked(text: &str) -> String {
    format!("<!-- mta:coverage a -->\n{text}")
}

fn bodies(github: &FakeGitHub) -> Vec<String> {
    github.comments().into_iter().map(|comment| comment.body).collect()
}
