//! The templates in a file of the repository. They are those of the default branch: neither a pull request nor another
//! branch can change what is written, and nothing has to be checked out.

use std::time::Duration;

use crate::actions::World;
use crate::actions::create_failure_issue::gather::default_branch;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::actions::steps::github;
use crate::adapters::github::client::Operation;
use crate::adapters::github::contents;
use crate::adapters::github::errors::Error;
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::repository::Repository;
use crate::failure::{Failure, Outcome};
use crate::report::incident::template::file::{LARGEST, Parts};

/// How long asking may take: the issue matters more than its words.
const TIME: Duration = Duration::from_secs(10);

/// It may take one part of so many of the whole time.
const SHARE: u32 = 4;

/// What reading it needs.
const READ_FILES: &str = "contents: read";

/// Asks for the file, if there is one and the inputs leave something for it to say. Where it cannot be used that is told,
/// and there are no templates: an issue in our words is better than none.
pub async fn ask(
    (world, inputs): (World<'_>, &Inputs),
    operation: &Operation<'_>,
    repository: &Repository,
) -> Parts {
    let Parts { title, body, comment } = &inputs.words;
    let has_all = title.is_some() && body.is_some() && comment.is_some();
    let Some(path) = inputs.template.as_ref().filter(|_| !has_all) else { return Parts::default() };
    let branch = default_branch(world)
        .map_or_else(|| "the default branch".to_owned(), |name| format!("`{name}`"));
    let unused = |why: String, help: &str| {
        Failure::new(Outcome::Failed, format!("`{path}` on {branch}"))
            .why(why)
            .help(format!("{help}; the built-in text was used"))
    };
    let operation = &operation.client().operation_within(TIME.min(inputs.timeout / SHARE));
    let of = (path.as_str(), u64::try_from(LARGEST).unwrap_or(u64::MAX));
    let read = match contents::of_default_branch(operation, repository, of).await {
        Ok(bytes) => Parts::read(&bytes).map_err(|why| unused(why, "change the file")),
        Err(error) => {
            let help = match &error {
                // GitHub says "not found" of what a token may not see, too.
                Error::NotFound { .. } => format!(
                    "correct `template`, or put the file there; if it is, add `{READ_FILES}` under `permissions:` of \
                     the job"
                ),
                Error::Unusable { .. } => "give a file of at most 64 KiB in `template`".to_owned(),
                error => github::help(error, READ_FILES),
            };
            Err(unused(error.to_string(), &help))
        }
    };
    read.unwrap_or_else(|failure| {
        world.events.emit(Event::Annotated(Annotation {
            level: Level::Warning,
            title: "create-failure-issue: the template was not used".to_owned(),
            message: failure.to_string(),
            place: None,
        }));
        Parts::default()
    })
}
