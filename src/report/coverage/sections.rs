//! The parts of which the step summary and the comment are made. Each is Markdown, empty where it has nothing to say,
//! and bounded: worst first, the rest counted in a last line.

use std::cmp::Reverse;
use std::fmt::Write as _;

use crate::domain::coverage::gate::{
    Assessment, Check, FileRanges, FileTotal, Marked, PatchFile, Prefix, State, Subject,
};
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::shown::Shown;
use crate::report::coverage::{cells, verdict, words};
use crate::report::markdown::{Table, details, heading, plain};
use crate::report::uri;

/// How many sentences of one kind are listed.
const SENTENCES: usize = 20;

/// What differs between the places where the parts are shown.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// How many rows a table may have.
    pub rows: usize,
    /// Where files of the commit can be looked at, with a `/` at the end; no links without it.
    pub blob_base: Option<String>,
    /// Which lines these files have there.
    pub shown: Shown,
}

/// The headline, what to do, what is odd.
pub fn head(assessment: &Assessment) -> String {
    let sign = verdict::sign(assessment.verdict());
    let mut text = format!("### {sign} {}\n", plain(&verdict::headline(assessment)));
    for sentence in verdict::way_out(assessment) {
        let _ = write!(text, "\n**{}**\n", plain(&sentence));
    }
    for sentence in verdict::scope(assessment) {
        let _ = write!(text, "\n{} {}\n", verdict::mark(State::Warned), plain(&sentence));
    }
    text.push_str(&warnings(&assessment.warnings));
    text
}

/// The checks with their numbers. Files and groups have sections of their own.
pub fn checks(assessment: &Assessment) -> String {
    let mut table = Table::new(&["", "Check", "Measured", "Needed", ""]);
    for check in assessment.checks.iter().filter(|check| !is_part(check)) {
        table.row(&[
            verdict::mark(check.state),
            &verdict::name(&check.subject),
            &cells::measured(check, assessment.metric_of(&check.subject)),
            &cells::required(check),
            &remark(check, assessment),
        ]);
    }
    let baseline = assessment.regression.as_ref().map_or_else(String::new, |regression| {
        format!("\nBaseline: {}.\n", plain(&verdict::baseline(regression)))
    });
    format!("{}{}{baseline}", table.render(), measures(assessment))
}

/// The changed files, those with the most uncovered lines first.
pub fn changed(assessment: &Assessment, view: &View) -> String {
    let Some(patch) = &assessment.patch else { return String::new() };
    let mut text = heading(4, "Changed files");
    let base = if patch.base.is_empty() {
        String::new()
    } else {
        format!("Compared with {}.\n\n", plain(&words::sentence(&patch.base)))
    };
    let _ = write!(text, "\n{base}");
    if patch.files.is_empty() {
        text.push_str("No file that a report mentions has changed.\n");
        return text;
    }
    let mut files: Vec<(u64, &PatchFile)> =
        patch.files.iter().map(|file| (words::marked(&file.uncovered), file)).collect();
    files.sort_by_key(|(missed, file)| (Reverse((*missed, file.ratio.missed())), &file.path));
    let mut table = Table::new(&["File", "Changed", "Covered", "Whole file", "Not covered"]);
    for (_, file) in files.iter().take(view.rows) {
        table.raw_row(&[
            link(&file.path, None, view),
            words::count(file.ratio.total),
            plain(&file.ratio.shown()),
            plain(&file.whole.shown()),
            ranges(&file.path, &file.uncovered, file.uncovered.len(), view),
        ]);
    }
    let _ = write!(text, "{}{}", table.render(), omitted(files.len(), view.rows));
    text
}

/// Lines that lost their coverage though the change does not touch them.
pub fn indirect(assessment: &Assessment, view: &View) -> String {
    let Some(regression) = &assessment.regression else { return String::new() };
    if regression.indirect.is_empty() {
        return String::new();
    }
    let mut files: Vec<(u64, &FileRanges)> =
        regression.indirect.iter().map(|file| (words::marked(&file.ranges), file)).collect();
    files.sort_by_key(|(lost, file)| (Reverse(*lost), &file.path));
    let mut table = Table::new(&["File", "Lost", "Lines"]);
    for (lost, file) in files.iter().take(view.rows) {
        table.raw_row(&[
            link(&file.path, None, view),
            words::count(*lost),
            ranges(&file.path, &file.ranges, file.ranges.len(), view),
        ]);
    }
    format!(
        "{}\nThe change does not touch these lines. They ran before and do not now.\n\n{}{}",
        heading(4, "Indirect losses"),
        table.render(),
        omitted(files.len(), view.rows)
    )
}

/// Changed files that no report mentions.
pub fn unmeasured(assessment: &Assessment, view: &View) -> String {
    let files = assessment.patch.as_ref().map_or(&[][..], |patch| &patch.unmeasured);
    if files.is_empty() {
        return String::new();
    }
    let mut text = heading(4, "Changed files that no report mentions");
    text.push_str(
        "\nNothing is known about their lines: measure them, or leave them out with `exclude`.\n\n",
    );
    for path in files.iter().take(view.rows) {
        let _ = writeln!(text, "- {}", link(path, None, view));
    }
    text.push_str(&omitted(files.len(), view.rows));
    text
}

