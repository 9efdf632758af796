//! Text that is shown and never obeyed: output of tools, logs of containers, names that others chose.
//!
//! The runner reads commands out of any line: `::name::` after leading whitespace, `##[name]` anywhere, and a bare
//! carriage return ends a line too. [`lines`] cuts as the runner cuts and leaves lines in which it finds nothing.
//!
//! Both marks are broken up with a plain space. A zero-width space would look nicer and would not work: the runner
//! searches with .NET's culture-sensitive `IndexOf` and `StartsWith`, which skip characters that a collation ignores.
//! For the same reason such characters are taken out of the text first.

use crate::domain::terminal_text::{clean, split};

/// The longest line that is shown, in characters; the rest is counted, not shown.
pub const LONGEST_LINE: usize = 4000;

/// The text as harmless lines: no command, no control characters, none longer than [`LONGEST_LINE`] plus a note.
pub fn lines(text: &str) -> Vec<String> {
    split(text).map(|line| bounded(disarm(&clean(line)))).collect()
}

/// One harmless line: as [`lines`], joined with spaces. For names inside a sentence of ours.
pub fn line(text: &str) -> String {
    lines(text).join(" ")
}

/// The line with `##[` and a leading `::` broken up.
fn disarm(line: &str) -> String {
    let mut line = line.replace("##[", "## [");
    let start = line.len() - line.trim_start().len();
    if line[start..].starts_with("::") {
        line.insert(start + 1, ' ');
    }
    line
}

fn bounded(line: String) -> String {
    let Some((end, _)) = line.char_indices().nth(LONGEST_LINE) else { return line };
    let left = line[end..].chars().count();
    format!("{} [... {left} more characters]", &line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_broken_up_and_look_alikes_are_kept() {
        let table = [
            ("::error::x", ": :error::x"),
            (" \u{a0}::error::x", " \u{a0}: :error::x"),
            ("web | ##[error]x", "web | ## [error]x"),
            ("####[x]", "#### [x]"),
            ("\u{200b}::error::x", ": :error::x"),
            (":\u{ad}:error::x", ": :error::x"),
            ("#\u{200d}#[error]x", "## [error]x"),
            ("a ::error::x", "a ::error::x"),
            ("std::io::Error", "std::io::Error"),
            ("## [x] #[derive]", "## [x] #[derive]"),
        ];
        for (text, expected) in table {
            assert_eq!(lines(text), [expected], "{text:?}");
        }
    }

    #[test]
    fn lines_end_where_the_runner_ends_them() {
        assert_eq!(lines("a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(lines("a\n\nb\n"), ["a", "", "b"]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        let cut = lines(&"x".repeat(LONGEST_LINE + 7)).remove(0);
        assert!(cut.ends_with("x [... 7 more characters]"), "{cut}");
        assert_eq!(lines(&"x".repeat(LONGEST_LINE)), ["x".repeat(LONGEST_LINE)]);
    }
}
