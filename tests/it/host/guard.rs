//! A run that is killed takes with it what it has started, and until that is gone nobody else has the lock.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::engine::Engine;
use crate::kit::mta::mta;
use crate::kit::process::{descendants, gone, has_open, numbers, signal};
use crate::kit::scene::{Ran, Scene};

/// A project whose `docker` is a script of the test: `pull` does what the test wants.
struct Project {
    scene: Scene,
    engine: Engine,
}

impl Project {
    /// `pull` is shell; `$T` is the test's folder.
    fn new(pull: &str) -> Self {
        let scene = Scene::of("deploy");
        for name in ["work", "temp", "bin"] {
            fs_err::create_dir(scene.path(name)).unwrap();
        }
        scene.write("compose.yaml", "services: {app: {image: 'shop:1'}}\n");
        let model = json!({"name": "shop", "services": {"app": {"image": "shop:1"}}});
        fs_err::write(scene.path("model.json"), model.to_string()).unwrap();
        let engine = Engine::start(&scene.path("engine.sock"));
        let project = Self { scene, engine };
        project.pull(pull);
        project
    }

    fn pull(&self, pull: &str) {
        let folder = self.scene.path("").display().to_string();
        let script = format!(
            "#!/bin/sh\nT={folder}\ncase \"$*\" in\n*version*) echo 2.30.0;;\n*' config '*) cat $T/model.json;;\n\
             *' pull '*) {pull};;\nesac\n"
        );
        let (new, program) = (self.scene.path("bin/new"), self.scene.path("bin/docker"));
        fs_err::write(&new, script).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(&new, mode).unwrap();
        fs_err::rename(new, program).unwrap();
    }

    fn command(&self, lock_wait: &str) -> Command {
        let state = self.scene.path("state").display().to_string();
        let inputs = [
            ("project-name", "shop"),
            ("state-dir", state.as_str()),
            ("pull", "always"),
            ("lock-wait", lock_wait),
        ];
        let mut command = self.scene.command("push", &json!({}), &inputs);
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("DOCKER_HOST", self.engine.host());
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.path(name)
    }

    /// Starts a run; answers when its `pull` has written `count` process ids.
    fn started(&self, count: usize) -> (Child, Vec<u32>) {
        let piped = || Stdio::piped();
        let child = self.command("1m").stdout(piped()).stderr(piped()).spawn().unwrap();
        let pids = numbers(&self.path("pids"), count);
        (child, pids)
    }

    fn run(&self, lock_wait: &str) -> Ran {
        self.scene.ran(&self.command(lock_wait).output().unwrap())
    }
}

/// A child and a grandchild that sleep; the grandchild holds the output.
const SLEEPS: &str = "sleep 600 & echo $! $$ > $T/pids; wait";

/// The same, and both ignore SIGTERM.
const STUBBORN: &str = "trap '' TERM; sleep 600 & echo $! $$ > $T/pids; wait";

#[test]
fn all_that_a_killed_run_has_started_is_gone_within_five_seconds() {
    for pull in [SLEEPS, STUBBORN] {
        let project = Project::new(pull);
        let (mut child, pids) = project.started(2);
        let all = descendants(child.id());
        assert!(pids.iter().all(|pid| all.contains(pid)), "{pids:?} in {all:?}");
        assert!(all.len() > pids.len(), "there is a guard: {all:?}");
        let lock = project.path("state/shop/lock");
        let holders: Vec<u32> = all.iter().copied().filter(|pid| has_open(*pid, &lock)).collect();
        assert_eq!(holders.len(), 1, "only the guard holds the lock: {holders:?} of {all:?}");
        assert!(!pids.contains(&holders[0]), "a daemon of a child would hold it for ever");
        child.kill().unwrap();
        child.wait().unwrap();
        gone(&all);
    }
}

#[test]
fn the_next_run_has_the_lock_when_all_is_gone_and_says_for_what_it_waits() {
    let project = Project::new(STUBBORN);
    let (mut child, pids) = project.started(2);
    // What has ended and was not asked for is no process that runs.
    let look = "case \"$(cat /proc/$p/stat)\" in ''|*') Z '*|*') X '*) ;; *) echo $p lives;; esac";
    project.pull(&format!("for p in $(cat $T/pids); do {look}; done; exit 3"));
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = project.run("0s");
    ran.says("waiting for what a deploy left that ran since");
    ran.says("pull the images");
    for pid in pids {
        assert!(!ran.log.contains(&format!("{pid} lives")), "{}", ran.log);
    }
}

