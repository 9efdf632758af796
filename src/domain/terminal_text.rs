//! Text that was written for a terminal, as plain text: cut into lines, without escape sequences. In linear time: the text
//! is foreign.

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
    let mut commands = SystemCommands::MayEnd;
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest, &mut commands),
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

/// Whether the rest of a text may hold the end of a system command. Looked for in vain once, it is not looked for again:
/// a text of nothing but beginnings would be read as often as it has characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SystemCommands {
    MayEnd,
    NoneEnds,
}

/// Takes the rest of an escape sequence: `ESC [ ... letter`, `ESC ] ... BEL`, or `ESC` and one character.
fn skip_escape(rest: &mut std::str::Chars<'_>, commands: &mut SystemCommands) {
    let mut ahead = rest.clone();
    match ahead.next() {
        Some('[') => {
            *rest = ahead;
            skip_control_sequence(rest);
        }
        Some(']') if *commands == SystemCommands::MayEnd => match after_system_command(ahead) {
            Some(after) => *rest = after,
            None => *commands = SystemCommands::NoneEnds,
        },
        Some(']') => {}
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

/// What comes after a title or link (`ESC ] ... BEL` or `ESC \`), if it ends within the text.
fn after_system_command(mut rest: std::str::Chars<'_>) -> Option<std::str::Chars<'_>> {
    let mut escaped = false;
    loop {
        match rest.next()? {
            '\u{7}' => return Some(rest),
            '\\' if escaped => return Some(rest),
            c => escaped = c == '\u{1b}',
        }
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
    fn escape_sequences_go_and_other_control_characters_show() {
        let table = [
            ("\u{1b}[32mok\u{1b}[0m", "ok"),
            ("\u{1b}]8;;https://x\u{7}link\u{1b}]8;;\u{1b}\\", "link"),
            ("a\u{0}b\u{7}", "a\u{2400}b\u{2407}"),
            ("tab\there", "tab\there"),
            ("\u{9b}1mbold", "bold"),
            ("half \u{1b}[12", "half 12"),
            ("\u{1b}]0;never \u{1b}[1mended", "]0;never ended"),
        ];
        for (text, expected) in table {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn beginnings_without_an_end_are_read_once() {
        // Read anew from each of them, this takes minutes, and the test is ended.
        assert_eq!(clean(&"\u{1b}]".repeat(500_000)), "]".repeat(500_000));
        assert_eq!(clean(&"\u{1b}]\u{1b}\\".repeat(500_000)), "");
    }

    #[test]
    fn lines_end_where_the_runner_ends_them() {
        let cut = |text| split(text).collect::<Vec<_>>();
        assert_eq!(cut("a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(cut("a\n\nb\n"), ["a", "", "b"]);
        assert!(cut("").is_empty());
    }
}
