//! Markdown for step summaries, with hostile text made harmless. Pure.

use std::fmt::Write;

use crate::domain::shown::visible;

/// A table that is built row by row. Cells are escaped; what is Markdown already goes through [`Table::raw_row`].
#[derive(Clone, Debug)]
pub struct Table {
    columns: usize,
    text: String,
}

impl Table {
    /// A table with its head.
    pub fn new(head: &[&str]) -> Self {
        let mut table = Self { columns: head.len(), text: String::new() };
        let cells: Vec<String> = head.iter().map(|cell| plain(cell)).collect();
        table.push(&cells);
        let _ = writeln!(table.text, "|{}", " --- |".repeat(head.len()));
        table
    }

    /// Adds a row of plain text.
    pub fn row(&mut self, cells: &[&str]) {
        let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        self.push(&cells);
    }

    /// Adds a row of Markdown made by this module: [`code`], [`plain`], links of ours.
    pub fn raw_row(&mut self, cells: &[String]) {
        let cells: Vec<String> =
            cells.iter().map(|cell| cell.replace('\n', " ").replace('|', "\\|")).collect();
        self.push(&cells);
    }

    /// The table as Markdown, one line a row.
    pub fn render(&self) -> String {
        self.text.clone()
    }

    fn push(&mut self, cells: &[String]) {
        let missing = self.columns.saturating_sub(cells.len());
        let cells = cells.iter().take(self.columns).map(String::as_str);
        self.text.push('|');
        for cell in cells.chain(std::iter::repeat_n("", missing)) {
            let _ = write!(self.text, " {cell} |");
        }
        self.text.push('\n');
    }
}

/// A heading of level 1 to 6.
pub fn heading(level: usize, text: &str) -> String {
    format!("{} {}\n", "#".repeat(level.clamp(1, 6)), plain(text))
}

/// A part that opens on a click. The body is Markdown.
pub fn details(title: &str, body: &str) -> String {
    format!("<details><summary>{}</summary>\n\n{}\n\n</details>\n", plain(title), body.trim_end())
}

/// A fenced block of foreign text. The fence is longer than any run of backticks inside.
pub fn fence(text: &str) -> String {
    // What is taken out may join two runs of backticks, so it goes first.
    let text: String = text.chars().filter(|c| !is_unprintable(*c)).collect();
    let lines: Vec<String> = text.split('\n').map(shown_line).collect();
    let text = lines.join("\n");
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A code span of foreign text, on one line: nothing in it is Markdown, HTML, a mention or a link.
pub fn code(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Plain text as Markdown on one line: every character that Markdown or HTML could obey is escaped, and a zero-width
/// joiner parts `@name`, `#123` and addresses so that nobody is notified and nothing is linked.
pub fn plain(text: &str) -> String {
    escaped(&one_line(text))
}

/// A sentence of ours with foreign words in it, on one line: what stands between single backticks becomes a code span by
/// [`code`], the rest goes through [`plain`]'s escapes. Backticks that do not pair or stand side by side are no marks of
/// ours: then all of it is plain.
pub fn prose(text: &str) -> String {
    let text = one_line(text);
    if text.matches('`').count() % 2 == 1 || text.contains("``") {
        return escaped(&text);
    }
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { code(part) } else { escaped(part) }).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '@' | '#' => {
                out.push(c);
                out.push('\u{200d}');
            }
            c => out.push(c),
        }
    }
    out.replace("://", ":\u{200d}//").replace("www.", "www\u{200d}.")
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    let words: Vec<&str> = words.map(str::trim).filter(|word| !word.is_empty()).collect();
    visible(&words.join(" "))
}

/// A line of a fence: tabs stay.
fn shown_line(line: &str) -> String {
    line.split('\t').map(visible).collect::<Vec<_>>().join("\t")
}

