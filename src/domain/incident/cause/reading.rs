//! All rules on all lines, in one pass.

use super::pairs::{Pairs, Wanted};
use super::pattern::matches;
use super::rule::{Pick, Rule, Weight};
use super::rules;

/// Forms with what a first look needs.
struct Forms(Vec<(&'static str, Wanted)>);

impl Forms {
    fn of(forms: &'static [&'static str]) -> Self {
        Self(forms.iter().map(|form| (*form, Wanted::of_form(form))).collect())
    }

    fn fit(&self, line: &str, pairs: &Pairs) -> bool {
        self.0.iter().any(|(form, wanted)| pairs.may_hold(wanted) && matches(form, line))
    }
}

/// A rule, and how far it has come in a log.
struct Reader {
    rule: &'static Rule,
    lines: Forms,
    unless: Forms,
    below: Forms,
    /// Whether a line was read below which the rule holds.
    open: bool,
    found: Option<(usize, usize)>,
}

impl Reader {
    fn new(rule: &'static Rule) -> Self {
        Self {
            rule,
            lines: Forms::of(rule.lines),
            unless: Forms::of(rule.unless),
            below: Forms::of(rule.below),
            open: rule.below.is_empty(),
            found: None,
        }
    }

    /// Reads a line; whether the rule speaks of it.
    fn read(&mut self, at: usize, line: &str, pairs: &Pairs) -> bool {
        if !self.open {
            self.open = self.below.fit(line, pairs);
            return false;
        }
        let speaks = self.lines.fit(line, pairs) && !self.unless.fit(line, pairs);
        if speaks {
            let first = self.found.map_or(at, |(first, _)| first);
            self.found = Some((first, at));
        }
        speaks
    }
}

/// What a rule found.
pub struct Found {
    /// The rule.
    pub rule: &'static Rule,
    /// The line that it means.
    pub at: usize,
}

/// What the rules say of a log.
pub struct Reading {
    /// One for each rule that speaks of any line.
    pub found: Vec<Found>,
    /// For each line whether it only follows from something before it.
    pub follows: Vec<bool>,
}

/// Lets every rule read every line.
pub fn of(bare: &[&str]) -> Reading {
    let mut readers: Vec<Reader> = rules::all().map(Reader::new).collect();
    let mut follows = vec![false; bare.len()];
    for (at, line) in bare.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let pairs = Pairs::of(line);
        for reader in &mut readers {
            let speaks = reader.read(at, line, &pairs);
            follows[at] |= speaks && reader.rule.weight == Weight::Consequence;
        }
    }
    let found = readers.iter().filter_map(|reader| {
        let (first, last) = reader.found?;
        let at = if reader.rule.pick == Pick::First { first } else { last };
        Some(Found { rule: reader.rule, at })
    });
    Reading { found: found.collect(), follows }
}
