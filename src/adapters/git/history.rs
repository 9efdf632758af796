//! Commits and how they follow one another, also in a shallow clone: what is missing is fetched into private
//! repositories. `.git/shallow` of the checkout is read, never written.

use crate::adapters::git::command::Place;
use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::{Repo, id};
use crate::domain::coverage::base::Sha;

/// How far down a shallow history is fetched, step by step; the last step is all of it.
const DEPTHS: [Option<u32>; 4] = [Some(50), Some(200), Some(1_000), None];

/// The depth that git takes for all.
const ALL: u32 = 2_147_483_647;

/// Flags of each fetch: nothing is written but objects.
const FETCH: [&str; 6] = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--force",
];

/// A ref of a private repository that a branch of the server is fetched to.
const POINT: &str = "refs/mta/point";

impl Repo {
    /// The tree of a commit. One that the checkout does not have is fetched, alone.
    pub async fn tree_of(&self, commit: &Sha) -> Result<Sha, GitError> {
        self.make(Place::Objects).await?;
        if let Some(tree) = self.known_tree(commit).await? {
            return Ok(tree);
        }
        let args = [&FETCH[..], &["--depth=1", "origin", commit.as_str()]].concat();
        let what = format!("the commit {commit} could not be fetched from {}", self.server());
        self.ask(self.asking(Place::Objects, &args)?, what).await?;
        let missing = || GitError::Unreadable(format!("the server sent no commit {commit}"));
        self.known_tree(commit).await?.ok_or_else(missing)
    }

    /// The tree of a commit, if both are here.
    async fn known_tree(&self, commit: &Sha) -> Result<Option<Sha>, GitError> {
        let question = format!("{commit}^{{tree}}\n");
        let git = self.git(Place::Objects, &["cat-file", "--batch-check"]);
        let said = self.line(git.told(question.as_bytes())).await?;
        match said.split_once(" tree ") {
            Some((tree, _)) => id(tree).map(Some),
            None => Ok(None),
        }
    }

    /// The commit that a name stands for in the checkout, as its user would type it.
    pub(super) async fn known_name(&self, name: &str) -> Result<Option<Sha>, GitError> {
        let name = format!("{name}^{{commit}}");
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
        let exit = self.run(self.git(Place::Checkout, &args)).await?;
        let text = String::from_utf8_lossy(&exit.stdout);
        if exit.code == 0 { id(&text).map(Some) } else { Ok(None) }
    }

    /// The tip of a branch or tag of the server.
    pub(super) async fn server_ref(&self, name: &str) -> Result<Sha, GitError> {
        self.make(Place::History).await?;
        let spec = format!("+{name}:{POINT}");
        let depth = self.depth(1)?;
        let args = [&FETCH[..], &["--filter=tree:0", &depth, "origin", &spec]].concat();
        let what = format!("{name} could not be fetched from {}", self.server());
        self.ask(self.asking(Place::History, &args)?, what).await?;
        let point = format!("{POINT}^{{commit}}");
        id(&self.line(self.git(Place::History, &["rev-parse", "--verify", &point])).await?)
    }

