//! The life of an issue: opened by the first failure, kept up to date by the next ones, reopened when it comes back, closed
//! when what was broken succeeds on a later commit. Pure: the clock and the history of commits are arguments.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::incident::closing::Claim;
use crate::domain::incident::key::Key;
use crate::domain::incident::memory::{
    HISTORY, Memory, Owed, Past, Recalled, SECTIONS, Section, Seen, VERSION,
};
use crate::domain::incident::mending::{mend, remember_legs, says_something};
use crate::domain::incident::news::{News, OnSameCommit};
use crate::domain::incident::suspects::Suspects;
use crate::domain::incident::told::{Error, Told};

/// Jobs that are named for a run of the history.
const NAMED: usize = 5;

/// So long an issue is quiet after a comment: a job that fails and succeeds by turns must not flood anybody, and GitHub
/// takes no more than 2,500 comments on an issue. What is not said stands in the text, and in GitHub's own history.
pub const QUIET: Duration = Duration::from_hours(24);

/// So long a run may still be about to write its comment.
const UNDERWAY: Duration = Duration::from_mins(5);

/// GitHub takes no more comments on an issue.
const MOST_COMMENTS: u64 = 2_500;

/// Whether an issue is open, and how it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is open.
    Open,
    /// Closed as done: by us, by a person, or by a commit.
    Completed(Timestamp),
    /// A person does not want to hear of it.
    NotPlanned,
    /// Another issue stands for it.
    Duplicate,
}

/// An issue of ours that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: u64,
    /// What it stands for.
    pub key: Key,
    /// Whether it is open.
    pub state: State,
    /// What it knows.
    pub recalled: Recalled,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// How many comments it has, whoever wrote them; `None` where GitHub does not say it.
    pub comments: Option<u64>,
}

/// What the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long after it was closed an issue is reopened instead of a new one being made.
    pub window: Duration,
    /// Whether an issue is closed when all is green.
    pub closes: bool,
}

/// What is to be done with an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing, and why.
    Nothing(Why),
    /// It is made. `earlier` was one of the same kind, which was closed too long ago to be opened again.
    Create {
        /// Its number.
        earlier: Option<u64>,
    },
    /// Its body is brought up to date.
    Update(u64),
    /// It is opened again.
    Reopen(u64),
    /// It is closed.
    Close(u64),
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing of it is broken, and nothing was.
    NothingBroken,
    /// A later run was looked at already: an older one says nothing new.
    Older,
    /// This run was looked at already, and nothing has changed.
    AlreadyKnown,
    /// What is broken did not succeed in this run, or not on a later commit.
    NotFixed,
    /// The run of this number is newer, and what failed in this one succeeded in it.
    Overtaken(u64),
    /// The issue was written by a newer version of `mta`, in a format of this number.
    NewerFormat(u32),
}

/// What is to be done, and what the issue knows afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is done with it.
    pub change: Change,
    /// What it knows then.
    pub memory: Option<Memory>,
    /// What is news to people.
    pub comment: Option<Told>,
    /// Whether no comment is written of it, because another one was written not long ago ([`QUIET`]).
    pub is_quiet: bool,
    /// What an earlier run had to say and did not: it was ended before.
    pub late: Option<Owed>,
    /// Whether a job of an open issue turned flaky in this run.
    pub turns_flaky: bool,
}

impl Plan {
    /// Nothing is done.
    pub const fn nothing(why: Why) -> Self {
        Self::with(Change::Nothing(why), None, None)
    }

    /// Something is done.
    const fn with(change: Change, comment: Option<Told>, memory: Option<Memory>) -> Self {
        Self { change, memory, comment, is_quiet: false, late: None, turns_flaky: false }
    }

    /// Whether an issue becomes open by it, of which people are told. A newer run may have shown by then that it is needless.
    pub const fn opens(&self) -> bool {
        matches!(self.change, Change::Create { .. } | Change::Reopen(_))
    }

