//! A checkout that is read, with private repositories beside it for what it lacks.

use camino::{Utf8Path, Utf8PathBuf};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::adapters::git::command::{Git, checkout_env};
use crate::adapters::git::error::{GitError, shortened};
use crate::adapters::git::remote::{Credentials, Remote, Settings};
use crate::adapters::host::files::{self, FileKind};
use crate::adapters::host::process::{self, ChildEnv, Limits};
use crate::domain::coverage::base::{Head, Sha};

/// The oldest git that takes settings by the environment.
const OLDEST: (u32, u32) = (2, 31);

/// With what a checkout is opened.
#[derive(Clone, Debug)]
pub struct Access {
    /// What git may know of our environment.
    pub env: ChildEnv,
    /// Ends whatever runs.
    pub cancel: CancellationToken,
    /// For the server of the repository; without, git asks as it would for the user.
    pub credentials: Option<Credentials>,
}

/// A checkout. Dropped, its private repositories are gone.
#[derive(Debug)]
pub struct Repo {
    /// The top folder.
    pub(super) top: Utf8PathBuf,
    /// Its objects.
    pub(super) objects: Utf8PathBuf,
    /// Its index.
    pub(super) index: Utf8PathBuf,
    /// Its list of commits whose parents it does not have.
    pub(super) shallow: Utf8PathBuf,
    /// Whether it left files on the server (`--filter`).
    pub(super) partial: bool,
    pub(super) remote: Option<Remote>,
    pub(super) env: ChildEnv,
    /// The environment of commands in the checkout.
    pub(super) checkout: ChildEnv,
    pub(super) cancel: CancellationToken,
    pub(super) format: String,
    head: Head,
    head_tree: Sha,
    pub(super) scratch: tempfile::TempDir,
    pub(super) made: [OnceCell<Utf8PathBuf>; 3],
}

impl Repo {
    /// Opens the checkout that holds `folder`.
    pub async fn open(folder: &Utf8Path, access: Access) -> Result<Self, GitError> {
        let folder = files::canonical(folder)?;
        let (git_env, top) = discovered(&access.env, &folder)?;
        let ask = |args: &[&str]| Git::new(git_env.clone(), args).within(&folder);
        let cancel = &access.cancel;
        let (version, places, settings, commit) = tokio::join!(
            said(ask(&["version"]), cancel),
            said(ask(&PLACES), cancel),
            said(ask(&["config", "--local", "--includes", "-z", "--list"]), cancel),
            said(ask(&["cat-file", "commit", "HEAD"]), cancel),
        );
        check_version(&version?.1)?;
        let places = match places? {
            (0, out, _) => out,
            (_, _, why) => return Err(unreadable(&top, &why)),
        };
        let places = places.lines().collect::<Vec<_>>();
        let [top, objects, index, shallow, format, head, tree] = places[..] else {
            return Err(GitError::Unreadable(format!("git says no paths for {top}: {places:?}")));
        };
        let settings = settings_of(&settings?.1);
        let scratch = tempfile::Builder::new().prefix("mta-git-").tempdir()?;
        Ok(Self {
            top: top.into(),
            objects: objects.into(),
            index: index.into(),
            shallow: shallow.into(),
            partial: settings.iter().any(|(key, _)| is_partial(key)),
            remote: Remote::of(&settings, top, access.credentials.as_ref()),
            env: access.env,
            checkout: git_env,
            cancel: access.cancel,
            format: format.to_owned(),
            head: Head { sha: id(head)?, parents: parents(&commit?.1)? },
            head_tree: id(tree)?,
            scratch,
            made: [const { OnceCell::const_new() }; 3],
        })
    }

    /// The top folder of the checkout.
    pub fn top(&self) -> &Utf8Path {
        &self.top
    }

    /// The commit that is checked out.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Its tree.
    pub const fn head_tree(&self) -> &Sha {
        &self.head_tree
    }

    /// The address of `origin` without credentials, for messages.
    pub fn remote_shown(&self) -> Option<String> {
        self.remote.as_ref().map(Remote::shown)
    }
}

const PLACES: [&str; 12] = [
    "rev-parse",
    "--path-format=absolute",
    "--show-toplevel",
    "--git-path",
    "objects",
    "--git-path",
    "index",
    "--git-path",
    "shallow",
    "--show-object-format",
    "HEAD^{commit}",
    "HEAD^{tree}",
];

