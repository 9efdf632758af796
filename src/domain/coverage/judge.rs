//! The checks: from what is known to a verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::coverage::counts::{Counts, carry};
use crate::domain::coverage::diff::Diff;
use crate::domain::coverage::exclusions;
use crate::domain::coverage::gate::{
    Assessment, Check, FileTotal, Marked, Metric, Patch, Regression, Required, State, Subject,
    Unjudgeable,
};
use crate::domain::coverage::patch::{self, Aside, Judged};
use crate::domain::coverage::project::{Project, Scope, counted_as, ending};
use crate::domain::coverage::python::Continuation;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::regression::{self, Sides};
use crate::domain::coverage::rules::{self, LostFiles, OnMissing, Rules, Strictness};
use crate::domain::input::Percent;

/// How many files are named as those that pay most.
const PAYERS: usize = 3;

/// The change that is judged.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is known.
    Known {
        /// What differs.
        diff: Diff,
        /// What it was compared with, in words.
        base: String,
        /// Of its files, the lines that belong to a statement which begins above them.
        continuations: BTreeMap<String, Vec<Continuation>>,
    },
    /// There is none to judge; why, as a sentence.
    None(String),
}

/// What is there to compare with.
#[derive(Clone, Debug)]
pub enum Baseline {
    /// A baseline.
    Found {
        /// Its files.
        files: BTreeMap<String, Counts>,
        /// The commit that it measured.
        commit: String,
        /// How many commits that is before the base.
        older_by: u32,
        /// What differs between that commit and today.
        diff: Diff,
    },
    /// The store answered, and it is empty: nothing was ever measured.
    Missing,
    /// The store has baselines, and none of the commits that this change is based on; how that came, as a sentence.
    Lost(String),
    /// It is not asked for; why, as a sentence.
    NotAsked(String),
}

/// What the verdict rests on.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The reports.
    pub project: &'a Project,
    /// Its files in the judged form.
    pub counts: &'a BTreeMap<String, Counts>,
    /// The change.
    pub change: &'a Change,
    /// The baseline.
    pub baseline: &'a Baseline,
    /// The files that count.
    pub scope: &'a Scope,
    /// Those of `counts` that no report mentions: they are there as the baseline has them.
    pub carried: &'a [String],
}

/// Judges.
pub fn judge(evidence: Evidence<'_>, rules: &Rules) -> Result<Assessment, Unjudgeable> {
    let project = evidence.project;
    let mut assessment = Assessment {
        metric: rules.metric,
        total: total(evidence.counts, rules.metric),
        others: others(evidence.counts, rules.metric),
        files: files(evidence.counts, rules.metric),
        mapping: project.mapping.clone(),
        sources: project.sources.clone(),
        warnings: project.warnings.clone(),
        ..Assessment::default()
    };
    rules::judgeable(evidence.counts, rules.metric, assessment.total)?;
    rules::unmapped_do_not_matter(&project.stray, assessment.total, rules)?;
    assessment.checks.push(at_least(Subject::Total, assessment.total, rules.min_total));
    judge_change(&mut assessment, evidence, rules)?;
    judge_regression(&mut assessment, evidence, rules);
    judge_files(&mut assessment, rules);
    judge_groups(&mut assessment, rules);
    assessment.payers = payers(&assessment);
    Ok(assessment)
}

fn total(counts: &BTreeMap<String, Counts>, metric: Metric) -> Ratio {
    counts.values().fold(Ratio::default(), |sum, file| sum.plus(file.ratio(metric)))
}

/// The other metrics that the reports carry: people compare with what their tool printed.
fn others(counts: &BTreeMap<String, Counts>, metric: Metric) -> Vec<(Metric, Ratio)> {
    let all = [Metric::Line, Metric::Branch, Metric::LineAndBranch, Metric::Statement];
    let carried = all.into_iter().filter(|other| *other != metric && carry(counts, *other));
    carried.map(|other| (other, total(counts, other))).collect()
}

