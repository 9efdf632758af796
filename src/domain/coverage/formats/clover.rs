//! Clover XML: `PHPUnit`, Istanbul, `OpenClover`. Lines are the records of a file, whatever their type, each line once;
//! statements are the records of type `stmt`.
//!
//! In `OpenClover` a condition has two arms, `truecount` and `falsecount` say how often each was taken. Istanbul, which
//! calls itself Clover 3.2.0 and its project "All files" or "All Files", writes other things under these names: how many arms of the
//! line were taken and how many were not; and its conditions are statements.

use std::io::BufRead;

use crate::domain::coverage::arms::numbered;
use crate::domain::coverage::formats::draft::{Draft, Stated};
use crate::domain::coverage::formats::xml::{self, Event, Tag};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report, Unreadable};
use crate::domain::coverage::statements::Span;

/// Reads a report.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let mut clover = Clover {
        draft: Draft::new(Format::Clover, detail),
        dialect: Dialect::Clover,
        tests: None,
        file: None,
        stated: None,
    };
    xml::read(input, &mut |event| clover.take(&event))?;
    Ok(clover.finish())
}

/// What `truecount` and `falsecount` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Clover,
    Istanbul,
}

struct Clover {
    draft: Draft,
    dialect: Dialect,
    /// The depth of the `<testproject>` that is open: the code of the tests is not measured.
    tests: Option<usize>,
    /// The depth of the file that is open.
    file: Option<usize>,
    /// The statements of all files, as they state it.
    stated: Option<Ratio>,
}

impl Clover {
    fn take(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) if tag.name == "testproject" => {
                self.tests.get_or_insert(tag.depth);
            }
            Event::End("testproject") => self.tests = None,
            Event::Start(tag) if self.tests.is_none() => self.start(tag)?,
            Event::End("file") => {
                self.draft.close();
                self.file = None;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        match tag.name {
            "line" => return self.line(tag),
            "coverage" if tag.get("clover") == Some("3.2.0") => self.dialect = Dialect::Istanbul,
            "project" if !all_files(tag) => self.dialect = Dialect::Clover,
            "file" => {
                self.draft.open(name(tag)?);
                self.file = Some(tag.depth);
            }
            "metrics" if self.file.is_some_and(|file| tag.depth == file + 1) => {
                return self.metrics(tag);
            }
            _ => {}
        }
        Ok(())
    }

    fn line(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        if self.file.is_none() {
            return Err("a `<line>` outside of a `<file>`".to_owned());
        }
        let line: u32 = tag.number("num")?;
        let condition = tag.get("type") == Some("cond");
        let (taken, other) = if condition {
            (tag.number::<u64>("truecount")?, tag.number::<u64>("falsecount")?)
        } else {
            (0, 0)
        };
        // A condition of OpenClover has no count: it ran if one of its arms was taken.
        let hits = match tag.get("count") {
            None if condition => taken.saturating_add(other),
            _ => tag.number("count")?,
        };
        self.draft.line(line, hits);
        match self.dialect {
            Dialect::Istanbul if condition => {
                self.draft.arms(line, taken, taken.saturating_add(other))?;
            }
            Dialect::Clover if condition => self.condition(line, [taken, other]),
            _ => {}
        }
        if tag.get("type") == Some("stmt") || (condition && self.dialect == Dialect::Istanbul) {
            self.statement(line, hits);
        }
        Ok(())
    }

    fn condition(&mut self, line: u32, counts: [u64; 2]) {
        if let Some(file) = self.draft.file().filter(|_| line > 0) {
            for (number, count) in (0..).zip(counts) {
                file.arms.mark(line, numbered(number), count > 0);
            }
        }
    }

    fn statement(&mut self, line: u32, hits: u64) {
        if let Some(file) = self.draft.file().filter(|_| line > 0) {
            file.statements.mark(Span { line, ..Span::default() }, 1, hits > 0);
        }
    }

    fn metrics(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        if tag.get("statements").is_some() {
            let ratio = Ratio::new(tag.number("coveredstatements")?, tag.number("statements")?);
            if let Some(file) = self.draft.file().filter(|_| ratio.total > 0) {
                // Of a file without lines this is all that is known: it is not measured. Lines win over it.
                file.summary.get_or_insert_default();
            }
            self.stated = Some(self.stated.unwrap_or_default().plus(ratio));
        }
        Ok(())
    }

    fn finish(self) -> Report {
        let of = Measured::statement_ratio;
        let stated = self.stated.map(|ratio| Stated { what: "statements", ratio, of });
        self.draft.finish(stated.as_slice())
    }
}

fn all_files(project: &Tag<'_>) -> bool {
    project.get("name").is_some_and(|name| name.eq_ignore_ascii_case("all files"))
}

