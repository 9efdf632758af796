//! The environment that children get: built from a short list, never handed on.
//!
//! A job's variables must not steer a deployment: `TAG=...` of the job would beat the deploy's own, `COMPOSE_FILE` would
//! change what is deployed, `INPUT_*`, `MTA_INPUTS` and tokens are nobody's business below us.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// What is taken from the parent, and why it may.
///
/// Of Docker's variables only those that say where the engine is, who logs in, and which images are trusted. Not
/// `DOCKER_DEFAULT_PLATFORM` and `DOCKER_BUILDKIT`: they change what is run or built, so a rollback by hand, in another
/// environment, would bring back something else. That belongs into the compose file (`platform:`).
const INHERITED: &[&str] = &[
    // finding programs, and their own configuration
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    // the language of their messages
    "LANG",
    "LC_ALL",
    // the engine
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DOCKER_API_VERSION",
    // the user's own login; and a policy that must not be lost: unsigned images stay refused
    "DOCKER_AUTH_CONFIG",
    "DOCKER_CONTENT_TRUST",
    "DOCKER_CONTENT_TRUST_SERVER",
    // the way out of the network
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSH_AUTH_SOCK",
];

/// The environment of a child. `Debug` shows names only: values may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ChildEnv {
    variables: BTreeMap<OsString, OsString>,
}

impl ChildEnv {
    /// Takes from the parent's environment what children may see.
    pub fn from_parent(parent: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables = parent
            .into_iter()
            .filter(|(name, _)| INHERITED.iter().any(|inherited| name == inherited))
            .collect();
        Self { variables }
    }

    /// The same with one more variable, or with another value for it.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The same without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(OsStr::new(name));
        self
    }

    /// The value of a variable; `None` if it is absent or empty, which mean the same to every tool we start.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value.as_os_str())
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.variables.iter()
    }
}

impl fmt::Debug for ChildEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChildEnv").field(&self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(pairs: &[(&str, &str)]) -> ChildEnv {
        ChildEnv::from_parent(pairs.iter().map(|(k, v)| (k.into(), v.into())))
    }

    #[test]
    fn what_steers_a_job_is_not_inherited() {
        let env = built(&[
            ("TAG", "v9"),
            ("MTA_INPUTS", "{}"),
            ("INPUT_TAG", "x"),
            ("COMPOSE_FILE", "evil.yaml"),
            ("COMPOSE_PROJECT_NAME", "evil"),
            ("GITHUB_TOKEN", "t"),
            ("ACTIONS_RUNTIME_TOKEN", "t"),
            ("DOCKER_DEFAULT_PLATFORM", "linux/arm64"),
            ("DOCKER_BUILDKIT", "0"),
            ("LD_PRELOAD", "/x.so"),
            ("BASH_ENV", "/x.sh"),
        ]);
        assert_eq!(env, ChildEnv::default());
    }

    #[test]
    fn what_children_need_is_inherited() {
        let pairs: Vec<_> = INHERITED.iter().map(|name| (*name, "value")).collect();
        assert_eq!(built(&pairs).iter().count(), INHERITED.len());
    }

    #[test]
    fn a_caller_adds_and_removes() {
        let env = built(&[("PATH", "/bin"), ("DOCKER_HOST", "")]).with("TAG", "v2").without("PATH");
        assert_eq!(env.get("TAG"), Some(OsStr::new("v2")));
        assert_eq!(env.get("PATH"), None);
        assert_eq!(env.get("DOCKER_HOST"), None, "empty means absent");
    }

    #[test]
    fn values_are_not_printed() {
        let text = format!("{:?}", built(&[("DOCKER_AUTH_CONFIG", "hidden")]));
        assert!(text.contains("DOCKER_AUTH_CONFIG") && !text.contains("hidden"), "{text}");
    }
}
