//! The verdict in sentences. All of it is plain text; whoever shows it as Markdown escapes it.

use crate::domain::coverage::gate::{
    Assessment, Check, Metric, Regression, Required, Source, State, Subject, Verdict,
};
use crate::domain::coverage::ratio::Ratio;
use crate::domain::input::Percent;
use crate::report::coverage::words;

/// How many names stand in a sentence.
const NAMES: usize = 3;

/// The verdict in one line: what was measured and what is missing. The first failed check is told whole, the others by
/// name.
pub fn headline(assessment: &Assessment) -> String {
    let failed: Vec<&Check> = of_state(assessment, State::Failed).collect();
    let Some((first, others)) = failed.split_first() else { return passed(assessment) };
    let mut text = capital(&failure(first, assessment));
    if first.subject != Subject::Total && assessment.total.total > 0 {
        text.push_str(&format!(" (coverage {})", shown_total(assessment)));
    }
    if !others.is_empty() {
        let all: Vec<String> = others.iter().map(|check| name(&check.subject)).collect();
        let names = words::names(all.iter().map(String::as_str), NAMES);
        text.push_str(&format!("; also failed: {names}"));
    }
    text
}

/// The mark before the headline.
pub const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✅",
        Verdict::Fail | Verdict::Error => "❌",
    }
}

/// The mark of a check.
pub const fn mark(state: State) -> &'static str {
    match state {
        State::Passed => "✅",
        State::Warned => "⚠️",
        State::Failed => "❌",
        State::Skipped => "➖",
    }
}

/// The name of a check.
pub fn name(subject: &Subject) -> String {
    match subject {
        Subject::Total => "total".to_owned(),
        Subject::Patch => "changed lines".to_owned(),
        Subject::Unmeasured => "unmeasured files".to_owned(),
        Subject::RegressionTotal => "regression (total)".to_owned(),
        Subject::RegressionAdjusted => "regression (adjusted)".to_owned(),
        Subject::Indirect => "indirect losses".to_owned(),
        Subject::LostFiles => "files of the baseline".to_owned(),
        Subject::File(path) => format!("file {}", words::name(path)),
        Subject::Group(group) => format!("group {}", words::name(group)),
        Subject::Exclusions => "new ways round the gate".to_owned(),
        Subject::Baseline => "baseline".to_owned(),
    }
}

/// What a check found, as a whole sentence with its numbers: what was measured, what was asked for, what is missing.
pub fn finding(check: &Check, assessment: &Assessment) -> String {
    if check.state == State::Skipped {
        let why = if check.note.is_empty() { "there is nothing to judge" } else { &check.note };
        return ended(&words::sentence(&format!("Skipped: {why}")));
    }
    let mut text = match check.state {
        State::Failed | State::Warned => capital(&failure(check, assessment)),
        State::Passed | State::Skipped => capital(&success(check, assessment)),
    };
    // Where the numbers say nothing, the note is all there is, and `failure` has it already.
    if !check.note.is_empty() && !text.contains(&capital(&check.note)) {
        text = format!("{} {}", ended(&text), capital(&check.note));
    }
    ended(&words::sentence(&text))
}

/// What to do so that the gate passes: one sentence for each share that is too low.
pub fn way_out(assessment: &Assessment) -> Vec<String> {
    let short = |wanted: Subject| {
        let mut failed = of_state(assessment, State::Failed);
        let check = failed.find(|check| check.subject == wanted)?;
        let (ratio, least) = (check.measured?, at_least(check)?);
        Some((ratio.deficit(least), least))
    };
    let (total, patch) = (short(Subject::Total), short(Subject::Patch));
    let mut sentences = Vec::new();
    let metric = assessment.metric;
    if let Some((deficit, least)) = patch {
        let text = format!(
            "Cover {} of this change to reach {} of the changed lines",
            more(deficit, metric.of_changes()),
            words::percent(least)
        );
        sentences.push(format!("{text}{}.", payers(assessment)));
    }
    if let Some((deficit, least)) = total {
        let text =
            format!("Cover {} to reach {} in total", more(deficit, metric), words::percent(least));
        // The payers are those of the change where the change is short.
        let payers = if patch.is_none() { payers(assessment) } else { String::new() };
        sentences.push(format!("{text}{payers}."));
    }
    sentences.extend(not_to_fall(assessment));
    sentences
}

