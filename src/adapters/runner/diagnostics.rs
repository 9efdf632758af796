//! Diagnostics of our own code and of libraries (`tracing`) as debug events.
//!
//! Diagnostics only: what a user must see is an event of a story, never a log level. A library's warning must not
//! become an annotation.

use std::fmt::{Debug, Write};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;

use crate::adapters::runner::terminal::Verbosity;
use crate::domain::event::{Event as Happened, Sink};

/// Sends diagnostics to the sink from now on. Does nothing if diagnostics go somewhere already.
pub fn install(sink: Arc<dyn Sink>, verbosity: Verbosity) {
    let _ = tracing::subscriber::set_global_default(subscriber(sink, verbosity));
}

/// The subscriber that [`install`] installs.
pub fn subscriber(sink: Arc<dyn Sink>, verbosity: Verbosity) -> impl Subscriber + Send + Sync {
    registry().with(ToSink { sink, verbosity }.with_filter(collected(verbosity)))
}

/// What is collected: ours in detail; libraries only where something is odd, and more with `RUNNER_DEBUG=1` or `-v`.
fn collected(verbosity: Verbosity) -> Targets {
    let (libraries, ours) = match verbosity {
        Verbosity::Normal => (LevelFilter::WARN, LevelFilter::DEBUG),
        Verbosity::Verbose => (LevelFilter::INFO, LevelFilter::TRACE),
    };
    Targets::new().with_default(libraries).with_target("mta_actions", ours)
}

struct ToSink {
    sink: Arc<dyn Sink>,
    verbosity: Verbosity,
}

impl<S: Subscriber> Layer<S> for ToSink {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let text = format!("{}{}", text.message, text.fields);
        let data = event.metadata();
        let line = match self.verbosity {
            Verbosity::Normal => text,
            Verbosity::Verbose => {
                format!("{:.3} {} {} {text}", jiff::Timestamp::now(), data.level(), data.target())
            }
        };
        self.sink.emit(Happened::Debug(line));
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Sink for Lines {
        fn emit(&self, event: Happened) {
            if let Happened::Debug(text) = event {
                self.0.lock().unwrap().push(text);
            }
        }
    }

    fn lines(verbosity: Verbosity) -> Vec<String> {
        let sink = Arc::new(Lines::default());
        tracing::subscriber::with_default(subscriber(Arc::clone(&sink) as _, verbosity), || {
            tracing::debug!(target: "mta_actions::host", pid = 3, "started");
            tracing::info!(target: "hyper", "chatter");
            tracing::warn!(target: "hyper", "odd");
        });
        sink.0.lock().unwrap().clone()
    }

    #[test]
    fn ours_in_detail_and_libraries_where_something_is_odd() {
        assert_eq!(lines(Verbosity::Normal), ["started pid=3", "odd"]);
    }

    #[test]
    fn with_time_and_target_where_it_was_asked_for() {
        let lines = lines(Verbosity::Verbose);
        assert_eq!(lines.len(), 3);
        assert!(lines[0].ends_with("Z DEBUG mta_actions::host started pid=3"), "{}", lines[0]);
    }
}
