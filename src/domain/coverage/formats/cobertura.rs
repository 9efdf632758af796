//! Cobertura XML: coverage.py, gcovr, coverlet, `PHPUnit`, grcov and many more.
//!
//! The lines of classes count (`class/lines/line`), each line of a file once, hit if any entry hit it. The lines of
//! methods repeat them and are passed over; rates and totals are never trusted. Branches: with `missing-branches`
//! (coverage.py) an arm is missing if every report misses it; with `<condition>`s the better of each condition holds;
//! with nothing but "(1/2)" the better count.

mod fast;

use std::io::BufRead;

use crate::domain::coverage::arms::named;
use crate::domain::coverage::formats::draft::{Draft, Stated};
use crate::domain::coverage::formats::lcov::number::{Count, LineNumber};
use crate::domain::coverage::formats::xml::{self, Ahead, Event, Tag, brief};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::{Detail, Format, Measured, Report, Unreadable};

/// Reads a report.
pub fn read(input: &mut dyn BufRead, detail: Detail) -> Result<Report, Unreadable> {
    let mut cobertura = Cobertura::new(detail);
    xml::read_ahead(input, &mut |event| cobertura.take(&event))?;
    if !cobertura.has_parts {
        let what =
            "`<coverage>` has neither `<packages>` nor `<sources>`: this is no Cobertura report";
        return Err(Unreadable { line: 1, column: 1, what: what.to_owned() });
    }
    Ok(cobertura.finish())
}

struct Cobertura {
    draft: Draft,
    roots: Vec<String>,
    /// The text of the `<source>` that is open.
    source: Option<String>,
    /// In how many elements the open class lies.
    class: Option<usize>,
    /// Whether its `<lines>` are open.
    in_lines: bool,
    /// The branches of the line that is open.
    branches: Option<Branches>,
    has_parts: bool,
    no_line: u64,
    stated: Option<Stated>,
}

/// What a line says of its branches.
#[derive(Debug, Default)]
struct Branches {
    line: u32,
    taken: u64,
    total: u64,
    /// The arms that were not taken.
    missing: Vec<u32>,
    /// Number and percent of each condition.
    conditions: Vec<(u64, f64)>,
}

