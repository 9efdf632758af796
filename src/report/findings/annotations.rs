//! Findings on the run's page and at the lines of the change. The caller applies the runner's budget.

use crate::domain::event::Annotation;
use crate::domain::finding::Finding;
use crate::failure::Place;

/// One annotation for each finding, in the order given; those that `is_changed` says are in the change come first
/// within their level.
pub fn annotations(findings: &[Finding], is_changed: &dyn Fn(&Finding) -> bool) -> Vec<Annotation> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| (finding.level, !is_changed(finding)));
    sorted.into_iter().map(annotation).collect()
}

fn annotation(finding: &Finding) -> Annotation {
    let point = finding.span.start;
    let message = if finding.hint.is_empty() {
        finding.message.clone()
    } else {
        format!("{}\nWhat to do: {}", finding.message, finding.hint)
    };
    let some = |number: u32| (number > 0).then_some(number);
    let place = Place {
        file: finding.span.file.to_string(),
        line: some(point.line),
        column: some(point.column),
    };
    let is_of_checkout = !finding.span.file.starts_with('/') && !finding.span.file.is_empty();
    Annotation {
        level: finding.level,
        title: finding.rule.id.to_owned(),
        message,
        place: is_of_checkout.then_some(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Level;
    use crate::domain::finding::Span;
    use crate::report::findings::shown::tests::{RULE, sample};

    #[test]
    fn each_finding_has_one_and_those_of_the_change_come_first() {
        let (mut findings, _) = sample();
        findings.push(Finding::new(&RULE, Span::line("new.yml", 7), "in the change"));
        let told = annotations(&findings, &|one| one.span.file.as_ref() == "new.yml");
        let places: Vec<_> = told
            .iter()
            .map(|one| one.place.as_ref().map(|place| (place.file.as_str(), place.line)).unwrap())
            .collect();
        assert_eq!(
            places,
            [("new.yml", Some(7)), ("c.yml", Some(3)), (".env", Some(1)), ("gone", None)]
        );
        assert_eq!(told[1].message, "a | secret\n::error::x\nWhat to do: `hide` it");
        assert_eq!((told[0].level, told[0].title.as_str()), (Level::Error, "a.rule"));
    }
}
