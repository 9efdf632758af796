//! Files of a repository at a commit.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::errors::Error;
use crate::domain::repository::Repository;

#[derive(Deserialize)]
struct Told {
    content: Option<String>,
    encoding: Option<String>,
}

/// The text of a file. GitHub sends files up to 1 MiB this way; of a larger one the text is empty.
pub async fn text(
    operation: &Operation<'_>,
    repository: &Repository,
    (path, commit): (&str, &str),
) -> Result<String, Error> {
    let (owner, name) = (repository.owner(), repository.name());
    let segments: Vec<&str> =
        ["repos", owner, name, "contents"].into_iter().chain(path.split('/')).collect();
    let url = operation.client().url(&segments, &[("ref", commit)]);
    let call = Call::get(format!("read {path} of {repository}"), url);
    let told: Told = operation.get(&call).await?;
    let unusable = |why: String| Error::Unusable { what: call.what.clone(), why };
    match told.encoding.as_deref() {
        Some("base64") => {
            let mut packed = told.content.unwrap_or_default();
            packed.retain(|c| !c.is_ascii_whitespace());
            let bytes =
                BASE64_STANDARD.decode(packed).map_err(|error| unusable(error.to_string()))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => Ok(String::new()),
    }
}
