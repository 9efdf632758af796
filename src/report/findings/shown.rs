//! Lines of files as they may be shown: without the secrets that were found in them, and of env files without any value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::domain::finding::{Finding, Point, Span};
use crate::domain::git_files::is_env;
use crate::domain::known::name;
use crate::domain::yaml::SYNTAX;

/// How much of a long line is shown, in characters.
const WIDTH: usize = 140;

/// The files that findings are about, and what may not be shown of them.
#[derive(Debug, Default)]
pub struct Files {
    texts: BTreeMap<String, Text>,
    hidden: BTreeMap<Arc<str>, Hidden>,
    /// Lines in which a file stopped to be readable.
    broken: BTreeSet<(Arc<str>, u32)>,
}

/// A text and where its lines begin: there may be as many findings as lines, and as many in one line.
#[derive(Debug)]
struct Text {
    whole: Arc<str>,
    starts: Vec<usize>,
    /// Of the lines that are too long to be counted for each finding, by their index.
    long: BTreeMap<usize, Marks>,
}

/// Where every [`STEP`]th character of a line stands, as a byte offset in it.
#[derive(Debug, Default)]
struct Marks {
    every: Vec<usize>,
    length: usize,
}

/// How many characters lie between two marks.
const STEP: usize = 1024;

impl Text {
    fn new(text: &Arc<str>) -> Self {
        let begins = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        let mut new = Self {
            whole: Arc::clone(text),
            starts: std::iter::once(0).chain(begins).collect(),
            long: BTreeMap::new(),
        };
        let lines = (0..new.starts.len()).filter_map(|at| Some((at, new.line(at)?)));
        let long = lines.filter(|(_, line)| line.len() > STEP);
        new.long = long.map(|(at, line)| (at, Marks::of(line))).collect();
        new
    }

    /// A line by its index, without its end.
    fn line(&self, at: usize) -> Option<&str> {
        self.whole.get(*self.starts.get(at)?..)?.lines().next()
    }

    /// How many characters a line has.
    fn length(&self, at: usize, line: &str) -> usize {
        self.long.get(&at).map_or_else(|| line.chars().count(), |marks| marks.length)
    }

    /// Up to [`WIDTH`] characters of a line from one on, each with its byte offset in the line.
    fn window<'a>(
        &self,
        at: usize,
        line: &'a str,
        from: usize,
    ) -> impl Iterator<Item = (usize, char)> + use<'a> {
        let mark = self.long.get(&at).and_then(|marks| marks.every.get(from / STEP)).copied();
        let (base, skip) = mark.map_or((0, from), |base| (base, from % STEP));
        let rest = line.get(base..).unwrap_or_default().char_indices();
        rest.skip(skip).take(WIDTH).map(move |(offset, c)| (base + offset, c))
    }
}

impl Marks {
    fn of(line: &str) -> Self {
        let mut marks = Self::default();
        for (offset, _) in line.char_indices() {
            if marks.length.is_multiple_of(STEP) {
                marks.every.push(offset);
            }
            marks.length += 1;
        }
        marks
    }
}

/// The hidden places of a file: apart from each other and in their order.
#[derive(Debug, Default)]
struct Hidden {
    /// From which point up to which one, without the second.
    places: Vec<(Point, Point)>,
}

impl Hidden {
    fn add(&mut self, span: &Span) {
        // Column 0 is the whole line.
        let column = if span.end.column == 0 { u32::MAX } else { span.end.column };
        self.places.push((span.start, Point { column, ..span.end }));
    }

    /// Makes one place of those that touch.
    fn settle(&mut self) {
        self.places.sort_unstable();
        self.places.dedup_by(|next, last| {
            let touches = next.0 <= last.1;
            if touches {
                last.1 = last.1.max(next.1);
            }
            touches
        });
    }

    /// Whether a part of a line is hidden.
    fn touches(&self, line: u32) -> bool {
        let after = self.places.partition_point(|(start, _)| start.line <= line);
        let before = after.checked_sub(1).and_then(|at| self.places.get(at));
        before.is_some_and(|(_, end)| line <= end.line)
    }

    fn covers(&self, point: Point) -> bool {
        let after = self.places.partition_point(|(start, _)| *start <= point);
        after.checked_sub(1).and_then(|at| self.places.get(at)).is_some_and(|(_, end)| point < *end)
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
        let broken = findings.iter().filter(|finding| finding.rule == &SYNTAX);
        let broken = broken.map(|one| (Arc::clone(&one.span.file), one.span.start.line)).collect();
        let mut files = Self { texts, hidden: BTreeMap::new(), broken };
        for span in findings.iter().flat_map(|finding| &finding.hidden) {
            files.hidden.entry(Arc::clone(&span.file)).or_default().add(span);
        }
        for hidden in files.hidden.values_mut() {
            hidden.settle();
        }
        files
    }

