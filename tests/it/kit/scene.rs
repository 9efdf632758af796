//! A repository with a server, and runs of an action in it as a runner starts them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::kit::mta::mta;
use crate::kit::runner::files;

/// A checkout with its bare `origin`, and a folder for what a runner keeps.
pub struct Scene {
    folder: tempfile::TempDir,
    action: &'static str,
}

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Both streams.
    pub log: String,
    /// The outputs.
    pub outputs: BTreeMap<String, String>,
    /// The step summary.
    pub summary: String,
}

impl Ran {
    /// An output.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// Exit code and verdict.
    #[track_caller]
    pub fn expect(&self, code: i32, verdict: &str) -> &Self {
        assert_eq!(
            (self.code, self.output("verdict")),
            (code, verdict),
            "{}\n{}",
            self.log,
            self.summary
        );
        self
    }

    /// The log or the summary says it.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(
            self.log.contains(text) || self.summary.contains(text),
            "{text:?} is not in\n{}\n{}",
            self.log,
            self.summary
        );
        self
    }
}

impl Scene {
    /// A repository with `main` pushed: `src/a.py` with ten lines.
    pub fn new() -> Self {
        let scene = Self::of("coverage-gate");
        for name in ["work", "temp"] {
            fs_err::create_dir(scene.path(name)).unwrap();
        }
        git_in(scene.folder.path(), &["init", "-q", "--bare", "-b", "main", "origin.git"]);
        for setting in ["uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter"] {
            git_in(&scene.path("origin.git"), &["config", setting, "true"]);
        }
        scene.git(&["init", "-q", "-b", "main"]);
        let origin = format!("file://{}", scene.path("origin.git").display());
        scene.git(&["remote", "add", "origin", &origin]);
        // A report that is committed is refused.
        scene.write(".gitignore", "/coverage.info\n/out/\n");
        scene.write("src/a.py", &lines(1, 10));
        scene.write("src/__init__.py", "");
        scene.commit("first");
        scene.git(&["push", "-q", "origin", "main"]);
        scene
    }

    /// An empty repository without a server, in which another action runs.
    pub fn of(action: &'static str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), action }
    }

    /// A path in the scene's folder: `work/...`, `origin.git`, `temp`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the checkout.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path("work").join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// Runs git in the checkout.
    pub fn git(&self, args: &[&str]) -> String {
        git_in(&self.path("work"), args)
    }

    /// Commits everything and answers the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A branch with a change on it, merged as GitHub does for a pull request: the merge commit is checked out. Answers
    /// the event.
    pub fn pull_request(&self, change: impl FnOnce(&Self)) -> Value {
        let base = self.git(&["rev-parse", "main"]);
        self.git(&["checkout", "-q", "-B", "topic", "main"]);
        change(self);
        let head = self.commit("change");
        self.git(&["checkout", "-q", "--detach", "main"]);
        self.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
        json!({
            "number": 7,
            "pull_request": {
                "number": 7,
                "base": {"sha": base, "ref": "main"},
                "head": {"sha": head, "ref": "topic", "repo": {"full_name": "org/shop"}},
            },
            "repository": {"default_branch": "main", "full_name": "org/shop"},
        })
    }

    /// Commits on `main`, pushes, and answers the event of the push.
    pub fn push(&self, change: impl FnOnce(&Self)) -> Value {
        self.git(&["checkout", "-q", "main"]);
        let before = self.git(&["rev-parse", "HEAD"]);
        change(self);
        let after = self.commit("push");
        self.git(&["push", "-q", "origin", "main"]);
        json!({
            "ref": "refs/heads/main", "before": before, "after": after, "forced": false, "created": false, "deleted": false,
            "repository": {"default_branch": "main", "full_name": "org/shop"},
        })
    }

    /// A run of the gate by an event. The report is `coverage.info` if the inputs name no other.
    pub fn run(&self, event_name: &str, event: &Value, inputs: &[(&str, &str)]) -> Ran {
        self.run_with(event_name, event, inputs, &[])
    }

    /// The same with more environment.
    pub fn run_with(
        &self,
        event_name: &str,
        event: &Value,
        inputs: &[(&str, &str)],
        env: &[(&str, &str)],
    ) -> Ran {
        let mut command = self.command(event_name, event, inputs);
        self.ran(&command.envs(env.iter().copied()).output().unwrap())
    }

    /// A run by an event, to be started.
    pub fn command(&self, event_name: &str, event: &Value, inputs: &[(&str, &str)]) -> Command {
        let mut all: BTreeMap<&str, &str> = BTreeMap::new();
        if self.action == "coverage-gate" {
            all.insert("reports", "coverage.info");
        }
        all.extend(inputs.iter().copied());
        for file in ["output", "summary"] {
            fs_err::write(self.path(file), "").unwrap();
        }
        fs_err::write(self.path("event.json"), event.to_string()).unwrap();
        let mut command = mta();
        command.arg(self.action).current_dir(self.path("work")).env_clear();
        command
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("temp"))
            .env("MTA_INPUTS", serde_json::to_string(&all).unwrap())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", self.path("work"))
            .env("GITHUB_REPOSITORY", "org/shop")
            .env("GITHUB_RUN_ID", "11")
            .env("GITHUB_SERVER_URL", "https://github.example.test")
            .env("GITHUB_EVENT_NAME", event_name)
            .env("GITHUB_EVENT_PATH", self.path("event.json"))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .stdin(Stdio::null());
        if self.action == "coverage-gate" {
            // As the action's own file has it: `${{ job.status }}`.
            command.env("MTA_TESTS_OUTCOME", "success");
        }
        command
    }

    /// What a run left.
    pub fn ran(&self, output: &Output) -> Ran {
        let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
        log.push_str(&String::from_utf8_lossy(&output.stderr));
        let pairs = files::read_pairs(&fs_err::read(self.path("output")).unwrap());
        Ran {
            code: output.status.code().unwrap_or(-1),
            log,
            outputs: pairs.pairs.into_iter().collect(),
            summary: fs_err::read_to_string(self.path("summary")).unwrap(),
        }
    }

    /// A run by hand in the checkout.
    pub fn by_hand(&self, args: &[&str]) -> Ran {
        self.by_hand_in("work", args)
    }

    /// A run by hand in a folder of the scene.
    pub fn by_hand_in(&self, folder: &str, args: &[&str]) -> Ran {
        let mut command = mta();
        command.arg(self.action).args(args).current_dir(self.path(folder)).env_clear();
        command
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("temp"))
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
        log.push_str(&String::from_utf8_lossy(&output.stderr));
        Ran {
            code: output.status.code().unwrap_or(-1),
            log,
            outputs: BTreeMap::new(),
            summary: String::new(),
        }
    }
}

/// Runs git in a folder.
pub fn git_in(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=t", "-c", "user.email=t@example.test"])
        .args(args)
        .current_dir(folder);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Lines of Python, numbered.
pub fn lines(from: u32, to: u32) -> String {
    (from..=to).map(|line| format!("x{line} = {line}\n")).collect()
}

/// An LCOV report: (file, covered lines, uncovered lines).
pub fn lcov(files: &[(&str, &[u32], &[u32])]) -> String {
    let mut text = String::new();
    for (path, covered, uncovered) in files {
        text.push_str(&format!("SF:{path}\n"));
        for (lines, hits) in [(covered, 1), (uncovered, 0)] {
            for line in *lines {
                text.push_str(&format!("DA:{line},{hits}\n"));
            }
        }
        text.push_str("end_of_record\n");
    }
    text
}
