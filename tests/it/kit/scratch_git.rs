//! Repositories for tests, made by git itself with nothing of this host's settings.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use mta_actions::adapters::git::GitError;
use mta_actions::adapters::git::repo::{Access, Repo};
use mta_actions::adapters::host::process::ChildEnv;
use mta_actions::domain::coverage::base::Sha;
use tokio_util::sync::CancellationToken;

/// A folder with repositories in it.
pub struct Lab {
    _guard: tempfile::TempDir,
    /// The folder.
    pub root: Utf8PathBuf,
}

impl Lab {
    /// An empty one.
    pub fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(guard.path()).unwrap();
        Self { _guard: guard, root: Utf8PathBuf::from_path_buf(root).unwrap() }
    }

    /// What a git command in a folder says; it must succeed.
    pub fn git(&self, folder: &str, args: &[&str]) -> String {
        String::from_utf8(self.git_told(folder, args, b"")).unwrap().trim_end().to_owned()
    }

    /// As [`Self::git`], in bytes and with something to read.
    pub fn git_told(&self, folder: &str, args: &[&str], stdin: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut child = Command::new("git")
            .args(["-c", "protocol.file.allow=always", "-C", self.root.join(folder).as_str()])
            .args(args)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("HOME", self.root.join("nobody"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_NAME"), "t")))
            .envs(
                ["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_EMAIL"), "t@example.org")),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(stdin).unwrap();
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?} in {folder}: {said}");
        output.stdout
    }

    /// Writes a file and the folders that lead to it.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }

    /// Commits all that lies in a repository.
    pub fn commit(&self, repo: &str, message: &str) -> Sha {
        self.git(repo, &["add", "--all"]);
        self.git(repo, &["commit", "-q", "--allow-empty", "-m", message]);
        self.sha(repo, "HEAD")
    }

    /// A commit or tree by its name.
    pub fn sha(&self, repo: &str, name: &str) -> Sha {
        Sha::parse(&self.git(repo, &["rev-parse", name])).unwrap()
    }

    /// What the code under test may know: our `PATH`, and the lab's `home`.
    pub fn access(&self) -> Access {
        let pairs =
            [("PATH", std::env::var("PATH").unwrap()), ("HOME", self.root.join("home").into())];
        let env = ChildEnv::from_pairs(pairs.map(|(name, value)| (name.into(), value.into())));
        Access { env, cancel: CancellationToken::new(), credentials: None }
    }

    /// Opens a checkout.
    pub async fn open(&self, folder: &str) -> Repo {
        self.try_open(folder).await.unwrap()
    }

    /// Opens a checkout, or says why not.
    pub async fn try_open(&self, folder: impl AsRef<Utf8Path>) -> Result<Repo, GitError> {
        Repo::open(&self.root.join(folder), self.access()).await
    }
}
