//! The containers of a project, as the engine shows them.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::adapters::docker::api;
use crate::adapters::docker::engine::Engine;
use crate::domain::compose::host_port::HostPort;
use crate::domain::first_contact::Neighbour;
use crate::failure::{Failure, Outcome};

/// How long the engine may take to remove a container that it was told to kill.
const REMOVAL: Duration = Duration::from_secs(20);

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const ONEOFF: &str = "com.docker.compose.oneoff";
const CONFIG_HASH: &str = "com.docker.compose.config-hash";
const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
const COMPOSE_VERSION: &str = "com.docker.compose.version";
const WORKING_DIR: &str = "com.docker.compose.project.working_dir";

/// A container of a Compose project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerInfo {
    /// Its id, 64 hex digits.
    pub id: String,
    /// Its name, without the leading `/`.
    pub name: String,
    /// Its Compose service.
    pub service: String,
    /// Id of the image that it runs: the tag may have moved since.
    pub image_id: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// `created`, `running`, `restarting`, `exited`, `dead`, `paused`, `removing`.
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; `None` without a health check.
    pub health: Option<String>,
    /// The last results of its health check, oldest first. The engine keeps five.
    pub health_log: Vec<HealthEntry>,
    /// How many of its health checks failed one after the other until now.
    pub failing_streak: u64,
    /// How often the engine restarted it since somebody started it.
    pub restart_count: u64,
    /// When the engine restarts it.
    pub restart_policy: RestartPolicy,
    /// When it was started last; `None` if never.
    pub started_at: Option<Timestamp>,
    /// Exit code of the last end.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub oom_killed: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its mounts.
    pub mounts: Vec<Mount>,
    /// Names of the networks that it is attached to.
    pub networks: Vec<String>,
}

/// When the engine restarts a container that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RestartPolicy {
    /// `no`, `always`, `unless-stopped`, `on-failure`; empty is `no`.
    #[serde(default)]
    pub name: String,
    /// How often `on-failure` restarts it at most; 0 is without end.
    #[serde(default)]
    pub maximum_retry_count: u64,
}

/// One result of a health check.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HealthEntry {
    /// Exit code of the check.
    #[serde(default)]
    pub exit_code: i64,
    /// What it printed.
    #[serde(default)]
    pub output: String,
}

/// A mount of a container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Mount {
    /// `bind`, `volume`, `tmpfs`.
    #[serde(default, rename = "Type")]
    pub kind: String,
    /// Name of a volume; empty for what is none.
    #[serde(default)]
    pub name: String,
    /// Path on the host.
    #[serde(default)]
    pub source: String,
    /// Path in the container.
    #[serde(default)]
    pub destination: String,
    /// Whether the container may write there.
    #[serde(default, rename = "RW")]
    pub writable: bool,
}

impl ContainerInfo {
    /// Where in the container a path of the host is mounted.
    pub fn mount_target(&self, source: &str) -> Option<&str> {
        self.mounts
            .iter()
            .find(|mount| mount.source == source)
            .map(|mount| mount.destination.as_str())
    }

    /// Hash of its service's configuration, by Compose; empty if it has none.
    pub fn config_hash(&self) -> &str {
        self.labels.get(CONFIG_HASH).map_or("", String::as_str)
    }

    /// Version of the Compose that made it: `2.26.1`; `None` where it did not say.
    pub fn compose_version(&self) -> Option<&str> {
        self.labels.get(COMPOSE_VERSION).map(|version| version.trim_start_matches('v'))
    }

    /// The project directory from which Compose made it; `None` where it did not say.
    pub fn working_dir(&self) -> Option<&str> {
        self.labels.get(WORKING_DIR).map(String::as_str)
    }
}

impl Engine {
    /// The containers of a Compose project in any state, without those of `compose run`; sorted by name.
    pub async fn containers(&self, project: &str) -> Result<Vec<ContainerInfo>, Failure> {
        let labels = [format!("{PROJECT}={project}"), format!("{ONEOFF}=False")];
        let mut containers = Vec::new();
        for id in self.list(&json!({ "label": labels })).await? {
            // One that has been removed since is none of the project's any more.
            let act = format!("inspect the container {id}");
            if let Some(raw) = self.look_for::<Value>(&act, &container_path(&id)).await? {
                containers.extend(read_container(&raw));
            }
        }
        containers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(containers)
    }

