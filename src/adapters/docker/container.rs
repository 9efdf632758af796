//! The containers of a project, as the engine shows them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::adapters::docker::api;
use crate::adapters::docker::engine::Engine;
use crate::domain::health;
use crate::failure::Failure;

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const NUMBER: &str = "com.docker.compose.container-number";
const ONEOFF: &str = "com.docker.compose.oneoff";
const CONFIG_HASH: &str = "com.docker.compose.config-hash";

/// How many results of the health check are kept, newest last. The engine keeps five.
const KEPT_CHECKS: usize = 5;

/// One container of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Full id.
    pub id: String,
    /// Name, without the leading `/`.
    pub name: String,
    /// Its service in the compose file.
    pub service: String,
    /// Its number within the service, from 1.
    pub number: u32,
    /// Id of the image that runs: the tag may have moved since.
    pub image_id: String,
    /// The image as it was asked for.
    pub image: String,
    /// `created`, `running`, `restarting`, `exited`, `dead`, `paused`, `removing`.
    pub state: String,
    /// The engine's own sentence: "Up 3 seconds (healthy)".
    pub status: String,
    /// Its health check; `None` if it has none.
    pub health: Option<Health>,
    /// How often the engine restarted it.
    pub restarts: u64,
    /// When it was started last; `None` if never.
    pub started_at: Option<Timestamp>,
    /// Exit code, of a container that is not running.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub oom_killed: bool,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Hash of the service's configuration, by Compose.
    pub config_hash: String,
    /// Names of the networks that it is attached to.
    pub networks: Vec<String>,
}

/// The health check of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// `starting`, `healthy`, `unhealthy`.
    pub status: String,
    /// How many checks failed one after the other.
    pub failing_streak: u64,
    /// The last checks, newest last.
    pub log: Vec<Check>,
}

/// One run of a health check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// When it began, as the engine writes it.
    pub start: String,
    /// Its exit code.
    pub exit_code: i64,
    /// What it wrote.
    pub output: String,
}

impl Container {
    /// What judging its health needs. `now` is the engine's clock, which is ours on one host.
    pub fn seen(&self, now: Timestamp) -> health::Container {
        let uptime = self.started_at.map_or(Duration::ZERO, |at| {
            Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO)
        });
        health::Container {
            service: self.service.clone(),
            name: self.name.clone(),
            state: self.state.clone(),
            health: self.health.as_ref().map(|health| health.status.clone()),
            restarts: self.restarts,
            uptime,
            exit_code: self.exit_code,
            oom_killed: self.oom_killed,
        }
    }
}

impl Engine {
    /// The containers of a project in any state, sorted by service and number, without those of `compose run`.
    pub async fn containers(&self, project: &str) -> Result<Vec<Container>, Failure> {
        let filters = serde_json::json!({
            "label": [format!("{PROJECT}={project}"), format!("{ONEOFF}=False")]
        });
        let path =
            format!("/containers/json?all=true&filters={}", api::escaped(&filters.to_string()));
        let what = format!("list the containers of the project {project}");
        let listed: Vec<Listed> = self.asked(&what, api::get(self.address(), &path).await)?;
        let mut containers = Vec::with_capacity(listed.len());
        for Listed { id, status } in listed {
            // One that was removed since is none of the project's containers any more.
            if let Some(inspected) = self.inspected::<Inspected>("containers", &id).await? {
                containers.push(container(inspected, status));
            }
        }
        containers.sort_by(|a, b| (&a.service, a.number).cmp(&(&b.service, b.number)));
        Ok(containers)
    }

    /// All that the engine knows of a container, as it says it; `None` if there is none.
    pub async fn container_raw(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.inspected("containers", id).await
    }

    /// All that the engine knows of an image, as it says it; `None` if there is none.
    pub async fn image_raw(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.inspected("images", id).await
    }

    /// One thing of a kind (`containers`, `images`), by id or name.
    pub(super) async fn inspected<T: serde::de::DeserializeOwned>(
        &self,
        kind: &str,
        id: &str,
    ) -> Result<Option<T>, Failure> {
        let path = format!("/{kind}/{}/json", api::escaped(id));
        self.asked(&format!("inspect {id}"), api::find(self.address(), &path).await)
    }
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "Id")]
    id: String,
    #[serde(rename = "Status", default)]
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    image: String,
    #[serde(default, deserialize_with = "or_default")]
    restart_count: u64,
    #[serde(default, deserialize_with = "or_default")]
    state: State,
    #[serde(default, deserialize_with = "or_default")]
    config: Config,
    #[serde(default, deserialize_with = "or_default")]
    network_settings: NetworkSettings,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct State {
    #[serde(deserialize_with = "or_default")]
    status: String,
    #[serde(rename = "OOMKilled", deserialize_with = "or_default")]
    oom_killed: bool,
    #[serde(deserialize_with = "or_default")]
    exit_code: i64,
    #[serde(deserialize_with = "or_default")]
    started_at: String,
    health: Option<StateHealth>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StateHealth {
    #[serde(deserialize_with = "or_default")]
    status: String,
    #[serde(deserialize_with = "or_default")]
    failing_streak: u64,
    #[serde(deserialize_with = "or_default")]
    log: Vec<LoggedCheck>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LoggedCheck {
    #[serde(deserialize_with = "or_default")]
    start: String,
    #[serde(deserialize_with = "or_default")]
    exit_code: i64,
    #[serde(deserialize_with = "or_default")]
    output: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    #[serde(deserialize_with = "or_default")]
    image: String,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    #[serde(deserialize_with = "or_default")]
    networks: BTreeMap<String, Value>,
}

/// Engines write `null` for what is empty.
fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn container(inspected: Inspected, status: String) -> Container {
    let Inspected { id, name, image, restart_count, state, config, network_settings } = inspected;
    let label = |name: &str| config.labels.get(name).cloned().unwrap_or_default();
    Container {
        id,
        name: name.trim_start_matches('/').to_owned(),
        service: label(SERVICE),
        number: label(NUMBER).parse().unwrap_or(0),
        config_hash: label(CONFIG_HASH),
        image_id: image,
        image: config.image,
        state: state.status,
        status,
        health: state.health.and_then(health),
        restarts: restart_count,
        started_at: started(&state.started_at),
        exit_code: state.exit_code,
        oom_killed: state.oom_killed,
        networks: network_settings.networks.into_keys().collect(),
        labels: config.labels,
    }
}

/// Some engines write status `none` where there is no health check.
fn health(state: StateHealth) -> Option<Health> {
    if state.status.is_empty() || state.status == "none" {
        return None;
    }
    let skip = state.log.len().saturating_sub(KEPT_CHECKS);
    let log = state.log.into_iter().skip(skip);
    let log = log
        .map(|check| Check { start: check.start, exit_code: check.exit_code, output: check.output })
        .collect();
    Some(Health { status: state.status, failing_streak: state.failing_streak, log })
}

/// A container that never ran has the year 1.
fn started(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|at| *at > Timestamp::UNIX_EPOCH)
}
