//! What of a run failed, what only followed, and what says nothing.

use std::time::Duration;

use jiff::Timestamp;

/// How a job or a step ended, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did what it should.
    Succeeded,
    /// It failed, ran out of time, could not start, or waits for somebody's approval for good.
    Failed,
    /// Somebody or something ended it: that says nothing about the code.
    Cancelled,
    /// It was not to run.
    Skipped,
    /// It still runs or waits.
    Unfinished,
}

impl Verdict {
    /// Reads the API's `conclusion`; none while it goes on.
    pub fn of(conclusion: Option<&str>) -> Self {
        match conclusion {
            None | Some("") => Self::Unfinished,
            Some("success" | "neutral") => Self::Succeeded,
            Some("skipped") => Self::Skipped,
            Some("cancelled" | "stale") => Self::Cancelled,
            // `failure`, `timed_out`, `startup_failure`, `action_required`, and words that GitHub may add.
            Some(_) => Self::Failed,
        }
    }
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its number, from 1: `#step:4:1` in the address of the job's log.
    pub number: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub completed: Option<Timestamp>,
}

/// A job of a run as GitHub tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number; the page of its log has it.
    pub id: u64,
    /// Its name with the legs of a matrix: `test (3.12, linux)`, `deploy / migrate`.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// Its steps in order.
    pub steps: Vec<Step>,
}

impl Job {
    /// Whether it failed. A job that still runs failed when one of its steps did: it may be the one that asks.
    pub fn has_failed(&self) -> bool {
        match self.verdict {
            Verdict::Failed => true,
            Verdict::Unfinished => self.failed_step().is_some(),
            _ => false,
        }
    }

    /// A job that was cancelled when it had taken as long as it may has failed: GitHub ends it like one that a person ends.
    pub fn end_by(&mut self, limit: Duration) {
        let (Some(started), Some(completed)) = (self.started, self.completed) else { return };
        let took = Duration::try_from(completed.duration_since(started)).unwrap_or_default();
        if self.verdict == Verdict::Cancelled && took >= limit {
            self.verdict = Verdict::Failed;
        }
    }

    /// The step that failed first.
    pub fn failed_step(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.verdict == Verdict::Failed)
    }
}

/// What became of a job, or of all legs of a matrix together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It failed by itself.
    Failed,
    /// It failed, and the workflow goes on regardless (`continue-on-error`).
    Tolerated,
    /// It did not run because of what failed.
    Blocked,
    /// It was cancelled.
    Cancelled,
    /// It was not to run.
    Skipped,
    /// It succeeded.
    Passed,
    /// It is not at its end.
    Unfinished,
}

impl Standing {
    /// Its word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Tolerated => "failed, which is allowed",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Passed => "passed",
            Self::Unfinished => "still runs",
        }
    }
}

/// A stage: a job of the workflow, with all legs where it has a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The name without legs.
    pub name: String,
    /// What became of it.
    pub standing: Standing,
    /// Its jobs in the order of the API; more than one for a matrix.
    pub legs: Vec<Job>,
}

impl Stage {
    /// A stage of which nothing but this is known.
    pub fn new(name: impl Into<String>, standing: Standing) -> Self {
        Self { name: name.into(), standing, legs: Vec::new() }
    }

    /// The legs that failed; none where only the stage is known.
    pub fn failed_legs(&self) -> impl Iterator<Item = &Job> {
        self.legs.iter().filter(|leg| leg.has_failed())
    }

    /// When the first of its legs had failed.
    fn failed_at(&self) -> Option<Timestamp> {
        self.failed_legs().filter_map(|leg| leg.completed).min()
    }
}

/// The one stage of a run that failed without a single job: GitHub could not read the workflow's file, or a workflow that
/// it calls. It is named for the file. One that waits for an approval has no jobs either, and has not failed.
pub fn of_file(path: &str, conclusion: &str) -> Option<Stage> {
    let has_failed = matches!(conclusion, "failure" | "startup_failure");
    has_failed.then(|| Stage::new(path, Standing::Failed))
}

/// The stages of a run: those that failed first, in the order in which they did; the others as GitHub lists them.
///
/// `tolerated` says of a job's name whether the workflow goes on when it fails.
pub fn stages(jobs: &[Job], tolerated: impl Fn(&str) -> bool) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for job in jobs {
        let name = family(&job.name);
        if let Some(stage) = stages.iter_mut().find(|stage| stage.name == name) {
            stage.legs.push(job.clone());
        } else {
            let legs = vec![job.clone()];
            stages.push(Stage { name, standing: Standing::Unfinished, legs });
        }
    }
    for stage in &mut stages {
        stage.standing = standing(&stage.legs, &tolerated);
    }
    let first = stages.iter().filter(|stage| stage.standing == Standing::Failed);
    let first = first.map(|stage| stage.failed_at().unwrap_or(Timestamp::MAX)).min();
    for stage in &mut stages {
        // What was skipped by its own condition was so before anything failed, mostly; what ended after it was held up.
        let ended = stage.legs.iter().filter_map(|leg| leg.completed).max();
        if stage.standing == Standing::Skipped && first.is_some_and(|first| ended >= Some(first)) {
            stage.standing = Standing::Blocked;
        }
    }
    stages.sort_by_key(|stage| match stage.standing {
        Standing::Failed => (0, stage.failed_at().unwrap_or(Timestamp::MAX)),
        _ => (1, Timestamp::MIN),
    });
    stages
}

fn standing(legs: &[Job], tolerated: impl Fn(&str) -> bool) -> Standing {
    let any = |verdict| legs.iter().any(|leg| leg.verdict == verdict);
    let mut failed = legs.iter().filter(|leg| leg.has_failed()).peekable();
    if failed.peek().is_some() {
        let is_tolerated = failed.all(|leg| tolerated(&leg.name));
        return if is_tolerated { Standing::Tolerated } else { Standing::Failed };
    }
    match () {
        () if any(Verdict::Unfinished) => Standing::Unfinished,
        () if any(Verdict::Cancelled) => Standing::Cancelled,
        () if any(Verdict::Succeeded) => Standing::Passed,
        () => Standing::Skipped,
    }
}

/// A job's name without the legs of a matrix: `test (3.12, linux)` is `test`, `build (a) / push (b)` is `build / push`.
/// GitHub cuts a name after 100 characters and writes `...`: then the last bracket may not be closed.
pub fn family(name: &str) -> String {
    let parts: Vec<&str> = split_calls(name).into_iter().map(without_legs).collect();
    parts.join(" / ")
}

/// The callers and the job, outermost first. A ` / ` inside the brackets of a matrix parts nothing.
fn split_calls(name: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in name.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '/' if depth == 0
                && at > start
                && name[..at].ends_with(' ')
                && name[at + 1..].starts_with(' ') =>
            {
                parts.push(&name[start..at - 1]);
                start = at + 2;
            }
            _ => {}
        }
    }
    parts.push(&name[start..]);
    parts
}

fn without_legs(part: &str) -> &str {
    let is_cut = part.ends_with("...");
    match part.find(" (").filter(|at| *at > 0) {
        Some(at) if part.ends_with(')') || is_cut => &part[..at],
        _ => part,
    }
}

#[cfg(test)]
mod tests;
