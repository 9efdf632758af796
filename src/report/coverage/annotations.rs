//! The annotations of the gate, worst first. The caller applies the runner's budget and shows all of them in the summary.

use std::cmp::Reverse;

use crate::domain::coverage::gate::{Assessment, FileRanges, Marked, State, Subject};
use crate::domain::event::{Annotation, Level};
use crate::failure::Place;
use crate::report::coverage::{verdict, words};

/// The annotations: first one for each failed check, then the lines and files behind them, then what is only told.
pub fn annotations(assessment: &Assessment) -> Vec<Annotation> {
    let mut all: Vec<Annotation> = of_checks(assessment, State::Failed);
    all.extend(of_changed(assessment));
    all.extend(of_unmeasured(assessment));
    all.extend(of_indirect(assessment));
    all.extend(of_exclusions(assessment));
    all.extend(of_files(assessment));
    all.extend(of_checks(assessment, State::Warned));
    let scope = verdict::scope(assessment);
    let odd =
        scope.iter().map(String::as_str).chain(assessment.warnings.iter().map(String::as_str));
    all.extend(odd.map(|warning| Annotation {
        level: Level::Warning,
        title: "coverage".to_owned(),
        message: words::sentence(warning),
        place: None,
    }));
    all
}

/// What the checks found, without a place. Files have one of their own.
fn of_checks(assessment: &Assessment, state: State) -> Vec<Annotation> {
    let checks = verdict::of_state(assessment, state)
        .filter(|check| !matches!(check.subject, Subject::File(_)));
    let mut all: Vec<Annotation> = checks
        .map(|check| Annotation {
            level: if state == State::Failed { Level::Error } else { Level::Warning },
            title: format!("coverage: {}", verdict::name(&check.subject)),
            message: verdict::finding(check, assessment),
            place: None,
        })
        .collect();
    if state == State::Failed
        && let Some(first) = all.first_mut()
    {
        let what_to_do = verdict::way_out(assessment).into_iter();
        first.message =
            std::iter::once(first.message.clone()).chain(what_to_do).collect::<Vec<_>>().join("\n");
    }
    all
}

fn of_changed(assessment: &Assessment) -> Vec<Annotation> {
    let Some(patch) = &assessment.patch else { return Vec::new() };
    let ranges = patch
        .files
        .iter()
        .flat_map(|file| file.uncovered.iter().map(|marked| (file.path.as_str(), *marked)));
    let level = level(assessment, &Subject::Patch);
    let words = |marked: Marked| {
        let title = match marked.lines {
            1 => "changed line not covered".to_owned(),
            lines => format!("{} changed lines not covered", words::count(lines.into())),
        };
        (title, format!("{} changed and no test ran {}.", place_of(marked), it(marked)))
    };
    at_lines(ranges, level, words)
}

fn of_indirect(assessment: &Assessment) -> Vec<Annotation> {
    let Some(regression) = &assessment.regression else { return Vec::new() };
    let ranges = regression.indirect.iter().flat_map(|FileRanges { path, ranges }| {
        ranges.iter().map(|marked| (path.as_str(), *marked))
    });
    let words = |marked: Marked| {
        let title = format!("{} lost coverage", words::lines(marked.lines.into()));
        let message = format!(
            "{} not touched by this change, but no test runs {} any more.",
            place_of(marked),
            it(marked)
        );
        (title, message)
    };
    at_lines(ranges, level(assessment, &Subject::Indirect), words)
}

fn of_unmeasured(assessment: &Assessment) -> Vec<Annotation> {
    let files = assessment.patch.as_ref().map_or(&[][..], |patch| &patch.unmeasured);
    let level = level(assessment, &Subject::Unmeasured);
    let all = files.iter().map(|path| Annotation {
        level,
        title: "changed file in no report".to_owned(),
        message: format!(
            "No coverage report mentions {}: measure it, or leave it out with `exclude`.",
            words::name(path)
        ),
        place: Some(Place { file: path.clone(), line: None, column: None }),
    });
    all.collect()
}

fn of_exclusions(assessment: &Assessment) -> Vec<Annotation> {
    let level = level(assessment, &Subject::Exclusions);
    let all = assessment.exclusions.iter().map(|exclusion| Annotation {
        level,
        title: "new way round the coverage gate".to_owned(),
        message: format!("{}: fine if the reviewer agrees.", words::name(&exclusion.what)),
        place: Some(Place {
            file: exclusion.path.clone(),
            line: Some(exclusion.line),
            column: None,
        }),
    });
    all.collect()
}

fn of_files(assessment: &Assessment) -> Vec<Annotation> {
    let short = |state| {
        verdict::of_state(assessment, state).filter_map(move |check| match &check.subject {
            Subject::File(path) => Some((state, path, check)),
            _ => None,
        })
    };
    let all = short(State::Failed).chain(short(State::Warned));
    all.map(|(state, path, check)| Annotation {
        level: if state == State::Failed { Level::Error } else { Level::Warning },
        title: "coverage of this file".to_owned(),
        message: verdict::finding(check, assessment),
        place: Some(Place { file: path.clone(), line: None, column: None }),
    })
    .collect()
}