    /// The same with the commits that may have broken it.
    #[must_use]
    pub fn suspecting(mut self, suspects: Option<&Suspects>) -> Self {
        if let Some(memory) = &mut self.memory {
            memory.suspects = suspects.cloned().map(Box::new);
            memory.fit();
        }
        self
    }

    /// The same in silence where a comment was written not long ago.
    fn at_most_one_comment_a_day(mut self, now: Timestamp) -> Self {
        if let (Some(memory), Some(_)) = (&mut self.memory, &self.comment) {
            match memory.said_at {
                Some(at) if !is_over(at, now, QUIET) => self.is_quiet = true,
                _ => memory.said_at = Some(now),
            }
        }
        self
    }
}

/// The same with what is owed: the text is written before the comment, and a run may be ended in between. So the text
/// says that there is a comment to come, and the next run sees by the number of comments whether it came. Where somebody
/// else wrote one meanwhile, it counts as ours: a comment that is missing is better than one too many.
fn owing(mut plan: Plan, known: &Known, news: &News) -> Plan {
    let Recalled::All(before) = &known.recalled else { return plan };
    let owed = before.owed.as_deref();
    let is_missing = |owed: &&Owed| known.comments.is_some_and(|count| count <= owed.comments);
    let missing = owed.filter(is_missing);
    let is_wanted = matches!(known.state, State::Open | State::Completed(_));
    let is_due = |owed: &&Owed| is_wanted && is_over(owed.seen.at, news.seen.at, UNDERWAY);
    let late = missing.filter(is_due).cloned();
    if plan.memory.is_none() && late.is_some() {
        plan.memory = Some(before.clone());
    }
    let Some(memory) = &mut plan.memory else { return plan };
    let said = plan.comment.as_ref().filter(|_| !plan.is_quiet);
    memory.owed = match (said, known.comments) {
        (Some(told), Some(comments)) if comments < MOST_COMMENTS => {
            Some(Box::new(Owed { told: told.clone(), seen: news.seen.clone(), comments }))
        }
        (None, _) if late.is_none() => missing.cloned().map(Box::new),
        _ => None,
    };
    memory.version = memory.owed.as_ref().map_or(VERSION, |owed| owed.told.version());
    memory.fit();
    plan.late = late;
    plan
}

/// The issue that stands for a key, and others that stand for the same and are to be closed: two runs may have made one at
/// the same moment. The lowest number wins, so that all who look choose the same one.
pub fn choose<'a>(all: &'a [Known], key: &Key) -> (Option<&'a Known>, Vec<&'a Known>) {
    let same = |known: &&Known| known.key == *key;
    let ours = |known: &&Known| same(known) && known.state != State::Duplicate;
    let mut open: Vec<&Known> =
        all.iter().filter(ours).filter(|known| known.state == State::Open).collect();
    open.sort_by_key(|known| known.number);
    if open.is_empty() {
        let last = all.iter().filter(ours).max_by_key(|known| known.number);
        // Where only duplicates are left, a person says that an issue of theirs stands for it.
        let last = last.or_else(|| all.iter().filter(same).max_by_key(|known| known.number));
        return (last, Vec::new());
    }
    (Some(open[0]), open.split_off(1))
}

/// The open issues that have a job among what is broken, the one in which it failed last first. One that has more than
/// are kept apart has all.
pub fn broken_in(all: &[Known], job: &str) -> Vec<Key> {
    let failed_at = |known: &Known| match &known.recalled {
        Recalled::All(memory) => {
            let open = memory.sections.iter().filter(|section| section.is_open());
            let last = open.filter(|section| section.job == job).map(|one| one.last.place()).max();
            last.or_else(|| memory.has_more.then_some((0, 0)))
        }
        Recalled::Nothing | Recalled::Newer(_) => None,
    };
    let open = all.iter().filter(|known| known.state == State::Open);
    let mut found: Vec<_> = open.filter_map(|known| Some((failed_at(known)?, known))).collect();
    found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    found.into_iter().map(|(_, known)| known.key.clone()).collect()
}

