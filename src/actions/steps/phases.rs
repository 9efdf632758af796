//! Phases of a story: shown as groups in the log and, with their durations, in the summary.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::domain::event::{Event, Sink};

/// The phases of one run. One is open at a time.
pub struct Phases<'a> {
    events: &'a dyn Sink,
    open: RefCell<Option<(&'static str, Instant)>>,
    done: RefCell<Vec<(&'static str, Duration)>>,
}

impl<'a> Phases<'a> {
    /// No phase yet.
    pub fn new(events: &'a dyn Sink) -> Self {
        Self { events, open: RefCell::default(), done: RefCell::default() }
    }

    /// Ends the open phase and begins another.
    pub fn begin(&self, name: &'static str) {
        self.end();
        self.events.emit(Event::PhaseStarted { name: name.to_owned() });
        self.open.replace(Some((name, Instant::now())));
    }

    /// Ends the open phase, if there is one.
    pub fn end(&self) {
        if let Some((name, began)) = self.open.take() {
            self.events.emit(Event::PhaseEnded);
            self.done.borrow_mut().push((name, began.elapsed()));
        }
    }

    /// The phases so far, with how long each took.
    pub fn times(&self) -> Vec<(&'static str, Duration)> {
        self.end();
        self.done.borrow().clone()
    }
}