#[test]
fn while_a_run_lives_its_lock_is_waited_for_as_long_as_it_was_said_and_no_child_is_touched() {
    let project = Project::new(&format!("{SLEEPS}; echo $? > $T/ended"));
    let (mut child, pids) = project.started(2);
    let ran = project.run("0s");
    assert_eq!((ran.code, ran.output("result")), (75, "unavailable"), "{}", ran.log);
    ran.says("locked by a deploy that runs since");
    let all = descendants(child.id());
    assert!(pids.iter().all(|pid| all.contains(pid)), "{pids:?} in {all:?}");
    // The grandchild alone: the child ends by itself, and the run goes on.
    signal("KILL", &pids[0]);
    child.wait().unwrap();
    assert!(project.path("ended").exists());
    gone(&all);
}

#[test]
fn a_cancelled_run_lets_a_guarded_child_clean_up() {
    let project = Project::new(
        "trap 'echo x > $T/done; exit 0' TERM; echo $$ > $T/pids; while :; do sleep 0.1; done",
    );
    let (child, _) = project.started(1);
    let all = descendants(child.id());
    signal("INT", &child.id());
    let ran = project.scene.ran(&child.wait_with_output().unwrap());
    assert!(ran.code != 0 && project.path("done").exists(), "{}", ran.log);
    gone(&all);
}

#[test]
fn a_guard_that_is_killed_is_a_command_that_failed_and_leaves_nothing() {
    let project = Project::new(SLEEPS);
    let (child, pids) = project.started(2);
    let all = descendants(child.id());
    let guards: Vec<u32> = all.iter().copied().filter(|pid| !pids.contains(pid)).collect();
    assert_eq!(guards.len(), 1, "{all:?}");
    signal("KILL", &guards[0]);
    let ran = project.scene.ran(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, 75, "{}", ran.log);
    gone(&all);
}

#[test]
fn output_and_exit_code_of_a_guarded_command_are_shown_as_without_a_guard() {
    let project = Project::new("echo to the output; echo to the error >&2; cat; exit 3");
    let ran = project.run("0s");
    assert_eq!(ran.code, 75, "{}", ran.log);
    for word in ["to the output", "to the error", "3"] {
        ran.says(word);
    }
}

fn guard(parent: u32, script: &str) -> Command {
    let mut command = mta();
    command.arg("guard").arg(parent.to_string()).args(["--", "sh", "-c", script]);
    command.process_group(0).stdin(Stdio::null());
    command
}

fn guarded(script: &str) -> Output {
    guard(std::process::id(), script).output().unwrap()
}

#[test]
fn a_guard_hands_on_output_and_exit_code() {
    let output = guarded("echo out; echo err >&2; exit 3");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b"out\n"[..], &b"err\n"[..])
    );
    assert_eq!(guarded("kill -9 $$").status.code(), Some(137));
    // It ends with its child, also where a grandchild has the output still open.
    let began = Instant::now();
    let mut child =
        guard(std::process::id(), "sleep 30 & exit 4").stdout(Stdio::piped()).spawn().unwrap();
    let (code, group) = (child.wait().unwrap().code(), child.id());
    signal("KILL", &format!("-{group}"));
    assert_eq!(code, Some(4));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let mut command = mta();
    command.args(["guard", &std::process::id().to_string(), "--", "mta-no-such-program"]);
    let output = command.process_group(0).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("mta-no-such-program"), "{said}");
}

#[test]
fn for_a_parent_that_is_gone_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made");
    // Process 1 is not our parent.
    let output = guard(1, &format!("touch {}", file.display())).output().unwrap();
    assert!(!output.status.success() && !Path::new(&file).exists(), "{output:?}");
}

#[test]
fn in_a_group_of_others_it_refuses_to_work() {
    let mut command = mta();
    command.args(["guard", &std::process::id().to_string(), "--", "true"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("started by `mta` itself"), "{said}");
}
