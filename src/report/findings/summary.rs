//! The step summary: the answer first, then each file with what was found in it.

use std::collections::BTreeMap;

use crate::domain::event::Level;
use crate::domain::finding::Finding;
use crate::report::annotation::word;
use crate::report::findings::terminal::counts;
use crate::report::markdown::{Table, code, details, heading, prose};

/// What else the summary says.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Whether the answer is no.
    pub fails: bool,
    /// What was looked at: "2 compose files, 5 services".
    pub scope: Vec<String>,
    /// What could not be checked, as sentences.
    pub not_checked: Vec<String>,
    /// Sections of their own, as Markdown.
    pub more: Vec<String>,
}

/// The sections, Markdown.
pub fn sections(findings: &[Finding], told: &Told) -> Vec<String> {
    let mark = if told.fails { "❌ validate-config failed" } else { "✅ validate-config" };
    let mut head = heading(3, &format!("{mark}: {}", counts(findings)));
    if !told.scope.is_empty() {
        head.push_str(&format!("\nLooked at {}.\n", prose(&told.scope.join(", "))));
    }
    for sentence in &told.not_checked {
        head.push_str(&format!("\n⚠️ Not checked: {}\n", prose(sentence)));
    }
    let mut sections = vec![head];
    let (above, notices): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.level != Level::Notice);
    sections.extend(
        by_file(&above).into_iter().map(|(file, table)| format!("{}\n{table}", heading(4, file))),
    );
    if !notices.is_empty() {
        let tables: Vec<String> = by_file(&notices)
            .into_iter()
            .map(|(file, table)| format!("{}\n{table}", heading(4, file)))
            .collect();
        sections.push(details(&format!("{} notices", notices.len()), &tables.join("\n")));
    }
    sections.extend(told.more.iter().cloned());
    sections
}

/// A table for each file, files in the order of their worst finding.
fn by_file<'a>(findings: &[&'a Finding]) -> Vec<(&'a str, String)> {
    let mut order: Vec<&str> = Vec::new();
    let mut tables: BTreeMap<&str, Table> = BTreeMap::new();
    for finding in findings {
        let file = finding.span.file.as_ref();
        if !tables.contains_key(file) {
            order.push(file);
        }
        let table = tables.entry(file).or_insert_with(|| Table::new(&["Line", "", "What", "Rule"]));
        let line = if finding.span.start.line == 0 {
            String::new()
        } else {
            finding.span.start.line.to_string()
        };
        let mut what = prose(&finding.message);
        if !finding.hint.is_empty() {
            what.push_str(&format!("<br>→ {}", prose(&finding.hint)));
        }
        table.raw_row(&[line, word(finding.level).to_owned(), what, code(finding.rule.id)]);
    }
    let table = |file: &str| tables.get(file).map(Table::render).unwrap_or_default();
    order.into_iter().map(|file| (file, table(file))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::findings::shown::tests::sample;

    #[test]
    fn the_answer_first_and_then_the_files() {
        let (findings, _) = sample();
        let told = Told {
            fails: true,
            scope: vec!["1 compose file".into()],
            not_checked: vec!["the `tag`".into()],
            more: vec!["more\n".into()],
        };
        assert_eq!(
            sections(&findings, &told),
            [
                "### ❌ validate-config failed: 1 error, 1 warning, 1 notice\n\nLooked at 1 compose file.\n\n⚠️ Not checked: the `tag`\n",
                "#### c.yml\n\n| Line |  | What | Rule |\n| --- | --- | --- | --- |\n| 3 | error | a \\\\| secret ::error::x<br>→ `hide` it | `a.rule` |\n",
                "#### .env\n\n| Line |  | What | Rule |\n| --- | --- | --- | --- |\n| 1 | warning | a key | `a.rule` |\n",
                "<details><summary>1 notices</summary>\n\n#### gone\n\n| Line |  | What | Rule |\n| --- | --- | --- | --- |\n|  | notice | not there | `a.rule` |\n\n</details>\n",
                "more\n",
            ]
        );
        assert_eq!(
            sections(&[], &Told::default()),
            ["### ✅ validate-config: 0 errors, 0 warnings, 0 notices\n"]
        );
    }
}
