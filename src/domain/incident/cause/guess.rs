//! How much a line looks like the reason of a failure, by words alone: for tools that no rule knows.

use super::pairs::{Pairs, Wanted};

/// Beginnings by which programs of all kinds mark an error, in lower case.
const MARKS: [&str; 16] = [
    "error:",
    "error[",
    "error(",
    "error -",
    "fatal:",
    "fatal ",
    "panic",
    "critical",
    "[error]",
    "[fatal]",
    "[critical]",
    "err:",
    "failure:",
    "exception:",
    "!! ",
    "abort:",
];

/// The level of a log line, as a word of its own.
const LEVELS: [&str; 9] = [
    " ERROR ",
    " FATAL ",
    " CRITICAL ",
    "ERROR:",
    "FATAL:",
    "level=error",
    "level=fatal",
    "\"level\":\"error\"",
    " SEVERE ",
];

/// Inside a line, in lower case: `program: error: text`.
const INNER: [&str; 4] = [": error:", ": fatal:", ": fatal error:", " error: "];

/// What a reason says, in lower case.
const REASONS: [&str; 52] = [
    "no such file",
    "not found",
    "cannot ",
    "can't ",
    "could not ",
    "couldn't ",
    "unable to ",
    "failed to ",
    "refused",
    "timed out",
    "timeout",
    "denied",
    "invalid",
    "missing",
    "unexpected",
    "undefined",
    "unknown ",
    "not defined",
    "does not exist",
    "doesn't exist",
    "no such ",
    "rejected",
    "unreachable",
    "exceed",
    "aborted",
    "killed",
    "out of memory",
    "no space left",
    "not allowed",
    "unsupported",
    "not supported",
    "mismatch",
    "must be ",
    "must not ",
    "out of date",
    "is not set",
    "is required",
    "not installed",
    "unresolved",
    "conflict",
    "expected ",
    "violat",
    "differ",
    "does not match",
    "do not match",
    "did not ",
    "older than",
    "giving up",
    "too many",
    "too large",
    "unauthorized",
    "forbidden",
];

/// Words of trouble that give no reason, in lower case.
const TROUBLE: [&str; 9] =
    ["error", "fail", "exception", "fatal", "broken", "corrupt", "crash", "✗", "✘"];

/// Lines that have such words and are no reason, in lower case.
const NOISE: [&str; 42] = [
    " 0 error",
    "(0 error",
    "no error",
    " 0 fail",
    "(0 fail",
    "no fail",
    "errors: 0",
    "errors: none",
    "errors=0",
    "failed: 0",
    "failures: 0",
    "error(s): 0",
    "fail 0",
    "warning",
    "warn ",
    "[warn",
    "deprecat",
    "ignor",
    "skipping",
    "retry",
    "going on",
    "continuing",
    "non-fatal",
    "passed",
    "[notice]",
    "[info]",
    " info ",
    "level=info",
    "debug",
    "expected error",
    "(expected)",
    "downloading ",
    "installing ",
    "unpacking ",
    "selecting ",
    "compiling ",
    "... ok",
    "success",
    "only noise",
    "error_log",
    "error-handl",
    "will be used",
];

/// A list of words with what a first look needs.
struct Words(Vec<(&'static str, Wanted)>);

impl Words {
    fn of(words: &'static [&'static str]) -> Self {
        Self(words.iter().map(|word| (*word, Wanted::of_word(word))).collect())
    }

    fn any_in(&self, line: &str, pairs: &Pairs) -> bool {
        self.0.iter().any(|(word, wanted)| pairs.may_hold(wanted) && line.contains(word))
    }
}

/// The word lists, ready for many lines.
pub struct Guess {
    levels: Words,
    inner: Words,
    reasons: Words,
    trouble: Words,
    noise: Words,
}

impl Guess {
    /// Makes them ready.
    pub fn new() -> Self {
        Self {
            levels: Words::of(&LEVELS),
            inner: Words::of(&INNER),
            reasons: Words::of(&REASONS),
            trouble: Words::of(&TROUBLE),
            noise: Words::of(&NOISE),
        }
    }

    /// 0 (no sign at all) to 4 (as programs mark an error).
    pub fn score(&self, line: &str) -> u8 {
        // With a space, so that the first word has one before it like any other.
        let lower = format!(" {}", line.to_lowercase());
        let pairs = Pairs::of(&lower);
        let says = |words: &Words| words.any_in(&lower, &pairs);
        if line.is_empty() || says(&self.noise) || is_no_message(line) {
            return 0;
        }
        let marked = MARKS.iter().any(|mark| lower[1..].starts_with(mark)) || is_exception(line);
        if marked || says(&self.inner) || self.levels.any_in(line, &Pairs::of(line)) {
            return 4;
        }
        match (says(&self.reasons), says(&self.trouble)) {
            (true, true) => 3,
            (true, false) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }
}

/// `ok 3 - error page`, `✓ shows an error`, `PASS`; a traced command; a frame of a stack.
fn is_no_message(line: &str) -> bool {
    const GOOD: [&str; 10] =
        ["+ ", "at ", "ok ", "✓", "✔", "√", "PASS", "--- PASS", "[  OK  ]", "[       OK"];
    line.ends_with(": 0")
        || GOOD.iter().any(|mark| line.starts_with(mark))
        || line.ends_with(" PASSED")
        || line.contains(" PASSED ")
}

/// `shop.errors.OutOfStock: text` by the names that languages give: `...Error`, `...Exception`, `...Failure`.
pub fn is_exception(line: &str) -> bool {
    let name = line.split([':', ' ']).next().unwrap_or_default();
    let rest = &line[name.len()..];
    let ends = ["Error", "Exception", "Failure", "Panic", "Interrupt"];
    let named = ends.iter().any(|end| name.ends_with(end));
    let whole = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
    named && whole && (rest.is_empty() || rest.starts_with(": ") || rest.starts_with(" ["))
}

#[cfg(test)]
mod tests {
    use super::Guess;

    #[test]
    fn errors_are_told_from_words() {
        let table = [
            ("error: the catalogue is empty", 4),
            ("shop.errors.StockError: none left", 4),
            ("mytool: error: bad flag", 4),
            ("2026-11-30 10:00:00 ERROR shop.web port is taken", 4),
            ("failed to open prices.toml", 3),
            ("the file prices.toml does not exist", 2),
            ("something failed", 1),
            ("all is well", 0),
            ("0 errors, 2 warnings", 0),
            ("ok 3 - shows an error", 0),
            ("warning: unused error", 0),
            ("Undefined: 0", 0),
            ("column tax_id differs", 2),
            ("test error_page ... ok", 0),
            ("tests/test_error.py::test_error PASSED [ 50%]", 0),
        ];
        let guess = Guess::new();
        for (line, expected) in table {
            assert_eq!(guess.score(line), expected, "{line:?}");
        }
    }
}
