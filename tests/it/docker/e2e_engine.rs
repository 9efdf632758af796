//! The engine and Compose as they are: one stack, looked at with everything that the adapters offer.

use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use mta_actions::adapters::docker::changes::Changes;
use mta_actions::adapters::docker::compose::{Compose, Ended, Once, Rendering};
use mta_actions::adapters::docker::container::ContainerInfo;
use mta_actions::adapters::docker::endpoint::Endpoint;
use mta_actions::adapters::docker::engine::Engine;
use mta_actions::adapters::host::process::ChildEnv;
use mta_actions::domain::event::{Event, Sink};
use mta_actions::failure::{Failure, Outcome};
use tokio_util::sync::CancellationToken;

use crate::kit::owner;

const IMAGE: &str = "mta-test/python:3";

/// `sick` fails its health check and writes to both streams, without UTF-8; `tty` has a terminal; `once` has ended.
const STACK: &str = r#"
name: from-the-file
services:
  sick:
    image: ${IMAGE}
    init: true
    command: ["sh", "-c", "echo out; printf 'bad \\377 byte\\n' >&2; exec sleep 600"]
    labels: { tag: "${TAG:-unset}" }
    healthcheck: { test: ["CMD-SHELL", "echo not yet; exit 7"], interval: 1s, retries: 1 }
    volumes: [data:/data]
  tty:
    image: ${IMAGE}
    init: true
    tty: true
    command: ["sh", "-c", "echo from a terminal; exec sleep 600"]
  once:
    image: ${IMAGE}
    command: ["sh", "-c", "exit 3"]
volumes: { data: {} }
"#;

