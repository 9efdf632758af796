//! Turns the runner's cancel signals into a token.
//!
//! The runner sends SIGINT, SIGTERM 7.5 s later and SIGKILL 2.5 s after that, to the direct child only.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled on the first SIGINT or SIGTERM. Later signals change nothing: SIGTERM follows SIGINT while
/// the run is still on its way to a state that it can name.
///
/// Needs a running tokio runtime. Where a signal cannot be watched, its default action stays: the process ends.
pub fn cancel_token() -> CancellationToken {
    let token = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let Ok(mut stream) = signal(kind) else { continue };
        let token = token.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                token.cancel();
            }
        });
    }
    token
}
