//! The second engine of the tests: it works, and nothing of it stays.

use std::path::Path;
use std::process::{Command, Output};

use crate::kit::engine26::{Engine26, script};
use crate::kit::process;

/// A folder whose name has the mark of a process that is gone (above the kernel's highest number).
const GONE: &str = "mtatest-4194305-1-e26-0";

/// What an engine of this folder has on the machine: processes, mounts, a bridge, the folder.
fn traces(folder: &Path) -> Vec<String> {
    let name = folder.to_str().unwrap();
    let pids = process::all().into_iter().map(process::arguments);
    let mut found: Vec<String> = pids.filter(|line| line.contains(&format!("{name}/"))).collect();
    let mounts = fs_err::read_to_string("/proc/self/mounts").unwrap();
    found.extend(mounts.lines().filter(|line| line.contains(name)).map(str::to_owned));
    for entry in fs_err::read_dir("/sys/class/net").unwrap() {
        let alias = entry.unwrap().path().join("ifalias");
        let text = fs_err::read_to_string(alias).unwrap_or_default();
        found.extend(Some(text).filter(|text| text.trim() == name));
    }
    found.extend(folder.exists().then(|| name.to_owned()));
    found
}

fn docker(host: &str, arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).env("DOCKER_HOST", host).output().unwrap()
}

#[test]
fn two_at_once_and_nothing_stays() {
    let Some(first) = Engine26::start() else { return };
    let Some(second) = Engine26::start() else { return };
    for engine in [&first, &second] {
        let said = docker(&engine.host(), &["info", "--format", "{{.ServerVersion}} {{.Driver}}"]);
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(said.starts_with("26.") && said.ends_with(" overlayfs\n"), "{said}");
        assert!(traces(engine.folder()).len() >= 4, "{:?}", traces(engine.folder()));
    }
    for engine in [first, second] {
        let folder = engine.folder().to_owned();
        drop(engine);
        assert_eq!(traces(&folder), [""; 0]);
    }
}

/// Killed with all that would clean up, it is swept by the next run.
#[test]
fn a_killed_one_is_swept() {
    let Some(here) = Engine26::start() else { return };
    let folders = tempfile::tempdir().unwrap();
    let folder = folders.path().join(GONE);
    let started = Command::new(script()).arg("start").arg(&folder).output().unwrap();
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    let pid = fs_err::read_to_string(folder.join("dockerd.pid")).unwrap();
    process::signal("KILL", &pid.trim());
    let sweep = script().with_file_name("sweep");
    let swept = Command::new(sweep).env("TMPDIR", folders.path()).output().unwrap();
    let said = String::from_utf8_lossy(&swept.stdout);
    assert!(said.contains("removing engine of mtatest-4194305-1"), "{said}");
    assert_eq!(traces(&folder), [""; 0], "{}", String::from_utf8_lossy(&swept.stderr));
    assert!(docker(&here.host(), &["version"]).status.success(), "one that is used stays");
}

/// Without a bridge of its own it would take that of the machine's engine.
#[test]
fn without_a_bridge_of_its_own_it_does_not_start() {
    if Engine26::start().is_none() {
        return;
    }
    let folders = tempfile::tempdir().unwrap();
    let ip = Command::new("sh").args(["-c", "command -v ip"]).output().unwrap().stdout;
    let stub = format!(
        "#!/bin/sh\ncase \"$*\" in \"address add\"*) exit 2 ;; esac\nexec {} \"$@\"\n",
        String::from_utf8(ip).unwrap().trim()
    );
    fs_err::write(folders.path().join("ip"), stub).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs_err::set_permissions(folders.path().join("ip"), executable).unwrap();
    let folder = folders.path().join("engine");
    let path = std::env::var("PATH").unwrap();
    let ran = Command::new(script())
        .arg("start")
        .arg(&folder)
        .env("PATH", format!("{}:{path}", folders.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && said.contains("cannot be set up"), "{said}");
    assert_eq!(traces(&folder), [""; 0]);
}
