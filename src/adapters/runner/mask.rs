//! Which texts give a secret away: the value itself and the forms in which our programs write it.
//!
//! Pure. The runner adds forms of its own (base64 of the value, JSON, XML and URL escapes); what is here is what it
//! does not know, and what a terminal without a runner needs.

use secrecy::{ExposeSecret, SecretString};

use crate::domain::secret_key::looks_secret;

/// A line of a value with several lines is masked from this length on: a mask `{` would blank every log.
pub const SHORTEST_LINE: usize = 4;

/// A value of `env` is masked from this length on: a mask `v2` would blank every log.
pub const SHORTEST_BY_KEY: usize = 6;

/// The path of a URL is masked from this length on: a mask `/api` would blank every log.
pub const SHORTEST_PATH: usize = 20;

/// A secret, and for whom it is one.
#[derive(Clone, Debug)]
pub struct Secret {
    value: SecretString,
    user: Option<String>,
    input: String,
}

impl Secret {
    /// A secret that is always masked: an input of kind secret, the content of a secret file.
    pub fn new(value: &str) -> Self {
        Self { value: value.into(), user: None, input: String::new() }
    }

    /// The password of a user: `user:password` is masked in base64 too, as registries and HTTP write it.
    pub fn login(user: &str, password: &str) -> Self {
        Self { value: password.into(), user: Some(user.to_owned()), input: String::new() }
    }

    /// The same with the input that it came from.
    #[must_use]
    pub fn of_input(self, input: &str) -> Self {
        Self { input: input.to_owned(), ..self }
    }

    /// The input that it came from; empty if it is not known.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// A value of a map like `env`: a secret if its key looks like that of one and it is long enough; a URL with a
    /// password is one for that password, whatever its key.
    pub fn by_key(key: &str, value: &str) -> Option<Self> {
        if looks_secret(key) && value.trim().chars().count() >= SHORTEST_BY_KEY {
            return Some(Self::new(value));
        }
        let (user, password) = url_login(value)?;
        (password.chars().count() >= SHORTEST_LINE).then(|| Self::login(user, password))
    }
}

/// What to tell the runner, each with one `::add-mask::`, and what to redact ourselves: the same texts and, where the
/// runner does it by itself, its lines and its base64 in the middle of other base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// Values for `::add-mask::`, never blank.
    pub announced: Vec<String>,
    /// Values to redact.
    pub redacted: Vec<String>,
}

/// The masks of some secrets.
pub fn masks(secrets: &[Secret]) -> Masks {
    let mut masks = Masks::default();
    for secret in secrets {
        let value = secret.value.expose_secret().trim_matches(['\r', '\n']);
        if value.trim().is_empty() {
            continue;
        }
        announce(value, &mut masks);
        derived(value, secret.user.as_deref(), &mut masks);
    }
    masks
}

/// The value itself: whole if the runner's splitting into lines does no harm, else its longer lines one by one.
fn announce(value: &str, masks: &mut Masks) {
    let lines: Vec<&str> =
        value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
    push(&mut masks.redacted, value);
    if lines.len() == 1 {
        push(&mut masks.announced, value);
        return;
    }
    let long = |line: &&&str| line.chars().count() >= SHORTEST_LINE;
    lines.iter().filter(long).for_each(|line| push(&mut masks.redacted, line));
    if lines.iter().all(|line| long(&line)) {
        push(&mut masks.announced, value);
    } else {
        lines.iter().filter(long).for_each(|line| push(&mut masks.announced, line));
    }
}

/// The forms in which we or our tools write a value of one line.
fn derived(value: &str, user: Option<&str>, masks: &mut Masks) {
    if value.contains(['\r', '\n']) {
        return;
    }
    let mut forms =
        vec![pgpass(value), percent(value, ""), percent(value, "!$&'()*+,;="), json(value)];
    forms.push(base64(value.as_bytes()));
    forms.extend(url_path(value).map(str::to_owned));
    if let Some(user) = user {
        forms.push(base64(format!("{user}:{value}").as_bytes()));
    }
    for form in forms.iter().filter(|form| form.chars().count() >= SHORTEST_LINE) {
        push(&mut masks.announced, form);
        push(&mut masks.redacted, form);
    }
    // The runner knows these by itself.
    for form in inside_base64(value).iter().filter(|form| form.len() >= SHORTEST_BY_KEY) {
        push(&mut masks.redacted, form);
    }
}

