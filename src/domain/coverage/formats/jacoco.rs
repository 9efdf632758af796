//! `JaCoCo` XML. A line is covered if one of its instructions ran; branches are counts without names.
//!
//! A `<group>` is a module, and two modules may hold the same package and file: the key of a file is
//! `group/package/file`. So for the mapping to tracked files the first components are no folders but a prefix to be
//! replaced: `core/com/x/A.java` is `core/src/main/java/com/x/A.java`.

use std::io::BufRead;

use crate::domain::coverage::formats::draft::{Draft, Stated};
use crate::domain::coverage::formats::xml::{self, Event, Tag};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report, Unreadable};

/// gcovr's own kind of this format does not say which lines ran.
const UNCOUNTED: &str = "`<line>` has no `ci`, so nothing says whether it ran: if this is gcovr's, give its Cobertura or LCOV report";

/// Reads a report.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let mut jacoco = Jacoco {
        draft: Draft::new(Format::Jacoco, detail),
        folders: Vec::new(),
        lines: None,
        lineless: 0,
        stated: None,
    };
    xml::read(input, &mut |event| jacoco.take(&event))?;
    Ok(jacoco.finish())
}

struct Jacoco {
    draft: Draft,
    /// The names of the groups and of the package that are open.
    folders: Vec<String>,
    /// How many `<line>` the open source file has; `None` between source files.
    lines: Option<u64>,
    /// How many source files have none.
    lineless: u64,
    stated: Option<Stated>,
}

impl Jacoco {
    fn take(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => self.start(tag)?,
            Event::End("group" | "package") => {
                self.folders.pop();
            }
            Event::End("sourcefile") => self.leave(),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        match tag.name {
            "line" => return self.line(tag),
            "group" | "package" => self.folders.push(tag.need("name")?.to_owned()),
            "sourcefile" => {
                let name = tag.need("name")?;
                let folders =
                    self.folders.iter().map(String::as_str).filter(|name| !name.is_empty());
                let path: Vec<&str> = folders.chain([name]).collect();
                self.draft.open(&if name.is_empty() { String::new() } else { path.join("/") });
                self.lines = Some(0);
            }
            "counter" if self.lines == Some(0) => {
                let (missed, covered): (u64, u64) = (tag.number("missed")?, tag.number("covered")?);
                if let Some(file) = self.draft.file().filter(|_| missed > 0 || covered > 0) {
                    // There is code, and nothing says where: the file is not measured.
                    file.summary.get_or_insert_default();
                }
            }
            "counter" if tag.depth == 1 && tag.get("type") == Some("LINE") => {
                let (missed, covered): (u64, u64) = (tag.number("missed")?, tag.number("covered")?);
                let ratio = Ratio::new(covered, missed.saturating_add(covered));
                self.stated = Some(Stated { what: "lines", ratio, of: Measured::line_ratio });
            }
            _ => {}
        }
        Ok(())
    }

    fn line(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        let line: u32 = tag.number("nr")?;
        if tag.get("ci").is_none() {
            return Err(UNCOUNTED.to_owned());
        }
        let ran: u64 = tag.number("ci")?;
        let branches = |name| if tag.get(name).is_some() { tag.number::<u64>(name) } else { Ok(0) };
        let (missed, taken) = (branches("mb")?, branches("cb")?);
        let lines = self.lines.as_mut().ok_or("a `<line>` outside of a `<sourcefile>`")?;
        *lines += 1;
        self.draft.line(line, u64::from(ran > 0));
        self.draft.arms(line, taken, missed.saturating_add(taken))
    }

    fn leave(&mut self) {
        self.draft.close();
        self.lineless += u64::from(self.lines.take() == Some(0));
    }

