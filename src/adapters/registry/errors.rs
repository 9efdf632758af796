//! What went wrong with a registry. Absent, forbidden, limited and unreachable are different answers: none of them is
//! ever told as another. All text of the registry is foreign: one line, cut.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::domain::image::Registry;
use crate::domain::shown;

/// How much of a registry's text is shown, in characters.
const SHOWN: usize = 200;

/// With what a registry says which interface it speaks: `registry/2.0`.
const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// The codes with which a registry says that it has no such thing.
const ABSENT: [&str; 4] = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND", "BLOB_UNKNOWN"];

/// The registry of GitHub.
const GITHUB: &str = "ghcr.io";

/// What a registry is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// To tell something.
    Read,
    /// To keep something.
    Write,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

/// Why a registry did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("{what} does not exist: {refusal}")]
    Absent {
        /// What was asked for.
        what: String,
        /// What the registry said.
        refusal: Box<Refusal>,
    },
    /// The user name and the password, or the token, are wrong.
    #[error("{registry} does not take the login: {refusal}")]
    Login {
        /// The registry.
        registry: Registry,
        /// What it, or its token server, said.
        refusal: Box<Refusal>,
    },
    /// Not for this login, or not without one. Most registries say the same of what does not exist.
    #[error("not allowed to {doing} {what}: {refusal}")]
    Forbidden {
        /// What was to be done.
        doing: Doing,
        /// What was asked for.
        what: String,
        /// The registry.
        registry: Registry,
        /// What it said.
        refusal: Box<Refusal>,
        /// Whether there was a login.
        has_login: bool,
    },
    /// Too many requests, and more time until the next one than there is.
    #[error("cannot {doing} {what}: {refusal}, and asks to wait {} s", .asks.as_secs())]
    Limited {
        /// What was to be done.
        doing: Doing,
        /// What was asked for.
        what: String,
        /// What the registry said.
        refusal: Box<Refusal>,
        /// How long to wait.
        asks: Duration,
    },
    /// No answer.
    #[error("{registry} cannot be reached: {why}")]
    Unreachable {
        /// The registry.
        registry: Registry,
        /// Why.
        why: String,
    },
    /// Another answer that is an error.
    #[error("cannot {doing} {what}: {refusal}")]
    Refused {
        /// What was to be done.
        doing: Doing,
        /// What was asked for.
        what: String,
        /// What the registry said.
        refusal: Box<Refusal>,
    },
    /// An answer that is not as the specification says: from no registry, or not to be trusted.
    #[error("cannot read {what}: {why}")]
    Unusable {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// Credentials of this machine that cannot be used.
    #[error("no login for {registry}: {why}")]
    NoLogin {
        /// The registry.
        registry: Registry,
        /// What is wrong.
        why: String,
    },
}

impl Error {
    /// Whether the inputs are to blame, and not the world: then trying again does not help.
    pub const fn is_of_the_inputs(&self) -> bool {
        matches!(self, Self::Login { .. } | Self::Forbidden { .. } | Self::NoLogin { .. })
    }

    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::Absent { .. } => "check the name and the tag; if it is new, push it before".to_owned(),
            Self::Login { registry, .. } => login_help(registry),
            Self::Forbidden { doing, registry, has_login, .. } => {
                forbidden_help(*doing, registry, *has_login)
            }
            Self::Limited { .. } => {
                "run it again later; with a login the limit is higher: set `username` and `password`".to_owned()
            }
            Self::Unreachable { registry, .. } => format!(
                "check the name `{registry}`, and that this machine reaches it (DNS, firewall, `HTTPS_PROXY`, and \
                 `SSL_CERT_FILE` for a certificate of your own)"
            ),
            Self::Refused { .. } => "run it again later; if it stays, ask who runs the registry".to_owned(),
            Self::Unusable { .. } => {
                "check that the name before the first slash is that of a registry, and that no proxy answers for it"
                    .to_owned()
            }
            Self::NoLogin { .. } => "log in again with `docker login`, or set `username` and `password`".to_owned(),
        }
    }
}

