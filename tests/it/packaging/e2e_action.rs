//! The actions of the release tree as the runner runs them: generated manifest, static binary, real engine. What is
//! judged is what a reader of the run sees: annotations, log, summary, outputs.
//!
//! `MTA_RELEASE_TREE` names the tree (`make release-tree` writes it).

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::kit::runner::harness::{Job, Record};
use crate::kit::stack::{IMAGE, Stack, docker_out};

/// One service that is healthy when `HEALTH` is `true` (and may fail until `START` is over), tells its log a file, and mounts a secret.
fn compose() -> String {
    format!(
        r#"
services:
  app:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; cat /etc/greeting; sleep 1000 & wait"]
    environment:
      VERSION: ${{VERSION:-v1}}
      API_TOKEN: ${{API_TOKEN:-}}
    healthcheck:
      test: ["CMD", "${{HEALTH:-true}}"]
      interval: 1s
      retries: 2
      start_period: ${{START:-0s}}
    volumes:
      - ./conf/greeting:/etc/greeting:ro
    secrets: [password]
secrets:
  password:
    file: ./secrets/password
"#
    )
}

/// The release tree, or `None` with one visible line.
fn release_tree() -> Option<PathBuf> {
    let docker = Command::new("docker").arg("version").output();
    let docker = docker.is_ok_and(|output| output.status.success());
    let absent = match std::env::var_os("MTA_RELEASE_TREE") {
        Some(tree) if docker => return Some(PathBuf::from(tree)),
        Some(_) => "no Docker engine answers",
        None => "MTA_RELEASE_TREE names no release tree; `make release-tree` writes one",
    };
    let required = std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "required");
    assert!(!required, "{absent}, and MTA_TEST_DOCKER=required forbids to skip");
    eprintln!("SKIPPED: {absent}");
    None
}

/// A stack, and the jobs that deploy it.
struct Scene {
    tree: PathBuf,
    stack: Stack,
    bin: PathBuf,
}

impl Scene {
    fn new(compose: &str) -> Option<Self> {
        let tree = release_tree()?;
        let stack = Stack::new(compose);
        stack.write("conf/greeting", "hello\n");
        stack.write("secrets/password", "from the checkout\n");
        let bin = stack.path("bin");
        fs_err::create_dir(&bin).unwrap();
        // The workspace of a job is new each time: this shell is its checkout step.
        let shell = "#!/bin/sh\n\
            if [ -n \"$TEST_CHECKOUT\" ]; then cp -R \"$TEST_CHECKOUT/.\" .; fi\n\
            unset TEST_CHECKOUT\n\
            exec /bin/sh \"$@\"\n";
        fs_err::write(bin.join("sh"), shell).unwrap();
        fs_err::set_permissions(bin.join("sh"), PermissionsExt::from_mode(0o755)).unwrap();
        Some(Self { tree, stack, bin })
    }

    /// A job that uses the action in this folder of the tree; the empty one is the umbrella.
    fn job(&self, folder: &str) -> Job {
        let path = std::env::var("PATH").unwrap();
        let mut job = Job::uses(&self.tree.join(folder))
            .env("PATH", &format!("{}:{path}", self.bin.display()))
            .env("TEST_CHECKOUT", self.stack.path("checkout").to_str().unwrap())
            .with("project-name", &self.stack.project)
            .with("state-dir", self.stack.path("state").to_str().unwrap());
        for name in ["DOCKER_HOST", "DOCKER_CONFIG"] {
            if let Ok(value) = std::env::var(name) {
                job = job.env(name, &value);
            }
        }
        job
    }

    fn deploy(&self) -> Job {
        quick(self.job("deploy"))
    }

    /// Deploys `VERSION`, which must succeed.
    fn deployed(&self, version: &str) -> Record {
        let record = self.deploy().with("env", &format!("VERSION={version}")).run();
        assert_eq!(record.exit_code(), 0, "{}", record.text());
        record
    }

    /// The version that runs; empty if none does.
    fn version(&self) -> String {
        match self.stack.containers().get("app") {
            Some(id) => docker_out(&["exec", id, "printenv", "VERSION"]),
            None => String::new(),
        }
    }

    fn untouched(&self) -> bool {
        !self.stack.path("state").exists() && self.stack.containers().is_empty()
    }
}

/// Local images, and looks that are near each other.
fn quick(job: Job) -> Job {
    job.with("pull", "never").with("health-interval", "1s").with("health-retries", "20")
}