fn push(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// A field of `.pgpass`.
fn pgpass(value: &str) -> String {
    value.replace('\\', "\\\\").replace(':', "\\:")
}

/// Percent-encoding of all but unreserved characters and those that are kept.
fn percent(value: &str, kept: &str) -> String {
    let keep = |byte: &u8| {
        byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || kept.as_bytes().contains(byte)
    };
    value
        .bytes()
        .map(|b| if keep(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// The inside of a JSON string.
fn json(value: &str) -> String {
    serde_json::to_string(value)
        .map_or_else(|_| value.to_owned(), |text| text[1..text.len() - 1].to_owned())
}

/// Base64 with padding, as in the `auth` of a registry and in HTTP's basic authentication.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            out.push(if digit <= chunk.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    out
}

/// What of a value's base64 is the same wherever in a longer text the value stands: without the digits that its neighbours
/// have a part in.
fn inside_base64(value: &str) -> [String; 3] {
    [(0, 0), (1, 2), (2, 3)].map(|(before, start)| {
        let padded = [&[0; 2][..before], value.as_bytes()].concat();
        let end = padded.len() * 8 / 6;
        base64(&padded).get(start..end).unwrap_or_default().to_owned()
    })
}

/// What stands behind the host of a URL, if it is long: of a webhook that is the secret, and tools log it alone.
fn url_path(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    (path.chars().count() >= SHORTEST_PATH).then_some(path)
}

/// User and password of `scheme://user:password@host`.
fn url_login(value: &str) -> Option<(&str, &str)> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (login, _) = authority.rsplit_once('@')?;
    login.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(secrets: &[Secret]) -> Vec<String> {
        masks(secrets).announced
    }

    #[test]
    fn a_value_of_env_needs_a_secret_key_and_six_characters() {
        assert!(Secret::by_key("API_TOKEN", "abcdef").is_some());
        assert!(Secret::by_key("API_TOKEN", "abcde").is_none());
        assert!(Secret::by_key("API_TOKEN", "  abcde \n").is_none());
        assert!(Secret::by_key("TAG", "v1.2.3").is_none());
    }

    #[test]
    fn a_password_in_a_url_is_one_whatever_the_key() {
        let secret =
            Secret::by_key("DATABASE_URL", "postgres://shop:pa55word@db/shop?x=1").unwrap();
        let announced = announced(&[secret]);
        assert_eq!(announced[0], "pa55word");
        assert!(announced.contains(&base64(b"shop:pa55word")));
        for value in [
            "postgres://db/shop",
            "https://x/y@z:1",
            "postgres://shop@db",
            "a:b@c",
            "postgres://u:v2@db",
        ] {
            assert!(Secret::by_key("DATABASE_URL", value).is_none(), "{value}");
        }
    }

    #[test]
    fn the_long_path_of_an_address_is_masked_alone_and_a_short_one_is_not() {
        let webhook =
            announced(&[Secret::new("https://hooks.example.test/services/T0/B0/word?a=1")]);
        assert!(webhook.contains(&"/services/T0/B0/word?a=1".to_owned()), "{webhook:?}");
        for value in
            ["https://shop.io/api/v3/health", "/services/T0/B0/a-long-word", "https://shop.io"]
        {
            let announced = announced(&[Secret::new(value)]);
            assert!(
                announced.iter().all(|one| !one.starts_with('/') || one == value),
                "{announced:?}"
            );
        }
    }

    #[test]
    fn forms_that_our_programs_write_are_masked() {
        let announced = announced(&[Secret::login("me", "a:b\\c@d\"1")]);
        let expected = [
            "a:b\\c@d\"1",
            "a\\:b\\\\c@d\"1",
            "a%3Ab%5Cc%40d%221",
            "a:b\\\\c@d\\\"1",
            &base64(b"me:a:b\\c@d\"1"),
        ];
        for form in expected {
            assert!(announced.iter().any(|known| known == form), "{form} not in {announced:?}");
        }
    }

    #[test]
    fn a_value_with_long_lines_is_sent_once_and_whole() {
        let masks = masks(&[Secret::new("first line\nsecond line\n")]);
        assert_eq!(masks.announced, ["first line\nsecond line"]);
        assert_eq!(masks.redacted, ["first line\nsecond line", "first line", "second line"]);
    }

    #[test]
    fn a_value_with_short_lines_is_sent_line_by_line_without_them() {
        let masks = masks(&[Secret::new("{\n  \"key\": 1\n}\n")]);
        assert_eq!(masks.announced, ["\"key\": 1"]);
        assert!(!masks.redacted.contains(&"{".to_owned()));
    }

    #[test]
    fn blank_secrets_are_never_sent_and_short_ones_are() {
        assert_eq!(masks(&[Secret::new(""), Secret::new(" \n ")]), Masks::default());
        assert_eq!(announced(&[Secret::new("abc")])[0], "abc");
    }

    #[test]
    fn a_value_is_found_in_the_base64_of_any_text_around_it() {
        let redacted = masks(&[Secret::new("hunter2hunter2")]).redacted;
        for before in ["", "a", "ab", "abc", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let coded = base64(format!("{before}hunter2hunter2{after}").as_bytes());
                let is_found = redacted.iter().any(|form| coded.contains(form.as_str()));
                assert!(is_found, "{before} {after}: {coded}");
            }
        }
    }

    #[test]
    fn base64_is_the_one_with_padding() {
        let table =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in table {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xfe]), "//4=");
    }
}
