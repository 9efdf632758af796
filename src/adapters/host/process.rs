//! Child processes: argv and never a shell, a built environment and never ours, a process group of their own that is
//! ended as a whole.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use camino::Utf8PathBuf;
use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::ChildStdin;
use tokio_util::sync::CancellationToken;

use crate::adapters::host::guard::{Guard, code_of};

/// How long a group has after SIGTERM before SIGKILL: the runner itself gives us 7.5 s after SIGINT.
const GRACE: Duration = Duration::from_secs(2);

/// How long output is still read after the child ended, in case a grandchild holds the pipe.
const DRAIN: Duration = Duration::from_secs(2);

/// A piece of output is at most about so many bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// A line of output is cut at this many bytes.
const LINE_BYTES: u64 = 64 * 1024;

/// The most that is kept of a standard output, in bytes: a rendered compose model has some 100 KiB.
const KEPT_BYTES: usize = 32 * 1024 * 1024;

/// Variables that a child inherits by their exact names.
const INHERITED: [&str; 12] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSH_AUTH_SOCK",
];

/// Variables of the Docker client that say which engine and which login; those that change what is pulled or built
/// (`DOCKER_DEFAULT_PLATFORM`, `DOCKER_CONTENT_TRUST`, `DOCKER_BUILDKIT`) are the job's and stay out.
const DOCKER: [&str; 8] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DOCKER_API_VERSION",
    "DOCKER_AUTH_CONFIG",
];

/// Variables that say with which builder an image is built, and of which time it says to be: for builds alone.
const BUILDS: [&str; 4] =
    ["BUILDX_BUILDER", "BUILDX_CONFIG", "BUILDX_NO_DEFAULT_ATTESTATIONS", "SOURCE_DATE_EPOCH"];

/// What leads to GitHub's cache. A composite action gets none of it: the workflow has to export it.
const CACHE_OF_GITHUB: [&str; 4] = [
    "ACTIONS_CACHE_SERVICE_V2",
    "ACTIONS_CACHE_URL",
    "ACTIONS_RESULTS_URL",
    "ACTIONS_RUNTIME_TOKEN",
];

/// Proxy variables, honoured in both cases.
const PROXY: [&str; 4] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"];

/// The environment of a child, built and not inherited: a job's `TAG=...`, `COMPOSE_*`, `INPUT_*` or tokens must not
/// reach Compose (measured: a variable of the job beats the stack's `.env`).
///
/// `Debug` shows names only: values may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ChildEnv(BTreeMap<OsString, OsString>);

impl fmt::Debug for ChildEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChildEnv").field(&self.0.keys()).finish()
    }
}

impl ChildEnv {
    /// What a child may know of our own environment.
    pub fn from_process() -> Self {
        Self::from_pairs(std::env::vars_os())
    }

