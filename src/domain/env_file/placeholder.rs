//! Values that were never filled in: `changeme`, `your-password`, `<token>`, `xxx`.

/// Words that stand for a value; compared without case and separators.
const WORDS: [&str; 20] = [
    "changeme",
    "changethis",
    "changeit",
    "placeholder",
    "todo",
    "tbd",
    "fixme",
    "replaceme",
    "replacethis",
    "insertyourvaluehere",
    "setme",
    "fillme",
    "fillmein",
    "secret",
    "password",
    "passwd",
    "yourpassword",
    "yoursecret",
    "example",
    "none",
];

/// Beginnings of values that stand for another one.
const STARTS: [&str; 9] = [
    "changeme",
    "changethis",
    "your-",
    "your_",
    "<your",
    "replace-",
    "replace_",
    "put-your",
    "insert-",
];

/// Whether a value stands for one that has yet to be filled in.
pub fn is_placeholder(value: &str) -> bool {
    let lower = value.trim().to_lowercase();
    if lower.is_empty() {
        return false;
    }
    let bare: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let one = bare.chars().next();
    let is_run = bare.len() >= 3
        && bare.chars().all(|c| Some(c) == one)
        && bare.starts_with(['x', '0', 'a']);
    let is_bracketed = lower.len() > 2
        && ((lower.starts_with('<') && lower.ends_with('>'))
            || (lower.starts_with('[') && lower.ends_with(']')));
    WORDS.contains(&bare.as_str())
        || STARTS.iter().any(|start| lower.starts_with(start))
        || is_run
        || is_bracketed
        || lower.chars().all(|c| c == '*' || c == '.')
        || lower.contains("change_me")
        || lower.contains("change-me")
        || lower.contains("changeme")
        || lower.ends_with("example.com")
        || lower.contains("your-domain")
        || lower.contains("yourdomain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_and_values_are_not() {
        for value in [
            "changeme",
            "CHANGE_ME",
            "change-me-please",
            "xxx",
            "XXXXXXXX",
            "<token>",
            "your-password",
            "TODO",
            "your_secret_key",
            "password",
            "mail@example.com",
            "***",
            "...",
            "[insert]",
            "000000",
            "replace-me",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in [
            "",
            "odoo",
            "db",
            "true",
            "8069",
            "Zx81-kk2",
            "https://shop.test",
            "xx",
            "exotic",
            "ax",
            "1000",
        ] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
