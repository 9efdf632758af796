//! Which lines of a job's log are those of the step that failed.
//!
//! A job's log is one text. The API says of each step when it began and ended, in whole seconds, so that the neighbours
//! share its first and last second; there `##[group]Run ...` decides, which the runner writes where a step begins. The
//! steps inside a composite action have such a mark too.

use std::ops::Range;

use jiff::Timestamp;

use super::{Line, Mark};

/// When a step ran, as the API says it, in whole seconds. Absent for a log whose job is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// `started_at`.
    pub started: Option<Timestamp>,
    /// `completed_at`.
    pub completed: Option<Timestamp>,
}

/// The lines of the failing step; all where nothing tells them apart.
pub fn failing(lines: &[Line], step: Step) -> Range<usize> {
    let window = window(lines, step);
    let body = match (window, step.started) {
        (Some(window), Some(started)) => {
            let start = own_start(lines, &window, started);
            start..own_end(lines, start, window.end)
        }
        _ => last_failure(lines),
    };
    own(lines, body)
}

/// The lines within the step's seconds, both ends included. `None` where there are none.
fn window(lines: &[Line], step: Step) -> Option<Range<usize>> {
    let (started, completed) = (step.started?.as_second(), step.completed?.as_second());
    let second = |line: &Line| line.at.map(Timestamp::as_second);
    let start = lines.iter().position(|line| second(line).is_some_and(|at| at >= started))?;
    let end = lines.iter().rposition(|line| second(line).is_some_and(|at| at <= completed))? + 1;
    (start < end).then_some(start..end)
}

/// Lines of the step before may stand in the first second: the step begins at the last mark in that second which has an
/// error behind it.
fn own_start(lines: &[Line], window: &Range<usize>, started: Timestamp) -> usize {
    let error = window.clone().find(|at| is_failure(&lines[*at])).unwrap_or(window.end);
    let in_first_second = window
        .clone()
        .take_while(|at| lines[*at].at.is_none_or(|at| at.as_second() <= started.as_second()));
    in_first_second
        .filter(|at| *at <= error && lines[*at].mark == Mark::StepBegins)
        .last()
        .unwrap_or(window.start)
}

/// The next step may begin in the last second: the first mark behind an error, and behind what follows it, is not ours.
fn own_end(lines: &[Line], start: usize, end: usize) -> usize {
    let Some(error) = (start..end).find(|at| is_failure(&lines[*at])) else { return end };
    (error..end).find(|at| ends_step(lines, *at)).unwrap_or(end)
}

/// A mark right behind a failure, or a clean-up.
fn ends_step(lines: &[Line], at: usize) -> bool {
    match lines[at].mark {
        Mark::StepEnds => true,
        Mark::StepBegins => lines[..at].last().is_some_and(is_failure),
        _ => false,
    }
}

/// Without times: what stands before the last failure of a script, else before the last annotation, back to the mark at
/// which its step began, or to the failure before it.
fn last_failure(lines: &[Line]) -> Range<usize> {
    let exited = |line: &Line| matches!(line.mark, Mark::Exit(code) if code != Some(0));
    let annotated = |line: &Line| line.mark == Mark::Error;
    let Some(last) = lines.iter().rposition(exited).or_else(|| lines.iter().rposition(annotated))
    else {
        return 0..lines.len();
    };
    // Several lines say one failure: act's sign and the exit code, an annotation and the exit code.
    let first = (0..last).rev().find(|at| !exited(&lines[*at])).map_or(last, |before| before + 1);
    let end = (last..lines.len())
        .skip(1)
        .find(|at| matches!(lines[*at].mark, Mark::StepBegins | Mark::StepEnds))
        .unwrap_or(lines.len());
    let begins =
        |line: &Line| matches!(line.mark, Mark::StepBegins | Mark::StepEnds) || exited(line);
    let start = lines[..first].iter().rposition(begins).map_or(0, |at| at + 1);
    start..end
}

fn is_failure(line: &Line) -> bool {
    matches!(line.mark, Mark::Error | Mark::Exit(_))
}

/// What the step was told to do is not what it said, and behind its exit code only the runner speaks.
fn own(lines: &[Line], body: Range<usize>) -> Range<usize> {
    let head = |at: &usize| matches!(lines[*at].mark, Mark::StepBegins | Mark::Head | Mark::Runner);
    let start = body.clone().take_while(head).count() + body.start;
    let exited = |at: &usize| matches!(lines[*at].mark, Mark::Exit(_));
    let end = (start..body.end).rev().find(exited).map_or(body.end, |exit| exit + 1);
    start..end
}
