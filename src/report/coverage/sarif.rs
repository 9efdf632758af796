//! SARIF 2.1.0: the places that the verdict is about, for code scanning and editors.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::coverage::gate::{Assessment, Marked, State, Subject};
use crate::domain::coverage::lines::Range;
use crate::report::coverage::{verdict, words};
use crate::report::uri;

/// How many results a run may have; services refuse more.
const RESULTS: usize = 25_000;

/// How many bytes of paths are written: with long paths the file would be refused before it has that many results.
const PATHS: usize = 4_000_000;

/// A kind of result.
struct Rule {
    id: &'static str,
    name: &'static str,
    short: &'static str,
    help: &'static str,
    subject: Subject,
}

const RULES: [Rule; 4] = [
    Rule {
        id: "coverage/changed-line-not-covered",
        name: "ChangedLineNotCovered",
        short: "A changed line is not covered by a test",
        help: "No test ran these changed lines. Write a test that runs them, or delete them if nothing needs them.",
        subject: Subject::Patch,
    },
    Rule {
        id: "coverage/unmeasured-file",
        name: "UnmeasuredFile",
        short: "A changed file is in no coverage report",
        help: "No coverage report mentions this changed file, so nothing is known about its lines. Have the coverage tool \
               measure it (also where no test imports it), or leave it out with the input `exclude`.",
        subject: Subject::Unmeasured,
    },
    Rule {
        id: "coverage/indirect-loss",
        name: "IndirectLoss",
        short: "A line that the change does not touch lost its coverage",
        help: "A test ran these lines before this change and none does now, though they are the same. Most often a test \
               was deleted or skipped, or a call to them went away.",
        subject: Subject::Indirect,
    },
    Rule {
        id: "coverage/new-exclusion",
        name: "NewExclusion",
        short: "The change adds a way round the coverage gate",
        help: "The change takes lines out of the measurement or lowers a threshold. If that is meant, a reviewer should \
               know; else remove it.",
        subject: Subject::Exclusions,
    },
];

/// A result before it is written.
struct Found<'a> {
    rule: usize,
    path: &'a str,
    region: Option<Range>,
    message: String,
}

/// The document. What does not fit is counted in the run's property `omitted`; the largest ranges of the change come
/// first.
pub fn sarif(assessment: &Assessment) -> String {
    let levels: Vec<&str> = RULES.iter().map(|rule| level(assessment, &rule.subject)).collect();
    let (found, all) = found(assessment);
    let mut places: BTreeMap<(usize, &str), u32> = BTreeMap::new();
    let mut results = Vec::new();
    let mut room = PATHS;
    for one in found {
        let uri = uri::path(one.path);
        if uri.len() > room {
            break;
        }
        room -= uri.len();
        let place = places.entry((one.rule, one.path)).or_default();
        *place += 1;
        results.push(result(&one, levels[one.rule], (&uri, *place)));
    }
    let omitted = all - results.len();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "mta coverage-gate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": RULES.iter().zip(&levels).map(|(one, level)| rule(one, level)).collect::<Vec<_>>(),
            }},
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top of the repository."}}},
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {
                "verdict": assessment.verdict().word(),
                "headline": verdict::headline(assessment),
                "omitted": omitted,
            },
        }],
    });
    format!("{document}\n")
}

/// The results that fit by their number, most important first, and how many there are in all.
fn found(assessment: &Assessment) -> (Vec<Found<'_>>, usize) {
    let changed = assessment.patch.iter().flat_map(|patch| &patch.files);
    let changed = largest(changed.flat_map(|file| of(&file.path, &file.uncovered)));
    let indirect = assessment.regression.iter().flat_map(|regression| &regression.indirect);
    let indirect = largest(indirect.flat_map(|file| of(&file.path, &file.ranges)));
    let unmeasured = assessment.patch.as_ref().map_or(&[][..], |patch| &patch.unmeasured);
    let all = changed.len() + indirect.len() + unmeasured.len() + assessment.exclusions.len();
    let lines = |rule, verb: &'static str| {
        move |(path, marked): (_, Marked)| Found {
            rule,
            path,
            region: Some(marked.range),
            message: format!(
                "{} ({}) {verb}.",
                capital_range(marked.range),
                words::lines(marked.lines.into())
            ),
        }
    };
    let found = changed.into_iter().map(lines(0, "changed and not covered by a test"));
    let found = found.chain(unmeasured.iter().map(|path| Found {
        rule: 1,
        path,
        region: None,
        message: "This changed file is in no coverage report.".to_owned(),
    }));
    let found = found.chain(
        indirect.into_iter().map(lines(2, "not touched by the change, covered before and not now")),
    );
    let found = found.chain(assessment.exclusions.iter().map(|one| Found {
        rule: 3,
        path: &one.path,
        region: Some(Range { first: one.line, last: one.line }),
        message: format!("The change adds {}.", words::sentence(&one.what)),
    }));
    (found.take(RESULTS).collect(), all)
}

fn of<'a>(path: &'a str, ranges: &'a [Marked]) -> impl Iterator<Item = (&'a str, Marked)> {
    ranges.iter().map(move |marked| (path, *marked))
}