    /// The line that a place begins in; none where a whole file is meant or its text is not known.
    pub fn excerpt(&self, span: &Span) -> Option<Excerpt> {
        let text = self.texts.get(span.file.as_ref())?;
        let at = usize::try_from(span.start.line).ok()?.checked_sub(1)?;
        let line = text.line(at)?;
        let length = text.length(at, line);
        let (from, to) = columns(span, length);
        let start = from.saturating_sub(WIDTH / 4).min(length.saturating_sub(WIDTH));
        let end = (start + WIDTH).min(length);
        let part = self.masked(span, line, start, text.window(at, line, start));
        let (lead, tail) = (if start > 0 { "…" } else { "" }, if end < length { "…" } else { "" });
        Some(Excerpt {
            line: span.start.line,
            text: format!("{lead}{part}{tail}").trim_end().to_owned(),
            before: from.saturating_sub(start) + lead.chars().count(),
            length: to.min(end).saturating_sub(from).max(1),
        })
    }

    /// The characters of a part of a line with every hidden one replaced, control characters too.
    fn masked(
        &self,
        span: &Span,
        line: &str,
        start: usize,
        part: impl Iterator<Item = (usize, char)>,
    ) -> String {
        let hidden = self.hidden.get(&span.file);
        // Where one secret was found, or nothing could be, the next one may stand that no rule knows.
        let is_veiled = hidden.is_some_and(|hidden| hidden.touches(span.start.line));
        let is_broken = self.broken.contains(&(Arc::clone(&span.file), span.start.line));
        let values = match separator(line) {
            _ if is_values(&span.file) => value_start(line),
            Some(at) if is_veiled || is_broken => at,
            None if is_broken => 0,
            _ => usize::MAX,
        };
        let is_hidden = |index: usize, offset: usize| {
            let column = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            let point = Point { line: span.start.line, column };
            offset >= values || hidden.is_some_and(|hidden| hidden.covers(point))
        };
        let shown = |(index, (offset, c)): (usize, (usize, char))| match c {
            _ if is_hidden(index, offset) && !c.is_whitespace() => '*',
            '\t' => ' ',
            c if c.is_control() => '·',
            c => c,
        };
        (start..).zip(part).map(shown).collect()
    }
}

/// Files of which no value is ever shown.
fn is_values(file: &str) -> bool {
    is_env(file) || name(file).starts_with(".env") || name(file).contains(".env.")
}

/// At which byte the value begins in a line of an env file; its beginning where it may go on with the value of the line
/// above.
fn value_start(line: &str) -> usize {
    let trimmed = line.trim_start();
    if trimmed.starts_with('#') {
        return usize::MAX;
    }
    separator(line).unwrap_or(0)
}

/// Behind what parts a name from its value, if anything does.
fn separator(line: &str) -> Option<usize> {
    memchr::memchr2(b'=', b':', line.as_bytes()).map(|at| at + 1)
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
    fn beside_a_secret_and_where_a_file_breaks_off_no_value_is_shown() {
        let at = |columns| Span::columns("f.yml", 1, columns);
        for (text, columns, shown) in [
            (
                "key: {secret: hunter1, api_key: hunter2}",
                32..39,
                "key: ******** ******** ******** ********",
            ),
            ("[\"A_KEY=hunter1\", \"B=hunter2\"]", 20..27, "[\"A_KEY=********* ************"),
            ("a hunter1", 3..10, "a *******"),
        ] {
            assert_eq!(excerpt(text, &at(columns.clone()), &[at(columns)]).0, shown);
        }
        for (line, shown) in [("a: hunter1 [", "a: ******* *"), ("  hunter1", "  *******")] {
            let text: Arc<str> = line.into();
            let finding = Finding::new(&SYNTAX, at(2..3), "m");
            let files = Files::new([("f.yml", &text)].into_iter(), &[finding]);
            assert_eq!(files.excerpt(&at(1..2)).unwrap().text, shown);
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
    fn many_secrets_in_one_long_line_are_each_hidden() {
        // Of several bytes a character, in more than one step; the last line has no end of its own.
        let one = "é: geheim, ";
        let line = one.repeat(3000);
        let width = u32::try_from(one.chars().count()).unwrap();
        let secret = |n: u32| Span::columns("f", 2, n * width + 4..n * width + 10);
        let hidden: Vec<Span> = (0..3000).map(secret).collect();
        for text in [format!("first\r\n{line}\r\n"), format!("\n{line}")] {
            let text: Arc<str> = text.into();
            let finding = Finding::new(&RULE, secret(0), "");
            let finding = hidden.iter().fold(finding, |one, span| one.hiding(span.clone()));
            let files = Files::new([("f", &text)].into_iter(), &[finding]);
            for span in &hidden {
                let shown = files.excerpt(span).unwrap();
                assert!(shown.text.contains("é:") || shown.text.starts_with('…'));
                assert!(!shown.text.contains("heim"));
                let meant: String = shown.text.chars().skip(shown.before).take(6).collect();
                assert_eq!((meant.as_str(), shown.length), ("******", 6), "{shown:?}");
            }
        }
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
