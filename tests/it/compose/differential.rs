//! What we accept and refuse against the loader of Compose itself: good files, and the same files damaged one line at a
//! time. `scripts/setup tools` brings Compose 2.40.3; without it the test is skipped, in CI it fails.
//!

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use mta_actions::adapters::host::checkout::Checkout;
use mta_actions::domain::compose::rules::{Mode, REFUSED};
use mta_actions::domain::event::Level;
use mta_actions::domain::known::Known;
use mta_actions::domain::validation::addons::Facts;
use mta_actions::domain::validation::project::{Request, check};

const GOOD: [&str; 4] = [
    include_str!("../../../src/domain/compose/rules/good.yaml"),
    include_str!("../../fixtures/compose/every-key.yaml"),
    include_str!("../../fixtures/compose/variables.yaml"),
    include_str!("../../fixtures/compose/include.yaml"),
];

/// What the good files need beside them.
const BESIDE: [(&str, &str); 5] = [
    (".env", "A=1\nE=\nTOK=x\n"),
    ("inc.yaml", "services: {i: {image: x}}\nvolumes: {vi: {}}\n"),
    ("inc2.yaml", "services: {i2: {image: x}}\n"),
    ("base.yaml", "services: {b: {image: y, extends: c}, c: {build: ./x}}\n"),
    ("x.env", "A=1\n"),
];

/// Values that take the place of another one.
const VALUES: [&str; 18] = [
    "5",
    "true",
    "[]",
    "{}",
    "\"x\"",
    "null",
    "$X",
    "\"${Y:-5}\"",
    "5s",
    "-1",
    "1.5",
    "[a, b]",
    "{a: b}",
    "\"5\"",
    "\"true\"",
    "\"\"",
    "~",
    "a b",
];

/// Single keys of a service, good and bad, most of them found by hand where the two once disagreed.
const KEYS: &str = include_str!("../../fixtures/compose/keys.txt");

/// Where we refuse what Compose takes, and stay with it. The reason stands beside each.
const STRICTER: [(&str, &str); 7] = [
    // Compose drops `extends` before it looks for unknown keys: a typing error there is lost without a word.
    ("compose.unknown-key", ".extends`"),
    // Compose turns a mapping into text such as `map[a:b]`.
    ("compose.schema", ".environment."),
    // Below an `environment` that is extended, Compose takes any text for an empty list.
    ("compose.schema", ".environment`"),
    ("compose.merge", "`environment`"),
    // Compose looks at no schema for `include`: what is misspelt there is left out without a word.
    ("compose.unknown-key", " in `include["),
    ("compose.schema", "`include["),
    // `source: ""`: the engine refuses the mount when the container is made.
    ("compose.contradiction", "has no `source`"),
];

/// A generator of numbers that needs no seed from outside: a failure is found again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A file with one line deleted, doubled, renamed, or with another value; what was below it goes with it most often.
fn damaged(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = numbers.below(lines.len());
    let line = lines[at].clone();
    let indent = line.len() - line.trim_start().len();
    let value = VALUES[numbers.below(VALUES.len())];
    match (numbers.below(10), line.split_once(':')) {
        (0, _) => {
            lines.remove(at);
        }
        (1, _) => lines.insert(at, line),
        (2, Some((key, rest))) if !key.trim().is_empty() => lines[at] = format!("{key}x:{rest}"),
        (_, Some((key, _))) => {
            lines[at] = format!("{key}: {value}");
            if numbers.below(5) > 0 {
                let below = lines.iter().skip(at + 1).take_while(|one| {
                    one.trim().is_empty() || one.len() - one.trim_start().len() > indent
                });
                let count = below.count();
                lines.drain(at + 1..=at + count);
            }
        }
        (_, None) if line.trim_start().starts_with("- ") => {
            lines[at] = format!("{}- {value}", " ".repeat(indent));
        }
        _ => {}
    }
    lines.join("\n")
}

