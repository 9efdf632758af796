//! Runs a composite action as the runner does, and judges what it did.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::commands::read_lines;
use super::files::{Pairs, SUMMARY_LIMIT, read_pairs};
use super::log::{Log, Shown};
use super::manifest::{Contexts, Manifest, Step};

/// How long the runner waits after SIGINT, and after SIGTERM.
pub const AFTER_INTERRUPT: Duration = Duration::from_millis(7500);
pub const AFTER_TERMINATE: Duration = Duration::from_millis(2500);

/// No step of a test takes longer: the test runner would end the test after five minutes without saying where it stood.
const STEP: Duration = Duration::from_mins(4);

/// A job with one step that uses an action.
pub struct Job {
    action: PathBuf,
    with: Vec<(String, String)>,
    env: Vec<(String, String)>,
    secrets: Vec<String>,
    cancel_at: Option<String>,
    machine: (String, String),
}

/// What happened, judged.
#[derive(Debug, Default)]
pub struct Record {
    /// Exit code of each inner step that ran, with its place in the manifest; a signal is 128 + its number.
    pub exit_codes: Vec<(usize, i32)>,
    /// The log as it is shown.
    pub log: Vec<String>,
    pub annotations: Vec<Shown>,
    /// Outputs of the action, as the manifest derives them.
    pub outputs: BTreeMap<String, String>,
    /// Outputs that would be dropped if they became outputs of the job.
    pub dropped_outputs: Vec<String>,
    pub summary: String,
    /// What breaks the runner's contract.
    pub faults: Vec<String>,
    /// Signals that were sent, in order.
    pub signals: Vec<&'static str>,
    pub failed: bool,
    pub cancelled: bool,
}

impl Record {
    /// The log as one text.
    pub fn text(&self) -> String {
        self.log.join("\n")
    }

    /// Exit code of the last inner step that ran.
    pub fn exit_code(&self) -> i32 {
        self.exit_codes.last().expect("a step ran").1
    }
}

impl Job {
    /// A job that uses the action in this folder.
    pub fn uses(action: &Path) -> Self {
        let action = action.canonicalize().unwrap();
        Self {
            action,
            with: Vec::new(),
            env: Vec::new(),
            secrets: Vec::new(),
            cancel_at: None,
            machine: ("Linux".to_owned(), arch().to_owned()),
        }
    }

    /// An input, spelled as the caller spells it.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.with.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable of the job's `env`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A secret of the repository: masked from the start.
    #[must_use]
    pub fn secret(mut self, value: &str) -> Self {
        self.secrets.push(value.to_owned());
        self
    }

    /// What the runner says of its machine: `RUNNER_OS` and `RUNNER_ARCH`. Without it, what this one is.
    #[must_use]
    pub fn machine(mut self, os: &str, arch: &str) -> Self {
        self.machine = (os.to_owned(), arch.to_owned());
        self
    }

    /// The job is cancelled when a line of the log contains this text.
    #[must_use]
    pub fn cancel_at(mut self, text: &str) -> Self {
        self.cancel_at = Some(text.to_owned());
        self
    }

    /// Runs the action.
    pub fn run(self) -> Record {
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest::read(&self.action);
        Run::new(&self, &manifest, folder.path()).all(&manifest)
    }
}

struct Run<'a> {
    job: &'a Job,
    root: PathBuf,
    contexts: Contexts,
    log: Log,
    /// Set by `GITHUB_ENV` and `GITHUB_PATH` for later steps.
    set_env: BTreeMap<String, String>,
    set_path: Vec<String>,
    record: Record,
}

impl<'a> Run<'a> {
    fn new(job: &'a Job, manifest: &Manifest, root: &Path) -> Self {
        for folder in ["workspace", "temp/_runner_file_commands", "temp/_github_workflow", "home"] {
            fs_err::create_dir_all(root.join(folder)).unwrap();
        }
        fs_err::write(root.join("temp/_github_workflow/event.json"), "{}").unwrap();
        let action = job.action.to_str().unwrap().to_owned();
        let github = BTreeMap::from([
            ("action_path", action),
            ("action_ref", "v1".to_owned()),
            ("token", "the-token-of-a-job".to_owned()),
        ]);
        let contexts =
            Contexts { inputs: manifest.inputs(&job.with), github, steps: BTreeMap::new() };
        let mut log = Log::with_secrets(&job.secrets);
        let unexpected = manifest.unexpected(&job.with);
        if !unexpected.is_empty() {
            let names = unexpected.join(", ");
            log.annotate("warning", &format!("Unexpected input(s) '{names}'"), None);
        }
        Self {
            job,
            root: root.to_owned(),
            contexts,
            log,
            set_env: BTreeMap::new(),
            set_path: Vec::new(),
            record: Record::default(),
        }
    }

