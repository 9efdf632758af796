//! Issues: those with a label, one that is made, one that is changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::github::client::{Call, Operation};
use crate::adapters::github::creation::{Made, create_once};
use crate::adapters::github::errors::Error;
use crate::adapters::github::pages;
use crate::domain::incident::issue::Issue;
use crate::domain::incident::life::State;
use crate::domain::repository::Repository;
use crate::domain::sticky::Author;

/// A new issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The title, at most 256 characters.
    pub title: String,
    /// The body; its first line is the marker by which it is found again.
    pub body: String,
    /// Labels; GitHub makes those that it does not know.
    pub labels: Vec<String>,
    /// Logins of people.
    pub assignees: Vec<String>,
}

/// What is changed of an issue; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The whole body.
    pub body: Option<String>,
    /// Open or closed, and why.
    pub state: Option<Turn>,
}

/// How the state of an issue changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is opened again.
    Reopened,
    /// It is closed as done.
    Completed,
    /// It is closed because another one stands for it.
    Duplicate,
}

/// An issue as the API tells it; anything but the number may be missing.
#[derive(Deserialize)]
struct Told {
    number: u64,
    body: Option<String>,
    user: Option<User>,
    state: Option<String>,
    state_reason: Option<String>,
    closed_at: Option<Timestamp>,
    #[serde(default)]
    labels: Vec<Value>,
    pull_request: Option<Value>,
    comments: Option<u64>,
}

#[derive(Deserialize)]
struct User {
    login: Option<String>,
}

impl Told {
    /// The issue; `None` for a pull request, which the API lists among them.
    fn issue(self) -> Option<Issue> {
        let reason = self.state_reason.as_deref();
        let state = match (self.state.as_deref(), reason, self.closed_at) {
            (Some("closed"), Some("not_planned"), _) => State::NotPlanned,
            (Some("closed"), Some("duplicate"), _) => State::Duplicate,
            (Some("closed"), _, at) => State::Completed(at.unwrap_or(Timestamp::UNIX_EPOCH)),
            _ => State::Open,
        };
        let label = |label: Value| match label {
            Value::String(name) => Some(name),
            other => other.get("name").and_then(Value::as_str).map(str::to_owned),
        };
        self.pull_request.is_none().then(|| Issue {
            number: self.number,
            author: self.user.and_then(|user| user.login).unwrap_or_default(),
            body: self.body.unwrap_or_default(),
            labels: self.labels.into_iter().filter_map(label).collect(),
            state,
            comments: self.comments,
        })
    }
}

/// What `keep` makes of the issues with a label, open and closed. The list is not delayed, as a search would be.
///
/// One request where they fit on a page. Of more, all that are open are read, and then those that were touched `since`,
/// open or closed: a repository may have thousands. Nothing but what is kept stays in memory.
///
/// Whatever happens between the two lists, no issue is in neither: one that was open is on the first, and one that is
/// opened or closed in between was touched. Of one that is on both the second says more.
pub async fn list<T>(
    operation: &Operation<'_>,
    repository: &Repository,
    (label, since): (&str, Timestamp),
    mut keep: impl FnMut(Issue) -> Option<T>,
) -> Result<Vec<T>, Error> {
    let call = listing(operation, repository, label, &[("state", "all"), ("direction", "desc")]);
    let all = pages::first(operation, &call, |told: Told| told.issue().and_then(&mut keep));
    let (found, has_more) = all.await?;
    if !has_more {
        return Ok(found);
    }
    let mut numbered = |issue: Issue| {
        let number = issue.number;
        keep(issue).map(|kept| (number, kept))
    };
    let open = open(operation, repository, label, &mut numbered).await?;
    let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let touched = [("state", "all"), ("direction", "asc"), ("since", &since)];
    let call = listing(operation, repository, label, &touched);
    let touched = pages::list(operation, call, |told: Told| told.issue().and_then(&mut numbered));
    let mut found: BTreeMap<u64, T> = open.into_iter().collect();
    found.extend(touched.await?);
    Ok(found.into_values().collect())
}

