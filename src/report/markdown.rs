//! Markdown for step summaries, with hostile text made harmless. Pure.

use std::fmt::Write;
use std::ops::Range;

use crate::domain::shown::visible;
use crate::failure::Failure;

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
    format!("<details><summary>{}</summary>\n\n{}\n\n</details>\n", html(title), body.trim_end())
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

/// What failed and why, and what to do in a paragraph of its own.
pub fn failure(failure: &Failure) -> String {
    let Failure { what, why, help, .. } = failure;
    let what = if why.is_empty() { prose(what) } else { prose(&format!("{what}: {why}")) };
    if help.is_empty() { what } else { format!("{what}\n\nWhat to do: {}", prose(help)) }
}

/// Plain text as Markdown on one line: every character that Markdown or HTML could obey is escaped, and a zero-width
/// joiner parts `@name` and `#123` so that nobody is notified and nothing is linked. An address becomes a code span by
/// [`code`]: it is no link there, and what is copied from the page is the address.
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
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        let part = if at % 2 == 1 { code(part) } else { escaped(part) };
        // Two code spans side by side would be one.
        if out.ends_with('`') && part.starts_with('`') {
            out.push(' ');
        }
        out.push_str(&part);
    }
    out
}

/// As [`plain`], for where the text may come to stand inside of somebody's code span: nothing in it begins or ends one. An
/// address is parted by a zero-width joiner, and is no link.
pub fn apart(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '`' => out.push_str("&#96;"),
            c => push_escaped(&mut out, c),
        }
    }
    out.replace("://", ":\u{200d}//").replace("www.", "www\u{200d}.")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(address) = address(rest) {
        rest[..address.start].chars().for_each(|c| push_escaped(&mut out, c));
        if out.ends_with("\\`") {
            // An escaped backtick beside those of the code span could be counted with them.
            out.truncate(out.len() - 2);
            out.push_str("&#96;");
        }
        out.push_str(&code(&rest[address.clone()]));
        rest = &rest[address.end..];
    }
    rest.chars().for_each(|c| push_escaped(&mut out, c));
    out
}

