//! Pull requests: one by its number, or those of a finished run.

use serde::Deserialize;

use crate::adapters::github::client::{Call, Client, Operation};
use crate::adapters::github::errors::Error;
use crate::adapters::github::pages;
use crate::domain::pull_request::{FinishedRun, PullRequest};
use crate::domain::repository::Repository;

/// A pull request as the API tells it; anything but the number may be missing.
#[derive(Deserialize)]
struct Told {
    number: u64,
    state: Option<String>,
    head: Option<Side>,
    base: Option<Side>,
    html_url: Option<String>,
}

#[derive(Default, Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    branch: Option<String>,
    sha: Option<String>,
    repo: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    full_name: Option<String>,
}

impl Side {
    fn repository(&mut self) -> String {
        self.repo.take().and_then(|repo| repo.full_name).unwrap_or_default()
    }
}

impl From<Told> for PullRequest {
    fn from(told: Told) -> Self {
        let (mut head, mut base) = (told.head.unwrap_or_default(), told.base.unwrap_or_default());
        Self {
            number: told.number,
            is_open: told.state.as_deref() == Some("open"),
            head_repository: head.repository(),
            head_sha: head.sha.unwrap_or_default(),
            base_repository: base.repository(),
            base_ref: base.branch.unwrap_or_default(),
            base_sha: base.sha.unwrap_or_default(),
            url: told.html_url.unwrap_or_default(),
        }
    }
}

/// Asks for a pull request.
pub async fn get(
    client: &Client<'_>,
    repository: &Repository,
    number: u64,
) -> Result<PullRequest, Error> {
    let (owner, name) = (repository.owner(), repository.name());
    let url = client.url(&["repos", owner, name, "pulls", &number.to_string()], &[]);
    let call = Call::get(format!("read the pull request {repository}#{number}"), url);
    let told: Told = client.operation().get(&call).await?;
    Ok(told.into())
}

/// The open pull requests of a repository that a finished run was for: those whose newest commit is the run's.
///
/// GitHub connects a commit with pull requests only within one network of branches, and for forks not always, so the
/// branch is asked for too where that finds nothing.
pub async fn of_run(
    client: &Client<'_>,
    repository: &Repository,
    run: &FinishedRun,
) -> Result<Vec<PullRequest>, Error> {
    let operation = client.operation();
    let (owner, name) = (repository.owner(), repository.name());
    let query = [("per_page", "100")];
    let url = client.url(&["repos", owner, name, "commits", &run.head_sha, "pulls"], &query);
    let found = matching(&operation, repository, (run, url)).await?;
    let Some(head) = run.head_filter().filter(|_| found.is_empty()) else { return Ok(found) };
    let query = [("state", "open"), ("head", head.as_str()), ("per_page", "100")];
    let url = client.url(&["repos", owner, name, "pulls"], &query);
    matching(&operation, repository, (run, url)).await
}

async fn matching(
    operation: &Operation<'_>,
    repository: &Repository,
    (run, url): (&FinishedRun, reqwest::Url),
) -> Result<Vec<PullRequest>, Error> {
    let what = format!("list the pull requests of {} in {repository}", run.head_sha);
    let keep = |told: Told| {
        let pull = PullRequest::from(told);
        run.may_post_on(&pull, repository).is_ok().then_some(pull)
    };
    pages::list(operation, Call::get(what, url), keep).await
}
