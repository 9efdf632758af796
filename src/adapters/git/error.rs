//! What can go wrong with git, apart by what the caller does about it.

use std::io;

use crate::adapters::host::process::ProcessError;

/// Why git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("git was not found on the PATH: install it with the package manager of this host")]
    NotFound,
    /// It lacks what is needed.
    #[error("git {0} is too old: 2.31 or later is needed")]
    TooOld(String),
    /// The folder is not in a repository that git reads, or has no commit.
    #[error("{path} is not a git checkout that can be read: {why}")]
    NoRepository {
        /// The folder.
        path: String,
        /// What git says.
        why: String,
    },
    /// The answer is no, and trying again does not help: no such commit, the wrong commit is checked out.
    #[error("{what}: {help}")]
    Refused {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// The server could not be asked: network, credentials, time.
    #[error("{what}: {why}")]
    Unavailable {
        /// What was tried.
        what: String,
        /// What git says, shortened.
        why: String,
    },
    /// A command failed that should not.
    #[error("`{shown}` failed with exit code {code}: {why}")]
    Failed {
        /// The command.
        shown: String,
        /// Its exit code.
        code: i32,
        /// The end of its standard error.
        why: String,
    },
    /// Git answered something that makes no sense.
    #[error("{0}")]
    Unreadable(String),
    /// It could not be run to its end: cancelled, out of time, too much output.
    #[error(transparent)]
    Process(ProcessError),
    /// The temporary folder cannot be used.
    #[error("the temporary folder for git cannot be used: {0}")]
    Scratch(#[from] io::Error),
}

impl From<ProcessError> for GitError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::NotFound(_) => Self::NotFound,
            error => Self::Process(error),
        }
    }
}

impl GitError {
    /// Why a command that asks the server failed: the server has no such thing (refused), or it could not be asked.
    ///
    /// Git has one exit code (128) for both, so its words decide. The list below is what a server that did answer is
    /// quoted with; whatever is not on it counts as unavailable, since trying again is then the safe advice.
    pub(super) fn of_server(what: String, said: &str) -> Self {
        const ANSWERED: [&str; 5] = [
            "not our ref",
            "couldn't find remote ref",
            "does not allow request for unadvertised object",
            "no such remote ref",
            "no such ref was fetched",
        ];
        const NOT_LET_IN: [&str; 5] =
            ["could not read username", "authentication failed", " 401", " 403", "not found"];
        let lower = said.to_ascii_lowercase();
        if ANSWERED.iter().any(|words| lower.contains(words)) {
            let help = format!("the server has no such commit or branch ({})", shortened(said));
            return Self::Refused { what, help };
        }
        let mut why = shortened(said);
        if NOT_LET_IN.iter().any(|words| lower.contains(words)) {
            why.push_str(
                "; a private repository needs `permissions: contents: read` and its token as input",
            );
        }
        Self::Unavailable { what, why }
    }
}

/// The lines of git that say why, in one line.
pub(super) fn shortened(said: &str) -> String {
    let telling = |line: &&str| {
        ["fatal:", "error:", "remote:", "!"].iter().any(|start| line.starts_with(start))
    };
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut chosen: Vec<&str> = lines.iter().copied().filter(telling).collect();
    if chosen.is_empty() {
        chosen = lines;
    }
    let text = chosen[chosen.len().saturating_sub(4)..].join("; ");
    if text.is_empty() {
        "git did not say why".to_owned()
    } else {
        text.chars().take(600).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_the_server_refuses() {
        for (said, refused) in [
            ("fatal: remote error: upload-pack: not our ref 1111", true),
            ("fatal: couldn't find remote ref refs/heads/x", true),
            ("error: Server does not allow request for unadvertised object 11", true),
            ("fatal: unable to access 'https://h/': Could not resolve host: h", false),
            ("fatal: unable to access 'https://h/': The requested URL returned error: 403", false),
            ("fatal: unable to access 'https://h/': The requested URL returned error: 502", false),
            ("fatal: could not read Username for 'https://h': terminal prompts disabled", false),
            ("remote: Repository not found.\nfatal: repository 'https://h/' not found", false),
            ("fatal: the remote end hung up unexpectedly", false),
            ("", false),
        ] {
            let error = GitError::of_server("fetch".into(), said);
            assert_eq!(matches!(error, GitError::Refused { .. }), refused, "{said}");
        }
    }

    #[test]
    fn the_telling_lines_are_kept() {
        let said = "Cloning...\nremote: Denied.\nhint: x\nfatal: no\n";
        assert_eq!(shortened(said), "remote: Denied.; fatal: no");
        assert_eq!(shortened("something\n"), "something");
        assert_eq!(shortened(""), "git did not say why");
    }
}