fn push_escaped(out: &mut String, c: char) {
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

/// Plain text inside of a tag, where Markdown means nothing. It is held apart from links and mentions as [`plain`] does.
fn html(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let push = |out: &mut String, c: char| match c {
        '&' | '<' | '>' | '@' | '#' => push_escaped(out, c),
        c => out.push(c),
    };
    while let Some(address) = address(rest) {
        rest[..address.start].chars().for_each(|c| push(&mut out, c));
        let shown = rest[address.clone()].replace('&', "&amp;");
        let _ = write!(out, "<code>{shown}</code>");
        rest = &rest[address.end..];
    }
    rest.chars().for_each(|c| push(&mut out, c));
    out
}

/// Where the first text stands that could become a link by itself: `scheme://...` or `www....`, without the punctuation
/// of the sentence behind it. It holds nothing that could end a code span, a cell of a table or a tag.
fn address(text: &str) -> Option<Range<usize>> {
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
    let lower = text.to_ascii_lowercase();
    let schemed = lower.find("://").map(|mark| {
        mark - lower.as_bytes()[..mark].iter().rev().take_while(|byte| is_scheme(byte)).count()
    });
    let start = schemed.into_iter().chain(lower.find("www.")).min()?;
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '`' | '|' | '<' | '>' | '\\');
    let whole = text[start..].split(ends).next().unwrap_or_default();
    let closes = |c: char| match c {
        ')' => !whole.contains('('),
        c => matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | ']' | '}'),
    };
    Some(start..start + whole.trim_end_matches(closes).len())
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
        assert_eq!(plain("https://x www.y"), "`https://x` `www.y`");
        assert_eq!(plain("ordinary text, 1.5 s"), "ordinary text, 1.5 s");
    }

    #[test]
    fn an_address_is_code_that_copies_as_it_is_and_ends_before_the_sentence_does() {
        for (text, markdown) in [
            ("see https://x/a_b?c=1&d#e.", "see `https://x/a_b?c=1&d#e`."),
            ("(http://x:80/), WWW.y!", "(`http://x:80/`), `WWW.y`\\!"),
            ("http://x/a_(b) http://x/c)", "`http://x/a_(b)` `http://x/c`)"),
            ("\"http://x\"|http://y<b>", "\"`http://x`\"\\|`http://y`&lt;b&gt;"),
            ("a`http://x`b", "a&#96;`http://x`\\`b"),
            ("a\\http://x\\b", "a\\\\`http://x`\\\\b"),
            ("http://x\u{202e}y", "`http://x`\\\\u{202e}y"),
            ("://", "`://`"),
            ("www.", "`www`."),
            ("a:// b", "`a://` b"),
            ("http:/x a//b w.w", "http:/x a//b w.w"),
        ] {
            assert_eq!(plain(text), markdown, "{text}");
        }
        assert_eq!(prose("http://x`a`http://y"), "`http://x` `a` `http://y`");
        assert_eq!(prose("set `u: http://x`."), "set `u: http://x`.");
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
        // No Markdown is read inside of a tag: an escape would be seen.
        let title = details("a_b <i> @x http://x?a&b", "");
        let shown = "a_b &lt;i&gt; @\u{200d}x <code>http://x?a&amp;b</code>";
        assert_eq!(title, format!("<details><summary>{shown}</summary>\n\n\n\n</details>\n"));
    }

    /// Markdown of [`plain`] as a page shows it, its code spans apart, each at the odd places; `None` where a code span
    /// does not end.
    fn shown(markdown: &str) -> Option<Vec<String>> {
        let mut parts = vec![String::new()];
        let mut rest = markdown;
        while let Some(c) = rest.chars().next() {
            if c == '`' {
                let ticks = rest.len() - rest.trim_start_matches('`').len();
                let (span, after) = rest[ticks..].split_once(&rest[..ticks])?;
                parts.extend([span.to_owned(), String::new()]);
                rest = after;
                continue;
            }
            let entities = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&#96;", '`')];
            let entity = entities.into_iter().find(|(name, _)| rest.starts_with(name));
            let (taken, c) = match entity {
                Some((name, c)) => (name.len(), c),
                None if c == '\\' => (2, rest[1..].chars().next()?),
                None => (c.len_utf8(), c),
            };
            parts.last_mut()?.push(c);
            rest = &rest[taken..];
        }
        Some(parts)
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
            let spans = shown(&plain).unwrap_or_default();
            prop_assert!(spans.len() % 2 == 1, "{}", plain);
            prop_assert!(!plain.contains(['<', '>', '\n', '\r']));
            let mut bare = plain.replace("\\\\", "");
            for span in spans.iter().skip(1).step_by(2) {
                bare = bare.replacen(&format!("`{span}`"), "", 1);
            }
            for (at, c) in bare.char_indices().filter(|(_, c)| "|`*_[]".contains(*c)) {
                prop_assert!(bare[..at].ends_with('\\'), "{} in {}", c, plain);
            }
        }

        #[test]
        fn an_address_is_never_a_link_and_copies_clean(
            text in "(http://|www\\.|://|[a`|<>@#_.()\\\\ \"]){0,12}",
        ) {
            let plain = plain(&text);
            let Some(parts) = shown(&plain) else { return Err(TestCaseError::fail(plain)) };
            for outside in parts.iter().step_by(2) {
                prop_assert!(!outside.contains("://") && !outside.contains("www."), "{}", plain);
            }
            for inside in parts.iter().skip(1).step_by(2) {
                prop_assert!(!inside.contains(['|', '<', '>', '`', '\u{200d}']), "{}", plain);
            }
            let copied = parts.concat().replace('\u{200d}', "");
            prop_assert_eq!(copied, one_line(&text), "{}", plain);
        }
    }
}