/// What to do so that the share does not fall against the baseline: how many lines, which of the change, or what allows it.
fn not_to_fall(assessment: &Assessment) -> Option<String> {
    let mut failed = of_state(assessment, State::Failed);
    let check = failed.find(|check| check.subject == Subject::RegressionAdjusted)?;
    let (now, Required::NotBelow { base, tolerance }) = (check.measured?, check.required?) else {
        return None;
    };
    let lines = now.short_of(base, tolerance);
    let metric = assessment.metric;
    let changed = assessment.patch.iter().flat_map(|patch| &patch.files);
    let uncovered: Vec<String> = changed
        .flat_map(|file| file.uncovered.iter().map(move |marked| (file, marked.range)))
        .map(|(file, range)| format!("{}:{}", words::name(&file.path), words::range(range)))
        .collect();
    let which = match uncovered.len() {
        0 => String::new(),
        count => {
            let more = if count > NAMES { ", ..." } else { "" };
            format!(
                "; not covered of this change: {}{more}",
                uncovered[..count.min(NAMES)].join(", ")
            )
        }
    };
    let most = Percent { millionths: now.drop_from(base) };
    Some(format!(
        "Cover {} to hold the {} of the baseline{which}; or allow the fall: `max-drop: {}`.",
        more(lines, metric),
        base.shown(),
        words::points(most)
    ))
}

/// What has to be known about the reports themselves before numbers are compared: a changed scope is no drop.
pub fn scope(assessment: &Assessment) -> Vec<String> {
    let Some(regression) = &assessment.regression else { return Vec::new() };
    let mut sentences = Vec::new();
    if !regression.rescoped.is_empty() {
        sentences.push(format!(
            "{}: {}. Another version of a tool or another configuration does that, tests do not; the numbers are \
             comparable again once the base branch was measured the same way.",
            capital(&rescoped(regression)),
            words::names(regression.rescoped.iter().map(String::as_str), NAMES)
        ));
    }
    sentences
}

/// Which baseline was compared with: "commit 1a2b3c4, 3 commits before the base of the change".
pub fn baseline(regression: &Regression) -> String {
    let commit = format!("commit {}", short_commit(&regression.commit));
    match regression.older_by {
        0 => commit,
        older => {
            let older = words::some(older.into(), "commit", "commits");
            format!("{commit}, {older} before the base of the change")
        }
    }
}

/// The first digits of a commit.
pub fn short_commit(commit: &str) -> String {
    words::name(&commit.chars().take(7).collect::<String>())
}

/// The threshold of a check that asks for a share.
pub const fn at_least(check: &Check) -> Option<Percent> {
    match check.required {
        Some(Required::AtLeast(least)) => Some(least),
        _ => None,
    }
}

/// The check of a subject.
pub fn check<'a>(assessment: &'a Assessment, subject: &Subject) -> Option<&'a Check> {
    assessment.checks.iter().find(|check| check.subject == *subject)
}

/// The checks that came out so.
pub fn of_state(assessment: &Assessment, state: State) -> impl Iterator<Item = &Check> {
    assessment.checks.iter().filter(move |check| check.state == state)
}

fn passed(assessment: &Assessment) -> String {
    let mut text = format!("Coverage {}", shown_total(assessment));
    if let Some(least) = check(assessment, &Subject::Total).and_then(at_least) {
        text.push_str(&format!(", {} needed", words::percent(least)));
    }
    if let Some(patch) = &assessment.patch {
        let changed = match patch.ratio {
            Ratio { total: 0, .. } => nothing(&Subject::Patch, assessment.metric.of_changes()),
            ratio => format!(
                "{} of the change covered",
                words::of(ratio, assessment.metric.of_changes())
            ),
        };
        text.push_str(&format!("; {changed}"));
    } else {
        text.push_str("; changed lines not judged");
    }
    let warned = of_state(assessment, State::Warned).count() + assessment.warnings.len();
    if warned > 0 {
        text.push_str(&format!("; {}", words::some(warned as u64, "warning", "warnings")));
    }
    text
}

