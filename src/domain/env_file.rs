//! `.env` files in the dialect of Compose v2: written here so that what is read is what was meant, read with places in
//! [`read`](mod@read), judged in `rules`.

use std::fmt::Write as _;

pub mod read;
pub mod rules;

/// One `.env` line for a pair. The value is written bare, in single quotes (taken as it is, may have several lines) or,
/// if it holds a single quote, in double quotes with the escapes that Compose's reader undoes.
pub fn line(key: &str, value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/@+-,=".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return format!("{key}={value}\n");
    }
    if !value.contains('\'') && !value.ends_with('\\') {
        return format!("{key}='{value}'\n");
    }
    let mut text = format!("{key}=\"");
    for c in value.chars() {
        match c {
            '\\' | '"' | '$' => {
                text.push('\\');
                text.push(c);
            }
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            _ => text.push(c),
        }
    }
    text.push_str("\"\n");
    text
}

/// The `.env` of a release: the checkout's own, then the pairs of the input, which are stronger because the last
/// assignment of a key counts.
pub fn merged<'a>(
    checkout: Option<&str>,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = String::new();
    if let Some(own) = checkout {
        text.push_str(own);
        if !own.is_empty() && !own.ends_with('\n') {
            text.push('\n');
        }
    }
    for (key, value) in pairs {
        let _ = write!(text, "{}", line(key, value));
    }
    text
}

/// Whether a key can stand in an `.env` file.
pub fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_value_has_its_quoting() {
        let table = [
            ("v2", "K=v2\n"),
            ("", "K=''\n"),
            ("a b", "K='a b'\n"),
            ("$2y$10$abc", "K='$2y$10$abc'\n"),
            ("two\nlines", "K='two\nlines'\n"),
            ("it's $5", "K=\"it's \\$5\"\n"),
            ("end\\", "K=\"end\\\\\"\n"),
        ];
        for (value, expected) in table {
            assert_eq!(line("K", value), expected);
        }
    }

    #[test]
    fn the_input_comes_after_the_checkout() {
        assert_eq!(merged(Some("A=1"), [("A", "2")]), "A=1\nA=2\n");
        assert_eq!(merged(None, [("A", "2")]), "A=2\n");
        assert_eq!(merged(Some(""), []), "");
    }

    #[test]
    fn keys_are_those_that_compose_reads() {
        assert!(is_key("POSTGRES_PASSWORD") && is_key("_x.y"));
        assert!(!is_key("1A") && !is_key("A B") && !is_key("") && !is_key("A$"));
    }
}
