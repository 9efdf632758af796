//! Branches and tags.

use serde::de::IgnoredAny;

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::errors::Error;
use crate::domain::repository::Repository;

/// Whether there is a tag of this name.
pub async fn is_tag(
    operation: &Operation<'_>,
    repository: &Repository,
    name: &str,
) -> Result<bool, Error> {
    let (owner, repo) = (repository.owner(), repository.name());
    let path: Vec<&str> =
        ["repos", owner, repo, "git", "ref", "tags"].into_iter().chain(name.split('/')).collect();
    let url = operation.client().url(&path, &[]);
    // Without the name: it may be a branch's, and anybody may put a secret into one.
    let call = Call::get(format!("look for a tag of the run's name in {repository}"), url);
    match operation.get::<IgnoredAny>(&call).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
