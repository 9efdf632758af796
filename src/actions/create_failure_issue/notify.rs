//! Tells a chat what there is to tell of the run. What keeps it from being told is a warning and never more: the issue
//! is written before.

use crate::actions::World;
use crate::actions::create_failure_issue::apply::Done;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::actions::create_failure_issue::names::hidden;
use crate::adapters::chat::{self, Webhook};
use crate::adapters::github::client::Operation;
use crate::adapters::github::runs::{self, Which};
use crate::adapters::http;
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::incident::key::Scope;
use crate::domain::incident::life::Change;
use crate::domain::incident::memory::Memory;
use crate::domain::incident::news::News as Jobs;
use crate::domain::incident::run::Run;
use crate::domain::notice::{self, Ended, Known, News, Touched};
use crate::domain::redact::Redactor;
use crate::domain::repository::Repository;
use crate::failure::{Failure, Outcome};
use crate::report::chat::{message, slack};
use crate::report::incident::Failing;

/// Sends a message where one is asked for and there is something to say. `done` is what was done with the issues;
/// `None` where they could not be read or written.
pub async fn notify(
    (world, inputs): (World<'_>, &Inputs),
    github: (&Operation<'_>, &Repository, &Run),
    (jobs, failing): (&Jobs, Failing<'_>),
    done: Option<&[Done]>,
) -> Option<Annotation> {
    let webhook = inputs.slack.as_ref()?;
    let issues: Option<Vec<Touched<'_>>> = done.map(|done| done.iter().map(touched).collect());
    let known = issues.map(|issues| news(jobs, Known::Issues(&issues)));
    // Where each run has an issue of its own, a new one does not say that it begins to fail.
    let news = match known.filter(|news| inputs.scope != Scope::Run || *news != News::Fails) {
        Some(news) => news,
        None => news(jobs, Known::Before(before(world, github).await)),
    };
    if !inputs.notify_on.tells(&news) {
        let when = inputs.notify_on.word();
        world.events.emit(Event::Note(format!("Slack: nothing to tell (`notify-on: {when}`)")));
        return None;
    }
    let main = done.and_then(main);
    let memory = main.and_then(|done| done.memory.as_ref()).unwrap_or(failing.memory);
    let failing = Failing { memory, ..failing };
    let number = main.and_then(|done| done.number);
    let told = tell(world, (webhook, inputs.dry_run), (&news, failing, number)).await;
    told.err().map(|failure| Annotation {
        level: Level::Warning,
        title: "create-failure-issue: Slack was not told".to_owned(),
        message: failure.to_string(),
        place: None,
    })
}

fn news(jobs: &Jobs, known: Known<'_>) -> News {
    let ended = match () {
        () if !jobs.failed.is_empty() => Ended::Failed,
        () if jobs.is_green => Ended::Green,
        () => Ended::Undecided,
    };
    notice::news(ended, known)
}

/// How the run before ended; what cannot be read says nothing.
async fn before(
    world: World<'_>,
    (operation, repository, run): (&Operation<'_>, &Repository, &Run),
) -> Option<Ended> {
    match runs::recent(operation, repository, (run, Which::Ended)).await {
        Ok(others) => notice::before(run, &others),
        Err(error) => {
            let text = format!("whether it failed before is not known: {error}");
            world.events.emit(Event::Note(text));
            None
        }
    }
}

fn touched(done: &Done) -> Touched<'_> {
    let is_open = done.memory.as_ref().is_some_and(Memory::is_open);
    Touched { change: &done.change, told: done.told.as_ref(), is_open }
}

/// The issue that says most: the first with which something was done.
fn main(all: &[Done]) -> Option<&Done> {
    all.iter().find(|done| !matches!(done.change, Change::Nothing(_))).or(all.first())
}

async fn tell(
    world: World<'_>,
    (webhook, is_dry): (&Webhook, bool),
    (news, failing, issue): (&News, Failing<'_>, Option<u64>),
) -> Result<(), Failure> {
    let unsafe_to_send = |why: String| {
        Failure::new(Outcome::Failed, "the message was not sent").why(why).help(
            "report it with the message that `dry-run` prints; what is secret is hidden there too",
        )
    };
    let redactor = Redactor::new()
        .map_err(|error| unsafe_to_send(format!("secrets cannot be looked for: {error}")))?;
    let hide = |text: &str| hidden(world, &redactor, text);
    let payload = slack::payload(&message(news, failing, issue, hide));
    if is_dry {
        let text = format!("{payload:#}");
        world.events.emit(Event::Foreign { source: "Slack (not sent)".to_owned(), text });
        return Ok(());
    }
    if let Some(input) = slack::said(&payload).iter().find_map(|text| world.events.leaks(text)) {
        return Err(unsafe_to_send(format!("the value of {input} stands in it")));
    }
    let failed = |error: &chat::Error| {
        Failure::new(Outcome::Unavailable, error.to_string()).help(error.help())
    };
    let client = http::client().map_err(|error| {
        Failure::new(Outcome::Unavailable, "there is no HTTP client")
            .why(error)
            .help("check SSL_CERT_FILE and the proxy variables")
    })?;
    chat::slack::send(&client, webhook, &payload).await.map_err(|error| failed(&error))?;
    world.events.emit(Event::Note(format!("Slack: told ({})", webhook.host())));
    Ok(())
}