/// The failing commits from which the run's commit must descend before jobs count as fixed.
pub fn to_compare(known: &Known, news: &News) -> Vec<String> {
    let Recalled::All(memory) = &known.recalled else { return Vec::new() };
    let mut commits: Vec<String> = Vec::new();
    for section in memory.sections.iter().filter(|section| says_something(section, news)) {
        if section.last.sha != news.seen.sha && !commits.contains(&section.last.sha) {
            commits.push(section.last.sha.clone());
        }
    }
    commits
}

/// Decides. `descends` says of a failing commit whether the run's commit comes after it.
pub fn decide(
    known: Option<&Known>,
    news: &News,
    rules: Rules,
    descends: impl Fn(&str) -> bool,
) -> Plan {
    let plan = planned(known, news, rules, descends).at_most_one_comment_a_day(news.seen.at);
    match known {
        Some(known) => owing(plan, known, news),
        None => plan,
    }
}

/// Counts an older run that was looked at together with a newer one, whose issue stands for both. What is broken the
/// newer one says.
pub fn counted(known: &Known, news: &News) -> Plan {
    let Recalled::All(before) = &known.recalled else { return Plan::nothing(Why::Older) };
    let seen = &news.seen;
    let is_known = before.history.iter().any(|past| past.seen.place() == seen.place());
    if is_known || news.failed.is_empty() {
        return Plan::nothing(Why::AlreadyKnown);
    }
    let mut memory = before.clone();
    memory.runs += 1;
    for section in memory.sections.iter_mut().filter(|section| news.failed.contains(&section.job)) {
        section.count += 1;
        if seen.place() < section.first.place() {
            section.first = seen.clone();
        }
    }
    let jobs = news.failed.iter().take(NAMED).cloned().collect();
    let at = memory.history.partition_point(|past| past.seen.place() > seen.place());
    memory.history.insert(at, Past { seen: seen.clone(), jobs });
    memory.history.truncate(HISTORY);
    memory.fit();
    Plan::with(Change::Update(known.number), None, Some(memory))
}

fn planned(
    known: Option<&Known>,
    news: &News,
    rules: Rules,
    descends: impl Fn(&str) -> bool,
) -> Plan {
    let Some(known) = known else {
        return if news.failed.is_empty() {
            Plan::nothing(Why::NothingBroken)
        } else {
            create(news, None)
        };
    };
    let before = match &known.recalled {
        Recalled::Newer(version) => return Plan::nothing(Why::NewerFormat(*version)),
        Recalled::All(memory) => Some(memory),
        Recalled::Nothing => None,
    };
    if before.is_some_and(|memory| news.seen.place() < memory.newest.place()) {
        return Plan::nothing(Why::Older);
    }
    let was_open = before.is_none_or(Memory::is_open);
    let is_over = match known.state {
        State::Completed(at) => is_over(at, news.seen.at, rules.window),
        State::NotPlanned | State::Duplicate => !was_open,
        State::Open => false,
    };
    if is_over {
        let is_quiet = news.failed.is_empty();
        return if is_quiet {
            Plan::nothing(Why::NothingBroken)
        } else {
            create(news, Some(known.number))
        };
    }
    if before.is_none() && known.state == State::Open && news.is_green && rules.closes {
        // Somebody edited away what was broken; whatever it was, all is green.
        let change = Change::Close(known.number);
        return Plan::with(change, Some(Told::Fixed), Some(fresh(&news.seen)));
    }
    let mut memory = before.cloned().unwrap_or_else(|| fresh(&news.seen));
    if matches!(known.state, State::Completed(_)) && !news.failed.is_empty() {
        // It begins anew: what was fixed before it was closed is history.
        memory.sections.retain(Section::is_open);
    }
    let learned = learn(&mut memory, news);
    let is_mended = mend(&mut memory, news, |sha| sha == news.seen.sha || descends(sha));
    let claim = news.claims.iter().find(|claim| claim.issues.contains(&known.number));
    let flaky = turned_flaky(before, &memory);
    let turns_flaky = !flaky.is_empty();
    let facts = Facts { known, before, news, learned, flaky, is_mended, was_open, claim };
    let plan = facts.plan(rules, memory);
    let is_open = known.state == State::Open || plan.opens();
    Plan { turns_flaky: turns_flaky && is_open, ..plan }
}

