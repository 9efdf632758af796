//! The body of the issue.

use crate::domain::incident::jobs::{Job, Stage, Standing, Verdict};
use crate::domain::incident::key::Key;
use crate::domain::incident::memory::{Former, LastReason, Memory, STEADY_AFTER, Section, Seen};
use crate::domain::incident::mending::GONE_AFTER;
use crate::domain::incident::reason::Reason;
use crate::domain::incident::run::Line;
use crate::report::incident::{Failing, Links, suspects};
use crate::report::markdown::{Table, code, fence, heading};
use crate::report::summary;

/// The longest body, in bytes: GitHub takes 65,536 characters.
const LONGEST: usize = 60_000;

/// Reasons of earlier runs that are shown.
const EARLIER: usize = 3;

/// Rows of the table of jobs in an issue.
const JOBS: usize = 60;

/// The whole body: the hidden key, the words, the hidden memory.
pub fn body(key: &Key, failing: Failing<'_>) -> String {
    let words = words(failing, room(key, failing.memory));
    around(key, failing.memory, &words)
}

/// The hidden lines and the words between them.
pub fn around(key: &Key, memory: &Memory, words: &str) -> String {
    format!("{}\n{words}\n{}\n", key.line(), memory.line())
}

/// How many bytes there are for words beside the hidden lines.
pub fn room(key: &Key, memory: &Memory) -> usize {
    LONGEST.saturating_sub(key.line().len() + memory.line().len() + 8)
}

/// The built-in words.
pub fn words(failing: Failing<'_>, room: usize) -> String {
    let mut sections = sections(failing, JOBS);
    sections.push(foot(failing));
    summary::cut(&sections, room)
}

/// The words, one section each; of the jobs at most so many rows.
pub fn sections(failing: Failing<'_>, rows: usize) -> Vec<String> {
    let mut sections = vec![head(failing)];
    sections.extend(failing.why().map(|reason| why(failing, reason)));
    sections.extend(earlier_reasons(failing));
    let found = failing.memory.suspects.as_ref();
    sections.extend(found.map(|found| suspects::suspects(failing.links, found)));
    sections.push(broken(failing));
    sections.extend(flakes(failing));
    sections.push(jobs(failing.stages, rows));
    if failing.memory.history.len() > 1 {
        sections.push(history(failing.links, failing.memory));
    }
    sections
}

fn head(failing: Failing<'_>) -> String {
    let Failing { links, run, environment, memory, earlier, .. } = failing;
    let mut table = Table::new(&["", ""]);
    let mut row = |name: &str, value: String| table.raw_row(&[name.to_owned(), value]);
    if let Some(stage) = failing.failed().next() {
        row("Failed stage", first_stage(failing, stage));
    }
    let attempt =
        if run.attempt > 1 { format!(", attempt {}", run.attempt) } else { String::new() };
    row(
        "Run",
        format!("{}{attempt} of {} ({})", links.of(run), code(&run.workflow), code(&run.event)),
    );
    row(if run.line == Line::Tags { "Tag" } else { "Branch" }, code(&run.branch));
    row("Commit", links.commit(&run.sha));
    if !run.actor.is_empty() {
        row("Started by", code(&run.actor));
    }
    if !environment.is_empty() {
        row("Environment", code(environment));
    }
    row("Failed runs", memory.runs.to_string());
    if let Some(number) = earlier {
        row("Earlier", format!("#{number}"));
    }
    table.render()
}

fn first_stage(failing: Failing<'_>, stage: &Stage) -> String {
    let Some(leg) = stage.failed_legs().next() else { return code(&stage.name) };
    let step = leg.failed_step().map(|step| format!(", step {}", code(&step.name)));
    format!(
        "{}{}: {}",
        code(&leg.name),
        step.unwrap_or_default(),
        failing.links.log(failing.run, leg)
    )
}

/// What a log says.
fn why(failing: Failing<'_>, reason: &Reason) -> String {
    let code_of = reason.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
    let title = format!("### Why {} failed{code_of}\n", code(&reason.stage));
    let excerpt = fence(&reason.excerpt.join("\n"));
    let section = failing.memory.sections.iter().find(|section| section.job == reason.stage);
    let former = section.map(|section| former(failing.links, section)).unwrap_or_default();
    format!(
        "{title}\n{}\n\nFrom the log, untrusted output:\n\n{excerpt}{former}",
        code(&reason.headline)
    )
}

