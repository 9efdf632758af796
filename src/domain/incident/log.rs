//! The text of a job's log as lines, and the lines of the step that failed.
//!
//! Everything in it is foreign. Whatever is given, what is kept is bounded: [`TAIL`] bytes are looked at, [`MOST_LINES`]
//! lines of at most [`LONGEST_LINE`] characters come out. Knows nothing of what a line means; that is `cause`.

mod frame;
mod step;

use jiff::Timestamp;
use memchr::{memchr, memrchr_iter};

use crate::domain::terminal_text::clean;

pub use step::{Step, failing};

/// How much of the end of a log is looked at, in bytes: what explains a failure stands near its end, and a job's log
/// may have gigabytes.
pub const TAIL: usize = 2 * 1024 * 1024;

/// The most lines that are kept, the last ones. With the time stamps of GitHub, [`TAIL`] cannot hold so many of any use.
pub const MOST_LINES: usize = 50_000;

/// The longest text of a line that is kept, in characters; a longer one ends with `…`.
pub const LONGEST_LINE: usize = 2_000;

/// The most bytes of a line that are looked at. Four bytes are the longest character, and escape sequences take as much
/// again in a colourful log.
const LONGEST_RAW: usize = 8 * LONGEST_LINE;

/// Whether bytes begin where the log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Yes.
    Whole,
    /// They are the end of a longer log, so that the first line may be a piece of one.
    CutOff,
}

/// What a line is to the runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// What a program wrote.
    Output,
    /// A step begins: `##[group]Run ...`.
    StepBegins,
    /// Below it, until `##[endgroup]`: script, shell and environment of the step, or the inputs of an action.
    Head,
    /// An annotation of a failure: `##[error]...`.
    Error,
    /// An annotation that fails nothing: `##[warning]...`, `##[notice]...`.
    Warning,
    /// The runner says with which exit code the step's process ended; `None` where it gives no number.
    Exit(Option<i32>),
    /// A step has ended well, or the job is being cleaned up.
    StepEnds,
    /// Groups, commands and debug lines of the runner.
    Runner,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written; that of the line before where it has none (an annotation of several lines).
    pub at: Option<Timestamp>,
    /// What it is.
    pub mark: Mark,
    /// Without time stamp, mark and escape sequences. Foreign.
    pub text: String,
}

/// Reads a log: UTF-8 with a byte order mark or without, with GitHub's time stamps or without. Bytes that are not UTF-8
/// become U+FFFD. Of a line that a program wrote over by carriage returns, what stayed last is kept.
pub fn read(bytes: &[u8], beginning: Beginning) -> Vec<Line> {
    let mut lines = Vec::new();
    if bytes.is_empty() {
        return lines;
    }
    let mut frame = frame::Frame::default();
    let mut last = None;
    for raw in raw_lines(whole_lines(bytes, beginning)) {
        let (at, text) = frame::timed(raw);
        last = at.or(last);
        let text = plain(left_standing(text));
        let (mark, text) = frame.read(&text);
        lines.push(Line { at: last, mark, text: bounded(text) });
    }
    lines
}

/// The last [`TAIL`] bytes, from the first line on that is not cut off.
fn whole_lines(bytes: &[u8], beginning: Beginning) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let skipped = bytes.len().saturating_sub(TAIL);
    let tail = &bytes[skipped..];
    if skipped == 0 && beginning == Beginning::Whole {
        return tail;
    }
    // One line that is longer than all: its end is better than nothing.
    memchr(b'\n', tail).map_or(tail, |end| &tail[end + 1..])
}

/// The last [`MOST_LINES`] lines.
fn raw_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let start = memrchr_iter(b'\n', bytes).nth(MOST_LINES - 1).map_or(0, |end| end + 1);
    bytes[start..].split(|byte| *byte == b'\n').map(|line| {
        let line = line.trim_ascii_end();
        line.get(..LONGEST_RAW).unwrap_or(line)
    })
}

/// What a terminal shows of a line with carriage returns: the last piece that has anything in it.
fn left_standing(line: &[u8]) -> &[u8] {
    line.rsplit(|byte| *byte == b'\r').find(|piece| !piece.trim_ascii().is_empty()).unwrap_or(b"")
}

fn plain(line: &[u8]) -> String {
    clean(&String::from_utf8_lossy(line))
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests;
