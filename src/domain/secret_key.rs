//! Which keys name a secret: `POSTGRES_PASSWORD`, `apiKey`, and not `KEYBOARD` or `TOKEN_FILE`.

/// Whether a key looks like that of a secret.
///
/// The key is read as words (`_`, `-`, `.` and capitals part them). A word that ends like PASSWORD or TOKEN makes it
/// one; KEY, PASS, AUTH and the like must be whole words (not AUTHOR, not COMPASS). A key that says where a secret
/// lies or how long it lives (`_FILE`, `_TTL`), or that is PUBLIC, is none.
pub fn looks_secret(key: &str) -> bool {
    const ENDS: [&str; 10] = [
        "PASSWORD",
        "PASSWORT",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "TOKEN",
        "CREDENTIAL",
        "APIKEY",
        "WEBHOOK",
        "PRIVATEKEY",
    ];
    const WHOLE: [&str; 7] = ["KEY", "PASS", "PWD", "AUTH", "DSN", "PRIVATE", "DBPASS"];
    const ABOUT: [&str; 16] = [
        "FILE",
        "PATH",
        "DIR",
        "NAME",
        "ID",
        "LENGTH",
        "SIZE",
        "TTL",
        "EXPIRY",
        "EXPIRES",
        "TIMEOUT",
        "TYPE",
        "METHOD",
        "ALGORITHM",
        "ENABLED",
        "ISSUER",
    ];
    /// Alone or last: elsewhere they are parts of other names (`PIN_COUNT`, `SEED_DATA`).
    const LAST: [&str; 5] = ["SALT", "PIN", "BEARER", "CONTRASENA", "CONTRASEÑA"];
    /// Last and not alone: `SK` by itself is Slovak.
    const BEHIND: [&str; 5] = ["PW", "PAT", "SK", "SEED", "COOKIE"];
    let words = words(key);
    let single =
        |word: &String| word.strip_suffix('S').filter(|w| w.len() >= 3).unwrap_or(word).to_owned();
    let last_is_about = words.last().is_some_and(|word| ABOUT.contains(&word.as_str()));
    if last_is_about || words.iter().any(|word| word == "PUBLIC") {
        return false;
    }
    let last = words.last().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    if last.is_some_and(|last| LAST.contains(&last) || words.len() > 1 && BEHIND.contains(&last)) {
        return true;
    }
    words.iter().any(|word| {
        let short = if word == "PASS" { word.clone() } else { single(word) };
        ENDS.iter().any(|end| short.ends_with(end))
            || WHOLE.contains(&word.as_str())
            || WHOLE.contains(&short.as_str())
    })
}

fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in key.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && after_small) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.iter_mut().next_back().into_iter().for_each(|word| word.extend(c.to_uppercase()));
        }
        after_small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_name_a_secret_and_keys_that_do_not() {
        let secret = [
            "PASSWORD",
            "POSTGRES_PASSWORD",
            "PGPASSWORD",
            "db_password",
            "dbPassword",
            "SMTP_PASSWD",
            "API_TOKEN",
            "TOKENS",
            "GITHUB_TOKEN",
            "CLIENT_SECRET",
            "SECRETS",
            "SECRET_KEY_BASE",
            "apiKey",
            "APIKEY",
            "AWS_SECRET_ACCESS_KEY",
            "KEY",
            "ENCRYPTION_KEYS",
            "DB_PASS",
            "PASS",
            "AUTH",
            "BASIC_AUTH",
            "SENTRY_DSN",
            "PRIVATE_KEY",
            "AWS_CREDENTIALS",
            "SLACK_WEBHOOK_URL",
            "LDAP_PWD",
            "SSH_PASSPHRASE",
            "DB_PW",
            "GH_PAT",
            "STRIPE_SK",
            "SALT",
            "PASSWORD_SALT",
            "PIN",
            "CARD_PIN",
            "WALLET_SEED",
            "BEARER",
            "API_BEARER",
            "SESSION_COOKIE",
            "DB_PASSWORT",
            "CONTRASENA",
            "CONTRASEÑA",
            "dbPw2",
        ];
        let open = [
            "PUBLIC_KEY",
            "SSH_PUBLIC_KEY",
            "KEYBOARD",
            "MONKEY",
            "AUTHOR",
            "COMPASS",
            "BYPASS",
            "TAG",
            "VERSION",
            "PASSWORD_FILE",
            "POSTGRES_PASSWORD_FILE",
            "KEY_PATH",
            "TOKEN_TTL",
            "AUTH_METHOD",
            "AWS_ACCESS_KEY_ID",
            "SECRET_NAME",
            "TOKENIZER",
            "USER",
            "POSTGRES_DB",
            "",
            "___",
            "PW_LENGTH",
            "SEED",
            "SEED_DATA",
            "SK",
            "PATH",
            "PATTERN",
            "PIN_COUNT",
            "SPIN",
            "BASALT",
            "SESSION_COOKIE_NAME",
            "COOKIE_DOMAIN",
            "CLIENT_ID",
            "SALT_LENGTH",
        ];
        for key in secret {
            assert!(looks_secret(key), "{key}");
        }
        for key in open {
            assert!(!looks_secret(key), "{key}");
        }
    }
}
