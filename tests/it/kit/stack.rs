//! A checkout with a compose file and a state folder of its own, and the real binary run on it against the real engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kit::mta::mta_with_docker;
use crate::kit::owner;

/// The image of the services: small, has `sh` and `python3`.
pub const IMAGE: &str = "mta-test/python:3";

/// Whether tests with an engine can run; says so in one visible line where not.
pub fn docker() -> bool {
    let answers =
        Command::new("docker").arg("version").output().is_ok_and(|output| output.status.success());
    if answers {
        return true;
    }
    let allowed = std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "absent");
    assert!(
        allowed,
        "no Docker engine answers; set MTA_TEST_DOCKER=absent to skip the tests that need one"
    );
    eprintln!("SKIPPED: no Docker engine");
    false
}

/// A stack under test. Dropped, its containers, networks and volumes go.
pub struct Stack {
    dir: tempfile::TempDir,
    /// The Compose project's name.
    pub project: String,
    flags: BTreeMap<String, String>,
    /// The environment of every run, on top of `PATH`, `HOME` and `DOCKER_*`.
    pub env: BTreeMap<String, String>,
}

/// What a run left.
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Standard output and error.
    pub log: String,
    /// The outputs, as the runner reads them.
    pub outputs: BTreeMap<String, String>,
    /// The step summary.
    pub summary: String,
}

impl Stack {
    /// A stack with this compose file.
    pub fn new(compose: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let project = format!("{}-{number}", owner::mark());
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("checkout")).unwrap();
        let mut stack =
            Self { dir, project: project.clone(), flags: BTreeMap::new(), env: BTreeMap::new() };
        stack.flag("project-name", &project);
        stack.flag("state-dir", &stack.path("state").display().to_string());
        for (name, value) in
            [("pull", "never"), ("health-interval", "1s"), ("health-retries", "20")]
        {
            stack.flag(name, value);
        }
        stack.write("compose.yaml", compose);
        stack
    }

    /// Sets an input of every run.
    pub fn flag(&mut self, name: &str, value: &str) -> &mut Self {
        self.flags.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A path below the test's folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// A path below the project's state.
    pub fn state(&self, path: &str) -> PathBuf {
        self.path("state").join(&self.project).join(path)
    }

    /// Writes a file of the checkout as git does: a new file in the place of the old one.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path("checkout").join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs_err::remove_file(&path);
        fs_err::write(path, text).unwrap();
    }

    /// The command of an action, as a runner would start it: inputs in `MTA_INPUTS`.
    pub fn command(&self, action: &str, inputs: &[(&str, &str)]) -> Command {
        let mut all = self.flags.clone();
        if action != "deploy" {
            all.retain(|name, _| ["project-name", "state-dir"].contains(&name.as_str()));
        }
        all.extend(inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut command = mta_with_docker();
        command.arg(action).current_dir(self.path("checkout")).env_clear().envs(&self.env);
        for name in ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG"] {
            if let Ok(value) = std::env::var(name) {
                command.env(name, value);
            }
        }
        for file in ["output", "summary"] {
            fs_err::write(self.path(file), "").unwrap();
        }
        command
            .env("MTA_INPUTS", serde_json::to_string(&all).unwrap())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", self.path("checkout"))
            .env("GITHUB_REPOSITORY", "org/shop")
            .env("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567")
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .stdin(Stdio::null());
        command
    }

    /// Runs an action to its end.
    pub fn run(&self, action: &str, inputs: &[(&str, &str)]) -> Ran {
        let output = self.command(action, inputs).output().unwrap();
        self.ran(&output)
    }

    /// Reads what a run left.
    pub fn ran(&self, output: &Output) -> Ran {
        let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
        log.push_str(&String::from_utf8_lossy(&output.stderr));
        Ran {
            code: output.status.code().unwrap_or(-1),
            log,
            outputs: outputs(&self.path("output")),
            summary: fs_err::read_to_string(self.path("summary")).unwrap(),
        }
    }

    /// Ids of the running containers, by service.
    pub fn containers(&self) -> BTreeMap<String, String> {
        let filter = format!("label=com.docker.compose.project={}", self.project);
        let format = "{{.Label \"com.docker.compose.service\"}} {{.ID}}";
        let text = docker_out(&["ps", "--no-trunc", "--filter", &filter, "--format", format]);
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(s, id)| (s.to_owned(), id.to_owned()))
            .collect()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let label = format!("label=com.docker.compose.project={}", self.project);
        for (list, remove) in [
            (vec!["ps", "-aq", "--filter", &label], vec!["rm", "-fv"]),
            (vec!["network", "ls", "-q", "--filter", &label], vec!["network", "rm"]),
            (vec!["volume", "ls", "-q", "--filter", &label], vec!["volume", "rm", "-f"]),
        ] {
            let ids = docker_out(&list);
            let ids: Vec<&str> = ids.split_whitespace().collect();
            if !ids.is_empty() {
                let _ = Command::new("docker").args(remove).args(ids).output();
            }
        }
        let tags = format!("reference=mta.invalid/{}/*", self.project);
        let tags =
            docker_out(&["images", "--filter", &tags, "--format", "{{.Repository}}:{{.Tag}}"]);
        for tag in tags.split_whitespace() {
            let _ = Command::new("docker").args(["rmi", tag]).output();
        }
    }
}

/// What a docker command prints; empty if it fails.
pub fn docker_out(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Waits until `condition` holds; fails after a minute.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !condition() {
        assert!(began.elapsed().as_secs() < 60, "{what} did not happen within a minute");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn outputs(path: &Path) -> BTreeMap<String, String> {
    let text = fs_err::read_to_string(path).unwrap();
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, end)) = line.split_once("<<").filter(|(name, _)| !name.contains('=')) {
            let value: Vec<&str> = lines.by_ref().take_while(|line| line != &end).collect();
            outputs.insert(name.to_owned(), value.join("\n"));
        } else if let Some((name, value)) = line.split_once('=') {
            outputs.insert(name.to_owned(), value.to_owned());
        }
    }
    outputs
}
