use std::collections::BTreeSet;

use super::*;
use crate::domain::coverage::diff::{ChangeKind, ChangedFile, Hunk};
use crate::domain::coverage::gate::Verdict;
use crate::domain::coverage::paths::Known;
use crate::domain::coverage::project::{self, Read};
use crate::domain::coverage::report::{Detail, Format, Measured, Report};
use crate::domain::coverage::rules::Group;
use crate::domain::globs::Globs;

const fn percent(whole: u64) -> Percent {
    Percent { millionths: whole * 1_000_000 }
}

fn rules() -> Rules {
    Rules {
        metric: Metric::Line,
        min_total: percent(80),
        min_patch: percent(80),
        min_file: None,
        groups: Vec::new(),
        max_total_drop: None,
        max_drop: percent(0),
        max_indirect_loss: None,
        lost_files: LostFiles::Fail,
        unmeasured: Strictness::Fail,
        new_exclusions: Strictness::Warn,
        on_missing_baseline: OnMissing::Warn,
        tests: Globs::default(),
    }
}

/// A project of files with so many lines, covered up to one.
fn project(files: &[(&str, u32, u32)]) -> Project {
    let mut report = Report::new(Format::Lcov);
    for (path, covered, total) in files {
        let lines = (1..=*total).map(|line| (line, line <= *covered)).collect();
        report.files.insert((*path).to_owned(), Measured { lines, ..Measured::default() });
    }
    let tracked: BTreeSet<String> = files.iter().map(|(path, ..)| (*path).to_owned()).collect();
    let read = Read { name: "lcov.info".to_owned(), report };
    project::join(vec![read], &tracked, &Known::default(), &Scope::default()).unwrap()
}

fn added(path: &str, first: u32, count: usize) -> ChangedFile {
    let hunk = Hunk {
        old_start: first - 1,
        new_start: first,
        added: vec![String::new(); count],
        ..Hunk::default()
    };
    ChangedFile {
        kind: ChangeKind::Modified,
        path: path.to_owned(),
        old_path: Some(path.to_owned()),
        hunks: vec![hunk],
    }
}

fn change(files: Vec<ChangedFile>) -> Change {
    Change::Known { diff: Diff { files }, base: "main".to_owned(), continuations: BTreeMap::new() }
}

fn baseline(files: &[(&str, u32, u32)], diff: Vec<ChangedFile>) -> Baseline {
    let commit = "1a2b3c".to_owned();
    Baseline::Found {
        files: project(files).counts(Detail::default()),
        commit,
        older_by: 0,
        diff: Diff { files: diff },
    }
}

fn not_asked() -> Baseline {
    Baseline::NotAsked("`baseline: none`".to_owned())
}

fn assess(project: &Project, change: &Change, baseline: &Baseline, rules: &Rules) -> Assessment {
    let (counts, scope) = (project.clone().counts(Detail::default()), Scope::default());
    judge(
        Evidence { project, counts: &counts, change, baseline, scope: &scope, carried: &[] },
        rules,
    )
    .unwrap()
}

fn states(assessment: &Assessment) -> Vec<(Subject, State)> {
    assessment.checks.iter().map(|check| (check.subject.clone(), check.state)).collect()
}

#[test]
fn a_total_just_below_fails_and_says_what_pays() {
    let project = project(&[("a.py", 100, 150), ("b.py", 59, 60), ("c.py", 0, 1)]);
    let nothing = Change::None("the event is `schedule`".to_owned());
    let found = assess(&project, &nothing, &not_asked(), &rules());
    assert_eq!(found.verdict(), Verdict::Fail);
    assert_eq!(found.total, Ratio::new(159, 211));
    assert_eq!(
        found.payers,
        [("a.py".to_owned(), 50), ("b.py".to_owned(), 1), ("c.py".to_owned(), 1)]
    );
    assert_eq!(
        states(&found),
        [
            (Subject::Total, State::Failed),
            (Subject::Patch, State::Skipped),
            (Subject::RegressionAdjusted, State::Skipped)
        ]
    );
    let mut lenient = rules();
    lenient.min_total = percent(75);
    assert_eq!(assess(&project, &nothing, &not_asked(), &lenient).verdict(), Verdict::Pass);
}

#[test]
fn an_untested_change_fails_however_good_the_total_is() {
    let project = project(&[("a.py", 990, 1000)]);
    let found = assess(&project, &change(vec![added("a.py", 989, 12)]), &not_asked(), &rules());
    assert_eq!(found.verdict(), Verdict::Fail);
    assert_eq!(found.patch.as_ref().unwrap().ratio, Ratio::new(2, 12));
    assert_eq!(found.payers, [("a.py".to_owned(), 10)]);
    let found = assess(&project, &change(vec![added("a.py", 1, 12)]), &not_asked(), &rules());
    assert_eq!(found.verdict(), Verdict::Pass);
}

#[test]
fn a_new_file_that_no_report_mentions_fails_and_docs_pass() {
    let project = project(&[("a.py", 10, 10)]);
    let found =
        assess(&project, &change(vec![added("addons/new/b.py", 1, 3)]), &not_asked(), &rules());
    assert_eq!(found.verdict(), Verdict::Fail);
    assert_eq!(found.patch.unwrap().unmeasured, ["addons/new/b.py"]);
    let found = assess(
        &project,
        &change(vec![added("README.md", 1, 3), added("x.ts", 1, 1)]),
        &not_asked(),
        &rules(),
    );
    assert_eq!(found.verdict(), Verdict::Pass);
    assert_eq!(found.checks[1].note, "no line that a report knows changed");
    assert!(found.warnings.iter().any(|warning| warning.contains("`x.ts`")));
    let mut lenient = rules();
    lenient.unmeasured = Strictness::Warn;
    let found = assess(&project, &change(vec![added("b.py", 1, 3)]), &not_asked(), &lenient);
    assert_eq!((found.verdict(), found.checks[2].state), (Verdict::Pass, State::Warned));
}

