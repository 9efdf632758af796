//! A way to the engine that a test can cut: a socket that passes everything on, until it does not.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The way. Its threads end with the test's process.
pub struct Way {
    socket: PathBuf,
    /// The ends that are open; `None` once it is cut.
    open: Arc<Mutex<Option<Vec<UnixStream>>>>,
}

impl Way {
    /// A way to the engine of this host by a socket of its own.
    pub fn open(socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let ends = open.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if pass_on(&stream, &ends).is_err() {
                    let _gone = stream.shutdown(Shutdown::Both);
                }
            }
        });
        Self { socket: socket.to_owned(), open }
    }

    /// What to say in `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Ends what goes on, and from now on nobody gets through.
    pub fn cut(&self) {
        let ends = self.open.lock().unwrap().take();
        fs_err::remove_file(&self.socket).unwrap();
        for end in ends.into_iter().flatten() {
            let _gone = end.shutdown(Shutdown::Both);
        }
    }
}

/// The engine's own socket.
fn engine() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    PathBuf::from(host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock"))
}

fn pass_on(client: &UnixStream, ends: &Mutex<Option<Vec<UnixStream>>>) -> io::Result<()> {
    let mut ends = ends.lock().unwrap();
    let Some(ends) = ends.as_mut() else { return Err(io::ErrorKind::ConnectionRefused.into()) };
    let server = UnixStream::connect(engine())?;
    for (from, to) in [(client, &server), (&server, client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        ends.push(from.try_clone()?);
        std::thread::spawn(move || {
            // One side is done: the other may still have something to say.
            let _copied = io::copy(&mut from, &mut to);
            let _gone = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