/// Why a check is not met, without a full stop.
fn failure(check: &Check, assessment: &Assessment) -> String {
    let metric = assessment.metric_of(&check.subject);
    match (check.required, check.measured, check.count) {
        (Some(Required::AtLeast(least)), Some(ratio), _) if !ratio.meets(least) => format!(
            "{} {} of {} needed: {}",
            share(&check.subject),
            ratio.shown_against(least),
            words::percent(least),
            more(ratio.deficit(least), metric)
        ),
        (Some(Required::NotBelow { base, tolerance }), Some(now), _) => {
            against_base(check, assessment, now, (base, tolerance))
        }
        (Some(Required::AtMost(most)), _, Some(count)) => {
            let allowed = match most {
                0 => String::new(),
                most => format!(", at most {} allowed", words::count(most)),
            };
            format!("{}{allowed}", occurrence(&check.subject, count))
        }
        (None, None, Some(count)) => occurrence(&check.subject, count),
        _ if !check.note.is_empty() => check.note.clone(),
        _ => format!("{} could not be judged", name(&check.subject)),
    }
}

fn success(check: &Check, assessment: &Assessment) -> String {
    let metric = assessment.metric_of(&check.subject);
    match (check.required, check.measured, check.count) {
        (_, Some(ratio), _) if ratio.total == 0 => nothing(&check.subject, metric),
        (Some(Required::AtLeast(least)), Some(ratio), _) => format!(
            "{} {}, {} needed",
            share(&check.subject),
            ratio.shown_against(least),
            words::percent(least)
        ),
        (Some(Required::NotBelow { base, tolerance }), Some(now), _) => {
            against_base(check, assessment, now, (base, tolerance))
        }
        (Some(Required::AtMost(most)), _, Some(count)) if count > 0 => {
            format!("{}, at most {} allowed", occurrence(&check.subject, count), words::count(most))
        }
        (_, _, Some(count)) => occurrence(&check.subject, count),
        _ if !check.note.is_empty() => check.note.clone(),
        (_, Some(ratio), _) => format!("{} {}", share(&check.subject), ratio.shown()),
        _ => "as asked".to_owned(),
    }
}

/// The difference to the baseline in percentage points, as it is judged and told: `-0.53`. `None` without a baseline.
pub fn delta(assessment: &Assessment) -> Option<String> {
    let check = check(assessment, &Subject::RegressionAdjusted)?;
    match (check.measured?, check.required?) {
        (now, Required::NotBelow { base, tolerance }) => words::difference(now, base, tolerance),
        _ => None,
    }
}

fn against_base(
    check: &Check,
    assessment: &Assessment,
    now: Ratio,
    (base, tolerance): (Ratio, Percent),
) -> String {
    let (now_shown, base_shown) = words::beside(now, base);
    let points = words::difference(now, base, tolerance).unwrap_or_else(|| "n/a".to_owned());
    let without = match check.subject {
        Subject::RegressionAdjusted => " (without the deleted lines)",
        _ => "",
    };
    let allowed = match tolerance.millionths {
        0 => String::new(),
        _ => format!(", {} may be lost", words::points(tolerance)),
    };
    let numbers =
        format!("{base_shown}{without} in the baseline, {now_shown} now: {points} points{allowed}");
    let fell = now.fell(base, tolerance);
    match &assessment.regression {
        Some(regression) if fell && !regression.rescoped.is_empty() => {
            format!("{}; {numbers}", rescoped(regression))
        }
        _ if fell => format!("coverage fell: {numbers}"),
        _ => format!("coverage held: {numbers}"),
    }
}

fn rescoped(regression: &Regression) -> String {
    format!(
        "the report's scope changed: in {} that this change does not touch, other lines count as executable than before",
        words::files(regression.rescoped.len())
    )
}