#[test]
fn three_checks_of_regression_each_with_its_tolerance() {
    let before = baseline(&[("a.py", 100, 100)], Vec::new());
    let (after, none) = (project(&[("a.py", 97, 100)]), change(Vec::new()));
    let found = assess(&after, &none, &before, &rules());
    let of = |found: &Assessment, subject: &Subject| {
        found.checks.iter().find(|check| check.subject == *subject).map(|check| check.state)
    };
    assert_eq!(of(&found, &Subject::RegressionTotal), None);
    assert_eq!(of(&found, &Subject::RegressionAdjusted), Some(State::Failed));
    assert_eq!(of(&found, &Subject::Indirect), Some(State::Warned));
    let mut tolerant = rules();
    tolerant.max_drop = percent(3);
    tolerant.max_total_drop = Some(percent(2));
    tolerant.max_indirect_loss = Some(3);
    let found = assess(&after, &none, &before, &tolerant);
    assert_eq!(of(&found, &Subject::RegressionTotal), Some(State::Failed));
    assert_eq!(of(&found, &Subject::RegressionAdjusted), Some(State::Passed));
    assert_eq!(of(&found, &Subject::Indirect), Some(State::Passed));
    tolerant.max_indirect_loss = Some(2);
    assert_eq!(
        of(&assess(&after, &none, &before, &tolerant), &Subject::Indirect),
        Some(State::Failed)
    );
}

#[test]
fn a_missing_or_lost_baseline_does_as_told() {
    let (project, none) = (project(&[("a.py", 10, 10)]), change(Vec::new()));
    for (on_missing, state) in [
        (OnMissing::Warn, State::Warned),
        (OnMissing::Fail, State::Failed),
        (OnMissing::Pass, State::Passed),
    ] {
        let rules = Rules { on_missing_baseline: on_missing, ..rules() };
        for baseline in [Baseline::Missing, Baseline::Lost("none of its parents".to_owned())] {
            let found = assess(&project, &none, &baseline, &rules);
            assert_eq!(found.checks.last().map(|check| check.state), Some(state), "{baseline:?}");
        }
    }
}

#[test]
fn files_and_groups_have_their_own_minimum() {
    let project = project(&[("addons/a.py", 9, 10), ("web/b.py", 7, 10), ("web/c.py", 10, 10)]);
    let group = |name: &str, pattern: &str, whole| Group {
        name: name.to_owned(),
        globs: Globs::new([pattern.to_owned()]).unwrap(),
        minimum: percent(whole),
    };
    let rules = Rules {
        min_file: Some(percent(80)),
        groups: vec![
            group("addons", "addons/**", 95),
            group("web", "web", 85),
            group("none", "x/**", 0),
        ],
        ..rules()
    };
    let found = assess(&project, &Change::None(String::new()), &not_asked(), &rules);
    assert_eq!(
        states(&found)[3..],
        [
            (Subject::File("web/b.py".to_owned()), State::Failed),
            (Subject::Group("addons".to_owned()), State::Failed),
            (Subject::Group("web".to_owned()), State::Passed),
            (Subject::Group("none".to_owned()), State::Failed),
        ]
    );
}

#[test]
fn what_cannot_be_judged_is_never_a_pass() {
    let none = Change::None(String::new());
    let judge_it = |project: &Project, change: &Change, rules: &Rules| {
        let (counts, scope) = (project.clone().counts(Detail::default()), Scope::default());
        let baseline = not_asked();
        judge(
            Evidence {
                project,
                counts: &counts,
                change,
                baseline: &baseline,
                scope: &scope,
                carried: &[],
            },
            rules,
        )
        .map(|_| ())
        .map_err(|error| error.what)
    };
    let full = project(&[("a.py", 10, 10)]);
    assert!(judge_it(&project(&[]), &none, &rules()).unwrap_err().contains("no executable line"));
    assert!(
        judge_it(&full, &none, &Rules { metric: Metric::Branch, ..rules() })
            .unwrap_err()
            .contains("no branch")
    );
    assert!(
        judge_it(&full, &none, &Rules { metric: Metric::Statement, ..rules() })
            .unwrap_err()
            .contains("`a.py`")
    );
    let mut foreign = full.clone();
    foreign.is_mapped = false;
    assert!(
        judge_it(&foreign, &change(Vec::new()), &rules())
            .unwrap_err()
            .contains("changed lines cannot be judged")
    );
    assert_eq!(judge_it(&foreign, &none, &rules()), Ok(()));
}

#[test]
fn changed_lines_count_by_whatever_metric() {
    let mut project = project(&[("a.py", 10, 20)]);
    let file = project.files.get_mut("a.py").unwrap();
    file.arms.mark(1, 0, true);
    file.arms.settle();
    file.statements.mark(
        crate::domain::coverage::statements::Span { line: 1, ..Default::default() },
        20,
        true,
    );
    for metric in [Metric::Branch, Metric::Statement, Metric::LineAndBranch] {
        let rules = Rules { metric, min_total: percent(0), ..rules() };
        let found = assess(&project, &change(vec![added("a.py", 15, 3)]), &not_asked(), &rules);
        assert_eq!(found.patch.as_ref().unwrap().ratio, Ratio::new(0, 3), "{metric:?}");
        assert_eq!(found.verdict(), Verdict::Fail);
    }
}
