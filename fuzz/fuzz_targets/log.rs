//! Any bytes as the log of a job: read, cut to the step that failed, explained, and known again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::incident::cause::{self, MOST_CHOSEN};
use mta_actions_fuzz::domain::incident::fingerprint::normal;
use mta_actions_fuzz::domain::incident::log::{Beginning, LONGEST_LINE, Step, failing, read};

fuzz_target!(|data: &[u8]| {
    let seconds = |text: &str| text.parse().ok();
    let step =
        Step { started: seconds("2026-11-30T10:00:01Z"), completed: seconds("2026-11-30T10:00:02Z") };
    for beginning in [Beginning::Whole, Beginning::CutOff] {
        let lines = read(data, beginning);
        assert!(lines.len() <= data.len() + 1, "more lines than bytes");
        for step in [Step::default(), step] {
            let Some(found) = cause::find(&lines, failing(&lines, step)) else { continue };
            assert!(found.line.chars().count() <= LONGEST_LINE + 1, "a long line");
            let chosen = found.shown.iter().filter(|line| line.chosen).count();
            assert!((1..=MOST_CHOSEN).contains(&chosen), "{chosen} chosen lines");
            assert!(normal(&found.line).len() <= 3 * found.line.len(), "a normal form that grows");
        }
    }
});
