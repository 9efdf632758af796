//! What a rule is: a form of lines by which a tool says what went wrong, and how much that says.

/// How much a line explains. Between two lines the greater one is shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Says that something before it went wrong: `make: *** [all] Error 1`.
    Consequence,
    /// Looks like trouble, in a form that no rule knows.
    Guess,
    /// An exception or an error without its place.
    Error,
    /// What a tool says last about why it ends, or an error with its place.
    Reason,
    /// Names the test or the file, in the place where the tool sums up.
    Verdict,
}

/// Which of several lines of one rule is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The first: compilers go on after an error, and the others may follow from it.
    First,
    /// The last: scripts go on after an error that does not matter, or try again.
    Last,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// By what it is known in tests and reports.
    pub name: &'static str,
    /// How much it says.
    pub weight: Weight,
    /// Which line of several.
    pub pick: Pick,
    /// The forms, each of a whole line without the white space around it.
    pub lines: &'static [&'static str],
    /// Lines of these forms are something else.
    pub unless: &'static [&'static str],
    /// The rule holds below a line of one of these forms; everywhere if there is none.
    pub below: &'static [&'static str],
}

/// A rule whose line sums up, the first of several.
pub const VERDICT: Rule = Rule {
    name: "",
    weight: Weight::Verdict,
    pick: Pick::First,
    lines: &[],
    unless: &[],
    below: &[],
};

/// The same, where the last line counts.
pub const LAST_VERDICT: Rule = Rule { pick: Pick::Last, ..VERDICT };

/// A rule whose first line is the reason.
pub const REASON: Rule = Rule { weight: Weight::Reason, ..VERDICT };

/// The same, where the last line counts.
pub const LAST_REASON: Rule = Rule { weight: Weight::Reason, pick: Pick::Last, ..VERDICT };

/// A rule whose first line is an error without a place.
pub const ERROR: Rule = Rule { weight: Weight::Error, ..VERDICT };

/// The same, where the last line counts.
pub const LAST_ERROR: Rule = Rule { weight: Weight::Error, pick: Pick::Last, ..VERDICT };

/// A rule whose line only follows from something before it.
pub const CONSEQUENCE: Rule = Rule { weight: Weight::Consequence, pick: Pick::Last, ..VERDICT };
