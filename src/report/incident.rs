//! A failure of a workflow in words: the issue's title and body, comments, the step summary. Pure.
//!
//! Names of jobs, steps and branches are foreign text: they stand in code spans, where nothing is a mention, a reference or
//! Markdown. Links are made of numbers and commits alone.

pub mod body;
pub mod comment;
pub mod summary;
pub mod suspects;
pub mod template;

use crate::domain::incident::jobs::{Job, Stage, Standing};
use crate::domain::incident::memory::{Memory, Seen};
use crate::domain::incident::reason::Reason;
use crate::domain::incident::run::{Line, Run};
use crate::domain::repository::Repository;
use crate::report::markdown::code;

/// All that is known of a failure.
#[derive(Clone, Copy, Debug)]
pub struct Failing<'a> {
    /// Where pages are.
    pub links: &'a Links,
    /// The run.
    pub run: &'a Run,
    /// Its stages, those that failed first.
    pub stages: &'a [Stage],
    /// The environment that was deployed to; empty if there is none.
    pub environment: &'a str,
    /// Why the first of them failed.
    pub reasons: &'a [Reason],
    /// The stages of which is told that they failed; `None`: all that did. Of an issue for some jobs these are its own.
    pub only: Option<&'a [String]>,
    /// What is known of the runs before, this one included.
    pub memory: &'a Memory,
    /// An issue of the same kind, closed too long ago to be opened again.
    pub earlier: Option<u64>,
}

impl<'a> Failing<'a> {
    /// The stages that failed, as far as they are told of; the first one first.
    pub fn failed(self) -> impl Iterator<Item = &'a Stage> {
        let has_failed = |stage: &&Stage| stage.standing == Standing::Failed;
        self.stages.iter().filter(has_failed).filter(move |stage| self.tells_of(&stage.name))
    }

    /// Why they failed, as far as it is known.
    pub fn why(self) -> impl Iterator<Item = &'a Reason> + Clone {
        self.reasons.iter().filter(move |reason| self.tells_of(&reason.stage))
    }

    fn tells_of(self, stage: &str) -> bool {
        self.only.is_none_or(|only| only.iter().any(|one| one == stage))
    }
}

/// Makes addresses of pages.
#[derive(Clone, Debug)]
pub struct Links {
    /// `https://github.com`, or that of a GitHub Enterprise Server.
    pub server: String,
    /// The repository.
    pub repository: Repository,
}

impl Links {
    /// `[#12](...)`: a run.
    pub fn run(&self, seen: &Seen) -> String {
        self.numbered(seen.number, seen.run)
    }

    /// The same for the run that is looked at.
    pub fn of(&self, run: &Run) -> String {
        self.numbered(run.number, run.id)
    }

    fn numbered(&self, number: u64, id: u64) -> String {
        format!("[#{number}]({})", self.run_page(id))
    }

    /// The page of a run.
    pub fn run_page(&self, id: u64) -> String {
        let Self { server, repository } = self;
        format!("{server}/{repository}/actions/runs/{id}")
    }

    /// A commit by its first digits.
    pub fn commit(&self, sha: &str) -> String {
        match (sha.get(..7), self.commit_page(sha)) {
            (Some(short), Some(page)) => format!("[`{short}`]({page})"),
            _ => code(sha),
        }
    }

    /// The page of a commit; `None` for what is no commit's number.
    pub fn commit_page(&self, sha: &str) -> Option<String> {
        let Self { server, repository } = self;
        let is_hex = sha.len() >= 7 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| format!("{server}/{repository}/commit/{sha}"))
    }

    /// The page of an issue.
    pub fn issue_page(&self, number: u64) -> String {
        let Self { server, repository } = self;
        format!("{server}/{repository}/issues/{number}")
    }

    /// The page of a job's log, at the step that failed.
    pub fn log(&self, run: &Run, job: &Job) -> String {
        format!("[log]({})", self.log_page(run, job))
    }

    /// Its address.
    pub fn log_page(&self, run: &Run, job: &Job) -> String {
        let Self { server, repository } = self;
        let step = job.failed_step().map(|step| format!("#step:{}:1", step.number));
        let step = step.unwrap_or_default();
        format!("{server}/{repository}/actions/runs/{}/job/{}{step}", run.id, job.id)
    }
}

/// The longest title, in characters; GitHub takes 256.
const LONGEST_TITLE: usize = 200;

/// The title of a new issue, with the error where that is what it is for. People may change it: it is not written
/// again.
pub fn title(run: &Run, failed: &[String], error: Option<&str>) -> String {
    let more = match failed.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let first = failed.first().map_or("", String::as_str);
    let at = match &run.line {
        Line::Branch | Line::Pull(_) => run.branch.as_str(),
        Line::Tags => "tags",
    };
    let error = error.filter(|line| !line.trim().is_empty());
    let error = error.map(|line| format!(": {line}")).unwrap_or_default();
    let title = format!("{} fails on {at}: {first}{more}{error}", run.workflow);
    inert(&title)
}

/// A title of a template, as long as one may be.
pub fn cut_title(text: &str) -> String {
    text.chars().take(LONGEST_TITLE).collect()
}

/// Text for a title, where nothing is Markdown but mentions and references count: a zero-width space parts them.
fn inert(text: &str) -> String {
    let mut out = String::new();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = crate::domain::shown::visible(&line);
    let mut before = ' ';
    for c in line.chars() {
        if out.chars().count() >= LONGEST_TITLE {
            break;
        }
        // `#7` and `GH-7` refer, `@name` mentions.
        if c.is_ascii_digit() && (before == '#' || before == '-') {
            out.push('\u{200b}');
        }
        out.push(c);
        if c == '@' {
            out.push('\u{200b}');
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(workflow: &str, branch: &str, failed: &[&str]) -> String {
        let run = Run { workflow: workflow.into(), branch: branch.into(), ..Run::default() };
        title(&run, &failed.iter().map(ToString::to_string).collect::<Vec<_>>(), None)
    }

    #[test]
    fn a_title_says_what_fails_where() {
        assert_eq!(titled("Nightly", "main", &["test"]), "Nightly fails on main: test");
        assert_eq!(
            titled("CI", "release/1", &["test", "e2e", "x"]),
            "CI fails on release/1: test and 2 more"
        );
    }

    #[test]
    fn the_issue_of_a_tag_is_that_of_all_tags() {
        let run = Run {
            workflow: "CI".into(),
            branch: "v1.2".into(),
            line: Line::Tags,
            ..Run::default()
        };
        let failed = ["test".to_owned()];
        assert_eq!(title(&run, &failed, None), "CI fails on tags: test");
        assert_eq!(title(&run, &failed, Some(" ")), "CI fails on tags: test");
        let error = "FAILED test_a #7 @acme";
        let titled = title(&run, &failed, Some(error));
        assert_eq!(titled, "CI fails on tags: test: FAILED test_a #\u{200b}7 @\u{200b}acme");
    }

    #[test]
    fn nothing_in_a_title_mentions_or_refers() {
        let title = titled("@acme/admins #7", "fix/GH-12\n\u{202e}", &["a #8"]);
        assert_eq!(
            title,
            "@\u{200b}acme/admins #\u{200b}7 fails on fix/GH-\u{200b}12 \\u{202e}: a #\u{200b}8"
        );
        for long in ["é", "@", "#1", "-1"] {
            assert!(titled("w", &long.repeat(500), &["x"]).chars().count() <= 256);
        }
    }
}
