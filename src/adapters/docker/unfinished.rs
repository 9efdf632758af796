//! What a Compose that was ended in the middle has left at the engine: containers that were to take the place of others,
//! stops and removals that the engine carries out also when nobody waits for them. The next Compose stumbles over all of
//! it: it fails because a name is taken, or leaves alone what runs for two more seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bollard::errors::Error as ClientError;
use bollard::query_parameters as query;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::docker::api;
use crate::adapters::docker::container::{ContainerInfo, container_path};
use crate::adapters::docker::engine::Engine;
use crate::failure::Failure;

/// Compose's label of a container that takes the place of another one, which it names. It stays when that is done.
const REPLACES: &str = "com.docker.compose.replace";

/// How long a stop or a removal may take that somebody else has asked for.
const LONGEST: Duration = Duration::from_mins(1);

/// How far back the engine is asked for stops that it has not finished, in seconds.
const RECENT_S: i64 = 120;

/// How often to look meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Signals by which a program is asked to read its files again, and not to end: HUP, USR1, USR2.
const NO_ENDS: [&str; 3] = ["1", "10", "12"];

impl Engine {
    /// Waits for stops and removals of a project that somebody has begun who is gone, and removes what he has half made.
    /// Answers what was done, in sentences.
    ///
    /// # Errors
    /// Where the engine does not answer, or something does not end within a minute.
    pub async fn finish_unfinished(&self, project: &str) -> Result<Vec<String>, Failure> {
        let mut done = Vec::new();
        let containers = self.containers(project).await?;
        for (new, old) in half_made(&containers) {
            // It may be about to stop, which is not to be seen: asked again, the engine answers when it has stopped.
            self.stop(old).await?;
            self.remove(&new.id).await?;
            done.push(format!(
                "removed {}, which was to replace {} and never ran",
                new.name, old.name
            ));
        }
        let stopping = self.being_stopped(project).await;
        for container in containers {
            let is_stopping = container.state == "running" && stopping.contains(&container.id);
            if is_stopping || container.state == "removing" {
                self.ended(&container.id).await?;
                done.push(format!("waited until {} had stopped", container.name));
            }
        }
        Ok(done)
    }

    /// Stops a container with the time that it is given, and removes it. Its volumes stay.
    ///
    /// # Errors
    /// Where the engine does not answer, or refuses.
    pub async fn stop_and_remove(&self, container: &ContainerInfo) -> Result<(), Failure> {
        self.stop(container).await?;
        self.remove(&container.id).await
    }

    async fn stop(&self, container: &ContainerInfo) -> Result<(), Failure> {
        let stopped =
            self.client.stop_container(&container.id, None::<query::StopContainerOptions>);
        match stopped.await.map_err(Refusal::from) {
            Ok(()) | Err(Refusal::Gone | Refusal::Going(_)) => Ok(()),
            Err(Refusal::Other(error)) => {
                Err(self.failed(&format!("stop the container {}", container.name), &error))
            }
        }
    }