fn errors(record: &Record) -> Vec<String> {
    let errors = record.annotations.iter().filter(|shown| shown.level == "error");
    errors.map(|shown| format!("{}: {}", shown.title, shown.message)).collect()
}

/// The error annotations without the runner's own one.
fn our_errors(record: &Record) -> Vec<String> {
    let own = |error: &String| error.contains("Process completed with exit code");
    errors(record).into_iter().filter(|error| !own(error)).collect()
}

/// The contract with the runner was kept.
fn assert_clean(record: &Record) {
    assert!(record.faults.is_empty(), "{:?}\n{}", record.faults, record.text());
    assert!(record.dropped_outputs.is_empty(), "{:?}", record.dropped_outputs);
}

#[test]
fn a_deploy_that_is_done_has_its_outputs_and_no_error() {
    let Some(scene) = Scene::new(&compose()) else { return };
    let first = scene.deployed("v1");
    assert_clean(&first);
    assert_eq!(errors(&first), [""; 0]);
    assert_eq!(first.exit_codes, [(0, 0)], "the step for a cancel does not run");
    assert_eq!(first.outputs["result"], "done");
    assert_eq!(first.outputs["previous-release"], "");
    assert!(first.outputs["release"].ends_with("-0123456-4711.1"), "{:?}", first.outputs);
    assert!(first.summary.contains(": done"), "{}", first.summary);

    let second = scene.deployed("v2");
    assert_eq!(second.outputs["previous-release"], first.outputs["release"]);
    assert_ne!(second.outputs["release"], first.outputs["release"]);
    assert_eq!(scene.version(), "v2");
}

#[test]
fn every_fault_of_the_inputs_is_an_annotation_and_nothing_is_touched() {
    let Some(scene) = Scene::new(&compose()) else { return };
    let record = scene
        .job("deploy")
        .with("heath-url", "http://localhost/")
        .with("health-retries", "many")
        .with("dry-run", "maybe")
        .with("pull", "sometimes")
        .run();
    assert_eq!(record.exit_code(), 64, "{}", record.text());
    let errors = our_errors(&record);
    assert_eq!(errors.len(), 4, "{errors:#?}");
    for words in [
        ["heath-url", "health-url"],
        ["health-retries", "many"],
        ["dry-run", "true"],
        ["pull", "always"],
    ] {
        let named = |error: &&String| words.iter().all(|word| error.contains(word));
        assert_eq!(errors.iter().filter(named).count(), 1, "{words:?} in {errors:#?}");
    }
    assert_eq!(record.outputs["result"], "bad-input");
    assert_eq!(record.outputs["release"], "");
    assert_clean(&record);
    assert!(scene.untouched());
}

#[test]
fn the_spelling_of_an_inputs_name_does_not_matter() {
    let Some(scene) = Scene::new(&compose()) else { return };
    // Nobody listens on port 1 of this host.
    let record = scene
        .job("deploy")
        .with("Pull", "never")
        .with("HEALTH-RETRIES", "2")
        .with("Health-Interval", "1s")
        .with("Health-URL", "http://127.0.0.1:1/health")
        .run();
    assert_eq!(record.exit_code(), 4, "a first release has none before it: {}", record.text());
    assert_eq!(record.outputs["result"], "needs-person");
    let warnings: Vec<_> = record.annotations.iter().filter(|a| a.level == "warning").collect();
    assert!(warnings.is_empty(), "the runner knows these names: {warnings:?}");
    assert!(record.summary.contains("127.0.0.1:1/health"), "{}", record.summary);
}

#[test]
fn secrets_are_shown_nowhere() {
    let Some(scene) = Scene::new(&compose()) else { return };
    // The container tells both to its log, and the failure shows the end of that log.
    let telling = compose().replace(
        "cat /etc/greeting;",
        "echo told $$API_TOKEN; printf 'told '; cat /run/secrets/password;",
    );
    scene.stack.write("compose.yaml", &telling);
    let (password, token) = ("correct-horse-battery", "tok-5f2a9c81d4");
    let record = scene
        .deploy()
        .with("secret-files", &format!("secrets/password={password}"))
        .with("env", &format!("API_TOKEN={token}\nHEALTH=false"))
        .with("health-retries", "3")
        .run();
    assert_eq!(record.exit_code(), 4, "{}", record.text());
    let outputs: Vec<&str> = record.outputs.values().map(String::as_str).collect();
    let shown =
        [record.text(), record.summary.clone(), outputs.join("\n"), errors(&record).join("\n")];
    for (place, text) in ["log", "summary", "outputs", "annotations"].iter().zip(&shown) {
        assert!(!text.contains(password) && !text.contains(token), "{place}: {text}");
    }
    assert!(shown[0].contains("told ***"), "the container's log is shown, masked: {}", shown[0]);
    assert!(record.summary.contains("told ***"), "{}", record.summary);
    assert_clean(&record);
}

