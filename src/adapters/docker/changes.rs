//! Word of the engine that something about the containers of a project has changed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::adapters::docker::api;
use crate::adapters::docker::engine::Engine;

/// What changes the state, the health or the number of restarts of a container. The engine compares the beginning of
/// each event's name with these: `health_status: healthy` is one, `exec_start` is none.
const EVENTS: [&str; 9] =
    ["create", "destroy", "die", "health_status", "oom", "pause", "start", "stop", "unpause"];

/// The longest time that the engine may take to open the stream.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Tells when something has changed. What it was is for a look at the containers to find out.
#[derive(Debug)]
pub struct Changes {
    told: Arc<Notify>,
    listener: JoinHandle<()>,
}

impl Engine {
    /// Begins to listen: changes are told from when this has come back.
    ///
    /// An engine, or a proxy before it, that does not tell its events is no failure: nothing is ever heard then.
    pub async fn changes(&self, project: &str) -> Changes {
        let label = format!("com.docker.compose.project={project}");
        let filters = json!({ "type": ["container"], "label": [label], "event": EVENTS });
        let path = format!("/events?filters={}", api::escaped(&filters.to_string()));
        let body = match tokio::time::timeout(TIMEOUT, api::open(self.parts(), &path)).await {
            Ok(Ok(body)) => Some(body),
            Ok(Err(error)) => {
                tracing::debug!("no events of the engine: {error}");
                None
            }
            Err(_) => None,
        };
        let told = Arc::new(Notify::new());
        let listener = tokio::spawn(listen(body, Arc::clone(&told)));
        Changes { told, listener }
    }
}

/// Events that come while nobody waits are told as one.
async fn listen(body: Option<Incoming>, told: Arc<Notify>) {
    let Some(mut body) = body else { return };
    while let Some(Ok(_event)) = body.frame().await {
        told.notify_one();
    }
    tracing::debug!("the engine tells no more events");
}

impl Changes {
    /// Waits for the next change, for ever where nothing is told. A wait that is given up loses nothing.
    pub async fn next(&mut self) {
        self.told.notified().await;
    }

    /// Forgets what was told until now.
    pub fn forget(&mut self) {
        let _told = self.next().now_or_never();
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