    fn all(mut self, manifest: &Manifest) -> Record {
        for (number, step) in manifest.steps.iter().enumerate() {
            if self.wanted(&step.condition) {
                self.step(number, step);
            }
        }
        for (name, value) in &manifest.outputs {
            let value = self.contexts.expand(value);
            if self.log.has_mask(&value) {
                self.record.dropped_outputs.push(name.clone());
            }
            self.record.outputs.insert(name.clone(), value);
        }
        self.record.log = self.log.lines;
        self.record.annotations = self.log.annotations;
        self.record.faults.extend(self.log.faults);
        self.record
    }

    fn wanted(&self, condition: &str) -> bool {
        let (failed, cancelled) = (self.record.failed, self.record.cancelled);
        match condition {
            "success()" => !failed && !cancelled,
            "failure()" => failed && !cancelled,
            "cancelled()" => cancelled,
            "always()" => true,
            "!cancelled()" => !cancelled,
            other => panic!("the condition '{other}' is not known here"),
        }
    }

    fn step(&mut self, number: usize, step: &Step) {
        let files = Files::create(&self.root.join("temp/_runner_file_commands"), number);
        let script = self.root.join(format!("temp/step{number}.sh"));
        fs_err::write(&script, self.contexts.expand(&step.run)).unwrap();
        let environment = self.environment(step, &files);
        let child = start(&step.shell, &script, &environment, &self.root.join("workspace"));
        self.log.begin_step();
        let status = self.watch(child);
        let code = code(status);
        self.record.exit_codes.push((number, code));
        let fault = self.read_files(step, &files);
        if code != 0 && !self.record.cancelled {
            self.log.annotate("error", &format!("Process completed with exit code {code}."), None);
        }
        self.record.failed |= code != 0 || fault;
    }

    /// What a step gets: never the environment of the runner's host, and no `INPUT_*`.
    fn environment(&self, step: &Step, files: &Files) -> BTreeMap<String, String> {
        let path = |name: &str| self.root.join(name).to_str().unwrap().to_owned();
        let fixed = [
            ("HOME", path("home")),
            ("CI", "true".to_owned()),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_ACTION", "__self".to_owned()),
            ("GITHUB_ACTION_PATH", self.job.action.to_str().unwrap().to_owned()),
            ("GITHUB_ACTION_REF", String::new()),
            ("GITHUB_ACTION_REPOSITORY", String::new()),
            ("GITHUB_WORKSPACE", path("workspace")),
            ("GITHUB_REPOSITORY", "org/shop".to_owned()),
            ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567".to_owned()),
            ("GITHUB_REF_NAME", "main".to_owned()),
            ("GITHUB_EVENT_NAME", "push".to_owned()),
            ("GITHUB_EVENT_PATH", path("temp/_github_workflow/event.json")),
            ("GITHUB_SERVER_URL", "https://github.example.test".to_owned()),
            ("GITHUB_API_URL", "https://github.example.test/api/v3".to_owned()),
            ("GITHUB_ACTOR", "octocat".to_owned()),
            ("GITHUB_RUN_ID", "4711".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("RUNNER_OS", self.job.machine.0.clone()),
            ("RUNNER_ARCH", self.job.machine.1.clone()),
            ("RUNNER_TEMP", path("temp")),
        ];
        let step_env =
            step.env.iter().map(|(name, value)| (name.clone(), self.contexts.expand(value)));
        let mut all: BTreeMap<String, String> = self.job.env.iter().cloned().collect();
        all.extend(self.set_env.clone());
        all.extend(step_env);
        all.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
        all.extend(files.environment());
        let host_path = all.remove("PATH").unwrap_or_else(|| std::env::var("PATH").unwrap());
        let added = self.set_path.iter().rev().cloned();
        all.insert("PATH".to_owned(), added.chain([host_path]).collect::<Vec<_>>().join(":"));
        all
    }

    /// Reads both streams until they end; signals the direct child, and no other, when the job is cancelled.
    fn watch(&mut self, mut child: Child) -> ExitStatus {
        let lines = streams(&mut child);
        let mut schedule = Schedule::default();
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < STEP, "a step does not end:\n{}", self.log.lines.join("\n"));
            let until = schedule.next_at.unwrap_or(began + STEP);
            match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.take(&line, &child, &mut schedule),
                Err(RecvTimeoutError::Timeout) if schedule.next_at.is_none() => {}
                Err(RecvTimeoutError::Timeout) => self.signal(&child, &mut schedule),
                Err(RecvTimeoutError::Disconnected) => return child.wait().unwrap(),
            }
        }
    }

    fn take(&mut self, line: &str, child: &Child, schedule: &mut Schedule) {
        self.log.take(line);
        let at = self.job.cancel_at.as_deref();
        if !self.record.cancelled && at.is_some_and(|text| line.contains(text)) {
            self.record.cancelled = true;
            self.signal(child, schedule);
        }
    }

    fn signal(&mut self, child: &Child, schedule: &mut Schedule) {
        let (signal, name) = schedule.advance();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        if kill_process(pid, signal).is_ok() {
            self.record.signals.push(name);
        }
    }

    /// In the runner's order, and also when the step failed. True if a file was malformed: that fails the step.
    fn read_files(&mut self, step: &Step, files: &Files) -> bool {
        let paths = fs_err::read_to_string(&files.path).unwrap();
        self.set_path.extend(read_lines(&paths).into_iter().filter(|line| !line.trim().is_empty()));
        let env = self.pairs(&files.env, "env");
        self.set_env.extend(env.pairs.iter().cloned());
        self.read_summary(&files.summary);
        let outputs = self.pairs(&files.output, "output");
        if let Some(id) = &step.id {
            self.contexts
                .steps
                .entry(id.clone())
                .or_default()
                .extend(outputs.pairs.iter().cloned());
        } else if !outputs.pairs.is_empty() {
            self.record.faults.push("outputs of a step without id are lost".to_owned());
        }
        env.fault.is_some() || outputs.fault.is_some()
    }

    fn pairs(&mut self, path: &Path, what: &str) -> Pairs {
        let pairs = read_pairs(&fs_err::read(path).unwrap());
        if let Some(fault) = &pairs.fault {
            self.log.annotate(
                "error",
                &format!("Unable to process file command '{what}' successfully."),
                None,
            );
            self.record.faults.push(format!("{what}: {fault}"));
        }
        pairs
    }

    fn read_summary(&mut self, path: &Path) {
        let bytes = fs_err::read(path).unwrap();
        if bytes.len() > SUMMARY_LIMIT {
            let size = bytes.len() / 1024;
            self.log.annotate("error", &format!("$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got {size}k"), None);
            self.record.faults.push("summary: too large, nothing is shown".to_owned());
            return;
        }
        let text = String::from_utf8_lossy(&bytes);
        for line in text.split_inclusive('\n') {
            self.record.summary += &self.log.masked(line);
        }
    }
}

/// SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL.
#[derive(Default)]
struct Schedule {
    sent: usize,
    next_at: Option<Instant>,
}

impl Schedule {
    fn advance(&mut self) -> (Signal, &'static str) {
        let (signal, name, wait) = match self.sent {
            0 => (Signal::INT, "INT", Some(AFTER_INTERRUPT)),
            1 => (Signal::TERM, "TERM", Some(AFTER_TERMINATE)),
            _ => (Signal::KILL, "KILL", None),
        };
        self.sent += 1;
        self.next_at = wait.map(|wait| Instant::now() + wait);
        (signal, name)
    }
}

/// The files of one step.
struct Files {
    output: PathBuf,
    env: PathBuf,
    path: PathBuf,
    state: PathBuf,
    summary: PathBuf,
}

impl Files {
    fn create(folder: &Path, number: usize) -> Self {
        let file = |name: &str| {
            let path = folder.join(format!("{name}_{number}"));
            fs_err::write(&path, "").unwrap();
            path
        };
        Self {
            output: file("set_output"),
            env: file("set_env"),
            path: file("add_path"),
            state: file("save_state"),
            summary: file("step_summary"),
        }
    }

    fn environment(&self) -> [(String, String); 5] {
        [
            ("GITHUB_OUTPUT", &self.output),
            ("GITHUB_ENV", &self.env),
            ("GITHUB_PATH", &self.path),
            ("GITHUB_STATE", &self.state),
            ("GITHUB_STEP_SUMMARY", &self.summary),
        ]
        .map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned()))
    }
}

fn start(shell: &str, script: &Path, environment: &BTreeMap<String, String>, cwd: &Path) -> Child {
    let (program, flags): (_, &[&str]) = match shell {
        "sh" => ("sh", &["-e"]),
        "bash" => ("bash", &["--noprofile", "--norc", "-e", "-o", "pipefail"]),
        other => panic!("the shell '{other}' is not known here"),
    };
    let mut command = Command::new(program);
    command.args(flags).arg(script).env_clear().envs(environment).current_dir(cwd);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The lines of both streams, each in its own order.
fn streams(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let other = sender.clone();
    std::thread::spawn(move || relay(out, &sender));
    std::thread::spawn(move || relay(err, &other));
    receiver
}

fn relay(mut stream: impl Read, lines: &Sender<String>) {
    let mut pending = Vec::new();
    let mut buffer = [0_u8; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        pending.extend_from_slice(&buffer[..count]);
        // A carriage return at the end may be half of a CRLF: it waits for the next byte.
        let Some(last) = pending.iter().rposition(|byte| *byte == b'\n') else { continue };
        let whole: Vec<u8> = pending.drain(..=last).collect();
        for line in read_lines(&String::from_utf8_lossy(&whole)) {
            let _ = lines.send(line);
        }
    }
    for line in read_lines(&String::from_utf8_lossy(&pending)) {
        let _ = lines.send(line);
    }
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

const fn arch() -> &'static str {
    if cfg!(target_arch = "aarch64") { "ARM64" } else { "X64" }
}
