//! HTTP: the one place where a client is made, so that names and certificates work alike for every use.
//!
//! Names: hickory, because libc's resolver crashes a static binary on hosts whose nsswitch lists modules. Certificates:
//! built-in roots and the host's (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured), because a bare container has none and a
//! company's proxy needs its own. Proxies: those of the environment, but never for this host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Url};

use crate::failure::{Failure, Outcome};

pub mod probe;

/// How long requests may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the last byte.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(30) }
    }
}

/// An HTTP client. Does not follow redirects.
#[derive(Clone, Debug)]
pub struct Client {
    /// For this host: no proxy can reach what listens on our loopback.
    direct: reqwest::Client,
    /// For all others.
    proxied: reqwest::Client,
}

impl Client {
    /// Makes a client.
    ///
    /// Fails with [`Outcome::Unavailable`] if the proxy variables or certificates of this host cannot be used.
    pub fn new(limits: Limits) -> Result<Self, Failure> {
        install_provider();
        let built = |client: Result<reqwest::Client, reqwest::Error>| {
            client.map_err(|error| {
                Failure::new(Outcome::Unavailable, "cannot set up HTTP")
                    .why(probe::in_words(&error))
                    .help("check SSL_CERT_FILE, SSL_CERT_DIR and the proxy variables of this host")
            })
        };
        Ok(Self {
            direct: built(builder(limits).no_proxy().build())?,
            proxied: built(builder(limits).build())?,
        })
    }

    /// Begins a GET request.
    pub fn get(&self, url: Url) -> reqwest::RequestBuilder {
        let client = if is_this_host(&url) { &self.direct } else { &self.proxied };
        client.get(url)
    }
}

/// Makes ring the process's only TLS provider. May be called any number of times.
fn install_provider() {
    // An error means that it was there before.
    let _already = rustls::crypto::ring::default_provider().install_default();
}

fn builder(limits: Limits) -> reqwest::ClientBuilder {
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    // `localhost` is answered here: it must work without /etc/hosts and /etc/resolv.conf.
    let loopback: [SocketAddr; 2] =
        [(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
    reqwest::Client::builder()
        .user_agent(concat!("mta/", env!("CARGO_PKG_VERSION")))
        .hickory_dns(true)
        .resolve_to_addrs("localhost", &loopback)
        .tls_certs_merge(built_in.iter().filter_map(|der| Certificate::from_der(der).ok()))
        .redirect(Policy::none())
        .connect_timeout(limits.connect)
        .timeout(limits.total)
}

/// Whether an address means the host that we run on.
fn is_this_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    ip.map_or_else(|_| host == "localhost", |ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_is_told_from_others() {
        for url in
            ["http://127.0.0.1:1/", "http://127.9.9.9/", "http://[::1]/", "http://LOCALHOST/"]
        {
            assert!(is_this_host(&url.parse().unwrap()), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://localhost.example.org/", "http://[::2]/"] {
            assert!(!is_this_host(&url.parse().unwrap()), "{url}");
        }
    }
}
