//! An engine that is cut off while Compose brings a release up: what is recorded, and what `mta recover` makes of it.

use std::process::Stdio;

use serde_json::Value;

use crate::kit::cut::Way;
use crate::kit::shop::done;
use crate::kit::stack::{IMAGE, Ran, Stack, docker, docker_out, eventually};

/// `late` is not started before `app` is healthy, so Compose waits where `HEALTH` is `false`.
fn stack() -> Stack {
    let compose = format!(
        r#"
x-run: &run
  image: {IMAGE}
  init: true
  command: [sleep, '600']
  environment: {{VERSION: "${{VERSION:-v1}}"}}
services:
  app:
    <<: *run
    healthcheck: {{test: ["CMD", "${{HEALTH:-true}}"], interval: 1s, retries: 100}}
  late:
    <<: *run
    healthcheck: {{test: ["CMD", "true"], interval: 1s}}
    depends_on: {{app: {{condition: service_healthy}}}}
"#
    );
    Stack::new(&compose)
}

/// The version that runs of a service, `-` where none does.
fn version(stack: &Stack, service: &str) -> String {
    match stack.containers().get(service) {
        Some(id) => docker_out(&["exec", id, "printenv", "VERSION"]),
        None => "-".to_owned(),
    }
}

/// A deploy of version 2 whose engine is gone when its `app` runs, and Compose waits for its health.
fn cut_off(stack: &Stack) -> Ran {
    let way = Way::open(&stack.path("way.sock"));
    let mut command = stack.command("deploy", &[("env", "VERSION=v2\nHEALTH=false")]);
    let command = command.env("DOCKER_HOST", way.host());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the new release", || version(stack, "app") == "v2");
    way.cut();
    let ran = stack.ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (4, "needs-person"), "{}", ran.log);
    assert!(!ran.log.contains("nothing was changed"), "{}", ran.log);
    assert_eq!(version(stack, "app"), "v2");
    ran
}

fn pending(stack: &Stack) -> Value {
    let text = fs_err::read(stack.state("state.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["pending"].clone()
}

/// A recovery that ends well and says these words.
fn recovered(stack: &Stack, words: &[&str]) {
    let ran = stack.run("recover", &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    for words in words {
        assert!(ran.log.contains(words), "{words}: {}", ran.log);
    }
    assert!(pending(stack).is_null());
}

#[test]
fn the_former_release_comes_back_when_the_engine_is_there_again() {
    if !docker() {
        return;
    }
    let stack = stack();
    let first = stack.run("deploy", &[]);
    done(&first);
    let ran = cut_off(&stack);
    let id = &first.outputs["release"];
    let said = format!("release {id} is not confirmed to run");
    assert!(ran.log.contains(&said), "{}", ran.log);
    assert_eq!(pending(&stack), ran.outputs["failed-release"].as_str());
    recovered(&stack, &["was left pending", &format!("release {id} runs again")]);
    assert_eq!((version(&stack, "app"), version(&stack, "late")), ("v1".into(), "v1".into()));
}

#[test]
fn a_first_release_stays_pending_until_somebody_has_seen_what_runs() {
    if !docker() {
        return;
    }
    let stack = stack();
    let ran = cut_off(&stack);
    let id = &ran.outputs["failed-release"];
    assert_eq!(pending(&stack), id.as_str(), "nobody has seen what runs");
    assert!(ran.log.contains("what runs is not known"), "{}", ran.log);
    let said = format!("release {id} was the first one and had not become healthy");
    let app = format!("{}-app-1", stack.project);
    recovered(&stack, &[&said, &app]);
    assert_eq!(version(&stack, "app"), "v2", "it was left to be looked at");
}
