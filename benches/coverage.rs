//! How fast coverage reports are read: LCOV and Cobertura, beside what any program must do to look at the same bytes
//! (a scan for the ends of lines, a check that it is UTF-8), and beside the tools that people use.
//!
//! The inputs are made here, with a fixed seed. Each round runs every reader once on the bytes in memory, one after the
//! other; figures are CPU time of this process, judged by the minimum, because others use the machine too. Other tools
//! run as whole processes, once, by wall time: those on `PATH`, and those in the virtual environment that
//! `MTA_BENCH_VENV` names. With `MTA_DIST_BINARY`, and a binary that has `coverage-gate`, the whole gate is measured
//! in a scratch repository.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints what it saw, and cannot go on without the programs that it measures"
)]

use std::hint::black_box;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mta_actions::domain::coverage::formats;
use mta_actions::domain::coverage::report::Detail;

/// The buffer that the gate reads with.
const BUFFER: usize = 64 * 1024;

/// An input: its file, its size, how often it is read, and what is demanded of the reader.
struct Case {
    file: &'static str,
    make: fn(usize) -> String,
    megabytes: usize,
    rounds: usize,
    /// At least so many megabytes a second.
    rate: f64,
    /// At most so many times what the scan takes.
    scans: f64,
}

const CASES: [Case; 4] = [
    Case { file: "mid.info", make: lcov, megabytes: 20, rounds: 40, rate: 600.0, scans: 12.0 },
    Case { file: "big.info", make: lcov, megabytes: 200, rounds: 5, rate: 600.0, scans: 12.0 },
    Case { file: "mid.xml", make: cobertura, megabytes: 20, rounds: 40, rate: 300.0, scans: 25.0 },
    Case { file: "big.xml", make: cobertura, megabytes: 100, rounds: 8, rate: 300.0, scans: 25.0 },
];

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// 800 `DA` a file, 22 of 100 not hit, and a `BRDA` for each fourth of them.
fn lcov(bytes: usize) -> String {
    let mut dice = Dice(7);
    let mut text = String::with_capacity(bytes + 20_000);
    for file in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&format!("TN:\nSF:/src/pkg{}/module_{file}.c\n", file % 40));
        let (mut line, mut hit) = (1, 0);
        for n in 0..800 {
            line += 1 + dice.below(3);
            let count = [1, 2, 7, 13, 120, 4567, 100_000][usize::try_from(dice.below(7)).unwrap()];
            let count = if dice.below(100) < 22 { 0 } else { count };
            hit += u32::from(count > 0);
            text.push_str(&format!("DA:{line},{count}\n"));
            if n % 4 == 0 {
                let taken = ["-", "0", "1", "5"][usize::try_from(dice.below(4)).unwrap()];
                text.push_str(&format!("BRDA:{line},0,{},{taken}\n", n / 4 % 2));
            }
        }
        text.push_str(&format!("LF:800\nLH:{hit}\nend_of_record\n"));
    }
    text
}

/// As coverage.py writes it: 400 lines a class, 40 of 100 not hit, each eighth with branches.
fn cobertura(bytes: usize) -> String {
    let mut dice = Dice(7);
    let mut text = String::with_capacity(bytes + 40_000);
    text.push_str("<?xml version=\"1.0\" ?>\n<coverage version=\"7.4\" timestamp=\"1\" line-rate=\"0.6\">\n\t<sources>\n");
    text.push_str("\t\t<source>/src</source>\n\t</sources>\n\t<packages>\n\t\t<package name=\"p\">\n\t\t\t<classes>\n");
    for file in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&format!(
            "\t\t\t\t<class name=\"m{file}.py\" filename=\"pkg/m{file}.py\" line-rate=\"0.6\">\n\t\t\t\t\t<methods/>\n\t\t\t\t\t<lines>\n"
        ));
        let mut line = 1;
        for n in 0..400 {
            line += 1 + dice.below(3);
            let hits = u32::from(dice.below(100) >= 40);
            let branches = if n % 8 == 0 {
                format!(
                    " branch=\"true\" condition-coverage=\"50% (1/2)\" missing-branches=\"{}\"",
                    line + 2
                )
            } else {
                String::new()
            };
            text.push_str(&format!(
                "\t\t\t\t\t\t<line number=\"{line}\" hits=\"{hits}\"{branches}/>\n"
            ));
        }
        text.push_str("\t\t\t\t\t</lines>\n\t\t\t\t</class>\n");
    }
    text.push_str("\t\t\t</classes>\n\t\t</package>\n\t</packages>\n</coverage>\n");
    text
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// CPU time of all processes so far that this one started and that ended, in the resolution of the kernel's clock.
fn cpu_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // The 16th and 17th field of the line are user and system time, in hundredths of a second.
    let ticks: u64 = fields[13..15].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn keep_least(least: &mut Duration, run: impl FnOnce()) {
    let began = cpu();
    run();
    *least = (*least).min(cpu().saturating_sub(began));
}

