//! Which releases can come back, against the real engine: what a job that is run again, releases that fail and images
//! that are gone do to the way back.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::e2e::{stack, version};
use crate::kit::owner;
use crate::kit::stack::{IMAGE, Ran, Stack, docker, docker_out, eventually};

fn deployed(stack: &Stack, env: &str) -> String {
    let ran = stack.run("deploy", &[("env", env)]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    ran.outputs["release"].clone()
}

fn failing(stack: &Stack, env: &str) -> Ran {
    let env = format!("{env}\nHEALTH=false");
    let ran = stack.run("deploy", &[("env", &env), ("health-retries", "3")]);
    assert_eq!(ran.code, 2, "{}", ran.log);
    ran
}

/// Makes an image that no other test has, so that it can be removed.
fn own_image(tag: &str) {
    let container = docker_out(&["create", IMAGE, "true"]);
    docker_out(&["commit", "--change", &format!("LABEL mta.test={tag}"), &container, tag]);
    docker_out(&["rm", &container]);
}

/// The files of each release.
fn releases(stack: &Stack) -> BTreeMap<String, Vec<String>> {
    let names = |path: std::path::PathBuf| {
        let entries = fs_err::read_dir(path).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let folder = stack.state("releases");
    names(folder.clone()).into_iter().map(|id| (id.clone(), names(folder.join(id)))).collect()
}

#[test]
fn a_job_that_is_run_again_is_no_step_of_the_way_back() {
    if !docker() {
        return;
    }
    let stack = stack();
    let first = deployed(&stack, "VERSION=v1");
    let second = deployed(&stack, "VERSION=v2");
    let before = stack.containers();
    let again = stack.run("deploy", &[("env", "VERSION=v2"), ("health-retries", "19")]);
    assert_eq!(again.code, 0, "{}", again.log);
    let said = format!("this is what release {second} runs already");
    for place in [&again.log, &again.summary] {
        assert!(place.contains(&said), "{place}");
    }
    assert_eq!(again.outputs["previous-release"], second);
    let third = again.outputs["release"].clone();
    assert_eq!(stack.containers(), before);
    assert_eq!(releases(&stack).into_keys().collect::<Vec<_>>(), [first.clone(), third.clone()]);

    let back = stack.run("rollback", &[]);
    assert_eq!((back.code, version(&stack).as_str()), (0, "v1"), "{}", back.log);
    assert_eq!(back.outputs["release"], first);
    let forward = stack.run("rollback", &[("to", &third)]);
    assert_eq!((forward.code, version(&stack).as_str()), (0, "v2"), "{}", forward.log);
    let other = stack.run("deploy", &[("env", "VERSION=v3")]);
    assert_eq!(other.code, 0, "{}", other.log);
    assert!(!other.log.contains("runs already"), "{}", other.log);
}

/// What could differ from run to run without a meaning: an image that is built again, files that are checked out
/// again, secrets that are written again, words of the compose file.
#[test]
fn a_checkout_that_is_made_again_has_the_same_content() {
    if !docker() {
        return;
    }
    let compose = format!(
        r#"
services:
  app:
    build:
      context: .
      args: {{ BASE: "{IMAGE}" }}
    init: true
    command: ["sleep", "600"]
    labels: ["z=1", "a=2"]
    environment: ["B=1", "A=2"]
    volumes: [".:/app", "data:/data", "./conf/a:/etc/a:ro"]
    env_file: [secrets/app.env]
    secrets: [pw]
secrets: {{ pw: {{ file: secrets/pw }} }}
volumes: {{ data: }}
"#
    );
    let stack = Stack::new(&compose);
    let write = |compose: &str| {
        stack.write("Dockerfile", "ARG BASE\nFROM $BASE\nCOPY conf/a /built\n");
        stack.write("conf/a", "one\n");
        stack.write("compose.yaml", compose);
    };
    let secrets = ("secret-files", "secrets/pw=word-4711\nsecrets/app.env=C=3");
    write(&compose);
    let first = stack.run("deploy", &[secrets]);
    assert_eq!(first.code, 0, "{}", first.log);
    let before = stack.containers();
    write(&compose);
    let again = stack.run("deploy", &[secrets]);
    assert_eq!(again.code, 0, "{}", again.log);
    assert_eq!(stack.containers(), before);
    assert!(again.log.contains("runs already"), "{}", again.log);
    assert_eq!(releases(&stack).len(), 1);

    // The checkout is mounted, so that a comment in a file of it is another content.
    write(&format!("{compose}# a comment\n"));
    let other = stack.run("deploy", &[secrets]);
    assert_eq!(other.code, 0, "{}", other.log);
    assert!(!other.log.contains("runs already"), "{}", other.log);
    assert_ne!(stack.containers(), before);
    docker_out(&["rmi", "-f", &format!("{}-app", stack.project)]);
}

#[test]
fn releases_that_fail_leave_why_and_no_secrets_and_push_no_good_one_out() {
    if !docker() {
        return;
    }
    let stack = stack();
    let first = deployed(&stack, "VERSION=v1");
    let second = deployed(&stack, "VERSION=v2");
    let mut failed = Vec::new();
    for number in 0..4 {
        let ran = failing(&stack, &format!("VERSION=bad{number}\nAPI_TOKEN=tok-5f2a9c81d4"));
        assert_eq!((&ran.outputs["release"], &ran.outputs["previous-release"]), (&second, &second));
        failed.push(ran.outputs["failed-release"].clone());
        assert!(ran.summary.contains("failure.txt"), "{}", ran.summary);
    }
    let kept = releases(&stack);
    assert!(kept[&first].contains(&"compose.json".to_owned()), "{kept:?}");
    assert!(!kept.contains_key(&failed[0]), "three are kept: {kept:?}");
    assert_eq!(kept.len(), 5, "{kept:?}");
    for (number, id) in failed.iter().enumerate().skip(1) {
        assert_eq!(kept[id], ["failure.txt", "release.json"]);
        let path = stack.state("releases").join(id).join("failure.txt");
        let why = fs_err::read_to_string(&path).unwrap();
        assert!(why.contains("did not become healthy"), "{why}");
        assert!(why.contains(&format!("version bad{number}")), "the end of the log: {why}");
        assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let state = stack.state("");
    let found = Command::new("grep").args(["-rl", "tok-5f2a9c81d4"]).arg(&state).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "nobody needs the secret any more");
    let refused = stack.run("rollback", &[("to", &failed[3])]);
    assert_eq!(refused.code, 64, "{}", refused.log);
    assert!(refused.log.contains("never became healthy"), "{}", refused.log);
    let list = format!("these exist: {second} (current), {first}, {} (failed)", failed[3]);
    assert!(refused.log.contains(&list), "{}", refused.log);
    let back = stack.run("rollback", &[]);
    assert_eq!((back.code, version(&stack).as_str()), (0, "v1"), "{}", back.log);
}

#[test]
fn a_release_whose_migration_failed_is_one_that_failed() {
    if !docker() {
        return;
    }
    let stack = stack();
    let first = deployed(&stack, "VERSION=v1");
    let migration = [("migrate-service", "app"), ("migrate-command", "false")];
    let ran = stack.run("deploy", &[&[("env", "VERSION=v2")], &migration[..]].concat());
    assert_eq!((ran.code, &ran.outputs["release"]), (4, &first), "{}", ran.log);
    let failed = &ran.outputs["failed-release"];
    assert_eq!(releases(&stack)[failed], ["failure.txt", "release.json"]);
    assert_eq!(version(&stack), "v1");
}

#[test]
fn a_secret_that_a_container_tells_is_hidden_in_what_is_kept() {
    if !docker() {
        return;
    }
    let telling = format!(
        r#"
services:
  app:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; echo \"told $API_TOKEN, $COLOUR\"; sleep 1000 & wait"]
    healthcheck: {{ test: ["CMD", "false"], interval: 1s, retries: 2 }}
"#
    );
    let stack = Stack::new(&telling);
    let env = "API_TOKEN=tok-5f2a9c81d4\nCOLOUR=green";
    let ran = stack.run("deploy", &[("env", env), ("health-retries", "3")]);
    assert_eq!((ran.code, ran.outputs["release"].as_str()), (4, ""), "{}", ran.log);
    let id = &ran.outputs["failed-release"];
    assert_eq!(releases(&stack)[id], ["failure.txt", "release.json"]);
    let why = fs_err::read_to_string(stack.state("releases").join(id).join("failure.txt")).unwrap();
    assert!(why.contains("told ***, green") && !why.contains("tok-5f2a9c81d4"), "{why}");
}

#[test]
fn a_release_that_a_killed_run_left_is_one_that_failed() {
    if !docker() {
        return;
    }
    let stack = stack();
    let first = deployed(&stack, "VERSION=v1");
    let mut child = stack
        .command("deploy", &[("env", "VERSION=v2\nHEALTH=false"), ("health-retries", "1000")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the new release", || version(&stack) == "v2");
    child.kill().unwrap();
    child.wait().unwrap();
    let left = |stack: &Stack| {
        let mut releases = releases(stack);
        releases.remove(&first);
        releases.into_values().next().unwrap()
    };
    assert!(left(&stack).contains(&"compose.json".to_owned()), "it is pending");
    let recovered = stack.run("recover", &[]);
    assert_eq!(recovered.code, 0, "{}", recovered.log);
    assert_eq!(left(&stack), ["failure.txt", "release.json"]);
}

#[test]
fn a_rollback_without_its_image_says_so_before_anything_is_touched() {
    if !docker() {
        return;
    }
    let tag = format!("mta-test/gone:{}", std::process::id());
    own_image(&tag);
    let stack = stack();
    let compose = fs_err::read_to_string(stack.path("checkout/compose.yaml")).unwrap();
    stack.write("compose.yaml", &compose.replacen(IMAGE, &tag, 1));
    let first = deployed(&stack, "VERSION=v1");
    let image = docker_out(&["inspect", "-f", "{{.Image}}", &stack.containers()["app"]]);
    stack.write("compose.yaml", &compose);
    let second = deployed(&stack, "VERSION=v2");
    docker_out(&["rmi", "-f", &image]);
    assert_eq!(docker_out(&["image", "inspect", "-f", "{{.Id}}", &image]), "", "it is gone");

    let before = stack.containers();
    let state = fs_err::read_to_string(stack.state("state.json")).unwrap();
    let ran = stack.run("rollback", &[]);
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (75, "unavailable"), "{}", ran.log);
    let said = format!("the image {tag} of the service `app` is gone from this host");
    for words in [said.as_str(), "nothing was changed", "deploy its commit 0123456 again"] {
        assert!(ran.log.contains(words), "{words}: {}", ran.log);
    }
    assert_eq!(ran.outputs["release"], second);
    assert_ne!(first, second);
    assert_eq!((stack.containers(), version(&stack).as_str()), (before, "v2"));
    assert_eq!(fs_err::read_to_string(stack.state("state.json")).unwrap(), state);
}

#[test]
fn a_rollback_fetches_an_image_that_is_gone_or_says_what_the_registry_said() {
    if !docker() {
        return;
    }
    let address = "127.0.0.1:5062";
    let registry = |verb: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/registry");
        let status = Command::new(script).arg(verb).env("MTA_TEST_REGISTRY", address).status();
        assert!(status.unwrap().success(), "registry {verb}");
    };
    let tag = format!("{address}/fetched:{}", owner::mark());
    own_image(&tag);
    registry("start");
    docker_out(&["push", "--quiet", &tag]);
    let stack = stack();
    let compose = fs_err::read_to_string(stack.path("checkout/compose.yaml")).unwrap();
    stack.write("compose.yaml", &compose.replacen(IMAGE, &tag, 1));
    deployed(&stack, "VERSION=v1");
    let image = docker_out(&["inspect", "-f", "{{.Image}}", &stack.containers()["app"]]);
    stack.write("compose.yaml", &compose);
    let second = deployed(&stack, "VERSION=v2");
    docker_out(&["rmi", "-f", &image]);
    let back = stack.run("rollback", &[]);
    assert_eq!((back.code, version(&stack).as_str()), (0, "v1"), "{}", back.log);
    assert!(back.log.contains(&format!("pulling {address}/fetched@sha256:")), "{}", back.log);

    let forward = stack.run("rollback", &[("to", &second)]);
    assert_eq!((forward.code, version(&stack).as_str()), (0, "v2"), "{}", forward.log);
    registry("stop");
    docker_out(&["rmi", "-f", &image]);
    let before = stack.containers();
    let ran = stack.run("rollback", &[]);
    assert_eq!(ran.code, 75, "{}", ran.log);
    assert!(
        ran.log.contains("fetched@sha256:") && ran.log.contains("nothing was changed"),
        "{}",
        ran.log
    );
    assert_eq!(stack.containers(), before);
}
