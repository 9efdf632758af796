//! Child processes: argv and a built environment in, lines and an exit status out. None outlives us.
//!
//! Each child leads a process group of its own, and is ended by group: `docker` starts plugins, plugins start helpers.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use camino::Utf8PathBuf;
use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use crate::adapters::host::environment::ChildEnv;

mod output;

pub use output::{OnLine, Pipe};

/// Between SIGTERM and SIGKILL. Short, because the runner gives us 7.5 s in all before it sends its own SIGTERM.
const GRACE: Duration = Duration::from_secs(2);

/// How long the pipes may stay open after the child's end: a process that it left behind may hold them.
const PIPES_AFTER_EXIT: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Name, looked up in the `PATH` of `env`, or path.
    pub program: OsString,
    /// Arguments. Never a secret: every user of the host can read them.
    pub args: Vec<OsString>,
    /// The whole environment of the child.
    pub env: ChildEnv,
    /// Where it runs; where we run, if `None`. `PWD` says the same.
    pub cwd: Option<Utf8PathBuf>,
    /// What it reads from its standard input, then the end of file.
    pub stdin: Vec<u8>,
}

impl Command {
    /// A command without arguments.
    pub fn new(program: impl Into<OsString>, env: ChildEnv) -> Self {
        Self { program: program.into(), env, ..Self::default() }
    }

    /// The same with more arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The same in a directory.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<Utf8PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// The command as it can be pasted into a shell.
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        let words: Vec<String> = words
            .map(|word| {
                let word = word.to_string_lossy();
                shlex::try_quote(&word).map_or_else(|_| word.to_string(), |q| q.into_owned())
            })
            .collect();
        words.join(" ")
    }
}

/// How to run it.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The longest time that it may run.
    pub timeout: Duration,
    /// Ends it.
    pub cancel: &'a CancellationToken,
    /// Takes its output as it comes.
    pub on_line: OnLine<'a>,
    /// How much of its standard output to return, in bytes. A longer one is an error; 0: none is kept.
    pub keep_stdout: usize,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// Its standard output, as far as [`Options::keep_stdout`] asked for it.
    pub stdout: Vec<u8>,
    /// The end of all other output, a few KiB, for messages.
    pub tail: String,
    line: String,
}

impl Exit {
    /// Itself if the exit code is 0, else an error with the end of the output.
    pub fn ok(self) -> Result<Self, ProcessError> {
        if self.status.success() {
            return Ok(self);
        }
        let how = describe(self.status);
        Err(ProcessError::Failed { line: self.line, how, tail: self.tail.trim().to_owned() })
    }
}

/// Why a child did not do what it should.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("`{program}` is not found: {cure}")]
    NotFound {
        /// Its name.
        program: String,
        /// What to do.
        cure: String,
    },
    /// It could not be started.
    #[error("cannot start `{line}`: {source}")]
    Start {
        /// The command.
        line: String,
        /// Why.
        source: io::Error,
    },
    /// It was ended because the run was cancelled.
    #[error("`{line}` was ended: the run was cancelled")]
    Cancelled {
        /// The command.
        line: String,
    },
    /// It was ended because it took too long.
    #[error("`{line}` was ended after {} s without a result{}", after.as_secs_f32(), shown(tail))]
    TimedOut {
        /// The command.
        line: String,
        /// The time that it had.
        after: Duration,
        /// The end of its output.
        tail: String,
    },
    /// It wrote more than can be kept.
    #[error("`{line}` wrote more than {limit} bytes")]
    TooMuch {
        /// The command.
        line: String,
        /// What can be kept.
        limit: usize,
    },
    /// It ended with another exit code than 0.
    #[error("`{line}` {how}{}", shown(tail))]
    Failed {
        /// The command.
        line: String,
        /// "exited with 3", "was killed by signal 9".
        how: String,
        /// The end of its output.
        tail: String,
    },
}

fn shown(tail: &str) -> String {
    if tail.trim().is_empty() { String::new() } else { format!(":\n{}", tail.trim()) }
}

