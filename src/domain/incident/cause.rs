//! Which lines of a step's log explain why it failed.
//!
//! Every line gets the weight of the weightiest rule that speaks of it (`rules`), or a guess by its words (`guess`). The
//! weightiest line is the first one shown. Between tools of equal weight the one that spoke last decides, because a
//! script ends at its first failing command; between lines of one tool, that tool's rule. All of it is foreign text.

mod bare;
mod block;
mod choice;
mod excerpt;
mod guess;
mod pairs;
mod pattern;
mod place;
mod reading;
mod rule;
mod rules;

use std::ops::Range;

use crate::domain::incident::log::{Line, Mark};
use choice::Candidate;

pub use excerpt::Shown;

/// Lines that are chosen at most, the first one included.
pub const MOST_CHOSEN: usize = 6;

/// Why a step failed, as its log says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The line that explains most, without what its writer puts before every line. Foreign.
    pub line: String,
    /// The file, test or container that the line names, or else those around it: `src/tax.c:4`. Foreign.
    pub place: Option<String>,
    /// The rule that chose it, for reports of faults; `guess` and `last-line` where none did.
    pub rule: &'static str,
    /// With which code the step's process ended, if the runner says so.
    pub exit_code: Option<i32>,
    /// The chosen lines with those around them, in the order of the log. Foreign.
    pub shown: Vec<Shown>,
}

impl Cause {
    /// Place and line as one text: `src/main.rs:3: error[E0308]: mismatched types`. Foreign.
    pub fn headline(&self) -> String {
        let Some(place) = &self.place else { return self.line.clone() };
        let file = place.split_once(':').map_or(place.as_str(), |(file, _)| file);
        if self.line.contains(file) { self.line.clone() } else { format!("{place}: {}", self.line) }
    }
}

/// Finds the cause among the lines of the step that failed, a range of the job's. `None` where it wrote nothing.
pub fn find(lines: &[Line], step: Range<usize>) -> Option<Cause> {
    let step = &lines[step];
    let exit_code = step.iter().rev().find_map(|line| match line.mark {
        Mark::Exit(code) => code,
        _ => None,
    });
    let raw: Vec<&str> = step.iter().map(said).collect();
    let bare: Vec<&str> = raw.iter().map(|line| line.trim()).collect();
    let reading = reading::of(&bare);
    let candidates = choice::candidates(&reading, step, &raw, &bare);
    let first = choice::first(&candidates, &reading, &bare).or_else(|| last_word(&bare))?;
    let chosen = choice::others(&candidates, &first);
    let texts: Vec<&str> = step.iter().map(|line| line.text.as_str()).collect();
    Some(Cause {
        line: bare[first.at].to_owned(),
        place: place::around(&texts, first.at),
        rule: first.rule,
        exit_code,
        shown: excerpt::around(step, &chosen),
    })
}

/// What a program said in a line; nothing where the runner speaks.
fn said(line: &Line) -> &str {
    match line.mark {
        Mark::Output | Mark::Error => bare::bare(&line.text),
        _ => "",
    }
}

/// The last line of any output.
fn last_word(bare: &[&str]) -> Option<Candidate> {
    let at = bare.iter().rposition(|line| !line.is_empty())?;
    Some(Candidate { at, weight: rule::Weight::Guess, rule: "last-line" })
}

#[cfg(test)]
mod tests;
