//! SARIF 2.1.0 for code scanning and editors.

use serde_json::{Value, json};

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::report::findings::shown::{Files, fingerprints};
use crate::report::uri;

/// How many results a run may have; services refuse more.
const RESULTS: usize = 25_000;

/// The document, with the rules that were broken.
pub fn sarif(findings: &[Finding], files: &Files) -> String {
    let mut rules: Vec<&Rule> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_by_key(|rule| rule.id);
    rules.dedup_by_key(|rule| rule.id);
    let prints = fingerprints(findings, files);
    let results: Vec<Value> = findings
        .iter()
        .zip(&prints)
        .take(RESULTS)
        .map(|(finding, print)| result(finding, (&rules, print), files))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "mta validate-config",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|one| rule(one)).collect::<Vec<_>>(),
            }},
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top of the repository."}}},
            "columnKind": "unicodeCodePoints",
            "properties": {"omitted": findings.len() - results.len()},
            "results": results,
        }],
    });
    format!("{document}\n")
}

fn rule(rule: &Rule) -> Value {
    let name: String = rule.id.split(['.', '-']).map(capital).collect();
    json!({
        "id": rule.id,
        "name": name,
        "shortDescription": {"text": capital(rule.about)},
        "fullDescription": {"text": rule.help},
        "help": {"text": rule.help, "markdown": rule.help},
        "defaultConfiguration": {"level": level(rule.level)},
        "properties": {"tags": tags(rule)},
    })
}

fn tags(rule: &Rule) -> &'static [&'static str] {
    if rule.id.starts_with("secret.") || rule.id.starts_with("git.") {
        &["security"]
    } else {
        &["configuration"]
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "note",
    }
}

fn result(finding: &Finding, (rules, print): (&[&Rule], &str), files: &Files) -> Value {
    let index = rules.iter().position(|rule| rule.id == finding.rule.id);
    let mut location = json!({"artifactLocation": {"uri": uri::path(&finding.span.file), "uriBaseId": "%SRCROOT%"}});
    if let Some(region) = region(finding, files) {
        location["region"] = region;
    }
    let text = if finding.hint.is_empty() {
        finding.message.clone()
    } else {
        format!("{}. What to do: {}", finding.message, finding.hint)
    };
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": level(finding.level),
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"mtaValidate/v1": print},
    })
}

fn region(finding: &Finding, files: &Files) -> Option<Value> {
    let (start, end) = (finding.span.start, finding.span.end);
    if start.line == 0 {
        return None;
    }
    let mut region = json!({"startLine": start.line, "endLine": end.line.max(start.line)});
    if start.column > 0 {
        region["startColumn"] = json!(start.column);
        region["endColumn"] = json!(if end.line > start.line {
            end.column.max(1)
        } else {
            end.column.max(start.column + 1)
        });
    }
    if let Some(excerpt) = files.excerpt(&finding.span) {
        region["snippet"] = json!({"text": excerpt.text});
    }
    Some(region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::findings::shown::tests::sample;

    #[test]
    fn results_have_rules_places_and_no_secret() {
        let (findings, files) = sample();
        let text = sarif(&findings, &files);
        assert!(!text.contains("hunter2"));
        let document: Value = serde_json::from_str(&text).unwrap();
        let run = &document["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["name"], "ARule");
        let results = run["results"].as_array().unwrap();
        let levels: Vec<_> = results.iter().map(|one| one["level"].as_str().unwrap()).collect();
        assert_eq!(levels, ["error", "warning", "note"]);
        let region = &results[0]["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["snippet"]["text"], "    token: ******* * *");
        assert_eq!(
            (region["startColumn"].as_u64(), region["endColumn"].as_u64()),
            (Some(12), Some(19))
        );
        assert!(results[2]["locations"][0]["physicalLocation"].get("region").is_none());
        assert!(results.iter().all(|one| one["ruleIndex"] == 0));
    }
}