fn files(counts: &BTreeMap<String, Counts>, metric: Metric) -> Vec<FileTotal> {
    let file = |(path, counts): (&String, &Counts)| {
        let mut uncovered = Marked::uncovered(counts.lines.iter());
        let ranges = uncovered.len();
        uncovered.truncate(FileTotal::FIRST);
        uncovered.shrink_to_fit();
        FileTotal { path: path.clone(), ratio: counts.ratio(metric), uncovered, ranges }
    };
    counts.iter().map(file).collect()
}

fn judge_change(
    assessment: &mut Assessment,
    evidence: Evidence<'_>,
    rules: &Rules,
) -> Result<(), Unjudgeable> {
    let (diff, base, continuations) = match evidence.change {
        Change::Known { diff, base, continuations } => (diff, base, continuations),
        Change::None(why) => {
            assessment.checks.push(skipped(Subject::Patch, why));
            return Ok(());
        }
    };
    if !evidence.project.is_mapped {
        return Err(Unjudgeable {
            what: "the changed lines cannot be judged: no name in the reports is a file of the repository".to_owned(),
            help: "set `path-map`, such as `/app/=./`, or check out the repository that was tested".to_owned(),
        });
    }
    let judged = Judged {
        metric: rules.metric.of_changes(),
        files: evidence.counts,
        endings: &endings(evidence),
        scope: evidence.scope,
        tests: &rules.tests,
        continuations,
    };
    let (mut patch, aside) = patch::of(diff, judged);
    patch.base.clone_from(base);
    assessment.checks.push(patch_check(&patch, &aside, rules.min_patch));
    assessment.checks.push(unmeasured_check(&patch, rules.unmeasured));
    assessment.warnings.extend(odd(&aside));
    assessment.exclusions = exclusions::of(diff);
    assessment
        .checks
        .push(exclusions_check(assessment.exclusions.len() as u64, rules.new_exclusions));
    assessment.patch = Some(patch);
    Ok(())
}

/// Endings of all that is measured, or was: a report that is lost does not make its language an unknown one.
fn endings(evidence: Evidence<'_>) -> BTreeSet<String> {
    let mut endings = evidence.project.endings.clone();
    if let Baseline::Found { files, .. } = evidence.baseline {
        endings.extend(files.keys().filter_map(|path| ending(path)));
    }
    endings
}

fn patch_check(patch: &Patch, aside: &Aside, minimum: Percent) -> Check {
    let mut check = at_least(Subject::Patch, patch.ratio, minimum);
    let mut notes = Vec::new();
    if patch.ratio.total == 0 {
        let none = if patch.unmeasured.is_empty() && aside.unknown.is_empty() {
            "no executable lines changed"
        } else {
            "no line that a report knows changed"
        };
        notes.push(none.to_owned());
    }
    if !aside.left_out.is_empty() {
        notes.push(format!(
            "{} by `tests`, `include` or `exclude`: {}",
            counted_as(
                aside.left_out.len(),
                "changed file is not judged",
                "changed files are not judged"
            ),
            named(&aside.left_out)
        ));
    }
    check.note = notes.join("; ");
    check
}

/// What is odd about changed files that are not judged.
fn odd(aside: &Aside) -> Vec<String> {
    let mut warnings = Vec::new();
    if !aside.unknown.is_empty() {
        warnings.push(format!(
            "{} in a language that no report measures: {}",
            counted_as(aside.unknown.len(), "changed source file is", "changed source files are"),
            named(&aside.unknown)
        ));
    }
    if !aside.lineless.is_empty() {
        warnings.push(format!(
            "{} in the reports without one line that can run: {}; right for types and constants, else the tool did not \
             measure them",
            counted_as(aside.lineless.len(), "changed file is", "changed files are"),
            named(&aside.lineless)
        ));
    }
    warnings
}

/// How many paths are written out.
const NAMED: usize = 10;

