//! Which engine is meant: one answer for the CLI and for our own requests.
//!
//! The order is the CLI's: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context, the socket.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::adapters::host::files;
use crate::adapters::host::process::ChildEnv;
use crate::failure::{Failure, Outcome};

const SYSTEM_SOCKET: &str = "/var/run/docker.sock";
const DEFAULT_PORT: u16 = 2375;

/// How the engine is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
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
    address: Address,
    text: String,
    said_by: String,
}

impl Endpoint {
    /// Finds the endpoint in the environment and in Docker's own configuration.
    ///
    /// Fails with [`Outcome::Unavailable`] for what this version cannot speak: `ssh://`, TLS, names instead of addresses.
    pub fn find(env: &ChildEnv) -> Result<Self, Failure> {
        if let Some(host) = env.get("DOCKER_HOST") {
            let tls = env.get("DOCKER_TLS_VERIFY").or(env.get("DOCKER_TLS")).is_some();
            return Self::parse(host, "`DOCKER_HOST`", tls);
        }
        let config = config_dir(env);
        if let Some(name) = env.get("DOCKER_CONTEXT") {
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

    fn new(address: Address, said_by: &str) -> Self {
        Self { text: address.to_string(), address, said_by: said_by.to_owned() }
    }

    /// As `DOCKER_HOST` would say it: `unix:///var/run/docker.sock`.
    pub fn address(&self) -> &str {
        &self.text
    }

    /// Who named it, for messages: "`DOCKER_HOST`", "the Docker context `uat` (...)", "the default".
    pub fn said_by(&self) -> &str {
        &self.said_by
    }

    /// How it is reached.
    pub(super) fn parts(&self) -> &Address {
        &self.address
    }

    /// A client of the engine's API. Nothing is sent yet. `timeout` is the time until an answer begins.
    pub fn client(&self, timeout: Duration) -> Result<Docker, bollard::errors::Error> {
        let seconds = timeout.as_secs();
        match &self.address {
            Address::Unix(path) => {
                Docker::connect_with_unix(path.as_str(), seconds, API_DEFAULT_VERSION)
            }
            Address::Tcp(_) => Docker::connect_with_http(&self.text, seconds, API_DEFAULT_VERSION),
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
            Ok(address) => Ok(Self::new(address, said_by)),
            Err(why) => Err(unsupported(host, said_by, why)),
        }
    }

    fn default_of(env: &ChildEnv) -> Self {
        let rootless = env.get("XDG_RUNTIME_DIR").map(|dir| Utf8Path::new(dir).join("docker.sock"));
        let path = match rootless {
            Some(rootless) if rootless.exists() && !Utf8Path::new(SYSTEM_SOCKET).exists() => {
                rootless
            }
            _ => SYSTEM_SOCKET.into(),
        };
        Self::new(Address::Unix(path), "the default")
    }

    /// The environment for children that must speak to this engine and no other.
    #[must_use]
    pub fn applied_to(&self, env: ChildEnv) -> ChildEnv {
        let env = ["DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"]
            .into_iter()
            .fold(env, ChildEnv::without);
        env.with("DOCKER_HOST", self.address())
    }
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

pub(super) fn config_dir(env: &ChildEnv) -> Utf8PathBuf {
    match (env.get("DOCKER_CONFIG"), env.get("HOME")) {
        (Some(dir), _) => dir.into(),
        (None, Some(home)) => Utf8Path::new(home).join(".docker"),
        // Nobody's home: a folder that is not there, so the default socket counts.
        (None, None) => "/nonexistent".into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> ChildEnv {
        ChildEnv::from_pairs(pairs.iter().map(|(k, v)| (k.into(), v.into())))
    }

    fn found(pairs: &[(&str, &str)]) -> Result<String, String> {
        Endpoint::find(&env(pairs)).map(|e| e.text).map_err(|f| f.to_string())
    }

    /// A folder with the context `uat` as `docker context create` leaves it.
    fn config(host: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let config = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        let meta = config.join("contexts/meta").join(files::hex(&Sha256::digest(b"uat")));
        fs_err::create_dir_all(&meta).unwrap();
        let json = format!(r#"{{"Name":"uat","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        fs_err::write(meta.join("meta.json"), json).unwrap();
        (dir, config)
    }

    #[test]
    fn the_variable_beats_the_context_and_the_context_the_socket() {
        let (_dir, config) = config("unix:///uat.sock");
        let here = ("DOCKER_CONFIG", config.as_str());
        let socket = Ok("unix:///var/run/docker.sock".to_owned());
        assert_eq!(found(&[here]), socket);
        assert_eq!(found(&[here, ("DOCKER_CONTEXT", "uat")]), Ok("unix:///uat.sock".into()));
        fs_err::write(config.join("config.json"), r#"{"currentContext":"uat"}"#).unwrap();
        assert_eq!(found(&[here]), Ok("unix:///uat.sock".into()));
        assert_eq!(found(&[here, ("DOCKER_HOST", "")]), Ok("unix:///uat.sock".into()));
        assert_eq!(found(&[here, ("DOCKER_CONTEXT", "default")]), socket);
        let tcp = "tcp://127.0.0.1:1";
        assert_eq!(found(&[here, ("DOCKER_HOST", tcp)]), Ok(tcp.into()));
        assert!(found(&[here, ("DOCKER_CONTEXT", "gone")]).unwrap_err().contains("`gone`"));
    }

    #[test]
    fn a_broken_configuration_is_named_and_not_passed_over() {
        let (_dir, config) = config("unix:///uat.sock");
        fs_err::write(config.join("config.json"), "{").unwrap();
        let error = found(&[("DOCKER_CONFIG", config.as_str())]).unwrap_err();
        assert!(error.contains("config.json"), "{error}");
    }

    #[test]
    fn addresses_are_read_as_the_cli_reads_them() {
        for (given, meant) in [
            ("tcp://127.0.0.1", "tcp://127.0.0.1:2375"),
            ("tcp://localhost:2375", "tcp://127.0.0.1:2375"),
            ("tcp://localhost", "tcp://127.0.0.1:2375"),
            ("tcp://[::1]:99", "tcp://[::1]:99"),
            ("unix:///run/x.sock", "unix:///run/x.sock"),
        ] {
            assert_eq!(found(&[("DOCKER_HOST", given)]), Ok(meant.into()));
        }
    }

    #[test]
    fn what_cannot_work_is_refused_in_words() {
        for (pairs, word) in [
            (&[("DOCKER_HOST", "ssh://root@server")][..], "`ssh://` is not supported"),
            (&[("DOCKER_HOST", "tcp://1.2.3.4:1"), ("DOCKER_TLS_VERIFY", "1")], "TLS"),
            (&[("DOCKER_HOST", "tcp://engine.example.org:2375")], "only an IP address"),
            (&[("DOCKER_HOST", "/var/run/docker.sock")], "unix:///PATH"),
            (&[("DOCKER_HOST", "unix://relative")], "unix:///PATH"),
        ] {
            let error = found(pairs).unwrap_err();
            assert!(error.contains(word) && error.contains("`DOCKER_HOST`"), "{error}");
        }
    }

    #[test]
    fn a_context_with_keys_means_tls() {
        let (_dir, config) = config("tcp://10.0.0.1:2376");
        let pairs = [("DOCKER_CONFIG", config.as_str()), ("DOCKER_CONTEXT", "uat")];
        assert!(found(&pairs).is_ok());
        let keys = config.join("contexts/tls").join(files::hex(&Sha256::digest(b"uat")));
        fs_err::create_dir_all(keys.join("docker")).unwrap();
        assert!(found(&pairs).unwrap_err().contains("TLS"));
    }

    #[test]
    fn children_are_told_the_same_engine() {
        let env = env(&[("DOCKER_CONTEXT", "uat"), ("DOCKER_TLS_VERIFY", "1"), ("PATH", "/bin")]);
        let endpoint = Endpoint::new(Address::Unix("/x.sock".into()), "the default");
        let child = endpoint.applied_to(env);
        assert_eq!(child.get("DOCKER_HOST"), Some("unix:///x.sock"));
        assert_eq!((child.get("DOCKER_CONTEXT"), child.get("DOCKER_TLS_VERIFY")), (None, None));
        assert_eq!(child.get("PATH"), Some("/bin"));
    }
}
