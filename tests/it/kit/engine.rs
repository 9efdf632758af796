//! An engine that has nothing: it says its version, lists nothing, and knows nothing else.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The engine. Its thread ends with the test's process.
pub struct Engine {
    socket: PathBuf,
}

impl Engine {
    /// An engine at a socket.
    pub fn start(socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // One that was killed does not wait for its answer.
                let _gone = answer(stream);
            }
        });
        Self { socket: socket.to_owned() }
    }

    /// What to say in `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

fn answer(mut stream: UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, body) = if path.ends_with("/version") {
        ("200 OK", r#"{"Version":"28.0.0","ApiVersion":"1.48"}"#)
    } else if path.contains("/containers/json") {
        ("200 OK", "[]")
    } else {
        ("404 Not Found", r#"{"message":"there is no such thing"}"#)
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