fn largest<'a>(ranges: impl Iterator<Item = (&'a str, Marked)>) -> Vec<(&'a str, Marked)> {
    let mut all: Vec<(&str, Marked)> = ranges.collect();
    all.sort_by_key(|(path, marked)| (Reverse(marked.lines), *path, marked.range.first));
    all
}

fn capital_range(range: Range) -> String {
    let noun = if range.first == range.last { "Line" } else { "Lines" };
    format!("{noun} {}", words::range(range))
}

fn rule(rule: &Rule, level: &str) -> Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.short},
        "fullDescription": {"text": rule.help},
        "help": {"text": rule.help, "markdown": rule.help},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["coverage", "test"]},
    })
}

/// The fingerprint holds the rule, the file and the place among the results of the file, but no line number: it stays
/// the same when lines above are added.
fn result(found: &Found<'_>, level: &str, (uri, place): (&str, u32)) -> Value {
    let mut location = json!({"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}});
    if let Some(range) = found.region {
        let first = range.first.max(1);
        location["region"] = json!({"startLine": first, "endLine": range.last.max(first)});
    }
    let id = RULES[found.rule].id;
    let digest = Sha256::digest(format!("{id}\0{uri}\0{place}"));
    let fingerprint: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    json!({
        "ruleId": id,
        "ruleIndex": found.rule,
        "level": level,
        "message": {"text": found.message},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"mtaCoverage/v1": fingerprint},
    })
}

fn level(assessment: &Assessment, subject: &Subject) -> &'static str {
    match verdict::check(assessment, subject).map(|check| check.state) {
        Some(State::Failed) => "error",
        _ => "warning",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::coverage::samples::{fail, hostile, huge, marked, no_patch, pass, spoiled};

    fn run(assessment: &Assessment) -> Value {
        let document: Value = serde_json::from_str(&sarif(assessment)).unwrap();
        assert_eq!(document["version"], "2.1.0");
        assert!(document["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
        document["runs"][0].clone()
    }

    /// Rule, level and place of each result.
    fn told(assessment: &Assessment) -> Vec<String> {
        let run = run(assessment);
        let one = |result: &Value| {
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let (level, uri) = (
                result["level"].as_str().unwrap(),
                place["artifactLocation"]["uri"].as_str().unwrap(),
            );
            let region = &place["region"];
            format!("{index} {level} {uri} {}-{}", region["startLine"], region["endLine"])
        };
        run["results"].as_array().unwrap().iter().map(one).collect()
    }

    fn prints(assessment: &Assessment) -> Vec<String> {
        let run = run(assessment);
        let print = |result: &Value| {
            result["partialFingerprints"]["mtaCoverage/v1"].as_str().unwrap().to_owned()
        };
        run["results"].as_array().unwrap().iter().map(print).collect()
    }

    #[test]
    fn places_largest_first_with_the_level_of_their_check() {
        assert_eq!(
            told(&fail()),
            [
                "0 error src/shop/order.py 12-14",
                "0 error src/shop/cart.py 3-4",
                "0 error src/shop/order.py 7-7",
                "1 error src/shop/new.py null-null",
                "2 error src/shop/tax.py 20-24",
                "3 warning src/shop/cart.py 9-9",
            ]
        );
        assert_eq!(told(&pass()), [""; 0]);
        assert_eq!(told(&no_patch()), [""; 0]);
    }

    #[test]
    fn rules_have_what_services_ask_for() {
        for rule in run(&pass())["tool"]["driver"]["rules"].as_array().unwrap() {
            for text in [
                "/id",
                "/name",
                "/shortDescription/text",
                "/fullDescription/text",
                "/help/text",
                "/help/markdown",
                "/defaultConfiguration/level",
            ] {
                assert!(
                    rule.pointer(text).and_then(Value::as_str).is_some_and(|text| !text.is_empty()),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_fingerprint_is_one_and_stays_when_lines_move() {
        let one = fail();
        let distinct: BTreeSet<_> = prints(&one).into_iter().collect();
        assert_eq!(distinct.len(), 6);
        let mut moved = one.clone();
        moved.patch.as_mut().unwrap().files[0].uncovered = vec![marked(103, 104)];
        assert_eq!(prints(&moved), prints(&one));
    }

    #[test]
    fn uris_are_ascii_and_lines_begin_at_one() {
        let mut one = hostile();
        one.patch.as_mut().unwrap().files[0].uncovered = vec![marked(0, 0)];
        let told = told(&one);
        assert!(told.iter().any(|line| line == "0 error a%7Cb%7Cc.py 1-1"), "{told:?}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/% ".contains(c);
        assert!(told.iter().all(|line| line.chars().all(plain)), "{told:?}");
    }

    #[test]
    fn there_are_not_more_than_services_take() {
        let one = huge(1_000, 40);
        let (found, all) = found(&one);
        // 40,000 of the change, 40,000 indirect, 1,000 files, 1,000 exclusions.
        assert_eq!((found.len(), all), (RESULTS, 82_000));
        let one = spoiled(&vec!["x".repeat(1_500_000); 3]);
        let run = run(&one);
        assert_eq!(run["results"].as_array().unwrap().len(), 2);
        assert_eq!(run["properties"]["omitted"], 10);
    }
}
