//! What a gate leaves: files for people and tools, the badge on a branch, the comment.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::World;
use crate::actions::coverage_gate::change::Checkout;
use crate::actions::coverage_gate::findings::Findings;
use crate::actions::coverage_gate::inputs::Inputs;
use crate::actions::coverage_gate::links;
use crate::actions::coverage_gate::told::Told;
use crate::actions::steps::github;
use crate::adapters::git::branch_file::BranchFile;
use crate::adapters::github::comments::{self, Sticky};
use crate::adapters::github::errors::Error;
use crate::adapters::host::{files as disk, reports};
use crate::domain::coverage::diff::Hunk;
use crate::domain::coverage::gate::{Assessment, Marked};
use crate::domain::coverage::judge::Change;
use crate::domain::coverage::lines::Range;
use crate::domain::event::{Event, Level};
use crate::domain::repository::Repository;
use crate::domain::sticky::{Author, Marker};
use crate::failure::{Failure, Outcome};
use crate::report::coverage::html::HtmlFile;
use crate::report::coverage::{badge, comment, html, json, sarif};

/// What the comment needs.
pub const PERMISSION: &str = "pull-requests: write";

/// The largest source file that the HTML report shows, in bytes.
const SOURCE_BYTES: u64 = 4 << 20;

/// Writes the files of a verdict, and prepares the comment.
pub fn files(inputs: &Inputs, world: World<'_>, found: &Findings) -> Told {
    let assessment = &found.assessment;
    let text = comment::comment(assessment, marker(&inputs.name).as_str(), &found.links);
    let mut told = Told { comment: text, ..Told::default() };
    let Some(folder) = folder(inputs, world, &mut told) else { return told };
    let contents = [
        ("comment-file", "comment.md", told.comment.clone()),
        ("badge-file", "badge.svg", badge::labelled(&inputs.name, assessment.total)),
        ("sarif-file", "coverage.sarif", sarif::sarif(assessment)),
    ];
    for (output, name, text) in contents {
        leave(&mut told, &folder, (output, name), &text);
    }
    lists(&mut told, &folder, found);
    if inputs.html {
        page(&mut told, &folder, found);
    }
    told
}

/// Writes and posts that nothing could be judged: an older verdict in the comment would look like this one's.
pub async fn not_judged(inputs: &Inputs, world: World<'_>, failure: &Failure) -> Told {
    let text =
        comment::not_judged(failure, marker(&inputs.name).as_str(), &links::plain(world, None));
    let mut told = Told { comment: text, ..Told::default() };
    if let Some(folder) = folder(inputs, world, &mut told) {
        let text = told.comment.clone();
        leave(&mut told, &folder, ("comment-file", "comment.md"), &text);
    }
    comment(inputs, world, &mut told).await;
    told
}

