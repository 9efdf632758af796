//! How a story of releases ends: outputs, summary and annotations out of its account.

use crate::actions::Ending;
use crate::domain::action::OutputSpec;
use crate::domain::event::{Annotation, Event, Level, Sink};
use crate::failure::{Failure, Outcome};
use crate::report::release::Account;

/// The ending of a story with these outputs. What the reader is to know is told in the log too: by hand there is no
/// summary.
pub fn of(
    events: &dyn Sink,
    outputs: &[OutputSpec],
    account: &Account,
    result: Result<(), Failure>,
) -> Ending {
    account.lines().into_iter().for_each(|line| events.emit(Event::Note(line)));
    let failure = result.err();
    let outcome = failure.as_ref().map_or(Outcome::Done, |failure| failure.outcome);
    let mut ending = Ending::new(outcome);
    ending.summary = account.summary(failure.as_ref());
    let id = |release: Option<&crate::domain::release::Release>| {
        release.map(|release| release.id.to_string()).unwrap_or_default()
    };
    let running = account.running.as_ref().map(|release| &release.id);
    let failed = account.tried.as_ref().filter(|tried| Some(&tried.id) != running);
    let all = [
        ("release", id(account.running.as_ref())),
        ("previous-release", id(account.previous.as_ref())),
        ("failed-release", id(failed.filter(|_| failure.is_some()))),
        ("backup", account.restored.as_ref().map_or_else(String::new, |one| one.backup.clone())),
    ];
    for (name, value) in all {
        if outputs.iter().any(|output| output.name == name) {
            ending.outputs.set(name, value);
        }
    }
    ending.annotations.extend(failure.map(|failure| annotation(account.action, &failure)));
    ending
}

/// The one annotation of a failure.
pub fn annotation(action: &str, failure: &Failure) -> Annotation {
    Annotation {
        level: Level::Error,
        title: format!("{action}: {}", failure.outcome.word()),
        message: failure.to_string(),
        place: failure.place.clone(),
    }
}
