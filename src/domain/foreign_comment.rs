//! A comment that a fork's run wrote, made harmless: it is posted with a token that may write, and its author is nobody
//! that we know. Its layout stays; what could notify, link, load or hide does not.

use crate::domain::sticky::{LONGEST_BODY, length};

/// Tags that our own comments have.
const TAGS: [&str; 4] = ["<details>", "</details>", "<summary>", "</summary>"];

/// Parts what Markdown would join.
const GAP: char = '\u{200b}';

/// Why a text is not posted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is longer than a comment can be.
    #[error("it has {0} characters, and a comment {LONGEST_BODY} at most")]
    TooLong(usize),
    /// It is not a comment of this gate.
    #[error("its first line is not `{0}`")]
    NotOurs(String),
}

/// The text without its marker, harmless. Links stay if they lead below one of `ours`: addresses that end in `/`.
pub fn harmless(text: &str, marker: &str, ours: &[String]) -> Result<String, Refused> {
    let units = length(text);
    if units > LONGEST_BODY {
        return Err(Refused::TooLong(units));
    }
    let body = text.strip_prefix(marker).and_then(|rest| rest.strip_prefix('\n'));
    let body = body.ok_or_else(|| Refused::NotOurs(marker.to_owned()))?;
    let body: String = body.chars().filter(|c| !is_hidden(*c)).collect();
    let mut out = String::with_capacity(body.len());
    let mut rest = body.as_str();
    while let Some(first) = rest.chars().next() {
        let taken = step(rest, first, ours, &mut out);
        rest = &rest[taken..];
    }
    Ok(out)
}

/// Writes the beginning of `rest` and says how many bytes of it that was.
fn step(rest: &str, first: char, ours: &[String], out: &mut String) -> usize {
    match first {
        '<' => {
            if let Some(tag) = TAGS.iter().find(|tag| rest.starts_with(**tag)) {
                out.push_str(tag);
                return tag.len();
            }
            out.push_str("&lt;");
        }
        // An entity could spell what is not allowed.
        '&' if !["&amp;", "&lt;", "&gt;"].iter().any(|entity| rest.starts_with(entity)) => {
            out.push_str("&amp;");
        }
        '@' | '#' if rest[1..].starts_with(|c: char| c.is_alphanumeric()) => {
            out.push(first);
            out.push(GAP);
        }
        // `GH-7` is the issue 7, and no letter case hides it.
        '-' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) && ends_in(out, "gh") => {
            out.push(first);
            out.push(GAP);
        }
        '!' if rest.starts_with("![") => {
            out.push(first);
            out.push(GAP);
        }
        ']' if rest.starts_with("](") => return link(rest, ours, out),
        // `https://`, and `//host` or `\/\/host` where a definition of a link would have it.
        '/' | '\\' if rest[1..].starts_with(['/', '\\']) => {
            out.push(first);
            out.push(GAP);
        }
        ':' if rest.starts_with("://") || out.ends_with(']') => {
            out.push(first);
            out.push(GAP);
        }
        '.' if ends_in(out, "www") => {
            out.push(GAP);
            out.push(first);
        }
        other => out.push(other),
    }
    first.len_utf8()
}

/// Whether a text ends in a word, in whatever case.
fn ends_in(text: &str, word: &str) -> bool {
    let end = text.len().checked_sub(word.len()).and_then(|at| text.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// A link's target stays if it is an address of ours and nothing but one.
fn link(rest: &str, ours: &[String], out: &mut String) -> usize {
    let target = rest[2..].split(')').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !"<>\"'`\\@".contains(c);
    let allowed = ours.iter().any(|ours| target.starts_with(ours.as_str()))
        && target.chars().all(plain)
        && !target.contains("..")
        && !target.to_ascii_lowercase().contains("%2e");
    if allowed {
        out.push_str(&rest[..target.len() + 2]);
        return target.len() + 2;
    }
    out.push(']');
    out.push(GAP);
    1
}

/// Characters that turn or hide text.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKER: &str = "<!-- mta:coverage coverage -->";

    fn made(body: &str) -> String {
        let ours = ["https://github.com/org/shop/".to_owned()];
        harmless(&format!("{MARKER}\n{body}"), MARKER, &ours).unwrap()
    }

    #[test]
    fn layout_and_links_of_ours_stay() {
        for text in [
            "### \u{274c} Coverage 79.99 %\n\n| a | b |\n| --- | --- |\n| `a.py` | 3 |\n",
            "<details><summary>log</summary>\n\nx\n\n</details>\n",
            "[run](https://github.com/org/shop/actions/runs/7)",
            "a &lt;b&gt; &amp; **c**",
            "## Heading #",
        ] {
            assert_eq!(made(text), text);
        }
    }

    #[test]
    fn nothing_notifies_links_loads_or_hides() {
        for (text, gone) in [
            ("@org/admins look", "@org"),
            ("fixes #7", "#7"),
            ("fixes org/shop#7", "#7"),
            ("fixes GH-7", "GH-7"),
            ("fixes gh-7", "gh-7"),
            ("![x](https://evil.example/p.png)", "![x]("),
            ("[x](https://evil.example/)", "]("),
            ("[x](https://github.com/org/shop/../../evil)", "]("),
            ("[x](https://github.com/org/shop@evil/)", "]("),
            ("[x](https://github.com.evil.example/org/shop/)", "]("),
            ("https://evil.example", "://"),
            ("www.evil.example", "www."),
            ("<img src=x>", "<img"),
            ("<!-- mta:other x -->", "<!--"),
            ("<a href='x'>", "<a"),
            ("&#64;org", "&#64;"),
            ("a\u{202e}b", "\u{202e}"),
            ("[x]: https://evil.example", "://"),
            ("<details open>", "<details"),
        ] {
            assert!(!made(text).contains(gone), "{text} became {}", made(text));
        }
    }

    #[test]
    fn what_is_not_a_comment_of_this_gate_is_refused() {
        assert!(matches!(harmless("hello", MARKER, &[]), Err(Refused::NotOurs(_))));
        assert!(matches!(
            harmless(&format!(" {MARKER}\nx"), MARKER, &[]),
            Err(Refused::NotOurs(_))
        ));
        let long = format!("{MARKER}\n{}", "x".repeat(LONGEST_BODY));
        assert!(matches!(harmless(&long, MARKER, &[]), Err(Refused::TooLong(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_gets_a_tag_or_an_address_through(text in "[<>!@#&:/\\[\\]()a-zw. \n\u{202e}]{0,60}") {
            let made = made(&text);
            let mut bare = made.clone();
            for tag in TAGS {
                bare = bare.replace(tag, "");
            }
            let hidden = ['<', '\u{202e}'];
            prop_assert!(!bare.contains(hidden) && !bare.contains("!["));
            let bare = bare.replace("](https://github.com/org/shop/", "");
            prop_assert!(!bare.contains("://") && !bare.contains("]("));
        }
    }
}
