//! Deploy and rollback against the real engine: what runs afterwards, what was touched, what survives.
#![expect(
    clippy::items_after_statements,
    clippy::similar_names,
    reason = "a test starts processes and looks at files as a user would"
)]

use std::process::{Command, Stdio};

use crate::kit::owner;
use crate::kit::stack::{IMAGE, Stack, docker, docker_out, eventually};

/// Two services; `app` is healthy when `HEALTH` is `true`, and mounts a file. Until `START` is over it may fail.
fn compose() -> String {
    format!(
        r#"
services:
  app:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; echo \"version $VERSION\"; echo '::error::hostile'; sleep 1000 & wait"]
    environment:
      VERSION: ${{VERSION:-v1}}
    healthcheck:
      test: ["CMD", "${{HEALTH:-true}}"]
      interval: 1s
      retries: 2
      start_period: ${{START:-0s}}
    volumes:
      - ./conf/app.conf:/etc/app.conf:ro
      - ./data:/data
  other:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    healthcheck:
      test: ["CMD", "true"]
      interval: 1s
"#
    )
}

/// A stack of the two services.
pub fn stack() -> Stack {
    let stack = Stack::new(&compose());
    stack.write("conf/app.conf", "one\n");
    stack
}

fn exec(stack: &Stack, argv: &[&str]) -> String {
    let Some(id) = stack.containers().remove("app") else { return String::new() };
    let mut args = vec!["exec", id.as_str()];
    args.extend_from_slice(argv);
    docker_out(&args)
}

/// What `app` runs.
pub fn version(stack: &Stack) -> String {
    exec(stack, &["printenv", "VERSION"])
}

#[test]
fn a_second_deploy_of_the_same_touches_nothing_and_a_changed_file_touches_one_service() {
    if !docker() {
        return;
    }
    let stack = stack();
    let first = stack.run("deploy", &[]);
    assert_eq!(first.code, 0, "{}", first.log);
    assert_eq!(first.outputs["result"], "done");
    assert_eq!(first.outputs["previous-release"], "");
    let before = stack.containers();

    let second = stack.run("deploy", &[]);
    assert_eq!(second.code, 0, "{}", second.log);
    assert_eq!(second.outputs["previous-release"], first.outputs["release"]);
    assert_eq!(stack.containers(), before, "nothing may be recreated");

    stack.write("conf/app.conf", "two\n");
    let third = stack.run("deploy", &[]);
    assert_eq!(third.code, 0, "{}", third.log);
    let after = stack.containers();
    assert_ne!(after["app"], before["app"]);
    assert_eq!(after["other"], before["other"]);
    assert_eq!(exec(&stack, &["cat", "/etc/app.conf"]), "two");
}

#[test]
fn a_release_that_does_not_become_healthy_goes_back_by_itself() {
    if !docker() {
        return;
    }
    let stack = stack();
    assert_eq!(stack.run("deploy", &[]).code, 0);
    exec(&stack, &["sh", "-c", "echo kept > /data/row"]);
    let other = stack.containers()["other"].clone();

    stack.write("conf/app.conf", "broken\n");
    let bad = stack.run("deploy", &[("env", "VERSION=v2\nHEALTH=false"), ("health-retries", "4")]);
    assert_eq!(bad.code, 2, "{}", bad.log);
    assert_eq!(bad.outputs["result"], "rolled-back");
    assert_eq!(version(&stack), "v1");
    assert_eq!(exec(&stack, &["cat", "/etc/app.conf", "/data/row"]), "one\nkept");
    assert_eq!(stack.containers()["other"], other, "a service that did not change runs on");
    assert!(
        bad.summary.contains("version v2"),
        "the log of the bad release is in the summary:\n{}",
        bad.summary
    );
    let commands: Vec<_> =
        bad.log.lines().filter(|line| line.trim_start().starts_with("::error::hostile")).collect();
    assert!(commands.is_empty(), "{commands:?}");
    let errors: Vec<_> = bad.log.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("title=deploy%3A rolled-back"), "{}", errors[0]);
}

