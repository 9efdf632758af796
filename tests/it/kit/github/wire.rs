//! HTTP/1.1 as far as the fakes need it: requests are read whole, answers may break off on purpose.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query, not decoded.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A value of the query, not decoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name)?.1.into()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string() }
    }

    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// How an answer goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// The connection is closed without a byte.
    Nothing,
    /// Not a byte comes, and the connection stays.
    Never,
    /// Half of the body that was promised, then the connection is closed.
    Half,
    /// Half of the body, then silence.
    Silence,
    /// A body without end.
    Endless,
}

/// Reads the next request of a connection; `None` at its end.
pub async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace().map(ToOwned::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    if request.all("transfer-encoding").first().is_some_and(|it| it.eq_ignore_ascii_case("chunked"))
    {
        request.body = chunks(stream).await?;
        return Some(request);
    }
    let length = request.all("content-length").first().and_then(|length| length.parse().ok());
    request.body.resize(length.unwrap_or(0), 0);
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}

/// A body of a length that is not told before.
async fn chunks(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        stream.read_line(&mut size).await.ok()?;
        let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).ok()? + 2];
        stream.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(chunk.len() - 2);
        if chunk.is_empty() {
            return Some(body);
        }
        body.extend(chunk);
    }
}

/// Writes an answer; `false` if the connection ends with it.
pub async fn write(stream: &mut TcpStream, response: &Response, delivery: Delivery) -> bool {
    let Response { status, headers, body } = response;
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = match delivery {
        Delivery::Nothing => return false,
        Delivery::Never => return std::future::pending().await,
        Delivery::Endless => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    let head = format!("HTTP/1.1 {status} As Scripted\r\n{headers}{length}\r\n");
    let shown = match delivery {
        Delivery::Half | Delivery::Silence => &body.as_bytes()[..body.len() / 2],
        _ => body.as_bytes(),
    };
    // In one piece: the second of two small writes would wait for the first one's acknowledgement.
    let _reader_left = stream.write_all(&[head.as_bytes(), shown].concat()).await;
    match delivery {
        Delivery::Silence => std::future::pending::<()>().await,
        Delivery::Endless => while stream.write_all(&vec![b' '; 65_536]).await.is_ok() {},
        _ => {}
    }
    delivery == Delivery::Whole
}