/// The jobs that were not flaky before.
fn turned_flaky(before: Option<&Memory>, memory: &Memory) -> Vec<String> {
    let all = |memory: &Memory| {
        let flaky = memory.sections.iter().filter(|section| section.is_flaky());
        flaky.map(|section| section.job.clone()).collect::<Vec<_>>()
    };
    let known = before.map(all).unwrap_or_default();
    all(memory).into_iter().filter(|job| !known.contains(job)).collect()
}

/// What was found out on the way to a decision about an issue that is there.
struct Facts<'a> {
    known: &'a Known,
    before: Option<&'a Memory>,
    news: &'a News,
    learned: Learned,
    flaky: Vec<String>,
    is_mended: bool,
    was_open: bool,
    claim: Option<&'a Claim>,
}

impl Facts<'_> {
    fn plan(self, rules: Rules, memory: Memory) -> Plan {
        let number = self.known.number;
        let with = |change, comment, memory| Plan::with(change, comment, Some(memory));
        if self.news.failed.is_empty() && !self.is_mended {
            let why = if self.was_open { Why::NotFixed } else { Why::NothingBroken };
            return Plan::nothing(why);
        }
        let broken = self.before.into_iter().flat_map(|memory| &memory.sections);
        let still_fails =
            broken.map(|section| &section.job).any(|job| self.news.failed.contains(job));
        let not_held = self.claim.filter(|_| still_fails);
        let not_held = not_held.map(|claim| Told::NotHeld(claim.sha.clone()));
        match self.known.state {
            // Closed by a person or a commit, and now it is green: the next failure begins anew.
            State::Completed(_) if self.news.failed.is_empty() => {
                with(Change::Update(number), None, memory)
            }
            State::Completed(_) => {
                let again = Told::FailsAgain(self.news.failed.clone());
                with(Change::Reopen(number), not_held.or(Some(again)), memory)
            }
            _ if self.before == Some(&memory) => Plan::nothing(Why::AlreadyKnown),
            State::NotPlanned | State::Duplicate => with(Change::Update(number), None, memory),
            State::Open if memory.is_open() => {
                let Learned { added, others } = self.learned;
                let is_more = !added.is_empty() && self.before.is_some();
                let more = is_more.then_some(Told::MoreFail(added));
                let other = (!others.is_empty()).then_some(Told::OtherError(others));
                let flaky = (!self.flaky.is_empty()).then_some(Told::Flaky(self.flaky));
                with(Change::Update(number), not_held.or(more).or(flaky).or(other), memory)
            }
            State::Open if rules.closes => {
                let told = fixed(&memory);
                with(Change::Close(number), Some(told), memory)
            }
            State::Open => {
                let told = self.was_open.then(|| fixed(&memory));
                with(Change::Update(number), told, memory)
            }
        }
    }
}

/// Whether nothing of what failed in a run is broken any more, as a newer run shows that was looked at together with it.
pub fn is_overtaken(news: &News, newer: &News) -> bool {
    let mut memory = first(news);
    // Nothing is to be opened for what may be flaky, and works.
    let newer = News { on_same_commit: OnSameCommit::Mended, ..newer.clone() };
    mend(&mut memory, &newer, |_| true);
    !memory.is_open()
}

/// What is known of a failure that is looked at for the first time.
pub fn first(news: &News) -> Memory {
    let mut memory = fresh(&news.seen);
    learn(&mut memory, news);
    memory
}

fn create(news: &News, earlier: Option<u64>) -> Plan {
    Plan::with(Change::Create { earlier }, None, Some(first(news)))
}