    /// The best common ancestor of two commits; `None` if they have none.
    pub async fn merge_base(&self, one: &Sha, other: &Sha) -> Result<Option<Sha>, GitError> {
        self.make(Place::History).await?;
        if let Some(found) = self.sure_merge_base(one, other).await? {
            return Ok(Some(found));
        }
        let shallow = self.is_shallow()?;
        if !shallow && self.has(one).await? && self.has(other).await? {
            return Ok(None);
        }
        for depth in DEPTHS {
            self.deepen([one, other], depth).await?;
            let found = self.sure_merge_base(one, other).await?;
            if found.is_some() || !shallow {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether the commit that is checked out comes before another one, as far as the checkout itself can tell: `false`
    /// too where it does not have that one. Nothing is fetched: a checkout that leaves objects on its server (`--filter`)
    /// would ask it for what it lacks, and is not asked.
    pub async fn head_is_before(&self, other: &Sha) -> Result<bool, GitError> {
        let head = &self.head().sha;
        if self.partial || head == other {
            return Ok(false);
        }
        let args = ["merge-base", "--is-ancestor", head.as_str(), other.as_str()];
        Ok(self.run(self.git(Place::Checkout, &args)).await?.code == 0)
    }

    /// The merge base as far as the history is here, if what is missing of it cannot change the answer: each commit whose
    /// parents are missing is an ancestor of it.
    async fn sure_merge_base(&self, one: &Sha, other: &Sha) -> Result<Option<Sha>, GitError> {
        let args = ["merge-base", one.as_str(), other.as_str()];
        let exit = self.run(self.git(Place::History, &args)).await?;
        if exit.code != 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&exit.stdout);
        let found = id(text.lines().next().unwrap_or_default())?;
        let shallow = self.shallow(Place::History)?;
        if shallow.is_empty() {
            return Ok(Some(found));
        }
        let not = format!("^{found}");
        let args = ["rev-list", "--max-parents=0", one.as_str(), other.as_str(), &not];
        let ends = self.line(self.git(Place::History, &args)).await?;
        let open = ends.lines().any(|end| shallow.iter().any(|sha| sha.as_str() == end));
        Ok((!open).then_some(found))
    }

    /// Fetches the history of two commits down to a depth. Of what the checkout has, it is continued from where the
    /// checkout ends: its own commits need not be on the server.
    async fn deepen(&self, of: [&Sha; 2], depth: Option<u32>) -> Result<(), GitError> {
        let mut wanted = self.shallow(Place::Checkout)?;
        for commit in of {
            if !self.has(commit).await? {
                wanted.push(commit.clone());
            }
        }
        if wanted.is_empty() {
            wanted.extend(of.map(Clone::clone));
        }
        let depth = self.depth(depth.unwrap_or(ALL))?;
        let list: String = wanted.iter().map(|sha| format!("{sha}\n")).collect();
        let args = [&FETCH[..], &["--filter=tree:0", &depth, "--stdin", "origin"]].concat();
        let [one, other] = of.map(Sha::short);
        let server = self.server();
        let what = format!("the history of {one} and {other} could not be fetched from {server}");
        let git = self.asking(Place::History, &args)?.told(list.as_bytes());
        self.ask(git, what).await.map(|_| ())
    }

    /// A commit and its first parents, newest first, at most `count` in all; fewer only where the history ends.
    pub async fn first_parents(&self, commit: &Sha, count: u32) -> Result<Vec<Sha>, GitError> {
        self.make(Place::History).await?;
        if self.has(commit).await? {
            let line = self.first_parent_line(commit, count).await?;
            let shallow = self.shallow(Place::History)?;
            let whole = line.len() >= usize::try_from(count).unwrap_or(usize::MAX);
            if whole || line.last().is_none_or(|last| !shallow.contains(last)) {
                return Ok(line);
            }
        }
        let depth = self.depth(count)?;
        let args = [&FETCH[..], &["--filter=tree:0", &depth, "origin", commit.as_str()]].concat();
        let server = self.server();
        let what = format!("the history of {commit} could not be fetched from {server}");
        self.ask(self.asking(Place::History, &args)?, what).await?;
        self.first_parent_line(commit, count).await
    }

    async fn first_parent_line(&self, commit: &Sha, count: u32) -> Result<Vec<Sha>, GitError> {
        let count = format!("--max-count={count}");
        let args = ["rev-list", "--first-parent", &count, commit.as_str()];
        let text = self.line(self.git(Place::History, &args)).await?;
        text.lines().map(id).collect()
    }

    /// Whether the history has a commit.
    async fn has(&self, commit: &Sha) -> Result<bool, GitError> {
        let name = format!("{commit}^{{commit}}");
        let git = self.git(Place::History, &["cat-file", "-e", &name]);
        Ok(self.run(git).await?.code == 0)
    }

    /// The flag for a depth. A checkout that is whole stays whole: what it lacks is little.
    fn depth(&self, depth: u32) -> Result<String, GitError> {
        let shallow = self.is_shallow()?;
        Ok(if shallow { format!("--depth={depth}") } else { "--no-show-forced-updates".to_owned() })
    }

    pub(super) fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(!self.shallow(Place::Checkout)?.is_empty())
    }

    fn server(&self) -> String {
        self.remote_shown().unwrap_or_else(|| "the remote".to_owned())
    }
}
