//! A message for people in a chat: what is said, whatever the service. Pure.
//!
//! All of its texts but the sentences round them are foreign. Secrets are hidden here, before anything is cut: a part
//! of a secret looks like none. What a service would obey is made harmless by its own module.

pub mod slack;

use crate::domain::incident::jobs::Stage;
use crate::domain::incident::reason::Reason;
use crate::domain::notice::News;
use crate::domain::shown::cut;
use crate::report::incident::Failing;

/// Lines of logs that are shown.
const LINES: usize = 3;

/// Stages that are named.
const STAGES: usize = 5;

/// The longest name in the title, in characters: the others have to fit beside it.
const LONGEST_NAME: usize = 35;

/// Digits of a commit's number, as `git log --oneline` shows it.
const SHORT_SHA: usize = 7;

/// How the chosen line is marked in an excerpt.
const CHOSEN: &str = "> ";

/// How it looks from afar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Something fails.
    Bad,
    /// All is well.
    Good,
    /// Neither.
    Neutral,
}

/// A stage that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The job; of a matrix the stage.
    pub job: String,
    /// The step; empty if it is not known.
    pub step: String,
    /// With which code it ended, if the log says so.
    pub exit_code: Option<i32>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How it looks.
    pub mood: Mood,
    /// What happened, on one line.
    pub title: String,
    /// The stages that failed, the first few.
    pub stages: Vec<Broken>,
    /// How many more of them there are.
    pub more: usize,
    /// The lines of logs that say most.
    pub lines: Vec<String>,
    /// Name and value, in order. No value is empty.
    pub facts: Vec<(&'static str, String)>,
    /// Name and address of pages.
    pub links: Vec<(&'static str, String)>,
}

/// What is said of a run. `issue` is the number of the issue that tells more; `hide` takes secrets out of a text.
pub fn message(
    news: &News,
    failing: Failing<'_>,
    issue: Option<u64>,
    hide: impl Fn(&str) -> String,
) -> Message {
    let failed: Vec<&Stage> = failing.failed().collect();
    let mood = match news {
        News::Recovered | News::Passed => Mood::Good,
        News::Undecided | News::Flaky { has_failed: false, .. } => Mood::Neutral,
        _ => Mood::Bad,
    };
    Message {
        mood,
        title: title(news, failing, &failed, &hide),
        stages: failed.iter().take(STAGES).map(|stage| broken(stage, failing, &hide)).collect(),
        more: failed.len().saturating_sub(STAGES),
        lines: telling(failing.why()).iter().map(|line| hide(line)).collect(),
        facts: facts(news, failing, &hide),
        links: links(failing, issue),
    }
}

fn title(
    news: &News,
    failing: Failing<'_>,
    failed: &[&Stage],
    hide: impl Fn(&str) -> String,
) -> String {
    let name = |text: &str| cut(&hide(text), LONGEST_NAME);
    let (workflow, branch) = (name(&failing.run.workflow), name(&failing.run.branch));
    let of = |jobs: &[&str]| match jobs {
        [] => String::new(),
        [first] => format!(": {}", name(first)),
        [first, more @ ..] => format!(": {} and {} more", name(first), more.len()),
    };
    let stages = of(&failed.iter().map(|stage| stage.name.as_str()).collect::<Vec<_>>());
    match news {
        News::Fails => format!("{workflow} fails on {branch}{stages}"),
        News::Failed => format!("{workflow} failed on {branch}{stages}"),
        News::FailsAgain => format!("{workflow} fails again on {branch}{stages}"),
        News::MoreFail(jobs) => {
            format!("More of {workflow} fails on {branch}{}", of(&texts(jobs)))
        }
        News::Flaky { jobs, .. } => format!("{workflow} is flaky on {branch}{}", of(&texts(jobs))),
        News::NotHeld => format!("The fix did not hold: {workflow} fails on {branch}{stages}"),
        News::StillFails => format!("{workflow} still fails on {branch}{stages}"),
        News::Late => format!("An older run of {workflow} failed on {branch}{stages}"),
        News::Recovered => format!("{workflow} succeeds again on {branch}"),
        News::Passed => format!("{workflow} succeeded on {branch}"),
        News::Undecided => format!("{workflow} ended without a result on {branch}"),
    }
}

fn texts(jobs: &[String]) -> Vec<&str> {
    jobs.iter().map(String::as_str).collect()
}

fn broken(stage: &Stage, failing: Failing<'_>, hide: impl Fn(&str) -> String) -> Broken {
    let legs: Vec<_> = stage.failed_legs().collect();
    let job = match legs.as_slice() {
        [leg] => leg.name.as_str(),
        _ => stage.name.as_str(),
    };
    let step = legs.first().and_then(|leg| leg.failed_step()).map(|step| hide(&step.name));
    let reason = failing.why().find(|reason| reason.stage == stage.name);
    Broken {
        job: hide(job),
        step: step.unwrap_or_default(),
        exit_code: reason.and_then(|reason| reason.exit_code),
    }
}

/// The lines that say most: of each reason the one that explains it, then others that were chosen and say more.
fn telling<'a>(reasons: impl Iterator<Item = &'a Reason> + Clone) -> Vec<&'a str> {
    let mut lines: Vec<&str> = Vec::new();
    let first = reasons.clone().map(|reason| reason.headline.as_str());
    let chosen = reasons.flat_map(|reason| &reason.excerpt);
    let chosen = chosen.filter_map(|line| line.strip_prefix(CHOSEN));
    for line in first.chain(chosen).map(str::trim).filter(|line| !line.is_empty()) {
        let is_said = lines.iter().any(|said| said.contains(line) || line.contains(said));
        if lines.len() < LINES && !is_said {
            lines.push(line);
        }
    }
    lines
}

