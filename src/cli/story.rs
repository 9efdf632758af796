//! Runs a story so that a cancel is seen, also while it computes.
//!
//! The runner sends SIGINT and SIGKILL ten seconds later. A story that only judges may compute for longer without looking
//! at the token, so it runs on a thread of its own, and is left alone there when it does not come to its end: it changes
//! nothing, its files are written whole or not at all, and the process ends with this run. One that changes something
//! looks at the token at every wait, and ends itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::actions::{self, Ending, World};
use crate::domain::action::AfterCancel;
use crate::domain::event::Sink;
use crate::domain::input::Values;
use crate::domain::job::Job;
use crate::failure::{Failure, Outcome};

/// How long a story has to end by itself after a cancel.
const GRACE: Duration = Duration::from_secs(1);

/// The stack of a story's thread, in bytes: that of a main thread, which the limits on depth are made for.
const STACK: usize = 8 << 20;

/// What a story is told.
pub struct Told {
    /// The action, or `recover`.
    pub name: &'static str,
    /// Its inputs.
    pub values: Values,
    /// The job.
    pub job: Job,
    /// Where its events go.
    pub events: Arc<dyn Sink>,
    /// Cancelled by the runner's signals.
    pub cancel: CancellationToken,
}

/// Runs the story to its end, or until it was cancelled and goes on computing.
///
/// # Errors
/// What to tell where it was left alone.
pub async fn run(told: Told) -> Result<Ending, Failure> {
    let action = actions::ALL.iter().find(|spec| spec.name == told.name);
    if action.is_none_or(|spec| spec.after_cancel != AfterCancel::Nothing) {
        return Ok(Box::pin(tell(&told)).await);
    }
    let cancel = told.cancel.clone();
    let ended = on_its_own_thread(told)?;
    let patience = async {
        cancel.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        // A thread that is gone has panicked: the hook has told so.
        ending = ended => Ok(ending.unwrap_or_else(|_| Ending::new(Outcome::Bug))),
        () = patience => Err(Failure::new(Outcome::Unavailable, "the run was cancelled")
            .why("it had not come to its end")
            .help("run it again")),
    }
}

async fn tell(told: &Told) -> Ending {
    let world = World { job: &told.job, events: told.events.as_ref(), cancel: &told.cancel };
    let ending = actions::run(told.name, &told.values, world).await;
    ending.unwrap_or_else(|| Ending::new(Outcome::Bug))
}

fn on_its_own_thread(told: Told) -> Result<oneshot::Receiver<Ending>, Failure> {
    let unavailable =
        |error| Failure::new(Outcome::Unavailable, "the system gives no thread").why(error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unavailable)?;
    let (send, ended) = oneshot::channel();
    let story = move || {
        // Nobody listens any more where the run was cancelled.
        let _ = send.send(runtime.block_on(tell(&told)));
    };
    std::thread::Builder::new()
        .name("story".to_owned())
        .stack_size(STACK)
        .spawn(story)
        .map_err(unavailable)?;
    Ok(ended)
}
