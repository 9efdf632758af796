//! HTTP: the one place where a client is made, so that names and certificates work alike for every use.
//!
//! Names: hickory (`names`), because libc's resolver kills a static binary with SIGFPE where `nsswitch.conf` lists
//! modules such as `myhostname` (measured). Certificates: built-in roots and the host's (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured),
//! because a bare container has none and a company's proxy needs its own. Proxies: those of the environment, but never
//! for this host.

mod chance;
pub mod links;
mod names;
pub mod wait;

pub use chance::Chance;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Response, Url};

use crate::adapters::http::names::Names;

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);

/// The longest silence of a server in the middle of an answer.
const SILENCE: Duration = Duration::from_mins(1);

/// How much of an answer a probe shows, in bytes.
const SHOWN_BYTES: usize = 200;

/// An HTTP client. Does not follow redirects.
#[derive(Clone, Debug)]
pub struct Client {
    /// For this host: no proxy can reach what listens on our loopback.
    direct: reqwest::Client,
    /// For all others.
    proxied: reqwest::Client,
}

impl Client {
    /// Begins a GET request. Its time is limited only as to connecting and silence: set a timeout.
    pub fn get(&self, url: Url) -> reqwest::RequestBuilder {
        self.towards(&url).get(url)
    }

    /// Begins a POST request. Its time is limited as that of [`Client::get`] is.
    pub fn post(&self, url: Url) -> reqwest::RequestBuilder {
        self.towards(&url).post(url)
    }

    /// The client to use for an address.
    pub fn towards(&self, url: &Url) -> &reqwest::Client {
        if is_this_host(url) { &self.direct } else { &self.proxied }
    }
}

/// Builds the client. Fails if the host's certificates or proxy variables cannot be used.
pub fn client() -> Result<Client, reqwest::Error> {
    // An error means that it was installed before, which is as good.
    let _already = rustls::crypto::ring::default_provider().install_default();
    Ok(Client { direct: builder().no_proxy().build()?, proxied: builder().build()? })
}

fn builder() -> reqwest::ClientBuilder {
    let embedded = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    // `localhost` is answered here: it must work without /etc/hosts and /etc/resolv.conf.
    let loopback: [SocketAddr; 2] =
        [(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
    reqwest::Client::builder()
        .user_agent(concat!("mta/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Names::default())
        .resolve_to_addrs("localhost", &loopback)
        .tls_certs_merge(embedded.filter_map(|der| Certificate::from_der(der).ok()))
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
}

/// Whether an address means the host that we run on.
pub fn is_this_host(url: &Url) -> bool {
    // A dot at the end says that the name is whole.
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    ip.map_or_else(|_| host == "localhost", |ip| ip.is_loopback())
}

/// What an address answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The first 200 bytes of the answer, or why there was none; printable, one line.
    pub text: String,
}

/// Asks an address once. A redirect is an answer, and is not followed.
pub async fn probe(client: &Client, url: &str, timeout: Duration) -> Probe {
    let url: Url = match url.parse() {
        Ok(url) => url,
        Err(error) => return failed(format!("`{url}` is no address: {error}")),
    };
    match tokio::time::timeout(timeout, ask(client, url)).await {
        Ok(Ok(probe)) => probe,
        Ok(Err(error)) => failed(in_words(&error)),
        Err(_) => failed(format!("no answer within {} s", timeout.as_secs_f64())),
    }
}

fn failed(text: String) -> Probe {
    Probe { status: None, text }
}

async fn ask(client: &Client, url: Url) -> Result<Probe, reqwest::Error> {
    let answer = client.get(url).send().await?;
    let status = answer.status();
    let target = answer.headers().get("location").map(|to| printable(to.as_bytes()));
    let body = beginning(answer).await;
    let text = match target {
        Some(target) if status.is_redirection() => format!("redirects to {target} (not followed)"),
        _ => body,
    };
    Ok(Probe { status: Some(status.as_u16()), text })
}

/// The beginning of a body. One that breaks off is shown as far as it came: the status is what counts.
async fn beginning(mut answer: Response) -> String {
    let mut body = Vec::new();
    while body.len() < SHOWN_BYTES
        && let Ok(Some(part)) = answer.chunk().await
    {
        body.extend_from_slice(&part[..part.len().min(SHOWN_BYTES)]);
    }
    body.truncate(SHOWN_BYTES);
    printable(&body)
}

fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The causes of an error, from the outermost that says something: reqwest's own words only name the address again.
pub fn in_words(error: &reqwest::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        // Some layers repeat the text of the one below.
        if !causes.iter().any(|outer| outer.contains(&text)) {
            causes.push(text);
        }
        cause = deeper.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_is_told_from_others() {
        for url in [
            "http://127.0.0.1:1/",
            "http://127.9.9.9/",
            "http://[::1]/",
            "http://LOCALHOST/",
            "http://localhost./",
        ] {
            assert!(is_this_host(&url.parse().unwrap()), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://localhost.example.org/", "http://[::2]/"] {
            assert!(!is_this_host(&url.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn an_answer_becomes_one_printable_line() {
        assert_eq!(printable(b" ok\r\n\x1b[31mred\xff\n"), "ok [31mred\u{fffd}");
    }
}
