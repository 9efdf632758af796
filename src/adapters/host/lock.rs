//! One lock per project. The kernel drops it when its holder dies, however it dies, and the guards of what its holder has
//! started too; the file itself stays.

use std::fs::TryLockError;
use std::io::{Read, Seek, Write};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::{File, OpenOptions};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::adapters::host::guard::{self, Guard};
use crate::domain::event::{Event, Sink};
use crate::failure::{Failure, Outcome};

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long to wait at least for what a killed run has started: its guard ends it within three seconds, but a process in
/// the kernel's hands (a disk that does not answer) ends later.
const LEFT_BEHIND: Duration = Duration::from_secs(15);

/// Who holds the lock, for the one who waits.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Holder {
    /// "deploy", "backup", "rollback".
    pub action: String,
    /// Process id on this host.
    pub pid: u32,
    /// When it took the lock, RFC 3339.
    pub since: String,
    /// The run's page, or empty.
    pub run_url: String,
}

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    path: Utf8PathBuf,
    file: File,
}

/// How to wait for a lock.
#[derive(Clone, Copy)]
pub struct Patience<'a> {
    /// The longest time to wait.
    pub wait: Duration,
    /// Told who holds the lock.
    pub events: &'a dyn Sink,
    /// Ends the wait.
    pub cancel: &'a CancellationToken,
}

impl Lock {
    /// Takes the lock, waiting for another holder as long as `patience` says.
    ///
    /// What a killed run has left is waited for in any case, at most 15 s: it is about to end.
    ///
    /// Fails with [`Outcome::Unavailable`] when the time is over or the wait was cancelled, naming the holder.
    pub async fn acquire(
        path: &Utf8Path,
        me: &Holder,
        patience: Patience<'_>,
    ) -> Result<Self, Failure> {
        let began = Instant::now();
        let mut file = open(path)?;
        loop {
            match file.file().try_lock() {
                Ok(()) => {
                    sign(&mut file, me).map_err(|error| broken(path, &error))?;
                    return Ok(Self { path: path.to_owned(), file });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(broken(path, &error)),
            }
            let left = guard::left_behind(file.file());
            let holder = holder(path, &left);
            let wait = if left.is_empty() { patience.wait } else { patience.wait.max(LEFT_BEHIND) };
            if began.elapsed() >= wait || patience.cancel.is_cancelled() {
                let waited = format!("waited {} s for {path}", began.elapsed().as_secs());
                return Err(busy(&holder, &left).why(waited));
            }
            patience.events.emit(Event::Waiting(format!(
                "waiting for {holder} to finish ({} s of {} s)",
                began.elapsed().as_secs(),
                wait.as_secs()
            )));
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = patience.cancel.cancelled() => {}
            }
        }
    }

    /// Starts what must not go on when this run is killed, nor while another one has the lock.
    pub fn guard(&self) -> Result<Guard, Failure> {
        let file = self.file.file().try_clone().map_err(|error| broken(&self.path, &error))?;
        Ok(Guard::new(file))
    }
}

fn open(path: &Utf8Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| broken(path, &error))
}

fn sign(file: &mut File, me: &Holder) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    serde_json::to_writer(&mut *file, me)?;
    file.flush()
}

/// Who holds the lock; `left` are the guards of a run that has been killed.
fn holder(path: &Utf8Path, left: &[u32]) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    let holder = read.ok().and_then(|_| serde_json::from_str::<Holder>(&text).ok());
    let Some(holder) = holder else { return "another run".to_owned() };
    let Holder { action, pid, since, run_url } = holder;
    let place = if run_url.is_empty() { format!("process {pid}") } else { run_url };
    if left.is_empty() {
        format!("a {action} that runs since {since} ({place})")
    } else {
        format!("what a {action} left that ran since {since} and was killed ({place})")
    }
}

fn busy(holder: &str, left: &[u32]) -> Failure {
    let failure = Failure::new(Outcome::Unavailable, format!("the project is locked by {holder}"));
    if left.is_empty() {
        return failure.help(
            "run it again when the other one is done, or give it more time with `lock-wait`",
        );
    }
    // A guard leads its group, so that a minus before its number means all that it guards.
    let groups: Vec<String> = left.iter().map(|pid| format!("-{pid}")).collect();
    let list = groups.join(" ");
    failure.help(format!(
        "look at it with `pgrep -a -g {}`, end it with `kill -KILL -- {list}`, and run again",
        list.replace('-', "").replace(' ', ",")
    ))
}

fn broken(path: &Utf8Path, error: &std::io::Error) -> Failure {
    Failure::new(Outcome::Unavailable, format!("failed to lock {path}"))
        .why(error)
        .help("check that the state folder belongs to the user of this run (input `state-dir`)")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<Event>>);
    impl Sink for Heard {
        fn emit(&self, event: Event) {
            self.0.lock().unwrap().push(event);
        }
    }

    fn me(action: &str) -> Holder {
        Holder {
            action: action.into(),
            pid: 7,
            since: "2026-11-23T00:00:00Z".into(),
            run_url: String::new(),
        }
    }

    #[tokio::test]
    async fn the_second_waits_names_the_first_and_gives_up_with_75() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("lock");
        let heard = Heard::default();
        let cancel = CancellationToken::new();
        let patience =
            Patience { wait: Duration::from_millis(300), events: &heard, cancel: &cancel };
        let first = Lock::acquire(&path, &me("deploy"), patience).await.unwrap();
        let error = Lock::acquire(&path, &me("backup"), patience).await.unwrap_err();
        assert_eq!(error.outcome, Outcome::Unavailable);
        assert!(error.what.contains("a deploy that runs since 2026-11-23T00:00:00Z"), "{error}");
        assert!(
            matches!(&heard.0.lock().unwrap()[0], Event::Waiting(text) if text.contains("deploy"))
        );
        drop(first);
        Lock::acquire(&path, &me("backup"), patience).await.unwrap();
    }

    #[test]
    fn what_a_killed_run_has_left_is_named_with_the_way_to_end_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("lock");
        sign(&mut open(&path).unwrap(), &me("deploy")).unwrap();
        let said = |left: &[u32]| busy(&holder(&path, left), left).to_string();
        let left = said(&[12, 345]);
        assert!(left.contains("what a deploy left that ran since 2026-11-23T00:00:00Z"), "{left}");
        assert!(left.contains("`pgrep -a -g 12,345`"), "{left}");
        assert!(left.contains("`kill -KILL -- -12 -345`"), "{left}");
        let runs = said(&[]);
        assert!(runs.contains("a deploy that runs since") && !runs.contains("kill"), "{runs}");
    }

    #[tokio::test]
    async fn a_cancelled_wait_ends_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("lock");
        let heard = Heard::default();
        let cancel = CancellationToken::new();
        let patience = Patience { wait: Duration::from_hours(1), events: &heard, cancel: &cancel };
        let _first = Lock::acquire(&path, &me("deploy"), patience).await.unwrap();
        cancel.cancel();
        let began = Instant::now();
        assert!(Lock::acquire(&path, &me("backup"), patience).await.is_err());
        assert!(began.elapsed() < Duration::from_mins(1));
    }
}
