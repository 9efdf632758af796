//! What `build-push` tells of the scan of an image. Pure.

use serde_json::{Value, json};

use crate::domain::event::{Annotation, Level};
use crate::domain::image::Reference;
use crate::domain::scan::{Fix, Judged, Row, Rules, Severity};
use crate::failure::{Failure, Outcome};
use crate::report::markdown::{Table, code, plain, prose};

use super::many;

mod sarif;

pub use sarif::sarif;

/// What a report without findings says that looked at nothing.
const BLIND: &str = "No package was recognised in it, or in one of its parts, in which something could be found: its system or its form is one that the \
    scanner does not know, or the report is about something else";

/// How many findings a summary lists.
const SHOWN: usize = 20;

/// How many findings a log and a failure name.
const NAMED: usize = 3;

/// An image that was scanned.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// By whom: `trivy 0.60.0`, or the files that say it.
    pub by: String,
    /// What the gate wants.
    pub rules: Rules,
    /// What was found.
    pub judged: Judged,
    /// With what it was compared.
    pub before: Before,
}

/// With what an image was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// With nothing: it would not have changed the answer, or was not asked for.
    Left,
    /// With nothing, because nothing is replaced, or for another reason: all findings are new.
    Nothing(String),
    /// With this image or file.
    Of(String),
}

impl Scanned {
    /// The counts: `1 critical, 2 high, 3 low`.
    fn counts(&self) -> String {
        let some = Severity::ALL.into_iter().map(|one| (self.judged.count(one), one));
        let some = some.filter(|(count, _)| *count > 0);
        let some: Vec<String> =
            some.map(|(count, one)| format!("{count} {}", one.word())).collect();
        if some.is_empty() { "no known vulnerability".to_owned() } else { some.join(", ") }
    }

    /// What the gate says, in words.
    fn verdict(&self) -> String {
        let Some(gate) = self.rules.gate else { return "no gate".to_owned() };
        let word = gate.word();
        match self.judged.failing().count() {
            0 => format!("passed the gate `{word}`"),
            count => format!("failed the gate `{word}` by {}", many(count, "finding")),
        }
    }

    /// With what it was compared, in words.
    fn compared(&self) -> Option<String> {
        match &self.before {
            Before::Left => None,
            Before::Nothing(why) => Some(format!("compared with nothing ({why}): all are new")),
            Before::Of(what) => Some(format!("compared with {what}")),
        }
    }

