//! A terminal, or a plain file, as a sink: what people read when no runner is there. No workflow commands.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::adapters::runner::clock::Clock;
use crate::adapters::runner::console::{WAITING_EVERY, words};
use crate::adapters::runner::foreign;
use crate::adapters::runner::redactor::Redactor;
use crate::domain::event::{Annotation, Event, Level, Sink};

/// The longest progress line, in characters: one that wraps cannot be overwritten.
const PROGRESS_WIDTH: usize = 79;

/// What the stream can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A file or a pipe: lines only.
    Plain,
    /// A terminal without colours (`NO_COLOR`): a progress line is overwritten in place.
    Tty,
    /// A terminal with colours.
    Colour,
}

/// Whether lines for people who debug `mta` are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// They are not.
    Normal,
    /// They are (`-v`).
    Verbose,
}

/// A terminal.
pub struct Terminal {
    state: Mutex<State>,
    redactor: Redactor,
    style: Style,
    verbosity: Verbosity,
    clock: Clock,
}

struct State {
    out: Box<dyn Write + Send>,
    diagnostics: Box<dyn Write + Send>,
    phase: Option<(String, Duration)>,
    progress_shown: bool,
    waited: Option<Duration>,
    annotations: Vec<Annotation>,
}

impl Terminal {
    /// A terminal that writes to `out`, and its diagnostics to `diagnostics`.
    pub fn new(
        out: Box<dyn Write + Send>,
        diagnostics: Box<dyn Write + Send>,
        redactor: Redactor,
    ) -> Self {
        let state = State {
            out,
            diagnostics,
            phase: None,
            progress_shown: false,
            waited: None,
            annotations: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
            redactor,
            style: Style::Plain,
            verbosity: Verbosity::Normal,
            clock: Clock::monotonic(),
        }
    }

    /// The same terminal with a style and verbosity.
    #[must_use]
    pub fn with_style(mut self, style: Style, verbosity: Verbosity) -> Self {
        (self.style, self.verbosity) = (style, verbosity);
        self
    }

    /// The same terminal with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The annotations that were emitted so far.
    pub fn annotations(&self) -> Vec<Annotation> {
        self.lock().annotations.clone()
    }

    /// Writes the annotations, worst first and the whole list, then the lines.
    pub fn finish(&self, annotations: &[Annotation], lines: &[String]) {
        let mut state = self.lock();
        self.end_phase(&mut state);
        let mut sorted: Vec<&Annotation> = annotations.iter().collect();
        sorted.sort_by_key(|annotation| annotation.level);
        for annotation in sorted {
            self.annotation(&mut state, annotation);
        }
        for line in lines {
            self.plain(&mut state, line);
        }
    }

    /// Writes one annotation at once, also from a panic hook: never waits for the lock.
    pub fn alarm(&self, annotation: &Annotation) -> bool {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        self.annotation(&mut state, annotation);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plain(&self, state: &mut State, text: &str) {
        for line in self.harmless(text) {
            state.line(&line);
        }
    }

    fn end_phase(&self, state: &mut State) {
        if let Some((name, started)) = state.phase.take() {
            let took = words(self.clock.now().saturating_sub(started));
            self.plain(state, &format!("  {name}: {took}"));
        }
    }

    fn waiting(&self, state: &mut State, text: &str) {
        let Some(line) = self.harmless(text).into_iter().next() else { return };
        if self.style != Style::Plain {
            state.progress(&line.chars().take(PROGRESS_WIDTH).collect::<String>());
            return;
        }
        let now = self.clock.now();
        if state.waited.is_none_or(|last| now.saturating_sub(last) >= WAITING_EVERY) {
            state.waited = Some(now);
            state.line(&line);
        }
    }

    fn annotation(&self, state: &mut State, annotation: &Annotation) {
        let (word, colour) = match annotation.level {
            Level::Error => ("error", "31"),
            Level::Warning => ("warning", "33"),
            Level::Notice => ("note", "36"),
        };
        let place = annotation.place.as_ref().map_or_else(String::new, |place| {
            let number = |n: Option<u32>| n.map_or_else(String::new, |n| format!(":{n}"));
            format!(" ({}{}{})", place.file, number(place.line), number(place.column))
        });
        let text = format!("{}{place}\n{}", annotation.title, annotation.message);
        let lines = self.harmless(text.trim());
        let head = self.paint(word, colour);
        for (number, line) in lines.iter().enumerate() {
            let line = if number == 0 { format!("{head}: {line}") } else { format!("  {line}") };
            state.line(&line);
        }
    }

    fn paint(&self, text: &str, colour: &str) -> String {
        match self.style {
            Style::Colour => format!("\u{1b}[1;{colour}m{text}\u{1b}[0m"),
            Style::Plain | Style::Tty => text.to_owned(),
        }
    }

    fn start_phase(&self, state: &mut State, name: &str) {
        self.end_phase(state);
        let name = self.harmless(name).join(" ");
        state.line(&self.paint(&name, "34"));
        state.phase = Some((name, self.clock.now()));
    }
}

impl Sink for Terminal {
    fn harmless(&self, text: &str) -> Vec<String> {
        let lines = foreign::lines(&self.redactor.redact(text));
        lines.iter().map(|line| self.redactor.redact(line)).collect()
    }

    fn finds_secret(&self, text: &str) -> bool {
        self.redactor.finds(text)
    }

    fn emit(&self, event: Event) {
        let mut state = self.lock();
        match event {
            Event::PhaseStarted { name } => self.start_phase(&mut state, &name),
            Event::PhaseEnded => self.end_phase(&mut state),
            Event::Note(text) => self.plain(&mut state, &text),
            Event::Waiting(text) => self.waiting(&mut state, &text),
            Event::Foreign { source, text } => {
                for line in self.harmless(&text) {
                    self.plain(&mut state, &format!("  {source} | {line}"));
                }
            }
            Event::Debug(text) if self.verbosity == Verbosity::Verbose => {
                state.clear_progress();
                for line in self.harmless(&text) {
                    let _ = writeln!(state.diagnostics, "debug: {line}");
                }
            }
            Event::Debug(_) => {}
            Event::Annotated(annotation) => state.annotations.push(annotation),
        }
    }
}

impl State {
    /// Writes one line. A terminal that is gone must not stop a deployment.
    fn line(&mut self, text: &str) {
        self.clear_progress();
        let _ = self.out.write_all(format!("{text}\n").as_bytes());
        let _ = self.out.flush();
    }

    fn progress(&mut self, text: &str) {
        let _ = self.out.write_all(format!("\r\u{1b}[K{text}").as_bytes());
        let _ = self.out.flush();
        self.progress_shown = true;
    }

    fn clear_progress(&mut self) {
        if std::mem::take(&mut self.progress_shown) {
            let _ = self.out.write_all(b"\r\x1b[K");
        }
    }
}