/// The environment of commands in the checkout that holds a folder, and its top as far as it can be seen.
///
/// Where `.git` is a folder git is told so: it then reads a checkout of another user too, in versions that do not take
/// `safe.directory` from the environment.
pub(super) fn discovered(
    env: &ChildEnv,
    folder: &Utf8Path,
) -> Result<(ChildEnv, Utf8PathBuf), GitError> {
    for top in folder.ancestors() {
        let git = top.join(".git");
        let kind = files::kind(&git)?;
        let env = checkout_env(env.clone(), top.as_str());
        match kind {
            Some(FileKind::Folder) => {
                let env = env.with("GIT_DIR", git.as_str()).with("GIT_WORK_TREE", top.as_str());
                return Ok((env, top.to_owned()));
            }
            Some(_) => return Ok((env, top.to_owned())),
            None => {}
        }
    }
    Ok((checkout_env(env.clone(), folder.as_str()), folder.to_owned()))
}

async fn said(git: Git<'_>, cancel: &CancellationToken) -> Result<(i32, String, String), GitError> {
    let limits = Limits { timeout: git.limit, cancel };
    let exit = process::capture(&git.command, limits).await?;
    Ok((exit.code, exit.stdout, exit.tail))
}

fn unreadable(top: &Utf8Path, why: &str) -> GitError {
    let why = if why.contains("HEAD^{commit}") || why.contains("Needed a single revision") {
        "it has no commit yet".to_owned()
    } else {
        shortened(why)
    };
    GitError::NoRepository { path: top.to_string(), why }
}

fn check_version(said: &str) -> Result<(), GitError> {
    let version = said.trim().strip_prefix("git version ").unwrap_or(said.trim());
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(()),
        _ => Err(GitError::TooOld(version.to_owned())),
    }
}

/// The parents as the commit itself names them: a shallow clone hides them from other commands.
fn parents(commit: &str) -> Result<Vec<Sha>, GitError> {
    let header = commit.lines().take_while(|line| !line.is_empty());
    header.filter_map(|line| line.strip_prefix("parent ")).map(id).collect()
}

/// What `git config -z --list` says: `key\nvalue` between NULs; a key alone means true.
fn settings_of(listed: &str) -> Settings {
    let entries = listed.split('\0').filter(|entry| !entry.is_empty());
    let pair = |entry: &str| {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        (key.to_owned(), value.to_owned())
    };
    entries.map(pair).collect()
}

fn is_partial(key: &str) -> bool {
    key == "extensions.partialclone" || (key.starts_with("remote.") && key.ends_with(".promisor"))
}

/// An id that git wrote.
pub(super) fn id(text: &str) -> Result<Sha, GitError> {
    let text = text.trim();
    Sha::parse(text).ok_or_else(|| GitError::Unreadable(format!("git gave {text:?} as an id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (said, fits) in [
            ("git version 2.31.0\n", true),
            ("git version 2.39.5 (Apple Git-154)\n", true),
            ("git version 2.9.5\n", false),
            ("git version 2.30.2\n", false),
            ("git version 3.0.0\n", true),
            ("git version 2.47.GIT\n", true),
            ("something else", false),
        ] {
            assert_eq!(check_version(said).is_ok(), fits, "{said}");
        }
    }

    #[test]
    fn parents_are_in_the_header_only() {
        let (one, two) = ("a".repeat(40), "b".repeat(40));
        let commit = format!("tree {one}\nparent {one}\nparent {two}\nauthor x\n\nparent {one}\n");
        assert_eq!(parents(&commit).unwrap(), [id(&one).unwrap(), id(&two).unwrap()]);
        assert_eq!(parents("tree x\n\nparent y\n").unwrap(), []);
        assert!(parents("parent y\n").is_err());
    }

    #[test]
    fn settings_keep_values_with_line_ends_and_keys_without_value() {
        let settings = settings_of("a.b\nx\ny\0remote.o.promisor\0");
        assert_eq!(settings[0], ("a.b".to_owned(), "x\ny".to_owned()));
        assert_eq!(settings[1], ("remote.o.promisor".to_owned(), "true".to_owned()));
        assert!(is_partial(&settings[1].0) && !is_partial(&settings[0].0));
    }
}
