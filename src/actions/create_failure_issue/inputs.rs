//! The inputs of `create-failure-issue`, typed; all faults at once.

use std::time::Duration;

use secrecy::SecretString;

use crate::adapters::chat::Webhook;
use crate::domain::globs::Globs;
use crate::domain::incident::key::Scope;
use crate::domain::incident::life::Rules;
use crate::domain::incident::workflow::Needs;
use crate::domain::input::Values;
use crate::domain::notice::When;
use crate::domain::sticky::Author;
use crate::failure::{Failure, Outcome};
use crate::report::incident::template::file::Parts;
use crate::report::incident::template::{Part, Template};

/// The label by which issues are found again, unless another is given.
pub const MARKER_LABEL: &str = "ci-failure";

/// GitHub's longest label, in characters.
const LONGEST_LABEL: usize = 50;

/// What the action was asked to do.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// What shares an issue.
    pub scope: Scope,
    /// Patterns of branches.
    pub branches: Globs,
    /// Whether the default branch counts too.
    pub default_branch: bool,
    /// Whether runs of pull requests count.
    pub pull_requests: bool,
    /// Labels of a new issue; that by which it is found again is among them.
    pub labels: Vec<String>,
    /// The label by which issues are found again.
    pub marker_label: String,
    /// Logins of people.
    pub assignees: Vec<String>,
    /// The environment, if the user says so.
    pub environment: Option<String>,
    /// What GitHub says of the jobs before this one.
    pub needs: Option<Needs>,
    /// The run that is meant, if the user says so.
    pub run_id: Option<u64>,
    /// When issues are reopened and closed.
    pub rules: Rules,
    /// Whose issues are ours.
    pub author: Author,
    /// The words of the issue, as far as the user gives them themselves.
    pub words: Parts,
    /// The file that gives the others, if there is one.
    pub template: Option<String>,
    /// Where messages go, if anywhere.
    pub slack: Option<Webhook>,
    /// When they do.
    pub notify_on: When,
    /// How long all requests may take.
    pub timeout: Duration,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// For the API.
    pub token: Option<SecretString>,
}

impl Inputs {
    /// Reads what the tables do not check: patterns, labels, the context `needs`.
    ///
    /// # Errors
    /// One failure that lists every fault.
    pub fn read(values: &Values) -> Result<Self, Failure> {
        let mut faults: Vec<String> = Vec::new();
        let text = |name: &str| values.text(name).unwrap_or_default().trim().to_owned();
        let (default, patterns): (Vec<String>, Vec<String>) =
            values.list("branches").iter().cloned().partition(|pattern| pattern == "default");
        let branches = Globs::new(patterns).unwrap_or_else(|error| {
            faults.push(format!("`branches`: {error}"));
            Globs::default()
        });
        let needs = values.text("needs").filter(|text| !text.trim().is_empty()).and_then(|text| {
            let read = Needs::read(text);
            read.map_err(|why| faults.push(format!("`needs` is not `toJSON(needs)`: {why}"))).ok()
        });
        let marker_label = text("marker-label");
        let mut labels = values.list("labels").to_vec();
        if !labels.contains(&marker_label) {
            labels.push(marker_label.clone());
        }
        for label in &labels {
            // A comma would part it into two in the list of issues.
            if label.is_empty() || label.contains(',') || label.chars().count() > LONGEST_LABEL {
                faults.push(format!(
                    "`{label}` is no label: it has 1 to {LONGEST_LABEL} characters and no comma"
                ));
            }
        }
        let mut template = |name: &str, part| {
            let source = values.text(name)?;
            let read = Template::read(part, source);
            read.map_err(|why| faults.push(format!("`{name}`: {why}"))).ok()
        };
        let title = template("title", Part::Title);
        let body = template("body", Part::Body);
        let comment = template("comment", Part::Comment);
        let words = Parts { title, body, comment };
        let template = Some(text("template")).filter(|path| !path.is_empty());
        if let Some(path) = template.as_ref().filter(|path| !is_inside(path)) {
            faults.push(format!(
                "`template`: `{path}` is no path inside the repository: write it from its top, as in \
                 `.github/failure-issue.md`"
            ));
        }
        let slack = values.secret("slack-webhook").and_then(|address| {
            Webhook::parse(address)
                .map_err(|why| faults.push(format!("`slack-webhook`: {why}")))
                .ok()
        });
        let duration = |name: &str| values.duration(name).unwrap_or_default();
        let rules =
            Rules { window: duration("reopen-window"), closes: values.flag("close-on-success") };
        let inputs = Self {
            scope: Scope::of(&text("scope")),
            branches,
            default_branch: !default.is_empty(),
            pull_requests: !values.flag("skip-pull-requests"),
            labels,
            marker_label,
            assignees: values.list("assignees").to_vec(),
            environment: values.text("environment").map(str::to_owned),
            needs,
            run_id: values.number("run-id"),
            rules,
            author: Author::Login(text("login")),
            words,
            template,
            slack,
            notify_on: When::of(&text("notify-on")),
            timeout: duration("timeout"),
            dry_run: values.flag("dry-run"),
            token: values.secret("token").cloned(),
        };
        if faults.is_empty() {
            return Ok(inputs);
        }
        Err(Failure::new(Outcome::BadInput, faults.join("; "))
            .help("the README of create-failure-issue lists every input"))
    }
}

/// Whether a path is one of a file below the top of the repository, written in the one way that it has.
fn is_inside(path: &str) -> bool {
    let is_name = |name: &str| !matches!(name, "" | "." | "..");
    path.split('/').all(is_name) && !path.contains(|c: char| c.is_control() || c == '\\')
}