    /// The result of the gate, as one word.
    pub fn word(&self) -> &'static str {
        match self.rules.gate {
            None => "off",
            Some(_) if self.judged.has_passed() => "passed",
            Some(_) => "failed",
        }
    }

    /// The scan for a terminal or a log.
    pub fn lines(&self) -> Vec<String> {
        let mut lines =
            vec![format!("  scan by {}: {}; {}", self.by, self.counts(), self.verdict())];
        lines.extend(self.compared().map(|compared| format!("    {compared}")));
        let failing = self.judged.failing().count();
        lines.extend(self.judged.failing().take(NAMED).map(|row| format!("    {}", sentence(row))));
        if failing > NAMED {
            lines.push(format!("    and {} more", failing - NAMED));
        }
        lines
    }

    /// The scan for a step summary.
    pub fn section(&self) -> String {
        let sign = match self.word() {
            "failed" => "❌",
            "passed" => "✅",
            _ => "🔎",
        };
        let mut text = prose(&format!("{sign} Scan by {}: {}", self.by, self.verdict()));
        text.extend(self.compared().map(|compared| format!(", {}", plain(&compared))));
        text.push('.');
        if self.judged.rows.is_empty() {
            let nothing =
                if self.judged.is_blind { BLIND } else { "It has no known vulnerability" };
            return format!("\n{text} {nothing}.\n");
        }
        let has_before = self.judged.rows.iter().any(|row| row.is_new.is_some());
        let mut heads = vec!["severity", "findings", "that count"];
        heads.extend(has_before.then_some("new"));
        let mut counts = Table::new(&heads);
        for severity in Severity::ALL.into_iter().filter(|one| self.judged.count(*one) > 0) {
            let failing = self.judged.failing().filter(|row| row.finding.severity == severity);
            let new = self.judged.count_new(severity).to_string();
            let cells = [
                severity.word().to_owned(),
                self.judged.count(severity).to_string(),
                failing.count().to_string(),
                new,
            ];
            counts.raw_row(&cells[..heads.len()]);
        }
        let mut heads = vec!["finding", "severity", "package", "installed", "fixed in"];
        heads.extend(has_before.then_some("new"));
        let mut worst = Table::new(&heads);
        for row in self.judged.rows.iter().take(SHOWN) {
            let finding = &row.finding;
            let sign = if row.counts { "❌ " } else { "" };
            let cells = [
                code(&finding.id),
                format!("{sign}{}", finding.severity.word()),
                code(&finding.package),
                code(&finding.installed),
                fixed(&finding.fix),
                row.is_new.map_or("", |is_new| if is_new { "new" } else { "" }).to_owned(),
            ];
            worst.raw_row(&cells[..heads.len()]);
        }
        let more = self.judged.rows.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("\nand {more} more\n") } else { String::new() };
        format!("\n{text}\n\n{}\n{}{more}", counts.render(), worst.render())
    }

    /// The scan as JSON: how many findings there are of each severity, and what the gate says.
    pub fn json(&self) -> Value {
        let mut json = counts(&[self]);
        json["result"] = json!(self.word());
        json["by"] = json!(self.by);
        json
    }

    /// Why an image failed. `pushed` is what was pushed of it, if anything.
    pub fn failure(&self, image: &str, pushed: Option<&Reference>) -> Failure {
        let failing = self.judged.failing();
        let mut named: Vec<String> = failing.take(NAMED).map(sentence).collect();
        let more = self.judged.failing().count() - named.len();
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        let what = match pushed {
            Some(pushed) => {
                format!("{} was pushed, and no other tag was set", pushed.familiar())
            }
            None => "nothing of it was pushed".to_owned(),
        };
        let gate = self.rules.gate.map_or("off", Severity::word);
        Failure::new(Outcome::Failed, format!("{image} did not pass the scan"))
            .why(format!("{} (`scan-gate: {gate}`); {what}", named.join("; ")))
            .help("build it with the versions that mend it, or on a newer base image; what is known and accepted goes into the scanner's own list (`.trivyignore`, `.grype.yaml`)")
    }

    /// What somebody should know of an image that was not stopped.
    pub fn warning(&self, action: &str, image: &str) -> Option<Annotation> {
        let unknown = self.judged.count(Severity::Unknown);
        let critical = self.judged.count(Severity::Critical);
        let message = match self.rules.gate {
            _ if self.judged.is_blind => BLIND.to_owned(),
            Some(_) if unknown > 0 => format!(
                "{} of no known severity, which no gate counts; found by {}",
                many(unknown, "finding"),
                self.by
            ),
            None if critical > 0 => format!(
                "{} stopped nothing, because `scan-gate` is off",
                many(critical, "critical finding")
            ),
            _ => return None,
        };
        Some(Annotation {
            level: Level::Warning,
            title: format!("{action}: the scan of {image}"),
            message,
            place: None,
        })
    }
}

/// How many findings there are of each severity, in all images.
pub fn counts(all: &[&Scanned]) -> Value {
    let sum = |of: &dyn Fn(&Judged) -> usize| {
        all.iter().map(|scanned| of(&scanned.judged)).sum::<usize>()
    };
    let mut json = json!({
        "total": sum(&|judged| judged.rows.len()),
        "failing": sum(&|judged| judged.failing().count()),
        "new": sum(&|judged| judged.rows.iter().filter(|row| row.is_new == Some(true)).count()),
    });
    for severity in Severity::ALL {
        json[severity.word()] = json!(sum(&|judged| judged.count(severity)));
    }
    json
}

/// A finding in a line.
fn sentence(row: &Row) -> String {
    let finding = &row.finding;
    let installed = match finding.installed.as_str() {
        "" => String::new(),
        version => format!(" {version}"),
    };
    let fix = match &finding.fix {
        Fix::In(versions) => format!(", fixed in {versions}"),
        Fix::None => ", no fix yet".to_owned(),
        Fix::Unknown => String::new(),
    };
    let new = if row.is_new == Some(true) { ", new" } else { "" };
    let severity = finding.severity.word();
    format!("{} ({severity}{new}) in {}{installed}{fix}", finding.id, finding.package)
}

fn fixed(fix: &Fix) -> String {
    match fix {
        Fix::In(versions) => code(versions),
        Fix::None => "no fix yet".to_owned(),
        Fix::Unknown => "not said".to_owned(),
    }
}

#[cfg(test)]
mod tests;
