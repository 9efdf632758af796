//! How two commits stand to each other.

use serde::Deserialize;

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::errors::Error;
use crate::domain::incident::descent::Descent;
use crate::domain::repository::Repository;

#[derive(Deserialize)]
struct Told {
    status: Option<String>,
}

/// How `later` stands to `earlier`; both are commits or branches.
pub async fn descent(
    operation: &Operation<'_>,
    repository: &Repository,
    (earlier, later): (&str, &str),
) -> Result<Descent, Error> {
    let both = format!("{earlier}...{later}");
    let path = ["repos", repository.owner(), repository.name(), "compare", &both];
    // Only the verdict is wanted: one commit is enough of a page.
    let url = operation.client().url(&path, &[("per_page", "1")]);
    let call = Call::get(format!("compare {both} in {repository}"), url);
    match operation.get::<Told>(&call).await {
        Ok(told) => Ok(Descent::of(told.status.as_deref().unwrap_or_default())),
        Err(Error::NotFound { .. }) => Ok(Descent::Unknown),
        Err(error) => Err(error),
    }
}
