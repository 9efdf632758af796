//! Which annotations are shown, and their words. Pure.
//!
//! The runner shows ten of each kind for a step, and a failing script takes one of the errors for itself.

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
    let mut seen: Vec<&Annotation> = Vec::new();
    for annotation in annotations {
        if !seen.contains(&annotation) {
            seen.push(annotation);
        }
    }
    seen
}

fn place(annotation: &Annotation) -> String {
    let Some(place) = &annotation.place else { return String::new() };
    match place.line {
        Some(line) => format!("{}:{line}", place.file),
        None => place.file.clone(),
    }
}