fn named(paths: &[String]) -> String {
    let shown: Vec<String> = paths.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    let more = if paths.len() > NAMED { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn unmeasured_check(patch: &Patch, strictness: Strictness) -> Check {
    none_of(Subject::Unmeasured, patch.unmeasured.len() as u64, strictness)
}

fn exclusions_check(count: u64, strictness: Strictness) -> Check {
    none_of(Subject::Exclusions, count, strictness)
}

fn judge_regression(assessment: &mut Assessment, evidence: Evidence<'_>, rules: &Rules) {
    let missing = |note: &str| {
        let state = match rules.on_missing_baseline {
            OnMissing::Warn => State::Warned,
            OnMissing::Fail => State::Failed,
            OnMissing::Pass => State::Passed,
        };
        Check { note: note.to_owned(), ..bare(Subject::Baseline, state) }
    };
    match evidence.baseline {
        Baseline::NotAsked(why) => {
            assessment.checks.push(skipped(Subject::RegressionAdjusted, why));
        }
        Baseline::Missing => {
            let note = "there is no baseline yet: it is written when a push to the base branch is measured and passes";
            assessment.checks.push(missing(note));
        }
        // Whose change this is can do nothing about it.
        Baseline::Lost(why) => assessment.checks.push(missing(why)),
        Baseline::Found { files, commit, older_by, diff } => {
            let sides = Sides { base: files, head: evidence.counts, diff, scope: evidence.scope };
            let mut found = regression::compare(sides, rules.metric);
            found.commit.clone_from(commit);
            found.older_by = *older_by;
            assessment.checks.extend(regression_checks(&found, assessment.total, rules));
            assessment.checks.extend(lost_check(&found, evidence, rules.lost_files));
            assessment.regression = Some(found);
        }
    }
}

fn regression_checks(found: &Regression, head: Ratio, rules: &Rules) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(tolerance) = rules.max_total_drop {
        checks.push(not_below(Subject::RegressionTotal, head, found.base, tolerance));
    }
    checks.push(not_below(
        Subject::RegressionAdjusted,
        found.compared,
        found.adjusted,
        rules.max_drop,
    ));
    let lost = regression::lost_lines(found);
    let state = match rules.max_indirect_loss {
        Some(most) if lost > most => State::Failed,
        None if lost > 0 => State::Warned,
        _ => State::Passed,
    };
    let mut check = counted(Subject::Indirect, lost, state);
    check.required = rules.max_indirect_loss.map(Required::AtMost);
    checks.push(check);
    checks
}

/// Files that the baseline knows, that are still there and that no report mentions: most often a report did not arrive.
/// `None` if there are none.
fn lost_check(found: &Regression, evidence: Evidence<'_>, lost_files: LostFiles) -> Option<Check> {
    let (lost, carried) = (&found.dropped, evidence.carried);
    if lost.is_empty() && carried.is_empty() {
        return None;
    }
    let strictness = match lost_files {
        LostFiles::Warn => Strictness::Warn,
        LostFiles::Fail | LostFiles::Carry => Strictness::Fail,
    };
    let mut check = none_of(Subject::LostFiles, lost.len() as u64, strictness);
    let mut notes = Vec::new();
    if !lost.is_empty() {
        let lines = usize::try_from(found.dropped_lines).unwrap_or(usize::MAX);
        let changed = match lost_files {
            LostFiles::Carry => ", changed since, so that they are not carried",
            LostFiles::Fail | LostFiles::Warn => "",
        };
        notes.push(format!("{}{changed}: {}", counted_as(lines, "line", "lines"), named(lost)));
        let folders: Vec<String> = silent_folders(lost, evidence.counts).into_iter().collect();
        if !folders.is_empty() {
            notes.push(format!("no report has a file below {} (did it arrive?)", named(&folders)));
        }
        let way_out = "have them measured again; where they are left out on purpose, also by `exclude`; where only what \
                       changed is tested, `lost-files: carry`";
        notes.push(way_out.to_owned());
    }
    if !carried.is_empty() {
        notes.push(format!(
            "{} as the baseline has it: {}",
            counted_as(
                carried.len(),
                "file without a report counts",
                "files without a report count"
            ),
            named(carried)
        ));
    }
    check.note = notes.join("; ");
    Some(check)
}

/// The topmost folders of lost files below which nothing is measured.
fn silent_folders(lost: &[String], counts: &BTreeMap<String, Counts>) -> BTreeSet<String> {
    let is_silent = |folder: &str| {
        let first = counts.range(folder.to_owned()..).next();
        first.is_none_or(|(path, _)| !path.starts_with(folder))
    };
    let topmost = |path: &String| {
        let ends = path.match_indices('/').map(|(at, slash)| at + slash.len());
        ends.map(|end| &path[..end]).find(|folder| is_silent(folder)).map(str::to_owned)
    };
    lost.iter().filter_map(topmost).collect()
}

/// Files below the minimum for a file; those that hold it need no line each.
fn judge_files(assessment: &mut Assessment, rules: &Rules) {
    let Some(minimum) = rules.min_file else { return };
    let low = assessment.files.iter().filter(|file| !file.ratio.meets(minimum));
    let checks: Vec<Check> =
        low.map(|file| at_least(Subject::File(file.path.clone()), file.ratio, minimum)).collect();
    assessment.checks.extend(checks);
}

fn judge_groups(assessment: &mut Assessment, rules: &Rules) {
    for group in &rules.groups {
        let members = assessment.files.iter().filter(|file| group.globs.matches(&file.path));
        let ratio = members.clone().fold(Ratio::default(), |sum, file| sum.plus(file.ratio));
        let mut check = at_least(Subject::Group(group.name.clone()), ratio, group.minimum);
        if ratio.total == 0 {
            check.state = State::Failed;
            let note = if members.clone().next().is_some() {
                "its files hold nothing of what is counted"
            } else {
                "no measured file is in this group: are its patterns right?"
            };
            note.clone_into(&mut check.note);
        }
        assessment.checks.push(check);
    }
}

/// Where the least work brings the most: in the patch if that is short, else anywhere.
fn payers(assessment: &Assessment) -> Vec<(String, u64)> {
    let failed = |subject: &Subject| {
        assessment
            .checks
            .iter()
            .any(|check| check.subject == *subject && check.state == State::Failed)
    };
    let mut files: Vec<(String, u64)> = match &assessment.patch {
        Some(patch) if failed(&Subject::Patch) => {
            patch.files.iter().map(|file| (file.path.clone(), file.ratio.missed())).collect()
        }
        _ if failed(&Subject::Total) || failed(&Subject::RegressionAdjusted) => {
            assessment.files.iter().map(|file| (file.path.clone(), file.ratio.missed())).collect()
        }
        _ => Vec::new(),
    };
    files.retain(|(_, missed)| *missed > 0);
    files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    files.truncate(PAYERS);
    files
}

fn bare(subject: Subject, state: State) -> Check {
    Check { subject, state, measured: None, count: None, required: None, note: String::new() }
}

fn skipped(subject: Subject, why: &str) -> Check {
    Check { note: why.to_owned(), ..bare(subject, State::Skipped) }
}

fn counted(subject: Subject, count: u64, state: State) -> Check {
    Check { count: Some(count), ..bare(subject, state) }
}

/// A check that asks for none of something.
fn none_of(subject: Subject, count: u64, strictness: Strictness) -> Check {
    let state = strictness.state(count > 0);
    Check { required: Some(Required::AtMost(0)), ..counted(subject, count, state) }
}

fn at_least(subject: Subject, ratio: Ratio, minimum: Percent) -> Check {
    let state = if ratio.meets(minimum) { State::Passed } else { State::Failed };
    Check {
        measured: Some(ratio),
        required: Some(Required::AtLeast(minimum)),
        ..bare(subject, state)
    }
}

fn not_below(subject: Subject, ratio: Ratio, base: Ratio, tolerance: Percent) -> Check {
    let state = if ratio.fell(base, tolerance) { State::Failed } else { State::Passed };
    Check {
        measured: Some(ratio),
        required: Some(Required::NotBelow { base, tolerance }),
        ..bare(subject, state)
    }
}

#[cfg(test)]
mod tests;
