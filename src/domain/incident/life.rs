//! The life of an issue: opened by the first failure, kept up to date by the next ones, reopened when it comes back, closed
//! when what was broken succeeds on a later commit. Pure: the clock and the history of commits are arguments.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::incident::closing::Claim;
use crate::domain::incident::key::Key;
use crate::domain::incident::memory::{
    HISTORY, Memory, Past, Recalled, SECTIONS, Section, Seen, VERSION,
};

/// Jobs that are named for a run of the history.
const NAMED: usize = 5;

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
}

/// What a run says about the jobs of one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The run.
    pub seen: Seen,
    /// The jobs that failed, the first one first.
    pub failed: Vec<String>,
    /// The jobs that succeeded, or may fail.
    pub passed: Vec<String>,
    /// Jobs that the run has at all, whatever became of them.
    pub present: Vec<String>,
    /// Whether nothing failed, was cancelled or is unfinished.
    pub is_green: bool,
    /// Whether jobs were skipped: GitHub lists a skipped matrix or called workflow under another name than one that ran.
    pub has_skipped: bool,
    /// Commits of the push that say what they fix.
    pub claims: Vec<Claim>,
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
    /// The issue was written by a newer version of `mta`, in a format of this number.
    NewerFormat(u32),
}

/// What people are told in a comment. Repetitions are no news: they are counted in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// These jobs fail too, since this run.
    MoreFail(Vec<String>),
    /// It was closed, and these jobs fail again.
    FailsAgain(Vec<String>),
    /// A commit said that it fixes this, and the run of it failed.
    NotHeld(String),
    /// All that was broken succeeded.
    Fixed,
}

/// What is to be done, and what the issue knows afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is done with it.
    pub change: Change,
    /// What it knows then.
    pub memory: Option<Memory>,
    /// The comment.
    pub comment: Option<Told>,
}

impl Plan {
    const fn nothing(why: Why) -> Self {
        Self { change: Change::Nothing(why), memory: None, comment: None }
    }
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

/// The failing commits from which the run's commit must descend before jobs count as fixed.
pub fn to_compare(known: &Known, news: &News) -> Vec<String> {
    let Recalled::All(memory) = &known.recalled else { return Vec::new() };
    let mut commits: Vec<String> = Vec::new();
    for section in memory.sections.iter().filter(|section| may_be_fixed(section, news)) {
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
        return Plan { change, memory: Some(fresh(&news.seen)), comment: Some(Told::Fixed) };
    }
    let mut memory = before.cloned().unwrap_or_else(|| fresh(&news.seen));
    if matches!(known.state, State::Completed(_)) && !news.failed.is_empty() {
        // It begins anew: what was fixed before it was closed is history.
        memory.sections.retain(Section::is_open);
    }
    let added = learn(&mut memory, news);
    let is_fixed = fix(&mut memory, news, descends);
    let claim = news.claims.iter().find(|claim| claim.issues.contains(&known.number));
    let plan = Facts { known, before, news, added, is_fixed, was_open, claim };
    plan.plan(rules, memory)
}

/// What was found out on the way to a decision about an issue that is there.
struct Facts<'a> {
    known: &'a Known,
    before: Option<&'a Memory>,
    news: &'a News,
    added: Vec<String>,
    is_fixed: bool,
    was_open: bool,
    claim: Option<&'a Claim>,
}

impl Facts<'_> {
    fn plan(self, rules: Rules, memory: Memory) -> Plan {
        let number = self.known.number;
        let with = |change, comment, memory| Plan { change, memory: Some(memory), comment };
        if self.news.failed.is_empty() && !self.is_fixed {
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
                let more = (!self.added.is_empty() && self.before.is_some())
                    .then_some(Told::MoreFail(self.added));
                with(Change::Update(number), not_held.or(more), memory)
            }
            State::Open if rules.closes => with(Change::Close(number), Some(Told::Fixed), memory),
            State::Open => {
                with(Change::Update(number), Some(Told::Fixed).filter(|_| self.was_open), memory)
            }
        }
    }
}

/// What is known of a failure that is looked at for the first time.
pub fn first(news: &News) -> Memory {
    let mut memory = fresh(&news.seen);
    learn(&mut memory, news);
    memory
}

fn create(news: &News, earlier: Option<u64>) -> Plan {
    Plan { change: Change::Create { earlier }, memory: Some(first(news)), comment: None }
}

fn fresh(seen: &Seen) -> Memory {
    Memory {
        version: VERSION,
        runs: 0,
        newest: seen.clone(),
        sections: Vec::new(),
        has_more: false,
        history: Vec::new(),
    }
}

fn is_over(closed: Timestamp, now: Timestamp, window: Duration) -> bool {
    Duration::try_from(now.duration_since(closed)).is_ok_and(|since| since > window)
}

/// Takes in what failed; says which jobs did not fail before.
fn learn(memory: &mut Memory, news: &News) -> Vec<String> {
    let mut added = Vec::new();
    let seen = &news.seen;
    if news.failed.is_empty() {
        return added;
    }
    for job in &news.failed {
        make_room(memory);
        let has_room = memory.sections.len() < SECTIONS && !memory.has_more;
        let first = || Section {
            job: job.clone(),
            first: seen.clone(),
            last: seen.clone(),
            count: 1,
            fixed: None,
        };
        match memory.sections.iter_mut().find(|section| section.job == *job) {
            Some(section) if !section.is_open() => {
                *section = first();
                added.push(job.clone());
            }
            // Looked at twice is counted once.
            Some(section) if section.last.place() == seen.place() => {}
            Some(section) => {
                section.count += 1;
                section.last = seen.clone();
            }
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
    }
    remember(memory, news);
    memory.fit();
    added
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

/// Takes in what succeeded; says whether something that was broken is not any more.
fn fix(memory: &mut Memory, news: &News, descends: impl Fn(&str) -> bool) -> bool {
    let mut is_fixed = false;
    let comes_after = |sha: &str| sha == news.seen.sha || descends(sha);
    for section in &mut memory.sections {
        if may_be_fixed(section, news) && comes_after(&section.last.sha) {
            section.fixed = Some(news.seen.clone());
            is_fixed = true;
        }
    }
    if memory.has_more && news.is_green && !memory.sections.iter().any(Section::is_open) {
        memory.has_more = false;
        is_fixed = true;
    }
    if is_fixed && memory.newest.place() < news.seen.place() {
        memory.newest = news.seen.clone();
    }
    is_fixed
}

/// A job is fixed when it succeeded in a later run, or a green run that skipped nothing has no such job any more.
fn may_be_fixed(section: &Section, news: &News) -> bool {
    let is_gone = news.is_green && !news.has_skipped && !news.present.contains(&section.job);
    section.is_open()
        && section.last.place() < news.seen.place()
        && (is_gone || news.passed.contains(&section.job))
}

#[cfg(test)]
mod tests;