#[test]
fn the_stack_stands_when_the_checkout_is_gone() {
    if !docker() {
        return;
    }
    let stack = stack();
    assert_eq!(stack.run("deploy", &[]).code, 0);
    fs_err::remove_dir_all(stack.path("checkout")).unwrap();
    let id = stack.containers()["app"].clone();
    docker_out(&["restart", "-t", "1", &id]);
    eventually("a restart", || exec(&stack, &["cat", "/etc/app.conf"]) == "one");
}

#[test]
fn a_first_deploy_that_fails_leaves_its_containers_and_exits_with_4() {
    if !docker() {
        return;
    }
    let stack = stack();
    let ran = stack.run("deploy", &[("env", "HEALTH=false"), ("health-retries", "3")]);
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (4, "needs-person"), "{}", ran.log);
    assert!(stack.containers().contains_key("app"));
    let again = stack.run("deploy", &[]);
    assert_eq!(again.code, 0, "{}", again.log);
}

#[test]
fn a_good_release_goes_up_whatever_failed_before() {
    if !docker() {
        return;
    }
    let stack = stack();
    for _ in 0..2 {
        let ran = stack.run("deploy", &[("env", "HEALTH=false"), ("health-retries", "3")]);
        assert_eq!(ran.code, 4, "{}", ran.log);
        assert_eq!(ran.outputs["previous-release"], "", "what failed is no former release");
    }
    let good = stack.run("deploy", &[]);
    assert_eq!(good.code, 0, "{}", good.log);
}

#[test]
fn a_sick_current_release_does_not_stand_in_the_way() {
    if !docker() {
        return;
    }
    let stack = stack();
    let first = stack.run("deploy", &[("health-retries", "3")]);
    assert_eq!(first.code, 0, "{}", first.log);
    let release = stack.state("releases").join(&first.outputs["release"]).join("compose.json");
    let model = std::fs::read_to_string(&release).unwrap();
    std::fs::write(&release, model.replace("\"true\"", "\"false\"")).unwrap();
    let bad = stack.run("deploy", &[("env", "VERSION=v2\nHEALTH=false"), ("health-retries", "3")]);
    assert_eq!(bad.code, 4, "both are sick: {}", bad.log);
    let good = stack.run("deploy", &[("env", "VERSION=v3")]);
    assert_eq!((good.code, version(&stack).as_str()), (0, "v3"), "{}", good.log);
}

