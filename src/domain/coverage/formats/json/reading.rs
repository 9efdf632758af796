//! For the tests of the formats: a report in one line a file.

use crate::domain::coverage::report::{Detail, Report};

/// The report that a text is, or its error: `a.py lines 1+2 2-0 arms 1+- statements 1/2`, where lines show their hits.
pub fn shown(text: &str) -> String {
    let report = match super::read(&mut text.as_bytes(), Detail { hits: true }) {
        Ok(report) => report,
        Err(error) => return error.to_string(),
    };
    without_hits_it_is_the_same(text, &report);
    let mut all = String::new();
    for (name, file) in &report.files {
        all += name;
        if file.has_lines() {
            all += " lines";
        }
        for ((line, covered), (hit, hits)) in file.lines.iter().zip(&file.hits) {
            assert_eq!((line, covered), (*hit, *hits > 0));
            all += &format!(" {line}{}{hits}", if covered { '+' } else { '-' });
        }
        assert_eq!(file.lines.iter().count(), file.hits.len());
        if !file.arms.is_empty() {
            all += " arms";
            let mut last = 0;
            for (line, taken) in file.arms.iter() {
                if line != last {
                    all += &format!(" {line}");
                }
                all.push(if taken { '+' } else { '-' });
                last = line;
            }
        }
        if !file.statements.is_empty() {
            let ratio = file.statements.ratio();
            all += &format!(" statements {}/{}", ratio.covered, ratio.total);
        }
        if let Some(summary) = file.summary {
            let [lines, branches, statements] =
                [summary.lines, summary.branches, summary.statements]
                    .map(|ratio| format!("{}/{}", ratio.covered, ratio.total));
            all += &format!(" summary {lines} {branches} {statements}");
        }
        all.push('\n');
    }
    for root in &report.roots {
        all += &format!("root {root}\n");
    }
    for warning in &report.warnings {
        all += &format!("{warning}\n");
    }
    all
}

/// Hits are an addition and change nothing else.
fn without_hits_it_is_the_same(text: &str, report: &Report) {
    let plain = super::read(&mut text.as_bytes(), Detail::default()).unwrap();
    assert!(plain.files.keys().eq(report.files.keys()));
    for (plain, file) in plain.files.values().zip(report.files.values()) {
        assert!(plain.hits.is_empty());
        assert_eq!(plain.lines, file.lines);
        assert_eq!(plain.arms.ratio(), file.arms.ratio());
        assert_eq!(plain.statements, file.statements);
    }
    assert_eq!(plain.warnings, report.warnings);
}
