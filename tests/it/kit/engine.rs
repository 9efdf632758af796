//! An engine that has nothing: it says its version, lists nothing, and knows nothing else. What else it shall say is given
//! to it, each answer once.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// An answer to a request: what its method and path begin with, in which `/v1.48` does not count; status; body.
pub type Answer = (&'static str, &'static str, &'static str);

/// The engine. Its thread ends with the test's process.
pub struct Engine {
    socket: PathBuf,
}

impl Engine {
    /// An engine at a socket.
    pub fn start(socket: &Path) -> Self {
        Self::saying(socket, Vec::new())
    }

    /// The same with answers, in the order in which they are given.
    pub fn saying(socket: &Path, mut answers: Vec<Answer>) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // One that was killed does not wait for its answer.
                let _gone = answer(stream, &mut answers);
            }
        });
        Self { socket: socket.to_owned() }
    }

    /// What to say in `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

fn answer(mut stream: UnixStream, answers: &mut Vec<Answer>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let asked = first.replacen("/v1.48/", "/", 1);
    let given = answers.iter().position(|(request, ..)| asked.starts_with(request));
    let (status, body) = match given.map(|place| answers.remove(place)) {
        Some((_, status, body)) => (status, body),
        None if asked.starts_with("GET /version") => {
            ("200 OK", r#"{"Version":"28.0.0","ApiVersion":"1.48"}"#)
        }
        None if asked.starts_with("GET /containers/json") => ("200 OK", "[]"),
        None => ("404 Not Found", r#"{"message":"there is no such thing"}"#),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
