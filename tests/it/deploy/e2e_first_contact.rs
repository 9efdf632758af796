//! The first deploy onto a host on which something runs already, and a volume whose name changed, against the real
//! engine: what is refused, with which words, and that nothing was touched.

use std::net::TcpListener;
use std::process::Command;

use crate::kit::owner;
use crate::kit::stack::{IMAGE, Ran, Stack, docker, docker_out};

/// `app`, which publishes `PORT` of the loopback address where `port` is given, and `db` with the volume `volume`.
fn compose(port: Option<u16>, volume: &str) -> String {
    let ports = port.map_or_else(String::new, |port| format!("ports: [\"127.0.0.1:{port}:80\"]"));
    format!(
        r#"
services:
  app:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    {ports}
  db:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    volumes: ["{volume}:/data"]
volumes:
  {volume}:
"#
    )
}

/// A stack that somebody brought up by hand, as a project of its own.
fn by_hand(compose: &str) -> Stack {
    let stack = Stack::new(compose);
    let up = Command::new("docker")
        .args(["compose", "-p", &stack.project, "up", "-d"])
        .current_dir(stack.path("checkout"))
        .output()
        .unwrap();
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    stack
}

/// A run of `deploy` that is told no name: it is derived from the repository's, which is that of the stack.
fn unnamed(stack: &Stack, inputs: &[(&str, &str)]) -> Ran {
    let mut all = vec![("project-name", "")];
    all.extend_from_slice(inputs);
    let repository = format!("org/{}", stack.project);
    let output =
        stack.command("deploy", &all).env("GITHUB_REPOSITORY", repository).output().unwrap();
    stack.ran(&output)
}

/// A port that nothing has.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The containers of a project in any state, its networks and its volumes.
fn everything(stack: &Stack) -> String {
    let label = format!("label=com.docker.compose.project={}", stack.project);
    let lists = [vec!["ps", "-aq"], vec!["network", "ls", "-q"], vec!["volume", "ls", "-q"]];
    let listed = lists.map(|mut list| {
        list.extend(["--filter", label.as_str()]);
        docker_out(&list)
    });
    listed.concat()
}

#[track_caller]
fn refused(ran: &Ran, words: &[&str]) {
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (64, "bad-input"), "{}", ran.log);
    for words in words {
        assert!(ran.log.contains(words), "{words} is not in:\n{}", ran.log);
    }
}

const DRY: (&str, &str) = ("dry-run", "true");

