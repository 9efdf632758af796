//! Brings one issue to where it belongs.

use std::time::Duration;

use tokio::sync::OnceCell;

use crate::actions::World;
use crate::actions::create_failure_issue::around::{self, Around};
use crate::actions::create_failure_issue::file;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::actions::create_failure_issue::words::Words;
use crate::adapters::github::client::Operation;
use crate::adapters::github::comments::{self, Sticky};
use crate::adapters::github::compare;
use crate::adapters::github::errors::Error;
use crate::adapters::github::issues::{self, Draft, Edit, Turn};
use crate::adapters::github::labels;
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::incident::descent::{self, Descent};
use crate::domain::incident::issue::{self, Issue};
use crate::domain::incident::key::Key;
use crate::domain::incident::life::{self, Change, Known, Plan, State, Why};
use crate::domain::incident::memory::{Memory, Owed, Recalled, Section, Seen};
use crate::domain::incident::news::News;
use crate::domain::incident::promise;
use crate::domain::incident::run::{Line, Run};
use crate::domain::incident::told::Told;
use crate::domain::repository::Repository;
use crate::domain::sticky::Marker;
use crate::report::incident::Failing;
use crate::report::incident::comment::duplicate;
use crate::report::incident::template::file::Parts;

/// Comparisons of commits that one run makes. What is not compared stays broken until the next run.
const COMPARISONS: usize = 3;

/// The label of an issue with a job that fails and succeeds on the same commit.
const FLAKY: &str = "flaky";

/// So far the clocks of two machines may be apart.
const CLOCKS: Duration = Duration::from_hours(1);

/// What is worked with.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// What the user asked for.
    pub inputs: &'a Inputs,
    /// Where events go.
    pub world: World<'a>,
    /// All requests, with the time that they may take together.
    pub operation: &'a Operation<'a>,
    /// The repository.
    pub repository: &'a Repository,
    /// The run, by its true names.
    pub run: &'a Run,
    /// What is known of the failure but for its memory, as people may see it.
    pub failing: Failing<'a>,
    /// The green runs around this one; asked for before an issue is opened.
    pub around: &'a OnceCell<Around>,
    /// The templates of the repository; asked for before words are written.
    pub file: &'a OnceCell<Parts>,
}

/// What was done with an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What was done.
    pub change: Change,
    /// The issue; `None` if there is none, or none was made.
    pub number: Option<u64>,
    /// What its readers were told.
    pub told: Option<Told>,
    /// What it knows now.
    pub memory: Option<Memory>,
    /// Its whole body, where it was written or would have been.
    pub body: Option<String>,
    /// Whether it is open, as GitHub says after it was changed.
    pub state: Option<State>,
    /// The label by which it is found again is missing: GitHub leaves out labels that a token may not set.
    pub is_unlabelled: bool,
    /// Whether a job of it is flaky, and not steady again.
    pub is_flaky: bool,
    /// Whose it is, if not ours: the login behind the token is another one than the input `login` says.
    pub foreign_author: Option<String>,
}

/// Decides and does it.
pub async fn apply(desk: Desk<'_>, known: &[Known], key: &Key, news: &News) -> Result<Done, Error> {
    let (listed, twins) = life::choose(known, key);
    let mut plan = decide(desk, listed, news).await?;
    let mut written = None;
    if let Some(listed) = listed.filter(|listed| may_look_again(desk, listed, news, &plan)) {
        written = written_since(desk, listed).await?;
    }
    if let Some(now) = &written {
        plan = decide(desk, Some(now), news).await?;
    }
    let known = written.as_ref().or(listed);
    let mut done = carry_out(desk, key, news, (known, &plan)).await?;
    if let Some(known) = closed_meanwhile(known, &done) {
        let plan = decide(desk, Some(&known), news).await?;
        if !matches!(plan.change, Change::Nothing(_)) {
            done = carry_out(desk, key, news, (Some(&known), &plan)).await?;
        }
    }
    if let (Some(number), false) = (known.map(|known| known.number), desk.inputs.dry_run) {
        for twin in twins {
            close_twin(desk, twin.number, number).await;
        }
    }
    match done.number {
        Some(number) if matches!(done.change, Change::Create { .. }) => {
            converge(desk, key, (number, done, news)).await
        }
        _ => Ok(done),
    }
}

