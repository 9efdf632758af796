//! The connection to the engine, and its images.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters as query;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::docker::api::{self, ApiError};
use crate::adapters::docker::endpoint::{Address, Endpoint};
use crate::domain::image::Parts;
use crate::failure::{Failure, Outcome};

/// The oldest engine that we know to work: 20.10.
const OLDEST_API: (u32, u32) = (1, 41);

/// `healthcheck.start_interval` came with this API (Docker 25).
const START_INTERVAL_API: (u32, u32) = (1, 44);

/// One request may take this long until its answer begins.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A Docker engine that answered.
#[derive(Clone, Debug)]
pub struct Engine {
    /// For what changes something, and for what streams both ways (`exec`). What is only read goes through `api`.
    pub(in crate::adapters) client: Docker,
    endpoint: Endpoint,
    version: String,
    api: (u32, u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    #[serde(default)]
    version: String,
    #[serde(default)]
    api_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    id: String,
    #[serde(default)]
    repo_digests: Option<Vec<String>>,
}

impl Engine {
    /// Connects and asks for the version. Fails with [`Outcome::Unavailable`] where nothing or nothing usable answers.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, Failure> {
        let version: Version = api::get(endpoint.parts(), "/version")
            .await
            .map_err(|error| unreachable(endpoint, &error))?;
        let api = parse_api(&version.api_version);
        if api < OLDEST_API {
            return Err(Failure::new(
                Outcome::Unavailable,
                format!("the Docker engine at {} is too old", endpoint.address()),
            )
            .why(format!("it is version {}, API {}.{}", version.version, api.0, api.1))
            .help("update it to 20.10 (API 1.41) or later"));
        }
        let client = endpoint.client(TIMEOUT).map_err(|error| {
            Failure::new(Outcome::Unavailable, format!("cannot use {}", endpoint.address()))
                .why(error)
        })?;
        Ok(Self { client, endpoint: endpoint.clone(), version: version.version, api })
    }

    /// Its version: `20.10.24`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it knows `healthcheck.start_interval`.
    pub fn has_start_interval(&self) -> bool {
        self.api >= START_INTERVAL_API
    }

    /// `docker image inspect`, as the engine says it.
    pub async fn inspect_image_raw(&self, id: &str) -> Result<Value, Failure> {
        self.read(&format!("inspect the image {id}"), &image_path(id)).await
    }

    /// The id of an image, by tag, digest or id; `None` if it is not on the host.
    pub async fn image_id(&self, reference: &str) -> Result<Option<String>, Failure> {
        let act = format!("inspect the image {reference}");
        let image: Option<Image> = self.look_for(&act, &image_path(reference)).await?;
        Ok(image.map(|image| image.id))
    }

    /// `repository@sha256:...` of the registries that an image was pulled from or pushed to.
    pub async fn repo_digests(&self, id: &str) -> Result<Vec<String>, Failure> {
        let image: Image = self.read(&format!("inspect the image {id}"), &image_path(id)).await?;
        Ok(image.repo_digests.unwrap_or_default())
    }

    /// Gives an image one more tag, `repository:tag`. The tag moves here if another image had it.
    pub async fn tag(&self, id: &str, reference: &str) -> Result<(), Failure> {
        let Parts { name, tag, .. } = Parts::of(reference);
        let tag = tag.unwrap_or("latest");
        let options = query::TagImageOptionsBuilder::default().repo(name).tag(tag).build();
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

    /// Whether there is a network of that name.
    pub async fn network_exists(&self, name: &str) -> Result<bool, Failure> {
        self.exists(&format!("look for the network {name}"), "networks", name).await
    }

    /// Whether there is a volume of that name.
    pub async fn volume_exists(&self, name: &str) -> Result<bool, Failure> {
        self.exists(&format!("look for the volume {name}"), "volumes", name).await
    }

    async fn exists(&self, act: &str, kind: &str, name: &str) -> Result<bool, Failure> {
        let path = format!("/{kind}/{}", api::escaped(name));
        let found: Option<Value> = self.look_for(act, &path).await?;
        Ok(found.is_some())
    }

    pub(super) fn parts(&self) -> &Address {
        self.endpoint.parts()
    }

    /// Reads what must be there.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        act: &str,
        path: &str,
    ) -> Result<T, Failure> {
        api::get(self.parts(), path).await.map_err(|error| self.failed(act, &error))
    }

    /// Reads what may be there.
    pub(super) async fn look_for<T: DeserializeOwned>(
        &self,
        act: &str,
        path: &str,
    ) -> Result<Option<T>, Failure> {
        api::find(self.parts(), path).await.map_err(|error| self.failed(act, &error))
    }

    pub(in crate::adapters) fn failed(&self, act: &str, error: &dyn Display) -> Failure {
        Failure::new(Outcome::Unavailable, format!("failed to {act}"))
            .why(format!("the Docker engine at {} says: {error}", self.endpoint.address()))
            .help("check the engine (`docker info`, `journalctl -u docker`), then run again")
    }
}

fn image_path(reference: &str) -> String {
    format!("/images/{}/json", api::escaped(reference))
}

/// Nothing answers: what was looked for, why, and the cure that fits the cause.
fn unreachable(endpoint: &Endpoint, error: &ApiError) -> Failure {
    let kind = match error {
        ApiError::Connect(error) => error.kind(),
        _ => io::ErrorKind::Other,
    };
    let help = match kind {
        io::ErrorKind::NotFound => {
            "install Docker Engine 20.10 or later on this host (https://docs.docker.com/engine/install/) and start it, \
             or name another with DOCKER_HOST"
        }
        io::ErrorKind::PermissionDenied => {
            "let the runner's user reach the engine (`sudo usermod -aG docker USER`), then start the runner again"
        }
        _ => "start the engine (`sudo systemctl start docker`), or name another with DOCKER_HOST",
    };
    Failure::new(
        Outcome::Unavailable,
        format!("no Docker engine answers at {} ({})", endpoint.address(), endpoint.said_by()),
    )
    .why(error)
    .help(help)
}

fn parse_api(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_api_compare_as_numbers() {
        assert!(parse_api("1.9") < parse_api("1.41"));
        assert_eq!(parse_api(""), (0, 0));
    }
}