/// What a share is a share of, as the subject of a sentence.
fn share(subject: &Subject) -> String {
    match subject {
        Subject::Total => "coverage".to_owned(),
        Subject::Patch => "coverage of the change".to_owned(),
        other => format!("coverage of {}", name(other)),
    }
}

fn occurrence(subject: &Subject, count: u64) -> String {
    match subject {
        Subject::Indirect => format!(
            "{} that this change does not touch lost {} coverage",
            if count == 0 { "no line".to_owned() } else { words::lines(count) },
            if count > 1 { "their" } else { "its" }
        ),
        Subject::Unmeasured => format!(
            "{} in no report",
            match count {
                0 => return "every changed file that could hold code is in a report".to_owned(),
                1 => "1 changed file is".to_owned(),
                count => format!("{} changed files are", words::count(count)),
            }
        ),
        Subject::LostFiles => match count {
            0 => "no file of the baseline is lost".to_owned(),
            1 => "1 file of the baseline is in the repository and in no report any more".to_owned(),
            count => format!(
                "{} files of the baseline are in the repository and in no report any more",
                words::count(count)
            ),
        },
        Subject::Exclusions if count == 0 => "no new way round the gate".to_owned(),
        Subject::Exclusions => {
            words::some(count, "new way round the gate", "new ways round the gate")
        }
        other => format!("{}: {}", name(other), words::count(count)),
    }
}

/// That there is nothing of which a share could be.
pub fn nothing(subject: &Subject, metric: Metric) -> String {
    match (subject, metric) {
        (Subject::Patch, Metric::Line | Metric::LineAndBranch) => {
            "no executable lines changed".to_owned()
        }
        (Subject::Patch, Metric::Branch) => "no branches changed".to_owned(),
        (Subject::Patch, Metric::Statement) => "no statements changed".to_owned(),
        (_, metric) => format!("no {} to count", units_of_none(metric)),
    }
}

const fn units_of_none(metric: Metric) -> &'static str {
    match metric {
        Metric::Line => "executable lines",
        Metric::Branch => "branches",
        Metric::LineAndBranch => "executable lines or branches",
        Metric::Statement => "statements",
    }
}

fn shown_total(assessment: &Assessment) -> String {
    let least = check(assessment, &Subject::Total).and_then(at_least);
    least.map_or_else(|| assessment.total.shown(), |least| assessment.total.shown_against(least))
}

/// `3 more lines`.
fn more(deficit: u64, metric: Metric) -> String {
    let units = words::units(deficit, metric);
    let (number, unit) = units.split_once(' ').unwrap_or((&units, ""));
    format!("{number} more {unit}")
}

/// `; these 2 files pay most: a.py (20 lines), b.py (17 lines)`.
fn payers(assessment: &Assessment) -> String {
    let one =
        |(path, lines): &(String, u64)| format!("{} ({})", words::name(path), words::lines(*lines));
    let all: Vec<String> = assessment.payers.iter().take(NAMES).map(one).collect();
    match all.len() {
        0 => String::new(),
        1 => format!("; this file pays most: {}", all.concat()),
        count => format!("; these {count} files pay most: {}", all.join(", ")),
    }
}

