//! Settings whose name promises a secret and whose value looks like one, in files of configuration.

use super::candidate::Candidate;
use super::key_name::{Promise, promise};
use super::pair;
use super::path::Syntax;
use super::placeholder::is_placeholder;
use super::randomness::is_random;
use super::reference::is_reference;
use super::text::Text;
use crate::domain::event::Level;
use crate::domain::finding::Rule;

/// A setting that is named like a secret has a literal value.
pub const GENERIC: Rule = Rule {
    id: "secret.generic",
    level: Level::Warning,
    about: "literal value of a setting that is named like a secret",
    help: "If the value is a real secret, change it and pass it in: from a variable, or from a file that is not in the \
           repository.",
};

/// Words in names of secrets: what the search looks for, in lower case.
pub(super) const WORDS: [&str; 10] = [
    "passw",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "private_key",
    "credential",
];

/// Passwords that are shorter are not worth a word.
const SHORTEST: usize = 6;

/// Keys and tokens that are shorter are not.
const SHORTEST_KEY: usize = 16;

/// No secret is longer.
const LONGEST: usize = 500;

/// Words that settings of this kind have as their value, in lower case.
const BARE: [&str; 26] = [
    "true",
    "false",
    "disabled",
    "enabled",
    "required",
    "optional",
    "always",
    "default",
    "hidden",
    "string",
    "bcrypt",
    "argon2",
    "scram-sha-256",
    "sha256",
    "plaintext",
    "bearer",
    "basic",
    "cookie",
    "random",
    "generate",
    "generated",
    "external",
    "prompt",
    "inherit",
    "manual",
    "number",
];

/// The setting around the place of a word.
pub(super) fn find(text: Text<'_>, place: usize, syntax: Syntax) -> Option<Candidate> {
    let name = pair::name(text, place);
    let shown = text.text(name.clone());
    let promise = promise(shown)?;
    let range = pair::value(text, &name, syntax)?.range;
    let value = text.text(range.clone());
    if !is_secret(value, promise) {
        return None;
    }
    let what = format!("`{shown}` has a literal value of {} characters", value.chars().count());
    Some(Candidate::new(&GENERIC, range, what))
}

/// Whether a value is what its name promises.
pub(super) fn is_secret(value: &str, promise: Promise) -> bool {
    let is_possible = !value.chars().any(char::is_whitespace)
        && value.len() <= LONGEST
        && !is_reference(value)
        && !is_placeholder(value)
        && !is_path(value)
        && !is_setting(value)
        && !is_another_name(value);
    is_possible
        && match promise {
            Promise::Password => value.len() >= SHORTEST,
            Promise::Key => {
                value.len() >= SHORTEST_KEY && is_random(value.trim_start_matches("base64:"))
            }
        }
}

/// A word that chooses something: `true`, `required`.
pub(super) fn is_setting(value: &str) -> bool {
    BARE.contains(&value.to_ascii_lowercase().as_str())
}

/// A path or an address.
fn is_path(value: &str) -> bool {
    value.starts_with(['/', '~', '@'])
        || value.starts_with("./")
        || value.starts_with("../")
        || value.contains("://")
        || value.contains(":\\")
}

/// `db_password` names a secret that is kept elsewhere.
fn is_another_name(value: &str) -> bool {
    let is_plain =
        value.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'));
    is_plain && value.contains(['_', '-', '.']) && super::key_name::promise(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, syntax: Syntax) -> Option<&str> {
        let lower = line.to_ascii_lowercase();
        let mut places = WORDS.iter().flat_map(|word| lower.match_indices(word).map(|hit| hit.0));
        let one = places.find_map(|place| find(Text { bytes: line.as_bytes() }, place, syntax))?;
        assert!(!one.what.contains(&line[one.range.clone()]));
        Some(&line[one.range])
    }

    #[test]
    fn settings_with_a_secret() {
        for (line, syntax, value) in [
            ("DB_PASSWORD=hunter22", Syntax::Plain, "hunter22"),
            ("  POSTGRES_PASSWORD: 'odoo-2021!'", Syntax::Plain, "odoo-2021!"),
            ("\"password\": \"Tr0ub4dor&3\"", Syntax::Quoted, "Tr0ub4dor&3"),
            (
                "api_key: 9f86d081884c7d659a2feaa0c55ad015",
                Syntax::Plain,
                "9f86d081884c7d659a2feaa0c55ad015",
            ),
            (
                "SECRET_KEY = 'q8ZsK2vXw7RtYp4LmN0bHcG5vQx9ZtR2kL'",
                Syntax::Quoted,
                "q8ZsK2vXw7RtYp4LmN0bHcG5vQx9ZtR2kL",
            ),
            ("ENV DB_PASSWORD hunter22", Syntax::Docker, "hunter22"),
            ("<password>hunter22</password>", Syntax::Markup, "hunter22"),
        ] {
            assert_eq!(found(line, syntax), Some(value), "{line}");
        }
    }

    #[test]
    fn settings_without_one() {
        for line in [
            "DB_PASSWORD=${DB_PASSWORD}",
            "DB_PASSWORD=$PASSWORD",
            "DB_PASSWORD=",
            "DB_PASSWORD=changeme",
            "DB_PASSWORD=abc",
            "DB_PASSWORD_FILE=/run/secrets/db_password_x",
            "password: /run/secrets/db_password",
            "password: {{ vault_password }}",
            "token: ${{ secrets.GITHUB_TOKEN }}",
            "password: !vault |",
            "password: required",
            "password: The password of the user",
            "MYSQL_PASSWORD: db_password",
            "token: kubernetes-dashboard-token",
            "secret: my-application-secret-name",
            "secretName: q8ZsK2vXw7RtYp4LmN0bHc",
            "token: short",
            "password: true",
            "token_url: https://shop.io/q8ZsK2vXw7RtYp4LmN0bHc",
        ] {
            assert_eq!(found(line, Syntax::Plain), None, "{line}");
        }
    }
}
