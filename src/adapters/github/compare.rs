//! How two commits stand to each other.

use serde::Deserialize;
use serde_json::Value;

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::errors::Error;
use crate::domain::incident::descent::Descent;
use crate::domain::incident::suspects;
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
    let (earlier, later) = (told(earlier), told(later));
    let call = Call::get(format!("compare {earlier} with {later} in {repository}"), url);
    match operation.get::<Told>(&call).await {
        Ok(told) => Ok(Descent::of(told.status.as_deref().unwrap_or_default())),
        Err(Error::NotFound { .. }) => Ok(Descent::Unknown),
        Err(error) => Err(error),
    }
}

/// Commits that are read.
const COMMITS: &str = "100";

/// How a commit or branch is told of. Anybody may put a secret into the name of a branch.
fn told(name: &str) -> &str {
    let is_commit = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { name } else { "the branch" }
}

#[derive(Deserialize)]
struct Compared {
    #[serde(default)]
    total_commits: u64,
    #[serde(default)]
    commits: Vec<Value>,
}

/// The commits after `earlier` up to `later`, the oldest first, and how many there are in all. Of more than fit into one
/// request the oldest are read.
pub async fn commits(
    operation: &Operation<'_>,
    repository: &Repository,
    (earlier, later): (&str, &str),
) -> Result<(Vec<suspects::Told>, u64), Error> {
    let both = format!("{earlier}...{later}");
    let path = ["repos", repository.owner(), repository.name(), "compare", &both];
    let url = operation.client().url(&path, &[("per_page", COMMITS)]);
    let call = Call::get(format!("list the commits of {both} in {repository}"), url);
    let compared: Compared = operation.get(&call).await?;
    Ok((compared.commits.iter().map(commit).collect(), compared.total_commits))
}

fn commit(told: &Value) -> suspects::Told {
    let text = |at: &str| told.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let login = text("/author/login");
    suspects::Told {
        sha: text("/sha"),
        author: if login.is_empty() { text("/commit/author/name") } else { login },
        message: text("/commit/message"),
    }
}
