//! A panic is a defect of ours: one annotation that says so, and exit code 70, wherever it happens.
//!
//! `process::exit` is not needed: the hook marks the process and cancels the work, [`guard`] returns the code.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use crate::adapters::runner::session::Session;
use crate::domain::event::{Annotation, Level};
use crate::failure::Outcome;

/// Whether a thread or task of this process has panicked. The hook is one per process, and so is this.
static HAPPENED: AtomicBool = AtomicBool::new(false);

/// Runs the program and returns its exit code, 70 if it or one of its tasks panicked.
pub fn guard(run: impl FnOnce() -> u8) -> u8 {
    let code = catch_unwind(AssertUnwindSafe(run));
    match code {
        Ok(code) if !HAPPENED.load(Ordering::SeqCst) => code,
        _ => Outcome::Bug.code(),
    }
}

/// Installs the hook: a panic is shown through the session and cancels the token, so that a run whose task died ends.
pub fn install(session: &Session, cancel: &CancellationToken) {
    let (session, cancel) = (session.clone(), cancel.clone());
    std::panic::set_hook(Box::new(move |info| {
        let again = HAPPENED.swap(true, Ordering::SeqCst);
        cancel.cancel();
        if !again {
            session.alarm_bug(&annotation(info));
        }
    }));
}

fn annotation(info: &PanicHookInfo<'_>) -> Annotation {
    let place =
        info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let text = info.payload_as_str().unwrap_or("no message");
    Annotation {
        level: Level::Error,
        title: "mta bug".to_owned(),
        message: format!(
            "mta {} stopped by a defect of its own{place}: {text}\nWhat to do: look at the state with `mta recover`, \
             and open an issue at {}/issues with this text",
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_REPOSITORY"),
        ),
        place: None,
    }
}