/// The name of a file: the attribute that is a path, since tools disagree which one that is.
fn name<'a>(tag: &'a Tag<'_>) -> Result<&'a str, String> {
    let path = tag.get("path").filter(|path| path.contains(['/', '\\']));
    let name = tag.get("name").filter(|name| path.is_none() && name.contains(['/', '\\']));
    match path.or(name).or(tag.get("path")) {
        Some(known) => Ok(known),
        None => tag.need("name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(xml: &str) -> Result<Report, String> {
        read(&mut xml.as_bytes(), Detail { hits: true }).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_any_record_and_a_statement_one_of_its_type() {
        let report = report(
            "<coverage generated='1'><project timestamp='1'><package name='a.b'>\
             <file name='/srv/app/A.php'><class name='A'><metrics statements='99' coveredstatements='1'/></class>\
             <line num='3' type='method' name='f' count='2'/>\
             <line num='4' type='stmt' count='2'/><line num='4' type='stmt' count='0'/>\
             <line num='5' type='stmt' count='0'/><line num='0' type='stmt' count='1'/>\
             <metrics statements='2' coveredstatements='1'/></file></package>\
             <metrics statements='500' coveredstatements='500'/></project></coverage>",
        )
        .unwrap();
        let file = &report.files["/srv/app/A.php"];
        assert_eq!(file.lines.iter().collect::<Vec<_>>(), [(3, true), (4, true), (5, false)]);
        assert_eq!(file.statement_ratio(), Ratio::new(1, 2));
        assert_eq!(file.hits, [(3, 2), (4, 2), (5, 0)]);
        assert_eq!(report.warnings, [""; 0]);
    }

    #[test]
    fn a_condition_has_two_arms_and_no_count() {
        let report = report(
            "<coverage generated='1' clover='4.4.1'><project name='All files'>\
             <file name='A.java' path='C:\\src\\A.java'>\
             <line num='7' type='cond' truecount='3' falsecount='0' complexity='1'/>\
             <line num='8' type='cond' truecount='0' falsecount='0'/></file></project>\
             <testproject><file name='/t/T.java'><line num='1' type='stmt' count='1'/></file></testproject></coverage>",
        )
        .unwrap();
        assert_eq!(report.files.len(), 1);
        let file = &report.files["C:/src/A.java"];
        assert_eq!(file.lines.iter().collect::<Vec<_>>(), [(7, true), (8, false)]);
        assert_eq!(file.branch_ratio(), Ratio::new(1, 4));
        assert_eq!(file.statement_ratio(), Ratio::default());
    }

    #[test]
    fn istanbul_counts_arms() {
        let report = report(
            "<coverage generated='1' clover='3.2.0'><project timestamp='1' name='All Files'>\
             <metrics statements='3' coveredstatements='2'/><file name='a.js' path='/w/a.js'>\
             <metrics statements='3' coveredstatements='2'/>\
             <line num='1' count='1' type='stmt'/>\
             <line num='2' count='1' type='cond' truecount='2' falsecount='0'/>\
             <line num='3' count='0' type='cond' truecount='0' falsecount='3'/></file></project></coverage>",
        )
        .unwrap();
        let file = &report.files["/w/a.js"];
        assert_eq!(file.branch_ratio(), Ratio::new(2, 5));
        assert_eq!(file.statement_ratio(), Ratio::new(2, 3));
        assert_eq!(report.warnings, [""; 0]);
    }

    #[test]
    fn metrics_that_disagree_are_told() {
        let report = report(
            "<coverage generated='1'><project><file name='a/A.php'><line num='4' type='stmt' count='2'/>\
             <metrics statements='5' coveredstatements='4'/></file></project></coverage>",
        )
        .unwrap();
        let told = "Its totals say 4 of 5 statements, its lines 1 of 1: the lines count.";
        assert_eq!(report.warnings, [told]);
    }

    #[test]
    fn what_lacks_something_is_an_error() {
        for (file, error) in [
            ("<file><line num='1' count='1'/></file>", "`<file>` has no `name`"),
            ("<line num='1' count='1'/>", "a `<line>` outside of a `<file>`"),
            ("<file name='a'><line count='1'/></file>", "`<line>` has no `num`"),
            ("<file name='a'><line num='1' type='stmt'/></file>", "`<line>` has no `count`"),
            ("<file name='a'><line num='1' type='cond'/></file>", "`<line>` has no `truecount`"),
        ] {
            let found = report(&format!("<coverage><project>{file}</project></coverage>"));
            let found = found.unwrap_err();
            assert!(found.ends_with(error), "{found}");
        }
    }
}
