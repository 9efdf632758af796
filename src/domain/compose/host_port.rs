//! Ports of the host, and which two of them cannot be published at once.

use std::fmt;
use std::net::IpAddr;

/// A port of the host that a container publishes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// The address of the host; `None` for all of them.
    pub address: Option<IpAddr>,
    /// The port, 1 to 65535.
    pub port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

impl HostPort {
    /// From words as the engine and Compose write them. An address that is empty or cannot be read counts as all, no
    /// protocol as `tcp`. `None` for port 0, which is none.
    pub fn new(address: &str, port: u16, protocol: &str) -> Option<Self> {
        let protocol = if protocol.is_empty() { "tcp" } else { protocol };
        (port != 0).then(|| Self {
            address: address.parse().ok(),
            port,
            protocol: protocol.to_ascii_lowercase(),
        })
    }

    /// Whether only one of the two can be published. `0.0.0.0` is every IPv4 address, `::` every IPv6 address.
    pub fn overlaps(&self, other: &Self) -> bool {
        let meet = match (self.address, other.address) {
            (Some(one), Some(two)) => {
                let covers = one == two || one.is_unspecified() || two.is_unspecified();
                one.is_ipv4() == two.is_ipv4() && covers
            }
            _ => true,
        };
        self.port == other.port && self.protocol == other.protocol && meet
    }
}

/// `8080`, `127.0.0.1:8080`, `[::1]:53/udp`.
impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(IpAddr::V6(address)) => write!(f, "[{address}]:")?,
            Some(IpAddr::V4(address)) => write!(f, "{address}:")?,
            None => {}
        }
        let Self { port, protocol, .. } = self;
        if protocol == "tcp" { write!(f, "{port}") } else { write!(f, "{port}/{protocol}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(text: &str) -> HostPort {
        let (rest, protocol) = text.split_once('/').unwrap_or((text, ""));
        let (address, port) = rest.rsplit_once(':').unwrap_or(("", rest));
        let address = address.trim_matches(['[', ']']);
        HostPort::new(address, port.parse().unwrap(), protocol).unwrap()
    }

    #[test]
    fn two_ports_overlap_where_only_one_can_be_published() {
        for (one, two, expected) in [
            ("80", "80", true),
            ("80", "127.0.0.1:80", true),
            ("0.0.0.0:80", "127.0.0.1:80", true),
            ("[::]:80", "[::1]:80", true),
            ("127.0.0.1:80", "127.0.0.1:80/TCP", true),
            ("80", "81", false),
            ("80", "80/udp", false),
            ("127.0.0.1:80", "127.0.0.2:80", false),
            ("127.0.0.1:80", "[::1]:80", false),
            ("0.0.0.0:80", "[::]:80", false),
        ] {
            assert_eq!(port(one).overlaps(&port(two)), expected, "{one} and {two}");
            assert_eq!(port(two).overlaps(&port(one)), expected, "{two} and {one}");
        }
    }

    #[test]
    fn a_port_is_shown_as_it_is_written() {
        for text in ["80", "127.0.0.1:80", "[::1]:53/udp", "0.0.0.0:8000"] {
            assert_eq!(port(text).to_string(), text);
        }
        assert_eq!(HostPort::new("", 0, "tcp"), None);
    }
}