fn facts(
    news: &News,
    failing: Failing<'_>,
    hide: impl Fn(&str) -> String,
) -> Vec<(&'static str, String)> {
    let Failing { run, environment, memory, .. } = failing;
    let attempt =
        if run.attempt > 1 { format!(", attempt {}", run.attempt) } else { String::new() };
    let mut facts = vec![
        ("Run", format!("#{}{attempt} ({})", run.number, hide(&run.event))),
        ("Branch", hide(&run.branch)),
        ("Commit", hide(run.sha.get(..SHORT_SHA).unwrap_or(&run.sha))),
        ("Started by", hide(&run.actor)),
        ("Environment", hide(environment)),
    ];
    if news.is_failure() && memory.runs > 1 {
        facts.push(("Failed runs", memory.runs.to_string()));
    }
    facts.retain(|(_, value)| !value.trim().is_empty());
    facts
}

fn links(failing: Failing<'_>, issue: Option<u64>) -> Vec<(&'static str, String)> {
    let Failing { links, run, .. } = failing;
    let mut all = vec![("Run", links.run_page(run.id))];
    all.extend(links.commit_page(&run.sha).map(|page| ("Commit", page)));
    all.extend(issue.map(|number| ("Issue", links.issue_page(number))));
    all
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests {
    use super::samples::{Sample, reason};
    use super::*;

    fn said(news: &News, sample: &Sample) -> Message {
        message(news, sample.failing(), Some(11), |text| text.replace("hunter2", "***"))
    }

    #[test]
    fn a_title_says_what_happened() {
        let sample = Sample::new("nightly", "main", &["test", "e2e"]);
        let table = [
            (News::Fails, "nightly fails on main: test and 1 more"),
            (News::Failed, "nightly failed on main: test and 1 more"),
            (News::FailsAgain, "nightly fails again on main: test and 1 more"),
            (News::MoreFail(vec!["e2e".into()]), "More of nightly fails on main: e2e"),
            (
                News::Flaky { jobs: vec!["e2e".into()], has_failed: false },
                "nightly is flaky on main: e2e",
            ),
            (News::NotHeld, "The fix did not hold: nightly fails on main: test and 1 more"),
            (News::StillFails, "nightly still fails on main: test and 1 more"),
            (News::Late, "An older run of nightly failed on main: test and 1 more"),
            (News::Recovered, "nightly succeeds again on main"),
            (News::Passed, "nightly succeeded on main"),
            (News::Undecided, "nightly ended without a result on main"),
        ];
        for (news, title) in table {
            assert_eq!(said(&news, &sample).title, title);
        }
        let long = Sample::new(&"w".repeat(200), &"b".repeat(200), &[&"j".repeat(100)]);
        let title = said(&News::NotHeld, &long).title;
        assert!(title.contains("www… fails on bbb") && title.ends_with("jjj…"), "{title}");
    }

    #[test]
    fn the_lines_that_say_most_come_once() {
        let mut sample = Sample::new("nightly", "main", &["test", "e2e"]);
        sample.reasons = vec![
            reason("test", "FAILED test_a", &["  noise", "> FAILED test_a", "> FAILED test_b"]),
            reason("e2e", "Error: timeout of hunter2", &["> Error: timeout of hunter2", "> "]),
        ];
        let message = said(&News::Fails, &sample);
        assert_eq!(message.lines, ["FAILED test_a", "Error: timeout of ***", "FAILED test_b"]);
        assert_eq!(message.stages[0].exit_code, Some(2));
        sample.reasons.clear();
        assert_eq!(said(&News::Fails, &sample).lines, [""; 0]);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut sample = Sample::new("nightly", "main", &["1", "2", "3", "4", "5", "6", "7"]);
        let message = said(&News::StillFails, &sample);
        assert_eq!((message.stages.len(), message.more), (5, 2));
        let names: Vec<&str> = message.facts.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Run", "Branch", "Commit", "Started by", "Environment", "Failed runs"]);
        assert_eq!(message.facts[2].1, "aaaaaaa");
        assert_eq!(message.links.len(), 3);
        sample.run.actor = String::new();
        sample.run.sha = "none".into();
        sample.environment = "";
        let message = super::message(&News::Recovered, sample.failing(), None, str::to_owned);
        let names: Vec<&str> = message.facts.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Run", "Branch", "Commit"]);
        assert_eq!(message.links.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["Run"]);
    }
}
