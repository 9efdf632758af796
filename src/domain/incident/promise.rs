//! The label `fix-pending`: of an open issue that a branch or a pull request says it fixes, until a run of the issue's own
//! branch shows whether it does.

use serde_json::Value;

use crate::domain::incident::closing;
use crate::domain::incident::issue::Issue;
use crate::domain::incident::key::Key;
use crate::domain::incident::life::{Change, Known, Plan, State};
use crate::domain::incident::memory::Memory;
use crate::domain::incident::told::Told;
use crate::domain::job::Job;
use crate::domain::repository::Repository;
use crate::domain::sticky::Author;

/// The label.
pub const LABEL: &str = "fix-pending";

/// Issues that are looked up for one run.
pub const MOST: usize = 3;

/// What an event says is to be fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Who says so.
    pub by: By,
    /// The issues, each once.
    pub issues: Vec<u64>,
    /// Whether those who wrote it may write into the repository. Anybody can open a pull request from a fork.
    pub is_trusted: bool,
}

/// Who says that an issue is to be fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The commits of a push.
    Branch,
    /// The title or the text of a pull request.
    PullRequest,
}

impl By {
    /// In words.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Branch => "this branch",
            Self::PullRequest => "this pull request",
        }
    }
}

/// An issue that is to be fixed, and its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The issue.
    pub number: u64,
    /// Who says that it is fixed.
    pub by: By,
    /// What became of the label.
    pub mark: Mark,
}

/// What became of the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It was set.
    Set,
    /// It was there.
    There,
    /// It would be set, were anything to be written.
    Wanted,
}

/// What the event of a job says is to be fixed; `None` if it names no issue.
pub fn promise(job: &Job, repository: &Repository) -> Option<Promise> {
    let pull = job.event.get("pull_request").filter(|_| job.event_name.starts_with("pull_request"));
    let (by, issues, is_trusted) = match pull {
        Some(pull) => {
            let head = pull.pointer("/head/repo/full_name").and_then(Value::as_str);
            let is_ours = head.is_some_and(|name| repository.is(name));
            (By::PullRequest, of_pull_request(pull), is_ours)
        }
        None if job.event_name == "push" => (By::Branch, of_push(&job.event), true),
        None => return None,
    };
    (!issues.is_empty()).then_some(Promise { by, issues, is_trusted })
}

/// What the new commits of a push say. Those that another branch has already, and that came by a merge, say nothing of
/// this one.
fn of_push(event: &Value) -> Vec<u64> {
    let commits = event.get("commits").and_then(Value::as_array).into_iter().flatten();
    let new = commits.filter(|commit| commit.get("distinct") != Some(&Value::Bool(false)));
    let said = new.filter_map(|commit| commit.get("message")?.as_str());
    once(said.flat_map(closing::issues))
}

/// What an open pull request says. What is closed without a merge fixes nothing, and after a merge the commits say it.
fn of_pull_request(pull: &Value) -> Vec<u64> {
    if pull.get("state").and_then(Value::as_str) == Some("closed") {
        return Vec::new();
    }
    let text = |name: &str| pull.get(name).and_then(Value::as_str).unwrap_or_default();
    let said = [text("title").to_owned(), without_comments(text("body"))];
    once(said.iter().flat_map(|text| closing::issues(text)))
}

fn once(all: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut found = Vec::new();
    for number in all {
        if !found.contains(&number) {
            found.push(number);
        }
    }
    found
}

/// A text without its hidden comments: templates of pull requests explain there how to name an issue.
fn without_comments(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        shown.push_str(before);
        shown.push(' ');
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    shown + rest
}

/// Whether an issue is an open one of ours, of whatever workflow and branch: a fix is mostly seen by another workflow first.
pub fn is_ours(issue: &Issue, marker_label: &str, author: &Author) -> bool {
    has_label(&issue.labels, marker_label)
        && issue.is_of(author)
        && issue.state == State::Open
        && Key::is_on(&issue.body)
}

