//! SARIF 2.1.0 of what was found, for code scanning: the same for the same findings.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::scan::{Finding, Fix, Row, Severity};
use crate::report::uri;

use super::Scanned;

/// How many results a run may have; services refuse more.
const RESULTS: usize = 25_000;

/// The document of images by their names. Each vulnerability is a rule, each package of an image that has it a result.
pub fn sarif(all: &[(String, &Scanned)]) -> String {
    document(all, RESULTS)
}

/// The same with so many results at most.
pub(super) fn document(all: &[(String, &Scanned)], most: usize) -> String {
    let rows = all.iter().flat_map(|(image, scanned)| {
        scanned.judged.rows.iter().map(move |row| (image.as_str(), row))
    });
    let mut rows: Vec<(&str, &Row)> = rows.collect();
    let found = rows.len();
    // Those that stop an image and the worst are in it, whatever does not fit.
    rows.sort_by_key(|(image, row)| {
        let finding = &row.finding;
        (std::cmp::Reverse((row.counts, finding.severity)), &finding.id, &finding.package, *image)
    });
    rows.truncate(most);
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for (_, row) in &rows {
        // The first one is the worst.
        rules.entry(&row.finding.id).or_insert(&row.finding);
    }
    let index: BTreeMap<&str, usize> =
        rules.keys().enumerate().map(|(number, id)| (*id, number)).collect();
    let results =
        || rows.iter().map(|(image, row)| result(image, row, index[row.finding.id.as_str()]));
    let document = Document {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "mta build-push",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: Each(|| rules.values().map(|worst| rule(worst))),
                },
            },
            column_kind: "unicodeCodePoints",
            properties: json!({"omitted": found - rows.len()}),
            results: Each(results),
        }],
    };
    let mut text = serde_json::to_string(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<R: Serialize> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [R; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<T: Serialize, R: Serialize> {
    tool: T,
    column_kind: &'static str,
    properties: Value,
    results: R,
}

#[derive(Serialize)]
struct Tool<D: Serialize> {
    driver: D,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<R: Serialize> {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: R,
}

/// A list of which one entry at a time is made, when it is written.
struct Each<F>(F);

impl<I: Iterator<Item = Value>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq((self.0)())
    }
}

fn rule(worst: &Finding) -> Value {
    let title = if worst.title.is_empty() { &worst.id } else { &worst.title };
    let mut properties = json!({"tags": ["security", "vulnerability", worst.severity.word()]});
    if let Some(score) = score(worst.severity) {
        properties["security-severity"] = json!(score);
    }
    json!({
        "id": worst.id,
        "name": "VulnerablePackage",
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": format!("{}: use a version of the package that mends it, or a newer base image.", worst.id)},
        "defaultConfiguration": {"level": level(worst.severity)},
        "properties": properties,
    })
}

/// A score in the range that stands for the severity: code scanning knows no words.
const fn score(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Negligible => Some("0.1"),
        Severity::Unknown => None,
    }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Negligible => "note",
        Severity::Unknown => "none",
    }
}

/// A result. Its fingerprint has no version: it stays the same until the package is mended.
fn result(image: &str, row: &Row, index: usize) -> Value {
    let Row { finding, is_new, counts } = row;
    let Finding { id, package, installed, fix, severity, .. } = finding;
    let mut text = format!("Package: {package}\nInstalled Version: {installed}\n");
    match fix {
        Fix::In(versions) => text.push_str(&format!("Fixed Version: {versions}\n")),
        Fix::None => text.push_str("Fixed Version: \n"),
        Fix::Unknown => {}
    }
    text.push_str(&format!("Severity: {}\nImage: {image}", severity.word()));
    let digest = Sha256::digest(format!("{id}\0{package}\0{image}"));
    let print: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let mut properties = json!({"counts": counts});
    if let Some(is_new) = is_new {
        properties["new"] = json!(is_new);
    }
    json!({
        "ruleId": id,
        "ruleIndex": index,
        "level": level(*severity),
        "message": {"text": text},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri::path(image)},
                "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
            },
            "logicalLocations": [{"name": package, "kind": "module"}],
        }],
        "partialFingerprints": {"mtaScan/v1": print},
        "properties": properties,
    })
}
