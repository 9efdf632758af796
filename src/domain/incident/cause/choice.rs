//! Which of the lines that rules speak of is shown first, and which besides.

use std::collections::BTreeSet;

use super::guess::Guess;
use super::reading::{Found, Reading};
use super::rule::{Pick, Weight};
use super::{MOST_CHOSEN, block};
use crate::domain::incident::log::{Line, Mark};

/// How far apart guesses may be and still belong together, in lines.
const TOGETHER: usize = 12;

/// A line that may be the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its index in the step.
    pub at: usize,
    /// How much it explains.
    pub weight: Weight,
    /// Which rule says so.
    pub rule: &'static str,
}

/// One candidate for each rule that speaks of any line, and what blocks and annotations say.
pub fn candidates(reading: &Reading, step: &[Line], raw: &[&str], bare: &[&str]) -> Vec<Candidate> {
    let last_word = bare.iter().rposition(|line| !line.is_empty());
    let mut all: Vec<Candidate> =
        reading.found.iter().map(|found| weighed(found, last_word)).collect();
    let found = |at, weight, rule| Candidate { at, weight, rule };
    all.extend(block::exception(raw).map(|at| found(at, Weight::Error, "exception")));
    all.extend(block::pointed_at(bare).map(|at| found(at, Weight::Verdict, "pointed-at")));
    all.extend(annotation(step, bare));
    all
}

/// What a program says last of all, right before its step ends, is its verdict.
fn weighed(found: &Found, last_word: Option<usize>) -> Candidate {
    let Found { rule, at } = *found;
    let ends = Some(at) == last_word && rule.pick == Pick::Last && rule.weight == Weight::Reason;
    Candidate { at, weight: if ends { Weight::Verdict } else { rule.weight }, rule: rule.name }
}

/// The first annotation that says more than that something failed. Where no script's exit code follows, an action wrote
/// it, and it is its verdict.
fn annotation(step: &[Line], bare: &[&str]) -> Option<Candidate> {
    let says = |at: &usize| step[*at].mark == Mark::Error && !is_vague(bare[*at]);
    let at = (0..step.len()).find(says)?;
    let of_an_action = !step.iter().any(|line| matches!(line.mark, Mark::Exit(_)));
    let weight = if of_an_action { Weight::Verdict } else { Weight::Reason };
    Some(Candidate { at, weight, rule: "annotation" })
}

/// An annotation that only says that something failed, or a line of source that a problem matcher took.
fn is_vague(line: &str) -> bool {
    const LEAST: usize = 20;
    let lower = line.to_lowercase();
    line.len() < LEAST
        || lower.starts_with("raise ")
        || [
            "exit code",
            "exit status",
            "failed with",
            "operation was canceled",
            "see the log",
            "see above",
        ]
        .iter()
        .any(|words| lower.contains(words))
}

/// The weightiest; of several, what was said last. Words alone count where no rule speaks of more than a consequence.
pub fn first(candidates: &[Candidate], reading: &Reading, bare: &[&str]) -> Option<Candidate> {
    let best = candidates.iter().filter(|one| one.weight > Weight::Guess);
    let best = best.max_by_key(|one| (one.weight, one.at)).copied();
    best.or_else(|| guessed(reading, bare))
}

/// The best by words: the first of the last group of lines that look most like an error; else what stands before the
/// first line that only follows.
fn guessed(reading: &Reading, bare: &[&str]) -> Option<Candidate> {
    let guess = Guess::new();
    let scores: Vec<u8> = bare.iter().map(|line| guess.score(line)).collect();
    let candidate = |at| Candidate { at, weight: Weight::Guess, rule: "guess" };
    for wanted in [4, 3, 2] {
        let is_hit = |at: &usize| scores[*at] == wanted && !reading.follows[*at];
        let mut hits = (0..bare.len()).rev().filter(is_hit);
        let Some(last) = hits.next() else { continue };
        let together = hits.scan(last, |at, before| {
            let near = *at - before <= TOGETHER;
            *at = before;
            near.then_some(before)
        });
        return Some(candidate(together.last().unwrap_or(last)));
    }
    let end = reading.follows.iter().position(|follows| *follows)?;
    bare[..end].iter().rposition(|line| !line.is_empty()).map(candidate)
}

/// The lines to show: the first one, then the weightiest of the others. What only follows from them is left out.
pub fn others(candidates: &[Candidate], first: &Candidate) -> Vec<usize> {
    let says_more = candidates.iter().filter(|one| one.weight > Weight::Consequence);
    let by_weight: BTreeSet<(Weight, usize)> = says_more.map(|one| (one.weight, one.at)).collect();
    let mut chosen = vec![first.at];
    for (_, at) in by_weight.into_iter().rev() {
        if chosen.len() < MOST_CHOSEN && !chosen.contains(&at) {
            chosen.push(at);
        }
    }
    chosen
}
