//! Whose credentials for a registry: what `~/.docker/config.json` says, and what a credential helper answers. Nothing
//! is read or started here, and no message repeats what the file says.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use super::Unreadable;
use crate::domain::image::Registry;

/// The key of Docker Hub, from the time of its first version.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Hosts that are Docker Hub too where a key names them.
const DOCKER_HUB_HOSTS: [&str; 3] = ["index.docker.io", "docker.io", "registry-1.docker.io"];

/// User name of a helper's answer whose secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// How to be let in.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A user and a password or access token.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A token that the token server exchanges (OAuth 2, `refresh_token`).
    IdentityToken(SecretString),
    /// A token that the registry itself takes.
    RegistryToken(SecretString),
}

/// Where credentials of a registry are, in the order in which to ask.
#[derive(Clone, Debug)]
pub enum Place {
    /// With a helper: `docker-credential-<name> get`, which reads the server from its standard input.
    Helper {
        /// The name of the helper, of letters, digits, `.`, `_` and `-`.
        name: String,
        /// The server to ask it for.
        server: String,
    },
    /// In the file itself.
    Stored(Credentials),
}

/// The part of Docker's configuration that speaks of credentials.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    auths: Option<BTreeMap<String, Entry>>,
    cred_helpers: Option<BTreeMap<String, String>>,
    creds_store: Option<String>,
}

/// What the file says of one server.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl Config {
    /// Reads `config.json`. What else stands in it does not count.
    ///
    /// # Errors
    /// It is not JSON of that form; only the place is told, since the words of the reader repeat values.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Unreadable(format!(
                "is not the JSON that Docker writes, at line {line}, column {column}"
            ))
        })
    }

    /// Where credentials of a registry are: with its own helper, else with the one for all, then in the file. None
    /// means that nobody logged in.
    ///
    /// # Errors
    /// The entry or the helper's name cannot be used.
    pub fn places(&self, registry: &Registry) -> Result<Vec<Place>, Unreadable> {
        let mut places = Vec::new();
        let own = self.cred_helpers.as_ref().and_then(|helpers| of(helpers, registry));
        let helper = own.or(self.creds_store.as_ref()).filter(|name| !name.is_empty());
        if let Some(name) = helper {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if !name.chars().all(known) || name.starts_with('.') {
                return Err(Unreadable(
                    "names a credential helper that is no name of a program".to_owned(),
                ));
            }
            places.push(Place::Helper { name: name.clone(), server: server(registry).to_owned() });
        }
        if let Some(entry) = self.auths.as_ref().and_then(|auths| of(auths, registry)) {
            let stored = entry.credentials().map_err(|why| {
                Unreadable(format!(
                    "has an entry for {registry} that cannot be used: {why}; log in again"
                ))
            })?;
            places.extend(stored.map(Place::Stored));
        }
        Ok(places)
    }
}

impl Entry {
    /// What the entry holds; an empty one (`{}`) says that a helper has it.
    fn credentials(&self) -> Result<Option<Credentials>, &'static str> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&self.identitytoken) {
            return Ok(Some(Credentials::IdentityToken(token.into())));
        }
        if let Some(token) = given(&self.registrytoken) {
            return Ok(Some(Credentials::RegistryToken(token.into())));
        }
        if let Some(auth) = given(&self.auth) {
            let decoded =
                BASE64_STANDARD.decode(auth.trim()).map_err(|_| "its `auth` is not base64")?;
            let decoded = String::from_utf8(decoded).map_err(|_| "its `auth` is not UTF-8")?;
            let (username, password) =
                decoded.split_once(':').ok_or("its `auth` is not a user and a password")?;
            // Docker itself takes away zero bytes, which old versions wrote behind the password.
            let password = password.trim_end_matches('\0').to_owned().into();
            return Ok(Some(Credentials::Password { username: username.to_owned(), password }));
        }
        match (given(&self.username), given(&self.password)) {
            (Some(username), Some(password)) => {
                Ok(Some(Credentials::Password { username, password: password.into() }))
            }
            _ => Ok(None),
        }
    }
}

/// What a helper answers to `get`. An empty user or secret means that it has none.
///
/// # Errors
/// It is not JSON with `Username` and `Secret`. The words do not repeat it.
pub fn answer(text: &str) -> Result<Option<Credentials>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        username: String,
        secret: String,
    }
    let unreadable = |_| {
        Unreadable("answered something other than JSON with `Username` and `Secret`".to_owned())
    };
    let Answer { username, secret } = serde_json::from_str(text).map_err(unreadable)?;
    if username.is_empty() || secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(match username.as_str() {
        TOKEN_USER => Credentials::IdentityToken(secret.into()),
        _ => Credentials::Password { username, password: secret.into() },
    }))
}

/// What a registry is called where credentials are kept.
pub(super) fn server(registry: &Registry) -> &str {
    if registry.is_docker_hub() { DOCKER_HUB } else { registry.as_str() }
}

/// The value of a registry in a table of servers: by its own key, else by one that means the same host.
fn of<'a, T>(table: &'a BTreeMap<String, T>, registry: &Registry) -> Option<&'a T> {
    table
        .get(server(registry))
        .or_else(|| table.iter().find(|(key, _)| is_of(key, registry)).map(|(_, value)| value))
}

/// Whether a key of a table of servers means a registry.
pub(super) fn is_of(key: &str, registry: &Registry) -> bool {
    let host = host(key);
    let is_hub = registry.is_docker_hub() && DOCKER_HUB_HOSTS.contains(&host);
    is_hub || host.eq_ignore_ascii_case(registry.as_str())
}

