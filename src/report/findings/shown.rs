//! Lines of files as they may be shown: without the secrets that were found in them, and of env files without any value.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::domain::finding::{Finding, Point, Span};
use crate::domain::git_files::is_env;
use crate::domain::known::name;

/// How much of a long line is shown, in characters.
const WIDTH: usize = 140;

/// The files that findings are about, and what may not be shown of them.
#[derive(Debug, Default)]
pub struct Files {
    texts: BTreeMap<String, Text>,
    hidden: BTreeMap<Arc<str>, Hidden>,
}

/// A text and where its lines begin: there may be as many findings as lines.
#[derive(Debug)]
struct Text {
    text: Arc<str>,
    starts: Vec<usize>,
}

impl Text {
    fn new(text: &Arc<str>) -> Self {
        let begins = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        Self { text: Arc::clone(text), starts: std::iter::once(0).chain(begins).collect() }
    }

    /// A line by its number from 1, without its end.
    fn line(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.text.get(*self.starts.get(at)?..)?.lines().next()
    }
}

/// The hidden places of a file, by where they begin.
#[derive(Debug, Default)]
struct Hidden {
    spans: Vec<(Point, Point)>,
    /// How many lines the tallest reaches beyond its first.
    tallest: u32,
}

impl Hidden {
    fn add(&mut self, span: &Span) {
        self.spans.push((span.start, span.end));
        self.tallest = self.tallest.max(span.end.line.saturating_sub(span.start.line));
    }

    /// Those that touch a line.
    fn of_line(&self, number: u32) -> Vec<(Point, Point)> {
        let first = number.saturating_sub(self.tallest);
        let from = self.spans.partition_point(|(start, _)| start.line < first);
        let near = self.spans.iter().skip(from).take_while(|(start, _)| start.line <= number);
        near.filter(|(_, end)| end.line >= number).copied().collect()
    }
}

/// A line with the columns that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The number of the line.
    pub line: u32,
    /// The line, cut to what is meant where it is long.
    pub text: String,
    /// How many characters stand before what is meant.
    pub before: usize,
    /// How many characters are meant; at least one.
    pub length: usize,
}

impl Files {
    /// The texts of files, and all findings, also those that are not reported: what they hide is hidden.
    pub fn new<'a>(
        texts: impl Iterator<Item = (&'a str, &'a Arc<str>)>,
        findings: &[Finding],
    ) -> Self {
        let texts = texts.map(|(path, text)| (path.to_owned(), Text::new(text))).collect();
        let mut files = Self { texts, hidden: BTreeMap::new() };
        for span in findings.iter().flat_map(|finding| &finding.hidden) {
            files.hidden.entry(Arc::clone(&span.file)).or_default().add(span);
        }
        for hidden in files.hidden.values_mut() {
            hidden.spans.sort_by_key(|(start, _)| start.line);
        }
        files
    }

    /// The line that a place begins in; none where a whole file is meant or its text is not known.
    pub fn excerpt(&self, span: &Span) -> Option<Excerpt> {
        let text = self.texts.get(span.file.as_ref())?;
        let number = span.start.line;
        let line = text.line(number)?;
        let line = self.masked(&span.file, number, line);
        let (from, to) = columns(span, line.len());
        let start = from.saturating_sub(WIDTH / 4).min(line.len().saturating_sub(WIDTH));
        let start = if line.len() <= WIDTH { 0 } else { start };
        let end = (start + WIDTH).min(line.len());
        let part: String = line.get(start..end).unwrap_or_default().iter().collect();
        let (lead, tail) =
            (if start > 0 { "…" } else { "" }, if end < line.len() { "…" } else { "" });
        let before = from.saturating_sub(start) + lead.chars().count();
        let length = to.min(end).saturating_sub(from).max(1);
        Some(Excerpt {
            line: number,
            text: format!("{lead}{part}{tail}").trim_end().to_owned(),
            before,
            length,
        })
    }

    /// The characters of a line with every hidden one replaced, control characters too.
    fn masked(&self, file: &str, number: u32, line: &str) -> Vec<char> {
        let from = if is_values(file) { value_start(line) } else { usize::MAX };
        let spans = self.hidden.get(file).map(|all| all.of_line(number)).unwrap_or_default();
        let is_hidden = |index: usize| {
            let column = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            index >= from || spans.iter().any(|(start, end)| covers((*start, *end), number, column))
        };
        let shown = |(index, c): (usize, char)| match c {
            _ if is_hidden(index) && !c.is_whitespace() => '*',
            '\t' => ' ',
            c if c.is_control() => '·',
            c => c,
        };
        line.chars().enumerate().map(shown).collect()
    }
}

/// Whether a place covers a column of a line. Column 0 is the whole line.
fn covers((start, end): (Point, Point), line: u32, column: u32) -> bool {
    if line < start.line || line > end.line {
        return false;
    }
    let after_start = line > start.line || column >= start.column;
    let before_end = line < end.line || end.column == 0 || column < end.column;
    after_start && before_end
}

/// Files of which no value is ever shown.
fn is_values(file: &str) -> bool {
    is_env(file) || name(file).starts_with(".env") || name(file).contains(".env.")
}

/// Where the value begins in a line of an env file; its beginning where it may go on with the value of the line above.
fn value_start(line: &str) -> usize {
    let trimmed = line.trim_start();
    if trimmed.starts_with('#') {
        return usize::MAX;
    }
    let end = line.chars().position(|c| c == '=' || c == ':');
    end.map_or(0, |at| at + 1)
}

