//! Which engine is meant: one answer for the CLI and for our own requests.
//!
//! The order is the CLI's: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context, the socket.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::adapters::host::environment::ChildEnv;
use crate::adapters::host::files;
use crate::failure::{Failure, Outcome};

const SYSTEM_SOCKET: &str = "/var/run/docker.sock";
const DEFAULT_PORT: u16 = 2375;

/// How the engine is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket of this host.
    Unix(Utf8PathBuf),
    /// Plain TCP.
    Tcp(SocketAddr),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{path}"),
            Self::Tcp(address) => write!(f, "tcp://{address}"),
        }
    }
}

/// The engine that is meant, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// How it is reached.
    pub address: Address,
    /// Who said so, for messages: "`DOCKER_HOST`", "the Docker context `prod`", "the default".
    pub said_by: String,
}

impl Endpoint {
    /// Finds the endpoint in the environment and in Docker's own configuration.
    ///
    /// Fails with [`Outcome::Unavailable`] for what this version cannot speak: `ssh://`, TLS, names instead of addresses.
    pub fn find(env: &ChildEnv) -> Result<Self, Failure> {
        if let Some(host) = text(env, "DOCKER_HOST") {
            let tls = text(env, "DOCKER_TLS_VERIFY").or(text(env, "DOCKER_TLS")).is_some();
            return Self::parse(host, "`DOCKER_HOST`", tls);
        }
        let config = config_dir(env);
        if let Some(name) = text(env, "DOCKER_CONTEXT") {
            return from_context(&config, name, "`DOCKER_CONTEXT`", env);
        }
        match current_context(&config)? {
            Some(name) => {
                let file = config.join("config.json");
                from_context(&config, &name, &format!("`currentContext` in {file}"), env)
            }
            None => Ok(Self::default_of(env)),
        }
    }

    /// Reads `unix://...` or `tcp://...` as the CLI does.
    fn parse(host: &str, said_by: &str, tls: bool) -> Result<Self, Failure> {
        let address = match host.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => Ok(Address::Unix(path.into())),
            Some(("tcp", _)) if tls => Err("TLS to the engine is not supported in this version"),
            Some(("tcp", rest)) => tcp(rest).map(Address::Tcp).ok_or(
                "only an IP address or `localhost`, with a port, is supported in this version",
            ),
            Some(("ssh", _)) => Err("`ssh://` is not supported in this version"),
            _ => Err("this is neither `unix:///PATH` nor `tcp://ADDRESS:PORT`"),
        };
        match address {
            Ok(address) => Ok(Self { address, said_by: said_by.to_owned() }),
            Err(why) => Err(unsupported(host, said_by, why)),
        }
    }

    fn default_of(env: &ChildEnv) -> Self {
        let rootless =
            text(env, "XDG_RUNTIME_DIR").map(|dir| Utf8Path::new(dir).join("docker.sock"));
        let path = match rootless {
            Some(rootless) if rootless.exists() && !Utf8Path::new(SYSTEM_SOCKET).exists() => {
                rootless
            }
            _ => SYSTEM_SOCKET.into(),
        };
        Self { address: Address::Unix(path), said_by: "the default".into() }
    }

    /// The environment for children that must speak to this engine and no other.
    #[must_use]
    pub fn applied_to(&self, env: ChildEnv) -> ChildEnv {
        let env = ["DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"]
            .into_iter()
            .fold(env, ChildEnv::without);
        env.with("DOCKER_HOST", self.address.to_string())
    }
}

fn text<'a>(env: &'a ChildEnv, name: &str) -> Option<&'a str> {
    env.get(name).and_then(|value| value.to_str())
}

fn tcp(rest: &str) -> Option<SocketAddr> {
    let rest = rest.trim_end_matches('/');
    if let Ok(address) = rest.parse() {
        return Some(address);
    }
    if let Ok(ip) = rest.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, DEFAULT_PORT));
    }
    let (name, port) = rest.split_once(':').unwrap_or((rest, "2375"));
    let port = port.parse().ok()?;
    (name == "localhost").then_some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
}

fn config_dir(env: &ChildEnv) -> Utf8PathBuf {
    match (text(env, "DOCKER_CONFIG"), text(env, "HOME")) {
        (Some(dir), _) => dir.into(),
        (None, Some(home)) => Utf8Path::new(home).join(".docker"),
        (None, None) => "/root/.docker".into(),
    }
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext", default)]
    current_context: Option<String>,
}

fn current_context(config: &Utf8Path) -> Result<Option<String>, Failure> {
    let file = config.join("config.json");
    let Some(json) = read(&file)? else { return Ok(None) };
    let parsed: Config = serde_json::from_str(&json).map_err(|error| unreadable(&file, &error))?;
    Ok(parsed.current_context.filter(|name| !name.is_empty() && name != "default"))
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: std::collections::BTreeMap<String, MetaEndpoint>,
}

#[derive(Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
}

/// Docker keeps a context under the SHA-256 of its name: `contexts/meta/HASH/meta.json`, key material beside it.
fn from_context(
    config: &Utf8Path,
    name: &str,
    said_by: &str,
    env: &ChildEnv,
) -> Result<Endpoint, Failure> {
    if name == "default" {
        return Ok(Endpoint::default_of(env));
    }
    let hash = files::hex(&Sha256::digest(name.as_bytes()));
    let file = config.join("contexts/meta").join(&hash).join("meta.json");
    let Some(json) = read(&file)? else {
        return Err(Failure::new(
            Outcome::Unavailable,
            format!("there is no Docker context `{name}`, which {said_by} names"),
        )
        .why(format!("{file} does not exist"))
        .help(
            "list the contexts with `docker context ls`, and name one of them or set DOCKER_HOST",
        ));
    };
    let meta: Meta = serde_json::from_str(&json).map_err(|error| unreadable(&file, &error))?;
    let host = meta.endpoints.get("docker").map_or("", |endpoint| endpoint.host.as_str());
    let tls = config.join("contexts/tls").join(&hash).join("docker").exists();
    Endpoint::parse(host, &format!("the Docker context `{name}` ({said_by})"), tls)
}

fn read(file: &Utf8Path) -> Result<Option<String>, Failure> {
    files::read_optional(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Utf8Path, error: &dyn fmt::Display) -> Failure {
    Failure::new(Outcome::Unavailable, format!("cannot read Docker's configuration {file}"))
        .why(error)
        .help("repair the file, or say with DOCKER_HOST which engine is meant")
}

fn unsupported(host: &str, said_by: &str, why: &str) -> Failure {
    Failure::new(
        Outcome::Unavailable,
        format!("cannot use the Docker engine `{host}`, which {said_by} names"),
    )
    .why(why)
    .help(
        "run on the host of the engine and use its socket (DOCKER_HOST=unix:///var/run/docker.sock), or forward the \
         socket to this host and name it there",
    )
}