/// Whether tests with an engine can run; says so in one visible line where not.
fn docker() -> bool {
    if Command::new("docker").arg("version").output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    let allowed = std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "absent");
    assert!(allowed, "no Docker engine answers; MTA_TEST_DOCKER=absent skips what needs one");
    println!("SKIPPED: no Docker engine");
    false
}

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Sink for Heard {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Heard {
    /// All foreign text, as one.
    fn foreign(&self) -> String {
        let events = self.0.lock().unwrap();
        let texts = events.iter().filter_map(|event| match event {
            Event::Foreign { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

struct Site {
    _dir: tempfile::TempDir,
    folder: Utf8PathBuf,
    rendering: Rendering,
    engine: Engine,
    compose: Compose,
    heard: Heard,
    cancel: CancellationToken,
}

impl Site {
    async fn new(name: &str, file: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        fs_err::write(folder.join("compose.yaml"), file).unwrap();
        fs_err::write(folder.join("stack.env"), format!("IMAGE={IMAGE}\nTAG=v2\n")).unwrap();
        let rendering = Rendering {
            project: format!("{}-{name}", owner::mark()),
            folder: folder.clone(),
            files: vec![folder.join("compose.yaml")],
            env_file: Some(folder.join("stack.env")),
            profiles: Vec::new(),
        };
        // A job that is against us: none of it may arrive.
        let hostile =
            [("TAG", "of-the-job"), ("COMPOSE_PROJECT_NAME", "evil"), ("COMPOSE_FILE", "x")];
        let hostile = hostile.map(|(name, value)| (name.into(), value.into()));
        let env = ChildEnv::from_pairs(std::env::vars_os().chain(hostile));
        let cancel = CancellationToken::new();
        let endpoint = Endpoint::find(&env).unwrap();
        let engine = Engine::connect(&endpoint).await.unwrap();
        let compose = Compose::find(&env, &endpoint, &cancel).await.unwrap();
        Self { _dir: dir, folder, rendering, engine, compose, heard: Heard::default(), cancel }
    }

    async fn up(&self) {
        let up =
            self.compose.up(&self.rendering, Duration::from_mins(1), &self.heard, &self.cancel);
        up.await.unwrap_or_else(|failure| panic!("{failure}\n{}", self.heard.foreign()));
    }

    /// Runs a command in the service `once`.
    async fn once(&self, name: &str, argv: &[String], limit: Duration) -> Result<Ended, Failure> {
        let once = Once { name, service: "once", argv, limit };
        self.compose.run_once(&self.rendering, &once, &self.heard, &self.cancel).await
    }

    /// The container of a service, once it is as wanted.
    async fn wait(&self, service: &str, wanted: impl Fn(&ContainerInfo) -> bool) -> ContainerInfo {
        let began = Instant::now();
        loop {
            let containers = self.engine.containers(&self.rendering.project).await.unwrap();
            let found = containers.into_iter().find(|c| c.service == service);
            match found {
                Some(container) if wanted(&container) => return container,
                other => assert!(began.elapsed() < Duration::from_mins(1), "{service}: {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let down =
            ["compose", "-p", &self.rendering.project, "down", "--volumes", "--timeout", "0"];
        let _cleaned = Command::new("docker").args(down).output();
    }
}

#[tokio::test]
async fn a_stack_is_rendered_started_and_seen_as_it_is() {
    if !docker() {
        return;
    }
    let site = Site::new("seen", STACK).await;
    let model = site.compose.render(&site.rendering, &site.heard, &site.cancel).await.unwrap();
    let model: serde_json::Value = serde_json::from_str(&model).unwrap();
    assert_eq!(model["name"], site.rendering.project.as_str(), "-p beats the file and the job");
    assert_eq!(model["services"]["sick"]["labels"]["tag"], "v2", "the job's TAG does not count");
    site.up().await;

    let sick = site.wait("sick", |c| c.health.as_deref() == Some("unhealthy")).await;
    assert_eq!((sick.state.as_str(), sick.image.as_str()), ("running", IMAGE));
    let last = sick.health_log.last().unwrap();
    assert_eq!((last.exit_code, last.output.trim()), (7, "not yet"));
    assert_eq!(Some(&sick.image_id), site.engine.image_id(IMAGE).await.unwrap().as_ref());
    assert!(sick.started_at.is_some() && !sick.config_hash().is_empty());
    assert_eq!(sick.networks, [format!("{}_default", site.rendering.project)]);
    assert!(site.engine.network_exists(&sick.networks[0]).await.unwrap());
    assert!(!site.engine.network_exists("mta-no-such-network").await.unwrap());
    let volume = format!("{}_data", site.rendering.project);
    assert!(site.engine.volume_exists(&volume).await.unwrap());
    let mut lines: Vec<_> = logs(&site, &sick).await;
    lines.sort();
    assert_eq!(lines, ["bad \u{fffd} byte", "out"]);

    let tty = site.wait("tty", |c| c.state == "running" && c.health.is_none()).await;
    assert_eq!(logs(&site, &tty).await, ["from a terminal"]);
    let once = site.wait("once", |c| c.state == "exited").await;
    assert_eq!((once.exit_code, once.oom_killed), (3, false));

    let raw = site.engine.inspect_raw(&sick.id).await.unwrap();
    assert_eq!(raw["HostConfig"]["Init"], true, "what is recorded is what the engine says");
    assert!(raw["AppArmorProfile"].is_string(), "also what we know nothing of");
}

/// Whether the engine tells something within this time.
async fn heard(changes: &mut Changes, within: Duration) -> bool {
    tokio::time::timeout(within, changes.next()).await.is_ok()
}

#[tokio::test]
async fn a_change_is_told_at_once_and_only_of_this_project() {
    if !docker() {
        return;
    }
    let site = Site::new("changes", STACK).await;
    let other = Site::new("other", STACK).await;
    let mut ours = site.engine.changes(&site.rendering.project).await;
    let mut theirs = site.engine.changes(&other.rendering.project).await;
    site.up().await;
    assert!(heard(&mut ours, Duration::from_secs(10)).await, "it was created");
    site.wait("sick", |c| c.health.as_deref() == Some("unhealthy")).await;
    site.wait("once", |c| c.state == "exited").await;
    while heard(&mut ours, Duration::from_millis(500)).await {}
    let sick = site.wait("sick", |_| true).await;
    let exec = ["exec", &sick.id, "true"];
    assert!(Command::new("docker").args(exec).status().unwrap().success());
    assert!(!heard(&mut ours, Duration::from_secs(2)).await, "a command in it changes nothing");
    assert!(Command::new("docker").args(["kill", &sick.id]).status().unwrap().success());
    assert!(heard(&mut ours, Duration::from_secs(10)).await, "it has ended");
    site.wait("sick", |c| c.state == "exited").await;
    while heard(&mut ours, Duration::from_millis(500)).await {}
    assert!(Command::new("docker").args(["start", &sick.id]).status().unwrap().success());
    site.wait("sick", |c| c.health.as_deref() == Some("unhealthy")).await;
    ours.forget();
    assert!(!heard(&mut ours, Duration::from_secs(1)).await, "all of it was told as one");
    assert!(!heard(&mut theirs, Duration::ZERO).await, "nothing happened there");
}

async fn logs(site: &Site, container: &ContainerInfo) -> Vec<String> {
    let began = Instant::now();
    loop {
        let log = site.engine.logs_tail(&container.id, 100).await.unwrap();
        if !log.is_empty() || began.elapsed() > Duration::from_secs(10) {
            return log.lines().map(str::to_owned).collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_command_runs_once_and_its_container_goes() {
    if !docker() {
        return;
    }
    let site = Site::new("once", STACK).await;
    let prefix = format!("{}-mta-migrate-", site.rendering.project);
    let name = format!("{prefix}1");
    let run = |script: &str| ["sh", "-c", script].map(str::to_owned);
    let minute = Duration::from_mins(1);
    assert_eq!(
        site.once(&name, &run("echo migrated to $0"), minute).await.unwrap(),
        Ended::ByItself
    );
    assert!(site.heard.foreign().contains("migrated to sh"), "{}", site.heard.foreign());

    let failure = site.once(&name, &run("echo why >&2; exit 9"), minute).await.unwrap_err();
    assert!(failure.why.contains("exit code 9") && failure.why.contains("why"), "{failure}");
    assert!(site.engine.inspect_raw(&name).await.is_err(), "--rm must have removed it");

    // It does not hear SIGTERM, as a first process without a handler does not: Compose goes, and it stays.
    let argv = ["sleep", "600"].map(str::to_owned);
    let over = site.once(&name, &argv, Duration::from_secs(2)).await;
    assert_eq!(over.unwrap(), Ended::OverTime);
    site.engine.remove_once_containers(&site.rendering.project, &prefix).await.unwrap();
    assert!(site.engine.inspect_raw(&name).await.is_err(), "it must be gone");
    assert_eq!(site.engine.containers(&site.rendering.project).await.unwrap(), []);
}

#[tokio::test]
async fn a_file_that_does_not_parse_is_named_with_the_tools_own_words() {
    if !docker() {
        return;
    }
    let site = Site::new("bad", "services:\n  web:\n    image: [\n").await;
    let rendered = site.compose.render(&site.rendering, &site.heard, &site.cancel).await;
    let failure = rendered.unwrap_err();
    assert_eq!(failure.outcome, Outcome::BadInput);
    assert!(failure.what.contains("compose.yaml") && failure.why.contains("yaml"), "{failure}");
}

#[tokio::test]
async fn a_tag_is_given_moved_and_taken_away() {
    if !docker() {
        return;
    }
    let site = Site::new("tag", STACK).await;
    let id = site.engine.image_id(IMAGE).await.unwrap().expect("scripts/setup makes the image");
    let tag = format!("mta-test.invalid:5000/engine/{}:r1", owner::mark());
    assert_eq!(site.engine.image_id(&tag).await.unwrap(), None);
    site.engine.tag(&id, &tag).await.unwrap();
    assert_eq!(site.engine.image_id(&tag).await.unwrap(), Some(id.clone()));
    assert_eq!(site.engine.inspect_image_raw(&tag).await.unwrap()["Id"], id.as_str());
    site.engine.untag(&tag).await;
    site.engine.untag(&tag).await;
    assert_eq!(site.engine.image_id(&tag).await.unwrap(), None);
    assert_eq!(site.engine.image_id(IMAGE).await.unwrap(), Some(id));
}

/// The failure of connecting to this address.
async fn unreachable(host: &str) -> String {
    let env = ChildEnv::from_pairs([("DOCKER_HOST".into(), host.into())]);
    let endpoint = Endpoint::find(&env).unwrap();
    let failure = Engine::connect(&endpoint).await.unwrap_err();
    assert_eq!(failure.outcome, Outcome::Unavailable);
    assert!(failure.what.contains(host) && failure.what.contains("DOCKER_HOST"), "{failure}");
    failure.to_string()
}

#[tokio::test]
async fn no_engine_is_said_with_the_cure_that_fits() {
    assert!(unreachable("unix:///no/such.sock").await.contains("install Docker Engine"));
    let dir = tempfile::tempdir().unwrap();
    let socket = Utf8Path::from_path(dir.path()).unwrap().join("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(unreachable(&format!("unix://{socket}")).await.contains("start the engine"));
    assert!(unreachable("tcp://127.0.0.1:1").await.contains("start the engine"));
}

#[tokio::test]
async fn without_docker_or_its_plugin_compose_is_said_to_be_missing() {
    let cancel = CancellationToken::new();
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(dir.path()).unwrap();
    let env = ChildEnv::from_pairs([("PATH".into(), path.as_str().into())]);
    let endpoint = Endpoint::find(&env).unwrap();
    let absent = Compose::find(&env, &endpoint, &cancel).await.unwrap_err();
    assert_eq!(absent.outcome, Outcome::Unavailable);
    assert!(absent.why.contains("`docker` was not found"), "{absent}");

    for (script, word) in [
        ("echo \"unknown command: compose\" >&2; exit 1", "unknown command: compose"),
        ("echo 1.29.2", "`1.29.2`"),
    ] {
        let program = path.join("docker");
        fs_err::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(&program, mode).unwrap();
        let failure = Compose::find(&env, &endpoint, &cancel).await.unwrap_err();
        assert!(failure.why.contains(word) && failure.help.contains("install"), "{failure}");
    }
}

#[tokio::test]
async fn folder_and_environment_of_the_project_are_used() {
    if !docker() {
        return;
    }
    let file = "services:\n  web:\n    image: x\n    environment: { PWD_SEEN: \"${PWD}\" }\n    volumes: [\"./a:/a\"]\n";
    let site = Site::new("pwd", file).await;
    let model = site.compose.render(&site.rendering, &site.heard, &site.cancel).await.unwrap();
    let model: serde_json::Value = serde_json::from_str(&model).unwrap();
    let web = &model["services"]["web"];
    assert_eq!(web["environment"]["PWD_SEEN"], site.folder.as_str());
    assert_eq!(web["volumes"][0]["source"], site.folder.join("a").as_str());
}
