//! The engine's API: containers, logs, images.
//!
//! Answers are read through small structs of our own: engines from 20.10 on leave out fields that newer ones have.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters as query;
use futures_util::StreamExt;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adapters::docker::endpoint::Endpoint;
use crate::failure::{Failure, Outcome};

/// The oldest engine that we know to work: 20.10.
const OLDEST_API: (u32, u32) = (1, 41);

/// `healthcheck.start_interval` came with this API (Docker 25).
const START_INTERVAL_API: (u32, u32) = (1, 44);

/// One request may take this long until its answer begins.
const TIMEOUT: Duration = Duration::from_secs(60);

/// At most this much of a container's log is kept.
const LOG_BYTES: usize = 64 * 1024;

/// A Docker engine that answered.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(in crate::adapters) client: Docker,
    version: String,
    api: (u32, u32),
    address: String,
}

/// A container of a Compose project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerInfo {
    /// Its id, 64 hex digits.
    pub id: String,
    /// Its name, without the leading `/`.
    pub name: String,
    /// Its Compose service.
    pub service: String,
    /// Id of the image that it runs.
    pub image_id: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// `created`, `running`, `restarting`, `exited`, `dead`, `paused`, `removing`.
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; `None` without a health check.
    pub health: Option<String>,
    /// The last results of its health check, oldest first.
    pub health_log: Vec<HealthEntry>,
    /// How often the engine restarted it.
    pub restart_count: u64,
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
    /// Path on the host.
    #[serde(default)]
    pub source: String,
    /// Path in the container.
    #[serde(default)]
    pub destination: String,
}

impl ContainerInfo {
    /// Where in the container a path of the host is mounted.
    pub fn mount_target(&self, source: &str) -> Option<&str> {
        self.mounts
            .iter()
            .find(|mount| mount.source == source)
            .map(|mount| mount.destination.as_str())
    }
}

