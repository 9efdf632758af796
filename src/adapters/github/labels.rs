//! Labels of an issue, one by one: the others, which people set, are not touched.

use serde_json::json;

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::errors::Error;
use crate::domain::repository::Repository;

/// Sets a label, which GitHub makes where the repository does not have it. One that is there stays.
pub async fn add(
    operation: &Operation<'_>,
    repository: &Repository,
    (number, label): (u64, &str),
) -> Result<(), Error> {
    let what = format!("set the label `{label}` on {repository}#{number}");
    let url = url(operation, repository, number, &[]);
    operation.send(&Call::ensure(what, url, &json!({ "labels": [label] }))).await.map(drop)
}

/// Takes a label off. One that is not there is none to take off.
pub async fn remove(
    operation: &Operation<'_>,
    repository: &Repository,
    (number, label): (u64, &str),
) -> Result<(), Error> {
    let what = format!("take the label `{label}` off {repository}#{number}");
    // An address cannot end with these names, and without one it means all labels.
    if matches!(label, "" | "." | "..") {
        return Err(Error::Unusable {
            what,
            why: "a label of that name has no address".to_owned(),
        });
    }
    let url = url(operation, repository, number, &[label]);
    match operation.send(&Call::delete(what, url)).await {
        Err(Error::NotAllowed { refusal, .. }) if refusal.status == 404 => Ok(()),
        sent => sent.map(drop),
    }
}

fn url(
    operation: &Operation<'_>,
    repository: &Repository,
    number: u64,
    more: &[&str],
) -> reqwest::Url {
    let (owner, name) = (repository.owner(), repository.name());
    let number = number.to_string();
    let path = [&["repos", owner, name, "issues", &number, "labels"], more].concat();
    operation.client().url(&path, &[])
}