impl Cobertura {
    fn new(detail: Detail) -> Self {
        Self {
            draft: Draft::new(Format::Cobertura, detail),
            roots: Vec::new(),
            source: None,
            class: None,
            in_lines: false,
            branches: None,
            has_parts: false,
            no_line: 0,
            stated: None,
        }
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => return self.start(tag),
            Event::End(name) => return self.end(name),
            Event::Text(text) => {
                if let Some(source) = &mut self.source {
                    source.push_str(text);
                }
            }
            Event::Ahead(ahead) => self.ahead(ahead),
        }
        Ok(())
    }

    /// Takes the lines that are written as machines write them.
    fn ahead(&mut self, ahead: &Ahead<'_>) {
        if self.in_lines && self.branches.is_none() {
            let draft = &mut self.draft;
            ahead
                .taken
                .set(fast::lines(ahead.text.as_bytes(), |line, hits| draft.line(line, hits)));
        }
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        if tag.depth == 0 {
            return self.root(tag);
        }
        let in_class = self.class.map(|class| tag.depth - class);
        match (tag.name, in_class) {
            ("packages" | "sources", None) if tag.depth == 1 => self.has_parts = true,
            ("source", None) => self.source = Some(String::new()),
            ("class", None) => {
                self.draft.open(tag.get("filename").unwrap_or_default());
                self.class = Some(tag.depth);
            }
            ("lines", Some(1)) => self.in_lines = true,
            ("line", Some(2)) if self.in_lines => return self.line(tag),
            ("condition", Some(4)) => return self.condition(tag),
            _ => {}
        }
        Ok(())
    }

    fn root(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        if tag.name != "coverage" {
            return Err(format!("the root is `<{}>`, not `<coverage>`", brief(tag.name)));
        }
        let number = |name| tag.get(name).and_then(|value| value.trim().parse::<u64>().ok());
        if let (Some(total), Some(covered)) = (number("lines-valid"), number("lines-covered")) {
            let ratio = Ratio::new(covered, total);
            self.stated = Some(Stated { what: "lines", ratio, of: Measured::line_ratio });
        }
        Ok(())
    }

    fn line(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        let hits = Count::of(tag.need("hits")?.as_bytes())?.hits();
        let LineNumber::Line(line) = LineNumber::of(tag.need("number")?.as_bytes())? else {
            self.no_line += 1;
            return Ok(());
        };
        self.draft.line(line, hits);
        let counted = tag.get("condition-coverage").map(counted).transpose()?.flatten();
        self.branches = counted.map(|(taken, total)| {
            let missing = tag.get("missing-branches").unwrap_or_default().split(',');
            let missing = missing.map(str::trim).filter(|name| !name.is_empty());
            let missing = missing.map(|name| named(name.as_bytes())).collect();
            Branches { line, taken, total, missing, conditions: Vec::new() }
        });
        Ok(())
    }

    fn condition(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        if let Some(branches) = &mut self.branches {
            let percent =
                tag.get("coverage").unwrap_or_default().trim().trim_end_matches('%').trim();
            if let Ok(percent) = percent.parse() {
                branches.conditions.push((tag.number("number")?, percent));
            }
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), String> {
        match name {
            "class" if !self.in_lines => {
                self.draft.close();
                self.class = None;
            }
            "lines" => self.in_lines = false,
            "line" => {
                if let Some(branches) = self.branches.take() {
                    return branches.add_to(&mut self.draft);
                }
            }
            "source" => {
                let root = self.source.take().unwrap_or_default().trim().replace('\\', "/");
                if !root.is_empty() && !self.roots.contains(&root) {
                    self.roots.push(root);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Report {
        if self.no_line > 0 {
            let no_line = self.no_line;
            self.draft.warn(format!("{no_line} entries without a line that can be were left out."));
        }
        let mut report = self.draft.finish(self.stated.as_slice());
        report.roots = self.roots;
        report
    }
}

impl Branches {
    fn add_to(mut self, draft: &mut Draft) -> Result<(), String> {
        let (line, taken, total) = (self.line, self.taken, self.total);
        let arms = self.arms_of_conditions();
        // The number of arms is checked by this in any case.
        draft.arms(line, if arms.is_some() { 0 } else { taken }, total)?;
        let Some(file) = draft.file() else { return Ok(()) };
        if let Some(arms) = arms {
            let marks = (0_u32..).zip(arms);
            marks.for_each(|(number, taken)| file.arms.mark(line, number, taken));
            return Ok(());
        }
        self.missing.sort_unstable();
        self.missing.dedup();
        if !self.missing.is_empty() && self.missing.len() as u64 == total - taken {
            file.arms.mark_missing(line, u32::try_from(total).unwrap_or(u32::MAX), &self.missing);
        }
        Ok(())
    }

    /// The arms one by one, if the conditions have equally many and add up to what the line says. The arms of a
    /// condition have no names, so the first ones count as taken.
    fn arms_of_conditions(&mut self) -> Option<Vec<bool>> {
        self.conditions.sort_by_key(|(number, _)| *number);
        let conditions = self.conditions.len() as u64;
        let each = self
            .total
            .checked_div(conditions)
            .filter(|each| *each > 0 && each * conditions == self.total)?;
        if self.total > 1024 {
            return None;
        }
        let mut arms = Vec::new();
        for (_, percent) in &self.conditions {
            #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
            arms.extend((1..=each).map(|arm| *percent + 1.0 >= arm as f64 * 100.0 / each as f64));
        }
        let taken = arms.iter().filter(|taken| **taken).count() as u64;
        (taken == self.taken).then_some(arms)
    }
}

/// Taken arms of all: 1 and 2 of "50% (1/2)". `None` where only a rate is said.
fn counted(text: &str) -> Result<Option<(u64, u64)>, String> {
    let Some((_, pair)) = text.split_once('(') else { return Ok(None) };
    let numbers = pair.trim_end().strip_suffix(')').and_then(|pair| pair.split_once('/'));
    let numbers = numbers.and_then(|(taken, total)| {
        Some((taken.trim().parse::<u64>().ok()?, total.trim().parse::<u64>().ok()?))
    });
    let wrong = || format!("`condition-coverage=\"{}\"` is no count of branches", brief(text));
    numbers.filter(|(taken, total)| taken <= total).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests;
