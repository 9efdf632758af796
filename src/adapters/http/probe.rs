//! One look at an address: what a health check needs to know and to show.

use std::error::Error;
use std::time::Duration;

use reqwest::{Response, Url};

use crate::adapters::http::Client;

/// How much of a body is shown, in bytes.
const SHOWN: usize = 200;

/// What an address said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// HTTP status.
    pub status: u16,
    /// The first 200 bytes of the body; what cannot be printed is replaced.
    pub body: String,
    /// Where it sends us, if it is a redirect. It is not followed.
    pub location: Option<String>,
}

impl Probe {
    /// Whether the address is healthy: 2xx. A redirect is not, it may lead to a login page.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Asks an address once. An error is in words: "connection refused", "no answer within 5 s".
pub async fn probe(client: &Client, url: &str, timeout: Duration) -> Result<Probe, String> {
    let url: Url = url.parse().map_err(|error| format!("`{url}` is no address: {error}"))?;
    let look = async {
        let response = client.get(url).send().await.map_err(|error| in_words(&error))?;
        let status = response.status().as_u16();
        let location = response.headers().get("location");
        let location = location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
        Ok(Probe { status, location, body: beginning(response).await })
    };
    let late = |_| format!("no answer within {} s", timeout.as_secs_f32());
    tokio::time::timeout(timeout, look).await.map_err(late)?
}

/// The beginning of a body. A body that breaks off is shown as far as it came: the status is what counts.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < SHOWN {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk[..chunk.len().min(SHOWN)]),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(SHOWN);
    printable(&bytes)
}

/// One line of text: white space becomes a blank, what cannot be printed U+FFFD.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text: String = text
        .chars()
        .map(|c| match c {
            c if c.is_whitespace() => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect();
    text.trim().to_owned()
}

/// The innermost causes of an error, once each: reqwest's own text only repeats the address.
pub(super) fn in_words(error: &reqwest::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        causes.retain(|outer| !text.contains(outer.as_str()));
        if !causes.iter().any(|outer| outer.contains(&text)) {
            causes.push(text);
        }
        source = cause.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_becomes_one_printable_line() {
        assert_eq!(printable(b" ok\r\n\x1b[31mred\xff\n"), "ok  \u{fffd}[31mred\u{fffd}");
    }
}
