//! Which format a report has, by how it begins. Names of files say nothing.

use crate::domain::coverage::formats::xml::{self, Event, Tag, brief};
use crate::domain::coverage::formats::{gcov_text, go, lcov};
use crate::domain::coverage::report::Format;

/// The formats that are read, as people call them.
const KNOWN: [Format; 14] = [
    Format::Cobertura,
    Format::Lcov,
    Format::Jacoco,
    Format::Clover,
    Format::OpenCover,
    Format::CoveragePyJson,
    Format::Go,
    Format::Istanbul,
    Format::IstanbulSummary,
    Format::SimpleCovResultset,
    Format::SimpleCov,
    Format::Llvm,
    Format::GcovText,
    Format::GcovJson,
];

/// Root elements of other XML that lies beside reports, and what they are.
const STRANGERS: [(&str, &str); 15] = [
    ("testsuites", "JUnit's test results, not coverage"),
    ("testsuite", "JUnit's test results, not coverage"),
    ("assemblies", "xUnit.net's test results, not coverage"),
    ("test-run", "NUnit's test results, not coverage"),
    ("test-results", "NUnit's test results, not coverage"),
    ("TestRun", "Visual Studio's test results, not coverage"),
    ("checkstyle", "Checkstyle's findings, not coverage"),
    ("results", "Visual Studio's own format: convert it to Cobertura with dotnet-coverage"),
    ("CoverageDSPriv", "Visual Studio's own format: convert it to Cobertura with dotnet-coverage"),
    ("Root", "dotCover's own format: convert it to Cobertura with ReportGenerator"),
    ("scoverage", "scoverage's own format: give its Cobertura report"),
    ("phpunit", "PHPUnit's own format: give its Clover or Cobertura report"),
    ("BullseyeCoverage", "Bullseye's own format, which is not read"),
    ("html", "a web page, not a report for programs"),
    ("plist", "a property list: export it with xcrun xccov and convert it to LCOV or Cobertura"),
];

const DATA: &str = "this is a data file of coverage.py, which says which lines ran and not which can run: give what \
    `coverage xml` or `coverage json` writes, of several files after `coverage combine`";

const HTML: &str =
    "this is a web page (HTML), not a report for programs: give the XML, JSON or LCOV";

/// What a report begins like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A format that is certain.
    Is(Format),
    /// One of the JSON formats.
    Json,
}

/// Recognises a format by the beginning of a report: as much as lies in the first buffer.
pub fn recognise(start: &[u8]) -> Result<Kind, String> {
    if start.starts_with(b"SQLite format 3\0") {
        return Err(DATA.to_owned());
    }
    if let [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] = start {
        return Err("it is written in UTF-16: write it in UTF-8".to_owned());
    }
    let text = without_mark(start);
    let trimmed = text.trim_ascii_start();
    match trimmed.first() {
        None if start.is_empty() => Err("the file is empty".to_owned()),
        None => Err("the file holds nothing but white space".to_owned()),
        Some(b'<') => by_root(trimmed),
        Some(b'{' | b'[') => Ok(Kind::Json),
        Some(_) => by_first_line(text),
    }
}

/// The text without a byte order mark.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

fn by_first_line(text: &[u8]) -> Result<Kind, String> {
    let formats = [
        (go::recognises(text), Format::Go),
        (gcov_text::recognises(text), Format::GcovText),
        (lcov::recognises(text), Format::Lcov),
    ];
    if let Some((_, format)) = formats.iter().find(|(recognised, _)| *recognised) {
        return Ok(Kind::Is(*format));
    }
    let known = KNOWN.map(Format::name).join(", ");
    Err(format!("this is no coverage report of a known format, which are: {known}"))
}

/// The root element and what follows: as much of it as decides.
#[derive(Debug, Default)]
struct Root {
    name: String,
    /// `generated` or `clover` is there, and no `line-rate`.
    clover: bool,
    child: Option<String>,
}

impl Root {
    fn take(&mut self, tag: &Tag<'_>) {
        if tag.depth > 0 {
            self.child.get_or_insert_with(|| tag.name.to_owned());
            return;
        }
        let has = |name| tag.get(name).is_some();
        tag.name.clone_into(&mut self.name);
        self.clover = (has("generated") || has("clover")) && !has("line-rate");
    }
}

