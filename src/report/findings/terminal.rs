//! A finding for the log: what, where, the line with a caret, what to do.
//!
//! On a runner it is written another way. A job may have problem matchers of compilers (`::add-matcher::` of
//! actions/setup-python and others): regular expressions that turn lines of any step's log into annotations, of which a
//! step has ten. What we say at a terminal has the form of rustc, which its matcher takes.

use std::fmt::Write as _;

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Span};
use crate::report::annotation::word;
use crate::report::findings::shown::Files;

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A person: terminals and editors know `file:line:column`.
    Person,
    /// A runner, with whatever problem matchers the job has.
    Runner,
}

/// One finding, several lines.
pub fn finding(finding: &Finding, files: &Files, reader: Reader) -> String {
    let (level, rule) = (word(finding.level), finding.rule.id);
    let message = finding.message.replace('\n', " ");
    let mut text = match reader {
        Reader::Person => {
            format!("{level}[{rule}]: {message}\n  --> {}\n", place(&finding.span))
        }
        Reader::Runner => {
            format!("{level} {rule} in {}\n  {message}\n", place_in_words(&finding.span))
        }
    };
    if let Some(excerpt) = files.excerpt(&finding.span) {
        let number = excerpt.line.to_string();
        let margin = " ".repeat(number.len());
        let caret = format!("{}{}", " ".repeat(excerpt.before), "^".repeat(excerpt.length));
        let _ = writeln!(text, "{number} | {}\n{margin} | {caret}", excerpt.text);
    }
    if !finding.hint.is_empty() {
        let _ = writeln!(text, "  = {}", finding.hint);
    }
    text
}

/// `file:line:column`, as far as it is known.
pub fn place(span: &Span) -> String {
    match (span.start.line, span.start.column) {
        (0, _) => span.file.to_string(),
        (line, 0) => format!("{}:{line}", span.file),
        (line, column) => format!("{}:{line}:{column}", span.file),
    }
}

/// `file, line 3, column 12`, as far as it is known.
fn place_in_words(span: &Span) -> String {
    match (span.start.line, span.start.column) {
        (0, _) => span.file.to_string(),
        (line, 0) => format!("{}, line {line}", span.file),
        (line, column) => format!("{}, line {line}, column {column}", span.file),
    }
}

/// Most places of a rule's notices that are named.
const PLACES: usize = 10;

/// Notices, folded to one of each rule: what it is about, how often, and where.
pub fn notices(findings: &[&Finding], files: &Files, reader: Reader) -> Vec<String> {
    let mut rules: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for one in findings {
        match rules.iter_mut().find(|(id, _)| *id == one.rule.id) {
            Some((_, same)) => same.push(one),
            None => rules.push((one.rule.id, vec![one])),
        }
    }
    let told = rules.iter().map(|(id, same)| match same[..] {
        [one] => finding(one, files, reader),
        _ => folded(id, same, reader),
    });
    told.collect()
}

fn folded(id: &str, same: &[&Finding], reader: Reader) -> String {
    let mut places = String::new();
    let mut last = "";
    for one in same.iter().take(PLACES) {
        let (file, line) = (one.span.file.as_ref(), one.span.start.line);
        let lead = if places.is_empty() { "" } else { ", " };
        let _ = match (file == last, reader) {
            (true, _) => write!(places, ", {line}"),
            (false, _) if line == 0 => write!(places, "{lead}{file}"),
            (false, Reader::Person) => write!(places, "{lead}{file}:{line}"),
            (false, Reader::Runner) => write!(places, "{lead}{file}, line {line}"),
        };
        last = file;
    }
    if same.len() > PLACES {
        let _ = write!(places, " and {} more", same.len() - PLACES);
    }
    let about = same.first().map_or("", |one| one.rule.about);
    let count = same.len();
    match reader {
        Reader::Person => format!("notice[{id}]: {about}, {count} times\n  --> {places}\n"),
        Reader::Runner => format!("notice {id} in {places}\n  {about}, {count} times\n"),
    }
}

/// `2 errors, 1 warning, 0 notices`.
pub fn counts(findings: &[Finding]) -> String {
    let count = |level: Level| {
        let count = findings.iter().filter(|one| one.level == level).count();
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {}{plural}", word(level))
    };
    format!("{}, {}, {}", count(Level::Error), count(Level::Warning), count(Level::Notice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::findings::shown::tests::{RULE, sample};

    #[test]
    fn a_finding_shows_its_line_without_the_secret() {
        let (findings, files) = sample();
        assert_eq!(
            super::finding(&findings[0], &files, Reader::Person),
            "error[a.rule]: a | secret ::error::x\n  --> c.yml:3:12\n3 |     token: ******* * *\n  |            ^^^^^^^\n  = `hide` it\n"
        );
        assert_eq!(
            super::finding(&findings[1], &files, Reader::Person),
            "warning[a.rule]: a key\n  --> .env:1:1\n1 | A=*******\n  | ^\n"
        );
        assert_eq!(
            super::finding(&findings[2], &files, Reader::Person),
            "notice[a.rule]: not there\n  --> gone\n"
        );
        assert_eq!(
            super::finding(&findings[0], &files, Reader::Runner),
            "error a.rule in c.yml, line 3, column 12\n  a | secret ::error::x\n3 |     token: ******* * *\n  |            ^^^^^^^\n  = `hide` it\n"
        );
        assert_eq!(counts(&findings), "1 error, 1 warning, 1 notice");
    }

    #[test]
    fn notices_of_a_rule_are_folded() {
        let at =
            |file, line| Finding::new(&RULE, Span::line(file, line), "m").with_level(Level::Notice);
        let many: Vec<Finding> = (1..=9)
            .map(|line| at("a.yml", line))
            .chain((1..=3).map(|line| at("b.yml", line)))
            .collect();
        let (_, files) = sample();
        let told =
            |all: &[Finding], reader| notices(&all.iter().collect::<Vec<_>>(), &files, reader);
        assert_eq!(
            told(&many, Reader::Person),
            [
                "notice[a.rule]: something, 12 times\n  --> a.yml:1, 2, 3, 4, 5, 6, 7, 8, 9, b.yml:1 and 2 more\n"
            ]
        );
        assert_eq!(
            told(&many[7..10], Reader::Runner),
            ["notice a.rule in a.yml, line 8, 9, b.yml, line 1\n  something, 3 times\n"]
        );
        assert_eq!(told(&many[..1], Reader::Person), ["notice[a.rule]: m\n  --> a.yml:1\n"]);
        assert!(told(&[], Reader::Person).is_empty());
    }
}
