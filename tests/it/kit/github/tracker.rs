//! Issues of the fake GitHub, with their rules: what is too long, what is left out, what closes.

use serde_json::{Value, json};

use super::wire::{Request, Response};
use super::{LOGIN, LONGEST, State, decoded, said};

/// GitHub's longest title, in characters.
const LONGEST_TITLE: usize = 256;

/// GitHub's longest label, in characters.
const LONGEST_LABEL: usize = 50;

/// An issue, or a pull request among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issue {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub is_open: bool,
    pub reason: Option<String>,
    pub closed_at: Option<String>,
    pub is_pull_request: bool,
    /// The higher, the later it was changed.
    pub updated: u64,
}

impl State {
    pub(super) fn list_issues(&self, request: &Request) -> Response {
        let query = |name| request.query(name).map(decoded).unwrap_or_default();
        let wanted = query("labels");
        let wanted: Vec<&str> = wanted.split(',').filter(|label| !label.is_empty()).collect();
        let (state, since) = (query("state"), query("since"));
        let has = |issue: &&Issue| {
            let labels = wanted.iter().all(|label| issue.labels.iter().any(|own| own == label));
            let state = state == "all" || issue.is_open == (state != "closed");
            let since = issue.closed_at.as_ref().is_none_or(|at| at.as_str() >= since.as_str());
            labels && state && since
        };
        let mut found: Vec<&Issue> = self.issues.iter().filter(has).collect();
        match query("sort").as_str() {
            "created" => found.sort_by_key(|issue| issue.number),
            _ => found.sort_by_key(|issue| issue.updated),
        }
        if query("direction") != "asc" {
            found.reverse();
        }
        self.page(request, found.into_iter().map(|issue| self.show_issue(issue)).collect())
    }

    pub(super) fn open_issue(&mut self, fields: &Value) -> Response {
        let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        let (title, body) = (text("title"), text("body"));
        if self.issues_are_disabled {
            return said(410, "Issues has been disabled in this repository.");
        }
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return refused("title");
        }
        if body.encode_utf16().count() > LONGEST {
            return refused("body");
        }
        let names = |name: &str| {
            let items = fields[name].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        if names("assignees").iter().any(|login| login == "gone") {
            return refused("assignees");
        }
        let labels = if self.labels_are_dropped { Vec::new() } else { names("labels") };
        let issue = Issue {
            title,
            body,
            author: LOGIN.into(),
            labels,
            assignees: names("assignees"),
            is_open: true,
            ..Issue::default()
        };
        let number = self.add_issue(issue);
        Response::json(201, &self.show_issue(self.issue(number).unwrap()))
    }

    pub(super) fn edit_issue(&mut self, number: u64, fields: &Value) -> Response {
        self.clock += 1;
        let clock = self.clock;
        let Some(issue) = self.issues.iter_mut().find(|issue| issue.number == number) else {
            return said(404, "Not Found");
        };
        if let Some(body) = fields["body"].as_str() {
            if body.encode_utf16().count() > LONGEST {
                return refused("body");
            }
            body.clone_into(&mut issue.body);
        }
        let is_open = fields["state"].as_str().map_or(issue.is_open, |state| state == "open");
        // A reason without a change of the state is ignored.
        if is_open != issue.is_open {
            issue.is_open = is_open;
            issue.reason = fields["state_reason"].as_str().map(str::to_owned);
            issue.closed_at = (!is_open).then(|| jiff::Timestamp::now().to_string());
        }
        issue.updated = clock;
        let issue = issue.clone();
        Response::json(200, &self.show_issue(&issue))
    }

    /// Puts an issue there, with the next number if it has none.
    pub(super) fn add_issue(&mut self, mut issue: Issue) -> u64 {
        self.clock += 1;
        issue.updated = self.clock;
        if issue.number == 0 {
            issue.number = 11 + u64::try_from(self.issues.len()).unwrap();
        }
        let number = issue.number;
        self.issues.push(issue);
        number
    }

    pub(super) fn one_issue(&self, number: &str) -> Response {
        let found = number.parse().ok().and_then(|number| self.issue(number));
        found.map_or_else(
            || said(404, "Not Found"),
            |issue| Response::json(200, &self.show_issue(issue)),
        )
    }

    pub(super) fn issue(&self, number: u64) -> Option<&Issue> {
        self.issues.iter().find(|issue| issue.number == number)
    }

    /// Sets labels beside those that are there.
    pub(super) fn add_labels(&mut self, number: &str, fields: &Value) -> Response {
        let names: Vec<&str> =
            fields["labels"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let Some(issue) = self.issue_mut(number) else { return said(404, "Not Found") };
        if names.iter().any(|name| name.is_empty() || name.chars().count() > LONGEST_LABEL) {
            return refused("name");
        }
        for name in names {
            if !issue.labels.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                issue.labels.push(name.to_owned());
            }
        }
        Response::json(200, &shown_labels(&issue.labels))
    }

    /// Takes one label off. In a path `+` is no space.
    pub(super) fn remove_label(&mut self, number: &str, name: &str) -> Response {
        let name = decoded(&name.replace('+', "%2B"));
        let Some(issue) = self.issue_mut(number) else { return said(404, "Not Found") };
        let before = issue.labels.len();
        issue.labels.retain(|own| !own.eq_ignore_ascii_case(&name));
        if issue.labels.len() == before {
            return said(404, "Label does not exist");
        }
        Response::json(200, &shown_labels(&issue.labels))
    }

    fn issue_mut(&mut self, number: &str) -> Option<&mut Issue> {
        let number: u64 = number.parse().ok()?;
        self.issues.iter_mut().find(|issue| issue.number == number)
    }

    fn show_issue(&self, issue: &Issue) -> Value {
        let user =
            if issue.author.is_empty() { Value::Null } else { json!({"login": issue.author}) };
        let labels = shown_labels(&issue.labels);
        let comments = self.comments.iter().filter(|comment| comment.on == issue.number).count();
        let mut shown = json!({
            "number": issue.number, "title": issue.title, "body": issue.body, "user": user, "labels": labels,
            "state": if issue.is_open { "open" } else { "closed" }, "state_reason": issue.reason,
            "closed_at": issue.closed_at, "assignees": [], "comments": comments,
        });
        if issue.is_pull_request {
            shown["pull_request"] = json!({"url": "https://api.example.test/pulls/1"});
        }
        shown
    }
}

fn shown_labels(names: &[String]) -> Value {
    names.iter().map(|name| json!({"name": name, "color": "ededed"})).collect()
}

fn refused(field: &str) -> Response {
    let error = json!({"resource": "Issue", "code": "custom", "field": field, "message": format!("{field} is too long")});
    Response::json(422, &json!({"message": "Validation Failed", "errors": [error]}))
}