fn login_help(registry: &Registry) -> String {
    let hub = "set `username` to your Docker ID and `password` to an access token of it (Account settings, Personal \
               access tokens)";
    let github = "set `username: ${{ github.actor }}` and `password: ${{ secrets.GITHUB_TOKEN }}`";
    match registry.as_str() {
        _ if registry.is_docker_hub() => hub.to_owned(),
        GITHUB => github.to_owned(),
        other => format!("check `username` and `password` for {other}"),
    }
}

fn forbidden_help(doing: Doing, registry: &Registry, has_login: bool) -> String {
    if doing == Doing::Write {
        return not_writable_help(registry, has_login);
    }
    let exists = "check that it exists: a registry says the same of what is not there";
    match (registry.as_str(), has_login) {
        (GITHUB, _) => format!(
            "{exists}. To read it, the job needs `permissions:` with `packages: read`, and the package must give this \
             repository access (Package settings, Manage Actions access)"
        ),
        (_, false) => format!("{exists}; if it is private, set `username` and `password`"),
        (_, true) => format!("{exists}, and that the account of `username` may read it"),
    }
}

fn not_writable_help(registry: &Registry, has_login: bool) -> String {
    match (registry.as_str(), has_login) {
        (GITHUB, _) => "give the job `permissions:` with `packages: write`; of a package that is there already, give this \
                        repository the role Write (Package settings, Manage Actions access)"
            .to_owned(),
        (_, false) => "set `username` and `password`".to_owned(),
        (_, true) => "check that the repository exists, and that the account of `username` may push to it (an access \
                      token needs the right to write)"
            .to_owned(),
    }
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who answered: the host.
    pub host: String,
    /// The status.
    pub status: u16,
    /// The code of the first error in it, such as `MANIFEST_UNKNOWN`; empty if it has none.
    pub code: String,
    /// What it says; empty if nothing.
    pub message: String,
    /// Whether a registry says that there is none, and not some web server or proxy before it.
    pub(super) says_absent: bool,
}

impl Refusal {
    /// Reads an answer. Any body will do: the specification's JSON, a token server's, HTML, nothing. `hide` takes out what
    /// we sent in secret, should it be sent back.
    pub(super) fn read(
        host: &str,
        status: u16,
        body: &[u8],
        hide: &dyn Fn(&str) -> String,
    ) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let first = json.get("errors").and_then(|errors| errors.get(0));
        let of = |at: Option<&Value>, key: &str| {
            let text = at.and_then(|at| at.get(key)).and_then(Value::as_str).unwrap_or_default();
            shown::line(&hide(text), SHOWN)
        };
        let mut message = of(first, "message");
        for key in ["details", "error_description", "message", "error"] {
            if message.is_empty() {
                message = of(Some(&json), key);
            }
        }
        if message.is_empty() && json.is_null() {
            message = plain(&hide(&String::from_utf8_lossy(body)));
        }
        let code = of(first, "code");
        let says_absent = status == 404 && ABSENT.contains(&code.as_str());
        Self { host: host.to_owned(), status, code, message, says_absent }
    }

    /// The same with what the headers tell: registries name the version of their interface, also where there is no body,
    /// as in an answer to `HEAD`.
    pub(super) fn with(mut self, headers: &HeaderMap) -> Self {
        let is_bare = self.status == 404 && self.code.is_empty() && self.message.is_empty();
        self.says_absent |= is_bare && headers.contains_key(VERSION);
        self
    }

    /// Whether it is refused for the number of requests.
    pub(super) fn is_limit(&self) -> bool {
        self.status == 429 || self.code == "TOOMANYREQUESTS"
    }
}