#[test]
fn a_job_that_is_cancelled_recovers_and_the_former_release_runs() {
    let Some(scene) = Scene::new(&compose()) else { return };
    let former = scene.deployed("v1");
    let record = scene
        .deploy()
        .with("env", "VERSION=v2\nHEALTH=false\nSTART=1h")
        .with("health-retries", "1000")
        .cancel_at("look 1, ")
        .run();
    assert!(record.cancelled, "{}", record.text());
    assert_eq!(record.signals, ["INT"], "{}", record.text());
    assert_eq!(record.exit_codes, [(0, 4), (1, 0)], "{}", record.text());
    assert!(record.text().contains("recorded as pending"), "{}", record.text());
    assert_eq!(record.outputs["result"], "needs-person");
    assert_eq!(scene.version(), "v1");
    let release = &former.outputs["release"];
    let again = format!("release {release} runs again");
    assert!(record.text().contains(&again), "{}", record.text());
    assert_clean(&record);
}

#[test]
fn the_umbrella_does_what_the_input_action_says() {
    let Some(scene) = Scene::new(&compose()) else { return };
    let done = quick(scene.job("").with("action", "deploy")).run();
    assert_eq!((done.exit_code(), errors(&done)), (0, Vec::new()), "{}", done.text());
    assert_eq!(done.outputs["result"], "done");
    assert_eq!(scene.stack.containers().len(), 1);
    assert_clean(&done);

    let unknown = quick(scene.job("").with("action", "deplyo")).run();
    assert_eq!(unknown.exit_code(), 64, "{}", unknown.text());
    assert_eq!(unknown.outputs["result"], "bad-input");
    assert!(unknown.summary.contains("bad-input"), "{}", unknown.summary);
    let missing = quick(scene.job("")).run();
    assert_eq!((missing.exit_code(), missing.outputs["result"].as_str()), (64, "bad-input"));
    let errors = our_errors(&unknown);
    assert!(errors.len() == 1 && errors[0].contains("deploy"), "{errors:?}");
}

#[test]
fn a_rollback_brings_the_former_release_back_and_knows_no_other() {
    let Some(scene) = Scene::new(&compose()) else { return };
    let first = scene.deployed("v1");
    let second = scene.deployed("v2");
    let back = scene.job("rollback").with("to", "previous").run();
    assert_eq!((back.exit_code(), errors(&back)), (0, Vec::new()), "{}", back.text());
    assert_eq!(back.outputs["result"], "done");
    assert_eq!(back.outputs["release"], first.outputs["release"]);
    assert_eq!(scene.version(), "v1");
    assert_clean(&back);

    let unknown = scene.job("rollback").with("to", "nonsense").run();
    assert_eq!(unknown.exit_code(), 64, "{}", unknown.text());
    assert_eq!(unknown.outputs["result"], "bad-input");
    let errors = our_errors(&unknown).join("\n");
    assert!(errors.contains(&second.outputs["release"]), "the list of releases: {errors}");
    assert_eq!(scene.version(), "v1");
}

#[test]
fn a_cancelled_rollback_leaves_the_release_that_ran() {
    let Some(scene) = Scene::new(&compose()) else { return };
    scene.deployed("v1");
    let second = scene.deployed("v2");
    let record =
        scene.job("rollback").with("to", "previous").cancel_at("bring the release up").run();
    assert!(record.cancelled, "{}", record.text());
    assert_eq!(record.exit_codes.last(), Some(&(1, 0)), "{}", record.text());
    assert_eq!(record.outputs["result"], "needs-person", "{}", record.text());
    assert_eq!(scene.version(), "v2", "{}", record.text());
    let again = format!("release {} runs again", second.outputs["release"]);
    assert!(record.text().contains(&again), "{}", record.text());
    assert_clean(&record);
    assert_eq!(scene.deployed("v3").exit_codes, [(0, 0)], "the next run finds it in order");
}