/// Whether an issue that is to be closed is read once more before: a newer run may have failed and written it since it
/// was listed. It is where that fits into the five requests that closing may take: the jobs, the list, the change and
/// two more, which may be a comparison and a comment already.
fn may_look_again(desk: Desk<'_>, listed: &Known, news: &News, plan: &Plan) -> bool {
    let asked = life::to_compare(listed, news).iter().filter(|sha| !follows(desk, sha)).count();
    let said = usize::from(plan.comment.is_some() && !plan.is_quiet);
    matches!(plan.change, Change::Close(_)) && asked + said < 2
}

/// The issue as it is now, where that is not as it was listed.
async fn written_since(desk: Desk<'_>, listed: &Known) -> Result<Option<Known>, Error> {
    let Desk { inputs, operation, repository, failing, .. } = desk;
    let found = issues::get(operation, repository, listed.number).await?;
    let now = found.and_then(|found| issue::known(&found, failing.run, &inputs.author));
    Ok(now.filter(|now| now != listed))
}

/// Whether this run's own push says that its commit comes right after a failing one.
fn follows(desk: Desk<'_>, failing: &str) -> bool {
    let Desk { run, world, .. } = desk;
    let is_own = run.id.to_string() == world.job.run_id && world.job.event_name == "push";
    is_own && descent::follows(&world.job.event, (failing, &run.sha))
}

/// The issue as it is now, where somebody closed it between our look at it and our change. An update leaves it closed;
/// whether it is to be opened again is decided anew.
fn closed_meanwhile(known: Option<&Known>, done: &Done) -> Option<Known> {
    let known = known.filter(|known| known.state == State::Open)?;
    let is_update = matches!(done.change, Change::Update(_));
    let state = done.state.filter(|state| is_update && *state != State::Open)?;
    let recalled = Recalled::All(done.memory.clone()?);
    Some(Known { state, recalled, ..known.clone() })
}

/// Asks which of the failing commits the run's commit descends from, and decides.
async fn decide(desk: Desk<'_>, known: Option<&Known>, news: &News) -> Result<Plan, Error> {
    let mut before = Vec::new();
    for sha in known
        .map(|known| life::to_compare(known, news))
        .unwrap_or_default()
        .into_iter()
        .take(COMPARISONS)
    {
        if follows(desk, &sha) || comes_before(desk, &sha).await? {
            before.push(sha);
        }
    }
    let plan =
        life::decide(known, news, desk.inputs.rules, |sha| before.iter().any(|one| one == sha));
    if !plan.opens() {
        return Ok(plan);
    }
    let Desk { operation, repository, run, world, .. } = desk;
    let around = desk.around.get_or_init(|| around::ask(world, operation, (repository, run))).await;
    // An old run may end long after a newer one.
    if let Some(newer) = around.newer.as_ref().filter(|newer| life::is_overtaken(news, newer)) {
        return Ok(Plan::nothing(Why::Overtaken(newer.seen.number)));
    }
    Ok(plan.suspecting(around.suspects.as_ref()))
}

/// Whether the run's commit comes after a failing one. Where the branch was rewritten, the failing one is no part of it
/// any more, and what the branch has now counts. A pull request's is rewritten all the time; a tag is not, and one of
/// another branch says nothing.
async fn comes_before(desk: Desk<'_>, failing: &str) -> Result<bool, Error> {
    let Desk { operation, repository, run, .. } = desk;
    let descent = compare::descent(operation, repository, (failing, &run.sha)).await?;
    match &run.line {
        Line::Pull(_) => return Ok(descent != Descent::Behind),
        Line::Branch if descent.may_be_rewritten() => {}
        Line::Branch | Line::Tags => return Ok(descent.descends()),
    }
    let branch = compare::descent(operation, repository, (failing, &run.branch)).await?;
    let is_newest = compare::descent(operation, repository, (&run.sha, &run.branch)).await?;
    Ok(branch.may_be_rewritten() && is_newest == Descent::Identical)
}

