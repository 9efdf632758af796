//! Findings for tools: one JSON object.

use serde_json::{Value, json};

use crate::domain::finding::Finding;
use crate::report::annotation::word;
use crate::report::findings::shown::{Files, fingerprints};

/// The document. Version 1: keys may come, none goes.
pub fn json(findings: &[Finding], files: &Files) -> String {
    let prints = fingerprints(findings, files);
    let one = |(finding, print): (&Finding, &String)| {
        let (start, end) = (finding.span.start, finding.span.end);
        json!({
            "rule": finding.rule.id,
            "level": word(finding.level),
            "file": finding.span.file.as_ref(),
            "line": start.line,
            "column": start.column,
            "endLine": end.line,
            "endColumn": end.column,
            "message": finding.message,
            "hint": finding.hint,
            "fingerprint": print,
        })
    };
    let all: Vec<Value> = findings.iter().zip(&prints).map(one).collect();
    format!("{}\n", json!({"version": 1, "findings": all}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::findings::shown::tests::sample;

    #[test]
    fn every_finding_is_there_without_secrets() {
        let (findings, files) = sample();
        let text = json(&findings, &files);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["findings"].as_array().unwrap().len(), 3);
        assert_eq!(document["findings"][0]["line"], 3);
        assert_eq!(document["findings"][1]["level"], "warning");
        assert!(!text.contains("hunter2"));
    }
}
