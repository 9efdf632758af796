//! The guard: a process between us and a child that changes something, so that the child does not outlive us.
//!
//! A run that is killed cannot end its children, and a `docker compose up` that goes on by itself fights whatever comes
//! next. So such a child is started by a process of our own binary, which sees that we are gone and ends the group. Its
//! standard input is the lock of the project: as long as it lives, nobody else can take that lock.
//!
//! One group holds the guard, the child and what the child starts: a signal to the group reaches all of them.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgrp, getpid, getppid, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Outcome;

/// The subcommand that is the guard.
pub const NAME: &str = "guard";

/// Ourselves, also when the file has been replaced since. The process is then named `exe`, so that `pkill -KILL mta` kills
/// us and leaves the guard to do its work.
const OURSELVES: &str = "/proc/self/exe";

/// How often the guard looks whether we live.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long the child has after SIGTERM when we are gone, as when we end it ourselves.
const GRACE: Duration = Duration::from_secs(2);

/// How often to look whether what was killed is gone.
const END_EVERY: Duration = Duration::from_millis(5);

/// Starts children that do not outlive us, nor the lock.
#[derive(Clone, Debug)]
pub struct Guard {
    lock: Arc<File>,
}

impl Guard {
    /// A guard that holds a lock: this file was locked with `flock`, which belongs to what was opened and not to who did.
    pub(super) fn new(lock: File) -> Self {
        Self { lock: Arc::new(lock) }
    }

    /// The command that runs `program` under a guard; its arguments follow. The program has no standard input.
    pub(super) fn command(&self, program: &str) -> io::Result<Command> {
        let mut command = Command::new(OURSELVES);
        command.arg(NAME).arg(std::process::id().to_string()).arg("--").arg(program);
        command.stdin(Stdio::from(self.lock.try_clone()?));
        Ok(command)
    }
}

/// The exit code of a process; 128 + n where signal n ended it.
pub(super) fn code_of(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// Runs a command for the process `parent` and returns its exit code. When `parent` ends before it, the whole group gets
/// SIGTERM, and SIGKILL when the command has ended or two seconds later; this process ends when it is alone.
///
/// # Errors
/// Where there is no event queue, the program cannot be started, or this process was not started as a guard.
pub fn run(parent: u32, argv: &[OsString]) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(stand(parent, argv))?;
    Ok(u8::try_from(code).unwrap_or(Outcome::Bug.code()))
}

async fn stand(parent: u32, words: &[OsString]) -> io::Result<i32> {
    let group = getpgrp();
    let Some((program, args)) = words.split_first().filter(|_| group == getpid()) else {
        return Err(io::Error::other("`guard` is started by `mta` itself"));
    };
    // SIGTERM to the group is for the child: the guard stays until the child has ended.
    let _caught = signal(SignalKind::terminate())?;
    // Before the child is there: when we are gone by now, nothing may be started any more.
    if is_gone(parent) {
        return Ok(i32::from(Outcome::Unavailable.code()));
    }
    let mut child =
        Command::new(program).args(args).stdin(Stdio::null()).spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", program.to_string_lossy()))
        })?;
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            status = child.wait() => return status.map(code_of),
            _ = look.tick() => if is_gone(parent) {
                end(group, &mut child).await;
                return Ok(i32::from(Outcome::Unavailable.code()));
            }
        }
    }
}

/// Whether another process has become our parent: the first one has ended. Its number alone would not tell, it is given
/// again.
fn is_gone(parent: u32) -> bool {
    let now = getppid().and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
    now != Some(parent)
}

/// Ends all that is in the group but this process: the lock is free when nothing of it is left.
async fn end(group: Pid, child: &mut Child) {
    // Cannot fail: this process is in the group.
    let _sent = kill_process_group(group, Signal::TERM);
    let _ended = tokio::time::timeout(GRACE, child.wait()).await;
    loop {
        let others = members(group);
        if others.is_empty() {
            return;
        }
        for pid in others {
            // Fails only if it has ended since.
            let _gone = kill_process(pid, Signal::KILL);
        }
        // What waits for a disk that does not answer ends when that does, and is waited for.
        tokio::time::sleep(END_EVERY).await;
    }
}

/// The processes of our own group that run, without this one.
fn members(group: Pid) -> Vec<Pid> {
    let pids = names("/proc").filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let others = pids.filter(|pid| *pid != group);
    others
        .filter(|pid| {
            let stat = Stat::of(pid.as_raw_nonzero().get().unsigned_abs());
            stat.is_some_and(|stat| stat.runs && stat.group == group.as_raw_nonzero().get())
        })
        .collect()
}

/// The guards of a run that has been killed, by process id, which is that of their group: their standard input is this
/// lock, and their parent does not have it open.
pub(super) fn left_behind(lock: &File) -> Vec<u32> {
    let Ok(wanted) = lock.metadata() else { return Vec::new() };
    let is_lock = |path: &str| {
        // Processes of others cannot be looked into.
        fs_err::metadata(path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()))
    };
    let holds = |pid: u32| {
        names(&format!("/proc/{pid}/fd")).any(|fd: u32| is_lock(&format!("/proc/{pid}/fd/{fd}")))
    };
    let guards = names("/proc").filter(|pid| is_lock(&format!("/proc/{pid}/fd/0")));
    guards.filter(|pid| Stat::of(*pid).is_none_or(|stat| !holds(stat.parent))).collect()
}

/// The entries of a folder that are numbers.
fn names(folder: &str) -> impl Iterator<Item = u32> {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// What `/proc/PID/stat` says of a process, see proc(5).
struct Stat {
    /// One that has ended and was not asked for yet does not run.
    runs: bool,
    parent: u32,
    group: i32,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program, in parentheses, may hold blanks: field 3 is the first behind it.
        let (_, behind) = text.rsplit_once(") ")?;
        let mut fields = behind.split(' ');
        let runs = !matches!(fields.next()?, "Z" | "X");
        Some(Self {
            runs,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
        })
    }
}