/// What we refuse, as `rule message`.
fn ours(folder: &Path) -> Vec<String> {
    let checkout = Checkout::new(camino::Utf8Path::from_path(folder).unwrap()).unwrap();
    let request = Request {
        compose_files: Vec::new(),
        env_file: None,
        env_example: None,
        profiles: Vec::new(),
        required: Vec::new(),
        mode: Mode::Deploy,
        environment: BTreeMap::new(),
        files: BTreeSet::new(),
        odoo: Facts::default(),
    };
    let known = Known::new(move |path| checkout.entry(path), Some(BTreeSet::new()));
    let found = check(&request, &known).findings.into_iter();
    let refused = found.filter(|one| one.level == Level::Error && REFUSED.contains(&one.rule.id));
    refused.map(|one| format!("{} {}", one.rule.id, one.message)).collect()
}

/// What Compose says, if it refuses. An error where it does not come back, as from some circles of aliases, in which it
/// does not hear SIGTERM either.
fn theirs(folder: &Path) -> Result<Option<String>, ()> {
    let output = Command::new("timeout")
        .args(["--signal=KILL", "20", "docker-compose-newest"])
        .args(["--profile", "*", "-p", "shop", "config", "-q"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = output.status.code().filter(|code| *code != 137).ok_or(())?;
    Ok((code != 0).then(|| String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn is_stricter(finding: &str) -> bool {
    STRICTER.iter().any(|(rule, part)| finding.starts_with(rule) && finding.contains(part))
}

/// A sentence where the two disagree.
fn disagreement(text: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, beside) in BESIDE {
        fs_err::write(folder.path().join(name), beside).unwrap();
    }
    fs_err::write(folder.path().join("compose.yaml"), text).unwrap();
    // Without an answer there is nothing to compare with.
    let (ours, theirs) = (ours(folder.path()), theirs(folder.path()).ok()?);
    match (&theirs, ours.is_empty()) {
        (Some(why), true) => Some(format!("Compose refuses and we do not: {why}\n{text}")),
        (None, false) if !ours.iter().all(|one| is_stricter(one)) => {
            Some(format!("we refuse and Compose does not: {ours:?}\n{text}"))
        }
        _ => None,
    }
}

#[test]
fn we_accept_and_refuse_what_compose_does() {
    compare(60);
}

#[test]
#[ignore = "deep: 500 damaged files of each good one"]
fn deep_we_accept_and_refuse_what_compose_does() {
    compare(500);
}

/// Whether there is no Compose to compare with; in CI there has to be one.
pub(super) fn is_absent() -> bool {
    let is_absent = Command::new("docker-compose-newest").arg("version").output().is_err();
    if is_absent {
        assert!(std::env::var("CI").is_err(), "scripts/setup tools brings docker-compose-newest");
        eprintln!("skipped: docker-compose-newest is not on the PATH");
    }
    is_absent
}

/// A sentence for each file on which the two disagree.
pub(super) fn compared(cases: &[String]) -> Vec<String> {
    std::thread::scope(|scope| {
        let halves = cases.chunks(cases.len().div_ceil(2));
        let threads: Vec<_> = halves
            .map(|half| {
                scope.spawn(move || {
                    half.iter().filter_map(|text| disagreement(text)).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// Compares on `count` damaged files of each good one.
fn compare(count: usize) {
    if is_absent() {
        return;
    }
    let mut numbers = Numbers(42);
    let mut cases: Vec<String> = GOOD.iter().map(|text| (*text).to_owned()).collect();
    for text in GOOD {
        cases.extend((0..count).map(|_| damaged(text, &mut numbers)));
    }
    let services = "services:\n  web:\n    image: x\n    KEY\n  web2:\n    image: y\nvolumes: {a: , b: , d: , x: }\nnetworks: {n: }\nsecrets: {x: {file: q}}\n";
    cases.extend(
        KEYS.lines()
            .filter(|line| !line.is_empty())
            .map(|line| services.replace("KEY", &line.replace("\\n", "\n"))),
    );
    let all = compared(&cases);
    assert!(all.is_empty(), "{} of {} cases:\n\n{}", all.len(), cases.len(), all.join("\n---\n"));
}
