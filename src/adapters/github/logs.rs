//! Logs of jobs.

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::errors::Error;
use crate::domain::incident::log::{Beginning, TAIL};
use crate::domain::repository::Repository;

/// The end of a job's log. GitHub answers with the address of a file on another server, which is read without the token.
///
/// A job that still runs has no log yet (404), and an old one none any more (410).
pub async fn end(
    operation: &Operation<'_>,
    repository: &Repository,
    job: u64,
) -> Result<(Vec<u8>, Beginning), Error> {
    let (owner, name) = (repository.owner(), repository.name());
    let path = ["repos", owner, name, "actions", "jobs", &job.to_string(), "logs"];
    let url = operation.client().url(&path, &[]);
    let call = Call::end_of(format!("read the log of the job {job} of {repository}"), url, TAIL);
    let answer = operation.send(&call).await?;
    let beginning = if answer.is_cut { Beginning::CutOff } else { Beginning::Whole };
    Ok((answer.body, beginning))
}