async fn carry_out(
    desk: Desk<'_>,
    key: &Key,
    news: &News,
    (known, plan): (Option<&Known>, &Plan),
) -> Result<Done, Error> {
    let Desk { inputs, operation, repository, failing, .. } = desk;
    if plan.memory.is_some() {
        let asked = file::ask((desk.world, inputs), operation, repository);
        desk.file.get_or_init(|| asked).await;
    }
    let words = words(desk);
    let body = |memory: &Memory, earlier| words.body(key, Failing { memory, earlier, ..failing });
    let earlier = match plan.change {
        Change::Create { earlier } => earlier,
        _ => None,
    };
    let text = plan.memory.as_ref().map(|memory| body(memory, earlier));
    let mut done = Done {
        change: plan.change.clone(),
        number: known.map(|known| known.number),
        told: plan.comment.clone(),
        memory: plan.memory.clone(),
        body: text.clone(),
        state: None,
        is_unlabelled: false,
        is_flaky: is_flaky(known, plan),
        foreign_author: None,
    };
    if matches!(plan.change, Change::Create { .. }) {
        done.number = None;
    }
    let Some(text) = text.filter(|_| !inputs.dry_run) else { return Ok(done) };
    let turn = match plan.change {
        Change::Create { .. } => {
            let failed =
                plan.memory.iter().flat_map(|memory| &memory.sections).map(|one| one.job.clone());
            let draft = Draft {
                title: words.title(failing, &failed.collect::<Vec<_>>()),
                body: text,
                labels: inputs.labels.clone(),
                assignees: inputs.assignees.clone(),
            };
            let made = create(desk, draft).await?;
            let is_it = |label: &String| label.eq_ignore_ascii_case(&inputs.marker_label);
            done.is_unlabelled = !made.labels.iter().any(is_it);
            done.foreign_author = (!made.is_of(&inputs.author)).then_some(made.author);
            done.number = Some(made.number);
            return Ok(done);
        }
        Change::Reopen(_) => Some(Turn::Reopened),
        Change::Close(_) => Some(Turn::Completed),
        Change::Update(_) | Change::Nothing(_) => None,
    };
    let Some(number) = done.number else { return Ok(done) };
    if plan.turns_flaky {
        note(desk, labels::add(operation, repository, (number, FLAKY)).await);
    }
    let edit = Edit { body: Some(text), state: turn };
    done.state = issues::edit(operation, repository, number, &edit).await?.map(|one| one.state);
    if known.is_some_and(|known| promise::is_over(known, plan)) {
        let label = (number, promise::LABEL);
        note(desk, labels::remove(operation, repository, label).await);
    }
    let memory = plan.memory.as_ref().unwrap_or(failing.memory);
    let desk = Desk { failing: Failing { memory, ..failing }, ..desk };
    if let Some(owed) = &plan.late {
        say_late(desk, number, owed).await;
    }
    if let Some(told) = plan.comment.as_ref().filter(|_| !plan.is_quiet) {
        say(desk, number, (&news.seen, told)).await;
    }
    Ok(done)
}

/// Whether a job of an issue is flaky, as it is known afterwards.
fn is_flaky(known: Option<&Known>, plan: &Plan) -> bool {
    let before = known.and_then(|known| match &known.recalled {
        Recalled::All(memory) => Some(memory),
        Recalled::Nothing | Recalled::Newer(_) => None,
    });
    let memory = plan.memory.as_ref().or(before);
    memory.is_some_and(|memory| memory.sections.iter().any(Section::is_flaky))
}

/// Opens an issue. Somebody of `assignees` who has left keeps nobody from hearing of it.
async fn create(desk: Desk<'_>, mut draft: Draft) -> Result<Issue, Error> {
    let Desk { inputs, operation, repository, .. } = desk;
    let by = (inputs.marker_label.as_str(), &inputs.author);
    match issues::create(operation, repository, &draft, by).await {
        Err(Error::Refused { refusal, .. })
            if refusal.status == 422 && !draft.assignees.is_empty() =>
        {
            let text = format!("assigned to nobody (`assignees`): {refusal}");
            desk.world.events.emit(Event::Note(text));
            draft.assignees.clear();
            Ok(issues::create(operation, repository, &draft, by).await?.into_inner())
        }
        made => Ok(made?.into_inner()),
    }
}

