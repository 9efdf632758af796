//! From findings to an answer: the levels that users set, doubles, order, and whether it fails.

use std::collections::{BTreeMap, BTreeSet};

pub mod addons;
mod env_pair;
pub mod project;

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::input::nearest;
use crate::domain::limit::LIMIT;
use crate::domain::{compose, env_file, git_files, odoo, secrets};

/// A file that has to be there.
pub const REQUIRED: Rule = Rule {
    id: "files.required",
    level: Level::Error,
    about: "a file that the input `required-files` names and that is not there",
    help: "The repository is not complete.",
};

/// Every rule, in the order of the documentation.
pub fn rules() -> Vec<&'static Rule> {
    let general = [
        &crate::domain::yaml::SYNTAX,
        &crate::domain::yaml::DUPLICATE_KEY,
        &REQUIRED,
        &crate::domain::limit::LIMIT,
    ];
    general
        .into_iter()
        .chain(compose::rules::all())
        .chain(env_file::rules::RULES.iter().copied())
        .chain(git_files::RULES.iter().copied())
        .chain(secrets::RULES.iter().copied())
        .chain(odoo::RULES.iter().copied())
        .collect()
}

/// What users say of single rules: a level, or off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<&'static str, Option<Level>>);

impl Levels {
    /// Reads `id=off|notice|warning|error` items.
    ///
    /// # Errors
    /// One sentence for each item that is wrong.
    pub fn parse(items: &[String]) -> Result<Self, Vec<String>> {
        let mut levels = Self::default();
        let mut wrong = Vec::new();
        for item in items {
            match one(item) {
                Ok((ids, level)) => levels.0.extend(ids.into_iter().map(|id| (id, level))),
                Err(why) => wrong.push(why),
            }
        }
        if wrong.is_empty() { Ok(levels) } else { Err(wrong) }
    }

    /// The finding with the level that the user set; none if the rule is off.
    fn apply(&self, finding: Finding) -> Option<Finding> {
        match self.0.get(finding.rule.id) {
            None => Some(finding),
            Some(None) => None,
            Some(Some(level)) => Some(finding.with_level(*level)),
        }
    }
}

fn one(item: &str) -> Result<(Vec<&'static str>, Option<Level>), String> {
    let (id, word) = item.split_once('=').ok_or_else(|| format!("`{item}` is not `rule=level`"))?;
    let (id, word) = (id.trim(), word.trim());
    let level = match word {
        "off" => None,
        "notice" => Some(Level::Notice),
        "warning" => Some(Level::Warning),
        "error" => Some(Level::Error),
        _ => return Err(format!("`{word}` is no level: off, notice, warning or error")),
    };
    let all = rules();
    let family = id.strip_suffix(".*");
    let is_meant = |rule: &&&Rule| match family {
        Some(family) => rule.id.split_once('.').is_some_and(|(own, _)| own == family),
        None => rule.id == id,
    };
    let ids: Vec<&'static str> = all.iter().filter(is_meant).map(|rule| rule.id).collect();
    if ids.is_empty() {
        let near = nearest(id, all.iter().map(|rule| rule.id));
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(format!("there is no rule `{id}`{near}"));
    }
    Ok((ids, level))
}

/// Most findings of one rule that are reported.
const TOLD: usize = 1_000;

/// The findings as they are reported: with the users' levels, without doubles, worst first, and at most `TOLD` of a
/// rule.
pub fn settle(findings: Vec<Finding>, levels: &Levels) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        findings.into_iter().filter_map(|one| levels.apply(one)).collect();
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    findings.dedup_by(|one, other| {
        one.rule == other.rule && one.span == other.span && one.message == other.message
    });
    let literals: BTreeSet<_> = findings.iter().filter(|one| is_precise(one)).map(place).collect();
    findings.retain(|one| is_precise(one) || !is_secret(one) || !literals.contains(&place(one)));
    few(findings)
}