    /// What a child may know of these variables.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let allowed = |name: &str| {
            INHERITED.contains(&name)
                || DOCKER.contains(&name)
                || PROXY.iter().any(|proxy| proxy.eq_ignore_ascii_case(name))
        };
        Self(pairs.into_iter().filter(|(name, _)| name.to_str().is_some_and(allowed)).collect())
    }

    /// What a build of an image may know of our own environment.
    pub fn for_builds() -> Self {
        let ours = std::env::vars_os();
        let is_for_builds =
            |name: &OsString| name.to_str().is_some_and(|name| BUILDS.contains(&name));
        let mut env = Self::from_process();
        env.0.extend(ours.filter(|(name, _)| is_for_builds(name)));
        env
    }

    /// The same with what leads to GitHub's cache; `None` if this job has nothing that does.
    pub fn with_cache_of_github(mut self) -> Option<Self> {
        let ours = std::env::vars_os();
        let is_of_cache =
            |name: &OsString| name.to_str().is_some_and(|name| CACHE_OF_GITHUB.contains(&name));
        self.0.extend(ours.filter(|(name, _)| is_of_cache(name)));
        let has = |name: &str| self.get(name).is_some();
        let leads = has("ACTIONS_RUNTIME_TOKEN")
            && (has("ACTIONS_RESULTS_URL") || has("ACTIONS_CACHE_URL"));
        leads.then_some(self)
    }

    /// The same with what a scanner of images may know: its own settings, which begin with a prefix, and where it keeps what
    /// it has downloaded. What would turn its findings into a failure of its own stays out, and what only a build has use for:
    /// the token of GitHub's cache, the agent of SSH.
    #[must_use]
    pub fn for_scanner(mut self, prefix: &str) -> Self {
        let is_its_own = |name: &str| {
            name == "XDG_CACHE_HOME" || name.starts_with(prefix) && !name.contains("FAIL_ON")
        };
        let ours = std::env::vars_os();
        self.0.extend(ours.filter(|(name, _)| name.to_str().is_some_and(is_its_own)));
        for name in CACHE_OF_GITHUB.iter().chain(&BUILDS).chain(&["SSH_AUTH_SOCK"]) {
            self.0.remove(&OsString::from(name));
        }
        self
    }

    /// A variable, if it is set, UTF-8 and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&OsString::from(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// The variables that are UTF-8, as Compose would see them.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let text = |one: &OsString| one.to_str().map(str::to_owned);
        self.0.iter().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
    }

    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The same with more variables.
    #[must_use]
    pub fn with_all(mut self, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.extend(pairs.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// The same without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(&OsString::from(name));
        self
    }
}

/// The account that we run as.
pub fn own_user() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The id of our own process.
pub fn own_id() -> u32 {
    std::process::id()
}

/// A variable of our own environment that a user names; `None` where it is not set, or no UTF-8.
pub fn variable(name: &str) -> Option<SecretString> {
    let (_, value) = std::env::vars_os().find(|(known, _)| known == name)?;
    value.into_string().ok().map(SecretString::from)
}

/// A command to run.
#[derive(Clone, Debug)]
pub struct Command {
    /// Program, found by `PATH`.
    pub program: String,
    /// Its arguments. No secrets: every user of the host can read them.
    pub args: Vec<String>,
    /// All that it will know.
    pub env: ChildEnv,
    /// Where it runs.
    pub cwd: Option<Utf8PathBuf>,
}

impl Command {
    /// The command as one would type it, for messages.
    pub fn shown(&self) -> String {
        let words =
            std::iter::once(self.program.as_str()).chain(self.args.iter().map(String::as_str));
        shlex::try_join(words).unwrap_or_else(|_| self.program.clone())
    }
}

/// Limits of a run.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Ends the group when it is over.
    pub timeout: Duration,
    /// Ends the group when it is cancelled.
    pub cancel: &'a CancellationToken,
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code; 128 + n where signal n ended it.
    pub code: i32,
    /// Its standard output, if it was kept.
    pub stdout: String,
    /// The last 8 KiB or so of its standard error, or of both streams where output is shown as it comes.
    pub tail: String,
}

/// How a child ended whose output is bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BytesExit {
    /// Its exit code; 128 + n where signal n ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// The last 8 KiB or so of its standard error.
    pub tail: String,
}

/// Why there is no [`Exit`].
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program is not there.
    #[error("`{0}` was not found on the PATH: {hint}", hint = install_hint(.0))]
    NotFound(String),
    /// It wrote more than can be kept.
    #[error("`{shown}` wrote more than {limit} bytes")]
    TooMuch {
        /// The command.
        shown: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// It could not be started or waited for.
    #[error("`{shown}` could not be run: {error}")]
    Io {
        /// The command.
        shown: String,
        /// Why.
        error: io::Error,
    },
    /// Its time was over; its group was ended.
    #[error("`{shown}` took longer than {} s and was ended", .limit.as_secs())]
    TimedOut {
        /// The command.
        shown: String,
        /// The limit.
        limit: Duration,
    },
    /// The run was cancelled; its group was ended.
    #[error("`{0}` was ended because the run was cancelled")]
    Cancelled(String),
}

fn install_hint(program: &str) -> &'static str {
    match program {
        "docker" => "install the Docker CLI (https://docs.docker.com/engine/install/)",
        "git" => "install it with the package manager of this host",
        _ => "install it on this host, or add its folder to PATH",
    }
}

