//! The one HTTP client: ring as TLS provider, hickory as resolver, embedded roots merged with the host's.
//!
//! libc's resolver is never reached: in a static binary it dies with SIGFPE where `nsswitch.conf` lists modules such as
//! `myhostname` (measured).

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};

/// How much of an answer a probe shows.
const SHOWN_BYTES: usize = 200;

/// Builds the client. Redirects are not followed; loopback addresses are never asked through a proxy.
pub fn client() -> Result<Client, reqwest::Error> {
    // Already installed is as good as installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let embedded = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots = embedded.filter_map(|der| Certificate::from_der(der).ok());
    Client::builder()
        .user_agent(concat!("mta/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .hickory_dns(true)
        .tls_certs_merge(roots)
        .build()
}

/// What an address answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The first bytes of the answer, or why there was none; printable, one line.
    pub text: String,
}

/// Asks an address once.
pub async fn probe(client: &Client, url: &str, timeout: Duration) -> Probe {
    let answer = tokio::time::timeout(timeout, ask(client, url)).await;
    match answer {
        Ok(Ok(probe)) => probe,
        Ok(Err(error)) => Probe { status: None, text: in_words(&error) },
        Err(_) => {
            Probe { status: None, text: format!("no answer within {} s", timeout.as_secs_f64()) }
        }
    }
}

async fn ask(client: &Client, url: &str) -> Result<Probe, reqwest::Error> {
    let mut answer = client.get(url).send().await?;
    let status = Some(answer.status().as_u16());
    let mut body = Vec::new();
    while body.len() < SHOWN_BYTES
        && let Some(part) = answer.chunk().await?
    {
        body.extend_from_slice(&part);
    }
    body.truncate(SHOWN_BYTES);
    Ok(Probe { status, text: printable(&String::from_utf8_lossy(&body)) })
}

fn printable(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The innermost cause: reqwest's own words only name the address again.
fn in_words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
