//! What a check measured and what it asks for, in the few words of a table's cell.

use crate::domain::coverage::gate::{Check, Metric, Required, Subject};
use crate::domain::coverage::ratio::Ratio;
use crate::report::coverage::{verdict, words};

/// What a check measured, for a table; a dash where it measured nothing.
pub fn measured(check: &Check, metric: Metric) -> String {
    match (check.measured, check.count, check.required) {
        (Some(ratio), _, _) if ratio.total == 0 => {
            format!("n/a ({})", verdict::nothing(&check.subject, metric))
        }
        (Some(ratio), _, required) => {
            format!("{} ({})", shown(ratio, required), words::of(ratio, metric))
        }
        (None, Some(count), _) => counted(&check.subject, count),
        (None, None, _) => "–".to_owned(),
    }
}

/// What a check asks for, for a table.
pub fn required(check: &Check) -> String {
    match check.required {
        None => "–".to_owned(),
        Some(Required::AtLeast(least)) => words::percent(least),
        Some(Required::AtMost(0)) => "none".to_owned(),
        Some(Required::AtMost(most)) => format!("at most {}", words::count(most)),
        Some(Required::NotBelow { base, tolerance }) => {
            let base =
                check.measured.map_or_else(|| base.shown(), |now| words::beside(now, base).1);
            match tolerance.millionths {
                0 => base,
                _ => format!("{base} less {} points", words::points(tolerance)),
            }
        }
    }
}

fn counted(subject: &Subject, count: u64) -> String {
    match subject {
        Subject::Indirect => words::lines(count),
        Subject::Unmeasured | Subject::LostFiles => words::some(count, "file", "files"),
        Subject::Exclusions => words::some(count, "place", "places"),
        _ => words::count(count),
    }
}

fn shown(ratio: Ratio, required: Option<Required>) -> String {
    match required {
        Some(Required::AtLeast(least)) => ratio.shown_against(least),
        Some(Required::NotBelow { base, .. }) => words::beside(ratio, base).0,
        _ => ratio.shown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::gate::State;
    use crate::domain::input::Percent;
    use crate::report::coverage::samples::{EIGHTY, bare, counted, held, percent, share};

    #[test]
    fn what_was_measured_in_few_words() {
        let close = held(
            Subject::RegressionTotal,
            State::Failed,
            Ratio::new(79_996, 100_000),
            Ratio::new(79_999, 100_000),
        );
        let table = [
            (share(Subject::Patch, Ratio::default()), "n/a (no executable lines changed)"),
            (share(Subject::Total, Ratio::new(19_999, 25_000)), "79.99 % (19,999 of 25,000 lines)"),
            (close, "79.996 % (79,996 of 100,000 lines)"),
            (counted(Subject::Unmeasured, State::Failed, 2), "2 files"),
            (counted(Subject::Indirect, State::Failed, 1), "1 line"),
            (counted(Subject::Exclusions, State::Warned, 2), "2 places"),
            (bare(Subject::Baseline, State::Skipped), "–"),
        ];
        for (check, text) in table {
            assert_eq!(measured(&check, Metric::Line), text);
        }
    }

    #[test]
    fn needs_in_few_words() {
        let mut check = counted(Subject::Indirect, State::Passed, 0);
        let base = Ratio::new(79_999, 100_000);
        let not_below = |tolerance| Some(Required::NotBelow { base, tolerance });
        let table = [
            (Some(Required::AtMost(0)), "none"),
            (Some(Required::AtMost(1_000)), "at most 1,000"),
            (Some(Required::AtLeast(EIGHTY)), "80 %"),
            (not_below(percent(0)), "79.99 %"),
            (not_below(Percent { millionths: 500_000 }), "79.99 % less 0.5 points"),
            (None, "–"),
        ];
        for (asked, text) in table {
            check.required = asked;
            assert_eq!(required(&check), text);
        }
    }
}
