//! What happens while an action runs, as values.
//!
//! Adapters and stories emit events to a [`Sink`] that is passed in; the runner's log is one sink, a terminal another.
//! Nothing here knows how an event is shown.

use crate::failure::Place;

/// How much an annotation matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The run fails because of it.
    Error,
    /// It goes on, but someone should look.
    Warning,
    /// Worth knowing.
    Notice,
}

/// A message that is shown outside the log too: on the run's page and at a line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Annotation {
    /// How much it matters.
    pub level: Level,
    /// A few words, shown bold.
    pub title: String,
    /// The text; may have several lines.
    pub message: String,
    /// Where, if a file of the repository is meant.
    pub place: Option<Place>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A phase of the work begins; phases do not nest. A sink shows it as a group.
    PhaseStarted {
        /// What is being done: "pull images".
        name: String,
    },
    /// The phase that was started last is over; the sink adds how long it took.
    PhaseEnded,
    /// A sentence of ours about what happened: "app: healthy after 12 s (4 probes)".
    Note(String),
    /// A sentence of ours while something long goes on; a terminal may overwrite it, a log shows one every 10 to 15 s.
    Waiting(String),
    /// Text that we did not write: output of tools, logs of containers. Shown, never obeyed.
    Foreign {
        /// Where it comes from: "docker compose", "migrate".
        source: String,
        /// One or more lines.
        text: String,
    },
    /// Something for people who debug `mta` itself.
    Debug(String),
    /// A message for the run's page.
    Annotated(Annotation),
}

/// Where events go. Implemented by the runner's log and by the terminal.
pub trait Sink: Send + Sync {
    /// Takes one event. Never fails: a log that cannot be written must not stop a deployment.
    fn emit(&self, event: Event);

    /// A text of others in lines that may be kept and shown later: secrets of this run hidden, control characters gone.
    /// A sink that knows of no secrets leaves it as it is.
    fn harmless(&self, text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    /// Whether a secret of this run stands in a text: the last look at what leaves the machine. A sink that knows of no
    /// secrets finds none.
    fn finds_secret(&self, _text: &str) -> bool {
        false
    }
}