/// With which other errors the job failed before; nothing where there were none.
fn former(links: &Links, section: &Section) -> String {
    let (Some(now), [_, ..]) = (&section.reason, section.former.as_slice()) else {
        return String::new();
    };
    let before = |one: &Former| {
        let (since, until) = (links.run(&one.since), links.run(&one.until));
        let runs = if since == until {
            format!("run {since}")
        } else {
            format!("runs {since} to {until}")
        };
        format!("- {}, {runs}\n", code(&one.headline))
    };
    let rows: String = section.former.iter().map(before).collect();
    format!(
        "\nThis error since run {}. Before it was another one:\n\n{rows}",
        links.run(now.since())
    )
}

/// What logs said before, of jobs of which this run's say nothing: it was green, or the log cannot be had.
fn earlier_reasons(failing: Failing<'_>) -> Vec<String> {
    let is_told = |job: &String| failing.why().any(|reason| reason.stage == *job);
    let sections = failing.memory.sections.iter().filter(|section| !is_told(&section.job));
    let known = sections.filter_map(|section| Some((section, section.reason.as_ref()?)));
    known.take(EARLIER).map(|(section, last)| why_before(failing.links, section, last)).collect()
}

fn why_before(links: &Links, section: &Section, last: &LastReason) -> String {
    let LastReason { headline, exit_code, lines, seen, .. } = last;
    let code_of = exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
    let title =
        format!("### Why {} failed{code_of}, as of run {}\n", code(&section.job), links.run(seen));
    let shown = format!("{title}\n{}\n", code(headline));
    let former = former(links, section);
    if lines.len() < 2 {
        return shown + &former;
    }
    format!("{shown}\nFrom the log, untrusted output:\n\n{}{former}", fence(&lines.join("\n")))
}

/// What is or was broken, one row a job.
fn broken(failing: Failing<'_>) -> String {
    let Failing { links, memory, .. } = failing;
    let mut table = Table::new(&["Job", "State", "Failing since", "Runs", "Last failed", "Where"]);
    for section in &memory.sections {
        let Section { job, first, last, count, .. } = section;
        let state = state(links, section);
        let since = format!("{}, {}", links.run(first), links.commit(&first.sha));
        table.raw_row(&[
            code(job),
            state,
            since,
            count.to_string(),
            links.run(last),
            places(failing, job),
        ]);
    }
    let more = if memory.has_more { "\nMore jobs fail than are listed here.\n" } else { "" };
    format!("{}\n{}{more}", heading(3, "What is broken"), table.render())
}

fn state(links: &Links, section: &Section) -> String {
    match &section.fixed {
        Some(seen) if section.is_steady_again() => {
            format!("steady again since {}", links.run(seen))
        }
        Some(seen) if section.is_gone => format!("gone since {}", links.run(seen)),
        Some(seen) => format!("fixed by {}", links.run(seen)),
        None if section.missing.is_empty() => broken_or_flaky(links, section),
        None => {
            let legs: Vec<String> = section.legs.iter().take(3).map(|leg| code(leg)).collect();
            let what = if legs.is_empty() { code(&section.job) } else { legs.join(", ") };
            let state = broken_or_flaky(links, section);
            format!("{state}, and {} of {GONE_AFTER} runs without {what}", section.missing.len())
        }
    }
}

fn broken_or_flaky(links: &Links, section: &Section) -> String {
    let Some(flaky) = &section.flaky else { return "**broken**".to_owned() };
    let (since, successes) = (links.run(&flaky.since), flaky.successes);
    let times = if successes == 1 { "time" } else { "times" };
    let steady = flaky.steady.len();
    format!(
        "**flaky** since {since}: succeeded {successes} {times}, {steady} of {STEADY_AFTER} runs in a row"
    )
}

