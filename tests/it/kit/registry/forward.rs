//! A request passed on to another server as it came, and its answer read whole.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::kit::registry::wire::{Answer, Request};

/// The largest answer that is passed on.
const LARGEST: usize = 64 << 20;

/// Headers of one connection, which do not concern the next one. The length is written anew.
const OF_THE_CONNECTION: [&str; 4] =
    ["connection", "keep-alive", "transfer-encoding", "content-length"];

/// Passes a request on to `http://HOST:PORT`. It keeps its header `Host`: a registry makes its absolute addresses of
/// it, so that they lead back through this server. 502 says that there was no answer.
pub async fn forward(upstream: &str, request: &Request) -> Answer {
    let said = |what: &str| Answer::new(502, format!("the server behind does not answer: {what}"));
    match passed_on(upstream, request).await {
        Ok(answer) => answer,
        Err(error) => said(&error.to_string()),
    }
}

async fn passed_on(
    upstream: &str,
    request: &Request,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(upstream.trim_start_matches("http://")).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let running = tokio::spawn(connection);
    // The client of the crate would add an `Accept` of its own.
    let mut sent = hyper::Request::builder().method(&*request.method).uri(&*request.target);
    for (name, value) in &request.headers {
        if !OF_THE_CONNECTION.contains(&name.as_str()) {
            sent = sent.header(name, value);
        }
    }
    let body = Full::new(Bytes::from(request.body.clone()));
    let received = sender.send_request(sent.body(body)?).await?;
    let status = received.status().as_u16();
    let mut answer = Answer { status, ..Answer::default() };
    let is_head = request.method == "HEAD";
    for (name, value) in received.headers() {
        let is_told = is_head && name == "content-length";
        if is_told || !OF_THE_CONNECTION.contains(&name.as_str()) {
            answer.headers.push((name.to_string(), value.to_str()?.to_owned()));
        }
    }
    answer.body = Limited::new(received.into_body(), LARGEST).collect().await?.to_bytes().to_vec();
    running.abort();
    Ok(answer)
}
