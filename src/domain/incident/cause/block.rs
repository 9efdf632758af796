//! What several lines together say: exceptions with their stack, and messages that point at a place below.

use super::guess::is_exception;

/// How Python begins a stack.
const TRACEBACK: &str = "Traceback (most recent call last):";

/// How many lines a message may have between its first one and its stack.
const LONGEST_MESSAGE: usize = 12;

/// The last exception that is written with its stack. `raw` has the indentation of the lines.
pub fn exception(raw: &[&str]) -> Option<usize> {
    below_stack(raw).max(above_stack(raw))
}

/// Python: the first line behind the stack that is not further in than its head. What stands before the head may stand
/// before every line (`INTERNALERROR> `), or before this one only.
fn below_stack(raw: &[&str]) -> Option<usize> {
    let head = raw.iter().rposition(|line| line.ends_with(TRACEBACK))?;
    let prefix = raw[head].strip_suffix(TRACEBACK)?;
    let is_further_in = |line: &str| match line.strip_prefix(prefix) {
        Some(rest) => rest.starts_with(' '),
        None => !prefix.trim().is_empty() && line.starts_with(' '),
    };
    (head + 1..raw.len()).find(|at| !raw[*at].is_empty() && !is_further_in(raw[*at]))
}

/// JavaScript and Java: the message above the last run of `at ...`.
fn above_stack(raw: &[&str]) -> Option<usize> {
    let is_frame = |at: usize| raw[at].trim_start().starts_with("at ");
    let frame = (1..raw.len()).rev().find(|at| is_frame(*at) && !is_frame(at - 1))?;
    let message = (frame.saturating_sub(LONGEST_MESSAGE)..frame).rev();
    let named = message.clone().find(|at| is_exception(raw[*at].trim()));
    named.or_else(|| message.clone().find(|at| !raw[*at].trim().is_empty()))
}

/// A message with an arrow to its place on the next line (rustc, ruff, and what draws like them); warnings and notes do
/// not count.
pub fn pointed_at(bare: &[&str]) -> Option<usize> {
    const ARROWS: [&str; 4] = ["--> ", "╭─[", "┌─ ", "╭▸ "];
    const HARMLESS: [&str; 4] = ["warning", "note", "help", "info"];
    let starts = |line: &str, words: &[&str]| words.iter().any(|word| line.starts_with(word));
    bare.windows(2).position(|pair| {
        starts(pair[1], &ARROWS) && !pair[0].is_empty() && !starts(pair[0], &HARMLESS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception_of(text: &str) -> Option<usize> {
        exception(&text.lines().collect::<Vec<_>>())
    }

    #[test]
    fn an_exception_is_found_by_its_stack() {
        let python = "x\nTraceback (most recent call last):\n  File \"a.py\", line 1\n    f()\nshop.Empty\nend";
        assert_eq!(exception_of(python), Some(4));
        let prefixed =
            "E> Traceback (most recent call last):\nE>   File \"a.py\", line 1\nE> shop.Empty";
        assert_eq!(exception_of(prefixed), Some(2));
        let logged =
            "ERROR Traceback (most recent call last):\n  File \"a.py\", line 1\nshop.Empty\nend";
        assert_eq!(exception_of(logged), Some(2));
        let further =
            "  Traceback (most recent call last):\n    File \"a.py\", line 1\n  shop.Empty\nend";
        assert_eq!(exception_of(further), Some(2));
        let less = "    Traceback (most recent call last):\n      File \"a.py\", line 1\n  shop.Empty\nend";
        assert_eq!(exception_of(less), Some(2));
        let node = "TypeError: first\nand more\n\n    at f (a.js:1:2)\n    at g (a.js:2:2)\nend";
        assert_eq!(exception_of(node), Some(0));
        assert_eq!(exception_of("something\n  at f (a.js:1:2)"), Some(0));
        assert_eq!(exception_of("look at this\nat last"), Some(0));
        assert_eq!(exception_of("nothing\nof this kind"), None);
    }

    #[test]
    fn a_message_is_found_by_its_arrow() {
        let at = |text: &str| pointed_at(&text.lines().collect::<Vec<_>>());
        assert_eq!(at("warning: unused\n--> a.rs:1:2\nerror: no\n--> b.rs:1:2"), Some(2));
        assert_eq!(at("F401 unused\n--> a.py:1:8"), Some(0));
        assert_eq!(at("warning: unused\n--> a.rs:1:2"), None);
    }
}
