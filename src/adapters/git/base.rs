//! Carries out the plan of [`crate::domain::coverage::base`]: finds the commit that a change is compared with, and
//! fetches what the checkout lacks of it.

use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::Repo;
use crate::domain::coverage::base::{Inside, Plan, Point, Sha};

/// What a change is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The commit.
    pub commit: Sha,
    /// Its tree, which is here now.
    pub tree: Sha,
    /// What it is, for reports: "1a2b3c4, the first parent of the merge commit 9f8e7d6".
    pub words: String,
}

/// How a plan ended that could be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is a base.
    Base(Base),
    /// There is no change to judge.
    NoPatch {
        /// Why, as a sentence without its full stop.
        why: String,
    },
}

impl Repo {
    /// Finds the base. A base that cannot be had is an error, [`GitError::Refused`] or [`GitError::Unavailable`].
    pub async fn base(&self, plan: &Plan) -> Result<Found, GitError> {
        match plan {
            Plan::NoPatch { why } => Ok(Found::NoPatch { why: why.clone() }),
            Plan::Exact { sha, words } => self.base_at(sha, words).await,
            Plan::MergeBase { with, why, inside, proposed } => {
                self.with_point(with, why, (*inside, proposed.as_ref())).await
            }
            Plan::Rewritten { before, default_branch, inside } => {
                match self.merge_base(&self.head().sha, before).await {
                    Ok(Some(found)) => self.with_before(before, &found, *inside).await,
                    Ok(None) | Err(GitError::Refused { .. }) => {
                        self.with_default(before, default_branch.as_deref(), *inside).await
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn base_at(&self, commit: &Sha, words: &str) -> Result<Found, GitError> {
        let tree = self.tree_of(commit).await?;
        let words = format!("{}, {words}", commit.short());
        Ok(Found::Base(Base { commit: commit.clone(), tree, words }))
    }

    async fn with_point(
        &self,
        with: &Point,
        why: &str,
        (inside, proposed): (Inside, Option<&Sha>),
    ) -> Result<Found, GitError> {
        let (other, name) = match with {
            Point::Sha(sha) => (sha.clone(), sha.short().to_owned()),
            Point::Branch(name) => (self.branch(name).await?, format!("`{name}`")),
            Point::Typed(name) => (self.typed(name).await?, format!("`{name}`")),
            Point::AnyOf(names) => {
                let Some((sha, name)) = self.any_of(names).await? else {
                    return Err(no_usual_base(names));
                };
                (sha, format!("`{name}`"))
            }
        };
        let Some(found) = self.merge_base(&self.head().sha, &other).await? else {
            let what =
                format!("HEAD ({}) has no ancestor in common with {name}", self.short_head());
            let help = "name another branch by the input `base`".to_owned();
            return Err(GitError::Refused { what, help });
        };
        self.judge(&found, inside, &name)?;
        if let (Some(proposed), Inside::Refuse(help)) = (proposed, inside)
            && (found == *proposed
                || self.merge_base(proposed, &other).await?.as_ref() == Some(proposed))
        {
            let short = proposed.short();
            let what = format!(
                "{name} is no base: it holds the commit {short} that the pull request proposes"
            );
            return Err(GitError::Refused { what, help: help.to_owned() });
        }
        self.base_at(&found, &format!("the merge base with {name} ({why})")).await
    }

    /// Whether the merge base may be HEAD, if it is.
    fn judge(&self, found: &Sha, inside: Inside, name: &str) -> Result<(), GitError> {
        match inside {
            Inside::Refuse(help) if *found == self.head().sha => {
                let what =
                    format!("HEAD ({}) is in the history of {name} already", self.short_head());
                Err(GitError::Refused { what, help: help.to_owned() })
            }
            _ => Ok(()),
        }
    }

    async fn with_before(
        &self,
        before: &Sha,
        found: &Sha,
        inside: Inside,
    ) -> Result<Found, GitError> {
        self.judge(found, inside, before.short())?;
        let words = if found == before {
            "the branch before the push".to_owned()
        } else {
            format!("the merge base with the branch before it was rewritten ({})", before.short())
        };
        self.base_at(found, &words).await
    }

    async fn with_default(
        &self,
        before: &Sha,
        default_branch: Option<&str>,
        inside: Inside,
    ) -> Result<Found, GitError> {
        let Some(default) = default_branch else {
            return Err(GitError::Refused {
                what: format!(
                    "the default branch was rewritten, and its former commit {before} is lost"
                ),
                help:
                    "name what to compare with by the input `base`; the next push is judged again"
                        .to_owned(),
            });
        };
        let why =
            format!("the branch was rewritten, and its former commit {} is lost", before.short());
        self.with_point(&Point::Branch(default.to_owned()), &why, (inside, None)).await
    }

    /// A branch of the server; without a remote, that of the checkout.
    async fn branch(&self, name: &str) -> Result<Sha, GitError> {
        let full = format!("refs/heads/{name}");
        if self.remote.is_some() {
            return self.server_ref(&full).await;
        }
        self.known_name(&full).await?.ok_or_else(|| unknown(name))
    }

    /// What a person typed: as git reads it here, then a branch or tag of the server, then a commit of it.
    async fn typed(&self, name: &str) -> Result<Sha, GitError> {
        if name.is_empty() || name.starts_with('-') || name.chars().any(char::is_control) {
            return Err(unknown(name));
        }
        // A branch before a tag of the same name.
        let local =
            ["refs/heads/", "refs/remotes/origin/", ""].map(|below| format!("{below}{name}"));
        for local in local {
            if let Some(sha) = self.known_name(&local).await? {
                return Ok(sha);
            }
        }
        if let Some(sha) = Sha::parse(name) {
            return Ok(sha);
        }
        if !may_be_ref(name) || self.remote.is_none() {
            return Err(unknown(name));
        }
        for folder in ["refs/heads", "refs/tags"] {
            match self.server_ref(&format!("{folder}/{name}")).await {
                Err(GitError::Refused { .. }) => {}
                answer => return answer,
            }
        }
        Err(unknown(name))
    }

    async fn any_of(&self, names: &[&str]) -> Result<Option<(Sha, String)>, GitError> {
        for name in names {
            if let Some(sha) = self.known_name(name).await? {
                return Ok(Some((sha, (*name).to_owned())));
            }
        }
        Ok(None)
    }

    fn short_head(&self) -> &str {
        self.head().sha.short()
    }
}

/// Whether a name can stand in a refspec.
fn may_be_ref(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || ":~^?*[\\@{".contains(c);
    !name.contains("..") && !name.contains(odd)
}

/// By hand and on other CI no event says what a change is. Without a base it cannot be judged, and that is no pass.
fn no_usual_base(names: &[&str]) -> GitError {
    GitError::Refused {
        what: format!(
            "nothing says what the change is compared with: the checkout has none of {}",
            names.join(", ")
        ),
        help: "name the branch that the change is to go into, such as `--base main`, and let the checkout have its remote \
               `origin` to fetch it from; `--base none` judges the totals alone, on purpose"
            .to_owned(),
    }
}

fn unknown(name: &str) -> GitError {
    GitError::Refused {
        what: format!("neither the checkout nor its remote `origin` knows `{name}`"),
        help: "name a branch, a tag or a whole commit id as base".to_owned(),
    }
}
