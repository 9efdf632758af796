//! Values that name the place of a secret instead of holding it: `${TOKEN}`, `!vault`, `os.environ["TOKEN"]`.

/// What templates and shells put round a name.
const INSIDE: [&str; 6] = ["${", "$(", "{{", "<%", "%(", "#{"];

/// How a value begins that something else resolves, in lower case.
const BEGINNINGS: [&str; 30] = [
    "!vault",
    "!env",
    "!secret",
    "!ref",
    "!sub",
    "!getatt",
    "!join",
    "env(",
    "env[",
    "env.",
    "vault:",
    "ref+",
    "op://",
    "enc[",
    "arn:aws",
    "file:",
    "process.env",
    "os.environ",
    "os.getenv",
    "getenv(",
    "config(",
    "config.",
    "secrets.",
    "var.",
    "local.",
    "data.",
    "module.",
    "random_",
    "@microsoft.keyvault",
    "@pass:",
];

/// Whether a value, with or without quotes, is looked up elsewhere when it is used.
pub fn is_reference(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', '`']);
    let lower = value.chars().take(24).collect::<String>().to_ascii_lowercase();
    INSIDE.iter().any(|sign| value.contains(sign))
        || BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
        || is_variable(value)
        || is_format(value)
        || is_call(value)
}

/// `$NAME`, `$1`, `%NAME%`, but no hash such as `$2y$10$...`.
fn is_variable(value: &str) -> bool {
    if let Some(name) = value.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
        return is_name(name);
    }
    let Some(name) = value.strip_prefix('$') else { return false };
    let name = name.trim_end_matches([';', ')', ',']);
    name.split(['.', '/', ':']).next().is_some_and(is_name)
        || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// `%s`, `{}`, `{name}`, `:name`.
fn is_format(value: &str) -> bool {
    let braces = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    matches!(value, "%s" | "%d" | "%v" | "%r" | "?" | "{}") || braces.is_some_and(is_name)
}

/// `name(...)` and `name->other`.
fn is_call(value: &str) -> bool {
    let head = value.split(['(', '[']).next().unwrap_or_default();
    let dotted = |text: &str| !text.is_empty() && text.split('.').all(is_name);
    head.len() < value.len() && value.ends_with([')', ']', ';', ',']) && dotted(head)
        || value.contains("->") && value.starts_with('$')
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references() {
        for value in [
            "${TOKEN}",
            "${TOKEN:?}",
            "$TOKEN",
            "\"$TOKEN\"",
            "$1",
            "{{ token }}",
            "${{ secrets.X }}",
            "!vault |",
            "!env_var X",
            "os.environ['X']",
            "env('X')",
            "process.env.X",
            "%s",
            "{}",
            "{password}",
            "%(password)s",
            "<%= x %>",
            "$(cat x)",
            "var.password",
            "op://a/b",
            "%PASS%",
            "get_secret('x')",
            "settings.TOKEN()",
            "$this->token",
        ] {
            assert!(is_reference(value), "{value}");
        }
    }

    #[test]
    fn literals() {
        for value in [
            "",
            "hunter22",
            "$2y$10$abc",
            "$apr1$ab$cd",
            "$6$salt$x",
            "pa$$word",
            "p(a)ss",
            "a{b}c",
            "$",
            "%",
            "100%",
        ] {
            assert!(!is_reference(value), "{value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_judged(text in "\\PC{0,40}") {
            let braced = format!("${{{text}");
            prop_assert!(is_reference(&braced));
            is_reference(&text);
        }
    }
}