/// The failures that a success on the same commit has followed.
fn flakes(failing: Failing<'_>) -> Option<String> {
    let Failing { links, memory, .. } = failing;
    let mut table = Table::new(&["Job", "Failed and passed on the same commit", "Error", "When"]);
    for flake in &memory.flakes {
        let seen = &flake.failed;
        let commit = format!("{}, failed in {}", links.commit(&seen.sha), links.run(seen));
        table.raw_row(&[code(&flake.job), commit, code(&flake.error), when(seen)]);
    }
    let title = heading(3, "What is flaky");
    (!memory.flakes.is_empty()).then(|| format!("{title}\n{}", table.render()))
}

fn when(seen: &Seen) -> String {
    seen.at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The failed legs of a job in this run, with their step and log.
fn places(failing: Failing<'_>, job: &str) -> String {
    let stage = failing.stages.iter().find(|stage| stage.name == job);
    let legs: Vec<&Job> = stage.into_iter().flat_map(Stage::failed_legs).collect();
    let mut shown: Vec<String> = legs
        .iter()
        .take(3)
        .map(|leg| {
            let step = leg.failed_step().map_or("", |step| step.name.as_str());
            let name = if legs.len() > 1 { code(&leg.name) + " " } else { String::new() };
            format!("{name}{} {}", code(step), failing.links.log(failing.run, leg))
        })
        .collect();
    if legs.len() > 3 {
        shown.push(format!("and {} more", legs.len() - 3));
    }
    shown.join(", ")
}

/// All jobs of the run.
fn jobs(stages: &[Stage], limit: usize) -> String {
    let mut table = Table::new(&["Job", "Result", "Took"]);
    let mut rows: Vec<[String; 3]> = Vec::new();
    for stage in stages {
        if stage.legs.is_empty() {
            rows.push([code(&stage.name), stage.standing.word().to_owned(), String::new()]);
        }
        rows.extend(stage.legs.iter().map(|leg| [code(&leg.name), word(stage, leg), took(leg)]));
    }
    rows.iter().take(limit).for_each(|row| table.raw_row(row));
    let more = match rows.len().saturating_sub(limit) {
        0 => String::new(),
        more => format!("\nand {more} more\n"),
    };
    format!("{}\n{}{more}", heading(3, "All jobs of the run"), table.render())
}

/// How a leg ended: the stage's word where it tells more.
fn word(stage: &Stage, leg: &Job) -> String {
    let standing = match leg.verdict {
        _ if leg.has_failed() => stage.standing,
        Verdict::Skipped => stage.standing,
        Verdict::Succeeded => Standing::Passed,
        Verdict::Cancelled => Standing::Cancelled,
        Verdict::Failed | Verdict::Unfinished => Standing::Unfinished,
    };
    standing.word().to_owned()
}

fn took(leg: &Job) -> String {
    let (Some(started), Some(completed)) = (leg.started, leg.completed) else {
        return String::new();
    };
    if leg.verdict == Verdict::Skipped {
        return String::new();
    }
    let seconds = completed.duration_since(started).as_secs().max(0);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

fn history(links: &Links, memory: &Memory) -> String {
    let mut table = Table::new(&["Run", "Commit", "Failed", "When"]);
    for past in &memory.history {
        let seen = &past.seen;
        let jobs: Vec<String> = past.jobs.iter().map(|job| code(job)).collect();
        table.raw_row(&[links.run(seen), links.commit(&seen.sha), jobs.join(", "), when(seen)]);
    }
    format!("{}\n{}", heading(3, "The last failed runs"), table.render())
}

fn foot(failing: Failing<'_>) -> String {
    let branch = match failing.run.line {
        Line::Tags => "any tag".to_owned(),
        Line::Branch | Line::Pull(_) => code(&failing.run.branch),
    };
    let flaky = if failing.memory.sections.iter().any(Section::is_flaky) {
        format!(", and every flaky one in {STEADY_AFTER} runs in a row")
    } else {
        String::new()
    };
    format!(
        "This text is written anew with each run; what you have to say belongs into a comment. The issue closes by itself \
         when every broken job succeeds on a later commit of {branch}{flaky}. Close it as \"not planned\" to hear no more of it \
         until then.\n"
    )
}
