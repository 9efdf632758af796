//! Containers of the project whose service a release does not have.

use crate::kit::shop::done;
use crate::kit::stack::{IMAGE, Stack, docker, docker_out};

const FILE: &str = "services:
  app: &app
    image: IMAGE
    init: true
    command: [sleep, '600']
  worker:
    <<: *app
  tools:
    <<: *app
    profiles: [tools]
";

fn stack() -> Stack {
    Stack::new(&FILE.replace("IMAGE", IMAGE))
}

fn services(stack: &Stack) -> Vec<String> {
    stack.containers().into_keys().collect()
}

/// Starts a service as a person does: from the checkout, by Compose.
fn by_hand(stack: &Stack, service: &str) {
    let file = stack.path("checkout/compose.yaml").display().to_string();
    let words =
        ["compose", "-p", &stack.project, "-f", &file, "--profile", "tools", "up", "-d", service];
    docker_out(&words);
}

#[test]
fn what_a_person_started_is_left_alone_and_named_and_goes_when_asked() {
    if !docker() {
        return;
    }
    let stack = stack();
    done(&stack.run("deploy", &[]));
    assert_eq!(services(&stack), ["app", "worker"]);
    by_hand(&stack, "tools");
    let tools = stack.containers()["tools"].clone();
    stack.write("compose.yaml", &FILE.replace("IMAGE", IMAGE).replace("worker:", "other:"));
    let dry = stack.run("deploy", &[("dry-run", "true")]);
    assert!(dry.summary.contains("mta did not make it: left alone"), "{}", dry.summary);
    assert!(dry.summary.contains("| `worker` |"), "{}", dry.summary);
    let ran = stack.run("deploy", &[]);
    done(&ran);
    assert_eq!(services(&stack), ["app", "other", "tools"], "ours went, theirs stayed");
    assert_eq!(stack.containers()["tools"], tools);
    assert!(ran.log.contains("left alone"), "{}", ran.log);
    assert!(ran.log.contains(&format!("{}-tools-1", stack.project)), "{}", ran.log);
    done(&stack.run("deploy", &[("remove-orphans", "true")]));
    assert_eq!(services(&stack), ["app", "other"]);
}

#[test]
fn a_profile_that_is_named_belongs_to_the_release_and_to_its_way_back() {
    if !docker() {
        return;
    }
    let stack = stack();
    done(&stack.run("deploy", &[("profiles", "tools")]));
    assert_eq!(services(&stack), ["app", "tools", "worker"]);
    done(&stack.run("deploy", &[]));
    assert_eq!(services(&stack), ["app", "worker"], "it was ours");
    done(&stack.run("rollback", &[]));
    assert_eq!(services(&stack), ["app", "tools", "worker"]);
}
