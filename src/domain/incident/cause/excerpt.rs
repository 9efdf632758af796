//! The chosen lines with those around them.

use crate::domain::incident::log::{Line, Mark};

/// Lines shown before and behind a chosen one.
const BEFORE: usize = 5;
const BEHIND: usize = 3;

/// The most lines shown.
const MOST: usize = 40;

/// One line of the excerpt. Foreign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its number in the step's part of the log, from 1. A gap between two numbers is a gap in the excerpt.
    pub number: usize,
    /// The line.
    pub text: String,
    /// Whether it was chosen, or only stands near one that was.
    pub chosen: bool,
}

/// The lines around the chosen ones, the first chosen one's at any rate, the others' as far as there is room.
pub fn around(step: &[Line], chosen: &[usize]) -> Vec<Shown> {
    let mut wanted = std::collections::BTreeSet::new();
    for at in chosen {
        let near = at.saturating_sub(BEFORE)..=(at + BEHIND).min(step.len() - 1);
        let more: Vec<usize> = near.filter(|at| is_worth_showing(&step[*at])).collect();
        if wanted.is_empty() || wanted.len() + more.len() <= MOST {
            wanted.extend(more);
        }
    }
    let shown = |at: usize| Shown {
        number: at + 1,
        text: step[at].text.clone(),
        chosen: chosen.contains(&at),
    };
    wanted.into_iter().map(shown).collect()
}

fn is_worth_showing(line: &Line) -> bool {
    matches!(line.mark, Mark::Output | Mark::Error | Mark::Warning | Mark::Exit(_))
}
