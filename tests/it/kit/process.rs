//! Processes as the kernel shows them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Whether a process runs. One that has ended and waits for its parent to ask does not.
pub fn runs(pid: u32) -> bool {
    state(pid).is_some_and(|(state, _)| !state.starts_with(['Z', 'X']))
}

/// State and parent: fields 3 and 4 of `stat`, see proc(5).
fn state(pid: u32) -> Option<(String, u32)> {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(") ")?;
    let mut fields = behind.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// Every process of this machine.
pub fn all() -> Vec<u32> {
    let entries = fs_err::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// What a process has started, and what that has started.
pub fn descendants(of: u32) -> Vec<u32> {
    let known: Vec<_> = all().into_iter().filter_map(|pid| Some((pid, state(pid)?.1))).collect();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(known.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// The arguments of a process in one line.
pub fn arguments(pid: u32) -> String {
    let bytes = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// Whether a process has a file open.
pub fn has_open(pid: u32, file: &Path) -> bool {
    let Ok(entries) = fs_err::read_dir(format!("/proc/{pid}/fd")) else { return false };
    entries.flatten().any(|entry| fs_err::read_link(entry.path()).is_ok_and(|path| path == file))
}

/// Waits until none of them runs; fails after five seconds.
pub fn gone(pids: &[u32]) {
    let began = Instant::now();
    while let Some(pid) = pids.iter().find(|pid| runs(**pid)) {
        let late = began.elapsed() > Duration::from_secs(5);
        assert!(!late, "still running: {pid} ({})", arguments(*pid));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The numbers in a file, once there is a line of `count`; fails after a minute.
pub fn numbers(file: &Path, count: usize) -> Vec<u32> {
    let began = Instant::now();
    loop {
        let text = fs_err::read_to_string(file).unwrap_or_default();
        let found: Vec<u32> =
            text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        if found.len() >= count && text.ends_with('\n') {
            return found;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{count} numbers in {}", file.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal to a process, or to a group: `-ID`.
pub fn signal(name: &str, target: &impl ToString) {
    let mut command = Command::new("kill");
    command.args(["-s", name, "--", &target.to_string()]);
    let _gone = command.output().unwrap();
}