    /// Removes a container, running or not. One that is gone, or that somebody else removes, is as good as removed.
    pub(super) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let act = format!("remove the container {id}");
        let options = query::RemoveContainerOptionsBuilder::default().force(true).build();
        let removed = self.client.remove_container(id, Some(options)).await;
        let refusal = match removed.map_err(Refusal::from) {
            Ok(()) | Err(Refusal::Gone) => return Ok(()),
            Err(Refusal::Other(error)) => return Err(self.failed(&act, &error)),
            Err(Refusal::Going(error)) => error,
        };
        let began = Instant::now();
        while self.look_for::<Value>(&act, &container_path(id)).await?.is_some() {
            if began.elapsed() > LONGEST {
                return Err(self.failed(&act, &refusal));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until a container neither runs nor is being removed. One that runs on after a minute does not stop.
    async fn ended(&self, id: &str) -> Result<(), Failure> {
        let act = format!("inspect the container {id}");
        let began = Instant::now();
        while began.elapsed() < LONGEST {
            let found: Option<Value> = self.look_for(&act, &container_path(id)).await?;
            let state = found.as_ref().and_then(|found| found["State"]["Status"].as_str());
            if !matches!(state, Some("running" | "removing")) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// The containers of a project that got a signal to end and have not ended. Best effort: the engine keeps its last
    /// 256 events, and a clock that goes differently asks for others.
    async fn being_stopped(&self, project: &str) -> BTreeSet<String> {
        let now = Timestamp::now();
        let since = now.as_second() - RECENT_S;
        // To the nanosecond: a stop of this very second counts most.
        let until = format!("{}.{:09}", now.as_second(), now.subsec_nanosecond());
        let filters = json!({
            "type": ["container"],
            "event": ["kill", "die", "start", "destroy"],
            "label": [format!("com.docker.compose.project={project}")],
        });
        let filters = api::escaped(&filters.to_string());
        let path = format!("/events?since={since}&until={until}&filters={filters}");
        match api::get_bytes(self.parts(), &path).await {
            Ok(lines) => unended(&lines),
            Err(error) => {
                tracing::debug!("the engine does not tell its events: {error}");
                BTreeSet::new()
            }
        }
    }
}

/// Containers that were made to replace another one and have never run, each with the other one.
fn half_made(containers: &[ContainerInfo]) -> Vec<(&ContainerInfo, &ContainerInfo)> {
    let made = containers.iter().filter(|container| container.state == "created");
    made.filter_map(|new| {
        let replaced = new.labels.get(REPLACES)?;
        let old = containers.iter().find(|old| [&old.id, &old.name].contains(&replaced))?;
        (old.id != new.id).then_some((new, old))
    })
    .collect()
}

#[derive(Deserialize)]
struct EngineEvent {
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Actor")]
    actor: Actor,
}

#[derive(Deserialize)]
struct Actor {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Attributes", default)]
    attributes: Value,
}

/// Of events, one a line and oldest first: the containers that got a signal to end and have not ended.
fn unended(lines: &[u8]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let events = serde_json::Deserializer::from_slice(lines).into_iter::<EngineEvent>();
    for event in events.map_while(Result::ok) {
        let signal = event.actor.attributes["signal"].as_str().unwrap_or_default();
        if event.action != "kill" {
            ids.remove(&event.actor.id);
        } else if !NO_ENDS.contains(&signal) {
            ids.insert(event.actor.id);
        }
    }
    ids
}

/// Why the engine did not stop or remove a container.
#[derive(Debug)]
enum Refusal {
    /// There is none: that is what was wanted.
    Gone,
    /// Somebody else removes it right now.
    Going(ClientError),
    /// Anything else.
    Other(ClientError),
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match &error {
            ClientError::DockerResponseServerError { status_code: 404, .. } => Self::Gone,
            // The engine has no other sign of it than these words; 409 is also that a container runs.
            ClientError::DockerResponseServerError { status_code: 409, message }
                if message.contains("already in progress") =>
            {
                Self::Going(error)
            }
            _ => Self::Other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::docker::container::read_container;

    #[test]
    fn a_removal_that_is_in_progress_is_no_refusal() {
        let refusal = |status_code, message: &str| {
            let message = message.to_owned();
            Refusal::from(ClientError::DockerResponseServerError { status_code, message })
        };
        let going = refusal(409, "removal of container 4711 is already in progress");
        assert!(matches!(going, Refusal::Going(_)), "{going:?}");
        let gone = refusal(404, "No such container: 4711");
        assert!(matches!(gone, Refusal::Gone), "{gone:?}");
        for (status, message) in [
            (409, "cannot remove container 4711: container is running"),
            (500, "removal of container 4711 is already in progress"),
        ] {
            let other = refusal(status, message);
            assert!(matches!(other, Refusal::Other(_)), "{other:?}");
        }
    }

    fn container(id: &str, state: &str, replaces: Option<&str>) -> ContainerInfo {
        let service = json!({ "com.docker.compose.service": "app" });
        let mut raw = json!({
            "Id": id, "Name": format!("/shop-{id}"), "State": { "Status": state }, "Config": { "Labels": service }
        });
        if let Some(old) = replaces {
            raw["Config"]["Labels"][REPLACES] = json!(old);
        }
        read_container(&raw).unwrap()
    }

    #[test]
    fn half_made_is_what_never_ran_and_whose_former_is_still_there() {
        let found = |containers: &[ContainerInfo]| -> Vec<(String, String)> {
            let pairs = half_made(containers).into_iter();
            pairs.map(|(new, old)| (new.id.clone(), old.id.clone())).collect()
        };
        let old = container("a", "running", Some("before"));
        let pair = [("b".to_owned(), "a".to_owned())];
        for name in ["a", "shop-a"] {
            assert_eq!(found(&[old.clone(), container("b", "created", Some(name))]), pair);
        }
        // It runs; its former is gone; it is made for itself.
        assert_eq!(found(&[old.clone(), container("b", "running", Some("a"))]), []);
        assert_eq!(found(&[container("b", "created", Some("a"))]), []);
        assert_eq!(found(&[old, container("b", "created", None)]), []);
    }

    #[test]
    fn stopping_is_what_got_a_signal_to_end_and_has_not_ended() {
        let event = |action: &str, id: &str, signal: &str| {
            json!({"Action": action, "Actor": {"ID": id, "Attributes": {"signal": signal}}})
                .to_string()
        };
        let lines = [
            event("kill", "stopping", "15"),
            event("kill", "stopped", "15"),
            event("die", "stopped", ""),
            event("kill", "reloaded", "1"),
            event("kill", "again", "15"),
            event("start", "again", ""),
            event("kill", "twice", "15"),
            event("die", "twice", ""),
            event("start", "twice", ""),
            event("kill", "twice", "3"),
        ];
        let found: Vec<_> = unended(lines.join("\n").as_bytes()).into_iter().collect();
        assert_eq!(found, ["stopping", "twice"]);
        assert_eq!(unended(b"").len(), 0);
    }
}
