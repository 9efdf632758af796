//! The formats. [`read`] recognises one by its content, never by a name, and never takes half a report for a whole one.

pub mod clover;
pub mod cobertura;
mod draft;
pub mod gcov_text;
pub mod go;
pub mod jacoco;
pub mod json;
pub mod lcov;
pub mod opencover;
mod recognition;
mod text_lines;
pub mod xml;

use std::io::{BufRead, ErrorKind};

use crate::domain::coverage::report::{Detail, Format, Report, Unreadable};
use recognition::{Kind, recognise, without_mark};

/// Reads a report. `input` should have a buffer of 64 KiB or more: the first one decides on the format.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let (kind, mark) = loop {
        match input.fill_buf() {
            Ok(start) => break (recognise(start), start.len() - without_mark(start).len()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break (Err(format!("it cannot be read: {error}")), 0),
        }
    };
    let kind = kind.map_err(|what| Unreadable { line: 1, column: 1, what })?;
    input.consume(mark);
    match kind {
        Kind::Json => json::read(input, detail),
        Kind::Is(Format::Cobertura) => cobertura::read(input, detail),
        Kind::Is(Format::Jacoco) => jacoco::read(input, detail),
        Kind::Is(Format::Clover) => clover::read(input, detail),
        Kind::Is(Format::OpenCover) => opencover::read(input, detail),
        Kind::Is(Format::Go) => go::read(input, detail),
        Kind::Is(Format::GcovText) => gcov_text::read(input, detail),
        Kind::Is(_) => lcov::read(input, detail),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Error};

    use proptest::prelude::*;

    use super::*;

    const JACOCO: &str = "<?xml version='1.0'?><report name='x'><group name='g'><package name='p'>\
        <sourcefile name='A.java'><line nr='1' mi='0' ci='2' mb='1' cb='1'/><counter type='LINE' missed='0' covered='1'/>\
        </sourcefile></package></group><counter type='LINE' missed='0' covered='1'/></report>";
    const CLOVER: &str = "<coverage generated='1' clover='4.4'><project name='p'><file name='/a/b.c'><line num='1' type='stmt' count='2'/>\
        <line num='3' type='cond' truecount='1' falsecount='0'/><metrics statements='1' coveredstatements='1'/></file></project></coverage>";
    const OPENCOVER: &str = "<CoverageSession><Modules><Module><Files><File uid='1' fullPath='C:\\a.cs'/></Files><Classes><Class><Methods>\
        <Method><Name>f&amp;g</Name><FileRef uid='1'/><SequencePoints><SequencePoint vc='1' sl='1' sc='2' el='3' ec='4' fileid='1'/></SequencePoints>\
        <BranchPoints><BranchPoint vc='0' sl='2' offset='3' path='0' ordinal='0' fileid='1'/></BranchPoints></Method></Methods></Class></Classes></Module></Modules></CoverageSession>";
    const GO: &str = "mode: set\na/b.go:1.2,3.4 2 1\na/b.go:3.5,4.1 1 0\n";
    const GCOV: &str =
        "        -:    0:Source:a.c\n        1:    1:x\nbranch  0 taken 50%\n    #####:    2:y\n";

    fn of(bytes: &[u8]) -> Result<Report, Unreadable> {
        read(&mut &*bytes, Detail { hits: true })
    }

    #[test]
    fn each_is_read_with_a_mark_and_with_crlf() {
        let samples = [
            (JACOCO, Format::Jacoco),
            (CLOVER, Format::Clover),
            (OPENCOVER, Format::OpenCover),
            (GO, Format::Go),
            (GCOV, Format::GcovText),
        ];
        for (text, format) in samples {
            let plain = of(text.as_bytes()).unwrap();
            assert_eq!((plain.format, plain.files.len()), (format, 1));
            assert!(plain.warnings.is_empty(), "{:?}", plain.warnings);
            let marked = of(format!("\u{FEFF}{}", text.replace('\n', "\r\n")).as_bytes()).unwrap();
            assert_eq!(format!("{marked:?}"), format!("{plain:?}"));
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        struct Broken;
        impl std::io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(Error::other("corrupt deflate stream"))
            }
        }
        for start in ["", "<report>", "mode: set\n"] {
            let parts = std::io::Read::chain(start.as_bytes(), Broken);
            let found = read(&mut BufReader::new(parts), Detail::default()).unwrap_err();
            assert!(found.what.ends_with("it cannot be read: corrupt deflate stream"), "{found}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_mutation_makes_a_parser_panic(
            text in proptest::sample::select(vec![JACOCO, CLOVER, OPENCOVER, GO, GCOV]),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..6, "[0-9<>'&a-z/\\- ]{0,12}"), 1..4),
        ) {
            let mut bytes = text.as_bytes().to_vec();
            for (at, length, new) in changes {
                let at = at.index(bytes.len() + 1);
                let end = (at + length).min(bytes.len());
                bytes.splice(at..end, new.bytes());
            }
            let _ = of(&bytes);
        }

        #[test]
        fn no_beginning_of_a_document_is_a_report(
            text in proptest::sample::select(vec![JACOCO, CLOVER, OPENCOVER]),
            at in any::<prop::sample::Index>(),
        ) {
            prop_assert!(of(&text.as_bytes()[..at.index(text.len())]).is_err());
        }
    }
}