#[test]
fn images_are_built_from_the_checkout_and_the_checkout_can_be_mounted() {
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
    user: "65534"
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    volumes: [".:/app"]
"#
    );
    let stack = Stack::new(&compose);
    stack.write("Dockerfile", "ARG BASE\nFROM $BASE\nCOPY built.txt /built.txt\n");
    stack.write("built.txt", "from the context");
    stack.write("sub/file.txt", "from the mount");
    let ran = stack.run("deploy", &[("secret-files", "sub/secret=not-in-git")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert_eq!(exec(&stack, &["cat", "/built.txt"]), "from the context");
    assert_eq!(exec(&stack, &["cat", "/app/sub/file.txt"]), "from the mount");
    assert!(!stack.state("render").exists(), "nothing with secrets is left over");
    docker_out(&["rmi", "-f", &format!("{}-app", stack.project)]);
}

#[test]
fn live_data_in_the_checkout_is_not_taken_over() {
    if !docker() {
        return;
    }
    let stack = stack();
    let up = Command::new("docker")
        .args(["compose", "-p", &stack.project, "up", "-d"])
        .current_dir(stack.path("checkout"))
        .output()
        .unwrap();
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    exec(&stack, &["sh", "-c", "echo row > /data/table"]);
    let before = stack.containers();
    let ran = stack.run("deploy", &[]);
    assert_eq!(ran.code, 64, "{}", ran.log);
    assert!(ran.log.contains("keeps data in data of the checkout"), "{}", ran.log);
    assert_eq!(stack.containers(), before, "nothing was touched");
}

#[test]
fn a_stack_that_ran_before_is_recorded_and_comes_back() {
    if !docker() {
        return;
    }
    let stack = stack();
    let up = Command::new("docker")
        .args(["compose", "-p", &stack.project, "up", "-d"])
        .current_dir(stack.path("checkout"))
        .env("VERSION", "v0")
        .output()
        .unwrap();
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    stack.write("conf/app.conf", "new checkout\n");
    let bad = stack.run("deploy", &[("env", "HEALTH=false"), ("health-retries", "3")]);
    assert_eq!(bad.code, 2, "{}", bad.log);
    assert!(bad.outputs["release"].ends_with("-found"), "{:?}", bad.outputs);
    assert_eq!(version(&stack), "v0");
    assert_eq!(exec(&stack, &["cat", "/etc/app.conf"]), "one");
    let good = stack.run("deploy", &[("env", "VERSION=v1")]);
    assert_eq!(good.code, 0, "{}", good.log);
    assert_eq!(version(&stack), "v1");
}

#[test]
fn a_deploy_that_was_killed_is_undone_by_the_next_run() {
    if !docker() {
        return;
    }
    let stack = stack();
    assert_eq!(stack.run("deploy", &[]).code, 0);
    let current = fs_err::read_to_string(stack.state("state.json")).unwrap();
    let mut child = stack
        .command(
            "deploy",
            &[("env", "VERSION=v2\nHEALTH=false\nSTART=1h"), ("health-retries", "1000")],
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the new release", || version(&stack) == "v2");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_ne!(
        fs_err::read_to_string(stack.state("state.json")).unwrap(),
        current,
        "it is recorded as pending"
    );

    let recovered = stack.run("recover", &[]);
    assert_eq!(recovered.code, 0, "{}", recovered.log);
    assert_eq!(version(&stack), "v1");
    assert_eq!(stack.run("recover", &[]).code, 0, "twice is fine");
    let next = stack.run("deploy", &[("env", "VERSION=v3")]);
    assert_eq!(next.code, 0, "{}", next.log);
    assert_eq!(version(&stack), "v3");
}

#[test]
fn a_cancelled_deploy_names_its_state_within_seven_seconds() {
    if !docker() {
        return;
    }
    let stack = stack();
    assert_eq!(stack.run("deploy", &[]).code, 0);
    let child = stack
        .command(
            "deploy",
            &[("env", "VERSION=v2\nHEALTH=false\nSTART=1h"), ("health-retries", "1000")],
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the new release", || version(&stack) == "v2");
    let began = std::time::Instant::now();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ran = stack.ran(&child.wait_with_output().unwrap());
    assert!(began.elapsed().as_secs() < 7, "{:?}", began.elapsed());
    assert_eq!(ran.code, 4, "{}", ran.log);
    assert!(ran.log.contains("pending") && ran.log.contains("mta recover"), "{}", ran.log);
    assert_eq!(stack.run("recover", &[]).code, 0);
    assert_eq!(version(&stack), "v1");
}

#[test]
fn the_second_of_two_runs_waits_and_says_for_whom() {
    if !docker() {
        return;
    }
    let stack = stack();
    assert_eq!(stack.run("deploy", &[]).code, 0);
    let lock = std::fs::File::open(stack.state("lock")).unwrap();
    lock.lock().unwrap();
    let ran = stack.run("deploy", &[("lock-wait", "1s")]);
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (75, "unavailable"), "{}", ran.log);
    assert!(ran.log.contains("locked by a deploy that runs since"), "{}", ran.log);
}

#[test]
fn the_jobs_environment_does_not_beat_the_deploys() {
    if !docker() {
        return;
    }
    let mut stack = stack();
    for (name, value) in
        [("VERSION", "hostile"), ("COMPOSE_PROJECT_NAME", "hostile"), ("COMPOSE_FILE", "/dev/null")]
    {
        stack.env.insert(name.into(), value.into());
    }
    let ran = stack.run("deploy", &[("env", "VERSION=v7")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert_eq!(version(&stack), "v7");
}

#[test]
fn a_release_comes_back_by_hand_without_its_tag() {
    if !docker() {
        return;
    }
    let tag = format!("mta-test/moving:{}", std::process::id());
    docker_out(&["tag", IMAGE, &tag]);
    let stack = Stack::new(&compose().replace(IMAGE, &tag));
    stack.write("conf/app.conf", "one\n");
    let first = stack.run("deploy", &[]);
    assert_eq!(first.code, 0, "{}", first.log);
    let second = stack.run("deploy", &[("env", "VERSION=v2")]);
    assert_eq!(second.code, 0, "{}", second.log);
    docker_out(&["rmi", &tag]);
    let back = stack.run("rollback", &[("to", "previous")]);
    assert_eq!((back.code, version(&stack).as_str()), (0, "v1"), "{}", back.log);
    assert_eq!(back.outputs["release"], first.outputs["release"]);
    let further = stack.run("rollback", &[]);
    assert_eq!(further.code, 64, "there is nothing before the first release: {}", further.log);
    let unknown = stack.run("rollback", &[("to", "nonsense")]);
    assert_eq!(unknown.code, 64, "{}", unknown.log);
    assert!(
        unknown.log.contains(&second.outputs["release"]),
        "the list of releases: {}",
        unknown.log
    );
}

#[test]
fn a_release_comes_back_with_the_registry_stopped_and_the_tag_moved() {
    if !docker() {
        return;
    }
    let address = "127.0.0.1:5061";
    let registry = |verb: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/registry");
        let status = Command::new(script).arg(verb).env("MTA_TEST_REGISTRY", address).status();
        assert!(status.unwrap().success(), "registry {verb}");
    };
    let tag = format!("{address}/moving:{}", owner::mark());
    let push = |image: &str| {
        docker_out(&["tag", image, &tag]);
        docker_out(&["push", "--quiet", &tag]);
        docker_out(&["rmi", &tag]);
    };
    registry("start");
    push(IMAGE);
    let mut stack = Stack::new(&compose().replace(IMAGE, &tag));
    stack.flag("pull", "always").write("conf/app.conf", "one\n");
    let first = stack.run("deploy", &[]);
    assert_eq!(first.code, 0, "{}", first.log);
    let image =
        |stack: &Stack| docker_out(&["inspect", "-f", "{{.Image}}", &stack.containers()["app"]]);
    let (old, offline) = (image(&stack), ("pull", "always"));
    push("mta-test/haproxy:2");
    let second = stack.run("deploy", &[("env", "VERSION=v2")]);
    assert_eq!(second.code, 0, "{}", second.log);
    assert_ne!(image(&stack), old, "the tag moved");

    registry("stop");
    docker_out(&["rmi", &tag]);
    let unreachable = stack.run("deploy", &[("env", "VERSION=v3"), offline]);
    assert_eq!(unreachable.code, 75, "{}", unreachable.log);
    assert_eq!(version(&stack), "v2", "nothing was touched");
    let back = stack.run("rollback", &[]);
    assert_eq!((back.code, version(&stack).as_str()), (0, "v1"), "{}", back.log);
    assert_eq!(image(&stack), old);
}

#[test]
fn secrets_are_readable_for_the_container_and_for_nobody_else() {
    if !docker() {
        return;
    }
    let compose = format!(
        r#"
services:
  app:
    image: {IMAGE}
    user: "65534"
    command: ["sh", "-c", "trap 'exit 0' TERM; cat /run/secrets/pw > /dev/null && sleep 1000 & wait"]
    secrets: [pw]
secrets:
  pw:
    file: ./secrets/pw
"#
    );
    let stack = Stack::new(&compose);
    let absent = stack.run("deploy", &[]);
    assert_eq!(absent.code, 64, "{}", absent.log);
    assert!(absent.log.contains("secret-files"), "{}", absent.log);

    let secret = "correct-horse-battery";
    let ran = stack.run("deploy", &[("secret-files", &format!("secrets/pw={secret}"))]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert_eq!(exec(&stack, &["cat", "/run/secrets/pw"]), secret);
    let outside: Vec<_> = ran
        .log
        .lines()
        .filter(|line| line.contains(secret) && !line.starts_with("::add-mask::"))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert!(!ran.summary.contains(secret));
    use std::os::unix::fs::PermissionsExt;
    let mode = fs_err::metadata(stack.state("")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_file_that_compose_does_not_accept_is_said_in_its_own_words_and_nothing_is_touched() {
    if !docker() {
        return;
    }
    let stack = Stack::new("services:\n  app:\n    image: x\n    imagee: y\n");
    let ran = stack.run("deploy", &[]);
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (64, "bad-input"), "{}", ran.log);
    assert!(
        ran.log.contains("::error file=compose.yaml") && ran.log.contains("imagee"),
        "{}",
        ran.log
    );
    assert!(!stack.state("state.json").exists());
    assert!(stack.containers().is_empty());
}

#[test]
fn without_an_engine_it_says_what_it_looked_for() {
    let mut stack = stack();
    stack.env.insert("DOCKER_HOST".into(), "unix:///nonexistent/docker.sock".into());
    let mut command = stack.command("deploy", &[]);
    command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let ran = stack.ran(&command.output().unwrap());
    assert_eq!(ran.code, 75, "{}", ran.log);
    assert!(
        ran.log.contains("/nonexistent/docker.sock") && ran.log.contains("DOCKER_HOST"),
        "{}",
        ran.log
    );
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    if !docker() {
        return;
    }
    let stack = stack();
    let ran = stack.run("deploy", &[("dry-run", "true")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert!(ran.summary.contains("created"), "{}", ran.summary);
    assert!(stack.containers().is_empty() && !stack.state("state.json").exists());
}

const FILES: &str = r#"
include: [sub/more.yaml]
services:
  web:
    image: mta-test/python:3
    command: ["sleep", "600"]
    init: true
    env_file: [secrets/app.env]
    secrets: [key]
    volumes: ["./conf:/conf:ro"]
secrets:
  key: { file: secrets/key.pem }
"#;

fn with_files() -> Stack {
    let stack = Stack::new(FILES);
    stack.write("sub/more.yaml", "services: {more: {image: 'mta-test/python:3', init: true, command: [sleep, '600'], env_file: [inner.env]}}\n");
    stack.write("conf/a", "1\n");
    stack
}

#[test]
fn a_secret_file_that_nothing_refers_to_is_refused_by_its_number_and_not_by_its_name() {
    if !docker() {
        return;
    }
    let good = "secrets/app.env=AAAA=1111\nsecrets/key.pem=the-key-4711\nsub/inner.env=BBBB=2222\n";
    // A value of several lines: `DB_USER` is taken for one more file.
    let stack = with_files();
    let files = format!("{good}DB_USER=user-4711\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC=\n");
    let ran = stack.run("deploy", &[("secret-files", &files)]);
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (64, "bad-input"), "{}", ran.log);
    assert!(ran.log.contains("entry 4 of the input `secret-files`"), "{}", ran.log);
    for place in [&ran.log, &ran.summary] {
        assert!(!place.contains("DB_USER") && !place.contains("MIIEv"), "{place}");
        assert!(place.contains("toJSON"), "{place}");
    }
    assert!(stack.containers().is_empty());

    // A name that is nearly one of the stack is a mistake of spelling and is shown.
    let near = format!("{good}secrets/kye.pem=the-key-4711\n");
    let ran = stack.run("deploy", &[("secret-files", &near)]);
    assert_eq!(ran.code, 64, "{}", ran.log);
    assert!(ran.log.contains("did you mean `secrets/key.pem`?"), "{}", ran.log);

    // Mounted, a secret, an env file, that of an included file, and one below a folder that is mounted.
    let ran = stack.run("deploy", &[("secret-files", &format!("{good}conf/password=pass-4711\n"))]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let yaml = "secrets/app.env: \"AAAA=1111\\nBBBB=2222\\n\"\nsecrets/key.pem: \"the-key-4711\\nb-line-4711\\n\"\nsub/inner.env: CCCC=3333\n";
    let ran = stack.run("deploy", &[("secret-files", yaml)]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let web = &stack.containers()["web"];
    assert_eq!(docker_out(&["exec", web, "cat", "/run/secrets/key"]), "the-key-4711\nb-line-4711");
    assert_eq!(docker_out(&["exec", web, "printenv", "AAAA", "BBBB"]), "1111\n2222");
}