/// Whether a label is among those of an issue. GitHub does not tell upper from lower case in them.
pub fn has_label(labels: &[String], label: &str) -> bool {
    labels.iter().any(|own| own.eq_ignore_ascii_case(label))
}

/// Whether an issue has the label, and what is done with it shows that it is pending no more: all is mended, or the fix
/// is there and did not hold. One that is opened again was closed by the fix, or by somebody who took it for fixed.
pub fn is_over(known: &Known, plan: &Plan) -> bool {
    let is_written =
        matches!(plan.change, Change::Update(_) | Change::Reopen(_) | Change::Close(_));
    let is_mended = plan.memory.as_ref().is_some_and(|memory: &Memory| !memory.is_open());
    let has_failed =
        matches!(plan.comment, Some(Told::NotHeld(_))) || matches!(plan.change, Change::Reopen(_));
    has_label(&known.labels, LABEL) && is_written && (is_mended || has_failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(event_name: &str, event: Value) -> Option<(By, Vec<u64>, bool)> {
        let job = Job { event_name: event_name.into(), event, ..Job::default() };
        let promise = promise(&job, &Repository::parse("acme/app").unwrap());
        promise.map(|promise| (promise.by, promise.issues, promise.is_trusted))
    }

    #[test]
    fn the_new_commits_of_a_push_say_it() {
        let commits = json!([
            {"message": "Fix issue #12", "distinct": true},
            {"message": "fixes #7 and closes #12"},
            {"message": "Fix issue #9", "distinct": false},
            {"id": 3},
        ]);
        let expected = Some((By::Branch, vec![12, 7], true));
        assert_eq!(said("push", json!({"commits": commits})), expected);
        assert_eq!(said("push", json!({"commits": [{"message": "see #12"}]})), None);
        for name in ["workflow_run", "schedule", "issues", ""] {
            assert_eq!(said(name, json!({"commits": commits})), None, "{name}");
        }
    }

    #[test]
    fn an_open_pull_request_says_it_in_what_people_read() {
        let pull = |more: Value| {
            let mut pull = json!({"state": "open", "title": "Resolves #3", "head": {"repo": {"full_name": "Acme/App"}},
                "body": "<!-- e.g. Fixes #1 --> Fixes: issue #4\n<!-- closes #2"});
            pull.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"pull_request": pull})
        };
        let read = |more: Value| said("pull_request", pull(more));
        assert_eq!(read(json!({})), Some((By::PullRequest, vec![3, 4], true)));
        assert_eq!(read(json!({"body": null})), Some((By::PullRequest, vec![3], true)));
        assert_eq!(read(json!({"state": "closed"})), None);
        assert_eq!(read(json!({"title": "work", "body": "see #4"})), None);
        for head in [json!({"repo": {"full_name": "bob/app"}}), json!({"repo": null}), json!({})] {
            let of_fork = Some((By::PullRequest, vec![3, 4], false));
            assert_eq!(said("pull_request_target", pull(json!({"head": head}))), of_fork);
        }
    }

    #[test]
    fn only_an_open_issue_of_ours_is_meant() {
        let issue = Issue {
            number: 12,
            author: "github-actions[bot]".into(),
            body: "<!-- mta:failure nightly.yml%0Amain%0A -->\r\nwords".into(),
            labels: vec!["CI-failure".into()],
            state: State::Open,
            comments: None,
        };
        let is = |issue: &Issue| is_ours(issue, "ci-failure", &Author::Own);
        assert!(is(&issue));
        for other in [
            Issue { author: "mallory".into(), ..issue.clone() },
            Issue { labels: vec!["bug".into()], ..issue.clone() },
            Issue { state: State::NotPlanned, ..issue.clone() },
            Issue { body: "words\n<!-- mta:failure a -->".into(), ..issue.clone() },
            Issue { body: "<!-- mta:failures a -->".into(), ..issue },
        ] {
            assert!(!is(&other), "{other:?}");
        }
    }
}