/// At most `TOLD` of a rule. That there are more is a finding too, at the level of the worst that is left out.
fn few(findings: Vec<Finding>) -> Vec<Finding> {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let mut left_out: BTreeMap<&str, Finding> = BTreeMap::new();
    let mut kept = Vec::new();
    for one in findings {
        let count = told.entry(one.rule.id).or_default();
        *count += 1;
        if *count <= TOLD {
            kept.push(one);
        } else {
            left_out.entry(one.rule.id).or_insert(one);
        }
    }
    for (id, one) in left_out {
        let more = told.get(id).copied().unwrap_or_default() - TOLD;
        let what =
            format!("{more} more findings of the rule `{id}` are left out, the first of them here");
        let finding = Finding::new(&LIMIT, one.span, what).with_level(one.level);
        kept.push(finding.hint("mend those that are listed, and run the check again"));
    }
    kept.sort_by(|one, other| one.order().cmp(&other.order()));
    kept
}

/// A secret that several rules see is told once, by the one that knows best what it is.
fn is_precise(finding: &Finding) -> bool {
    finding.rule.id.starts_with("secret.compose-") || finding.rule.id == "secret.token"
}

fn is_secret(finding: &Finding) -> bool {
    finding.rule.id.starts_with("secret.")
}

fn place(finding: &Finding) -> (std::sync::Arc<str>, u32) {
    (finding.span.file.clone(), finding.span.start.line)
}

/// How many findings there are of a level.
pub fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|one| one.level == level).count()
}

/// Whether the answer is no.
pub fn fails(findings: &[Finding], from: Level) -> bool {
    findings.iter().any(|one| one.level <= from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compose::rules::SCHEMA;
    use crate::domain::finding::Span;

    fn levels(items: &[&str]) -> Result<Levels, Vec<String>> {
        Levels::parse(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn users_set_levels_by_rule_and_family() {
        let finding = || Finding::new(&SCHEMA, Span::line("a", 1), "x");
        let level = |items: &[&str]| {
            settle(vec![finding()], &levels(items).unwrap()).first().map(|one| one.level)
        };
        assert_eq!(level(&[]), Some(Level::Error));
        assert_eq!(level(&["compose.schema=off"]), None);
        assert_eq!(level(&["compose.schema = notice"]), Some(Level::Notice));
        assert_eq!(level(&["compose.*=warning"]), Some(Level::Warning));
        assert_eq!(level(&["compose.*=off", "compose.schema=error"]), Some(Level::Error));
    }

    #[test]
    fn wrong_levels_are_all_told() {
        let told =
            levels(&["compose.shema=off", "compose.schema=loud", "x", "foo.*=off"]).unwrap_err();
        assert_eq!(
            told,
            [
                "there is no rule `compose.shema`; did you mean `compose.schema`?",
                "`loud` is no level: off, notice, warning or error",
                "`x` is not `rule=level`",
                "there is no rule `foo.*`",
            ]
        );
    }

    #[test]
    fn doubles_go_and_the_worst_comes_first() {
        let at = |line, what: &str| Finding::new(&SCHEMA, Span::line("a", line), what);
        let all = vec![at(9, "x").with_level(Level::Notice), at(2, "x"), at(2, "x"), at(2, "y")];
        let settled = settle(all, &Levels::default());
        assert_eq!(settled.iter().map(|one| one.span.start.line).collect::<Vec<_>>(), [2, 2, 9]);
        assert!(fails(&settled, Level::Error) && count(&settled, Level::Error) == 2);
        assert!(!fails(&settled[2..], Level::Warning) && fails(&settled[2..], Level::Notice));
    }

    #[test]
    fn a_rule_tells_so_many_and_how_many_more() {
        let at = |line| Finding::new(&SCHEMA, Span::line("a", line), "x");
        let all = |count| settle((1..=count).map(at).collect(), &Levels::default());
        assert_eq!(all(1_000).len(), 1_000);
        let told = all(1_003);
        let more: Vec<_> = told.iter().filter(|one| one.rule == &LIMIT).collect();
        assert_eq!((told.len(), more.len()), (1_001, 1));
        assert!(more[0].message.starts_with("3 more findings of the rule `compose.schema`"));
        assert_eq!((more[0].level, more[0].span.start.line), (Level::Error, 1_001));
    }

    #[test]
    fn ids_are_distinct() {
        let mut ids: Vec<_> = rules().iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
