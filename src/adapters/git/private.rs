//! The private repositories of a [`Repo`], and how commands run there and in the checkout.
//!
//! | where | whose settings count |
//! |---|---|
//! | the checkout | the user's, as in any other command: what is ignored, how line ends are stored |
//! | a private repository | none but ours, so that neither the host nor the checkout can change an answer |
//! | a private repository that asks the server | those of the host (proxy, certificates), and how the checkout asks |

use camino::Utf8PathBuf;

use crate::adapters::git::command::{Git, Place, base_env, by_environment, ours, quoted};
use crate::adapters::git::error::{GitError, shortened};
use crate::adapters::git::repo::{Repo, id};
use crate::adapters::host::files;
use crate::adapters::host::process::{self, BytesExit, ChildEnv, Limits, ProcessError, Talk};
use crate::domain::coverage::base::Sha;

impl Repo {
    /// The folder of a private repository, which may not be there yet.
    pub(super) fn private(&self, place: Place) -> Utf8PathBuf {
        let root = Utf8PathBuf::from(self.scratch.path().to_string_lossy().into_owned());
        root.join(place.folder())
    }

    /// Makes a private repository, the first time that it is needed.
    pub(super) async fn make(&self, place: Place) -> Result<(), GitError> {
        let cell = match place {
            Place::Checkout => return Ok(()),
            Place::Objects => &self.made[0],
            Place::History => &self.made[1],
            Place::Baseline => &self.made[2],
        };
        cell.get_or_try_init(|| self.init(place)).await.map(|_| ())
    }

    async fn init(&self, place: Place) -> Result<Utf8PathBuf, GitError> {
        let folder = self.private(place);
        let format = format!("--object-format={}", self.format);
        let args = ["init", "--quiet", "--bare", "--template=", &format, folder.as_str()];
        self.answer(self.git(place, &args)).await?;
        if place == Place::Baseline {
            return Ok(folder);
        }
        self.share_shallow(place)?;
        if self.partial {
            let git = self.git(place, &["config", "extensions.partialClone", "origin"]);
            self.answer(git).await?;
            let git = self.git(place, &["config", "core.repositoryFormatVersion", "1"]);
            self.answer(git).await?;
        }
        Ok(folder)
    }

    /// Tells a private repository which commits the checkout has without their parents. Only then may it offer the server
    /// what the checkout has: else the server would leave out what is below.
    fn share_shallow(&self, place: Place) -> Result<(), GitError> {
        if let Some(text) = files::read_optional(&self.shallow)? {
            files::write_atomic(&self.private(place).join("shallow"), text.as_bytes(), 0o600)?;
        }
        Ok(())
    }

    /// The commits that a repository has without their parents.
    pub(super) fn shallow(&self, place: Place) -> Result<Vec<Sha>, GitError> {
        let file = match place {
            Place::Checkout => self.shallow.clone(),
            place => self.private(place).join("shallow"),
        };
        let text = files::read_optional(&file)?.unwrap_or_default();
        text.lines().map(id).collect()
    }

    /// A local command.
    pub(super) fn git<'a>(&self, place: Place, args: &[&str]) -> Git<'a> {
        if place == Place::Checkout {
            return Git::new(self.checkout.clone(), args).within(&self.top);
        }
        let mut settings = ours();
        settings.push(("core.attributesFile".to_owned(), "/dev/null".to_owned()));
        if self.partial
            && let Some(remote) = &self.remote
        {
            // What the checkout left on the server is fetched when it is read.
            settings.extend(remote.settings());
            settings.push(("remote.origin.promisor".to_owned(), "true".to_owned()));
            settings.push(("remote.origin.partialclonefilter".to_owned(), "blob:none".to_owned()));
        }
        let mut env = self.private_env(place);
        if !self.partial {
            // Git 2.31 does not know `GIT_CONFIG_GLOBAL`.
            env = env.with("HOME", "/dev/null").without("XDG_CONFIG_HOME");
        }
        let env = by_environment(env, &settings)
            .with("GIT_CONFIG_NOSYSTEM", "1")
            .with("GIT_CONFIG_GLOBAL", "/dev/null")
            .with("GIT_ATTR_NOSYSTEM", "1");
        Git::new(env, args)
    }

    /// A command that asks the server.
    pub(super) fn asking<'a>(&self, place: Place, args: &[&str]) -> Result<Git<'a>, GitError> {
        let Some(remote) = &self.remote else {
            return Err(GitError::Refused {
                what: format!("{} has no remote `origin` to fetch from", self.top),
                help: "add it by `git remote add origin <address>`, or fetch what is missing"
                    .into(),
            });
        };
        let mut settings = ours();
        settings.extend(remote.settings());
        for (key, value) in [("fetch.recurseSubmodules", "false"), ("push.gpgSign", "false")] {
            settings.push((key.to_owned(), value.to_owned()));
        }
        let env = by_environment(self.private_env(place), &settings);
        Ok(Git::new(env, args).asking())
    }

    fn private_env(&self, place: Place) -> ChildEnv {
        let folder = self.private(place);
        let env = base_env(self.env.clone()).with("GIT_DIR", folder.as_str());
        if place == Place::Baseline {
            return env;
        }
        env.with("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(self.objects.as_str()))
    }

    /// Runs it; how it ended is the caller's to judge.
    pub(super) async fn run(&self, git: Git<'_>) -> Result<BytesExit, GitError> {
        let limits = Limits { timeout: git.limit, cancel: &self.cancel };
        let talk = Talk { stdin: git.stdin, kept: git.kept };
        Ok(process::capture_bytes(&git.command, limits, talk).await?)
    }

    /// Runs it; anything but success is an error.
    pub(super) async fn answer(&self, git: Git<'_>) -> Result<Vec<u8>, GitError> {
        let shown = git.command.shown();
        let exit = self.run(git).await?;
        if exit.code == 0 { Ok(exit.stdout) } else { Err(failed(shown, (exit.code, &exit.tail))) }
    }

    /// As [`Self::answer`], as one line of text.
    pub(super) async fn line(&self, git: Git<'_>) -> Result<String, GitError> {
        let bytes = self.answer(git).await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// Runs it and hands on its output piece by piece.
    pub(super) async fn pour(
        &self,
        git: Git<'_>,
        into: &mut dyn FnMut(&[u8]),
    ) -> Result<(), GitError> {
        let limits = Limits { timeout: git.limit, cancel: &self.cancel };
        let exit = process::stream(&git.command, limits, into).await?;
        let shown = || git.command.shown();
        if exit.code == 0 { Ok(()) } else { Err(failed(shown(), (exit.code, &exit.tail))) }
    }

    /// Runs a command that asks the server; `what` says for what.
    pub(super) async fn ask(&self, git: Git<'_>, what: String) -> Result<BytesExit, GitError> {
        match self.run(git).await {
            Ok(exit) if exit.code == 0 => Ok(exit),
            Ok(exit) => Err(GitError::of_server(what, &exit.tail)),
            Err(GitError::Process(ProcessError::TimedOut { limit, .. })) => {
                let why = format!("no answer within {} s", limit.as_secs());
                Err(GitError::Unavailable { what, why })
            }
            Err(error) => Err(error),
        }
    }
}

fn failed(shown: String, exit: (i32, &str)) -> GitError {
    GitError::Failed { shown, code: exit.0, why: shortened(exit.1) }
}
