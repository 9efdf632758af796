//! GitHub's API for a story: a client for its job, and errors in its words.

use std::time::Duration;

use secrecy::SecretString;

use crate::actions::World;
use crate::actions::steps::http;
use crate::adapters::github::client::{Client, Settings};
use crate::adapters::github::errors::Error;
use crate::failure::{Failure, Outcome};

/// A client of the API for this job.
pub fn client<'a>(world: World<'a>, token: &SecretString) -> Result<Client<'a>, Failure> {
    client_within(world, token, None)
}

/// The same with the time that one operation may take.
pub fn client_within<'a>(
    world: World<'a>,
    token: &SecretString,
    budget: Option<Duration>,
) -> Result<Client<'a>, Failure> {
    let http = http::client()?;
    let mut settings = Settings::new(&world.job.api_url, token.clone(), http::seed());
    settings.budget = budget.unwrap_or(settings.budget);
    Client::new(&http, settings, world.events).map_err(|error| failed(&error, ""))
}

/// What GitHub could not do, as the end of a run. `permission` is what it mostly lacks: `issues: write`.
pub fn failed(error: &Error, permission: &str) -> Failure {
    let outcome = match error {
        Error::NotAllowed { .. }
        | Error::NotFound { .. }
        | Error::TooLong { .. }
        | Error::Withheld { .. } => Outcome::Failed,
        Error::Settings(_) => Outcome::BadInput,
        _ => Outcome::Unavailable,
    };
    Failure::new(outcome, error.to_string()).help(help(error, permission))
}

/// What to do. GitHub itself names the permission that a token lacks, mostly.
pub fn help(error: &Error, permission: &str) -> String {
    error.help().unwrap_or_else(|| match error {
        Error::NotAllowed { .. } | Error::NotFound { .. } => {
            format!("add `{permission}` under `permissions:` of the job")
        }
        Error::Settings(_) => "check `token` and the API's address in `GITHUB_API_URL`".to_owned(),
        Error::Withheld { input, .. } => {
            format!("take the value of `{input}` out of what is shown, and replace that secret: others may have seen it")
        }
        Error::Limited { .. } | Error::Unreachable { .. } | Error::Unknown { .. } => {
            "run it again later: GitHub could not be reached, or asked to wait".to_owned()
        }
        Error::Refused { .. } | Error::Unusable { .. } | Error::TooLong { .. } => {
            "nothing else depends on it; if it happens again, report it with this text".to_owned()
        }
    })
}
