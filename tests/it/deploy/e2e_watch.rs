//! How long a release is watched: what cannot pass ends it at once, and what may pass is waited for.

use crate::kit::stack::{IMAGE, Ran, Stack, docker, docker_out, eventually};

/// The defaults: 150 s.
fn patient(compose: &str) -> Stack {
    let mut stack = Stack::new(compose);
    stack.flag("health-interval", "2s").flag("health-retries", "75");
    stack
}

/// The verdict as it was said: seconds until then, and the number of its look.
fn verdict(ran: &Ran) -> (u64, u64) {
    let line = ran.log.lines().find(|line| line.contains("healthy after "));
    let words = line.unwrap_or_else(|| panic!("no verdict: {}", ran.log));
    let number = |before: &str| {
        let rest = words.split_once(before).unwrap().1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    (number("healthy after "), number("at look "))
}

fn health(stack: &Stack, service: &str) -> String {
    docker_out(&["inspect", "-f", "{{.State.Health.Status}}", &stack.containers()[service]])
}

#[test]
fn a_crash_loop_is_given_up_at_once() {
    if !docker() {
        return;
    }
    let stack = patient(&format!(
        r#"
services:
  app:
    image: {IMAGE}
    init: true
    restart: always
    command: ["sh", "-c", "echo started $$VERSION; [ $$VERSION = good ] || exit 3; exec sleep 600"]
    environment: {{ VERSION: "${{VERSION:-good}}" }}
"#
    ));
    let good = stack.run("deploy", &[]);
    assert_eq!(good.code, 0, "{}", good.log);
    let bad = stack.run("deploy", &[("env", "VERSION=bad")]);
    assert_eq!((bad.code, bad.outputs["result"].as_str()), (2, "rolled-back"), "{}", bad.log);
    assert!(verdict(&bad).0 < 50, "a third of the time: {}", bad.log);
    assert!(bad.log.contains("restarting after exit code 3 (3 times)"), "{}", bad.log);
    assert!(bad.summary.contains("started bad"), "its log is shown: {}", bad.summary);
    assert_eq!(bad.outputs["release"], good.outputs["release"]);
}

#[test]
fn a_health_check_that_fails_and_a_process_that_ends_are_given_up_at_once() {
    if !docker() {
        return;
    }
    let stack = patient(&format!(
        r#"
services:
  app:
    image: {IMAGE}
    init: true
    command: ["sh", "-c", "[ $$KIND != ends ] || exit 4; exec sleep 600"]
    environment: {{ KIND: "${{KIND:-good}}" }}
    healthcheck: {{ test: ["CMD", "test", "${{KIND:-good}}", "!=", "sick"], interval: 1s, retries: 2 }}
"#
    ));
    assert_eq!(stack.run("deploy", &[]).code, 0);
    for (kind, says) in [("sick", "app: unhealthy"), ("ends", "app: exited with code 4")] {
        let bad = stack.run("deploy", &[("env", &format!("KIND={kind}"))]);
        assert_eq!(bad.code, 2, "{}", bad.log);
        assert!(verdict(&bad).0 < 50, "a third of the time: {}", bad.log);
        assert!(bad.log.contains(says), "{}", bad.log);
    }
}

#[test]
fn a_service_that_fails_until_its_database_is_there_is_waited_for() {
    if !docker() {
        return;
    }
    let stack = patient(&format!(
        r#"
services:
  app:
    image: {IMAGE}
    init: true
    restart: always
    depends_on: [db]
    command: ["sh", "-c", "test -f /shared/ready || exit 1; exec sleep 600"]
    volumes: ["shared:/shared"]
    healthcheck: {{ test: ["CMD", "true"], interval: 1s }}
  db:
    image: {IMAGE}
    init: true
    command: ["sh", "-c", "sleep 4; touch /shared/ready; exec sleep 600"]
    volumes: ["shared:/shared"]
    healthcheck: {{ test: ["CMD", "test", "-f", "/shared/ready"], interval: 1s, retries: 60 }}
volumes: {{ shared: {{}} }}
"#
    ));
    let ran = stack.run("deploy", &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let restarts = docker_out(&["inspect", "-f", "{{.RestartCount}}", &stack.containers()["app"]]);
    assert!(restarts.parse::<u64>().unwrap() >= 3, "the test is one only then: {restarts}");
}

#[test]
fn a_container_that_was_unhealthy_before_has_the_whole_time() {
    if !docker() {
        return;
    }
    let stack = patient(&format!(
        r#"
services:
  app:
    image: {IMAGE}
    init: true
    command: ["sh", "-c", "sleep 3; rm -f /shared/bad; exec sleep 600"]
    environment: {{ VERSION: "${{VERSION:-v1}}" }}
    volumes: ["shared:/shared"]
  web:
    image: {IMAGE}
    init: true
    command: [sleep, "600"]
    volumes: ["shared:/shared"]
    healthcheck: {{ test: ["CMD", "test", "!", "-f", "/shared/bad"], interval: 1s, retries: 1 }}
volumes: {{ shared: {{}} }}
"#
    ));
    assert_eq!(stack.run("deploy", &[]).code, 0);
    let web = stack.containers()["web"].clone();
    docker_out(&["exec", &web, "touch", "/shared/bad"]);
    eventually("web is unhealthy", || health(&stack, "web") == "unhealthy");
    let ran = stack.run("deploy", &[("env", "VERSION=v2")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert_eq!(stack.containers()["web"], web, "the same container");
    assert_eq!(health(&stack, "web"), "healthy");
}

#[test]
fn a_service_without_a_health_check_costs_its_five_seconds_only_when_it_is_new() {
    if !docker() {
        return;
    }
    let stack = patient(&format!(
        r#"
services:
  app:
    image: {IMAGE}
    init: true
    command: [sleep, "600"]
    environment: {{ VERSION: "${{VERSION:-v1}}" }}
    healthcheck: {{ test: ["CMD", "true"], interval: 1s }}
  plain:
    image: {IMAGE}
    init: true
    command: [sleep, "600"]
"#
    ));
    let first = stack.run("deploy", &[]);
    assert_eq!(first.code, 0, "{}", first.log);
    let (seconds, look) = verdict(&first);
    // The first, one when `app` is healthy, one when the five seconds are over.
    assert!(seconds >= 3 && look <= 4, "{}", first.log);

    let plain = stack.containers()["plain"].clone();
    let second = stack.run("deploy", &[("env", "VERSION=v2")]);
    assert_eq!(second.code, 0, "{}", second.log);
    assert_eq!(stack.containers()["plain"], plain);
    // The first, and one when `app` is healthy.
    assert!(verdict(&second).1 <= 3, "{}", second.log);

    let third = stack.run("deploy", &[("env", "VERSION=v2")]);
    assert_eq!((third.code, verdict(&third).1), (0, 1), "{}", third.log);
}