/// Runs a command to its end. An exit code other than 0 is no error here: see [`Exit::ok`].
///
/// However this ends, also when the future is dropped, nothing of the child's process group is left.
pub async fn run(command: &Command, options: Options<'_>) -> Result<Exit, ProcessError> {
    let mut child = start(command)?;
    let group = Group::of(&child);
    let collector = output::Collector::new(options.on_line, options.keep_stdout);
    let pipes = pipes(&mut child, &command.stdin, &collector).fuse();
    tokio::pin!(pipes);

    let ended = tokio::select! {
        ended = finish(&mut child, &mut pipes) => Ok(ended),
        () = options.cancel.cancelled() => Err(Stop::Cancelled),
        () = tokio::time::sleep(options.timeout) => Err(Stop::TimedOut),
    };
    if ended.is_err() {
        // The output goes on being read: a child that cleans up must not block on a full pipe.
        tokio::select! {
            () = group.end(&mut child) => {}
            () = async { pipes.await; std::future::pending().await } => {}
        }
    }
    drop(group);
    let (stdout, overflow, tail) = collector.take();
    let line = command.line();
    match ended {
        Err(Stop::Cancelled) => Err(ProcessError::Cancelled { line }),
        Err(Stop::TimedOut) => Err(ProcessError::TimedOut { line, after: options.timeout, tail }),
        Ok(Err(source)) => Err(ProcessError::Start { line, source }),
        Ok(Ok(_)) if overflow => Err(ProcessError::TooMuch { line, limit: options.keep_stdout }),
        Ok(Ok(status)) => Ok(Exit { status, stdout, tail, line }),
    }
}

enum Stop {
    Cancelled,
    TimedOut,
}

fn start(command: &Command) -> Result<Child, ProcessError> {
    let mut os = tokio::process::Command::new(&command.program);
    os.args(&command.args).env_clear().envs(command.env.iter());
    if let Some(cwd) = &command.cwd {
        os.current_dir(cwd).env("PWD", cwd);
    }
    let stdin = if command.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
    os.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    os.process_group(0).kill_on_drop(true);
    os.spawn().map_err(|source| not_started(command, source))
}

fn not_started(command: &Command, source: io::Error) -> ProcessError {
    let missing_cwd = command.cwd.as_ref().filter(|cwd| !cwd.is_dir());
    if let Some(cwd) = missing_cwd {
        let why = format!("there is no directory {cwd}");
        return ProcessError::Start { line: command.line(), source: io::Error::other(why) };
    }
    if source.kind() != io::ErrorKind::NotFound {
        return ProcessError::Start { line: command.line(), source };
    }
    let program = command.program.to_string_lossy().into_owned();
    let cure = cure(&program);
    ProcessError::NotFound { program, cure }
}

fn cure(program: &str) -> String {
    match program {
        "docker" => "install the Docker CLI (https://docs.docker.com/engine/install/)".into(),
        "git" => "install git with the package manager of this host".into(),
        path if path.contains('/') => "check the path".into(),
        _ => "install it on this host, or add its folder to PATH".into(),
    }
}

/// Feeds and empties the pipes of a child until all of them are closed.
fn pipes<'a>(
    child: &mut Child,
    input: &'a [u8],
    collector: &'a output::Collector<'_>,
) -> impl Future<Output = ()> + Send + 'a {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    async move {
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A child that does not read its input to the end is not wrong; its exit code tells.
                let _closed_early = stdin.write_all(input).await;
            }
        };
        let out = async {
            if let Some(stdout) = stdout {
                collector.read(Pipe::Stdout, stdout).await;
            }
        };
        let err = async {
            if let Some(stderr) = stderr {
                collector.read(Pipe::Stderr, stderr).await;
            }
        };
        tokio::join!(feed, out, err);
    }
}

/// Waits for the child and, bounded, for the rest of its output.
async fn finish(
    child: &mut Child,
    pipes: &mut (impl FusedFuture<Output = ()> + Unpin),
) -> io::Result<ExitStatus> {
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = &mut *pipes, if !pipes.is_terminated() => {}
        }
    };
    if !pipes.is_terminated() {
        // Over time: a process that the child left behind holds the pipe. The group's guard ends it.
        let _held_open = tokio::time::timeout(PIPES_AFTER_EXIT, pipes).await;
    }
    Ok(status)
}

/// The process group of a child. Dropped, it kills what is left of it.
///
/// The number cannot mean another group while a member lives; an empty group is gone (ESRCH), and its number is not
/// given out again before the whole range of process ids has been used up.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Fails only if nothing is left of it.
            let _gone = kill_process_group(group, signal);
        }
    }

    /// SIGTERM, a bounded wait, SIGKILL; then the child is reaped.
    async fn end(&self, child: &mut Child) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
            self.signal(Signal::KILL);
            let _reaped = child.wait().await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// The exit status in words: "exited with 3", "was killed by signal 9".
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended without an exit code".into(),
    }
}
