//! What a deploy tells its reader, in the log, by hand and in the summary.

use std::process::Command;

use super::e2e::stack;
use crate::kit::owner;
use crate::kit::stack::{IMAGE, Ran, Stack, docker, docker_out};

/// The same run by hand.
fn by_hand(stack: &Stack, inputs: &[(&str, &str)]) -> Ran {
    let mut command = stack.command("deploy", inputs);
    stack.ran(&command.env_remove("GITHUB_ACTIONS").output().unwrap())
}

fn has_line(ran: &Ran, line: &str) -> bool {
    ran.log.lines().any(|told| told == line)
}

#[test]
fn a_dry_run_tells_its_plan_in_the_log_and_by_hand() {
    if !docker() {
        return;
    }
    let stack = stack();
    let app = format!("app (image {IMAGE}): would be created: it does not run yet");
    let other = format!("other (image {IMAGE}): would be created: it does not run yet");
    for ran in
        [by_hand(&stack, &[("dry-run", "true")]), stack.run("deploy", &[("dry-run", "true")])]
    {
        assert_eq!(ran.code, 0, "{}", ran.log);
        for line in ["Dry run: nothing was changed.", &app, &other] {
            assert!(has_line(&ran, line), "{line}: {}", ran.log);
        }
    }
    let deployed = by_hand(&stack, &[]);
    assert_eq!(deployed.code, 0, "{}", deployed.log);
    assert!(!deployed.log.contains("would be"), "{}", deployed.log);
}

#[test]
fn an_image_that_was_never_pushed_is_told_apart_from_a_login_that_is_missing() {
    if !docker() {
        return;
    }
    let address = "127.0.0.1:5063";
    let registry = |verb: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/registry");
        let status = Command::new(script).arg(verb).env("MTA_TEST_REGISTRY", address).status();
        assert!(status.unwrap().success(), "registry {verb}");
    };
    let tag = format!("{address}/never-pushed:{}", owner::mark());
    let compose =
        format!("services: {{app: {{image: '{tag}', command: [sleep, '600'], init: true}}}}\n");
    let mut stack = Stack::new(&compose);
    stack.flag("pull", "always");
    registry("start");
    let gone = stack.run("deploy", &[]);
    assert_eq!(gone.code, 75, "{}", gone.log);
    assert!(
        gone.log.contains("docker login") && !gone.log.contains("pull: missing"),
        "{}",
        gone.log
    );

    docker_out(&["tag", IMAGE, &tag]);
    let never = stack.run("deploy", &[]);
    registry("stop");
    let silent = stack.run("deploy", &[]);
    let taken = stack.run("deploy", &[("pull", "missing")]);
    docker_out(&["rmi", &tag]);
    let absent = format!("the registry does not have {tag}, which is on this host");
    let unreachable = format!("the registry of {tag} cannot be reached, and it is on this host");
    for (ran, said) in [(&never, absent), (&silent, unreachable)] {
        assert_eq!((ran.code, ran.outputs["result"].as_str()), (75, "unavailable"), "{}", ran.log);
        for words in ["failed to pull the images", &said, "set `pull: missing`"] {
            assert!(ran.log.contains(words), "{words}: {}", ran.log);
        }
        assert!(!ran.log.contains("docker login"), "{}", ran.log);
    }
    assert_eq!(taken.code, 0, "{}", taken.log);
}

#[test]
fn an_older_commit_over_a_newer_one_is_told_and_deployed() {
    if !docker() {
        return;
    }
    let stack = stack();
    let folder = stack.path("checkout");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-C"]).arg(&folder);
        let output = command.args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let commit = |message: &str| {
        git(&["add", "--all"]);
        git(&["commit", "-q", "--allow-empty", "-m", message]);
        git(&["rev-parse", "HEAD"])
    };
    let deploy = |sha: &str, version: &str| {
        git(&["checkout", "-q", "--detach", sha]);
        let mut command = stack.command("deploy", &[("env", &format!("VERSION={version}"))]);
        let ran = stack.ran(&command.env("GITHUB_SHA", sha).output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.log);
        ran
    };
    git(&["init", "-q", "-b", "main"]);
    let (older, newer) = (commit("one"), commit("two"));
    let forward = [deploy(&older, "v1"), deploy(&newer, "v2"), deploy(&newer, "v3")];
    for ran in &forward {
        assert!(!ran.log.contains("is older than"), "{}", ran.log);
    }
    let back = deploy(&older, "v4");
    let (old, new, runs) = (&older[..7], &newer[..7], &forward[2].outputs["release"]);
    let said = format!(
        "this deploys commit {old}, which is older than {new} of the release that runs ({runs})"
    );
    assert!(has_line(&back, &said), "{}", back.log);
    assert!(
        back.log.contains(&format!("::notice title=an older commit over a newer one::{said}")),
        "{}",
        back.log
    );
    assert!(back.summary.contains(&format!("- {said}")), "{}", back.summary);
    let ahead = deploy(&newer, "v5");
    assert!(!ahead.log.contains("is older than"), "{}", ahead.log);
}