/// How it is told that nothing is broken any more.
fn fixed(memory: &Memory) -> Told {
    let jobs = |is: fn(&Section) -> bool| {
        let those = memory.sections.iter().filter(|section| is(section));
        those.map(|section| section.job.clone()).collect::<Vec<_>>()
    };
    match (jobs(|section| section.is_gone), jobs(Section::is_steady_again)) {
        (gone, _) if !gone.is_empty() => Told::Gone(gone),
        (_, steady) if !steady.is_empty() => Told::Steady(steady),
        _ => Told::Fixed,
    }
}

fn fresh(seen: &Seen) -> Memory {
    Memory {
        version: VERSION,
        runs: 0,
        newest: seen.clone(),
        sections: Vec::new(),
        has_more: false,
        history: Vec::new(),
        suspects: None,
        flakes: Vec::new(),
        said_at: None,
        owed: None,
    }
}

fn is_over(closed: Timestamp, now: Timestamp, window: Duration) -> bool {
    Duration::try_from(now.duration_since(closed)).is_ok_and(|since| since > window)
}

/// What is new in a failure.
#[derive(Default)]
struct Learned {
    /// The jobs that did not fail before.
    added: Vec<String>,
    /// Those that failed with another error.
    others: Vec<Error>,
}

/// Takes in what failed.
fn learn(memory: &mut Memory, news: &News) -> Learned {
    let (mut added, mut others) = (Vec::new(), Vec::new());
    let seen = &news.seen;
    if news.failed.is_empty() {
        return Learned::default();
    }
    for job in &news.failed {
        make_room(memory);
        let has_room = memory.sections.len() < SECTIONS && !memory.has_more;
        let first = || Section::begun(job, seen);
        match memory.sections.iter_mut().find(|section| section.job == *job) {
            Some(section) if !section.is_open() => {
                *section = first();
                added.push(job.clone());
            }
            // Looked at twice is counted once.
            Some(section) if section.last.place() == seen.place() => {}
            Some(section) => section.fail_again(seen),
            None if has_room => {
                memory.sections.push(first());
                added.push(job.clone());
            }
            None => {
                let is_news = !memory.has_more;
                memory.has_more = true;
                added.extend(is_news.then(|| job.clone()));
            }
        }
        if let Some(section) = memory.sections.iter_mut().find(|section| section.job == *job) {
            remember_legs(section, news);
            others.extend(explain(section, news));
        }
    }
    remember(memory, news);
    memory.fit();
    Learned { added, others }
}

/// Takes in why a job failed, once for each run; the error, if it is another one than before and news.
fn explain(section: &mut Section, news: &News) -> Option<Error> {
    let is_told = section.reason.as_ref().is_some_and(|one| one.seen.place() == news.seen.place());
    let reason = news.reasons.iter().find(|one| one.stage == section.job && !is_told)?;
    let (job, headline) = (section.job.clone(), reason.headline.clone());
    let is_other = section.explain(reason, &news.seen);
    // That errors change is no news of a job that is flaky.
    (is_other && !section.is_flaky()).then_some(Error { job, headline })
}

/// Drops the job that was fixed first, where there are as many as are kept apart.
fn make_room(memory: &mut Memory) {
    if memory.sections.len() < SECTIONS {
        return;
    }
    let fixed = memory.sections.iter().enumerate();
    let fixed = fixed.filter_map(|(at, section)| Some((section.fixed.as_ref()?.place(), at))).min();
    if let Some((_, at)) = fixed {
        memory.sections.remove(at);
    }
}

/// Puts the run into the history. One that is there already gets the jobs that were not known yet.
fn remember(memory: &mut Memory, news: &News) {
    let seen = &news.seen;
    if memory.history.first().is_none_or(|past| past.seen.place() != seen.place()) {
        memory.runs += 1;
        memory.history.insert(0, Past { seen: seen.clone(), jobs: Vec::new() });
        memory.history.truncate(HISTORY);
    }
    let jobs = &mut memory.history[0].jobs;
    for job in &news.failed {
        if jobs.len() < NAMED && !jobs.contains(job) {
            jobs.push(job.clone());
        }
    }
    if memory.newest.place() < seen.place() {
        memory.newest = seen.clone();
    }
}

#[cfg(test)]
mod tests;
