//! Why a job failed, ready to be told: what its log says, with what looks like a secret hidden.

use crate::domain::incident::cause;
use crate::domain::incident::fingerprint::{self, Failure};
use crate::domain::incident::jobs::{Job, Stage};
use crate::domain::incident::log::{self, Beginning, Step};
use crate::domain::incident::run::Run;
use crate::domain::redact::{HIDDEN, key_lines};
use crate::domain::shown::cut;

/// The longest line of an excerpt, in characters.
const LONGEST: usize = 300;

/// Lines of an excerpt.
const LINES: usize = 40;

/// What stands before a line of an excerpt that explains something.
pub const CHOSEN: &str = "> ";

/// Why a job failed. All of its text is foreign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The stage.
    pub stage: String,
    /// Number of the job.
    pub job: u64,
    /// The line that explains most, with the file, test or container where that is known.
    pub headline: String,
    /// With which code the step's process ended, if the runner says so.
    pub exit_code: Option<i32>,
    /// The lines that explain it and those around them; `…` where some are left out.
    pub excerpt: Vec<String>,
    /// By what it is known again.
    pub fingerprint: String,
}

/// Reads a job's log. `hide` takes secrets out of a text; it is given several lines at once. `None` where the step that
/// failed wrote nothing.
pub fn of(
    run: &Run,
    (stage, leg): (&Stage, &Job),
    (bytes, beginning): (&[u8], Beginning),
    hide: impl Fn(&str) -> Vec<String>,
) -> Option<Reason> {
    let mut lines = log::read(bytes, beginning);
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    // Before anything is chosen: a piece of a key looks like none.
    let hidden = key_lines(&texts);
    for (line, is_key) in lines.iter_mut().zip(hidden) {
        if is_key {
            HIDDEN.clone_into(&mut line.text);
        }
    }
    let failed = leg.failed_step();
    let step = failed.map(|step| Step { started: step.started, completed: step.completed });
    let found = cause::find(&lines, log::failing(&lines, step.unwrap_or_default()))?;
    let fingerprint = fingerprint::of(&Failure {
        workflow: &run.path,
        job: &leg.name,
        step: failed.map_or("", |step| step.name.as_str()),
        line: &found.line,
    });
    let mut shown: Vec<String> = Vec::new();
    let mut before = None;
    for line in found.shown.iter().take(LINES) {
        if before.is_some_and(|before| line.number > before + 1) {
            shown.push("…".to_owned());
        }
        before = Some(line.number);
        let sign = if line.chosen { CHOSEN } else { "  " };
        shown.push(format!("{sign}{}", line.text));
    }
    Some(Reason {
        stage: stage.name.clone(),
        job: leg.id,
        // Hidden before it is cut: a part of a secret looks like none.
        headline: cut(&hide(&found.headline()).join(" "), LONGEST),
        exit_code: found.exit_code,
        excerpt: hide(&shown.join("\n")).iter().map(|line| cut(line, LONGEST)).collect(),
        fingerprint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::jobs::Standing;

    const LOG: &str = "\u{feff}2026-11-30T10:00:00.0000000Z ##[group]Run pytest\n\
        2026-11-30T10:00:00.1000000Z pytest\n\
        2026-11-30T10:00:00.2000000Z ##[endgroup]\n\
        2026-11-30T10:00:01.0000000Z collected 2 items\n\
        2026-11-30T10:00:02.0000000Z FAILED tests/test_cart.py::test_total - assert 3 == 4\n\
        2026-11-30T10:00:02.5000000Z ##[error]Process completed with exit code 1.\n";

    fn reason(log: &str) -> Option<Reason> {
        let leg = Job {
            id: 9,
            name: "test (3.12)".into(),
            verdict: crate::domain::incident::jobs::Verdict::Failed,
            started: None,
            completed: None,
            steps: Vec::new(),
        };
        let stage = Stage::new("test", Standing::Failed);
        let hide = |text: &str| text.replace("items", "***").lines().map(str::to_owned).collect();
        of(&Run::default(), (&stage, &leg), (log.as_bytes(), Beginning::Whole), hide)
    }

    #[test]
    fn the_line_that_explains_it_is_marked_and_secrets_are_hidden() {
        let found = reason(LOG).unwrap();
        assert_eq!(found.headline, "FAILED tests/test_cart.py::test_total - assert 3 == 4");
        assert_eq!((found.exit_code, found.stage.as_str(), found.job), (Some(1), "test", 9));
        assert_eq!(
            found.excerpt,
            [
                "  collected 2 ***",
                "> FAILED tests/test_cart.py::test_total - assert 3 == 4",
                "  Process completed with exit code 1."
            ]
        );
        assert_eq!(reason(""), None);
    }

    #[test]
    fn no_piece_of_a_key_is_shown_though_its_head_and_end_are_far_away() {
        let line = "kX9vQ2mN7pL4wR8tZ1cF6hJ3yB5sD0gA".repeat(2);
        let mark = "-".repeat(5);
        let line_of = |text: &str| format!("2026-11-30T10:00:02.1000000Z {text}\n");
        let mut key = line_of(&format!("{mark}BEGIN PRIVATE KEY{mark}"));
        (0..20).for_each(|_| key.push_str(&line_of(&line)));
        let end = line_of(&format!("{mark}END PRIVATE KEY{mark}"));
        let failed = LOG.find("2026-11-30T10:00:02.5").unwrap();
        // The line that explains it stands in the middle of the key.
        let (_, without_head) = key.split_once('\n').unwrap();
        for key in [format!("{key}{end}"), format!("{without_head}{end}"), key.clone()] {
            let log = format!("{}{key}{}", &LOG[..failed], &LOG[failed..]);
            let found = reason(&log).unwrap();
            assert!(!found.excerpt.join("\n").contains(&line), "{found:?}");
            assert!(!found.headline.contains(&line), "{found:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_after_what_is_secret_in_it_was_hidden() {
        let long = reason(&LOG.replace("3 == 4", &"é".repeat(5000))).unwrap();
        assert!(long.excerpt[1].chars().count() <= LONGEST + 1, "{}", long.excerpt[1]);
        // The word that is hidden lies across the place at which its line is cut.
        for before in LONGEST - 60..LONGEST {
            let line = format!("3 == 4 {} items", "é".repeat(before));
            let found = reason(&LOG.replace("3 == 4", &line)).unwrap();
            assert!(
                !found.excerpt[1].contains("it") && !found.headline.contains("it"),
                "{found:?}"
            );
        }
    }
}
