//! One request to the engine: JSON or bytes as they are.
//!
//! The typed client refuses a whole answer for one word that it does not know, and drops fields that it does not know.
//! We read few fields, tolerate their absence, and record others as they are. The path carries no version, so the engine
//! answers in its newest.

use std::fmt::Write as _;
use std::time::Duration;

use http_body_util::{BodyExt, Collected, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::adapters::docker::endpoint::Address;

/// The longest wait for an answer: a busy engine needs seconds, a dead one would take forever.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The largest answer that is read. An inspect of a container has some 10 KiB.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Why a request failed.
#[derive(Debug, Error)]
pub(super) enum ApiError {
    #[error("{0}")]
    Connect(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    TimedOut,
    #[error("{message} (status {status})")]
    Refused { status: u16, message: String },
    #[error("the answer to {path} cannot be read: {why}")]
    Unreadable { path: String, why: String },
}

impl ApiError {
    /// Whether the engine says that there is no such thing.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

/// Asks for a path and reads the answer as JSON.
pub(super) async fn get<T: DeserializeOwned>(address: &Address, path: &str) -> Result<T, ApiError> {
    let bytes = get_bytes(address, path).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::Unreadable { path: path.to_owned(), why: error.to_string() })
}

/// The same, where "there is no such thing" is an answer too.
pub(super) async fn find<T: DeserializeOwned>(
    address: &Address,
    path: &str,
) -> Result<Option<T>, ApiError> {
    match get(address, path).await {
        Err(error) if error.is_absent() => Ok(None),
        other => other.map(Some),
    }
}

/// Asks for a path and reads the answer whole.
pub(super) async fn get_bytes(address: &Address, path: &str) -> Result<Vec<u8>, ApiError> {
    let whole = async {
        let body = open(address, path).await?;
        let unreadable = |why: String| ApiError::Unreadable { path: path.to_owned(), why };
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        Ok(body.map_err(|error| unreadable(error.to_string()))?.to_bytes().to_vec())
    };
    tokio::time::timeout(TIMEOUT, whole).await.map_err(|_| ApiError::TimedOut)?
}

/// Asks for a path; the body comes as a stream.
pub(super) async fn open(address: &Address, path: &str) -> Result<Incoming, ApiError> {
    let response = match address {
        Address::Unix(socket) => send(UnixStream::connect(socket).await?, path).await?,
        Address::Tcp(socket) => send(TcpStream::connect(socket).await?, path).await?,
    };
    let status = response.status();
    if status.is_success() {
        return Ok(response.into_body());
    }
    Err(refused(status, response.into_body()).await)
}

async fn refused(status: StatusCode, body: Incoming) -> ApiError {
    let bytes = Limited::new(body, 64 * 1024).collect().await.map(Collected::to_bytes);
    let bytes = bytes.unwrap_or_default();
    let message = serde_json::from_slice::<Message>(&bytes)
        .map_or_else(|_| String::from_utf8_lossy(&bytes).trim().to_owned(), |m| m.message);
    ApiError::Refused { status: status.as_u16(), message }
}

async fn send<S>(stream: S, path: &str) -> Result<Response<Incoming>, ApiError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // The connection lives as long as its answer is being read, and ends by itself.
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::GET)
        .uri(path)
        .header("Host", "docker")
        .body(Empty::<Bytes>::new())
        .map_err(|error| ApiError::Unreadable { path: path.to_owned(), why: error.to_string() })?;
    Ok(sender.send_request(request).await?)
}

/// Escapes what must not stand in a path or in a value of a query. `/` and `:` stay: names of images have them.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _never = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_of_images_stay_and_json_is_escaped() {
        assert_eq!(escaped("127.0.0.1:5055/shop/app:v1"), "127.0.0.1:5055/shop/app:v1");
        assert_eq!(escaped(r#"{"a":["b=c d?&"]}"#), "%7B%22a%22:%5B%22b%3Dc%20d%3F%26%22%5D%7D");
        assert_eq!(escaped("ü"), "%C3%BC");
    }
}
