//! The one engine endpoint, for the command line tools and the API client alike.

use std::time::Duration;

use bollard::Docker;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::adapters::host::files;
use crate::adapters::host::process::ChildEnv;
use crate::failure::{Failure, Outcome};

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Where the engine listens: `unix:///path` or `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// `DOCKER_HOST`, else `DOCKER_CONTEXT`, else the current context of the user's configuration, else the socket.
    pub fn find(env: &ChildEnv) -> Result<Self, Failure> {
        if let Some(address) = env.get("DOCKER_HOST") {
            return Self::accept(address, env.get("DOCKER_TLS_VERIFY").is_some());
        }
        let config = config_folder(env);
        let context = env
            .get("DOCKER_CONTEXT")
            .map(ToOwned::to_owned)
            .or_else(|| current_context(config.as_deref()));
        match context.as_deref() {
            None | Some("default") => Self::accept(&default_socket(env), false),
            Some(name) => Self::accept(&context_address(config.as_deref(), name)?, false),
        }
    }

    /// The address.
    pub fn address(&self) -> &str {
        &self.0
    }

    /// A client of the engine's API. Nothing is sent yet.
    pub fn client(&self, timeout: Duration) -> Result<Docker, bollard::errors::Error> {
        let seconds = timeout.as_secs();
        if self.0.starts_with("tcp://") {
            Docker::connect_with_http(&self.0, seconds, bollard::API_DEFAULT_VERSION)
        } else {
            Docker::connect_with_unix(&self.0, seconds, bollard::API_DEFAULT_VERSION)
        }
    }

    fn accept(address: &str, tls: bool) -> Result<Self, Failure> {
        let refused = |why: &str| {
            Err(Failure::new(
                Outcome::Unavailable,
                format!("the Docker endpoint {address} cannot be used"),
            )
            .why(why)
            .help("run this on the server itself, with a runner there, or by hand"))
        };
        match address.split_once("://") {
            Some(("tcp", _)) if tls => {
                refused("an engine behind TLS is not supported by this version")
            }
            Some(("unix" | "tcp", _)) => Ok(Self(address.to_owned())),
            Some(("ssh", _)) => refused(
                "files of a release must lie on the host of the engine, so `ssh://` is not supported",
            ),
            _ => refused("only `unix://` and `tcp://` addresses are understood"),
        }
    }
}

fn config_folder(env: &ChildEnv) -> Option<Utf8PathBuf> {
    let own = env.get("DOCKER_CONFIG").map(Utf8PathBuf::from);
    own.or_else(|| Some(Utf8Path::new(env.get("HOME")?).join(".docker")))
}

fn current_context(config: Option<&Utf8Path>) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Config {
        current_context: Option<String>,
    }
    let text = files::read_optional(&config?.join("config.json")).ok()??;
    serde_json::from_str::<Config>(&text).ok()?.current_context.filter(|name| !name.is_empty())
}

/// The address that `docker context` stored under the SHA-256 of the context's name.
fn context_address(config: Option<&Utf8Path>, name: &str) -> Result<String, Failure> {
    let unknown = || {
        Failure::new(
            Outcome::Unavailable,
            format!("the Docker context `{name}` has no usable address"),
        )
        .help("see `docker context ls`; or set DOCKER_HOST")
    };
    let digest = files::hex(&Sha256::digest(name.as_bytes()));
    let path = config.ok_or_else(unknown)?.join("contexts/meta").join(digest).join("meta.json");
    let text = files::read_optional(&path).ok().flatten().ok_or_else(unknown)?;
    let meta: serde_json::Value = serde_json::from_str(&text).map_err(|_| unknown())?;
    meta["Endpoints"]["docker"]["Host"].as_str().map(ToOwned::to_owned).ok_or_else(unknown)
}

fn default_socket(env: &ChildEnv) -> String {
    let rootless = env.get("XDG_RUNTIME_DIR").map(|dir| Utf8Path::new(dir).join("docker.sock"));
    let rootless =
        rootless.filter(|socket| socket.exists() && !Utf8Path::new(DEFAULT_SOCKET).exists());
    format!("unix://{}", rootless.as_deref().unwrap_or(Utf8Path::new(DEFAULT_SOCKET)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> ChildEnv {
        ChildEnv::from_pairs(pairs.iter().map(|(k, v)| (k.into(), v.into())))
    }

    fn found(pairs: &[(&str, &str)]) -> Result<String, String> {
        Endpoint::find(&env(pairs)).map(|e| e.0).map_err(|f| f.to_string())
    }

    #[test]
    fn the_variable_beats_the_context_and_the_context_the_socket() {
        let dir = tempfile::tempdir().unwrap();
        let config = Utf8Path::from_path(dir.path()).unwrap();
        let meta = config.join("contexts/meta").join(files::hex(&Sha256::digest(b"uat")));
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Endpoints":{"docker":{"Host":"unix:///uat.sock"}}}"#,
        )
        .unwrap();
        let here = ("DOCKER_CONFIG", config.as_str());
        assert_eq!(found(&[here]), Ok("unix:///var/run/docker.sock".into()));
        std::fs::write(config.join("config.json"), r#"{"currentContext":"uat"}"#).unwrap();
        assert_eq!(found(&[here]), Ok("unix:///uat.sock".into()));
        assert_eq!(
            found(&[here, ("DOCKER_CONTEXT", "default")]),
            Ok("unix:///var/run/docker.sock".into())
        );
        assert_eq!(
            found(&[here, ("DOCKER_HOST", "tcp://127.0.0.1:1")]),
            Ok("tcp://127.0.0.1:1".into())
        );
        assert!(found(&[here, ("DOCKER_CONTEXT", "gone")]).unwrap_err().contains("`gone`"));
    }

    #[test]
    fn what_cannot_work_is_refused_in_words() {
        assert!(
            found(&[("DOCKER_HOST", "ssh://root@server")]).unwrap_err().contains("runner there")
        );
        assert!(
            found(&[("DOCKER_HOST", "tcp://h:1"), ("DOCKER_TLS_VERIFY", "1")])
                .unwrap_err()
                .contains("TLS")
        );
        assert!(found(&[("DOCKER_HOST", "nonsense")]).unwrap_err().contains("unix://"));
    }
}
