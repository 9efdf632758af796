//! The green runs around the run: a newer one, which makes an issue needless, and the last one before it, since which
//! something was broken.

use std::time::Duration;

use crate::actions::World;
use crate::adapters::github::client::Operation;
use crate::adapters::github::compare;
use crate::adapters::github::errors::Error;
use crate::adapters::github::runs::{self, Which};
use crate::domain::event::Event;
use crate::domain::incident::jobs::stages;
use crate::domain::incident::memory::Seen;
use crate::domain::incident::news::News;
use crate::domain::incident::run::Run;
use crate::domain::incident::suspects::Suspects;
use crate::domain::redact::Redactor;
use crate::domain::repository::Repository;

/// How long asking may take: the issue matters more.
const TIME: Duration = Duration::from_secs(10);

/// What is known of the green runs around a run.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// What the newest green run says that came after it.
    pub newer: Option<News>,
    /// The commits since the last green run before it.
    pub suspects: Option<Suspects>,
}

/// Asks. What cannot be read is left out, and keeps no issue from being opened.
pub async fn ask(
    world: World<'_>,
    operation: &Operation<'_>,
    (repository, run): (&Repository, &Run),
) -> Around {
    let operation = &operation.client().operation_within(TIME);
    let left_out = |error: Error| world.events.emit(Event::Note(format!("left out: {error}")));
    let green = match runs::recent(operation, repository, (run, Which::Green)).await {
        Ok(green) => green,
        Err(error) => {
            left_out(error);
            return Around::default();
        }
    };
    let newer = newer(operation, repository, (run, &green)).await.map_err(left_out).ok().flatten();
    let suspects = suspects(world, operation, (repository, run), &green).await;
    Around { newer, suspects: suspects.map_err(left_out).ok().flatten() }
}

async fn newer(
    operation: &Operation<'_>,
    repository: &Repository,
    (run, green): (&Run, &[Run]),
) -> Result<Option<News>, Error> {
    let newer =
        green.iter().filter(|other| run.is_overtaken_by(other)).max_by_key(|one| one.place());
    let Some(newer) = newer else { return Ok(None) };
    let jobs = runs::jobs(operation, repository, newer, "").await?;
    let seen = Seen::new(newer, jiff::Timestamp::now());
    // All of it succeeded: what failed in it may fail.
    Ok(Some(News::of(newer, seen, &stages(&jobs, |_| true), None)))
}

async fn suspects(
    world: World<'_>,
    operation: &Operation<'_>,
    (repository, run): (&Repository, &Run),
    green: &[Run],
) -> Result<Option<Suspects>, Error> {
    let last = green.iter().filter(|other| run.comes_after(other)).max_by_key(|one| one.place());
    let Some(last) = last.filter(|last| last.sha != run.sha) else { return Ok(None) };
    let Ok(redactor) = Redactor::new() else { return Ok(None) };
    let hide = |text: &str| world.events.harmless(&redactor.hide(text)).join(" ");
    let (commits, total) = compare::commits(operation, repository, (&last.sha, &run.sha)).await?;
    Ok(Suspects::of(&last.sha, (&commits, total), hide))
}
