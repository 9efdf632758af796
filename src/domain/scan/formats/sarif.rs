//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>): `runs[].results[]`, and what their rules say.
//!
//! The format has no field for packages. Trivy writes them into lines of the message (`Package: openssl`), Grype into those
//! of the rule's help; of others the file counts in which it was found.

use std::collections::HashMap;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use crate::domain::scan::finding::{Finding, Findings, MOST};
use crate::domain::scan::severity::Severity;
use crate::domain::scan::walk::{Unreadable, each, few};

/// How many runs a report may have.
const RUNS: usize = 100;

/// How much of a text of a rule is kept, in characters: more than of a finding.
const KEPT: usize = 250;

#[derive(Deserialize)]
struct Run {
    results: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "few")]
    invocations: Vec<Invocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Option<Text>,
    help: Option<Text>,
    default_configuration: Option<Configuration>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Text {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<String>,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "security-severity", default, deserialize_with = "score")]
    score: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: Option<String>,
    rule: Option<RuleReference>,
    kind: Option<String>,
    level: Option<String>,
    message: Option<Text>,
    #[serde(default, deserialize_with = "few")]
    locations: Vec<Location>,
}

#[derive(Deserialize)]
struct RuleReference {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Option<Physical>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Option<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    uri: Option<String>,
}

/// What is kept of a rule.
#[derive(Default)]
struct Known {
    score: Option<f64>,
    level: Option<String>,
    title: String,
    details: Details,
}

/// Reads it.
///
/// # Errors
/// It is not of this form, a run did not come to its end, or it has too many findings.
pub fn read(text: &str) -> Result<Findings, Unreadable> {
    let mut runs = 0;
    each(text, &["runs"], &mut |_, run: Run| {
        runs += 1;
        whole(&run, runs)
    })?;
    if runs == 0 {
        return Err(Unreadable::new("it has no run: nothing was scanned"));
    }
    let mut rules = HashMap::new();
    each(text, &["runs", "tool", "driver", "rules"], &mut |run, rule: Rule| {
        if rules.len() >= MOST {
            return Err(format!("there are more than {MOST} rules"));
        }
        let (id, known) = known(rule);
        let place = rules.entry((run, id)).or_insert_with(Known::default);
        if place.score.is_none_or(|score| known.score.is_some_and(|other| other > score)) {
            *place = known;
        }
        Ok(())
    })?;
    let mut findings = Findings::default();
    let none = Known::default();
    each(text, &["runs", "results"], &mut |run, found: Found| {
        if found.kind.as_deref().is_some_and(|kind| kind != "fail") {
            return Ok(());
        }
        let id = found.rule_id.clone().or_else(|| found.rule.as_ref()?.id.clone());
        let id = id.ok_or("a result has no `ruleId`")?;
        let key = (run, id);
        let rule = rules.get(&key).unwrap_or(&none);
        findings.add(finding(&key.1, &found, rule))
    })?;
    Ok(findings)
}

/// Results that are absent are no empty list: the tool did not come so far.
fn whole(run: &Run, number: usize) -> Result<(), String> {
    if number > RUNS {
        return Err(format!("there are more than {RUNS} runs"));
    }
    if run.results.is_none() {
        return Err(format!("run {number} has no `results`: the scan did not come to its end"));
    }
    if run.invocations.iter().any(|one| one.execution_successful == Some(false)) {
        return Err(format!("run {number} says that the scan failed (`executionSuccessful`)"));
    }
    Ok(())
}

fn known(rule: Rule) -> (String, Known) {
    let text = |text: Option<Text>| text.and_then(|text| text.text).unwrap_or_default();
    let known = Known {
        score: rule.properties.and_then(|properties| properties.score),
        level: rule.default_configuration.and_then(|configuration| configuration.level),
        title: text(rule.short_description).chars().take(KEPT).collect(),
        details: Details::of(&text(rule.help)),
    };
    (rule.id, known)
}

fn finding(id: &str, found: &Found, rule: &Known) -> Finding {
    let message = found.message.as_ref().and_then(|message| message.text.as_deref());
    let own = Details::of(message.unwrap_or_default());
    let is_of_rule = own.package.is_none() && rule.details.package.is_some();
    let details = if is_of_rule { &rule.details } else { &own };
    let place = || {
        let place = found.locations.first()?.physical_location.as_ref()?;
        place.artifact_location.as_ref()?.uri.clone()
    };
    let package = details.package.clone().or_else(place).unwrap_or_default();
    // A tool that speaks of the package in its rule has a rule for each package.
    let of_package = format!("-{package}");
    let id = id.strip_suffix(&of_package).filter(|id| is_of_rule && !id.is_empty()).unwrap_or(id);
    let finding = Finding::new(id, &package, severity(found, rule))
        .installed(details.installed.as_deref().unwrap_or_default())
        .titled(&rule.title);
    match &details.fixed {
        Some(fixed) => finding.mended(fixed),
        None => finding,
    }
}

/// By the score of the rule, else by the level. A score of 0 says that it is not known.
fn severity(found: &Found, rule: &Known) -> Severity {
    let level = found.level.as_deref().or(rule.level.as_deref());
    match (rule.score.and_then(Severity::of_score), level, rule.score) {
        (Some(severity), ..) => severity,
        (None, Some(level), _) => Severity::of_level(level),
        (None, None, Some(_)) => Severity::Unknown,
        // What SARIF has where nothing is said.
        (None, None, None) => Severity::of_level("warning"),
    }
}

/// What lines of a text say.
#[derive(Default)]
struct Details {
    package: Option<String>,
    installed: Option<String>,
    fixed: Option<String>,
}

impl Details {
    fn of(text: &str) -> Self {
        let mut all = Self::default();
        for (name, value) in text.lines().take(50).filter_map(|line| line.split_once(':')) {
            let value = || Some(value.trim().chars().take(KEPT).collect::<String>());
            match name.trim() {
                "Package" => all.package = value().filter(|value| !value.is_empty()),
                "Installed Version" | "Version" => all.installed = value(),
                "Fixed Version" | "Fix Version" => all.fixed = value(),
                _ => {}
            }
        }
        all
    }
}

/// A number, or a text that is one. What is neither says nothing.
fn score<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    struct Score;

    impl Visitor<'_> for Score {
        type Value = Option<f64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number")
        }

        fn visit_unit<E>(self) -> Result<Option<f64>, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, score: f64) -> Result<Option<f64>, E> {
            Ok(Some(score))
        }

        fn visit_u64<E>(self, score: u64) -> Result<Option<f64>, E> {
            Ok(Some(f64::from(u32::try_from(score).unwrap_or(u32::MAX))))
        }

        fn visit_i64<E>(self, _negative: i64) -> Result<Option<f64>, E> {
            Ok(None)
        }

        fn visit_str<E>(self, text: &str) -> Result<Option<f64>, E> {
            Ok(text.trim().parse().ok().filter(|score: &f64| score.is_finite()))
        }
    }

    from.deserialize_any(Score)
}