fn is_unprintable(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_cannot_leave_their_table() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&["x|y\nz", "<b>`c`</b>"]);
        table.row(&["one"]);
        table.raw_row(&[code("a|b"), "c".to_owned(), "too many".to_owned()]);
        assert_eq!(
            table.render(),
            "| a | b |\n| --- | --- |\n| x\\|y z | &lt;b&gt;\\`c\\`&lt;/b&gt; |\n| one |  |\n| `a\\|b` | c |\n"
        );
    }

    #[test]
    fn what_turns_or_hides_text_is_seen_in_every_form() {
        assert_eq!(plain("a\u{202e}b"), "a\\\\u{202e}b");
        assert_eq!(code("a\u{202e}b\u{200b}"), "`a\\u{202e}b\\u{200b}`");
        assert_eq!(prose("x `a\u{2066}b`"), "x `a\\u{2066}b`");
        assert_eq!(fence("a\u{202e}b\n\tc"), "```text\na\\u{202e}b\n\tc\n```\n");
        assert_eq!(heading(1, "\u{feff}x"), "# \\\\u{feff}x\n");
        assert_eq!(plain("déjà vu 日本 ⚠\u{fe0f}"), "déjà vu 日本 ⚠\u{fe0f}");
    }

    #[test]
    fn nobody_is_notified_and_nothing_is_linked() {
        assert_eq!(plain("@octocat #12"), "@\u{200d}octocat #\u{200d}12");
        assert_eq!(plain("https://x www.y"), "https:\u{200d}//x www\u{200d}.y");
        assert_eq!(plain("ordinary text, 1.5 s"), "ordinary text, 1.5 s");
    }

    #[test]
    fn backticks_that_pair_are_code_and_all_else_is_plain() {
        for (text, markdown) in [
            ("give `min-total` and `a_b`", "give `min-total` and `a_b`"),
            ("`<b> @x #1 [a](b)`, <b> @x", "`<b> @x #1 [a](b)`, &lt;b&gt; @\u{200d}x"),
            ("a` <b> `c", "a`<b>`c"),
            ("one ` <b>", "one \\` &lt;b&gt;"),
            ("``` <b> `", "\\`\\`\\` &lt;b&gt; \\`"),
            ("`a``<b>`", "\\`a\\`\\`&lt;b&gt;\\`"),
            ("x\\`<b>`", "x\\\\`<b>`"),
            ("a\n`b`\nc", "a `b` c"),
        ] {
            assert_eq!(prose(text), markdown, "{text}");
        }
    }

    #[test]
    fn code_spans_are_longer_than_the_backticks_inside() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(code(" \n"), "");
    }

    #[test]
    fn fences_are_longer_than_the_backticks_inside() {
        assert_eq!(fence("a\n"), "```text\na\n```\n");
        assert_eq!(fence("```\nx\n````"), "`````text\n```\nx\n````\n`````\n");
    }

    #[test]
    fn headings_and_folded_parts() {
        assert_eq!(heading(2, "a <b>"), "## a &lt;b&gt;\n");
        assert_eq!(
            details("log", "body\n"),
            "<details><summary>log</summary>\n\nbody\n\n</details>\n"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_fence_ends_only_at_its_end(text in "[`~a\n\r<]{0,40}") {
            let fenced = fence(&text);
            let ticks = fenced.len() - fenced.trim_start_matches('`').len();
            let closing = |line: &&str| line.len() >= ticks && line.bytes().all(|b| b == b'`');
            prop_assert_eq!(fenced.lines().filter(closing).count(), 1);
            prop_assert!(fenced.lines().next_back().is_some_and(|line| closing(&line)));
        }

        #[test]
        fn a_code_span_ends_only_at_its_end(text in "[`a \n|@#<]{0,40}") {
            let span = code(&text);
            let ticks = span.len() - span.trim_start_matches('`').len();
            let inner = span.trim_matches('`');
            prop_assert!(longest_run(inner) < ticks.max(1));
            prop_assert!(!span.contains('\n'));
        }

        #[test]
        fn outside_of_its_code_spans_prose_is_plain(text in "[`<>@#a \n|*!\\[\\]]{0,40}") {
            let prose = prose(&text).replace("\\`", "");
            let parts: Vec<&str> = prose.split('`').collect();
            prop_assert_eq!(parts.len() % 2, 1, "{}", prose);
            for outside in parts.iter().step_by(2) {
                prop_assert!(!outside.contains(['<', '>', '\n']), "{}", prose);
            }
        }

        #[test]
        fn plain_text_holds_no_active_character(text in any::<String>()) {
            let plain = plain(&text);
            prop_assert!(!plain.contains(['<', '>', '\n', '\r']));
            let bare = plain.replace("\\\\", "");
            for (at, c) in bare.char_indices().filter(|(_, c)| "|`*_[]".contains(*c)) {
                prop_assert!(bare[..at].ends_with('\\'), "{} in {}", c, plain);
            }
        }
    }
}
