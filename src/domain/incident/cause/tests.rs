use super::*;
use crate::domain::incident::log::{self, Beginning, Step};

fn cause(log: &str) -> Option<Cause> {
    let lines = log::read(log.as_bytes(), Beginning::Whole);
    let step = log::failing(&lines, Step::default());
    find(&lines, step)
}

fn line(log: &str) -> String {
    cause(log).expect("a cause").line
}

#[test]
fn nothing_explains_nothing() {
    assert_eq!(cause(""), None);
    assert_eq!(cause("##[error]Process completed with exit code 1.\n"), None);
}

#[test]
fn the_last_line_is_better_than_none() {
    let found =
        cause("waiting\nall is well\n##[error]Process completed with exit code 124.\n").unwrap();
    assert_eq!(
        (found.line.as_str(), found.rule, found.exit_code),
        ("all is well", "last-line", Some(124))
    );
}

#[test]
fn a_summary_comes_before_what_only_follows() {
    let log = "E   assert 3 == 4\nFAILED tests/a.py::test_b - assert 3 == 4\nmake: *** [Makefile:2: test] Error 1\n";
    assert_eq!(line(log), "FAILED tests/a.py::test_b - assert 3 == 4");
}

#[test]
fn what_only_follows_is_not_chosen() {
    let log = "src/tax.c:4:12: error: x\n%\nmake: *** [Makefile:2: all] Error 1\n"
        .replace('%', &"-\n".repeat(9));
    let shown = cause(&log).unwrap().shown;
    assert_eq!(shown.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn the_tool_that_spoke_last_decides() {
    let log = "a.py:1:1: E501 line too long\nFAILED tests/a.py::test_b - x\n";
    assert_eq!(line(log), "FAILED tests/a.py::test_b - x");
    let log = "FAILED tests/a.py::test_b - x\na.py:1:1: E501 line too long\n";
    assert_eq!(line(log), "a.py:1:1: E501 line too long");
}

#[test]
fn what_a_script_says_last_is_its_verdict() {
    let log = "a.py:1:1: E501 x\nx.sh: line 3: kubeclt: command not found\n\
        ##[error]Process completed with exit code 127.\n";
    assert_eq!(line(log), "x.sh: line 3: kubeclt: command not found");
    // Not where the script went on.
    let log =
        "x.sh: line 3: kubeclt: command not found\na.py:1:1: E501 line too long\nFound 1 error.\n";
    assert_eq!(line(log), "a.py:1:1: E501 line too long");
}

#[test]
fn an_action_ends_with_its_annotation() {
    let log = "a.py:1:1: E501 in a container, long ago\n##[error]web: this release was taken back, 41 runs again\n";
    assert_eq!(line(log), "web: this release was taken back, 41 runs again");
    // A script goes on after its own, and its last word counts.
    let log = "##[error]the shop has no configuration\nFAILED tests/a.py::test_b - x\n\
        ##[error]Process completed with exit code 1.\n";
    assert_eq!(line(log), "FAILED tests/a.py::test_b - x");
    // One that only says that something failed does not hide what did.
    let log = "curl: (22) The requested URL returned error: 404\n##[error]the smoke test failed with 22\n\
        ##[error]Process completed with exit code 1.\n";
    assert_eq!(line(log), "curl: (22) The requested URL returned error: 404");
}

#[test]
fn what_is_shown_has_an_end() {
    let reasons = [
        "a.py:1:1: E501 long",
        "src/tax.c:4:12: error: x",
        "not ok 2 - adds up",
        "FAILED tests/a.py::test_b - x",
        "would reformat a.py",
        "In a.sh line 2:",
    ];
    let log: String =
        reasons.iter().map(|line| format!("{}{line}\n", "filler\n".repeat(20))).collect();
    let shown = cause(&log).unwrap().shown;
    assert!(shown.len() <= 40, "{}", shown.len());
    assert_eq!(shown.last().unwrap().text, "In a.sh line 2:");
    assert!(shown.iter().filter(|line| line.chosen).count() >= 4);
}

#[test]
fn a_place_below_the_line_is_in_the_headline() {
    let log = "error[E0308]: mismatched types\n --> src/main.rs:3:22\n  |\n";
    assert_eq!(cause(log).unwrap().headline(), "src/main.rs:3: error[E0308]: mismatched types");
    let log = "src/tax.c:4:12: error: 'rate' undeclared\n";
    assert_eq!(cause(log).unwrap().headline(), "src/tax.c:4:12: error: 'rate' undeclared");
}

#[test]
fn five_lines_before_and_three_behind_are_shown() {
    let log: String = (0..20)
        .map(|n| if n == 10 { "error: x\n".to_owned() } else { format!("line {n}\n") })
        .collect();
    let shown = cause(&log).unwrap().shown;
    assert_eq!(
        shown.iter().map(|line| line.number).collect::<Vec<_>>(),
        (6..=14).collect::<Vec<_>>()
    );
    assert_eq!(
        shown.iter().filter(|line| line.chosen).map(|line| line.text.as_str()).collect::<Vec<_>>(),
        ["error: x"]
    );
}

#[test]
fn a_hostile_log_shows_little() {
    let units = [
        "*:1:1: error: ",
        "1",
        "error ",
        "FAILED a::b\n",
        "at x\n",
        "--> a:1\n",
        "Traceback (most recent call last):\n",
    ];
    for unit in units {
        let log = unit.repeat(128 * 1024 / unit.len());
        let found = cause(&log).expect(unit);
        assert!(found.shown.len() <= 60 && found.line.len() <= 4 * log::LONGEST_LINE, "{unit:?}");
    }
}
