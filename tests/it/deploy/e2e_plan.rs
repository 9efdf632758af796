//! The dry run of a later deploy, against the real engine: it says of each service what the deploy then does.

use std::collections::BTreeMap;

use crate::kit::shop::done;
use crate::kit::stack::{IMAGE, Ran, Stack, docker};

/// `app` depends on `db` and has an `env_file`, `side` lives in its network, `files` mounts a folder of the checkout,
/// `pair` has two containers.
fn stack() -> Stack {
    let compose = format!(
        r#"
x-run: &run
  image: {IMAGE}
  init: true
  command: [sleep, '600']
  healthcheck: {{test: ["CMD", "true"], interval: 1s}}
services:
  db: {{<<: *run}}
  app:
    <<: *run
    env_file: [app.env]
    depends_on: [db]
  side:
    <<: *run
    network_mode: "service:app"
    environment: {{SIDE: "${{SIDE:-1}}"}}
  files:
    <<: *run
    volumes: ["./conf:/conf:ro"]
  pair:
    <<: *run
    environment: {{PAIR: "${{PAIR:-1}}"}}
    deploy: {{replicas: 2}}
"#
    );
    let stack = Stack::new(&compose);
    stack.write("app.env", "PRICE=5$$\n");
    stack.write("conf/a.cfg", "a\n");
    stack
}

/// What a dry run says of each service: the word, and why.
fn foreseen(stack: &Stack, inputs: &[(&str, &str)]) -> BTreeMap<String, (String, String)> {
    let ran = stack.run("deploy", &[inputs, &[("dry-run", "true")]].concat());
    assert_eq!(ran.code, 0, "{}", ran.log);
    for scratch in ["render", "releases/.partial"] {
        assert!(!stack.state(scratch).exists(), "{scratch} is left");
    }
    let service = |line: &str| {
        let (service, rest) = line.split_once(" (image ")?;
        let (word, why) = rest.split_once("): would be ")?.1.split_once(": ")?;
        Some((service.to_owned(), (word.to_owned(), why.to_owned())))
    };
    ran.log.lines().filter_map(service).collect()
}

/// What a deploy says that happened to each service.
fn happened(ran: &Ran) -> BTreeMap<String, String> {
    assert_eq!(ran.code, 0, "{}", ran.log);
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        matches!(cells[..], [_, _, IMAGE, _, _]).then(|| (cells[1].to_owned(), cells[3].to_owned()))
    };
    ran.summary.lines().filter_map(row).collect()
}

/// Foresees a deploy, does it, and checks that it came so. Answers why, by service.
fn as_foreseen(stack: &Stack, inputs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let before = stack.containers();
    let foreseen = foreseen(stack, inputs);
    assert_eq!(stack.containers(), before, "a dry run touches nothing");
    let words: BTreeMap<_, _> =
        foreseen.iter().map(|(service, (word, _))| (service.clone(), word.clone())).collect();
    assert_eq!(words, happened(&stack.run("deploy", inputs)), "{foreseen:#?}");
    foreseen.into_iter().map(|(service, (word, why))| (service, format!("{word}: {why}"))).collect()
}

const STAYS: &str = "unchanged: same image and settings";
const CHANGES: &str = "recreated: its settings, or files that it mounts, change";

fn assert_told(told: &BTreeMap<String, String>, expected: [(&str, &str); 5]) {
    let told: Vec<_> = told.iter().map(|(name, why)| (name.as_str(), why.as_str())).collect();
    assert_eq!(told, expected);
}

#[test]
fn what_is_not_built_yet_has_a_plan_too() {
    if !docker() {
        return;
    }
    let stack = Stack::new("services: {app: {build: .}}\n");
    stack.write("Dockerfile", "FROM scratch\n");
    let told = foreseen(&stack, &[]);
    assert_eq!(told["app"], ("created".to_owned(), "it does not run yet".to_owned()));
}

#[test]
fn a_setting_a_file_and_a_dependency_are_foreseen_and_what_stays_too() {
    if !docker() {
        return;
    }
    let stack = stack();
    done(&stack.run("deploy", &[]));
    let again = foreseen(&stack, &[]);
    assert!(again.values().all(|(_, why)| why == "same image and settings"), "{again:#?}");

    stack.write("conf/a.cfg", "b\n");
    let env = [("env", "PAIR=2\nSIDE=2")];
    let [app, db] = [("app", STAYS), ("db", STAYS)];
    let changed = [("files", CHANGES), ("pair", CHANGES), ("side", CHANGES)];
    assert_told(&as_foreseen(&stack, &env), [app, db, changed[0], changed[1], changed[2]]);

    stack.write("app.env", "PRICE=6$$\n");
    let side = ("side", "recreated: it depends on app, which gets a new container");
    let told = as_foreseen(&stack, &env);
    assert_told(&told, [("app", CHANGES), db, ("files", STAYS), ("pair", STAYS), side]);
}