/// The text with a capital first letter; a name, such as that of a ref, stays as it is.
fn capital(text: &str) -> String {
    if text.split(' ').next().is_some_and(|word| word.contains('/')) {
        return text.to_owned();
    }
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// A report that was read, in a line of the log.
pub fn source(source: &Source) -> String {
    format!(
        "{}: {}, {}, {} of {}",
        source.name,
        source.format.name(),
        words::some(source.files, "file", "files"),
        words::count(source.ratio.covered),
        words::lines(source.ratio.total)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::gate::Patch;
    use crate::report::coverage::samples::{
        bare, counted, fail, held, no_patch, pass, percent, share, skipped,
    };

    fn with(checks: Vec<Check>) -> Assessment {
        Assessment { checks, regression: Some(Regression::default()), ..Assessment::default() }
    }

    #[test]
    fn headlines() {
        assert_eq!(
            headline(&pass()),
            "Coverage 87.40 %, 80 % needed; 12 of 12 lines of the change covered"
        );
        assert_eq!(
            headline(&no_patch()),
            "Coverage 87.40 %, 80 % needed; changed lines not judged"
        );
        assert_eq!(
            headline(&fail()),
            "Coverage 79.99 % of 80 % needed: 1 more line; also failed: changed lines, unmeasured files, regression \
             (adjusted) and 3 more"
        );
    }

    #[test]
    fn a_failed_check_is_told_with_the_total_beside_it() {
        let total = Ratio::new(874, 1_000);
        let mut one =
            with(vec![share(Subject::Total, total), share(Subject::Patch, Ratio::new(10, 16))]);
        one.total = total;
        assert_eq!(
            headline(&one),
            "Coverage of the change 62.50 % of 80 % needed: 3 more lines (coverage 87.40 %)"
        );
        one.checks = vec![counted(Subject::Unmeasured, State::Failed, 2)];
        assert_eq!(headline(&one), "2 changed files are in no report (coverage 87.40 %)");
    }

    #[test]
    fn nothing_changed_is_said_as_that_and_only_then() {
        let mut one = pass();
        one.patch = Some(Patch::default());
        assert_eq!(headline(&one), "Coverage 87.40 %, 80 % needed; no executable lines changed");
        let empty = share(Subject::Patch, Ratio::default());
        assert_eq!(empty.state, State::Passed);
        assert_eq!(finding(&empty, &one), "No executable lines changed.");
        assert!(!headline(&pass()).contains("no executable"));
    }

    #[test]
    fn warnings_are_counted_in_a_headline_that_passes() {
        let mut one = pass();
        one.checks.push(counted(Subject::Exclusions, State::Warned, 1));
        one.warnings.push("odd".to_owned());
        assert!(headline(&one).ends_with("; 2 warnings"), "{}", headline(&one));
        assert!(!headline(&pass()).contains("warning"));
    }

    #[test]
    fn findings_say_the_numbers() {
        let fine = Percent { millionths: 79_996_500 };
        let mut close = share(Subject::Total, Ratio::new(19_999, 25_000));
        close.required = Some(Required::AtLeast(fine));
        let base = Ratio::new(90, 100);
        let mut tolerated =
            held(Subject::RegressionTotal, State::Passed, Ratio::new(179, 200), base);
        tolerated.required = Some(Required::NotBelow { base, tolerance: percent(1) });
        let mut allowed = counted(Subject::Indirect, State::Passed, 5);
        allowed.required = Some(Required::AtMost(5));
        let mut noted = share(Subject::Patch, Ratio::new(1, 2));
        noted.note = "2 changed files have no line data".to_owned();
        let table = [
            (share(Subject::Total, Ratio::new(4, 5)), "Coverage 80.00 %, 80 % needed."),
            (close, "Coverage 79.9960 % of 79.9965 % needed: 1 more line."),
            (
                share(Subject::File("a.py".into()), Ratio::new(3, 10)),
                "Coverage of file a.py 30.00 % of 80 % needed: 5 more lines.",
            ),
            (
                share(Subject::Group("web".into()), Ratio::new(8, 10)),
                "Coverage of group web 80.00 %, 80 % needed.",
            ),
            (
                held(Subject::RegressionTotal, State::Failed, Ratio::new(80, 90), base),
                "Coverage fell: 90.00 % in the baseline, 88.88 % now: -1.12 points.",
            ),
            (
                held(
                    Subject::RegressionAdjusted,
                    State::Passed,
                    Ratio::new(80, 90),
                    Ratio::new(80, 90),
                ),
                "Coverage held: 88.88 % (without the deleted lines) in the baseline, 88.88 % now: 0.00 points.",
            ),
            (
                tolerated,
                "Coverage held: 90.00 % in the baseline, 89.50 % now: -0.50 points, 1 may be lost.",
            ),
            (
                counted(Subject::Indirect, State::Failed, 1),
                "1 line that this change does not touch lost its coverage.",
            ),
            (
                allowed,
                "5 lines that this change does not touch lost their coverage, at most 5 allowed.",
            ),
            (
                counted(Subject::Indirect, State::Passed, 0),
                "No line that this change does not touch lost its coverage.",
            ),
            (
                counted(Subject::Unmeasured, State::Passed, 0),
                "Every changed file that could hold code is in a report.",
            ),
            (counted(Subject::Exclusions, State::Warned, 2), "2 new ways round the gate."),
            (
                noted,
                "Coverage of the change 50.00 % of 80 % needed: 1 more line. 2 changed files have no line data.",
            ),
            (skipped(Subject::Patch, "no change"), "Skipped: no change."),
            (bare(Subject::Patch, State::Skipped), "Skipped: there is nothing to judge."),
            (
                Check {
                    note: "there is no baseline".into(),
                    ..bare(Subject::Baseline, State::Failed)
                },
                "There is no baseline.",
            ),
            (bare(Subject::Baseline, State::Failed), "Baseline could not be judged."),
            (
                Check {
                    state: State::Failed,
                    note: "no line data".into(),
                    ..share(Subject::Patch, Ratio::new(9, 10))
                },
                "No line data.",
            ),
        ];
        for (check, text) in table {
            assert_eq!(finding(&check, &with(Vec::new())), text);
        }
    }

    #[test]
    fn a_changed_scope_is_no_drop() {
        let fell =
            held(Subject::RegressionTotal, State::Failed, Ratio::new(80, 90), Ratio::new(90, 100));
        let mut one = with(vec![fell.clone()]);
        assert!(finding(&fell, &one).starts_with("Coverage fell") && scope(&one).is_empty());
        one.regression = Some(Regression {
            rescoped: (0..12).map(|number| format!("{number}.py")).collect(),
            dropped: vec!["gone.py".to_owned()],
            ..Regression::default()
        });
        let (finding, headline, scope) = (finding(&fell, &one), headline(&one), scope(&one));
        assert!(!finding.contains("fell") && !headline.contains("fell"), "{finding} {headline}");
        let told = "The report's scope changed: in 12 files that this change does not touch, other lines count as \
                    executable than before";
        assert!(finding.starts_with(told) && headline.starts_with(told));
        assert!(
            scope[0].starts_with(&format!("{told}: 0.py, 1.py, 2.py and 9 more.")),
            "{scope:?}"
        );
        assert_eq!(scope.len(), 1, "lost files have a check of their own");
    }

    #[test]
    fn the_way_out_is_for_the_failed_shares_and_names_who_pays() {
        assert_eq!(way_out(&pass()), [""; 0]);
        assert_eq!(
            way_out(&fail()),
            [
                "Cover 3 more lines of this change to reach 80 % of the changed lines; these 2 files pay most: \
                 src/shop/order.py (4 lines), src/shop/cart.py (2 lines).",
                "Cover 1 more line to reach 80 % in total.",
                "Cover 101 more lines to hold the 80.40 % of the baseline; not covered of this change: src/shop/cart.py:3-4, \
                 src/shop/order.py:7, src/shop/order.py:12-14; or allow the fall: `max-drop: 0.41`."
            ]
        );
        let mut total = with(vec![share(Subject::Total, Ratio::new(0, 3))]);
        assert_eq!(way_out(&total), ["Cover 3 more lines to reach 80 % in total."]);
        total.payers = vec![("a.py".to_owned(), 3)];
        total.metric = Metric::LineAndBranch;
        assert_eq!(
            way_out(&total),
            [
                "Cover 3 more lines or branches to reach 80 % in total; this file pays most: a.py (3 lines)."
            ]
        );
    }

    #[test]
    fn a_baseline_says_how_old_it_is() {
        let regression = pass().regression.unwrap();
        assert_eq!(
            baseline(&regression),
            "commit 0123456, 3 commits before the base of the change"
        );
        assert_eq!(baseline(&Regression { older_by: 0, ..regression }), "commit 0123456");
    }
}