/// The host of a key: without scheme and path, as Docker compares them.
fn host(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    /// `user:password` in base64.
    const AUTH: &str = "dXNlcjpwYXNzOndvcmQ=";

    fn told(config: &str, registry: &str) -> String {
        let registry = Registry::parse(registry).unwrap();
        let places = match Config::parse(config).and_then(|config| config.places(&registry)) {
            Ok(places) => places,
            Err(unreadable) => return unreadable.to_string(),
        };
        let shown = places.into_iter().map(|place| match place {
            Place::Helper { name, server } => format!("{name} for {server}"),
            Place::Stored(Credentials::Password { username, password }) => {
                format!("{username} {}", password.expose_secret())
            }
            Place::Stored(Credentials::IdentityToken(token)) => {
                format!("identity {}", token.expose_secret())
            }
            Place::Stored(Credentials::RegistryToken(token)) => {
                format!("registry {}", token.expose_secret())
            }
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    fn auths(key: &str, entry: &str) -> String {
        format!("{{\"auths\": {{\"{key}\": {entry}}}, \"HttpHeaders\": {{}}}}")
    }

    #[test]
    fn entries_of_a_registry() {
        let auth = format!("{{\"auth\": \"{AUTH}\"}}");
        for (key, registry, expected) in [
            ("ghcr.io", "ghcr.io", "user pass:word"),
            ("https://ghcr.io/v1/", "ghcr.io", "user pass:word"),
            ("GHCR.io", "ghcr.io", "user pass:word"),
            ("https://index.docker.io/v1/", "docker.io", "user pass:word"),
            ("docker.io", "docker.io", "user pass:word"),
            ("r.io:5000", "r.io:5000", "user pass:word"),
            ("r.io:5000", "r.io", ""),
            ("ghcr.io.evil.example", "ghcr.io", ""),
            ("index.docker.io", "ghcr.io", ""),
            ("ghcr.io", "docker.io", ""),
        ] {
            assert_eq!(told(&auths(key, &auth), registry), expected, "{key} {registry}");
        }
        let of = |entry: &str| told(&auths("ghcr.io", entry), "ghcr.io");
        assert_eq!(of(r#"{"username": "u", "password": "p"}"#), "u p");
        assert_eq!(
            of(&format!("{{\"auth\": \"{AUTH}\", \"identitytoken\": \"t\"}}")),
            "identity t"
        );
        assert_eq!(of(r#"{"registrytoken": "t"}"#), "registry t");
        assert_eq!(of("{}"), "");
        assert_eq!(of(r#"{"auth": "dXNlcjpwAAA="}"#), "user p");
    }

    #[test]
    fn helpers_come_before_the_file() {
        let config = format!(
            "{{\"auths\": {{\"ghcr.io\": {{\"auth\": \"{AUTH}\"}}}}, \"credsStore\": \"pass\", \"credHelpers\": {{\"r.io\": \"ecr-login\"}}}}"
        );
        assert_eq!(told(&config, "ghcr.io"), "pass for ghcr.io, user pass:word");
        assert_eq!(told(&config, "r.io"), "ecr-login for r.io");
        assert_eq!(told(&config, "docker.io"), "pass for https://index.docker.io/v1/");
        assert_eq!(told(r#"{"credsStore": ""}"#, "r.io"), "");
        for name in ["../evil", "a b", "a;b", "/bin/sh"] {
            let config = format!("{{\"credsStore\": \"{name}\"}}");
            assert_eq!(
                told(&config, "r.io"),
                "names a credential helper that is no name of a program"
            );
        }
    }

    #[test]
    fn nothing_of_the_file_is_repeated() {
        let secret = "c2VjcmV0LXZhbHVl";
        for config in [
            format!("{{\"auths\": \"{secret}\"}}"),
            format!("{{\"auths\": {{\"r.io\": {{\"auth\": {{\"{secret}\": 1}}}}}}}}"),
            auths("r.io", &format!("{{\"auth\": \"{secret}!\"}}")),
            auths("r.io", &format!("{{\"auth\": \"{secret}\"}}")),
            secret.to_owned(),
        ] {
            let told = told(&config, "r.io");
            assert!(
                !told.is_empty() && !told.contains(secret) && !told.contains("secret"),
                "{told}"
            );
        }
        assert_eq!(told("{}", "r.io"), "");
        assert_eq!(told(r#"{"auths": null, "credHelpers": null}"#, "r.io"), "");
        let unreadable =
            answer(&format!("credentials not found {secret}")).unwrap_err().to_string();
        assert!(!unreadable.contains(secret), "{unreadable}");
    }

    #[test]
    fn answers_of_helpers() {
        let of = |text: &str| answer(text).unwrap();
        let password = of(r#"{"ServerURL": "r.io", "Username": "u", "Secret": "p"}"#);
        assert!(
            matches!(password, Some(Credentials::Password { username, .. }) if username == "u")
        );
        let token = of(r#"{"Username": "<token>", "Secret": "p"}"#);
        assert!(matches!(token, Some(Credentials::IdentityToken(_))));
        // Fault 14: these are no credentials, and no error.
        for none in [
            r#"{"Username": "", "Secret": ""}"#,
            r#"{"Username": "u", "Secret": ""}"#,
            r#"{"Username": "", "Secret": "p"}"#,
            r#"{"Username": "<token>", "Secret": ""}"#,
        ] {
            assert!(of(none).is_none(), "{none}");
        }
        assert!(answer("{}").is_err() && answer(r#"{"Username": "u"}"#).is_err());
        let shown = format!("{token:?}");
        assert!(!shown.contains("\"p\""), "{shown}");
    }
}
