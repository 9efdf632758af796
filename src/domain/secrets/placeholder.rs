//! Values that stand for a value: `changeme`, `<your-token>`, `xxxx`.

/// Words that are no secret where they are the whole value, without signs and in lower case.
const WHOLE: [&str; 34] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "passphrase",
    "secret",
    "secretkey",
    "token",
    "apikey",
    "key",
    "user",
    "username",
    "test",
    "testing",
    "tbd",
    "todo",
    "fixme",
    "foo",
    "bar",
    "foobar",
    "none",
    "null",
    "nil",
    "undefined",
    "unset",
    "empty",
    "value",
    "string",
    "hidden",
    "mypassword",
    "mysecret",
    "mytoken",
    "somepassword",
    "testpassword",
];

/// Parts that no real secret has, without signs and in lower case.
const PARTS: [&str; 24] = [
    "changeme",
    "changethis",
    "changeit",
    "placeholder",
    "replaceme",
    "replacethis",
    "replacewith",
    "example",
    "redacted",
    "dummy",
    "yourpassword",
    "yourtoken",
    "yoursecret",
    "yourkey",
    "yourapi",
    "youraccess",
    "insertyour",
    "putyour",
    "enteryour",
    "goeshere",
    "secrethere",
    "passwordhere",
    "0123456789",
    "abcdefghij",
];

/// The longest value that is looked at: longer ones are no placeholders.
const LONGEST: usize = 200;

/// Whether a value, with or without quotes, only says that a value belongs there. An empty one does not.
pub fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', '`']);
    if value.is_empty() || value.len() > LONGEST {
        return false;
    }
    is_bracketed(value) || is_repeated(value) || has_filler(value) || is_wording(value)
}

fn is_bracketed(value: &str) -> bool {
    let inside = |open: char, close: char| {
        value.starts_with(open) && value.ends_with(close) && value.len() > 2
    };
    inside('<', '>') || inside('[', ']') || value.starts_with("__") && value.ends_with("__")
}

/// One sign three times or more, or nothing but signs of masks.
fn is_repeated(value: &str) -> bool {
    let mut signs = value.chars();
    let first = signs.next();
    let same = value.chars().count() > 2 && signs.all(|sign| Some(sign) == first);
    same || value.chars().all(|sign| matches!(sign, '*' | '.' | '\u{2022}' | '\u{2026}' | '-'))
}

/// A run of `x`, of stars or of dots inside.
fn has_filler(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["xxxx", "****", "....", "\u{2026}"].iter().any(|run| lower.contains(run))
}

/// Whether a value cannot be meant, even where a word would be a (bad) password.
pub fn is_form(value: &str) -> bool {
    let is_possible = value.len() <= LONGEST && !value.is_empty();
    is_possible
        && (is_bracketed(value) || is_repeated(value) || has_filler(value) || has_part(value))
}

fn bare(value: &str) -> String {
    value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn has_part(value: &str) -> bool {
    let bare = bare(value);
    PARTS.iter().any(|part| bare.contains(part))
}

fn is_wording(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    WHOLE.contains(&bare(value).as_str())
        || has_part(value)
        || ["your_", "your-", "your ", "my_", "my-", "todo:"].iter().any(|at| lower.starts_with(at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_that_stand_for_one() {
        for value in [
            "changeme",
            "CHANGE_ME",
            "change-me-please",
            "xxx",
            "XXXXXXXX",
            "***",
            "********",
            "<password>",
            "[token]",
            "your-token",
            "YOUR_API_KEY",
            "'password'",
            "\"secret\"",
            "user@example.com",
            "todo",
            "__TOKEN__",
            "replace_with_key",
            "put-your-key-here",
            "abc...xyz....",
            "mypassword",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn values_that_are_one() {
        for value in ["", "hunter22", "Tr0ub4dor", "admin", "q8Zs-xx-1", "a1b2c3d4", "odoo", "  "] {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            prop_assert_eq!(is_placeholder(&text), is_placeholder(&format!("'{}'", text.trim().trim_matches(['"', '\'', '`']))));
        }
    }
}
