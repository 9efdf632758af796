//! The gate: which findings count, and whether an image passes.

use std::sync::Arc;

use super::finding::{Finding, Findings, Fix};
use super::severity::Severity;

/// What the gate wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// From which severity on a finding counts; `None` where none does.
    pub gate: Option<Severity>,
    /// Whether only those count that the image does not have that is replaced.
    pub only_new: bool,
    /// Whether those count for which there is no fix yet.
    pub ignores_unfixed: bool,
}

impl Rules {
    /// Whether a finding is bad enough to count, whatever the other image has.
    fn reaches(self, finding: &Finding) -> bool {
        let is_bad = self.gate.is_some_and(|gate| finding.severity >= gate);
        is_bad && !(self.ignores_unfixed && finding.fix == Fix::None)
    }
}

/// A finding as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The finding.
    pub finding: Finding,
    /// Whether the image that is replaced does not have it; `None` where that was not looked at.
    pub is_new: Option<bool>,
    /// Whether the image fails because of it.
    pub counts: bool,
}

/// What the gate says of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// All findings: those that count first, the worst before others.
    pub rows: Arc<[Row]>,
    /// Whether the scanner recognised no packages in which something could be found.
    pub is_blind: bool,
}

impl Judged {
    /// Whether the image passes.
    pub fn has_passed(&self) -> bool {
        self.failing().next().is_none()
    }

    /// What it fails because of.
    pub fn failing(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.counts)
    }

    /// How many findings are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.rows.iter().filter(|row| row.finding.severity == severity).count()
    }

    /// How many of them are new, as far as that was looked at.
    pub fn count_new(&self, severity: Severity) -> usize {
        let is_new = |row: &&Row| row.is_new == Some(true) && row.finding.severity == severity;
        self.rows.iter().filter(is_new).count()
    }
}

/// Whether it matters what the image has that is replaced: where nothing is bad enough to count, or all counts, it does not.
pub fn matters(rules: Rules, found: &Findings) -> bool {
    rules.only_new && found.iter().any(|finding| rules.reaches(finding))
}

/// Judges an image. `before` has the findings of the image that it replaces: `None` where there is none, or where nobody has
/// looked; then all findings count.
pub fn judge(rules: Rules, found: Findings, before: Option<&Findings>) -> Judged {
    let row = |finding: Finding| {
        let is_new = before.map(|before| !before.has(&finding));
        let is_let_off = rules.only_new && is_new == Some(false);
        Row { is_new, counts: rules.reaches(&finding) && !is_let_off, finding }
    };
    let is_blind = found.is_blind;
    let mut rows: Vec<Row> = found.into_all().map(row).collect();
    // Those of one severity stay by identifier and package.
    rows.sort_by_key(|row| std::cmp::Reverse((row.counts, row.finding.severity)));
    Judged { rows: rows.into(), is_blind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(all: &[(&str, Severity, &str)]) -> Findings {
        let mut found = Findings::default();
        for (id, severity, fix) in all {
            let finding = Finding::new(id, "openssl", *severity);
            let finding = if *fix == "?" { finding } else { finding.mended(fix) };
            found.add(finding).unwrap();
        }
        found
    }

    fn failing(rules: Rules, found: &Findings, before: Option<&Findings>) -> Vec<String> {
        judge(rules, found.clone(), before).failing().map(|row| row.finding.id.clone()).collect()
    }

    #[test]
    fn a_finding_counts_from_the_severity_of_the_gate_on() {
        let all = found(&[
            ("c", Severity::Critical, "2"),
            ("h", Severity::High, "2"),
            ("m", Severity::Medium, "2"),
            ("l", Severity::Low, "2"),
            ("n", Severity::Negligible, "2"),
            ("u", Severity::Unknown, "2"),
        ]);
        for (gate, expected) in [
            (None, &[][..]),
            (Some(Severity::Critical), &["c"]),
            (Some(Severity::High), &["c", "h"]),
            (Some(Severity::Medium), &["c", "h", "m"]),
            (Some(Severity::Low), &["c", "h", "m", "l"]),
        ] {
            let rules = Rules { gate, ..Rules::default() };
            assert_eq!(failing(rules, &all, None), expected, "{gate:?}");
            assert_eq!(judge(rules, all.clone(), None).has_passed(), expected.is_empty());
        }
        let judged = judge(Rules::default(), all.clone(), None);
        assert_eq!(judged.count(Severity::Unknown), 1, "told, though it never counts");
        let order: Vec<_> = judged.rows.iter().map(|row| row.finding.id.as_str()).collect();
        assert_eq!(order, ["c", "h", "m", "l", "n", "u"]);
    }

    #[test]
    fn what_has_no_fix_may_be_let_off_but_not_what_is_not_known() {
        let all = found(&[
            ("fixed", Severity::High, "2"),
            ("none", Severity::Critical, ""),
            ("not said", Severity::High, "?"),
        ]);
        let rules = Rules { gate: Some(Severity::High), ..Rules::default() };
        assert_eq!(failing(rules, &all, None), ["none", "fixed", "not said"]);
        let rules = Rules { ignores_unfixed: true, ..rules };
        assert_eq!(failing(rules, &all, None), ["fixed", "not said"]);
        let order: Vec<_> =
            judge(rules, all, None).rows.iter().map(|row| row.finding.id.clone()).collect();
        assert_eq!(order, ["fixed", "not said", "none"], "what counts comes first");
    }

    #[test]
    fn what_the_replaced_image_has_may_be_let_off() {
        let all = found(&[("old", Severity::Critical, "2"), ("new", Severity::Critical, "2")]);
        let before = found(&[("OLD", Severity::Low, "")]);
        let rules = Rules { gate: Some(Severity::High), ..Rules::default() };
        assert_eq!(failing(rules, &all, Some(&before)), ["new", "old"], "it is told alone");
        let rules = Rules { only_new: true, ..rules };
        assert_eq!(failing(rules, &all, Some(&before)), ["new"]);
        assert_eq!(failing(rules, &all, Some(&Findings::default())), ["new", "old"]);
        assert_eq!(failing(rules, &all, None), ["new", "old"], "nothing is replaced");
        let judged = judge(rules, all.clone(), Some(&before));
        assert_eq!(
            (judged.count_new(Severity::Critical), judged.count(Severity::Critical)),
            (1, 2)
        );
        assert_eq!(judge(rules, all.clone(), None).count_new(Severity::Critical), 0);
        assert!(matters(rules, &all) && !matters(Rules { only_new: false, ..rules }, &all));
        assert!(!matters(rules, &found(&[("low", Severity::Low, "2")])));
        let without = Rules { ignores_unfixed: true, ..rules };
        assert!(!matters(without, &found(&[("none", Severity::Critical, "")])));
    }
}