impl Engine {
    /// Connects and asks for the version. Fails with [`Outcome::Unavailable`] where nothing or nothing usable answers.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, Failure> {
        let absent = |why: &dyn std::fmt::Display| {
            Failure::new(Outcome::Unavailable, format!("no Docker engine answers at {}", endpoint.address()))
                .why(why)
                .help(
                    "start Docker Engine 20.10 or later on this host (`systemctl start docker`), let the runner's \
                     user reach it (`usermod -aG docker USER`), or name another with DOCKER_HOST",
                )
        };
        let client = endpoint.client(TIMEOUT).map_err(|error| absent(&error))?;
        let version = client.version().await.map_err(|error| absent(&error))?;
        let api = parse_api(version.api_version.as_deref().unwrap_or_default());
        let engine = Self {
            client,
            version: version.version.unwrap_or_default(),
            api,
            address: endpoint.address().to_owned(),
        };
        if api < OLDEST_API {
            return Err(Failure::new(
                Outcome::Unavailable,
                format!("the Docker engine at {} is too old", engine.address),
            )
            .why(format!("it is version {}, API {}.{}", engine.version, api.0, api.1))
            .help("update it to 20.10 (API 1.41) or later"));
        }
        Ok(engine)
    }

    /// Its version: `20.10.24`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it knows `healthcheck.start_interval`.
    pub fn has_start_interval(&self) -> bool {
        self.api >= START_INTERVAL_API
    }

    /// The containers of a Compose project in any state, without those of `compose run`; sorted by name.
    pub async fn containers(&self, project: &str) -> Result<Vec<ContainerInfo>, Failure> {
        let labels = vec![
            format!("com.docker.compose.project={project}"),
            "com.docker.compose.oneoff=False".to_owned(),
        ];
        let mut containers = Vec::new();
        for id in self.list(BTreeMap::from([("label".to_owned(), labels)])).await? {
            match self.inspect_raw(&id).await {
                Ok(raw) => containers.extend(read_container(&raw)),
                Err(_) if !self.exists(&id).await => {}
                Err(failure) => return Err(failure),
            }
        }
        containers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(containers)
    }

    /// `docker inspect` of a container.
    pub async fn inspect_raw(&self, id: &str) -> Result<Value, Failure> {
        let answer =
            self.client.inspect_container(id, None::<query::InspectContainerOptions>).await;
        let answer =
            answer.map_err(|error| self.failed(&format!("inspect the container {id}"), &error))?;
        self.as_json(&answer)
    }

    /// `docker image inspect`.
    pub async fn inspect_image_raw(&self, id: &str) -> Result<Value, Failure> {
        let answer = self.client.inspect_image(id).await;
        let answer =
            answer.map_err(|error| self.failed(&format!("inspect the image {id}"), &error))?;
        self.as_json(&answer)
    }

    /// The last lines of a container's log, both streams in the order of the engine, at most 64 KiB.
    pub async fn logs_tail(&self, id: &str, lines: u32) -> Result<String, Failure> {
        let options = query::LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .tail(&lines.to_string())
            .build();
        let mut stream = self.client.logs(id, Some(options));
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(part) = stream.next().await {
            let part =
                part.map_err(|error| self.failed(&format!("read the log of {id}"), &error))?;
            bytes.extend_from_slice(&part.into_bytes());
            if bytes.len() > 2 * LOG_BYTES {
                bytes.drain(..bytes.len() - LOG_BYTES);
            }
        }
        let start = bytes.len().saturating_sub(LOG_BYTES);
        Ok(String::from_utf8_lossy(&bytes[start..]).into_owned())
    }

    /// The id of an image, by tag, digest or id; `None` if it is not on the host.
    pub async fn image_id(&self, reference: &str) -> Result<Option<String>, Failure> {
        match self.client.inspect_image(reference).await {
            Ok(image) => Ok(image.id),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.failed(&format!("inspect the image {reference}"), &error)),
        }
    }

    /// `repository@sha256:...` of the registries that an image was pulled from or pushed to.
    pub async fn repo_digests(&self, id: &str) -> Result<Vec<String>, Failure> {
        let image = self.client.inspect_image(id).await;
        let image =
            image.map_err(|error| self.failed(&format!("inspect the image {id}"), &error))?;
        Ok(image.repo_digests.unwrap_or_default())
    }

    /// Gives an image one more tag, `repository:tag`.
    pub async fn tag(&self, id: &str, reference: &str) -> Result<(), Failure> {
        let (repository, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
        let options = query::TagImageOptionsBuilder::default().repo(repository).tag(tag).build();
        let tagged = self.client.tag_image(id, Some(options)).await;
        tagged.map_err(|error| self.failed(&format!("tag the image {id} as {reference}"), &error))
    }

    /// Removes a tag, best effort: an image that a container uses stays.
    pub async fn untag(&self, reference: &str) {
        let gone =
            self.client.remove_image(reference, None::<query::RemoveImageOptions>, None).await;
        if let Err(error) = gone {
            tracing::debug!("failed to remove the tag {reference}: {error}");
        }
    }

    /// Removes containers whose name starts with `prefix`, running or not.
    pub async fn remove_containers_named(&self, prefix: &str) -> Result<(), Failure> {
        for id in
            self.list(BTreeMap::from([("name".to_owned(), vec![format!("^/{prefix}")])])).await?
        {
            let options = query::RemoveContainerOptionsBuilder::default().force(true).build();
            match self.client.remove_container(&id, Some(options)).await {
                Err(error) if !is_absent(&error) => {
                    return Err(self.failed(&format!("remove the container {id}"), &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn list(&self, filters: BTreeMap<String, Vec<String>>) -> Result<Vec<String>, Failure> {
        let filters: std::collections::HashMap<_, _> = filters.into_iter().collect();
        let options =
            query::ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let list = self.client.list_containers(Some(options)).await;
        let list = list.map_err(|error| self.failed("list the containers", &error))?;
        Ok(list.into_iter().filter_map(|container| container.id).collect())
    }

    async fn exists(&self, id: &str) -> bool {
        let answer =
            self.client.inspect_container(id, None::<query::InspectContainerOptions>).await;
        !answer.is_err_and(|error| is_absent(&error))
    }

    pub(in crate::adapters) fn failed(&self, act: &str, error: &bollard::errors::Error) -> Failure {
        Failure::new(Outcome::Unavailable, format!("failed to {act}"))
            .why(format!("the Docker engine at {} says: {error}", self.address))
            .help("check the engine (`docker info`, `journalctl -u docker`), then run again")
    }

    fn as_json(&self, answer: &impl Serialize) -> Result<Value, Failure> {
        serde_json::to_value(answer).map_err(|error| {
            Failure::new(
                Outcome::Bug,
                format!("an answer of the engine at {} is not understood", self.address),
            )
            .why(error)
        })
    }
}

/// Whether the engine says that there is no such thing.
pub(in crate::adapters) fn is_absent(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 404, .. })
}

fn parse_api(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
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
    mounts: Vec<Mount>,
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
    #[serde(default, deserialize_with = "null_as_default")]
    log: Vec<HealthEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawConfig {
    #[serde(default)]
    image: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

fn read_container(raw: &Value) -> Option<ContainerInfo> {
    let raw = RawContainer::deserialize(raw).ok()?;
    let service = raw.config.labels.get("com.docker.compose.service")?.clone();
    let health = raw
        .state
        .health
        .as_ref()
        .map(|h| h.status.clone())
        .filter(|status| status != "none" && !status.is_empty());
    let started_at =
        raw.state.started_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    Some(ContainerInfo {
        name: raw.name.trim_start_matches('/').to_owned(),
        service,
        image_id: raw.image,
        image: raw.config.image,
        state: raw.state.status,
        health,
        health_log: raw.state.health.map(|h| h.log).unwrap_or_default(),
        restart_count: raw.restart_count,
        started_at: started_at.filter(|at| at.as_second() > 0),
        exit_code: raw.state.exit_code,
        oom_killed: raw.state.oom_killed,
        labels: raw.config.labels,
        mounts: raw.mounts,
        id: raw.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_inspected_container_is_read_with_what_old_engines_leave_out() {
        let raw = json!({
            "Id": "abc", "Name": "/shop-app-1", "Image": "sha256:1", "Mounts": null,
            "State": { "Status": "running", "StartedAt": "2026-11-23T02:03:04.5Z", "Health": { "Status": "healthy", "Log": null } },
            "Config": { "Image": "shop:v1", "Labels": { "com.docker.compose.service": "app" } }
        });
        let container = read_container(&raw).unwrap();
        assert_eq!(
            (container.name.as_str(), container.health.as_deref()),
            ("shop-app-1", Some("healthy"))
        );
        assert!(container.started_at.is_some() && !container.oom_killed);
        let never = json!({
            "Id": "abc", "State": { "StartedAt": "0001-01-01T00:00:00Z" },
            "Config": { "Labels": { "com.docker.compose.service": "app" } }
        });
        assert_eq!(read_container(&never).unwrap().started_at, None);
        assert!(
            read_container(&json!({ "Id": "x", "State": {}, "Config": { "Labels": null } }))
                .is_none()
        );
    }

    #[test]
    fn versions_of_the_api_compare_as_numbers() {
        assert!(parse_api("1.9") < parse_api("1.41"));
        assert_eq!(parse_api(""), (0, 0));
    }
}
