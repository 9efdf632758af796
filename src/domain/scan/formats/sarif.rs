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
use crate::domain::scan::walk::{Unreadable, bounded, each, few};

/// How many runs a report may have.
const RUNS: usize = 100;

/// How many parts of the name of a rule are looked for.
const DEPTH: usize = 10;

/// How much of a text of a rule is kept, in characters: more than of a finding.
const KEPT: usize = 250;

#[derive(Deserialize)]
struct Run {
    results: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
}

/// A component of the tool beside the one that drives it.
#[derive(Deserialize)]
struct Extension {
    #[serde(default, deserialize_with = "bounded")]
    rules: Vec<Rule>,
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
    rule_index: Option<i64>,
    rule: Option<RuleReference>,
    kind: Option<String>,
    baseline_state: Option<String>,
    level: Option<String>,
    message: Option<Text>,
    #[serde(default, deserialize_with = "few")]
    locations: Vec<Location>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleReference {
    id: Option<String>,
    index: Option<i64>,
    tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
struct ComponentReference {
    index: Option<i64>,
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
    id: String,
    score: Option<f64>,
    level: Option<String>,
    title: String,
    details: Details,
}

/// The rules of all runs.
#[derive(Default)]
struct Rules {
    all: Vec<Known>,
    /// Of several rules of one name in a run, the worst.
    by_id: HashMap<(usize, String), usize>,
    /// By run, component (`None` is the one that drives) and place in that.
    by_place: HashMap<(usize, Option<usize>, usize), usize>,
}

impl Rules {
    fn read(text: &str) -> Result<Self, Unreadable> {
        let mut rules = Self::default();
        let (mut run, mut number) = (0, 0);
        each(text, &["runs", "tool", "driver", "rules"], &mut |at, rule: Rule| {
            number = if at == run { number } else { 0 };
            run = at;
            rules.add((at, None, number), rule)?;
            number += 1;
            Ok(())
        })?;
        let (mut run, mut component) = (0, 0);
        each(text, &["runs", "tool", "extensions"], &mut |at, extension: Extension| {
            component = if at == run { component } else { 0 };
            run = at;
            for (number, rule) in extension.rules.into_iter().enumerate() {
                rules.add((at, Some(component), number), rule)?;
            }
            component += 1;
            Ok(())
        })?;
        Ok(rules)
    }

    fn add(&mut self, place: (usize, Option<usize>, usize), rule: Rule) -> Result<(), String> {
        if self.all.len() >= MOST {
            return Err(format!("there are more than {MOST} rules"));
        }
        let (known, at) = (known(rule), self.all.len());
        let severity = by_rule(None, &known)?;
        let id = (place.0, known.id.clone());
        let worst = self.by_id.get(&id).map(|other| by_rule(None, &self.all[*other]));
        if worst.transpose()?.is_none_or(|worst| severity > worst) {
            self.by_id.insert(id, at);
        }
        self.by_place.insert(place, at);
        self.all.push(known);
        Ok(())
    }

    /// The rule of a result: by its exact name (some tools write the place 0 for each), by its place, or by the beginning
    /// of its name (`R` for `R/part`, 3.27.5). `None` where the result refers to none.
    fn of(&self, run: usize, found: &Found) -> Result<Option<&Known>, String> {
        let id = found.rule_id.as_ref().or_else(|| found.rule.as_ref()?.id.as_ref());
        let named = |id: &str| self.by_id.get(&(run, id.to_owned())).map(|at| &self.all[*at]);
        if let Some(known) = id.and_then(|id| named(id)) {
            return Ok(Some(known));
        }
        let component = found.rule.as_ref().and_then(|rule| rule.tool_component.as_ref());
        let index = found.rule.as_ref().and_then(|rule| rule.index).or(found.rule_index);
        let whole = |index: Option<i64>| index.and_then(|index| usize::try_from(index).ok());
        // A component that is named in another way than by its place is not the one that drives.
        let named_otherwise = component.is_some_and(|component| whole(component.index).is_none());
        if let Some(index) = whole(index).filter(|_| !named_otherwise) {
            let component = component.and_then(|component| whole(component.index));
            if let Some(at) = self.by_place.get(&(run, component, index)) {
                return Ok(Some(&self.all[*at]));
            }
        }
        let mut parts = id.into_iter().flat_map(|id| id.match_indices('/').rev().take(DEPTH));
        let part = parts.find_map(|(end, _)| named(&id?[..end]));
        if part.is_none() && (whole(index).is_some() || component.is_some()) {
            return Err("a result refers to a rule that is not there".to_owned());
        }
        Ok(part)
    }
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
    each(text, &["runs", "invocations"], &mut |at, one: Invocation| {
        if one.execution_successful == Some(false) {
            let number = at + 1;
            return Err(format!("run {number} says that the scan failed (`executionSuccessful`)"));
        }
        Ok(())
    })?;
    let rules = Rules::read(text)?;
    let mut findings = Findings::default();
    let none = Known::default();
    each(text, &["runs", "results"], &mut |run, found: Found| {
        // What an earlier scan found and this one did not.
        if found.baseline_state.as_deref() == Some("absent") {
            return Ok(());
        }
        let is_open = match found.kind.as_deref() {
            None | Some("fail") => false,
            Some("open" | "review") => true,
            Some("pass" | "notApplicable" | "informational") => return Ok(()),
            Some(kind) => return Err(format!("a result is of the kind `{kind}`, which is none")),
        };
        let rule = rules.of(run, &found)?.unwrap_or(&none);
        let id = found.rule_id.as_ref().or_else(|| found.rule.as_ref()?.id.as_ref());
        let id =
            id.or((!rule.id.is_empty()).then_some(&rule.id)).ok_or("a result has no `ruleId`")?;
        findings.add(finding(id, &found, rule, is_open)?)
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
    Ok(())
}

fn known(rule: Rule) -> Known {
    let text = |text: Option<Text>| text.and_then(|text| text.text).unwrap_or_default();
    Known {
        id: rule.id,
        score: rule.properties.and_then(|properties| properties.score),
        level: rule.default_configuration.and_then(|configuration| configuration.level),
        title: text(rule.short_description).chars().take(KEPT).collect(),
        details: Details::of(&text(rule.help)),
    }
}

/// `is_open` says that nobody knows yet whether it is one.
fn finding(id: &str, found: &Found, rule: &Known, is_open: bool) -> Result<Finding, String> {
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
    let by_rule = by_rule(found.level.as_deref(), rule)?;
    // A rule has one score for all packages, and Trivy's that of the last: where the text says another word, the worse counts.
    let word = details.severity.as_deref().and_then(Severity::parse);
    let severity = if is_open { Severity::Unknown } else { by_rule.max(word.unwrap_or(by_rule)) };
    let finding = Finding::new(id, &package, severity)
        .installed(details.installed.as_deref().unwrap_or_default())
        .titled(&rule.title);
    Ok(match details.fixed.as_deref() {
        // Grype has an empty line also where it does not know.
        Some(fixed) if !(is_of_rule && fixed.is_empty()) => finding.mended(fixed),
        _ => finding,
    })
}

/// By the score of the rule, else by the level. A score of 0 says that it is not known.
fn by_rule(level: Option<&str>, rule: &Known) -> Result<Severity, String> {
    let level = level.or(rule.level.as_deref());
    let of_level = |level: &str| {
        Severity::of_level(level)
            .ok_or_else(|| format!("a finding has the level `{level}`, which is none"))
    };
    match (rule.score.and_then(Severity::of_score), level, rule.score) {
        (Some(severity), ..) => Ok(severity),
        (None, Some(level), _) => of_level(level),
        (None, None, Some(_)) => Ok(Severity::Unknown),
        // What SARIF has where nothing is said.
        (None, None, None) => of_level("warning"),
    }
}

/// What lines of a text say.
#[derive(Default)]
struct Details {
    package: Option<String>,
    installed: Option<String>,
    fixed: Option<String>,
    severity: Option<String>,
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
                "Severity" => all.severity = value(),
                _ => {}
            }
        }
        all
    }
}

/// A number, or a text that is one; an empty one says nothing. What is neither may have been a high one.
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

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Option<f64>, E> {
            let text = text.trim();
            let score = text.parse().ok().filter(|score: &f64| score.is_finite());
            if score.is_none() && !text.is_empty() {
                return Err(E::custom(format!(
                    "`security-severity` is `{text}`, which is no number"
                )));
            }
            Ok(score)
        }
    }

    from.deserialize_any(Score)
}
