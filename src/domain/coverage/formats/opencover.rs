//! `OpenCover` XML: of `OpenCover`, coverlet and `AltCover`. A sequence point is a statement; all lines from its first to
//! its last one are executable, and covered if one of the points on them ran, as `ReportGenerator` has it.

use std::collections::HashMap;
use std::io::BufRead;

use crate::domain::coverage::arms::named;
use crate::domain::coverage::formats::draft::Draft;
use crate::domain::coverage::formats::xml::{self, Event, Tag};
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::report::{Detail, Format, Report, Unreadable};
use crate::domain::coverage::statements::Span;

/// The line that compilers write for code that nobody is to see.
const HIDDEN: u32 = 0x00FE_EFEE;

/// Reads a report.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let mut session = Session {
        draft: Draft::new(Format::OpenCover, detail),
        files: HashMap::new(),
        of_method: None,
        open: None,
        naming: false,
        method: String::new(),
        strays: 0,
    };
    xml::read(input, &mut |event| session.take(&event))?;
    Ok(session.finish())
}

struct Session {
    draft: Draft,
    /// The files of the module that is open, by `uid`.
    files: HashMap<String, String>,
    /// The file of the method that is open, for points that name none.
    of_method: Option<String>,
    /// The `uid` of the file to which the draft is open.
    open: Option<String>,
    /// Whether text belongs to the method's name.
    naming: bool,
    /// The name of the method that is open: two methods may have branches on one line.
    method: String,
    /// Points of files that the module does not list.
    strays: u64,
}

