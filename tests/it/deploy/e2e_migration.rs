//! A migration that does not come to its end, against the real engine.

use std::process::{Command, Stdio};

use crate::kit::stack::{IMAGE, Stack, docker, docker_out, eventually};

fn stack() -> Stack {
    let compose = format!(
        "services:\n  app:\n    image: {IMAGE}\n    init: true\n    command: [sleep, '600']\n"
    );
    let mut stack = Stack::new(&compose);
    // The first process of a container does not hear SIGTERM without a handler.
    stack.flag("migrate-service", "app").flag("migrate-command", "sleep 600");
    stack
}

/// Ids of the containers of `compose run`, in any state.
fn of_migrations(stack: &Stack) -> String {
    let project = format!("label=com.docker.compose.project={}", stack.project);
    let once = "label=com.docker.compose.oneoff=True";
    docker_out(&["ps", "-aq", "--filter", &project, "--filter", once])
}

#[test]
fn a_migration_that_takes_too_long_is_ended_with_its_container() {
    if !docker() {
        return;
    }
    let stack = stack();
    let ran = stack.run("deploy", &[("migrate-timeout", "2s")]);
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (4, "needs-person"), "{}", ran.log);
    for words in ["`migrate-timeout` is 2s", "took too long", "may be half done"] {
        assert!(ran.log.contains(words), "{words}: {}", ran.log);
    }
    assert_eq!(of_migrations(&stack), "");
    assert!(stack.containers().is_empty(), "nothing was switched");
    let settled = stack.run("deploy", &[("migrate-command", "true"), ("migrate-timeout", "1m")]);
    assert_eq!(settled.code, 0, "{}", settled.log);
}

#[test]
fn a_cancelled_migration_leaves_no_container() {
    if !docker() {
        return;
    }
    let stack = stack();
    let child =
        stack.command("deploy", &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let running =
        || docker_out(&["ps", "-q", "--filter", &format!("name=^{}-mta-", stack.project)]);
    eventually("the migration", || !running().is_empty());
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ran = stack.ran(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, 4, "it may be half done: {}", ran.log);
    assert_eq!(of_migrations(&stack), "", "{}", ran.log);
}