fn by_root(start: &[u8]) -> Result<Kind, String> {
    let page = |beginning: &[u8]| {
        start.get(..beginning.len()).is_some_and(|text| text.eq_ignore_ascii_case(beginning))
    };
    if page(b"<!doctype html") || page(b"<html") {
        return Err(HTML.to_owned());
    }
    let mut root = Root::default();
    let found = xml::read(&mut &*start, &mut |event| {
        if let Event::Start(tag) = event {
            root.take(tag);
        }
        // Enough is known: what comes then is the parser's.
        if root.child.is_some() { Err(String::new()) } else { Ok(()) }
    });
    if root.name.is_empty() {
        let what = found.err().map(|error| error.what);
        return Err(what.unwrap_or_else(|| "there is no root element".to_owned()));
    }
    root_format(&root).map(Kind::Is)
}

fn root_format(root: &Root) -> Result<Format, String> {
    let child = root.child.as_deref();
    match root.name.as_str() {
        "coverage" if root.clover || child == Some("project") => Ok(Format::Clover),
        "coverage" if child == Some("file") => Err(
            "this is SonarQube's generic coverage, which is not read: give the report that it was made from"
                .to_owned(),
        ),
        "coverage" => Ok(Format::Cobertura),
        "report" => Ok(Format::Jacoco),
        "CoverageSession" => Ok(Format::OpenCover),
        name => {
            let stranger = STRANGERS.iter().find(|(known, _)| *known == name);
            let what = stranger.map_or("no coverage report of a known format", |(_, what)| what);
            Err(format!("the root element is `<{}>`: that is {what}", brief(name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_content_decides() {
        for (start, format) in [
            (
                "<?xml version=\"1.0\" ?>\n<!DOCTYPE coverage SYSTEM 'x.dtd'>\n<coverage line-rate='1' version='5'><sources/>",
                Format::Cobertura,
            ),
            ("<coverage/>", Format::Cobertura),
            ("<coverage generated='1' line-rate='1'><packages>", Format::Cobertura),
            ("<coverage generated=\"1\" clover=\"3.2.0\"><project>", Format::Clover),
            ("<coverage generated=\"1\">", Format::Clover),
            ("<coverage>\n <project name='x'>", Format::Clover),
            ("\u{FEFF}\n<report name='x'><sessioninfo", Format::Jacoco),
            ("<!-- <coverage/> --><CoverageSession xmlns:xsi='u'>", Format::OpenCover),
            ("mode: set\n", Format::Go),
            ("\u{FEFF}mode: set\n", Format::Go),
            ("        -:    0:Source:a.c\n", Format::GcovText),
            ("TN:\nSF:a.c\n", Format::Lcov),
        ] {
            assert_eq!(recognise(start.as_bytes()), Ok(Kind::Is(format)), "{start}");
        }
        for start in ["{", "\u{FEFF} \r\n[", "\t{\"mode:\": 1}"] {
            assert_eq!(recognise(start.as_bytes()), Ok(Kind::Json));
        }
    }

    #[test]
    fn what_it_is_not_is_said() {
        for (start, error) in [
            (&b""[..], "the file is empty"),
            (b" \n\t", "the file holds nothing but white space"),
            (b"\xEF\xBB\xBF", "the file holds nothing but white space"),
            (b"\xFF\xFEm\0o\0d\0e\0:\0", "it is written in UTF-16: write it in UTF-8"),
            (
                b"<testsuites><testsuite>",
                "the root element is `<testsuites>`: that is JUnit's test results, not coverage",
            ),
            (
                b"<a><coverage/></a>",
                "the root element is `<a>`: that is no coverage report of a known format",
            ),
            (b"<!DOCTYPE HTML>\n<html><p>", HTML),
            (b"<html lang=en>", HTML),
            (b"<coverage version='1'><file path='a'>", "this is SonarQube's generic coverage"),
            (b"<coverage", "the file ends inside a tag"),
            (b"<!-- only -->", "there is no root element"),
            (b"<!DOCTYPE coverage [ <!ENTITY", "the file ends inside the DOCTYPE"),
            (b"<< HEAD", "a `<` that begins no tag"),
            (
                b"Name   Stmts   Miss  Cover\n",
                "this is no coverage report of a known format, which are: Cobertura XML, LCOV,",
            ),
            (b"        1:    5:x\n", "this is no coverage report"),
            (b"\x1F\x8B\x08", "this is no coverage report"),
            (b"\0\0\0", "this is no coverage report"),
            (b"SQLite format 3\0\x10", DATA),
            (b"SQLite format 2\0", "this is no coverage report"),
        ] {
            let found = recognise(start).unwrap_err();
            assert!(found.starts_with(error), "{found}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_it_panic(head in "(<coverage |<|\\{|mode:|-:0:|SF:|<!DOCTYPE )?", rest in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = head.into_bytes();
            bytes.extend(rest);
            let _ = recognise(&bytes);
        }
    }
}
