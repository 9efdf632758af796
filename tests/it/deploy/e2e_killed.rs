//! A deploy that is killed while Compose works, and `mta recover` at once: the former release runs, and stays so.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::kit::process::{all, arguments, runs};
use crate::kit::stack::{IMAGE, Stack, docker, docker_out, eventually};

/// `app` takes two seconds to stop, `other` does not change and `late` waits for both.
fn compose() -> String {
    format!(
        r#"
x-common: &common
  image: {IMAGE}
  stop_grace_period: 2s
  environment: {{ VERSION: "${{VERSION:-v1}}" }}
services:
  app:
    <<: *common
    command: ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
  other:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
  late:
    <<: *common
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    depends_on: [app, other]
"#
    )
}

/// The processes of `docker compose up` for a project.
fn composing(stack: &Stack) -> Vec<u32> {
    let is_up = |pid: &u32| {
        let line = arguments(*pid);
        line.contains(&stack.project) && line.contains(" up ") && runs(*pid)
    };
    all().into_iter().filter(is_up).collect()
}

fn versions(stack: &Stack) -> Vec<String> {
    let containers = stack.containers();
    let version = |service: &str| match containers.get(service) {
        Some(id) => docker_out(&["exec", id, "printenv", "VERSION"]),
        None => format!("{service} does not run"),
    };
    vec![version("app"), version("late")]
}

/// Kills a deploy so long after Compose has begun, and recovers.
fn killed_and_recovered(stack: &Stack, after: Duration) {
    let mut child = stack
        .command("deploy", &[("env", &format!("VERSION=v{}", after.as_millis() + 2))])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("docker compose up", || !composing(stack).is_empty());
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let recovered = stack.run("recover", &[]);
    assert_eq!(recovered.code, 0, "killed after {after:?}: {}", recovered.log);
    assert_eq!(composing(stack), [0; 0], "killed after {after:?}: {}", recovered.log);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        assert_eq!(versions(stack), ["v1", "v1"], "killed after {after:?}: {}", recovered.log);
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn the_former_release_runs_and_stays_whenever_the_deploy_was_killed() {
    if !docker() {
        return;
    }
    let stack = Stack::new(&compose());
    let first = stack.run("deploy", &[]);
    assert_eq!(first.code, 0, "{}", first.log);
    let other = stack.containers()["other"].clone();
    for after in [0, 150, 400, 900, 1700, 2600, 3400] {
        killed_and_recovered(&stack, Duration::from_millis(after));
    }
    assert_eq!(stack.containers()["other"], other, "a service that did not change runs on");
}
