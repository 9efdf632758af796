//! The host of a registry, as references name it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::Invalid;

/// Docker Hub as references name it.
const DOCKER_HUB: &str = "docker.io";

/// A registry: host name, IPv4 address or IPv6 address in brackets, and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry(String);

impl Registry {
    /// Reads a registry. `index.docker.io`, the former name of Docker Hub, is read as `docker.io`.
    ///
    /// # Errors
    /// It is no host, or its port is above 65535.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let why = match split(text) {
            (_, Some(port)) if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) => {
                "its port is no number"
            }
            (_, Some(port)) if port.parse::<u16>().is_err() => "its port is above 65535",
            (host, _) if !is_address(host) && !is_name(host) => {
                "its registry is neither a host name nor an address"
            }
            _ if text == "index.docker.io" => return Ok(Self::docker_hub()),
            _ => return Ok(Self(text.to_owned())),
        };
        Err(Invalid::new("registry", text, why))
    }

    /// Docker Hub.
    pub fn docker_hub() -> Self {
        Self(DOCKER_HUB.to_owned())
    }

    /// Host and port as references name them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is Docker Hub.
    pub fn is_docker_hub(&self) -> bool {
        self.0 == DOCKER_HUB
    }

    /// Whether another name is the same registry: names of hosts are the same in capitals.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Host and port that answer requests: Docker Hub's are not at its name.
    pub fn endpoint(&self) -> &str {
        if self.is_docker_hub() { "registry-1.docker.io" } else { &self.0 }
    }

    /// Whether it is this machine, where Docker does without TLS: `localhost`, `127.0.0.0/8` and `::1`.
    pub fn is_loopback(&self) -> bool {
        let (host, _) = split(&self.0);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Host and port. The colons of an IPv6 address are in its brackets.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    }
}

/// Whether a host is an IPv6 address in brackets, without a zone and without an IPv4 address in it.
fn is_address(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| !inner.contains('.') && inner.parse::<Ipv6Addr>().is_ok())
}

/// Whether a host is a name, or an IPv4 address, which looks like one.
fn is_name(host: &str) -> bool {
    host.split('.').all(|part| {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !part.is_empty()
            && part.chars().all(known)
            && !part.starts_with('-')
            && !part.ends_with('-')
    })
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