/// Runs a command and keeps its standard output, at most 32 MiB.
pub async fn capture(command: &Command, limits: Limits<'_>) -> Result<Exit, ProcessError> {
    let exit = capture_bytes(command, limits, Talk { stdin: b"", kept: KEPT_BYTES }).await?;
    let stdout = String::from_utf8_lossy(&exit.stdout).into_owned();
    Ok(Exit { code: exit.code, stdout, tail: exit.tail })
}

/// What a child is told, and how much of its answer is kept.
#[derive(Clone, Copy)]
pub struct Talk<'a> {
    /// What it reads on its standard input; nothing means that there is none.
    pub stdin: &'a [u8],
    /// The most that it may answer, in bytes.
    pub kept: usize,
}

/// Runs a command and keeps its standard output as it is.
pub async fn capture_bytes(
    command: &Command,
    limits: Limits<'_>,
    talk: Talk<'_>,
) -> Result<BytesExit, ProcessError> {
    let mut stdout = Vec::new();
    let mut too_much = false;
    let mut tail = Tail::default();
    let pipes = Pipes { input: Input::Bytes(talk.stdin), pieces: Pieces::AsTheyCome };
    let code = run(command, pipes, limits, &mut |stream, line| match stream {
        Stream::Out if stdout.len() + line.len() > talk.kept => too_much = true,
        Stream::Out => stdout.extend_from_slice(line),
        Stream::Err => tail.push(line),
    })
    .await?;
    if too_much {
        return Err(ProcessError::TooMuch { shown: command.shown(), limit: talk.kept });
    }
    Ok(BytesExit { code, stdout, tail: tail.text() })
}

/// Runs a command and hands its standard output to `on_bytes` piece by piece as it comes, keeping none of it.
pub async fn stream(
    command: &Command,
    limits: Limits<'_>,
    on_bytes: &mut dyn FnMut(&[u8]),
) -> Result<Exit, ProcessError> {
    let mut tail = Tail::default();
    let pipes = Pipes { input: Input::Bytes(b""), pieces: Pieces::AsTheyCome };
    let code = run(command, pipes, limits, &mut |stream, line| match stream {
        Stream::Out => on_bytes(line),
        Stream::Err => tail.push(line),
    })
    .await?;
    Ok(Exit { code, stdout: String::new(), tail: tail.text() })
}

/// Runs a command and hands each line of its output, without line ends, to `on_line`.
///
/// With a guard, the command does not outlive us either when we are killed. What only reads needs none: it hurts nobody
/// when it goes on, and a guard costs some milliseconds.
pub async fn relay(
    command: &Command,
    limits: Limits<'_>,
    guard: Option<&Guard>,
    on_line: &mut dyn FnMut(&str),
) -> Result<Exit, ProcessError> {
    let mut tail = Tail::default();
    let input = guard.map_or(Input::Bytes(b""), Input::Guarded);
    let pipes = Pipes { input, pieces: Pieces::Lines };
    let code = run(command, pipes, limits, &mut |_, line| {
        tail.push(line);
        let text = String::from_utf8_lossy(line);
        on_line(text.trim_end_matches(['\n', '\r']));
    })
    .await?;
    Ok(Exit { code, stdout: String::new(), tail: tail.text() })
}

/// What goes in, and how the standard output comes out.
#[derive(Clone, Copy)]
struct Pipes<'a> {
    input: Input<'a>,
    pieces: Pieces,
}

