//! What the steps on a database work with, and how they end when they are cancelled or fail.

use tokio_util::sync::CancellationToken;

use crate::adapters::postgres::{Server, Whose};
use crate::adapters::storage::local::Directory;
use crate::domain::event::{Event, Sink};
use crate::failure::{Failure, Outcome};

/// What the steps work with.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The server.
    pub server: &'a Server<'a>,
    /// Where backups are kept.
    pub directory: &'a Directory,
    /// Told what happens.
    pub events: &'a dyn Sink,
    /// Ends the work.
    pub cancel: &'a CancellationToken,
}

/// Does the work unless it is cancelled; when it does not succeed, no session of ours stays in the server.
pub async fn guarded<T>(
    bench: Bench<'_>,
    work: impl Future<Output = Result<T, Failure>>,
    what: &str,
) -> Result<T, Failure> {
    let result = tokio::select! {
        done = work => done,
        () = bench.cancel.cancelled() => {
            Err(Failure::new(Outcome::Failed, format!("{what} was cancelled")).why("nothing was changed"))
        }
    };
    if let Err(failure) = result {
        if let Err(left) = bench.server.end_sessions(Whose::Own).await {
            note(bench, format!("sessions of this run may be left in the server: {left}"));
        }
        return Err(failure);
    }
    result
}

/// Says a sentence of ours.
pub fn note(bench: Bench<'_>, text: String) {
    bench.events.emit(Event::Note(text));
}
