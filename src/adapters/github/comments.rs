//! Comments on issues and pull requests; above all the sticky one, which is found again and changed in place.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::adapters::github::client::{Call, Client, Operation};
use crate::adapters::github::creation::{Made, create_once};
use crate::adapters::github::errors::Error;
use crate::adapters::github::pages;
use crate::domain::repository::Repository;
use crate::domain::sticky::{self, Author, Comment, LONGEST_BODY, Marker};

/// Which comment is meant.
#[derive(Clone, Debug)]
pub struct Sticky {
    /// The repository.
    pub repository: Repository,
    /// Number of the issue or pull request.
    pub number: u64,
    /// How it is found again.
    pub marker: Marker,
    /// Whose comment it is.
    pub author: Author,
}

/// What was done with a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// There was none.
    Created,
    /// It has the new text now.
    Updated,
    /// It had that text already; nothing was sent.
    Unchanged,
}

impl Done {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// A comment that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// What was done.
    pub done: Done,
    /// The page of the comment.
    pub url: String,
    /// How many other comments of ours have the same marker. The oldest is the one that is used.
    pub duplicates: usize,
}

/// Puts a text into our comment: changes the oldest one, or creates it. The marker is put in front of the text.
///
/// Two jobs that create one at the same time end with one: who finds an older one afterwards puts the text there and
/// deletes its own. [`Error::NotAllowed`] is what a fork's pull request gets.
pub async fn post(client: &Client<'_>, sticky: &Sticky, text: &str) -> Result<Posted, Error> {
    let body = sticky.marker.on(text);
    let units = sticky::length(&body);
    if units > LONGEST_BODY {
        return Err(Error::TooLong { what: sticky.what("comment on"), units, limit: LONGEST_BODY });
    }
    let operation = client.operation();
    let ours = sticky.list(&operation).await?;
    let Some(oldest) = ours.first() else { return sticky.create(&operation, &body).await };
    match sticky.put(&operation, oldest, &body).await {
        Ok(done) => Ok(Posted { done, url: oldest.url.clone(), duplicates: ours.len() - 1 }),
        // Somebody deleted it since, or the token may not: only the first leaves it out of the list.
        Err(error) if error.refusal().is_some_and(|refusal| refusal.status == 404) => {
            let left = sticky.list(&operation).await?;
            match left.first() {
                None => sticky.create(&operation, &body).await,
                Some(next) if next.id != oldest.id => {
                    let done = sticky.put(&operation, next, &body).await?;
                    Ok(Posted { done, url: next.url.clone(), duplicates: left.len() - 1 })
                }
                Some(_) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// Writes a comment that stays as it is: one that stands there already with this marker is left alone, which is looked up
/// only where an answer was lost. Returns its page.
pub async fn say(operation: &Operation<'_>, sticky: &Sticky, text: &str) -> Result<String, Error> {
    Ok(sticky.make(operation, &sticky.marker.on(text)).await?.into_inner().url)
}

/// The same of one that may have been written since a time: it is looked up before.
pub async fn say_unless_said(
    operation: &Operation<'_>,
    sticky: &Sticky,
    (text, since): (&str, Timestamp),
) -> Result<(), Error> {
    if sticky.list_since(operation, Some(since)).await?.is_empty() {
        say(operation, sticky, text).await?;
    }
    Ok(())
}

/// A comment as the API tells it; anything but the number may be missing.
#[derive(Deserialize)]
struct Told {
    id: u64,
    body: Option<String>,
    user: Option<User>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct User {
    login: Option<String>,
}

impl From<Told> for Comment {
    fn from(told: Told) -> Self {
        Self {
            id: told.id,
            author: told.user.and_then(|user| user.login).unwrap_or_default(),
            body: told.body.unwrap_or_default(),
            url: told.html_url.unwrap_or_default(),
        }
    }
}

impl Sticky {
    fn what(&self, verb: &str) -> String {
        format!("{verb} {}#{}", self.repository, self.number)
    }

    /// Ours, the oldest first.
    async fn list(&self, operation: &Operation<'_>) -> Result<Vec<Comment>, Error> {
        self.list_since(operation, None).await
    }

    /// Those of them that were written or changed since a time.
    async fn list_since(
        &self,
        operation: &Operation<'_>,
        since: Option<Timestamp>,
    ) -> Result<Vec<Comment>, Error> {
        let (owner, name) = (self.repository.owner(), self.repository.name());
        let path = ["repos", owner, name, "issues", &self.number.to_string(), "comments"];
        let since = since.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let mut query = vec![("per_page", "100")];
        query.extend(since.as_deref().map(|at| ("since", at)));
        let url = operation.client().url(&path, &query);
        let keep = |told: Told| {
            let comment = Comment::from(told);
            let is_ours = sticky::ours(std::slice::from_ref(&comment), &self.marker, &self.author);
            (!is_ours.is_empty()).then_some(comment)
        };
        let call = Call::get(self.what("list the comments of"), url);
        let mut ours = pages::list(operation, call, keep).await?;
        ours.sort_by_key(|comment| comment.id);
        Ok(ours)
    }

    /// Makes a comment; one that is found after a lost answer may be another job's.
    async fn make(&self, operation: &Operation<'_>, body: &str) -> Result<Made<Comment>, Error> {
        let (owner, name) = (self.repository.owner(), self.repository.name());
        let path = ["repos", owner, name, "issues", &self.number.to_string(), "comments"];
        let url = operation.client().url(&path, &[]);
        let call = Call::create(self.what("comment on"), url, &json!({ "body": body })).notifying();
        create_once(
            operation,
            &call,
            |answer| answer.json::<Told>(&call).ok().map(Comment::from),
            async || Ok(self.list(operation).await?.into_iter().next()),
        )
        .await
    }

    async fn create(&self, operation: &Operation<'_>, body: &str) -> Result<Posted, Error> {
        match self.make(operation, body).await? {
            Made::Created(created) => self.settle(operation, created, body).await,
            // The oldest may be another job's: it gets our text.
            Made::Found(found) => {
                let duplicates = self.list(operation).await?.len().saturating_sub(1);
                let done = match self.put(operation, &found, body).await? {
                    Done::Unchanged => Done::Created,
                    done => done,
                };
                Ok(Posted { done, url: found.url, duplicates })
            }
        }
    }

    /// After a creation: where another job was earlier, its comment gets our text, and ours goes.
    async fn settle(
        &self,
        operation: &Operation<'_>,
        created: Comment,
        body: &str,
    ) -> Result<Posted, Error> {
        // Ours is there: what fails from here on leaves a duplicate at worst.
        let ours = self.list(operation).await.unwrap_or_default();
        let duplicates = ours.iter().filter(|other| other.id != created.id).count();
        let stays = Posted { done: Done::Created, url: created.url.clone(), duplicates };
        let Some(oldest) = ours.first().filter(|oldest| oldest.id < created.id) else {
            return Ok(stays);
        };
        if self.put(operation, oldest, body).await.is_err() {
            return Ok(stays);
        }
        let what = self.what("delete our second comment on");
        let call = Call::delete(what, self.url(operation, created.id));
        let is_left = operation.send(&call).await.is_err();
        let duplicates = duplicates - usize::from(!is_left);
        Ok(Posted { done: Done::Updated, url: oldest.url.clone(), duplicates })
    }

    /// Gives a comment a text, if it has another.
    async fn put(
        &self,
        operation: &Operation<'_>,
        comment: &Comment,
        body: &str,
    ) -> Result<Done, Error> {
        if sticky::is_same(&comment.body, body) {
            return Ok(Done::Unchanged);
        }
        let what = self.what("update our comment on");
        let call = Call::patch(what, self.url(operation, comment.id), &json!({ "body": body }));
        operation.send(&call).await?;
        Ok(Done::Updated)
    }

    fn url(&self, operation: &Operation<'_>, id: u64) -> reqwest::Url {
        let (owner, name) = (self.repository.owner(), self.repository.name());
        let path = ["repos", owner, name, "issues", "comments", &id.to_string()];
        operation.client().url(&path, &[])
    }
}