#[derive(Clone, Copy)]
enum Input<'a> {
    /// What the child reads; nothing means that it has no standard input.
    Bytes(&'a [u8]),
    /// It has no standard input, and a guard.
    Guarded(&'a Guard),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pieces {
    Lines,
    AsTheyCome,
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

/// The end of an output.
#[derive(Default)]
struct Tail(Vec<u8>);

impl Tail {
    const KEPT: usize = 8 * 1024;

    fn push(&mut self, line: &[u8]) {
        self.0.extend_from_slice(line);
        if self.0.len() > 4 * Self::KEPT {
            self.0.drain(..self.0.len() - Self::KEPT);
        }
    }

    fn text(&self) -> String {
        let start = self.0.len().saturating_sub(Self::KEPT);
        String::from_utf8_lossy(&self.0[start..]).trim_end().to_owned()
    }
}

async fn run(
    command: &Command,
    pipes: Pipes<'_>,
    limits: Limits<'_>,
    on_line: &mut dyn FnMut(Stream, &[u8]),
) -> Result<i32, ProcessError> {
    let shown = command.shown();
    let mut child = spawn(command, pipes.input)?;
    let group = Group::of(&child);
    let mut writing = std::pin::pin!(feed(child.stdin.take(), pipes.input));
    let mut written = false;
    let mut out = Lines::new(child.stdout.take(), pipes.pieces);
    let mut err = Lines::new(child.stderr.take(), Pieces::Lines);
    let deadline = tokio::time::Instant::now().checked_add(limits.timeout);
    let mut ended: Option<ExitStatus> = None;
    let mut stop_reading = None;
    while !(out.done && err.done) || ended.is_none() {
        tokio::select! {
            biased;
            () = limits.cancel.cancelled() => {
                group.end(&mut child).await;
                return Err(ProcessError::Cancelled(shown));
            }
            () = until(deadline), if ended.is_none() => {
                group.end(&mut child).await;
                return Err(ProcessError::TimedOut { shown, limit: limits.timeout });
            }
            () = until(stop_reading), if stop_reading.is_some() => break,
            () = &mut writing, if !written => written = true,
            read = out.next(), if !out.done => if read { on_line(Stream::Out, &out.line) },
            read = err.next(), if !err.done => if read { on_line(Stream::Err, &err.line) },
            status = child.wait(), if ended.is_none() => {
                ended = Some(status.map_err(|error| ProcessError::Io { shown: shown.clone(), error })?);
                stop_reading = tokio::time::Instant::now().checked_add(DRAIN);
            }
        }
    }
    // Dropped, the group takes with it what the child left behind.
    drop(group);
    Ok(ended.map_or(-1, code_of))
}

/// Writes the input and closes it. A child that does not want all of it is no error: its exit code says how it went.
async fn feed(pipe: Option<ChildStdin>, input: Input<'_>) {
    if let (Some(mut pipe), Input::Bytes(input)) = (pipe, input) {
        let _unwanted = pipe.write_all(input).await;
    }
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn spawn(command: &Command, input: Input<'_>) -> Result<tokio::process::Child, ProcessError> {
    let mut child = begun(command, input).map_err(|error| not_started(command, error))?;
    child.args(&command.args).env_clear().envs(&command.env.0).process_group(0).kill_on_drop(true);
    child.stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(path) = command.env.0.get(&OsString::from("PATH")) {
        child.env("PATH", path);
    }
    if let Some(cwd) = &command.cwd {
        child.current_dir(cwd);
    }
    child.spawn().map_err(|error| not_started(command, error))
}

/// The program, or the guard that runs it, with its standard input.
fn begun(command: &Command, input: Input<'_>) -> io::Result<tokio::process::Command> {
    let stdin = match input {
        Input::Guarded(guard) => return guard.command(&command.program),
        Input::Bytes([]) => Stdio::null(),
        Input::Bytes(_) => Stdio::piped(),
    };
    let mut child = tokio::process::Command::new(&command.program);
    child.stdin(stdin);
    Ok(child)
}

/// The kernel says "not found" for a missing program and for a missing folder alike.
fn not_started(command: &Command, error: io::Error) -> ProcessError {
    if let Some(cwd) = command.cwd.as_ref().filter(|cwd| !cwd.is_dir()) {
        let error = io::Error::other(format!("there is no folder {cwd} to run it in"));
        return ProcessError::Io { shown: command.shown(), error };
    }
    match error.kind() {
        io::ErrorKind::NotFound => ProcessError::NotFound(command.program.clone()),
        _ => ProcessError::Io { shown: command.shown(), error },
    }
}

/// The process group of a child; dropped, what is left of it is killed.
///
/// The number cannot mean another group: while a member lives it is taken, and when none does it is gone, not given out
/// again before the whole range of process ids has been used up.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Self(pid)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            // Fails only if nothing is left of it.
            let _gone = kill_process_group(pid, signal);
        }
    }

    /// SIGTERM, then SIGKILL to whoever is left.
    async fn end(&self, child: &mut tokio::process::Child) {
        self.signal(Signal::TERM);
        let _ = tokio::time::timeout(GRACE, child.wait()).await;
        self.signal(Signal::KILL);
        let _ = tokio::time::timeout(GRACE, child.wait()).await;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

struct Lines<R> {
    reader: Option<BufReader<R>>,
    line: Vec<u8>,
    pieces: Pieces,
    done: bool,
    fresh: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: Option<R>, pieces: Pieces) -> Self {
        let done = pipe.is_none();
        Self { reader: pipe.map(BufReader::new), line: Vec::new(), pieces, done, fresh: true }
    }

    /// Reads the next line or piece into `self.line`; false at the end. Safe to be cancelled: what was read stays.
    async fn next(&mut self) -> bool {
        let Some(reader) = &mut self.reader else { return false };
        if self.fresh {
            self.line.clear();
            self.fresh = false;
        }
        let room = LINE_BYTES.saturating_sub(self.line.len() as u64).max(1);
        let read = if self.pieces == Pieces::Lines {
            reader.take(room).read_until(b'\n', &mut self.line).await
        } else {
            // More than the reader itself holds: it is then read past its buffer.
            self.line.reserve(PIECE_BYTES);
            reader.read_buf(&mut self.line).await
        };
        self.fresh = true;
        if !matches!(read, Ok(count) if count > 0) {
            self.done = true;
        }
        !self.line.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        Command {
            program: "sh".into(),
            args: vec!["-c".into(), script.into()],
            env: ChildEnv::from_process(),
            cwd: None,
        }
    }

    #[test]
    fn a_scanner_knows_less_than_a_build() {
        let mut env = ChildEnv::from_process();
        for name in ["SSH_AUTH_SOCK", "ACTIONS_RUNTIME_TOKEN", "BUILDX_BUILDER", "DOCKER_CONFIG"] {
            env.0.insert(name.into(), "x".into());
        }
        let env = env.for_scanner("TRIVY_");
        for name in ["SSH_AUTH_SOCK", "ACTIONS_RUNTIME_TOKEN", "BUILDX_BUILDER"] {
            assert_eq!(env.get(name), None, "{name}");
        }
        assert_eq!(env.get("DOCKER_CONFIG"), Some("x"), "its logins");
    }

    fn limits(cancel: &CancellationToken, seconds: u64) -> Limits<'_> {
        Limits { timeout: Duration::from_secs(seconds), cancel }
    }

    #[test]
    fn a_hostile_job_environment_does_not_reach_children() {
        let job = [
            "PATH",
            "HOME",
            "DOCKER_HOST",
            "https_proxy",
            "TAG",
            "COMPOSE_FILE",
            "INPUT_ENV",
            "MTA_INPUTS",
            "GITHUB_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "LD_PRELOAD",
            "BASH_ENV",
            "DOCKER_DEFAULT_PLATFORM",
        ];
        let env = ChildEnv::from_pairs(job.map(|name| (name.into(), "x".into())));
        let names: Vec<_> = env.0.keys().filter_map(|name| name.to_str()).collect();
        assert_eq!(names, ["DOCKER_HOST", "HOME", "PATH", "https_proxy"]);
    }

    #[tokio::test]
    async fn output_code_and_tail_are_kept_apart() {
        let cancel = CancellationToken::new();
        let exit =
            capture(&sh("echo out; echo err >&2; exit 3"), limits(&cancel, 20)).await.unwrap();
        assert_eq!(exit, Exit { code: 3, stdout: "out\n".into(), tail: "err".into() });
        let mut lines = Vec::new();
        let mut keep = |line: &str| lines.push(line.to_owned());
        let exit =
            relay(&sh("printf 'a\\nb'; kill -9 $$"), limits(&cancel, 20), None, &mut keep).await;
        assert_eq!((exit.unwrap().code, lines), (137, vec!["a".to_owned(), "b".to_owned()]));
    }

    #[tokio::test]
    async fn bytes_go_in_and_out_as_they_are() {
        let cancel = CancellationToken::new();
        let input: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let talk = Talk { stdin: &input, kept: 300_000 };
        let exit = capture_bytes(&sh("cat"), limits(&cancel, 60), talk).await.unwrap();
        assert_eq!((exit.code, exit.stdout == input), (0, true));
        let mut streamed = Vec::new();
        let script = "printf 'a\\000\\r\\nb\\377'; exit 4";
        let mut keep = |piece: &[u8]| streamed.extend_from_slice(piece);
        let exit = stream(&sh(script), limits(&cancel, 60), &mut keep).await.unwrap();
        assert_eq!((exit.code, streamed), (4, b"a\0\r\nb\xff".to_vec()));
    }

    #[tokio::test]
    async fn input_that_is_not_read_and_output_that_is_too_much() {
        let cancel = CancellationToken::new();
        let input = vec![b'x'; 1_000_000];
        let talk = Talk { stdin: &input, kept: 100 };
        let exit = capture_bytes(&sh("exit 3"), limits(&cancel, 60), talk).await.unwrap();
        assert_eq!(exit.code, 3);
        let error = capture_bytes(&sh("cat"), limits(&cancel, 60), talk).await.unwrap_err();
        assert_eq!(error.to_string(), "`sh -c cat` wrote more than 100 bytes");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let cancel = CancellationToken::new();
        let command = Command { program: "mta-no-such-program".into(), ..sh("") };
        let error = capture(&command, limits(&cancel, 20)).await.unwrap_err().to_string();
        assert_eq!(
            error,
            "`mta-no-such-program` was not found on the PATH: install it on this host, or add its folder to PATH"
        );
    }

    #[tokio::test]
    async fn cancel_ends_the_whole_group_also_one_that_ignores_term() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pids");
        let script = format!(
            "trap '' TERM; (trap '' TERM; sleep 600) & echo $! $$ > {}; wait",
            file.display()
        );
        let cancel = CancellationToken::new();
        let trigger = cancel.clone();
        let watch = file.clone();
        tokio::spawn(async move {
            while fs_err::read_to_string(&watch).unwrap_or_default().split_whitespace().count() < 2
            {
                tokio::task::yield_now().await;
            }
            trigger.cancel();
        });
        let began = std::time::Instant::now();
        let error = capture(&sh(&script), limits(&cancel, 600)).await.unwrap_err();
        assert!(matches!(error, ProcessError::Cancelled(_)), "{error}");
        assert!(began.elapsed() < Duration::from_secs(7), "the runner kills after 7.5 s");
        // A killed process is gone when the kernel comes to it, not when the signal was sent.
        let runs = |pid: &str| {
            let status = fs_err::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            !status.is_empty() && !status.contains("State:\tZ")
        };
        let pids = fs_err::read_to_string(&file).unwrap();
        while pids.split_whitespace().any(runs) {
            assert!(began.elapsed() < Duration::from_secs(30), "one of {pids} still runs");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_time_limit_ends_it_and_a_grandchild_cannot_hold_us() {
        let cancel = CancellationToken::new();
        let error = capture(
            &sh("sleep 600"),
            Limits { timeout: Duration::from_millis(100), cancel: &cancel },
        )
        .await;
        assert!(matches!(error.unwrap_err(), ProcessError::TimedOut { .. }));
        let exit = capture(&sh("sleep 600 & echo done"), limits(&cancel, 60)).await.unwrap();
        assert_eq!(exit.stdout, "done\n");
    }

    #[tokio::test]
    async fn much_output_on_both_streams_does_not_block() {
        let cancel = CancellationToken::new();
        let script = "i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done; head -c 3000000 /dev/zero | tr '\\0' x";
        let mut bytes = 0;
        let exit = relay(&sh(script), limits(&cancel, 120), None, &mut |line| bytes += line.len())
            .await
            .unwrap();
        assert_eq!((exit.code, bytes), (0, 20_000 * 40 + 3_000_000));
    }
}
