//! HTTP/1.1 of the fakes of this folder: bodies are bytes, and an answer may end badly on purpose.

use std::fmt::Display;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::kit::github::wire;
pub use crate::kit::github::wire::Request;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names as they go over the wire. The length of the body comes by itself.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).with("Content-Type", "application/json")
    }

    /// An error in the form of the distribution specification.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({"errors": [{"code": code, "message": message}]}))
    }

    /// The same answer with one more header.
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same answer with this value of a header and no other one; without the header for `None`.
    pub fn replacing(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// How an answer goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Whole,
    /// Not a byte: the connection is reset.
    Reset,
    /// The head, then the connection is reset.
    ResetAfterHead,
    /// Half of the body that was promised, then the connection is closed.
    Half,
    /// Not a byte, and the connection stays.
    Silence,
    /// A body without end.
    Endless,
}

/// A free port of this host, and its number.
pub async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Serves until the test's runtime ends. Requests of one connection are answered one after the other, those of several
/// at the same time.
pub fn serve<H, A>(listener: TcpListener, handle: H)
where
    H: Fn(Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = (Answer, Ending)> + Send,
{
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handle = handle.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                while let Some(request) = wire::read(&mut stream).await {
                    let is_head = request.method == "HEAD";
                    let (answer, ending) = handle(request).await;
                    if !write(stream.get_mut(), &answer, ending, is_head).await {
                        return;
                    }
                }
            });
        }
    });
}

/// Writes an answer; `false` if the connection ends with it.
async fn write(stream: &mut TcpStream, answer: &Answer, ending: Ending, is_head: bool) -> bool {
    let Answer { status, headers, body } = answer;
    let mut head = format!("HTTP/1.1 {status} As Scripted\r\n");
    head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    // The answer to HEAD may tell the length of a body that it does not have.
    if ending != Ending::Endless && answer.header("content-length").is_none() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let shown = match ending {
        _ if is_head => &[],
        Ending::ResetAfterHead => &[],
        Ending::Half => &body[..body.len() / 2],
        _ => body.as_slice(),
    };
    if !matches!(ending, Ending::Silence | Ending::Reset) {
        // In one piece: the second of two small writes would wait for the first one's acknowledgement.
        let _reader_left = stream.write_all(&[head.as_bytes(), shown].concat()).await;
    }
    match ending {
        Ending::Silence => std::future::pending::<()>().await,
        Ending::Endless => while stream.write_all(&vec![b' '; 65_536]).await.is_ok() {},
        Ending::ResetAfterHead => {
            // What comes at once with the head could be read as if the head had never come.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        _ => {}
    }
    if matches!(ending, Ending::Reset | Ending::ResetAfterHead) {
        stream.set_zero_linger().unwrap();
    }
    ending == Ending::Whole
}