    /// All containers of the host in any state, of whatever project or of none; sorted by name.
    pub async fn neighbours(&self) -> Result<Vec<Neighbour>, Failure> {
        let list: Vec<Value> =
            self.read("list the containers", "/containers/json?all=true").await?;
        let mut neighbours: Vec<_> = list.iter().filter_map(read_neighbour).collect();
        neighbours.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(neighbours)
    }

    /// `docker inspect` of a container, as the engine says it.
    pub async fn inspect_raw(&self, id: &str) -> Result<Value, Failure> {
        self.read(&format!("inspect the container {id}"), &container_path(id)).await
    }

    /// Removes the containers of `compose run` whose name starts with `prefix`, running or not, and waits until none is
    /// left.
    pub async fn remove_once_containers(&self, project: &str, prefix: &str) -> Result<(), Failure> {
        let labels = [format!("{PROJECT}={project}"), format!("{ONEOFF}=True")];
        let filters = json!({ "name": [format!("^/{prefix}")], "label": labels });
        let gone = async {
            loop {
                let left = self.list(&filters).await?;
                if left.is_empty() {
                    return Ok(());
                }
                for id in left {
                    self.remove(&id).await?;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let late = || {
            Err(Failure::new(Outcome::Unavailable, format!("a container {prefix}* does not go"))
                .why(format!("the engine did not remove it within {} s", REMOVAL.as_secs()))
                .help(format!("remove it: docker ps -a --filter name={prefix}; docker rm -f ...")))
        };
        tokio::time::timeout(REMOVAL, gone).await.unwrap_or_else(|_| late())
    }

    /// Ids of the containers that pass the engine's filters, in any state.
    async fn list(&self, filters: &Value) -> Result<Vec<String>, Failure> {
        let path =
            format!("/containers/json?all=true&filters={}", api::escaped(&filters.to_string()));
        let list: Vec<Listed> = self.read("list the containers", &path).await?;
        Ok(list.into_iter().map(|container| container.id).collect())
    }
}

pub(super) fn container_path(id: &str) -> String {
    format!("/containers/{}/json", api::escaped(id))
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "Id")]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawNeighbour {
    #[serde(default, deserialize_with = "null_as_default")]
    names: Vec<String>,
    #[serde(default)]
    state: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_as_default")]
    ports: Vec<RawPort>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawPort {
    #[serde(default, rename = "IP")]
    ip: String,
    #[serde(default)]
    public_port: u16,
    #[serde(default, rename = "Type")]
    protocol: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawContainer {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    image: String,
    #[serde(default)]
    restart_count: u64,
    state: RawState,
    config: RawConfig,
    #[serde(default, deserialize_with = "null_as_default")]
    host_config: RawHostConfig,
    #[serde(default, deserialize_with = "null_as_default")]
    mounts: Vec<Mount>,
    #[serde(default, deserialize_with = "null_as_default")]
    network_settings: RawNetworks,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawState {
    #[serde(default)]
    status: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default, rename = "OOMKilled")]
    oom_killed: bool,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    health: Option<RawHealth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHealth {
    #[serde(default)]
    status: String,
    #[serde(default)]
    failing_streak: u64,
    #[serde(default, deserialize_with = "null_as_default")]
    log: Vec<HealthEntry>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHostConfig {
    #[serde(default, deserialize_with = "null_as_default")]
    restart_policy: RestartPolicy,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawConfig {
    #[serde(default)]
    image: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawNetworks {
    #[serde(default, deserialize_with = "null_as_default")]
    networks: BTreeMap<String, Value>,
}

/// Engines write `null` for what is empty.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

fn read_neighbour(raw: &Value) -> Option<Neighbour> {
    let raw = RawNeighbour::deserialize(raw).ok()?;
    let label = |key: &str| raw.labels.get(key).cloned();
    let ports = raw.ports.iter();
    Some(Neighbour {
        name: raw.names.first()?.trim_start_matches('/').to_owned(),
        project: label(PROJECT),
        service: label(SERVICE).filter(|_| label(ONEOFF).as_deref() != Some("True")),
        files: label(CONFIG_FILES)
            .map(|files| files.split(',').map(Utf8PathBuf::from).collect())
            .unwrap_or_default(),
        is_up: matches!(raw.state.as_str(), "running" | "paused" | "restarting"),
        ports: ports
            .filter_map(|port| HostPort::new(&port.ip, port.public_port, &port.protocol))
            .collect(),
    })
}

pub(super) fn read_container(raw: &Value) -> Option<ContainerInfo> {
    let raw = RawContainer::deserialize(raw).ok()?;
    let service = raw.config.labels.get(SERVICE)?.clone();
    // Some engines write `none` where there is no health check.
    let health = raw.state.health.filter(|health| !matches!(health.status.as_str(), "" | "none"));
    let started_at =
        raw.state.started_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    Some(ContainerInfo {
        name: raw.name.trim_start_matches('/').to_owned(),
        service,
        image_id: raw.image,
        image: raw.config.image,
        state: raw.state.status,
        health: health.as_ref().map(|health| health.status.clone()),
        failing_streak: health.as_ref().map_or(0, |health| health.failing_streak),
        health_log: health.map(|health| health.log).unwrap_or_default(),
        restart_count: raw.restart_count,
        restart_policy: raw.host_config.restart_policy,
        // A container that never ran has the year 1.
        started_at: started_at.filter(|at| at.as_second() > 0),
        exit_code: raw.state.exit_code,
        oom_killed: raw.state.oom_killed,
        labels: raw.config.labels,
        mounts: raw.mounts,
        networks: raw.network_settings.networks.into_keys().collect(),
        id: raw.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inspected_container_is_read_with_what_old_engines_leave_out() {
        let raw = json!({
            "Id": "abc", "Name": "/shop-app-1", "Image": "sha256:1", "Mounts": null,
            "State": { "Status": "running", "StartedAt": "2026-11-23T02:03:04.5Z", "Health": { "Status": "healthy", "FailingStreak": 2, "Log": null } },
            "HostConfig": { "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 3 } },
            "Config": { "Image": "shop:v1", "Labels": { "com.docker.compose.service": "app" } }
        });
        let container = read_container(&raw).unwrap();
        assert_eq!(
            (container.name.as_str(), container.health.as_deref()),
            ("shop-app-1", Some("healthy"))
        );
        assert!(container.started_at.is_some() && !container.oom_killed);
        assert_eq!(container.failing_streak, 2);
        let policy = &container.restart_policy;
        assert_eq!((policy.name.as_str(), policy.maximum_retry_count), ("on-failure", 3));
        let never = json!({
            "Id": "abc", "State": { "StartedAt": "0001-01-01T00:00:00Z" },
            "Config": { "Labels": { "com.docker.compose.service": "app" } }
        });
        let never = read_container(&never).unwrap();
        assert_eq!((never.started_at, never.restart_policy), (None, RestartPolicy::default()));
        assert!(
            read_container(&json!({ "Id": "x", "State": {}, "Config": { "Labels": null } }))
                .is_none()
        );
    }

    #[test]
    fn a_neighbour_is_read_with_what_it_publishes_and_what_it_was_made_from() {
        let labels = |oneoff: &str| {
            json!({
                "com.docker.compose.project": "shop", "com.docker.compose.service": "app",
                "com.docker.compose.oneoff": oneoff,
                "com.docker.compose.project.config_files": "/srv/compose.yaml,/srv/prod.yaml"
            })
        };
        let ports = json!([
            { "IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp" },
            { "PrivatePort": 81, "Type": "tcp" }
        ]);
        let raw = |oneoff: &str| {
            let labels = labels(oneoff);
            json!({ "Names": ["/shop-app-1"], "State": "running", "Labels": labels, "Ports": ports })
        };
        let app = read_neighbour(&raw("False")).unwrap();
        assert_eq!(
            (app.name.as_str(), app.project.as_deref(), app.service.as_deref()),
            ("shop-app-1", Some("shop"), Some("app"))
        );
        assert_eq!((app.files.len(), app.is_up), (2, true));
        assert_eq!(app.ports, [HostPort::new("0.0.0.0", 8080, "tcp").unwrap()]);
        assert_eq!(read_neighbour(&raw("True")).unwrap().service, None);
        let stray = json!({ "Names": ["/x"], "State": "exited", "Labels": null, "Ports": null });
        let expected = Neighbour { name: "x".into(), ..Neighbour::default() };
        assert_eq!(read_neighbour(&stray), Some(expected));
    }

    #[test]
    fn words_of_a_newer_engine_are_kept_as_they_are() {
        let raw = json!({
            "Id": "abc", "New": { "x": 1 }, "NetworkSettings": { "Networks": { "shop_default": null } },
            "State": { "Status": "hibernating", "Health": { "Status": "none" } },
            "Config": { "Labels": { "com.docker.compose.service": "app", "com.docker.compose.config-hash": "h" } }
        });
        let container = read_container(&raw).unwrap();
        assert_eq!((container.state.as_str(), container.health.as_deref()), ("hibernating", None));
        assert_eq!(
            (container.config_hash(), &container.networks[..]),
            ("h", &["shop_default".to_owned()][..])
        );
    }
}
