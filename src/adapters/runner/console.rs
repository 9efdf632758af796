//! The runner's log as a sink: groups, relayed text, annotations under the budget.
//!
//! Every text is redacted, then made harmless, then written and flushed line by line, all to one stream: the runner
//! reads two streams in no fixed order.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::adapters::runner::clock::Clock;
use crate::adapters::runner::redactor::Redactor;
use crate::adapters::runner::{command, foreign, random};
use crate::domain::event::{Annotation, Event, Sink};
use crate::domain::terminal_text;
use crate::report::annotation::budget;

/// The least time between two lines that say that something is still going on.
pub const WAITING_EVERY: Duration = Duration::from_secs(10);

/// Where debug lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugLines {
    /// As `::debug::`, which the runner shows if the job is debugged.
    Command,
    /// As plain lines, because the user asked for them with `-v`.
    Plain,
}

/// The runner's log.
pub struct Console {
    state: Mutex<State>,
    redactor: Redactor,
    workspace: String,
    debug: DebugLines,
    clock: Clock,
}

struct State {
    out: Box<dyn Write + Send>,
    phase: Option<Phase>,
    /// The token that ends the relay of foreign text, while one is open.
    relay: Option<String>,
    waited: Option<Duration>,
    annotations: Vec<Annotation>,
}

struct Phase {
    name: String,
    started: Duration,
}

impl Console {
    /// A log that writes to `out`. `workspace` is taken off the paths of annotations.
    pub fn new(out: Box<dyn Write + Send>, redactor: Redactor, workspace: &str) -> Self {
        let state = State { out, phase: None, relay: None, waited: None, annotations: Vec::new() };
        Self {
            state: Mutex::new(state),
            redactor,
            workspace: workspace.to_owned(),
            debug: DebugLines::Command,
            clock: Clock::monotonic(),
        }
    }

    /// The same log with debug lines shown another way.
    #[must_use]
    pub fn with_debug(mut self, debug: DebugLines) -> Self {
        self.debug = debug;
        self
    }

    /// The same log with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Tells the runner to mask values. They are sent verbatim: this is the one text that is not redacted.
    pub fn add_masks(&self, values: &[String]) {
        let mut state = self.lock();
        state.end_relay();
        for command in values.iter().filter_map(|value| command::add_mask(value)) {
            state.line(&command);
        }
    }

    /// The annotations that were emitted so far.
    pub fn annotations(&self) -> Vec<Annotation> {
        self.lock().annotations.clone()
    }

    /// Ends what is open and writes the annotations that fit, worst first. `last` is the closing line.
    pub fn finish(&self, annotations: &[Annotation], last: &str) {
        let mut state = self.lock();
        state.end_relay();
        self.end_phase(&mut state);
        for annotation in budget(annotations) {
            state.line(&command::annotation(&self.redacted(&annotation), &self.workspace));
        }
        self.plain(&mut state, last);
    }

    /// Writes one error annotation at once, also from a panic hook: never waits for the lock. False if something holds
    /// it, as a panic within this sink does.
    pub fn alarm(&self, annotation: &Annotation) -> bool {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        state.end_relay();
        state.line(&command::annotation(&self.redacted(annotation), &self.workspace));
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn redacted(&self, annotation: &Annotation) -> Annotation {
        let mut copy = annotation.clone();
        copy.title = self.clean(&copy.title);
        copy.message = self.clean(&copy.message);
        if let Some(place) = &mut copy.place {
            place.file = self.clean(&place.file);
        }
        copy
    }

    fn start_phase(&self, state: &mut State, name: &str) {
        self.end_phase(state);
        let name = self.harmless(name).join(" ");
        state.line(&command::group(&name));
        state.phase = Some(Phase { name, started: self.clock.now() });
    }

    fn end_phase(&self, state: &mut State) {
        if let Some(phase) = state.phase.take() {
            let took = words(self.clock.now().saturating_sub(phase.started));
            self.plain(state, &format!("{}: {took}", phase.name));
            state.line(command::end_group());
        }
    }

    /// A sentence of ours. It may hold names that others chose, so it is made harmless too.
    fn plain(&self, state: &mut State, text: &str) {
        self.harmless(text).iter().for_each(|line| state.line(line));
    }

    fn waiting(&self, state: &mut State, text: &str) {
        let now = self.clock.now();
        if state.waited.is_none_or(|last| now.saturating_sub(last) >= WAITING_EVERY) {
            state.waited = Some(now);
            self.plain(state, text);
        }
    }

    fn relay(&self, state: &mut State, source: &str, text: &str) {
        state.begin_relay();
        let source = foreign::line(&self.redactor.redact(source));
        for line in self.harmless(text) {
            let whole = foreign::line(&format!("{source} | {line}"));
            state.line(&self.redactor.redact(&whole));
        }
    }

    /// Redacted before and after cleaning, line ends kept: for what is escaped into a command.
    fn clean(&self, text: &str) -> String {
        self.redactor.redact(&terminal_text::clean(&self.redactor.redact(text)))
    }

    fn debug_line(&self, state: &mut State, text: &str) {
        match self.debug {
            DebugLines::Plain => self.plain(state, &format!("debug: {text}")),
            DebugLines::Command => {
                state.line(&command::debug(&self.clean(text)));
            }
        }
    }
}

impl Sink for Console {
    /// Redacted before it is cleaned, so that lines of a secret are seen whole, and after, because taking characters
    /// out can join the parts of one.
    fn harmless(&self, text: &str) -> Vec<String> {
        let lines = foreign::lines(&self.redactor.redact(text));
        lines.iter().map(|line| self.redactor.redact(line)).collect()
    }

    fn finds_secret(&self, text: &str) -> bool {
        self.redactor.finds(text)
    }

    fn emit(&self, event: Event) {
        let mut state = self.lock();
        if !matches!(event, Event::Foreign { .. }) {
            state.end_relay();
        }
        match event {
            Event::PhaseStarted { name } => self.start_phase(&mut state, &name),
            Event::PhaseEnded => self.end_phase(&mut state),
            Event::Note(text) => self.plain(&mut state, &text),
            Event::Waiting(text) => self.waiting(&mut state, &text),
            Event::Foreign { source, text } => self.relay(&mut state, &source, &text),
            Event::Debug(text) => self.debug_line(&mut state, &text),
            Event::Annotated(annotation) => state.annotations.push(annotation),
        }
    }
}

impl State {
    /// Writes one line. A log that cannot be written must not stop a deployment.
    fn line(&mut self, text: &str) {
        let _ = self.out.write_all(format!("{text}\n").as_bytes());
        let _ = self.out.flush();
    }

    fn begin_relay(&mut self) {
        if self.relay.is_none() {
            let token = random::hex128();
            self.line(&command::stop(&token));
            self.relay = Some(token);
        }
    }

    fn end_relay(&mut self) {
        if let Some(token) = self.relay.take() {
            self.line(&command::resume(&token));
        }
    }
}

/// A duration as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `1 h 2 min`.
pub fn words(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
