//! Whether a folder of the checkout holds data that git does not track.

use std::time::Duration;

use camino::Utf8Path;
use tokio_util::sync::CancellationToken;

use crate::adapters::host::process::{self, ChildEnv, Command, Limits};

/// Whether a folder of the checkout holds something that git does not track, ignored or not. Where git cannot tell (no
/// repository, no git, a repository of somebody else), it does.
pub async fn holds_untracked(checkout: &Utf8Path, folder: &Utf8Path) -> bool {
    let args =
        ["-C", checkout.as_str(), "status", "--porcelain", "--ignored", "--untracked-files=all"];
    let args = args.into_iter().chain(["--", folder.as_str()]).map(ToOwned::to_owned).collect();
    let command =
        Command { program: "git".to_owned(), args, env: ChildEnv::from_process(), cwd: None };
    let limits = Limits { timeout: Duration::from_mins(1), cancel: &CancellationToken::new() };
    match process::capture(&command, limits).await {
        Ok(exit) if exit.code == 0 => exit.stdout.lines().any(is_data),
        _ => true,
    }
}

/// A line of `git status --porcelain`: not tracked, and not what Python leaves beside its modules.
fn is_data(line: &str) -> bool {
    (line.starts_with("??") || line.starts_with("!!")) && !line.contains("__pycache__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_what_git_does_not_know() {
        for (line, data) in [
            ("?? pgdata/", true),
            ("!! filestore/a", true),
            (" M addons/x.py", false),
            ("!! addons/__pycache__/x.pyc", false),
        ] {
            assert_eq!(is_data(line), data, "{line}");
        }
    }

    #[tokio::test]
    async fn without_a_repository_everything_may_be_data() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            holds_untracked(Utf8Path::from_path(dir.path()).unwrap(), Utf8Path::new(".")).await
        );
    }
}