/// New ways round the gate.
pub fn exclusions(assessment: &Assessment, view: &View) -> String {
    if assessment.exclusions.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["Where", "What"]);
    for exclusion in assessment.exclusions.iter().take(view.rows) {
        let marked =
            Marked { range: Range { first: exclusion.line, last: exclusion.line }, lines: 1 };
        table.raw_row(&[
            format!("{} line {}", link(&exclusion.path, Some(&marked), view), exclusion.line),
            plain(&words::sentence(&exclusion.what.replace('`', ""))),
        ]);
    }
    format!(
        "{}\nThis change takes these lines out of the measurement. Is that meant?\n\n{}{}",
        heading(4, "New ways round the gate"),
        table.render(),
        omitted(assessment.exclusions.len(), view.rows)
    )
}

/// Groups and files that have a minimum of their own. Files that keep it are only counted.
pub fn parts(assessment: &Assessment, view: &View) -> String {
    let checks = |wanted: fn(&Subject) -> bool| {
        let mut all: Vec<&Check> =
            assessment.checks.iter().filter(|check| wanted(&check.subject)).collect();
        all.sort_by_key(|check| {
            (severity(check.state), Reverse(check.measured.map_or(0, Ratio::missed)))
        });
        all
    };
    let groups = checks(|subject| matches!(subject, Subject::Group(_)));
    let files = checks(|subject| matches!(subject, Subject::File(_)));
    let short: Vec<&Check> =
        files.iter().copied().filter(|check| severity(check.state) < 2).collect();
    let mut text = String::new();
    if !groups.is_empty() {
        let _ = write!(text, "{}\n{}", heading(4, "Groups"), part_table(&groups, assessment, view));
    }
    if !short.is_empty() {
        let title = heading(4, "Files below their minimum");
        let _ = write!(text, "\n{title}\n{}", part_table(&short, assessment, view));
    }
    if files.len() > short.len() {
        let kept = files.len() - short.len();
        let verb = if kept == 1 { "is" } else { "are" };
        let _ = write!(text, "\n{} {verb} not below the minimum of a file.\n", words::files(kept));
    }
    text
}

/// All files, those with the most uncovered lines first.
pub fn files(assessment: &Assessment, view: &View) -> String {
    if assessment.files.is_empty() {
        return String::new();
    }
    let mut all: Vec<_> = assessment.files.iter().collect();
    all.sort_by_key(|file| (Reverse(file.ratio.missed()), &file.path));
    let mut table = Table::new(&["File", "Coverage", "Covered", "Not covered"]);
    for file in all.iter().take(view.rows) {
        table.raw_row(&[
            link(&file.path, None, view),
            plain(&file.ratio.shown()),
            plain(&words::of(file.ratio, assessment.metric)),
            ranges(&file.path, &file.uncovered, file.ranges, view),
        ]);
    }
    let body = format!("{}{}", table.render(), omitted(all.len(), view.rows));
    let count = words::files(all.len());
    details(&format!("{count}, most uncovered first"), &body)
}

/// What was read, and how its names became files.
pub fn origin(assessment: &Assessment, view: &View) -> String {
    let mut text = String::new();
    if !assessment.sources.is_empty() {
        let mut table = Table::new(&["Report", "Format", "Files", "Lines"]);
        for source in assessment.sources.iter().take(view.rows) {
            table.raw_row(&[
                words::code_name(&source.name),
                plain(source.format.name()),
                words::count(source.files),
                format!(
                    "{} of {}",
                    words::count(source.ratio.covered),
                    words::count(source.ratio.total)
                ),
            ]);
        }
        let _ = write!(text, "{}\n{}", heading(4, "Reports"), table.render());
        text.push_str(&omitted(assessment.sources.len(), view.rows));
    }
    let mapping = &assessment.mapping;
    if !mapping.prefixes.is_empty() {
        text.push_str("\nNames in reports became files of the repository by these prefixes:\n\n");
        for prefix in mapping.prefixes.iter().take(view.rows) {
            let from = if prefix.from.is_empty() { "./" } else { &prefix.from };
            let count = words::some(prefix.files, "file", "files");
            if prefix.to == Prefix::NOWHERE {
                let _ = writeln!(
                    text,
                    "- {} is left out by `path-map` ({count})",
                    words::code_name(from)
                );
                continue;
            }
            let to = format!("./{}", prefix.to);
            let (from, to) = (words::code_name(from), words::code_name(&to));
            let _ = writeln!(text, "- {from} -> {to} ({count})");
        }
        text.push_str(&omitted(mapping.prefixes.len(), view.rows));
    }
    if !mapping.unmapped.is_empty() {
        let mut body = String::new();
        for name in mapping.unmapped.iter().take(view.rows) {
            let _ = writeln!(body, "- {}", words::code_name(name));
        }
        body.push_str(&omitted(mapping.unmapped.len(), view.rows));
        let count = words::some(mapping.unmapped.len() as u64, "name is", "names are");
        let title = format!("{count} no file of the repository and not counted");
        let _ = write!(text, "\n{}", details(&title, &body));
    }
    text
}

