//! A command of git: its arguments, its environment, its limits.

use std::time::Duration;

use crate::adapters::git::remote::Settings;
use crate::adapters::host::process::{ChildEnv, Command};

/// A local command that takes longer hangs.
const LOCAL_LIMIT: Duration = Duration::from_mins(5);

/// A server that needs longer is not there.
const SERVER_LIMIT: Duration = Duration::from_mins(10);

/// The most that an answer may have, in bytes: a list of a million files has some 100 MB.
const KEPT: usize = 256 * 1024 * 1024;

/// Where a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The user's repository. Nothing is written there.
    Checkout,
    /// Trees and files: private, borrows from the checkout.
    Objects,
    /// Commits only: private, borrows from the checkout.
    History,
    /// The baselines: private, borrows nothing.
    Baseline,
}

impl Place {
    /// The folder of a private repository.
    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Objects => "objects.git",
            Self::History => "history.git",
            Self::Baseline => "baseline.git",
        }
    }
}

/// A command of git.
#[derive(Clone, Debug)]
pub(super) struct Git<'a> {
    /// As it is run.
    pub(super) command: Command,
    /// What it reads.
    pub(super) stdin: &'a [u8],
    /// The most that it may answer, in bytes.
    pub(super) kept: usize,
    /// How long it may take.
    pub(super) limit: Duration,
}

/// Settings that no file may change, whichever repository it is.
pub(super) fn ours() -> Settings {
    let settings = [
        ("core.hooksPath", "/dev/null"),
        ("core.fsync", "none"),
        ("core.fsmonitor", "false"),
        ("core.splitIndex", "false"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
    ];
    settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Settings by the environment: `GIT_CONFIG_COUNT` and so on.
pub(super) fn by_environment(env: ChildEnv, settings: &Settings) -> ChildEnv {
    let numbered = settings.iter().enumerate().flat_map(|(number, (key, value))| {
        [
            (format!("GIT_CONFIG_KEY_{number}"), key.clone()),
            (format!("GIT_CONFIG_VALUE_{number}"), value.clone()),
        ]
    });
    env.with("GIT_CONFIG_COUNT", settings.len().to_string()).with_all(numbered)
}

/// What every command of git gets.
pub(super) fn base_env(env: ChildEnv) -> ChildEnv {
    env.with("LC_ALL", "C")
        .with("GIT_OPTIONAL_LOCKS", "0")
        .with("GIT_TERMINAL_PROMPT", "0")
        .with("GIT_ASKPASS", "false")
        .with("SSH_ASKPASS", "false")
        .with("SSH_ASKPASS_REQUIRE", "force")
        .with("GIT_PAGER", "cat")
        .with("GIT_NO_REPLACE_OBJECTS", "1")
}

/// The environment of a command in the checkout, whose folder git may read even if it belongs to somebody else: in a
/// container job it does.
pub(super) fn checkout_env(env: ChildEnv, top: &str) -> ChildEnv {
    let mut settings = ours();
    settings.push(("safe.directory".to_owned(), top.to_owned()));
    by_environment(base_env(env), &settings)
}

impl<'a> Git<'a> {
    /// A command with this environment.
    pub(super) fn new(env: ChildEnv, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let command = Command { program: "git".to_owned(), args, env, cwd: None };
        Self { command, stdin: b"", kept: KEPT, limit: LOCAL_LIMIT }
    }

    /// The same with something to read.
    pub(super) fn told(self, stdin: &'a [u8]) -> Self {
        Self { stdin, ..self }
    }

    /// The same with a smaller limit on its answer.
    pub(super) fn kept(self, kept: usize) -> Self {
        Self { kept, ..self }
    }

    /// The same with one more variable.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env = self.command.env.with(name, value);
        self
    }

    /// The same with the time that a server may take.
    pub(super) fn asking(self) -> Self {
        Self { limit: SERVER_LIMIT, ..self }
    }

    /// The same in a folder.
    pub(super) fn within(mut self, folder: &camino::Utf8Path) -> Self {
        self.command.cwd = Some(folder.to_owned());
        self
    }
}

/// An entry of a list of paths that git splits at colons.
pub(super) fn quoted(path: &str) -> String {
    if path.contains([':', '"']) {
        return format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""));
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_numbered_from_zero() {
        let settings = vec![("a.b".to_owned(), "1".to_owned()), ("c.d".to_owned(), String::new())];
        let env = by_environment(ChildEnv::default(), &settings);
        assert_eq!(env.get("GIT_CONFIG_COUNT"), Some("2"));
        assert_eq!(env.get("GIT_CONFIG_KEY_1"), Some("c.d"));
        assert_eq!(env.get("GIT_CONFIG_VALUE_0"), Some("1"));
    }

    #[test]
    fn a_path_with_a_colon_is_quoted() {
        assert_eq!(quoted("/a/b"), "/a/b");
        assert_eq!(quoted("/a:b"), "\"/a:b\"");
    }
}
