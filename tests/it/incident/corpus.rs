//! How often the line that explains a failure is found in the logs of `tests/fixtures/failures`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mta_actions::domain::incident::cause::{self, Cause};
use mta_actions::domain::incident::log::{self, Beginning, Step};

/// What `NAME.right` says of `NAME.log`; its README describes the form.
#[derive(Debug, Default)]
struct Expected {
    by_hand: bool,
    set: String,
    step: Step,
    exit: Option<i32>,
    right: Vec<String>,
    names: Option<String>,
}

impl Expected {
    fn read(text: &str) -> Self {
        let mut expected = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("no key: {line}"));
            match key {
                "written" => expected.by_hand = value == "by hand",
                "set" => value.clone_into(&mut expected.set),
                "tool" => {}
                "step" => {
                    let (started, completed) = value.split_once(' ').unwrap();
                    expected.step =
                        Step { started: started.parse().ok(), completed: completed.parse().ok() };
                    assert!(
                        expected.step.started.is_some() && expected.step.completed.is_some(),
                        "{line}"
                    );
                }
                "exit" => expected.exit = Some(value.parse().unwrap()),
                "right" => expected.right.push(value.to_owned()),
                "names" => expected.names = Some(value.to_owned()),
                other => panic!("unknown key {other}"),
            }
        }
        expected
    }
}

/// How a log went.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    shown: bool,
    first: bool,
    named: Option<bool>,
}

fn judge(expected: &Expected, found: Option<&Cause>) -> Verdict {
    let right = |line: &str| expected.right.iter().any(|right| right.trim() == line.trim());
    let names = |name: &String| found.is_some_and(|cause| cause.headline().contains(name.as_str()));
    Verdict {
        shown: found.is_some_and(|cause| cause.shown.iter().any(|line| right(&line.text))),
        first: found.is_some_and(|cause| {
            right(&cause.line)
                || cause
                    .shown
                    .iter()
                    .any(|shown| shown.text.trim().ends_with(&cause.line) && right(&shown.text))
        }),
        named: expected.names.as_ref().map(names),
    }
}

fn corpus() -> BTreeMap<PathBuf, (Expected, Option<Cause>)> {
    let folder = std::env::var_os("MTA_FAILURE_LOGS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/failures"),
        PathBuf::from,
    );
    let files = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .map(|path| {
            let expected =
                Expected::read(&fs_err::read_to_string(path.with_extension("right")).unwrap());
            let lines = log::read(&fs_err::read(&path).unwrap(), Beginning::Whole);
            let found = cause::find(&lines, log::failing(&lines, expected.step));
            (path, (expected, found))
        })
        .collect()
}

/// Shown, first, named; of how many.
#[derive(Default)]
struct Rate {
    all: usize,
    shown: usize,
    first: usize,
    names: usize,
    named: usize,
}

impl Rate {
    fn add(&mut self, verdict: &Verdict) {
        self.all += 1;
        self.shown += usize::from(verdict.shown);
        self.first += usize::from(verdict.first);
        self.names += usize::from(verdict.named.is_some());
        self.named += usize::from(verdict.named == Some(true));
    }

    fn holds(&self, percent_shown: usize, percent_first: usize) -> bool {
        self.shown * 100 >= self.all * percent_shown && self.first * 100 >= self.all * percent_first
    }
}

#[test]
fn the_line_that_explains_a_failure_is_found() {
    let mut rates: BTreeMap<String, Rate> = BTreeMap::new();
    let mut real = Rate::default();
    let mut wrong_exits = Vec::new();
    for (path, (expected, found)) in corpus() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let verdict = judge(&expected, found.as_ref());
        let kind =
            if expected.by_hand { "by hand".to_owned() } else { format!("real, {}", expected.set) };
        rates.entry(kind.clone()).or_default().add(&verdict);
        if !expected.by_hand {
            real.add(&verdict);
        }
        if found.as_ref().and_then(|cause| cause.exit_code) != expected.exit {
            wrong_exits.push(name.clone());
        }
        if !verdict.shown || !verdict.first || verdict.named == Some(false) {
            let (line, rule) =
                found.map_or((String::new(), ""), |cause| (cause.headline(), cause.rule));
            println!(
                "{name} ({kind}): {verdict:?}\n    {rule}: {line}\n    right: {:?}",
                expected.right
            );
        }
    }
    for (kind, Rate { all, shown, first, names, named }) in &rates {
        println!("{kind}: {all} logs, shown {shown}, first {first}, named {named} of {names}");
    }
    assert_eq!(wrong_exits, [""; 0], "another exit code");
    assert!(real.holds(90, 75), "real: {} of {} shown, {} first", real.shown, real.all, real.first);
    for (kind, rate) in rates.iter().filter(|(kind, _)| *kind == "by hand") {
        assert!(rate.holds(90, 75), "{kind}: {} shown, {} first", rate.shown, rate.first);
    }
    assert!(rates.values().any(|rate| rate.all > 0), "no log was read");
    assert!(real.named * 10 >= real.names * 8, "{} of {} name their place", real.named, real.names);
}
