//! A deploy that is killed while Compose works, and `mta recover` at once: the former release runs, and stays so.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::kit::process::{all, arguments, runs};
use crate::kit::stack::{IMAGE, Stack, docker, docker_out, eventually};

/// `app` takes two seconds to stop, `other` does not change, and `late` waits for both.
fn compose() -> String {
    format!(
        r#"
services:
  app:
    image: {IMAGE}
    stop_grace_period: 2s
    environment: {{ VERSION: "${{VERSION:-v1}}" }}
    command: ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
  other:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
  late:
    image: {IMAGE}
    environment: {{ VERSION: "${{VERSION:-v1}}" }}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    depends_on: [app, other]
"#
    )
}

/// One more service, which also takes two seconds to stop.
fn with_another() -> String {
    let another = r#"
  another:
    image: IMAGE
    stop_grace_period: 2s
    command: ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
"#;
    format!("{}{}", compose(), another.replace("IMAGE", IMAGE))
}

/// The processes of `docker compose up` for a project.
fn composing(stack: &Stack) -> Vec<u32> {
    let is_up = |pid: &u32| {
        let line = arguments(*pid);
        line.contains(&stack.project) && line.contains(" up ") && runs(*pid)
    };
    all().into_iter().filter(is_up).collect()
}

/// The version that each service has, `-` where it does not run.
fn versions(stack: &Stack) -> String {
    let containers = stack.containers();
    let version = |service: &str| match containers.get(service) {
        Some(id) => docker_out(&["exec", id, "printenv", "VERSION"]),
        None => "-".to_owned(),
    };
    format!("{} {}", version("app"), version("late"))
}

/// Kills a deploy so long after Compose has begun, and recovers.
fn killed_and_recovered(stack: &Stack, after: Duration) {
    let services = stack.containers().len();
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
    while began.elapsed() < Duration::from_secs(3) {
        let found = (versions(stack), stack.containers().len());
        assert_eq!(
            found,
            ("v1 v1".to_owned(), services),
            "killed after {after:?}: {}",
            recovered.log
        );
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
    for after in [0, 150, 400, 1200, 2600] {
        killed_and_recovered(&stack, Duration::from_millis(after));
    }
    assert_eq!(stack.containers()["other"], other, "a service that did not change runs on");
    let next = stack.run("deploy", &[("env", "VERSION=v9")]);
    assert_eq!((next.code, versions(&stack).as_str()), (0, "v9 v9"), "{}", next.log);
}

#[test]
fn a_service_that_the_killed_deploy_was_stopping_runs_again() {
    if !docker() {
        return;
    }
    let stack = Stack::new(&with_another());
    let first = stack.run("deploy", &[]);
    assert_eq!(first.code, 0, "{}", first.log);
    stack.write("compose.yaml", &compose());
    for after in [100, 300, 800] {
        killed_and_recovered(&stack, Duration::from_millis(after));
    }
}
