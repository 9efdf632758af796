//! Text that is shown and never obeyed: output of tools, logs of containers, names that others chose.
//!
//! The runner reads commands out of any line: `::name::` after leading whitespace, `##[name]` anywhere, and a bare
//! carriage return ends a line too. [`lines`] cuts as the runner cuts and leaves lines in which it finds nothing.
//!
//! Both marks are broken up with a plain space. A zero-width space would look nicer and would not work: the runner
//! searches with .NET's culture-sensitive `IndexOf` and `StartsWith`, which skip characters that a collation ignores.
//! For the same reason such characters are taken out of the text first.

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

/// Cuts where the runner's reader cuts: at `\n`, `\r\n` and a bare `\r`. The end of the text is not another line.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + width..]).filter(|text| !text.is_empty());
        Some(&text[..end])
    })
}

/// The text without what a terminal or the runner's search would treat as invisible: escape sequences and ignorable
/// characters go, other control characters become visible. Tabs and line ends stay.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\t' | '\n' | '\r' => out.push(c),
            '\u{2028}' | '\u{2029}' | '\u{85}' => out.push(' '),
            c if c.is_control() => out.push(picture(c)),
            c if is_ignorable(c) => {}
            c => out.push(c),
        }
    }
    out
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

/// Takes the rest of an escape sequence: `ESC [ ... letter`, `ESC ] ... BEL`, or `ESC` and one character.
fn skip_escape(rest: &mut std::str::Chars<'_>) {
    let mut ahead = rest.clone();
    match ahead.next() {
        Some('[') => {
            *rest = ahead;
            skip_control_sequence(rest);
        }
        Some(']') => skip_system_command(rest),
        Some(c @ ' '..='~') if c != '#' && c != ':' => *rest = ahead,
        _ => {}
    }
}

/// Takes parameters and the final character of a control sequence; stops before anything that does not belong to one.
fn skip_control_sequence(rest: &mut std::str::Chars<'_>) {
    let mut ahead = rest.clone();
    while let Some(c) = ahead.next() {
        match c {
            ' '..='?' => {}
            '@'..='~' => {
                *rest = ahead;
                return;
            }
            _ => return,
        }
    }
}

/// Takes a title or link (`ESC ] ... BEL` or `ESC \`) if it ends within the line.
fn skip_system_command(rest: &mut std::str::Chars<'_>) {
    let text = rest.as_str();
    let ends = [("\u{7}", 1), ("\u{1b}\\", 2)];
    let end = ends.iter().filter_map(|(mark, width)| Some(text.find(mark)? + width)).min();
    if let Some(end) = end {
        *rest = text[end..].chars();
    }
}

/// A visible character for a control character.
fn picture(c: char) -> char {
    match u32::from(c) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        _ => '\u{fffd}',
    }
}

/// Characters that Unicode says are drawn as nothing (`Default_Ignorable_Code_Point`) and those of direction control.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
    fn escape_sequences_go_and_other_control_characters_show() {
        let table = [
            ("\u{1b}[32mok\u{1b}[0m", "ok"),
            ("\u{1b}]8;;https://x\u{7}link\u{1b}]8;;\u{1b}\\", "link"),
            ("a\u{0}b\u{7}", "a\u{2400}b\u{2407}"),
            ("tab\there", "tab\there"),
            ("\u{9b}1mbold", "bold"),
            ("half \u{1b}[12", "half 12"),
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