#[test]
fn a_dry_run_tells_that_a_running_stack_is_taken_over() {
    if !docker() {
        return;
    }
    let stack = by_hand(&compose(None, "data"));
    let before = stack.containers();
    let dry = stack.run("deploy", &[DRY]);
    assert_eq!(dry.code, 0, "{}", dry.log);
    assert_eq!(dry.summary.matches("/checkout and is taken over").count(), 2, "{}", dry.summary);
    assert!(!dry.summary.contains("unchanged"), "{}", dry.summary);
    assert_eq!(stack.containers(), before, "nothing was touched");

    let ran = stack.run("deploy", &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let after = stack.containers();
    for service in ["app", "db"] {
        assert_ne!(after[service], before[service], "{service}, as the dry run said");
    }
    let dry = stack.run("deploy", &[DRY]);
    assert_eq!(dry.summary.matches("unchanged").count(), 2, "{}", dry.summary);
    assert!(!dry.summary.contains("taken over"), "{}", dry.summary);
}

#[test]
fn a_port_that_another_stack_publishes_is_refused_before_anything_is_touched() {
    if !docker() {
        return;
    }
    let port = free_port();
    let old = by_hand(&compose(Some(port), "data"));
    let new = Stack::new(&compose(Some(port), "data"));
    for inputs in [&[][..], &[DRY]] {
        let ran = new.run("deploy", inputs);
        let container = format!("{}-app-1 of the Compose project", old.project);
        let way_out = format!("project-name: {}", old.project);
        refused(&ran, &[&format!("port 127.0.0.1:{port} is taken"), &container, &way_out]);
        assert_eq!(everything(&new), "", "nothing was made");
    }
    assert_eq!(old.containers().len(), 2);
}

#[test]
fn a_port_that_a_container_of_no_project_publishes_is_refused() {
    if !docker() {
        return;
    }
    let port = free_port();
    let name = format!("{}-stray", owner::mark());
    let (label, publish) =
        (format!("{}={}", owner::LABEL, owner::mark()), format!("127.0.0.1:{port}:80"));
    let run = ["run", "-d", "--rm", "--name", &name, "--label", &label, "-p", &publish, IMAGE];
    let id = docker_out(&[&run[..], &["sleep", "1000"]].concat());
    let new = Stack::new(&compose(Some(port), "data"));
    let ran = new.run("deploy", &[]);
    docker_out(&["rm", "-f", &id]);
    refused(&ran, &["of no Compose project", &format!("docker stop {name}")]);
    let ran = new.run("deploy", &[]);
    assert_eq!(ran.code, 0, "the port is free now: {}", ran.log);
}

#[test]
fn the_same_stack_under_another_name_is_refused_until_somebody_says_what_is_meant() {
    if !docker() {
        return;
    }
    let old = by_hand(&compose(None, "data"));
    let before = old.containers();
    let new = Stack::new(&compose(None, "data"));
    let over = ("project-name", old.project.as_str());
    let dry = new.run("deploy", &[over, DRY]);
    assert_eq!(dry.code, 0, "{}", dry.log);
    assert!(new.path("state").join(&old.project).is_dir(), "an empty folder makes it none of ours");
    for inputs in [&[][..], &[DRY]] {
        let ran = unnamed(&new, inputs);
        let ways_out = [&old, &new].map(|stack| format!("project-name: {}", stack.project));
        refused(&ran, &["seems to run already", &ways_out[0], &ways_out[1]]);
        assert_eq!(everything(&new), "", "nothing was made");
        assert_eq!(old.containers(), before, "nothing was touched");
    }
    let second = new.run("deploy", &[]);
    assert_eq!(second.code, 0, "a second stack is meant: {}", second.log);
    let again = unnamed(&new, &[]);
    assert_eq!(again.code, 0, "it is no first deploy any more: {}", again.log);
    assert_eq!(old.containers(), before);
    let taken = new.run("deploy", &[over]);
    assert_eq!(taken.code, 0, "{}", taken.log);
    let mounts = docker_out(&["inspect", "-f", "{{json .Mounts}}", &old.containers()["db"]]);
    assert!(mounts.contains(&format!("{}_data", old.project)), "its data is kept: {mounts}");
}

#[test]
fn two_stacks_with_names_and_ports_of_their_own_stand_side_by_side() {
    if !docker() {
        return;
    }
    let old = by_hand(&compose(Some(free_port()), "data"));
    let before = old.containers();
    let new = Stack::new(&compose(Some(free_port()), "data"));
    let ran = new.run("deploy", &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert_eq!((old.containers(), new.containers().len()), (before, 2));
}

#[test]
fn a_volume_of_another_name_is_refused_until_it_is_there() {
    if !docker() {
        return;
    }
    let stack = Stack::new(&compose(None, "data"));
    let first = stack.run("deploy", &[]);
    assert_eq!(first.code, 0, "{}", first.log);
    let before = stack.containers();
    let (old, new) = (format!("{}_data", stack.project), format!("{}_storage", stack.project));
    stack.write("compose.yaml", &compose(None, "storage"));
    for inputs in [&[][..], &[DRY]] {
        let ran = stack.run("deploy", inputs);
        let keep = format!("storage: {{ name: {old} }}");
        let make = format!("docker volume create {new}");
        refused(&ran, &["left behind", &keep, &make]);
        assert_eq!(stack.containers(), before, "nothing was touched");
    }
    // Of a service, Compose compares the keys of its volumes and not their names: so each step has a key of its own.
    let kept = compose(None, "files").replace("files:\n", &format!("files: {{ name: {old} }}\n"));
    stack.write("compose.yaml", &kept);
    let ran = stack.run("deploy", &[]);
    assert_eq!(ran.code, 0, "the name is kept: {}", ran.log);

    docker_out(&["volume", "create", &new]);
    stack.write("compose.yaml", &compose(None, "storage"));
    let ran = stack.run("deploy", &[]);
    let mounts = docker_out(&["inspect", "-f", "{{json .Mounts}}", &stack.containers()["db"]]);
    drop(stack);
    docker_out(&["volume", "rm", &new]);
    assert_eq!(ran.code, 0, "an empty one is meant: {}", ran.log);
    assert!(mounts.contains(&new), "{mounts}");
}
