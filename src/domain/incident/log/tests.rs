use super::*;

/// A job: set-up, a good step, one that fails within a second of it, an `if: always()` step, and the clean-up.
const JOB: &str = "\u{feff}2026-11-30T10:00:00.1000000Z Current runner version: '2.330.0'
2026-11-30T10:00:01.0000000Z ##[group]Run actions/checkout@v4
2026-11-30T10:00:01.0000001Z with:
2026-11-30T10:00:01.0000002Z ##[endgroup]
2026-11-30T10:00:02.1000000Z [command]/usr/bin/git version
2026-11-30T10:00:02.2000000Z error: of the step before
2026-11-30T10:00:02.5000000Z ##[group]Run pytest -q
2026-11-30T10:00:02.5000001Z \u{1b}[36;1mpytest -q\u{1b}[0m
2026-11-30T10:00:02.5000002Z shell: /usr/bin/bash -e {0}
2026-11-30T10:00:02.5000003Z ##[endgroup]
2026-11-30T10:00:03.1000000Z \u{1b}[31mFAILED\u{1b}[0m test_a.py::test_b
2026-11-30T10:00:03.2000000Z ##[error]Process completed with exit code 1.
2026-11-30T10:00:03.3000000Z ##[group]Run upload
2026-11-30T10:00:03.3000001Z ##[endgroup]
2026-11-30T10:00:03.4000000Z error: nothing to upload
2026-11-30T10:00:04.0000000Z Post job cleanup.
";

fn step(started: &str, completed: &str) -> Step {
    Step { started: started.parse().ok(), completed: completed.parse().ok() }
}

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

fn read_whole(text: &str) -> Vec<Line> {
    read(text.as_bytes(), Beginning::Whole)
}

fn failing_texts(text: &str, step: Step) -> Vec<String> {
    let lines = read_whole(text);
    lines[failing(&lines, step)].iter().map(|line| line.text.clone()).collect()
}

const OF_THE_STEP: [&str; 2] = ["FAILED test_a.py::test_b", "Process completed with exit code 1."];

#[test]
fn a_step_is_cut_out_by_its_times_and_marks() {
    let step = step("2026-11-30T10:00:02Z", "2026-11-30T10:00:03Z");
    assert_eq!(failing_texts(JOB, step), OF_THE_STEP);
}

#[test]
fn without_times_the_last_failure_tells_the_step() {
    assert_eq!(failing_texts(JOB, Step::default()), OF_THE_STEP);
    // Times of another run: as if there were none.
    let other = step("2025-01-01T00:00:00Z", "2025-01-01T00:00:09Z");
    assert_eq!(failing_texts(JOB, other), OF_THE_STEP);
}

#[test]
fn an_action_ends_where_the_next_step_begins() {
    let job = JOB.replace("Process completed with exit code 1.", "the upload was refused");
    let of_the_action = ["FAILED test_a.py::test_b", "the upload was refused"];
    let step = step("2026-11-30T10:00:02Z", "2026-11-30T10:00:03Z");
    assert_eq!(failing_texts(&job, step), of_the_action);
    assert_eq!(failing_texts(&job, Step::default()), of_the_action);
}

#[test]
fn behind_the_exit_code_only_the_runner_speaks() {
    let job = "a\n##[error]Process completed with exit code 1.\nJob failed\n";
    assert_eq!(failing_texts(job, Step::default()), ["a", "Process completed with exit code 1."]);
}

#[test]
fn a_composite_action_is_one_step() {
    let job = "2026-11-30T10:00:01.1Z ##[group]Run ./.github/actions/test
2026-11-30T10:00:01.1Z ##[endgroup]
2026-11-30T10:00:01.2Z ##[group]Run make
2026-11-30T10:00:01.2Z ##[endgroup]
2026-11-30T10:00:04.0Z made
2026-11-30T10:00:05.0Z ##[group]Run make check
2026-11-30T10:00:05.0Z ##[endgroup]
2026-11-30T10:00:06.0Z broken
2026-11-30T10:00:06.1Z ##[error]Process completed with exit code 2.
";
    let found = failing_texts(job, step("2026-11-30T10:00:01Z", "2026-11-30T10:00:06Z"));
    assert_eq!(found[0], "made");
    assert_eq!(found.last().unwrap(), "Process completed with exit code 2.");
}

#[test]
fn a_log_without_marks_is_one_step() {
    assert_eq!(failing_texts("a\nb\n", Step::default()), ["a", "b"]);
    assert!(failing_texts("", Step::default()).is_empty());
}

#[test]
fn marks_are_told_apart() {
    let table = [
        ("##[error]broken", Mark::Error, "broken"),
        (
            "##[error]Process completed with exit code 127.",
            Mark::Exit(Some(127)),
            "Process completed with exit code 127.",
        ),
        ("##[warning]careful", Mark::Warning, "careful"),
        ("##[notice]by the way", Mark::Warning, "by the way"),
        ("##[group]Run make", Mark::StepBegins, "Run make"),
        ("##[group]Fetching", Mark::Runner, "Fetching"),
        ("##[debug]x", Mark::Runner, "x"),
        ("##[markdown]x", Mark::Output, "##[markdown]x"),
        ("[command]/usr/bin/git fetch", Mark::Runner, "/usr/bin/git fetch"),
        ("  ::error file=a.py,line=3::broken", Mark::Error, "broken"),
        ("::set-output name=a::b", Mark::Output, "::set-output name=a::b"),
        ("std::error::Error", Mark::Output, "std::error::Error"),
        ("Post job cleanup.", Mark::StepEnds, "Post job cleanup."),
        ("Cleaning up orphan processes", Mark::StepEnds, "Cleaning up orphan processes"),
        ("[CI/test]   | out", Mark::Output, "out"),
        ("[CI/test]   |", Mark::Output, ""),
        ("[CI/test] ⭐ Run Main pytest", Mark::StepBegins, "Run Main pytest"),
        ("[CI/test]   ✅  Success - Main pytest", Mark::StepEnds, "Success - Main pytest"),
        (
            "[CI/test]   ❌  Failure - Main pytest [1s]",
            Mark::Exit(None),
            "Failure - Main pytest [1s]",
        ),
        ("[CI/test]   ❗  ::error file=a.py::broken", Mark::Error, "broken"),
        ("[CI/test] exit status 3", Mark::Exit(Some(3)), "exit status 3"),
        ("[CI/test] exitcode '2': failure", Mark::Exit(Some(2)), "exitcode '2': failure"),
        ("[1/2] Compiling x", Mark::Output, "[1/2] Compiling x"),
        ("[INFO]   | x", Mark::Output, "[INFO]   | x"),
    ];
    for (line, mark, text) in table {
        let lines = read_whole(line);
        assert_eq!((lines[0].mark, lines[0].text.as_str()), (mark, text), "{line}");
    }
}

#[test]
fn time_stamps_are_taken_off() {
    let at = "2026-11-30T10:00:00.1234567Z".parse().ok();
    let table = [
        ("2026-11-30T10:00:00.1234567Z a", at, "a"),
        ("2026-11-30T10:00:00.1234567Z", at, ""),
        ("2026-11-30T10:00:00.1234567Z   indented", at, "  indented"),
        ("test\tRun pytest\t2026-11-30T10:00:00.1234567Z a", at, "a"),
        ("test\tUNKNOWN STEP\t\u{feff}2026-11-30T10:00:00.1234567Z a", at, "a"),
        ("2026-11-30 10:00:00 a", None, "2026-11-30 10:00:00 a"),
        ("2026-99-30T10:00:00.1234567Z a", None, "2026-99-30T10:00:00.1234567Z a"),
        ("a\tb\tc", None, "a\tb\tc"),
    ];
    for (line, at, text) in table {
        let lines = read_whole(line);
        assert_eq!((lines[0].at, lines[0].text.as_str()), (at, text), "{line}");
    }
    let lines = read_whole("2026-11-30T10:00:00.1234567Z ##[error]one\ntwo\n");
    assert_eq!(lines[1].at, at, "the rest of an annotation is as old as its first line");
}

#[test]
fn what_was_written_over_is_gone() {
    let lines = read(b"10%\r50%\r100%\r\ndone\r\r\n\r\n\xff\xfe!\n", Beginning::Whole);
    assert_eq!(texts(&lines), ["100%", "done", "", "\u{fffd}\u{fffd}!"]);
}

#[test]
fn a_cut_off_first_line_is_left_out() {
    assert_eq!(texts(&read(b"alf a line\nwhole\n", Beginning::CutOff)), ["whole"]);
    assert_eq!(texts(&read(b"alf a line\nwhole\n", Beginning::Whole)), ["alf a line", "whole"]);
    assert_eq!(texts(&read(b"one line", Beginning::CutOff)), ["one line"]);
    let long = [b"first\n".as_slice(), &b"x".repeat(TAIL - 5), b"\nlast\n"].concat();
    assert_eq!(texts(&read(&long, Beginning::Whole)), ["last"]);
}

#[test]
fn no_more_of_a_line_is_looked_at_than_a_long_text_needs() {
    let colours = |count| [b"\x1b[m".repeat(count), b"x".to_vec()].concat();
    assert_eq!(texts(&read(&colours(LONGEST_RAW / 4), Beginning::Whole)), ["x"]);
    assert_eq!(texts(&read(&colours(LONGEST_RAW), Beginning::Whole)), [""]);
}

#[test]
fn any_log_is_bounded() {
    const SIZE: usize = 64 * 1024 * 1024;
    let units: [&[u8]; 9] = [
        b"x",
        b"\n",
        b"\r",
        b"\x1b",
        b"\x1b]",
        b"\x1b[1",
        b"\xff",
        b"::error::",
        b"2026-11-30T10:00:00.1234567Z ##[group]Run \n",
    ];
    for unit in units {
        let lines = read(&unit.repeat(SIZE / unit.len()), Beginning::Whole);
        let longest = lines.iter().map(|line| line.text.chars().count()).max().unwrap_or(0);
        let kept: usize = lines.iter().map(|line| line.text.len()).sum();
        assert!(lines.len() <= MOST_LINES, "{} lines of {unit:?}", lines.len());
        assert!(longest <= LONGEST_LINE + 1, "{longest} characters of {unit:?}");
        assert!(kept <= 3 * TAIL, "{kept} bytes of {unit:?}");
        assert!(failing(&lines, Step::default()).end <= lines.len());
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2000)) {
        let lines = read(&bytes, Beginning::CutOff);
        proptest::prop_assert!(lines.len() <= bytes.len() + 1);
        let range = failing(&lines, step("2026-11-30T10:00:02Z", "2026-11-30T10:00:03Z"));
        proptest::prop_assert!(range.start <= range.end && range.end <= lines.len());
        for line in &lines {
            let control = line.text.contains(['\u{1b}', '\n', '\r', '\0']);
            proptest::prop_assert!(!control, "{line:?}");
        }
    }

    #[test]
    fn plain_lines_come_out_as_they_are(texts in proptest::collection::vec("[a-zA-Z0-9 .,/-]{0,60}[a-z]", 1..20)) {
        let log: String = texts.iter().map(|text| format!("2026-11-30T10:00:00.1234567Z {text}\n")).collect();
        let lines = read_whole(&log);
        proptest::prop_assert_eq!(super::tests::texts(&lines), texts);
    }
}