/// The same of those that are open.
pub async fn open<T>(
    operation: &Operation<'_>,
    repository: &Repository,
    label: &str,
    mut keep: impl FnMut(Issue) -> Option<T>,
) -> Result<Vec<T>, Error> {
    let call = listing(operation, repository, label, &[("state", "open"), ("direction", "asc")]);
    pages::list(operation, call, |told: Told| told.issue().and_then(&mut keep)).await
}

fn listing(
    operation: &Operation<'_>,
    repository: &Repository,
    label: &str,
    more: &[(&str, &str)],
) -> Call {
    // By their numbers: an order by changes may move between two pages.
    let query = [&[("labels", label), ("sort", "created"), ("per_page", "100")], more].concat();
    let what = format!("list the issues of {repository} with the label `{label}`");
    Call::get(what, url(operation, repository, &[], &query))
}

/// An issue as it is now; `None` for a pull request.
pub async fn get(
    operation: &Operation<'_>,
    repository: &Repository,
    number: u64,
) -> Result<Option<Issue>, Error> {
    let url = url(operation, repository, &[&number.to_string()], &[]);
    let call = Call::get(format!("read {repository}#{number}"), url);
    Ok(operation.get::<Told>(&call).await?.issue())
}

/// Makes an issue, once: where the answer is lost, the one of `author` with the same first line that is open is looked up
/// by the label.
pub async fn create(
    operation: &Operation<'_>,
    repository: &Repository,
    draft: &Draft,
    (label, author): (&str, &Author),
) -> Result<Made<Issue>, Error> {
    let url = url(operation, repository, &[], &[]);
    let Draft { title, body, labels, assignees } = draft;
    let mut fields = json!({ "title": title, "body": body, "labels": labels });
    if !assignees.is_empty() {
        fields["assignees"] = json!(assignees);
    }
    let call = Call::create(format!("open an issue in {repository}"), url, &fields).notifying();
    let first = |body: &str| body.lines().next().unwrap_or_default().trim_end().to_owned();
    let is_it = |issue: &Issue| {
        issue.is_of(author) && issue.state == State::Open && first(&issue.body) == first(body)
    };
    create_once(
        operation,
        &call,
        |answer| answer.json::<Told>(&call).ok()?.issue(),
        async || {
            let found = open(operation, repository, label, |issue| is_it(&issue).then_some(issue));
            Ok(found.await?.into_iter().min_by_key(|issue| issue.number))
        },
    )
    .await
}

/// Changes an issue. The answer is how it is afterwards; `None` where GitHub's answer does not say it.
///
/// Without a new state the one that it has stays: somebody may have closed it since it was read.
pub async fn edit(
    operation: &Operation<'_>,
    repository: &Repository,
    number: u64,
    edit: &Edit,
) -> Result<Option<Issue>, Error> {
    let mut fields = json!({});
    if let Some(body) = &edit.body {
        fields["body"] = json!(body);
    }
    if let Some(turn) = edit.state {
        let (state, reason) = match turn {
            Turn::Reopened => ("open", "reopened"),
            Turn::Completed => ("closed", "completed"),
            Turn::Duplicate => ("closed", "duplicate"),
        };
        fields["state"] = json!(state);
        fields["state_reason"] = json!(reason);
    }
    let url = url(operation, repository, &[&number.to_string()], &[]);
    let call = Call::patch(format!("update {repository}#{number}"), url, &fields);
    let answer = operation.send(&call).await?;
    Ok(answer.json::<Told>(&call).ok().and_then(Told::issue))
}

fn url(
    operation: &Operation<'_>,
    repository: &Repository,
    more: &[&str],
    query: &[(&str, &str)],
) -> reqwest::Url {
    let path = [&["repos", repository.owner(), repository.name(), "issues"], more].concat();
    operation.client().url(&path, query)
}