/// The ranges with the most lines, each with its title and message.
fn at_lines<'a>(
    ranges: impl Iterator<Item = (&'a str, Marked)>,
    level: Level,
    words: impl Fn(Marked) -> (String, String),
) -> Vec<Annotation> {
    let mut all: Vec<(&str, Marked)> = ranges.collect();
    all.sort_by_key(|(path, marked)| (Reverse(marked.lines), *path, marked.range.first));
    let annotations = all.into_iter().map(|(path, marked)| {
        let (title, message) = words(marked);
        let line = Some(marked.range.first);
        Annotation {
            level,
            title,
            message,
            place: Some(Place { file: path.to_owned(), line, column: None }),
        }
    });
    annotations.collect()
}

/// Lines are errors if they make the gate fail.
fn level(assessment: &Assessment, subject: &Subject) -> Level {
    match verdict::check(assessment, subject) {
        Some(check) if check.state == State::Failed => Level::Error,
        _ => Level::Warning,
    }
}

/// `Line 7 is` or `Lines 7-12 are`, and how many of them are meant where not all can run.
fn place_of(marked: Marked) -> String {
    let range = words::range(marked.range);
    if marked.range.first == marked.range.last {
        return format!("Line {range} is");
    }
    if u64::from(marked.lines) > u64::from(marked.range.last) - u64::from(marked.range.first) {
        return format!("Lines {range} are");
    }
    let meant = words::count(marked.lines.into());
    let verb = if marked.lines == 1 { "is" } else { "are" };
    format!("Lines {range} ({meant} of them can run and {verb} meant) are")
}

const fn it(marked: Marked) -> &'static str {
    if marked.lines == 1 { "it" } else { "them" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::gate::Check;
    use crate::domain::coverage::lines::Range;
    use crate::report::annotation::budget;
    use crate::report::coverage::samples::{fail, huge, no_patch, pass};

    /// Level, place and title of each.
    fn told(assessment: &Assessment) -> Vec<String> {
        let one = |annotation: Annotation| {
            let place = annotation.place.map_or_else(String::new, |place| {
                format!(
                    "{}:{} ",
                    place.file,
                    place.line.map_or_else(String::new, |line| line.to_string())
                )
            });
            format!("{:?} {place}{}", annotation.level, annotation.title)
        };
        annotations(assessment).into_iter().map(one).collect()
    }

    #[test]
    fn nothing_to_say_where_all_is_well() {
        assert_eq!(told(&pass()), [""; 0]);
        assert_eq!(told(&no_patch()), [""; 0]);
    }

    #[test]
    fn failed_checks_then_places_largest_first_then_what_is_told_only() {
        assert_eq!(
            told(&fail()),
            [
                "Error coverage: total",
                "Error coverage: changed lines",
                "Error coverage: unmeasured files",
                "Error coverage: regression (adjusted)",
                "Error coverage: indirect losses",
                "Error coverage: group frontend",
                "Error src/shop/order.py:12 3 changed lines not covered",
                "Error src/shop/cart.py:3 2 changed lines not covered",
                "Error src/shop/order.py:7 changed line not covered",
                "Error src/shop/new.py: changed file in no report",
                "Error src/shop/tax.py:20 5 lines lost coverage",
                "Warning src/shop/cart.py:9 new way round the coverage gate",
                "Error src/shop/cart.py: coverage of this file",
                "Warning coverage: regression (total)",
                "Warning coverage: new ways round the gate",
                "Warning coverage",
            ]
        );
        let first = annotations(&fail()).swap_remove(0).message;
        assert!(first.starts_with(
            "Coverage 79.99 % of 80 % needed: 1 more line.\nCover 3 more lines of this"
        ));
    }

    #[test]
    fn places_warn_where_their_check_does_not_fail() {
        let mut one = fail();
        one.checks = vec![Check { state: State::Passed, ..one.checks.swap_remove(1) }];
        let told = told(&one);
        assert!(
            told.contains(&"Warning src/shop/order.py:12 3 changed lines not covered".to_owned())
        );
        assert!(!told.iter().any(|line| line.starts_with("Error")), "{told:?}");
    }

    #[test]
    fn ranges_say_how_many_of_their_lines_are_meant() {
        let marked = |first, last, lines| Marked { range: Range { first, last }, lines };
        for (range, text) in [
            (marked(7, 7, 1), "Line 7 is"),
            (marked(7, 9, 3), "Lines 7-9 are"),
            (marked(7, 9, 2), "Lines 7-9 (2 of them can run and are meant) are"),
            (marked(7, 9, 1), "Lines 7-9 (1 of them can run and is meant) are"),
        ] {
            assert_eq!(place_of(range), text);
        }
    }

    #[test]
    fn however_much_there_is_the_number_of_the_rest_is_right() {
        let all = annotations(&huge(2_000, 20));
        let errors = all.iter().filter(|one| one.level == Level::Error).count();
        let shown = budget(&all);
        assert_eq!(shown.len(), 18);
        assert!(errors > 2_000 && shown[8].title == format!("and {} more", errors - 8));
    }
}
