//! Files of a repository, at a commit or on its default branch.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;

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
    let call = asking(operation, repository, path, &[("ref", commit)]);
    let told: Told = operation.get(&call).await?;
    match told.encoding.as_deref() {
        Some("base64") => Ok(String::from_utf8_lossy(&told.unpacked(&call)?).into_owned()),
        _ => Ok(String::new()),
    }
}

/// The bytes of a file on the default branch, at most so many: what a pull request or another branch has there does not
/// count.
pub async fn of_default_branch(
    operation: &Operation<'_>,
    repository: &Repository,
    (path, most): (&str, u64),
) -> Result<Vec<u8>, Error> {
    let call = asking(operation, repository, path, &[]);
    let told: Value = operation.get(&call).await?;
    let unusable = |why: String| Error::Unusable { what: call.what.clone(), why };
    let kind = told.get("type").and_then(Value::as_str);
    if let Some(kind) = kind.filter(|kind| *kind != "file") {
        return Err(unusable(format!("it is no file but a {kind}")));
    }
    let Some(size) = told.get("size").and_then(Value::as_u64) else {
        // A list of what is in it.
        return Err(unusable("it is no file but a folder".to_owned()));
    };
    if size > most {
        return Err(unusable(format!("it has {size} bytes, at most {most} are taken")));
    }
    let told: Told = serde_json::from_value(told).map_err(|error| unusable(error.to_string()))?;
    told.unpacked(&call)
}

impl Told {
    fn unpacked(self, call: &Call) -> Result<Vec<u8>, Error> {
        let mut packed = self.content.unwrap_or_default();
        packed.retain(|c| !c.is_ascii_whitespace());
        let unusable = |why: String| Error::Unusable { what: call.what.clone(), why };
        BASE64_STANDARD.decode(packed).map_err(|error| unusable(error.to_string()))
    }
}

fn asking(
    operation: &Operation<'_>,
    repository: &Repository,
    path: &str,
    query: &[(&str, &str)],
) -> Call {
    let (owner, name) = (repository.owner(), repository.name());
    let segments: Vec<&str> =
        ["repos", owner, name, "contents"].into_iter().chain(path.split('/')).collect();
    let url = operation.client().url(&segments, query);
    Call::get(format!("read {path} of {repository}"), url)
}