/// A path, linked where the view knows how.
fn link(path: &str, marked: Option<&Marked>, view: &View) -> String {
    let shown = words::code_name(path);
    let address = view.blob_base.as_deref().and_then(|base| {
        let lines = marked.map_or_else(String::new, |marked| anchor(path, marked, view));
        uri::address(&format!("{base}{}{lines}", uri::path(path)))
    });
    match address {
        Some(address) if !shown.is_empty() => format!("[{shown}]({address})"),
        _ => shown,
    }
}

/// The lines on the page of a file; empty where it does not have them.
fn anchor(path: &str, marked: &Marked, view: &View) -> String {
    let line = |line| view.shown.line(path, line);
    match (line(marked.range.first), line(marked.range.last)) {
        (Some(first), Some(last)) if first == last => format!("#L{first}"),
        (Some(first), Some(last)) => format!("#L{first}-L{last}"),
        _ => String::new(),
    }
}

/// The first ranges of a file in its order, linked where the view knows how, and how many more there are.
fn ranges(path: &str, first: &[Marked], all: usize, view: &View) -> String {
    let base = view.blob_base.as_ref().map(|base| format!("{base}{}", uri::path(path)));
    let one = |marked: &Marked| {
        let shown = words::range(marked.range);
        let address = base
            .as_ref()
            .and_then(|base| uri::address(&format!("{base}{}", anchor(path, marked, view))));
        address.map_or_else(|| shown.clone(), |address| format!("[{shown}]({address})"))
    };
    let shown: Vec<String> = first.iter().take(FileTotal::FIRST).map(one).collect();
    match all.saturating_sub(FileTotal::FIRST) {
        0 => shown.join(", "),
        left => format!("{} and {} more", shown.join(", "), words::count(left as u64)),
    }
}

fn omitted(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        left => format!("\n... {} omitted\n", words::some(left as u64, "row", "rows")),
    }
}

fn warnings(all: &[String]) -> String {
    let mut text = String::new();
    for warning in all.iter().take(SENTENCES) {
        let _ = write!(
            text,
            "\n{} {}\n",
            verdict::mark(State::Warned),
            plain(&words::sentence(warning))
        );
    }
    if all.len() > SENTENCES {
        let left = words::some((all.len() - SENTENCES) as u64, "warning", "warnings");
        let _ = write!(text, "\n... {left} more\n");
    }
    text
}

/// What the numbers of a row do not say.
fn remark(check: &Check, assessment: &Assessment) -> String {
    match (check.state, verdict::at_least(check), check.measured) {
        (State::Skipped, ..) => verdict::finding(check, assessment),
        (State::Failed | State::Warned, Some(least), Some(ratio)) => {
            let more = words::units(ratio.deficit(least), assessment.metric_of(&check.subject));
            format!("{more} short. {}", words::sentence(&check.note))
        }
        // The count stands beside it.
        (State::Failed | State::Warned, ..) if check.count.is_none() => {
            verdict::finding(check, assessment)
        }
        _ => words::sentence(&check.note),
    }
}

fn measures(assessment: &Assessment) -> String {
    if assessment.others.is_empty() {
        return String::new();
    }
    let all = std::iter::once((assessment.metric, assessment.total))
        .chain(assessment.others.iter().copied());
    let all: Vec<String> = all
        .map(|(metric, ratio)| {
            format!("{} {} ({})", words::metric(metric), ratio.shown(), words::of(ratio, metric))
        })
        .collect();
    let judged = words::metric(assessment.metric);
    format!("\n{}. Judged by: {judged}.\n", plain(&all.join(", ")))
}

fn part_table(checks: &[&Check], assessment: &Assessment, view: &View) -> String {
    let mut table = Table::new(&["", "Which", "Measured", "Needed", ""]);
    for check in checks.iter().take(view.rows) {
        let which = match &check.subject {
            Subject::File(path) => link(path, None, view),
            other => plain(&verdict::name(other)),
        };
        table.raw_row(&[
            verdict::mark(check.state).to_owned(),
            which,
            plain(&cells::measured(check, assessment.metric_of(&check.subject))),
            plain(&cells::required(check)),
            plain(&remark(check, assessment)),
        ]);
    }
    format!("{}{}", table.render(), omitted(checks.len(), view.rows))
}

const fn is_part(check: &Check) -> bool {
    matches!(check.subject, Subject::File(_) | Subject::Group(_))
}

const fn severity(state: State) -> u8 {
    match state {
        State::Failed => 0,
        State::Warned => 1,
        State::Passed | State::Skipped => 2,
    }
}
