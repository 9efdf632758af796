//! act, which runs a workflow on this machine with the actions of the release tree.
//!
//! `MTA_RELEASE_TREE` names the tree (`make release-tree` writes it); act is on the PATH after `. scripts/env`.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::kit::scene::Scene;

/// Seconds that one run may take.
const LONGEST: &str = "100";

/// The release tree, or `None` with one visible line.
pub fn release_tree() -> Option<String> {
    let act =
        Command::new("act").arg("--version").output().is_ok_and(|output| output.status.success());
    let absent = match std::env::var("MTA_RELEASE_TREE") {
        Ok(tree) if act => return Some(tree),
        Ok(_) => "act is not on the PATH; `. scripts/env` puts it there",
        Err(_) => "MTA_RELEASE_TREE names no release tree; `make release-tree` writes one",
    };
    let required = std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "required");
    assert!(!required, "{absent}, and MTA_TEST_DOCKER=required forbids to skip");
    eprintln!("SKIPPED: {absent}");
    None
}

/// act for `.github/workflows/ci.yml` of a scene's checkout, to be started. What it keeps lies in the scene's folder, and
/// what takes too long is ended with all that it has started.
pub fn act(scene: &Scene, tree: &str, (name, event): (&str, &Value)) -> Command {
    fs_err::write(scene.path("event.json"), event.to_string()).unwrap();
    let cache = scene.path("cache");
    fs_err::create_dir_all(&cache).unwrap();
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=10", LONGEST, "act", name, "--no-cache-server"])
        .args(["--workflows", ".github/workflows/ci.yml"])
        .args(["--platform", "ubuntu-latest=-self-hosted"])
        .arg("--local-repository")
        .arg(format!("org/mta-actions@v1={tree}"))
        .arg("--eventpath")
        .arg(scene.path("event.json"))
        .current_dir(scene.path("work"))
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::null());
    command
}

/// What follows `SEEN` in the line that a step of the workflow prints, and the whole log.
pub fn seen(mut command: Command) -> (String, String) {
    let output = command.output().unwrap();
    let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
    log.push_str(&String::from_utf8_lossy(&output.stderr));
    let seen = log
        .lines()
        .find_map(|line| line.split_once("| SEEN "))
        .map(|(_, seen)| seen.trim().to_owned());
    (seen.unwrap_or_default(), log)
}
