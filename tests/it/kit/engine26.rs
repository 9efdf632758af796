//! A second engine beside the machine's own, for what that one cannot do: several platforms, attestations, caches in a
//! registry. It is Docker 26 with containerd's image store, started by `scripts/engine26`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kit::owner;
use crate::kit::stack::docker;

/// The engine, with nothing on it. Dropped, all of it goes; so it does when the test is killed.
pub struct Engine26 {
    child: Child,
    folder: PathBuf,
}

impl Engine26 {
    /// The engine, once it answers. `None` where this machine cannot have it, which is said in one line; with
    /// `MTA_TEST_DOCKER=required` the test fails then, unless `MTA_TEST_ENGINE26=absent` says that it is known.
    pub fn start() -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if !docker() {
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("{}-e26-{number}", owner::mark()));
        // In a session of its own: what kills the test lets it clean up.
        let mut child = Command::new("setsid")
            .arg(script())
            .arg("run")
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        if said == "ready\n" {
            return Some(Self { child, folder });
        }
        child.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        let is = |name, value| std::env::var(name).is_ok_and(|found| found == value);
        let needed = is("MTA_TEST_DOCKER", "required") && !is("MTA_TEST_ENGINE26", "absent");
        assert!(!needed, "{said}");
        eprintln!("SKIPPED: {}", said.trim());
        None
    }

    /// What to say in `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.join("docker.sock").display())
    }

    /// Where its logs and all that it keeps are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Engine26 {
    fn drop(&mut self) {
        // The end of its input is the sign to stop.
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
}

/// `scripts/engine26` of this checkout.
pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/engine26")
}