impl Session {
    fn take(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => return self.start(tag),
            Event::Text(text) if self.naming => self.method.push_str(text),
            Event::End("Name") => self.naming = false,
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        match tag.name {
            "SequencePoint" => return self.sequence_point(tag),
            "BranchPoint" => return self.branch_point(tag),
            "Module" => {
                self.files.clear();
                self.open = None;
            }
            "File" => {
                let (uid, path) = (tag.need("uid")?.to_owned(), tag.need("fullPath")?.to_owned());
                self.files.insert(uid, path);
            }
            "Method" => {
                self.of_method = None;
                self.method.clear();
            }
            "Name" => self.naming = true,
            "FileRef" => self.of_method = Some(tag.need("uid")?.to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn sequence_point(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        let (first, hits): (u32, u64) = (tag.number("sl")?, tag.number("vc")?);
        if first == HIDDEN || first == 0 || !self.go_to_file(tag) {
            return Ok(());
        }
        let number = |name| if tag.get(name).is_some() { tag.number::<u32>(name) } else { Ok(0) };
        let last = if tag.get("el").is_some() { tag.number("el")? } else { first };
        let (column, end_column) = (number("sc")?, number("ec")?);
        self.draft.range(Range { first, last }, hits)?;
        if let Some(file) = self.draft.file() {
            let span = Span { line: first, column, end_line: last, end_column };
            file.statements.mark(span, 1, hits > 0);
        }
        Ok(())
    }

    fn branch_point(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        let hits: u64 = tag.number("vc")?;
        if tag.get("sl").is_none() {
            self.strays += 1;
            return Ok(());
        }
        let line: u32 = tag.number("sl")?;
        if line == HIDDEN || line == 0 || !self.go_to_file(tag) {
            return Ok(());
        }
        let part = |name| tag.get(name).unwrap_or_default();
        let (offset, path, ordinal) = (part("offset"), part("path"), part("ordinal"));
        let name = format!("{offset},{path},{ordinal},{}", self.method);
        if let Some(file) = self.draft.file() {
            file.arms.mark(line, named(name.as_bytes()), hits > 0);
        }
        Ok(())
    }

    /// Opens the file of a point; `false` if the module lists no such file.
    fn go_to_file(&mut self, point: &Tag<'_>) -> bool {
        let Some(uid) = point.get("fileid").or(self.of_method.as_deref()) else {
            self.strays += 1;
            return false;
        };
        if self.open.as_deref() == Some(uid) {
            return true;
        }
        let Some(path) = self.files.get(uid) else {
            self.strays += 1;
            return false;
        };
        self.draft.open(path);
        self.open = Some(uid.to_owned());
        true
    }

    fn finish(mut self) -> Report {
        if self.strays > 0 {
            let strays = self.strays;
            self.draft.warn(format!("{strays} points that name no listed file were left out."));
        }
        self.draft.finish(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::ratio::Ratio;

    fn report(modules: &str) -> Result<Report, String> {
        let xml = format!(
            "<CoverageSession><Summary numSequencePoints='9'/><Modules>{modules}</Modules></CoverageSession>"
        );
        read(&mut xml.as_bytes(), Detail { hits: true }).map_err(|error| error.to_string())
    }

    fn module(points: &str) -> String {
        format!(
            "<Module hash='1'><ModuleName>M</ModuleName><Files><File uid='1' fullPath='C:\\s\\A.cs'/><File uid='2' fullPath='/s/B.cs'/>\
             </Files><Classes><Class><FullName>M.A</FullName><Methods><Method><Name>void M.A::F()</Name><FileRef uid='1'/>{points}\
             </Method></Methods></Class></Classes></Module>"
        )
    }

    #[test]
    fn a_point_covers_its_lines() {
        let report = report(&module(
            "<SequencePoints><SequencePoint vc='2' sl='3' sc='9' el='5' ec='10' fileid='1'/>\
             <SequencePoint vc='0' sl='5' sc='11' el='6' ec='2' fileid='1'/>\
             <SequencePoint vc='0' sl='1' sc='1' el='1' ec='2' fileid='2'/>\
             <SequencePoint vc='4' sl='8' sc='1' el='8' ec='2'/>\
             <SequencePoint vc='9' sl='16707566' sc='0' el='16707566' ec='0' fileid='1'/></SequencePoints>",
        ))
        .unwrap();
        let file = &report.files["C:/s/A.cs"];
        let lines: Vec<_> = file.lines.iter().collect();
        assert_eq!(lines, [(3, true), (4, true), (5, true), (6, false), (8, true)]);
        assert_eq!(file.statement_ratio(), Ratio::new(2, 3));
        assert_eq!(file.hits, [(3, 2), (4, 2), (5, 2), (6, 0), (8, 4)]);
        assert_eq!(report.files["/s/B.cs"].line_ratio(), Ratio::new(0, 1));
        assert_eq!(report.warnings, [""; 0]);
    }

    #[test]
    fn an_arm_is_a_path_of_a_method() {
        let branch = |vc, path| {
            format!(
                "<BranchPoint vc='{vc}' ordinal='{path}' offset='7' sl='4' path='{path}' fileid='1'/>"
            )
        };
        let method = |name, points: &str| {
            format!("</Method><Method><Name>{name}</Name><FileRef uid='1'/>{points}")
        };
        let points = [
            branch(1, 0),
            branch(0, 1),
            method("a &lt;b&gt;", &branch(0, 0)),
            method("c", &branch(0, 0)),
        ];
        let report =
            report(&(module(&points.concat()) + &module(&(branch(0, 0) + &branch(1, 1))))).unwrap();
        assert_eq!(report.files["C:/s/A.cs"].branch_ratio(), Ratio::new(2, 4));
    }

    #[test]
    fn a_module_that_was_skipped_counts_for_nothing_and_strays_are_told() {
        let skipped =
            "<Module skippedDueTo='Filter' hash='2'><ModuleName>N</ModuleName><Classes/></Module>";
        let stray = module(
            "<SequencePoint vc='1' sl='3' el='3' fileid='7'/><BranchPoint vc='1' path='0'/>",
        );
        let report = report(&format!("{skipped}{stray}")).unwrap();
        assert!(report.files.is_empty());
        assert_eq!(report.warnings, ["2 points that name no listed file were left out."]);
    }

    #[test]
    fn a_range_that_cannot_be_is_an_error() {
        for (sl, el) in [(5, 4), (1, 1_000_001), (4_000_000_000_u32, u32::MAX)] {
            let point = format!("<SequencePoint vc='1' sl='{sl}' el='{el}' fileid='1'/>");
            let found = report(&module(&point)).unwrap_err();
            assert!(
                found.ends_with(&format!("lines {sl} to {el} are no range of code")),
                "{found}"
            );
        }
    }
}
