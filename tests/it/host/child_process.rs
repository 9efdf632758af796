//! What children of ours get, and that none of them outlives us.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use mta_actions::adapters::host::process::{self, ChildEnv, Command, Limits, ProcessError};
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_mins(2);

fn sh(script: &str) -> Command {
    let args = vec!["-c".into(), script.into()];
    Command { program: "sh".into(), args, env: ChildEnv::from_process(), cwd: None }
}

fn limits(cancel: &CancellationToken) -> Limits<'_> {
    Limits { timeout: LONG, cancel }
}

/// Whether a process runs. One that has ended and waits for its parent to ask does not.
fn runs(pid: &str) -> bool {
    let status = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// The process ids in a file, once there are `count` of them.
async fn pids(file: &Path, count: usize) -> Vec<String> {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < Duration::from_mins(1), "{count} ids in {}", file.display());
        let text = fs_err::read_to_string(file).unwrap_or_default();
        let pids: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        if pids.len() >= count && text.ends_with('\n') {
            return pids;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits for the kernel to have ended what was killed.
async fn gone(pids: &[String]) {
    let began = Instant::now();
    while pids.iter().any(|pid| runs(pid)) {
        assert!(began.elapsed() < Duration::from_secs(5), "still running: {pids:?}");
        tokio::task::yield_now().await;
    }
}

fn pid_file(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("pids")
}

#[tokio::test]
async fn a_child_sees_nothing_of_a_hostile_job() {
    let job = [
        ("PATH", std::env::var("PATH").unwrap()),
        ("TAG", "of-the-job".into()),
        ("COMPOSE_FILE", "evil.yaml".into()),
        ("COMPOSE_PROFILES", "debug".into()),
        ("MTA_INPUTS", "{}".into()),
        ("INPUT_ENV", "x".into()),
        ("GITHUB_TOKEN", "t".into()),
        ("ACTIONS_RUNTIME_TOKEN", "t".into()),
        ("LD_PRELOAD", "/none.so".into()),
        ("BASH_ENV", "/none.sh".into()),
    ];
    let env = ChildEnv::from_pairs(job.map(|(name, value)| (name.into(), value.into())));
    let command = Command { env: env.with("TAG", "v2"), ..sh("env") };
    let cancel = CancellationToken::new();
    let exit = process::capture(&command, limits(&cancel)).await.unwrap();
    let own = ["PWD=", "OLDPWD=", "SHLVL=", "_="];
    let mut seen: Vec<_> =
        exit.stdout.lines().filter(|line| !own.iter().any(|own| line.starts_with(own))).collect();
    seen.sort_unstable();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].starts_with("PATH=") && seen[1] == "TAG=v2", "{seen:?}");
}

#[tokio::test]
async fn what_a_child_leaves_behind_is_ended_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = pid_file(&dir);
    let script = format!("sleep 600 >/dev/null 2>&1 & echo $! > {}", file.display());
    let cancel = CancellationToken::new();
    assert_eq!(process::capture(&sh(&script), limits(&cancel)).await.unwrap().code, 0);
    gone(&pids(&file, 1).await).await;
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_does_not_hold_us() {
    let cancel = CancellationToken::new();
    let began = Instant::now();
    let exit = process::capture(&sh("sleep 600 & echo out"), limits(&cancel)).await.unwrap();
    assert_eq!((exit.code, exit.stdout.as_str()), (0, "out\n"));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_dropped_run_ends_the_whole_group() {
    let dir = tempfile::tempdir().unwrap();
    let file = pid_file(&dir);
    let script = format!("sleep 600 & echo $! $$ > {}; wait", file.display());
    let cancel = CancellationToken::new();
    let command = sh(&script);
    let found = tokio::select! {
        ended = process::capture(&command, limits(&cancel)) => panic!("ended: {ended:?}"),
        found = pids(&file, 2) => found,
    };
    gone(&found).await;
}

#[tokio::test]
async fn cancel_reaches_also_those_that_ignore_it_within_seven_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let file = pid_file(&dir);
    let script = format!(
        "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $! $$ > {}; wait",
        file.display()
    );
    let cancel = CancellationToken::new();
    let command = sh(&script);
    let run = process::capture(&command, limits(&cancel));
    tokio::pin!(run);
    let found = tokio::select! {
        ended = &mut run => panic!("ended: {ended:?}"),
        found = pids(&file, 2) => found,
    };
    let began = Instant::now();
    cancel.cancel();
    assert!(matches!(run.await, Err(ProcessError::Cancelled(_))));
    assert!(began.elapsed() < Duration::from_secs(7), "the runner's own SIGTERM comes at 7.5 s");
    gone(&found).await;
}

#[tokio::test]
async fn a_child_that_cleans_up_on_term_may_do_so() {
    let dir = tempfile::tempdir().unwrap();
    let (file, done) = (pid_file(&dir), dir.path().join("done"));
    let script = format!(
        "trap 'echo x > {}; exit 0' TERM; echo $$ > {}; while :; do sleep 0.1; done",
        done.display(),
        file.display()
    );
    let cancel = CancellationToken::new();
    let command = sh(&script);
    let run = process::capture(&command, limits(&cancel));
    tokio::pin!(run);
    tokio::select! {
        ended = &mut run => panic!("ended: {ended:?}"),
        _ = pids(&file, 1) => cancel.cancel(),
    }
    assert!(matches!(run.await, Err(ProcessError::Cancelled(_))));
    assert!(done.exists(), "it had no time to clean up");
}

#[tokio::test]
async fn a_hundred_megabytes_pass_without_being_kept() {
    let cancel = CancellationToken::new();
    let script =
        "head -c 50000000 /dev/zero | tr '\\0' x; yes 0123456789abcdef | head -c 50000000 >&2";
    let mut bytes = 0_usize;
    let mut longest = 0;
    let mut count = |line: &str| {
        bytes += line.len();
        longest = longest.max(line.len());
    };
    let exit = process::relay(&sh(script), limits(&cancel), None, &mut count).await.unwrap();
    assert_eq!(exit.code, 0);
    // 50 MB in one line; and lines of 16 characters, whose ends are not handed on.
    assert_eq!(bytes, 50_000_000 + 50_000_000 / 17 * 16 + 50_000_000 % 17);
    assert!(longest <= 64 * 1024 && exit.tail.len() <= 8 * 1024, "{longest}");
}

#[tokio::test]
async fn an_output_that_cannot_be_kept_is_an_error() {
    let cancel = CancellationToken::new();
    let command = sh("head -c 40000000 /dev/zero");
    let error = process::capture(&command, limits(&cancel)).await.unwrap_err();
    assert!(matches!(error, ProcessError::TooMuch { .. }), "{error}");
}

#[tokio::test]
async fn a_missing_program_and_a_missing_folder_are_told_apart() {
    let cancel = CancellationToken::new();
    let docker = Command {
        program: "docker".into(),
        env: ChildEnv::default().with("PATH", "/none"),
        ..sh("")
    };
    let error = process::capture(&docker, limits(&cancel)).await.unwrap_err().to_string();
    assert!(error.starts_with("`docker` was not found on the PATH: install"), "{error}");
    let command = Command { cwd: Some(Utf8PathBuf::from("/no/such/folder")), ..sh("true") };
    let error = process::capture(&command, limits(&cancel)).await.unwrap_err().to_string();
    assert!(error.contains("no folder /no/such/folder"), "{error}");
}
