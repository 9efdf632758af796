//! How long the binary takes to start: until `--version` is done, and until the first line of a run with a bad input on
//! an environment like a runner's, beside what any program costs.
//!
//! `MTA_DIST_BINARY` names the binary; without it, the one that Cargo built is measured. Figures are judged by their
//! minimum: on a machine that others use too, the median tells about them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints what it saw, and cannot go on without the program that it measures"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 60;

/// The first line of the binary's own output has to be there after this time.
const LIMIT: Duration = Duration::from_millis(5);

/// Where the time of a run ends.
#[derive(Clone, Copy)]
enum Until {
    Exit,
    FirstLine,
}

struct Subject {
    name: &'static str,
    until: Until,
    command: Command,
    times: Vec<Duration>,
}

impl Subject {
    fn new(name: &'static str, until: Until, command: Command) -> Self {
        Self { name, until, command, times: Vec::with_capacity(ROUNDS) }
    }

    fn measure(&mut self) {
        let began = Instant::now();
        let mut child = self.command.spawn().unwrap();
        let took = match self.until {
            Until::Exit => {
                child.wait().unwrap();
                began.elapsed()
            }
            Until::FirstLine => first_line(&mut child, began),
        };
        self.times.push(took);
    }

    fn minimum(&self) -> Duration {
        self.times.iter().min().copied().unwrap()
    }

    fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[times.len() / 2]
    }
}

/// The time to the first line; the rest is read, so that the program can end.
fn first_line(child: &mut Child, began: Instant) -> Duration {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let took = began.elapsed();
    assert!(!line.is_empty(), "the program printed nothing");
    std::io::copy(&mut out, &mut std::io::sink()).unwrap();
    child.wait().unwrap();
    took
}

/// A program in an environment like a runner's: its variables, an input that no action knows, and files to write to.
fn command(program: &Path, args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).env_clear().current_dir(folder);
    for (name, value) in [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "org/shop"),
        ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ("RUNNER_OS", "Linux"),
        ("MTA_INPUTS", r#"{"heath-url": "http://localhost/", "health-retries": "many"}"#),
    ] {
        command.env(name, value);
    }
    for (name, file) in [("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary")] {
        std::fs::write(folder.join(file), "").unwrap();
        command.env(name, folder.join(file));
    }
    command
        .env("GITHUB_WORKSPACE", folder)
        .env("HOME", folder)
        .env("MTA", program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn subjects(mta: &Path, folder: &Path) -> Vec<Subject> {
    let script = folder.join("step.sh");
    std::fs::write(&script, "exec \"$MTA\" deploy\n").unwrap();
    let script = script.to_str().unwrap();
    let through_sh = |mut command: Command| {
        command.env("MTA", mta);
        command
    };
    vec![
        Subject::new("`/bin/true`", Until::Exit, command(Path::new("/bin/true"), &[], folder)),
        Subject::new("`mta --version`", Until::Exit, command(mta, &["--version"], folder)),
        Subject::new(
            "`mta deploy`, first line",
            Until::FirstLine,
            command(mta, &["deploy"], folder),
        ),
        Subject::new(
            "`sh -e`, exec of `mta deploy`, first line",
            Until::FirstLine,
            through_sh(command(Path::new("/bin/sh"), &["-e", script], folder)),
        ),
    ]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn print(subjects: &[Subject]) {
    let base = milliseconds(subjects[0].minimum());
    println!("| program | minimum, ms | median, ms | minimum / that of `/bin/true` |");
    println!("| --- | ---: | ---: | ---: |");
    for subject in subjects {
        let (minimum, median) = (milliseconds(subject.minimum()), milliseconds(subject.median()));
        println!("| {} | {minimum:.2} | {median:.2} | {:.1} |", subject.name, minimum / base);
    }
}

fn binary() -> PathBuf {
    let named = std::env::var_os("MTA_DIST_BINARY");
    let path = named.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_mta")), PathBuf::from);
    std::fs::canonicalize(path).unwrap()
}

fn main() {
    let mta = binary();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-start");
    std::fs::create_dir_all(&folder).unwrap();
    let mut subjects = subjects(&mta, &folder);
    for _ in 0..ROUNDS {
        subjects.iter_mut().for_each(Subject::measure);
    }
    let kibibytes = std::fs::metadata(&mta).unwrap().len() / 1024;
    println!("{ROUNDS} alternating rounds; the binary has {kibibytes} KiB.\n");
    print(&subjects);
    let first_line = subjects[2].minimum();
    assert!(first_line <= LIMIT, "first line after {first_line:?}; the limit is {LIMIT:?}");
}