fn measure(case: &Case, bytes: &[u8]) {
    let mut least = [Duration::MAX; 3];
    for _ in 0..case.rounds {
        keep_least(&mut least[0], || {
            black_box(memchr::memchr_iter(b'\n', black_box(bytes)).count());
        });
        keep_least(&mut least[1], || {
            black_box(std::str::from_utf8(black_box(bytes)).is_ok());
        });
        keep_least(&mut least[2], || {
            let mut input = BufReader::with_capacity(BUFFER, bytes);
            black_box(formats::read(&mut input, Detail::default()).unwrap());
        });
    }
    let rate = |time: Duration| bytes.len() as f64 / 1e6 / time.as_secs_f64();
    let scans = least[2].as_secs_f64() / least[0].as_secs_f64();
    let passed = rate(least[2]) >= case.rate && scans <= case.scans;
    println!(
        "| {}, {} MB | {:.0} | {:.0} | **{:.0}** | 1/{scans:.1} | {:.0} MB/s and 1/{:.0}: {} |",
        case.file,
        case.megabytes,
        rate(least[0]),
        rate(least[1]),
        rate(least[2]),
        case.rate,
        case.scans,
        if passed { "PASS" } else { "miss" }
    );
}

/// A tool on `PATH` or in the virtual environment; `None` where it is not.
fn tool(name: &str) -> Option<PathBuf> {
    let venv = std::env::var_os("MTA_BENCH_VENV").map(|venv| PathBuf::from(venv).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = venv.into_iter().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn wall(command: &mut Command) -> (Duration, bool) {
    let began = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    (began.elapsed(), status.success())
}

fn peers(folder: &Path, repository: &Path) {
    for (name, args, file) in [
        ("lcov", &["--summary"][..], "mid.info"),
        ("diff-cover", &["--compare-branch=HEAD~1"], "mid.info"),
        ("diff-cover", &["--compare-branch=HEAD~1"], "mid.xml"),
        ("pycobertura", &["show"], "mid.xml"),
    ] {
        let Some(program) = tool(name) else {
            println!("| `{name}` on {file} | not here | |");
            continue;
        };
        let file_path = folder.join(file);
        let mut command = Command::new(program);
        let (took, passed) = wall(command.args(args).arg(&file_path).current_dir(repository));
        let bytes = std::fs::metadata(&file_path).unwrap().len() as f64;
        let rate = bytes / 1e6 / took.as_secs_f64();
        let note = if passed { "" } else { " (it failed)" };
        println!("| `{name}` on {file}{note} | {:.2} | {rate:.1} |", took.as_secs_f64());
    }
}

/// The files that a report names, in a repository with two commits, the second of which changes one of them.
fn repository(folder: &Path, name: &str, report: &str) -> PathBuf {
    let root = folder.join(name);
    let files: Vec<&str> = report
        .lines()
        .filter_map(|line| {
            let class = line.split_once("filename=\"").and_then(|(_, rest)| rest.split_once('"'));
            class.map(|(name, _)| name).or_else(|| line.strip_prefix("SF:/src/"))
        })
        .collect();
    // As many lines as the longest of them has at most.
    let text = "x = 1\n".repeat(2_500);
    for file in &files {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &text).unwrap();
    }
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
        let (_, passed) = wall(Command::new("git").args(identity).args(args).current_dir(&root));
        assert!(passed, "git {args:?}");
    };
    git(&["init", "--quiet"]);
    for changed in [&text, &text.replacen("x = 1\nx", "x = 2\nx", 40)] {
        std::fs::write(root.join(files[1]), changed).unwrap();
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", "bench"]);
    }
    root
}

/// The whole gate, by the minimum of ten runs.
fn gate(folder: &Path, repositories: &[(&str, PathBuf)]) {
    let Some(mta) = std::env::var_os("MTA_DIST_BINARY") else { return };
    let mta = std::fs::canonicalize(mta).unwrap();
    if !wall(Command::new(&mta).args(["coverage-gate", "--help"])).1 {
        println!("\nThis binary has no `coverage-gate`.");
        return;
    }
    println!("\n| whole gate on | wall, ms | CPU, ms |\n| --- | ---: | ---: |");
    for (file, repository) in repositories {
        let report = folder.join(file);
        // A report older than the change is refused.
        let handle = std::fs::File::options().write(true).open(&report).unwrap();
        handle.set_modified(std::time::SystemTime::now()).unwrap();
        let run = || {
            let mut command = Command::new(&mta);
            command.args(["coverage-gate", "--base", "HEAD~1", "--no-regression", "false"]);
            wall(command.arg("--reports").arg(&report).current_dir(repository)).0
        };
        let mut least = [Duration::MAX; 2];
        for _ in 0..10 {
            let before = cpu_of_children();
            least[0] = least[0].min(run());
            least[1] = least[1].min(cpu_of_children().saturating_sub(before));
        }
        let [wall, cpu] = least.map(|time| time.as_secs_f64() * 1000.0);
        println!("| {file} | {wall:.1} | {cpu:.1} |");
    }
}

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-coverage");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    println!("CPU time, minimum of alternating rounds, MB/s.\n");
    println!("| input | scan for ends of lines | UTF-8 check | `mta` | of the scan | demanded |");
    println!("| --- | ---: | ---: | ---: | ---: | --- |");
    for case in &CASES {
        let text = (case.make)(case.megabytes * 1_000_000);
        std::fs::write(folder.join(case.file), &text).unwrap();
        measure(case, text.as_bytes());
    }
    let small = cobertura(2_000_000);
    std::fs::write(folder.join("small.xml"), &small).unwrap();
    let repositories = [
        ("small.xml", repository(&folder, "small", &small)),
        ("big.info", repository(&folder, "big", &lcov(200_000_000))),
    ];
    println!("\n| other tools, whole process | s | MB/s |\n| --- | ---: | ---: |");
    peers(&folder, &repositories[0].1);
    gate(&folder, &repositories);
}