    fn finish(mut self) -> Report {
        if self.lineless > 0 {
            self.draft.warn(format!(
                "{} source files have no lines and count for nothing: compile with debug information.",
                self.lineless
            ));
        }
        self.draft.finish(self.stated.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(inner: &str) -> Result<Report, String> {
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\">\n\
             <report name=\"x\"><sessioninfo id=\"a\" start=\"1\" dump=\"2\"/>{inner}</report>"
        );
        read(&mut xml.as_bytes(), Detail { hits: true }).map_err(|error| error.to_string())
    }

    const FILE: &str = "<sourcefile name=\"A.java\">\
        <line nr=\"3\" mi=\"0\" ci=\"2\" mb=\"0\" cb=\"0\"/>\
        <line nr=\"4\" mi=\"1\" ci=\"1\" mb=\"1\" cb=\"3\"/>\
        <line nr=\"9\" mi=\"5\" ci=\"0\" mb=\"2\" cb=\"0\"/>\
        <counter type=\"LINE\" missed=\"1\" covered=\"2\"/></sourcefile>";

    #[test]
    fn a_line_is_covered_if_an_instruction_ran() {
        let inner = format!(
            "<package name=\"com/x\"><class name=\"com/x/A\"><method name=\"m\" desc=\"()V\" line=\"3\">\
             <counter type=\"LINE\" missed=\"7\" covered=\"7\"/></method></class>{FILE}</package>\
             <counter type=\"LINE\" missed=\"1\" covered=\"2\"/>"
        );
        let report = report(&inner).unwrap();
        let file = &report.files["com/x/A.java"];
        assert_eq!(file.lines.iter().collect::<Vec<_>>(), [(3, true), (4, true), (9, false)]);
        assert_eq!(file.branch_ratio(), Ratio::new(3, 6));
        assert_eq!(file.hits, [(3, 1), (4, 1), (9, 0)]);
        assert_eq!(report.warnings, [""; 0]);
    }

    #[test]
    fn two_modules_may_hold_the_same_file() {
        let package = format!("<package name=\"com/x\">{FILE}</package>");
        let report = report(&format!(
            "<group name=\"all\"><group name=\"core\">{package}</group>\
             <group name=\"web\">{package}<package name=\"\">{FILE}</package></group></group>{package}"
        ))
        .unwrap();
        let names: Vec<&str> = report.files.keys().map(String::as_str).collect();
        let expected =
            ["all/core/com/x/A.java", "all/web/A.java", "all/web/com/x/A.java", "com/x/A.java"];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_root_counter_that_disagrees_is_told() {
        let inner = format!(
            "<package name=\"p\">{FILE}<sourcefile name=\"B.java\"/><sourcefile name=\"\"/></package>\
             <counter type=\"LINE\" missed=\"1\" covered=\"5\"/>"
        );
        assert_eq!(
            report(&inner).unwrap().warnings,
            [
                "2 source files have no lines and count for nothing: compile with debug information.",
                "1 entries without a file name were left out.",
                "Its totals say 5 of 6 lines, its lines 2 of 3: the lines count.",
            ]
        );
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        for (line, error) in [
            ("<line nr='x' ci='1'/>", "2:97: `nr=\"x\"` of `<line>` is not a number that can be"),
            ("<line ci='1'/>", "2:97: `<line>` has no `nr`"),
            ("<line nr='1' mb='1' cb='1'/>", &format!("2:97: {UNCOUNTED}")),
            ("<line nr='1' ci='-1'/>", "2:97: `ci=\"-1\"` of `<line>` is not a number that can be"),
            (
                "<line nr='4294967296' ci='1'/>",
                "2:97: `nr=\"4294967296\"` of `<line>` is not a number that can be",
            ),
            (
                "<line nr='1' ci='1' mb='18446744073709551615' cb='1'/>",
                "2:97: line 1 with 18446744073709551615 branches: too many",
            ),
        ] {
            let inner =
                format!("<package name='p'><sourcefile name='f'>{line}</sourcefile></package>");
            assert_eq!(report(&inner).unwrap_err(), error);
        }
        assert!(report("<package><sourcefile name='f'/></package>").is_err());
        let found = report("<line nr='1' ci='1'/>").unwrap_err();
        assert_eq!(found, "2:58: a `<line>` outside of a `<sourcefile>`");
    }
}
