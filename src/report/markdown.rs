//! Markdown for step summaries, with hostile text made harmless. Pure.

use std::fmt::Write;

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
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let text: String = text.chars().filter(|c| !is_unprintable(*c)).collect();
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
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
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
    words.map(str::trim).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_unprintable(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
