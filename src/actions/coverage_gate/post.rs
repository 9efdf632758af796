//! The story of `mode: post`: a job that `workflow_run` started posts the comment of a fork's run. Whatever that run left
//! was written by a stranger; what GitHub says of the run and of the pull request is believed.

use camino::Utf8PathBuf;

use crate::actions::coverage_gate::publish::{self, marker};
use crate::actions::steps::github;
use crate::actions::{Ending, World};
use crate::adapters::github::{comments, pulls};
use crate::adapters::host::reports;
use crate::domain::event::Event;
use crate::domain::foreign_comment::harmless;
use crate::domain::input::Values;
use crate::domain::pull_request::FinishedRun;
use crate::domain::repository::Repository;
use crate::domain::sticky::{Author, Marker};
use crate::failure::{Failure, Outcome};

/// More than any comment can have, in bytes.
const MOST_BYTES: u64 = 4 * 65_536 + 1;

/// What the reader is told first.
const ORIGIN: &str = "_From a run of a fork: what it measured was not checked here._\n\n";

/// Posts the comment of the run that started this one.
pub async fn run(values: &Values, world: World<'_>) -> Result<Ending, Failure> {
    let job = world.job;
    let run = FinishedRun::of_event(&job.event)
        .filter(|_| job.event_name == "workflow_run")
        .ok_or_else(|| {
            Failure::new(Outcome::BadInput, "`mode: post` needs the event `workflow_run`")
                .why(if job.event_name == "workflow_run" {
                    "its event does not say which commit the run was for".to_owned()
                } else {
                    format!("the event is `{}`", job.event_name)
                })
                .help("use it in a workflow with `on: workflow_run`, as the README shows")
        })?;
    let repository = Repository::parse(&job.repository).ok_or_else(|| {
        Failure::new(Outcome::BadInput, format!("`{}` is no name of a repository", job.repository))
    })?;
    let marker = marker(values.text("name").unwrap_or_default());
    let text = comment_of(values, world, &marker, &run)?;
    let token = values.secret("token").ok_or_else(|| {
        Failure::new(Outcome::BadInput, "there is no token to comment with")
            .help("run it as an action, or give `--token-file`")
    })?;
    let client = github::client(world, token)?;
    let pulls = pulls::of_run(&client, &repository, &run)
        .await
        .map_err(|error| github::failed(&error, publish::PERMISSION))?;
    let mut posted = 0;
    for pull in pulls {
        if let Err(why) = run.may_post_on(&pull, &repository) {
            note(world, format!("not posted on #{}: {why}", pull.number));
            continue;
        }
        let author = Author::Login(values.text("comment-login").unwrap_or_default().to_owned());
        let sticky = comments::Sticky {
            repository: repository.clone(),
            number: pull.number,
            marker: marker.clone(),
            author,
        };
        let done = comments::post(&client, &sticky, &text)
            .await
            .map_err(|error| github::failed(&error, publish::PERMISSION))?;
        note(world, format!("{}: {}", done.done.word(), done.url));
        posted += 1;
    }
    if posted == 0 {
        note(world, format!("no open pull request has the commit {} as its newest", run.head_sha));
    }
    Ok(Ending::new(Outcome::Done))
}

/// The comment that the run left, harmless.
fn comment_of(
    values: &Values,
    world: World<'_>,
    marker: &Marker,
    run: &FinishedRun,
) -> Result<String, Failure> {
    let folder = values.path("comment-from").ok_or_else(|| {
        Failure::new(Outcome::BadInput, "`mode: post` needs `comment-from`")
            .help("name the folder into which `actions/download-artifact` put the run's files")
    })?;
    let path: Utf8PathBuf = world.job.workspace.join(folder).join("comment.md");
    let refused = |why: String| {
        Failure::new(Outcome::Failed, format!("{path} is not posted")).why(why)
            .help("upload `comment-file` of the fork's run as an artifact, and download that of the run in `workflow_run.id`")
    };
    let bytes = reports::bytes(&path, MOST_BYTES).map_err(|error| refused(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8".to_owned()))?;
    let job = world.job;
    let ours = [&job.repository, &run.head_repository]
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| format!("{}/{name}/", job.server_url))
        .collect::<Vec<_>>();
    let text = harmless(&text, marker.as_str(), &ours).map_err(|why| refused(why.to_string()))?;
    Ok(format!("{ORIGIN}{text}"))
}

fn note(world: World<'_>, text: String) {
    world.events.emit(Event::Note(text));
}