/// From which column index up to which one, of a line with so many characters.
fn columns(span: &Span, length: usize) -> (usize, usize) {
    let index = |column: u32| usize::try_from(column).unwrap_or(0).saturating_sub(1);
    if span.start.column == 0 {
        return (0, length);
    }
    let from = index(span.start.column).min(length);
    let to =
        if span.end.line > span.start.line { length } else { index(span.end.column).min(length) };
    (from, to.max(from))
}

/// What identifies each finding over time, in the order given: rule, file and the line as it may be shown, without its
/// number. Nothing of a secret is in it.
pub fn fingerprints(findings: &[Finding], files: &Files) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let one = |finding: &Finding| {
        let line = files.excerpt(&finding.span).map(|excerpt| excerpt.text).unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        let subject = if words.is_empty() { finding.message.clone() } else { words.join(" ") };
        let text = format!("{}\0{}\0{subject}", finding.rule.id, finding.span.file);
        let number = seen.entry(text.clone()).or_default();
        *number += 1;
        let digest = Sha256::digest(format!("{text}\0{number}"));
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    };
    findings.iter().map(one).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::event::Level;
    use crate::domain::finding::Rule;

    pub(crate) const RULE: Rule =
        Rule { id: "a.rule", level: Level::Error, about: "something", help: "It matters." };

    /// Two findings in two files, one of them about a secret.
    pub(crate) fn sample() -> (Vec<Finding>, Files) {
        let text: Arc<str> = "services:\n  a:\n    token: hunter2 # x\n".into();
        let env: Arc<str> = "A=hunter2\n".into();
        let secret = Span::columns("c.yml", 3, 12..19);
        let findings = vec![
            Finding::new(&RULE, secret.clone(), "a | secret\n::error::x")
                .hint("`hide` it")
                .hiding(secret),
            Finding::new(&RULE, Span::columns(".env", 1, 1..2), "a key").with_level(Level::Warning),
            Finding::new(&RULE, Span::file("gone"), "not there").with_level(Level::Notice),
        ];
        let texts = [("c.yml", text), (".env", env)];
        let files = Files::new(texts.iter().map(|(path, text)| (*path, text)), &findings);
        (findings, files)
    }

    fn excerpt(text: &str, span: &Span, hidden: &[Span]) -> (String, usize, usize) {
        let finding = hidden
            .iter()
            .fold(Finding::new(&RULE, span.clone(), ""), |one, span| one.hiding(span.clone()));
        let text: Arc<str> = text.into();
        let files = Files::new([(span.file.as_ref(), &text)].into_iter(), &[finding]);
        let excerpt = files.excerpt(span).unwrap();
        (excerpt.text, excerpt.before, excerpt.length)
    }

    #[test]
    fn secrets_are_hidden_wherever_they_are_shown() {
        let at = |line, columns| Span::columns("f", line, columns);
        let text = "é pass word\nnext\n";
        assert_eq!(excerpt(text, &at(1, 3..7), &[at(1, 3..7)]), ("é **** word".into(), 2, 4));
        assert_eq!(excerpt(text, &at(1, 1..2), &[at(1, 8..12)]), ("é pass ****".into(), 0, 1));
        let lines = Span {
            file: "f".into(),
            start: Point { line: 1, column: 8 },
            end: Point { line: 2, column: 3 },
        };
        assert_eq!(excerpt(text, &at(2, 1..5), &[lines]), ("**xt".into(), 0, 4));
        assert_eq!(excerpt(text, &Span::line("f", 1), &[Span::line("f", 1)]).0, "* **** ****");
    }

    #[test]
    fn a_place_of_many_lines_hides_them_also_behind_shorter_ones() {
        let lines = |from, to| Span {
            file: "f".into(),
            start: Point { line: from, column: 0 },
            end: Point { line: to, column: 0 },
        };
        let hidden = [lines(3, 3), lines(1, 4), lines(2, 2)];
        for (line, shown) in [(1, "*"), (2, "*"), (3, "*"), (4, "*"), (5, "e")] {
            let (text, ..) = excerpt("a\nb\r\nc\nd\ne", &Span::line("f", line), &hidden);
            assert_eq!(text, shown, "{line}");
        }
    }

    #[test]
    fn values_of_env_files_are_never_shown() {
        for (text, shown) in
            [("A=b c # d", "A=* * * *"), ("# A=b", "# A=b"), ("b c", "* *"), ("A: b", "A: *")]
        {
            assert_eq!(excerpt(text, &Span::columns("x/.env.prod", 1, 1..2), &[]).0, shown);
        }
        assert_eq!(excerpt("A=b", &Span::columns("a.conf", 1, 1..2), &[]).0, "A=b");
    }

    #[test]
    fn long_lines_are_cut_round_what_is_meant() {
        let text = format!("{}here{}", "x".repeat(500), "y".repeat(500));
        let (shown, before, length) = excerpt(&text, &Span::columns("f", 1, 501..505), &[]);
        assert!(shown.chars().count() <= WIDTH + 2 && length == 4);
        assert_eq!(shown.chars().skip(before).take(4).collect::<String>(), "here");
    }

    #[test]
    fn fingerprints_stay_when_lines_move_and_hold_no_secret() {
        let (findings, files) = sample();
        let prints = fingerprints(&findings, &files);
        let text: Arc<str> = "\n\nservices:\n  a:\n    token:  hunter3 # x\n".into();
        let secret = Span::columns("c.yml", 5, 13..20);
        let moved = vec![Finding::new(&RULE, secret.clone(), "other words").hiding(secret)];
        let files = Files::new([("c.yml", &text)].into_iter(), &moved);
        assert_eq!(fingerprints(&moved, &files)[0], prints[0]);
        assert!(prints[0] != prints[1] && prints[0].len() == 32);
    }
}
