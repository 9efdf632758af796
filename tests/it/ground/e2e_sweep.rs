//! `scripts/sweep` removes what a killed run left, and nothing of a run that goes on.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::kit::owner;
use crate::kit::stack::{IMAGE, docker, docker_out, eventually};

/// A process id above the kernel's highest (`/proc/sys/kernel/pid_max` is at most 2^22).
const GONE: &str = "mtatest-4194305-1";

struct Made(Vec<(&'static str, String)>);

impl Made {
    /// A container, a network, a volume and an image's tag that a run of this mark would have made.
    fn by(mark: &str) -> Self {
        let name = format!("{mark}-sweep");
        let project = format!("com.docker.compose.project={name}");
        let tag = format!("mta.invalid/{name}/web:r1");
        docker_out(&[
            "create",
            "--name",
            &name,
            "--label",
            &format!("{}={mark}", owner::LABEL),
            IMAGE,
        ]);
        docker_out(&["network", "create", "--label", &project, &name]);
        docker_out(&["volume", "create", "--label", &project, &name]);
        docker_out(&["tag", IMAGE, &tag]);
        Self(vec![
            ("container", name.clone()),
            ("network", name.clone()),
            ("volume", name),
            ("image", tag),
        ])
    }

    fn there(&self) -> Vec<bool> {
        let exists = |(kind, name): &(&str, String)| {
            let mut inspect = Command::new("docker");
            inspect.args([kind, "inspect", name]).stdout(Stdio::null()).stderr(Stdio::null());
            inspect.status().unwrap().success()
        };
        self.0.iter().map(exists).collect()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for (kind, name) in &self.0 {
            let _ = Command::new("docker").args([kind, "rm", name]).stderr(Stdio::null()).output();
        }
    }
}

#[test]
fn what_nobody_will_remove_is_swept_and_nothing_else() {
    if !docker() {
        return;
    }
    let folders = tempfile::tempdir().unwrap();
    let (orphan, ours) = (folders.path().join(GONE), folders.path().join(owner::mark()));
    for folder in [&orphan, &ours] {
        fs_err::create_dir(folder).unwrap();
        fs_err::write(folder.join("file"), "").unwrap();
    }
    let (left, used) = (Made::by(GONE), Made::by(&owner::mark()));
    // The same process id, given to another program since.
    let reused = Made::by(&format!("mtatest-{}-1", std::process::id()));
    // Killed, and its parent has not asked for its end: nobody will remove what it made.
    let mut ended = Command::new("true").spawn().unwrap();
    let stat = format!("/proc/{}/stat", ended.id());
    eventually("its end", || fs_err::read_to_string(&stat).unwrap().contains(") Z "));
    let unreaped = Made::by(&owner::mark_of(ended.id()));
    assert_eq!((left.there(), used.there()), (vec![true; 4], vec![true; 4]));

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/sweep");
    let swept = Command::new(script).env("TMPDIR", folders.path()).output().unwrap();
    assert!(swept.status.success(), "{}", String::from_utf8_lossy(&swept.stderr));

    assert_eq!(left.there(), [false; 4]);
    assert_eq!(reused.there(), [false; 4]);
    assert_eq!(unreaped.there(), [false; 4]);
    ended.wait().unwrap();
    assert_eq!(used.there(), [true; 4]);
    assert_eq!((orphan.exists(), ours.exists()), (false, true));
    let said = String::from_utf8(swept.stdout).unwrap();
    assert!(said.contains(GONE), "{said}");
}