/// Says what is news, once for each run. The text of the issue has it too, so that a locked one costs the comment only.
async fn say(desk: Desk<'_>, number: u64, news: (&Seen, &Told)) {
    let (sticky, text) = comment(desk, number, news);
    warn(desk, number, comments::say(desk.operation, &sticky, &text).await.map(drop));
}

/// The same of what an earlier run had to say: it may have done so, or do so now.
async fn say_late(desk: Desk<'_>, number: u64, owed: &Owed) {
    let (sticky, text) = comment(desk, number, (&owed.seen, &owed.told));
    // The clock of the machine that wrote it may have been ahead of GitHub's.
    let since = owed.seen.at.checked_sub(CLOCKS).unwrap_or(owed.seen.at);
    let said = comments::say_unless_said(desk.operation, &sticky, (&text, since)).await;
    warn(desk, number, said);
}

fn comment(desk: Desk<'_>, number: u64, (seen, told): (&Seen, &Told)) -> (Sticky, String) {
    let sticky = sticky(desk, number, &format!("{} {}", seen.run, seen.attempt));
    (sticky, words(desk).comment(desk.failing, (seen, told)))
}

fn words(desk: Desk<'_>) -> Words<'_> {
    Words { world: desk.world, inputs: desk.inputs, file: desk.file.get() }
}

/// A comment that could not be written. It is not tried for ever: once more at most, by a later run.
fn warn(desk: Desk<'_>, number: u64, result: Result<(), Error>) {
    if let Err(error) = result {
        desk.world.events.emit(Event::Annotated(Annotation {
            level: Level::Warning,
            title: "create-failure-issue: a comment was left out".to_owned(),
            message: format!("{error}\nWhat to do: nothing, the text of #{number} says it too"),
            place: None,
        }));
    }
}

fn note(desk: Desk<'_>, result: Result<(), Error>) {
    if let Err(error) = result {
        desk.world.events.emit(Event::Note(format!("left out: {error}")));
    }
}

fn sticky(desk: Desk<'_>, number: u64, name: &str) -> Sticky {
    Sticky {
        repository: desk.repository.clone(),
        number,
        marker: Marker::new("failure-comment", name),
        author: desk.inputs.author.clone(),
    }
}

/// After a creation: another run may have opened one at the same moment. The lowest number stands for all.
async fn converge(
    desk: Desk<'_>,
    key: &Key,
    (number, done, news): (u64, Done, &News),
) -> Result<Done, Error> {
    let Desk { inputs, operation, repository, failing, world, .. } = desk;
    // Ours is there: what fails from here on leaves a second one at worst, which the next run closes.
    let ours = |found: Issue| issue::known(&found, failing.run, &inputs.author);
    let all = issues::open(operation, repository, &inputs.marker_label, ours).await;
    let all = all.unwrap_or_default();
    let (Some(first), _) = life::choose(&all, key) else { return Ok(done) };
    if first.number >= number {
        return Ok(done);
    }
    world.events.emit(Event::Note(format!(
        "#{} was opened at the same moment: it stands for both",
        first.number
    )));
    close_twin(desk, number, first.number).await;
    let plan = match decide(desk, Some(first), news).await? {
        plan if plan.change == Change::Nothing(Why::Older) => life::counted(first, news),
        plan => plan,
    };
    carry_out(desk, key, news, (Some(first), &plan)).await
}

async fn close_twin(desk: Desk<'_>, twin: u64, of: u64) {
    let edit = Edit { body: None, state: Some(Turn::Duplicate) };
    let closed = issues::edit(desk.operation, desk.repository, twin, &edit).await.map(drop);
    let is_closed = closed.is_ok();
    note(desk, closed);
    if is_closed {
        let sticky = sticky(desk, twin, "twin");
        note(desk, comments::say(desk.operation, &sticky, &duplicate(of)).await.map(drop));
    }
}
