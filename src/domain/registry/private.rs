//! Docker's configuration for one run: the user's own, with one more login. Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::Unreadable;
use super::credentials::{Credentials, is_of, server};
use crate::domain::image::Registry;

/// The user's configuration as it was read, for [`Private::with`].
#[derive(Clone, Debug)]
pub struct Private(Map<String, Value>);

impl Private {
    /// Reads `config.json`; nothing for a user who has none.
    ///
    /// # Errors
    /// It is not the JSON that Docker writes. The words do not repeat it.
    pub fn of(text: Option<&str>) -> Result<Self, Unreadable> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Ok(Self(Map::new()));
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str(text) {
            Ok(Value::Object(all)) => Ok(Self(all)),
            _ => Err(Unreadable("is not the JSON that Docker writes".to_owned())),
        }
    }

    /// The same with the logins of another one, which count before its own, as those of `DOCKER_AUTH_CONFIG` do.
    #[must_use]
    pub fn after(mut self, mut other: Self) -> Self {
        let first = other.table("auths");
        let mut helpers = self.table("credHelpers");
        helpers.retain(|server, _| !first.contains_key(server));
        if self.0.contains_key("credsStore") {
            helpers.extend(first.keys().map(|server| (server.clone(), Value::from(""))));
        }
        if !helpers.is_empty() {
            self.0.insert("credHelpers".to_owned(), Value::Object(helpers));
        }
        let mut auths = self.table("auths");
        auths.extend(first);
        self.0.insert("auths".to_owned(), Value::Object(auths));
        self
    }

    /// The same with a login of a registry. It is in the file, also where a helper has all others: an empty name of a helper
    /// says so.
    #[must_use]
    pub fn with(mut self, registry: &Registry, credentials: &Credentials) -> Self {
        let mut helpers = self.table("credHelpers");
        helpers.retain(|key, _| !is_of(key, registry));
        if self.0.contains_key("credsStore") {
            helpers.insert(server(registry).to_owned(), Value::from(""));
        }
        let mut auths = self.table("auths");
        auths.retain(|key, _| !is_of(key, registry));
        auths.insert(server(registry).to_owned(), entry(credentials));
        if !helpers.is_empty() {
            self.0.insert("credHelpers".to_owned(), Value::Object(helpers));
        }
        self.0.insert("auths".to_owned(), Value::Object(auths));
        self
    }

    /// The file.
    pub fn text(&self) -> SecretString {
        Value::Object(self.0.clone()).to_string().into()
    }

    fn table(&mut self, name: &str) -> Map<String, Value> {
        match self.0.remove(name) {
            Some(Value::Object(table)) => table,
            _ => Map::new(),
        }
    }
}

fn entry(credentials: &Credentials) -> Value {
    match credentials {
        Credentials::Password { username, password } => {
            let both = format!("{username}:{}", password.expose_secret());
            json!({"auth": BASE64_STANDARD.encode(both)})
        }
        // Docker wants a user's name beside it, and does not read it.
        Credentials::IdentityToken(token) => json!({
            "auth": BASE64_STANDARD.encode("00000000-0000-0000-0000-000000000000:"),
            "identitytoken": token.expose_secret(),
        }),
        Credentials::RegistryToken(token) => json!({"registrytoken": token.expose_secret()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::registry::credentials::{Config, Place};

    fn with(config: Option<&str>, registry: &str) -> Value {
        let registry = Registry::parse(registry).unwrap();
        let password = "p:w".to_owned().into();
        let credentials = Credentials::Password { username: "ada".into(), password };
        let text = Private::of(config).unwrap().with(&registry, &credentials).text();
        let config = Config::parse(text.expose_secret()).unwrap();
        let places = config.places(&registry).unwrap();
        assert!(
            matches!(&places[..], [Place::Stored(Credentials::Password { username, .. })] if username == "ada")
        );
        serde_json::from_str(text.expose_secret()).unwrap()
    }

    /// `ada:p:w`.
    const AUTH: &str = "YWRhOnA6dw==";

    #[test]
    fn a_login_is_added_and_all_else_stays() {
        assert_eq!(with(None, "ghcr.io"), json!({"auths": {"ghcr.io": {"auth": AUTH}}}));
        let config = r#"{"auths": {"r.io": {"auth": "eDp5"}, "https://ghcr.io/v1/": {"auth": "eDp5"}},
            "credHelpers": {"gcr.io": "gcloud", "ghcr.io": "pass"}, "currentContext": "uat", "HttpHeaders": {"a": "b"}}"#;
        assert_eq!(
            with(Some(config), "ghcr.io"),
            json!({
                "auths": {"r.io": {"auth": "eDp5"}, "ghcr.io": {"auth": AUTH}},
                "credHelpers": {"gcr.io": "gcloud"}, "currentContext": "uat", "HttpHeaders": {"a": "b"},
            })
        );
    }

    #[test]
    fn what_a_helper_has_for_all_it_has_still() {
        let config =
            r#"{"credsStore": "mine", "credHelpers": {"gcr.io": "gcloud"}, "auths": {"r.io": {}}}"#;
        let hub = "https://index.docker.io/v1/";
        let expected = json!({"auths": {hub: {"auth": AUTH}, "r.io": {}}, "credsStore": "mine",
            "credHelpers": {"gcr.io": "gcloud", hub: ""}});
        assert_eq!(with(Some(config), "docker.io"), expected);
    }

    #[test]
    fn the_variable_counts_before_the_file() {
        let file = r#"{"auths": {"r.io": {"auth": "eDp5"}, "q.io": {"auth": "eDp5"}}, "credHelpers": {"p.io": "pass"}}"#;
        let variable = r#"{"auths": {"r.io": {"auth": "YTpi"}, "p.io": {"auth": "YTpi"}}}"#;
        let both = Private::of(Some(file)).unwrap().after(Private::of(Some(variable)).unwrap());
        let told: Value = serde_json::from_str(both.text().expose_secret()).unwrap();
        let expected = json!({"auths": {"q.io": {"auth": "eDp5"}, "r.io": {"auth": "YTpi"}, "p.io": {"auth": "YTpi"}}});
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_configuration_is_refused_without_its_words() {
        for text in ["[]", "{", "\"secret-word\"", "secret-word"] {
            let error = Private::of(Some(text)).unwrap_err().to_string();
            assert!(!error.contains("secret-word"), "{error}");
        }
        assert!(Private::of(Some("\u{feff}{}")).is_ok() && Private::of(Some(" ")).is_ok());
    }
}
