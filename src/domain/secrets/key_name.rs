//! Names of settings: which of them hold a password, which a key or a token, and which only speak of one.

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// A password: people choose it, so it may look like a word.
    Password,
    /// A key or a token: a machine made it, so it looks random.
    Key,
}

/// How words of passwords end.
const PASSWORDS: [&str; 6] = ["password", "passwd", "passphrase", "pwd", "passwort", "contrasena"];

/// Words that are a password where they are the last of several, or the whole name.
const SHORT_PASSWORDS: [&str; 2] = ["pass", "pw"];

/// How words of keys and tokens end.
const KEYS: [&str; 8] = [
    "secret",
    "token",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "credential",
    "credentials",
];

/// Words that are a key or a token where they are the last of several. A `PIN` is none: four digits look like any number.
const SHORT_KEYS: [&str; 6] = ["pat", "sk", "salt", "seed", "bearer", "cookie"];

/// Words that make a key of `key` where they stand before it.
const KINDS: [&str; 22] = [
    "api",
    "access",
    "private",
    "secret",
    "auth",
    "app",
    "encryption",
    "encrypt",
    "signing",
    "master",
    "account",
    "license",
    "consumer",
    "webhook",
    "deploy",
    "service",
    "jwt",
    "hmac",
    "session",
    "crypt",
    "admin",
    "storage",
];

/// Words behind the deciding one that change nothing.
const AFTER: [&str; 14] = [
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "stage",
    "live",
    "default",
    "old",
    "new",
    "value",
    "base64",
    "base",
    "plain",
];

/// First words of settings that only speak of a secret.
const ABOUT: [&str; 22] = [
    "forgot",
    "forgotten",
    "reset",
    "change",
    "show",
    "hide",
    "confirm",
    "save",
    "ask",
    "require",
    "requires",
    "no",
    "use",
    "enable",
    "allow",
    "has",
    "is",
    "min",
    "max",
    "next",
    "page",
    "public",
];

/// What a name promises; `None` if it holds no secret.
pub(super) fn promise(name: &str) -> Option<Promise> {
    let words = words(name);
    let tail = |word: &&String| {
        AFTER.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let behind = words.iter().rev().take_while(tail).count();
    let words = words.get(..words.len() - behind).unwrap_or_default();
    let (last, rest) = words.split_last()?;
    let last = last.trim_end_matches(|sign: char| sign.is_ascii_digit());
    if words.len() > 1 && words.first().is_some_and(|first| ABOUT.contains(&first.as_str())) {
        return None;
    }
    if ends_in(last, &PASSWORDS) || SHORT_PASSWORDS.contains(&last) {
        return Some(Promise::Password);
    }
    let is_kind = || rest.last().is_some_and(|kind| KINDS.contains(&kind.as_str()));
    let is_short = !rest.is_empty() && SHORT_KEYS.contains(&last);
    (ends_in(last, &KEYS) || is_short || last == "key" && is_kind()).then_some(Promise::Key)
}

fn ends_in(word: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| word.ends_with(ending))
}

/// The words of a name, in lower case: `dbPassword`, `DB_PASSWORD` and `db.password` are two each.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for sign in name.chars() {
        let is_start = was_small && sign.is_ascii_uppercase();
        if is_start || !sign.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (sign.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(sign.to_ascii_lowercase());
        }
        was_small = sign.is_ascii_lowercase() || sign.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_passwords() {
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "dbpasswd",
            "spring.datasource.password",
            "admin_passwd",
            "DB_PASSWORD_PROD",
            "password2",
            "IRC_PASS",
            "sshPassphrase",
            "mysql-root-password",
            "pwd",
            "DB_PW",
            "contrasena",
        ] {
            assert_eq!(promise(name), Some(Promise::Password), "{name}");
        }
    }

    #[test]
    fn names_of_keys() {
        for name in [
            "token",
            "API_KEY",
            "apikey",
            "apiKey",
            "x-api-key",
            "AWS_SECRET_ACCESS_KEY",
            "client_secret",
            "oauth_token",
            "secret_key_base",
            "SECRET_KEY",
            "GITHUB_TOKEN",
            "credentials",
            "APP_KEY",
            "GH_PAT",
            "stripe_sk",
            "password_salt",
            "WALLET_SEED",
            "api-bearer",
            "sessionCookie",
        ] {
            assert_eq!(promise(name), Some(Promise::Key), "{name}");
        }
    }

    #[test]
    fn names_that_only_speak_of_one() {
        for name in [
            "",
            "key",
            "PASSWORD_FILE",
            "password_path",
            "TOKEN_URL",
            "secretName",
            "tokenizer",
            "AWS_ACCESS_KEY_ID",
            "max_tokens",
            "next_token",
            "reset_password",
            "password_reset_timeout",
            "passwordField",
            "public_key",
            "tokens",
            "compass_id",
            "bypass",
            "secrets",
            "keyboard",
            "primary_key",
            "max_token",
            "seed",
            "CARD_PIN",
            "cookie_domain",
            "access_key_id",
        ] {
            assert_eq!(promise(name), None, "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_name_is_judged(name in any::<String>()) {
            promise(&name);
        }
    }
}
