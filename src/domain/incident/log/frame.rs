//! What the runner puts around the output of a step.
//!
//! GitHub: `2026-11-30T10:00:00.1234567Z ` before each line, `##[name]` before lines that it marks (the runner's
//! `ActionCommand`), `job<TAB>step<TAB>` before all of it in the output of `gh run view --log`. act: `[workflow/job]`
//! before each line, `  | ` before output, and a sign before what it says itself.

use jiff::Timestamp;

use super::Mark;

/// What the runner says when the steps are over.
const CLEANING: [&str; 3] =
    ["Post job cleanup.", "Cleaning up orphan processes", "Evaluate and set job outputs"];

const EXIT: &str = "Process completed with exit code ";

/// A byte longer than this is no name of a job or step (100 characters at most).
const LONGEST_NAME: usize = 400;

/// Takes the time stamp, and what `gh` puts before it.
pub fn timed(line: &[u8]) -> (Option<Timestamp>, &[u8]) {
    if let Some((at, rest)) = stamp(line) {
        return (Some(at), rest);
    }
    let mut tabs = memchr::memchr_iter(b'\t', line.get(..2 * LONGEST_NAME).unwrap_or(line));
    let after = tabs.nth(1).map(|tab| &line[tab + 1..]);
    let bom =
        |rest: &'_ [u8]| rest.len() - rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest).len();
    match after.map(|rest| &rest[bom(rest)..]).and_then(stamp) {
        Some((at, rest)) => (Some(at), rest),
        None => (None, line),
    }
}

/// `2026-11-30T10:00:00.1234567Z`, then a space or the end.
fn stamp(line: &[u8]) -> Option<(Timestamp, &[u8])> {
    let head = line.get(..line.len().min(36))?;
    let end = memchr::memchr(b' ', head).unwrap_or(head.len());
    let text = head.get(..end).filter(|text| text.len() >= 20 && text.ends_with(b"Z"))?;
    let at = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some((at, line.get(end + 1..).unwrap_or(b"")))
}

/// Reads marks, and knows whether the head of a step is still open.
#[derive(Debug, Default)]
pub struct Frame {
    in_head: bool,
}

impl Frame {
    /// What a line without its time stamp is, and its text.
    pub fn read<'a>(&mut self, line: &'a str) -> (Mark, &'a str) {
        let (mark, text) = acted(line).unwrap_or_else(|| marked(line));
        match mark {
            Mark::StepBegins => self.in_head = line.starts_with("##[group]"),
            Mark::Runner if line.starts_with("##[endgroup]") => self.in_head = false,
            Mark::Output if self.in_head => return (Mark::Head, text),
            Mark::Output | Mark::Runner | Mark::Head => {}
            // The log was cut inside a head, or it was none.
            Mark::Error | Mark::Warning | Mark::Exit(_) | Mark::StepEnds => self.in_head = false,
        }
        (mark, text)
    }
}

/// A line of GitHub's, or of a tool alone, whose annotations are still commands.
fn marked(line: &str) -> (Mark, &str) {
    if let Some((name, text)) = line.strip_prefix("##[").and_then(|rest| rest.split_once(']')) {
        return match name {
            "group" if text.starts_with("Run ") => (Mark::StepBegins, text),
            "error" => (exit(text).unwrap_or(Mark::Error), text),
            "warning" | "notice" => (Mark::Warning, text),
            "group" | "endgroup" | "section" | "debug" | "command" => (Mark::Runner, text),
            _ => (Mark::Output, line),
        };
    }
    if let Some(command) = line.strip_prefix("[command]") {
        return (Mark::Runner, command);
    }
    if CLEANING.contains(&line) {
        return (Mark::StepEnds, line);
    }
    workflow_command(line.trim_start()).unwrap_or((Mark::Output, line))
}

/// `::error file=a.py,line=3::message`.
fn workflow_command(line: &str) -> Option<(Mark, &str)> {
    let (head, text) = line.strip_prefix("::")?.split_once("::")?;
    match head.split(' ').next()? {
        "error" => Some((Mark::Error, text)),
        "warning" | "notice" => Some((Mark::Warning, text)),
        "group" | "endgroup" | "debug" => Some((Mark::Runner, text)),
        _ => None,
    }
}

fn exit(text: &str) -> Option<Mark> {
    text.strip_prefix(EXIT).map(|code| Mark::Exit(code.trim_end_matches('.').parse().ok()))
}

/// A line of act: `[CI/test]   | output`.
fn acted(line: &str) -> Option<(Mark, &str)> {
    let (job, rest) = line.strip_prefix('[')?.split_once("] ")?;
    if job.len() > LONGEST_NAME || !job.contains('/') {
        return None;
    }
    if let Some(output) = rest.strip_prefix("  | ").or((rest == "  |").then_some("")) {
        return Some((Mark::Output, output));
    }
    let (sign, said) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
    let said = said.trim_start();
    // The signs as act writes them once variation selectors are gone.
    match sign {
        "⭐" => Some((Mark::StepBegins, said)),
        "✅" => Some((Mark::StepEnds, said)),
        "❌" => Some((Mark::Exit(None), said)),
        "❗" | "🚧" | "❓" | "⚙" | "💬" => {
            Some(workflow_command(said).unwrap_or((Mark::Runner, said)))
        }
        "exitcode" => Some((Mark::Exit(quoted_number(said)), rest)),
        "exit" => {
            Some((Mark::Exit(said.strip_prefix("status ").and_then(|n| n.parse().ok())), rest))
        }
        "🏁" | "🚀" | "🐳" => Some((Mark::Runner, said)),
        _ => None,
    }
}

/// The number in `'1': failure`.
fn quoted_number(text: &str) -> Option<i32> {
    text.strip_prefix('\'')?.split_once('\'')?.0.parse().ok()
}
