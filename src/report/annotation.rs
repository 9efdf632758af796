//! Which annotations are shown, and their words. Pure.
//!
//! The runner shows ten of each kind for a step, and a failing script takes one of the errors for itself.

use std::collections::HashSet;

use crate::domain::event::{Annotation, Level};
use crate::failure::Failure;
use crate::report::markdown::{Table, code, heading, plain};

/// How many annotations of a level are shown.
pub const fn limit(level: Level) -> usize {
    match level {
        Level::Error | Level::Warning => 9,
        Level::Notice => 10,
    }
}

/// The annotations that fit: errors first, then warnings, then notices, in the order given within each. Doubles are
/// left out. Where a level has more than fit, its last one says how many are left for the summary.
pub fn budget(annotations: &[Annotation]) -> Vec<Annotation> {
    let distinct = distinct(annotations);
    [Level::Error, Level::Warning, Level::Notice]
        .into_iter()
        .flat_map(|level| of_level(&distinct, level))
        .collect()
}

/// Whether some are left out by [`budget`].
pub fn overflows(annotations: &[Annotation]) -> bool {
    let distinct = distinct(annotations);
    [Level::Error, Level::Warning, Level::Notice]
        .into_iter()
        .any(|level| distinct.iter().filter(|a| a.level == level).count() > limit(level))
}

/// A section for the summary with every annotation, worst first.
pub fn section(annotations: &[Annotation]) -> String {
    let mut all = distinct(annotations);
    all.sort_by_key(|annotation| annotation.level);
    let mut table = Table::new(&["", "Where", "What"]);
    for annotation in all {
        let what = match (annotation.title.is_empty(), annotation.message.is_empty()) {
            (false, false) => {
                format!("**{}** {}", plain(&annotation.title), plain(&annotation.message))
            }
            _ => plain(&format!("{}{}", annotation.title, annotation.message)),
        };
        table.raw_row(&[word(annotation.level).to_owned(), code(&place(annotation)), what]);
    }
    format!("{}\n{}", heading(3, "All messages"), table.render())
}

/// The annotation of a failure: what happened as the title's continuation, why and what to do as the message.
pub fn of_failure(title: &str, failure: &Failure) -> Annotation {
    Annotation {
        level: Level::Error,
        title: title.to_owned(),
        message: failure.to_string(),
        place: failure.place.clone(),
    }
}

/// The word of a level.
pub const fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    }
}

fn of_level(distinct: &[&Annotation], level: Level) -> Vec<Annotation> {
    let all: Vec<_> = distinct.iter().filter(|a| a.level == level).copied().cloned().collect();
    let limit = limit(level);
    if all.len() <= limit {
        return all;
    }
    let left = all.len() - (limit - 1);
    let mut shown = all[..limit - 1].to_vec();
    shown.push(Annotation {
        level,
        title: format!("and {left} more"),
        message: format!("{left} more {}s are in the step summary", word(level)),
        place: None,
    });
    shown
}

fn distinct(annotations: &[Annotation]) -> Vec<&Annotation> {
    let mut seen = HashSet::new();
    annotations.iter().filter(|annotation| seen.insert(*annotation)).collect()
}

fn place(annotation: &Annotation) -> String {
    let Some(place) = &annotation.place else { return String::new() };
    match place.line {
        Some(line) => format!("{}:{line}", place.file),
        None => place.file.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Outcome, Place};

    fn some(level: Level, count: usize) -> Vec<Annotation> {
        let one = |number| Annotation {
            level,
            title: format!("{} {number}", word(level)),
            message: String::new(),
            place: None,
        };
        (0..count).map(one).collect()
    }

    fn titles(annotations: &[Annotation]) -> Vec<String> {
        budget(annotations).into_iter().map(|annotation| annotation.title).collect()
    }

    #[test]
    fn worst_first_and_in_order() {
        let all = [some(Level::Notice, 1), some(Level::Error, 2), some(Level::Warning, 1)].concat();
        assert_eq!(titles(&all), ["error 0", "error 1", "warning 0", "notice 0"]);
    }

    #[test]
    fn nine_nine_and_ten_and_the_last_says_how_many_more() {
        for (level, limit) in [(Level::Error, 9), (Level::Warning, 9), (Level::Notice, 10)] {
            assert!(!overflows(&some(level, limit)));
            assert_eq!(titles(&some(level, limit)).len(), limit);
            assert!(overflows(&some(level, limit + 1)));
            for more in [3, 600, 7_999] {
                let shown = titles(&some(level, limit + more));
                assert_eq!(shown.len(), limit);
                assert_eq!(shown[limit - 1], format!("and {} more", more + 1));
            }
        }
    }

    #[test]
    fn doubles_count_once() {
        let all = [some(Level::Error, 9), some(Level::Error, 9)].concat();
        assert_eq!(titles(&all).len(), 9);
        assert!(!overflows(&all));
    }

    #[test]
    fn the_section_names_all_of_them_harmlessly() {
        let mut all = some(Level::Warning, 12);
        all[0].place = Some(Place { file: "a|b.yml".to_owned(), line: Some(3), column: None });
        all[0].message = "<img> @octocat".to_owned();
        let section = section(&all);
        assert_eq!(section.matches("| warning |").count(), 12);
        assert!(
            section.contains("`a\\|b.yml:3`") && section.contains("&lt;img&gt; @\u{200d}octocat"),
            "{section}"
        );
    }

    #[test]
    fn a_failure_becomes_an_error_at_its_place() {
        let place = Place { file: "compose.yaml".to_owned(), line: Some(2), column: None };
        let failure = Failure::new(Outcome::BadInput, "compose.yaml does not parse")
            .why("line 2: tab")
            .help("use spaces")
            .at(place.clone());
        let annotation = of_failure("deploy", &failure);
        assert_eq!(annotation.title, "deploy");
        assert_eq!(
            annotation.message,
            "compose.yaml does not parse: line 2: tab\nWhat to do: use spaces"
        );
        assert_eq!(annotation.place, Some(place));
    }
}