fn leave(told: &mut Told, folder: &Utf8Path, (output, name): (&'static str, &str), text: &str) {
    let path = folder.join(name);
    let wrote = disk::write_atomic_with_parents(&path, text.as_bytes(), 0o644);
    left(told, (output, path), wrote);
}

fn left(told: &mut Told, (output, path): (&'static str, Utf8PathBuf), wrote: io::Result<()>) {
    match wrote {
        Ok(()) => told.files.push((output, path.to_string())),
        Err(error) => told.warn("a report was not written", &unwritable(&path, error)),
    }
}

/// Where files go: what the user says, else a folder of this step's own; by hand nowhere.
fn folder(inputs: &Inputs, world: World<'_>, told: &mut Told) -> Option<Utf8PathBuf> {
    let temp = match (&inputs.output_dir, &world.job.temp) {
        (Some(folder), _) => return Some(inputs.folder.join(folder)),
        (None, temp) => temp.as_ref()?,
    };
    match disk::create_dir_of_our_own(temp, &format!("mta-coverage-{}", inputs.name)) {
        Ok(folder) => Some(folder),
        Err(error) => {
            told.warn("a report was not written", &unwritable(temp, error));
            None
        }
    }
}

fn unwritable(path: &Utf8Path, error: io::Error) -> Failure {
    Failure::new(Outcome::Failed, format!("{path} cannot be written"))
        .why(error)
        .help("set `output-dir` to a folder that the runner's user may write to")
}

/// The marker of a gate's comment.
pub fn marker(name: &str) -> Marker {
    Marker::new("coverage", name)
}

/// Puts the comment on the pull request that this run is for. What keeps it from doing so never changes the verdict.
pub async fn comment(inputs: &Inputs, world: World<'_>, told: &mut Told) {
    let job = world.job;
    let number = job.event.pointer("/pull_request/number").and_then(serde_json::Value::as_u64);
    let number = number.filter(|_| job.event_name.starts_with("pull_request") && inputs.comments);
    let (Some(number), Some(repository)) = (number, Repository::parse(&job.repository)) else {
        return;
    };
    let Some(token) = &inputs.token else {
        let text = "no comment is posted: there is no token (input `token`); `comment: off` says so on purpose";
        return world.events.emit(Event::Note(text.to_owned()));
    };
    let sticky = Sticky {
        repository,
        number,
        marker: marker(&inputs.name),
        author: Author::Login(inputs.login.clone()),
    };
    let client = match github::client(world, token) {
        Ok(client) => client,
        Err(failure) => return told.warn("the comment was not posted", &failure),
    };
    match comments::post(&client, &sticky, &told.comment).await {
        Ok(posted) => world.events.emit(Event::Note(format!("comment {}: {}", posted.done.word(), posted.url))),
        Err(error @ Error::NotAllowed { .. }) => told.say(
            Level::Notice,
            "no comment",
            format!(
                "the token may not comment on this pull request: for a fork that is as it should be, and a \
                 `workflow_run` job can post it (README, `mode: post`); else {}. All of it is in the step summary",
                to_comment(&error)
            ),
        ),
        Err(error) => told.warn("the comment was not posted", &github::failed(&error, PERMISSION)),
    }
}

/// What lets the token comment. Where it may not even read, GitHub names what reading takes, and one would come back.
fn to_comment(error: &Error) -> String {
    let help = github::help(error, PERMISSION);
    let needed = format!("`{PERMISSION}`");
    if help.contains(&needed) { help } else { format!("{help}; to comment takes {needed}") }
}

/// Puts the badge on its branch.
pub async fn badge_branch(
    inputs: &Inputs,
    checkout: &Checkout,
    assessment: &Assessment,
) -> Result<(), Failure> {
    let Some(branch) = &inputs.badge_branch else { return Ok(()) };
    let picture = badge::labelled(&inputs.name, assessment.total);
    let file = BranchFile { repo: &checkout.repo, branch, path: &format!("{}.svg", inputs.name) };
    file.write(picture.as_bytes(), "coverage badge").await.map_err(|error| {
        Failure::new(Outcome::Unavailable, format!("the badge was not pushed to `{branch}`"))
            .why(error)
            .help("the job needs `permissions: contents: write`")
    })
}

/// Writes `uncovered.json`.
fn lists(told: &mut Told, folder: &Utf8Path, found: &Findings) {
    let uncovered = |path: &str| {
        let counts = found.counts.get(path);
        counts.map(|counts| Marked::uncovered(counts.lines.iter())).unwrap_or_default()
    };
    let path = folder.join("uncovered.json");
    let wrote = disk::write_atomic_by(&path, 0o644, &mut |out| {
        json::write(&found.assessment, &uncovered, out)
    });
    left(told, ("uncovered-json", path), wrote);
}

/// Writes the HTML report. Sources are those of the checkout.
fn page(told: &mut Told, folder: &Utf8Path, found: &Findings) {
    let top = found.checkout.as_ref().map(|checkout| checkout.repo.top().to_owned());
    let source = |path: &str| {
        let bytes = reports::bytes(&top.as_ref()?.join(path), SOURCE_BYTES).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let changed: BTreeMap<&str, Vec<Range>> = match &found.judged.change {
        Change::Known { diff, .. } => diff
            .files
            .iter()
            .map(|file| {
                (file.path.as_str(), file.hunks.iter().filter_map(Hunk::added_range).collect())
            })
            .collect(),
        Change::None(_) => BTreeMap::new(),
    };
    let path = folder.join("coverage.html");
    let wrote = disk::write_atomic_by(&path, 0o644, &mut |out| {
        let files = found.project.files.iter().map(|(path, measured)| HtmlFile {
            path,
            source: source(path),
            lines: &measured.lines,
            arms: &measured.arms,
            hits: &measured.hits,
            changed: changed.get(path.as_str()).map_or(&[], Vec::as_slice),
        });
        html::html(&found.assessment, files, out)
    });
    left(told, ("html-file", path), wrote);
}