/// What to say of a body that is no JSON.
fn plain(text: &str) -> String {
    if text.contains('<') { "a page of HTML".to_owned() } else { shown::line(text, SHOWN) }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.host, self.status)?;
        match (self.code.as_str(), self.message.as_str()) {
            ("", "") => Ok(()),
            ("", message) => write!(f, " ({message})"),
            (code, "") => write!(f, " ({code})"),
            (code, message) => write!(f, " ({code}: {message})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(host: &str, status: u16, body: &[u8]) -> Refusal {
        Refusal::read(host, status, body, &str::to_owned)
    }

    #[test]
    fn any_body_becomes_one_line() {
        for (body, shown) in [
            (
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}"#,
                "r.io answered 404 (MANIFEST_UNKNOWN: manifest unknown)",
            ),
            (r#"{"errors":[{"code":"DENIED"}]}"#, "r.io answered 404 (DENIED)"),
            (
                r#"{"details":"incorrect username or password"}"#,
                "r.io answered 404 (incorrect username or password)",
            ),
            (
                r#"{"error":"invalid_grant","error_description":"expired"}"#,
                "r.io answered 404 (expired)",
            ),
            (r#"{"errors":[]}"#, "r.io answered 404"),
            (r#"{"errors":{"code":1}}"#, "r.io answered 404"),
            ("", "r.io answered 404"),
            ("not\nfound \u{1b}[31m", "r.io answered 404 (not found [31m)"),
            ("<html><body>", "r.io answered 404 (a page of HTML)"),
            ("[1,2]", "r.io answered 404"),
        ] {
            assert_eq!(read("r.io", 404, body.as_bytes()).to_string(), shown, "{body}");
        }
        let long = format!("{{\"details\":\"{}\"}}", "é".repeat(10_000));
        assert_eq!(read("r.io", 500, long.as_bytes()).message.chars().count(), 201);
    }

    #[test]
    fn each_has_its_own_cure() {
        let refusal = read("ghcr.io", 403, br#"{"errors":[{"code":"DENIED"}]}"#);
        let forbidden = |doing, registry: &str, has_login| {
            let registry = Registry::parse(registry).unwrap();
            let what = format!("{registry}/acme/shop:1");
            let refusal = refusal.clone().into();
            Error::Forbidden { doing, what, registry, refusal, has_login }
        };
        let of = |registry: &str, has_login| forbidden(Doing::Read, registry, has_login);
        assert!(of("ghcr.io", true).help().contains("`packages: read`"));
        assert!(of("r.io", false).help().contains("set `username`"));
        assert!(!of("r.io", true).help().contains("set `username`"));
        let of = |registry: &str, has_login| forbidden(Doing::Write, registry, has_login);
        assert!(of("ghcr.io", true).help().contains("`packages: write`"));
        assert!(of("r.io", false).help().contains("set `username`"));
        assert!(of("r.io", true).help().contains("may push"));
        assert!(of("r.io", true).to_string().starts_with("not allowed to write r.io/acme/shop:1"));
        let login = |registry: &str| {
            let registry = Registry::parse(registry).unwrap();
            Error::Login { registry, refusal: refusal.clone().into() }.help()
        };
        assert!(login("docker.io").contains("access token"));
        assert!(login("ghcr.io").contains("github.actor"));
        assert!(login("r.io").contains("for r.io"));
    }

    #[test]
    fn only_a_registry_says_that_there_is_none() {
        let says = |status, body: &str, names_itself| {
            let mut headers = HeaderMap::new();
            if names_itself {
                headers.insert(VERSION, "registry/2.0".parse().unwrap());
            }
            read("r.io", status, body.as_bytes()).with(&headers).says_absent
        };
        let of = |code: &str| format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
        for code in ABSENT {
            assert!(says(404, &of(code), false) && !says(400, &of(code), true), "{code}");
        }
        for code in ["not_found", "UNAUTHORIZED", "TOOMANYREQUESTS", "UNKNOWN"] {
            assert!(!says(404, &of(code), true), "{code}");
        }
        assert!(says(404, "", true) && !says(404, "", false) && !says(403, "", true));
        assert!(!says(404, "<html>", true));
    }
}