#[test]
fn a_cancelled_umbrella_recovers_with_inputs_that_mean_something_else_elsewhere() {
    let Some(scene) = Scene::new(&compose()) else { return };
    scene.deployed("v1");
    let record = quick(scene.job("").with("action", "deploy"))
        .with("env", "VERSION=v2\nHEALTH=false\nSTART=1h")
        .with("health-retries", "1000")
        .cancel_at("look 1, ")
        .run();
    assert_eq!(record.exit_codes, [(0, 4), (1, 0)], "{}", record.text());
    assert_eq!(scene.version(), "v1");
    assert_clean(&record);
}

#[test]
fn a_cancelled_backup_leaves_nothing_and_is_green_in_its_second_step() {
    let Some(scene) = Scene::new(DATABASE) else { return };
    assert_eq!(scene.deploy().run().exit_code(), 0);
    let container = scene.stack.containers()["db"].clone();
    let fill = "CREATE TABLE big AS SELECT n, md5(n::text) || md5((n + 1)::text) AS t FROM generate_series(1, 900000) n";
    docker_out(&["exec", &container, "psql", "-U", "postgres", "-d", "shop", "-c", fill]);
    let backup = || scene.job("backup").with("database-service", "db");
    let record = backup().cancel_at("back the database up").run();
    assert!(record.cancelled, "{}", record.text());
    assert_eq!(record.exit_codes, [(0, 1), (1, 0)], "{}", record.text());
    assert_eq!(record.outputs["result"], "failed");
    assert!(record.summary.contains("❌ backup: failed"), "{}", record.summary);
    assert_clean(&record);
    let next = backup().run();
    assert_eq!(next.exit_codes, [(0, 0)], "{}", next.text());
    assert!(!next.text().contains("left by a run that did not end"), "{}", next.text());
}

const DATABASE: &str = "
services:
  db:
    image: mta-test/postgres:15
    environment: { POSTGRES_PASSWORD: unimportant, POSTGRES_DB: shop }
    healthcheck:
      test: [CMD, pg_isready, -q, -h, 127.0.0.1, -U, postgres, -d, shop]
      interval: 1s
      retries: 30
";

#[test]
fn a_backup_says_its_name_its_path_and_its_size() {
    let Some(scene) = Scene::new(DATABASE) else { return };
    let deployed = scene.deploy().run();
    assert_eq!(deployed.exit_code(), 0, "{}", deployed.text());
    let empty = scene.job("backup").with("database-service", "db").run();
    assert_eq!((empty.exit_code(), empty.outputs["result"].as_str()), (1, "failed"));
    let container = scene.stack.containers()["db"].clone();
    let table = "CREATE TABLE orders (n int)";
    docker_out(&["exec", &container, "psql", "-U", "postgres", "-d", "shop", "-c", table]);
    let backup = scene.job("backup").with("database-service", "db").run();
    assert_eq!((backup.exit_code(), errors(&backup)), (0, Vec::new()), "{}", backup.text());
    assert_eq!(backup.outputs["result"], "done");
    assert!(!backup.outputs["backup"].is_empty(), "{:?}", backup.outputs);
    let size = fs_err::metadata(&backup.outputs["path"]).unwrap().len();
    assert_eq!(backup.outputs["size"], size.to_string());
    assert_clean(&backup);
}

#[test]
fn the_log_of_a_container_gives_no_commands() {
    let Some(scene) = Scene::new(&compose()) else { return };
    scene.deployed("v1");
    scene.stack.write(
        "conf/greeting",
        "::error::hostile 1\n  ::Warning file=a::hostile 2\n##[error]hostile 3\nx ##[notice]hostile 4\n\
         progress\r::error::hostile 5\r##[error]hostile 6\n::stop-commands::hostile-token\n\
         ::add-mask::release\n::set-output name=result::hostile\n::group::hostile 7\n:\u{200b}:error::hostile 8\n",
    );
    let record =
        scene.deploy().with("env", "VERSION=v2\nHEALTH=false").with("health-retries", "3").run();
    assert_eq!(record.exit_code(), 2, "{}", record.text());
    assert_eq!(record.outputs["result"], "rolled-back");
    for number in 1..=8 {
        let line = format!("hostile {number}");
        assert!(record.text().contains(&line), "{line} is shown: {}", record.text());
    }
    let hostile: Vec<_> =
        record.annotations.iter().filter(|shown| shown.message.contains("hostile")).collect();
    assert!(hostile.is_empty(), "{hostile:?}");
    let errors = our_errors(&record);
    assert!(errors.len() == 1 && errors[0].contains("rolled-back"), "{errors:?}");
    assert!(errors[0].contains("release "), "no mask came from the container: {errors:?}");
    assert_clean(&record);
    assert_eq!(scene.version(), "v1");
}
