//! The connection to the engine, and what it says of itself.

use std::io;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use serde::Deserialize;

use crate::adapters::docker::api::{self, ApiError};
use crate::adapters::docker::endpoint::{Address, Endpoint};
use crate::failure::{Failure, Outcome};

/// API of Docker 20.10, the oldest engine that is supported.
const OLDEST_API: (u32, u32) = (1, 41);

/// bollard's limit until an answer begins; long answers stream.
const ANSWER_BEGINS: Duration = Duration::from_secs(120);

/// An engine that answered.
#[derive(Clone, Debug)]
pub struct Engine {
    /// For what streams both ways (`exec`). Everything that is only read goes through [`api`].
    pub(in crate::adapters) client: Docker,
    endpoint: Endpoint,
    version: Version,
}

/// What the engine says of itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Version {
    /// "20.10.24".
    #[serde(rename = "Version", default)]
    pub engine: String,
    /// "1.41".
    #[serde(rename = "ApiVersion", default)]
    pub api: String,
}

impl Version {
    /// Whether the API is at least that one.
    pub fn has_api(&self, major: u32, minor: u32) -> bool {
        let mut parts = self.api.split('.').map(|part| part.parse().unwrap_or(0_u32));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (major, minor)
    }
}

impl Engine {
    /// Connects, and checks that the engine answers and is new enough.
    ///
    /// Fails with [`Outcome::Unavailable`]: what was looked for, why it does not work, what to install or start.
    pub async fn connect(endpoint: Endpoint) -> Result<Self, Failure> {
        let version: Version = api::get(&endpoint.address, "/version")
            .await
            .map_err(|error| unreachable(&endpoint, &error))?;
        if !version.has_api(OLDEST_API.0, OLDEST_API.1) {
            return Err(too_old(&endpoint, &version));
        }
        let limit = ANSWER_BEGINS.as_secs();
        let client = match &endpoint.address {
            Address::Unix(path) => {
                Docker::connect_with_unix(path.as_str(), limit, API_DEFAULT_VERSION)
            }
            Address::Tcp(address) => {
                Docker::connect_with_http(&format!("tcp://{address}"), limit, API_DEFAULT_VERSION)
            }
        };
        let client = client.map_err(|error| {
            Failure::new(Outcome::Unavailable, format!("cannot use {}", endpoint.address))
                .why(error)
        })?;
        Ok(Self { client, endpoint, version })
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What it says of itself.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Whether there is a network of that name.
    pub async fn network_exists(&self, name: &str) -> Result<bool, Failure> {
        self.exists(&format!("/networks/{}", api::escaped(name))).await
    }

    /// Whether there is a volume of that name.
    pub async fn volume_exists(&self, name: &str) -> Result<bool, Failure> {
        self.exists(&format!("/volumes/{}", api::escaped(name))).await
    }

    async fn exists(&self, path: &str) -> Result<bool, Failure> {
        let found: Option<serde_json::Value> =
            self.asked(&format!("look for {path}"), api::find(self.address(), path).await)?;
        Ok(found.is_some())
    }

    pub(super) fn address(&self) -> &Address {
        &self.endpoint.address
    }

    /// Puts the engine and what was asked into words.
    pub(super) fn asked<T>(&self, what: &str, answer: Result<T, ApiError>) -> Result<T, Failure> {
        answer.map_err(|error| self.broken(what, &error))
    }

    /// The engine answered before, and now it does not do what it was asked.
    pub(super) fn broken(&self, what: &str, error: &dyn std::fmt::Display) -> Failure {
        Failure::new(
            Outcome::Unavailable,
            format!("the Docker engine at {} failed to {what}", self.endpoint.address),
        )
        .why(error)
        .help("look at the engine's own log: journalctl -u docker")
    }
}

fn unreachable(endpoint: &Endpoint, error: &ApiError) -> Failure {
    let kind = match error {
        ApiError::Connect(error) => error.kind(),
        _ => io::ErrorKind::Other,
    };
    let help = match kind {
        io::ErrorKind::NotFound => {
            "install Docker Engine 20.10 or newer on this host (https://docs.docker.com/engine/install/) and start it, or \
             say with DOCKER_HOST where it listens"
        }
        io::ErrorKind::PermissionDenied => {
            "let the runner's user reach the socket: sudo usermod -aG docker USER, then start the runner again"
        }
        _ => "start the engine: sudo systemctl start docker",
    };
    Failure::new(
        Outcome::Unavailable,
        format!("no Docker engine answers at {} ({})", endpoint.address, endpoint.said_by),
    )
    .why(error)
    .help(help)
}

fn too_old(endpoint: &Endpoint, version: &Version) -> Failure {
    Failure::new(
        Outcome::Unavailable,
        format!("the Docker engine at {} is too old", endpoint.address),
    )
    .why(format!("it is {} with API {}; API 1.41 is needed", version.engine, version.api))
    .help("install Docker Engine 20.10 or newer (https://docs.docker.com/engine/install/)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_versions_are_compared_as_numbers() {
        let version = |api: &str| Version { engine: String::new(), api: api.into() };
        assert!(version("1.41").has_api(1, 41));
        assert!(version("1.100").has_api(1, 41));
        assert!(version("2.0").has_api(1, 41));
        assert!(!version("1.40").has_api(1, 41));
        assert!(!version("").has_api(1, 41));
    }
}
