//! The inputs of `create-failure-issue`.

use crate::actions::create_failure_issue::inputs::MARKER_LABEL;
use crate::domain::incident::key::Scope;
use crate::domain::input::{InputSpec, Kind, Need};
use crate::domain::notice::When;

/// In the order of the documentation: what most people set comes first.
pub const INPUTS: &[InputSpec] = &[
    InputSpec {
        name: "scope",
        kind: Kind::Choice(Scope::WORDS),
        need: Need::Default("workflow"),
        doc: "What shares an issue: all failures of the workflow on a branch, those of one job, those of one run, or those of one job with the same error (`fingerprint`). Above five failing jobs `job` and `fingerprint` make one issue for all.",
        examples: &["workflow", "job"],
    },
    InputSpec {
        name: "branches",
        kind: Kind::Words,
        need: Need::Default("default, release/*"),
        doc: "Branches whose failures get an issue (patterns allowed); `default` stands for the default branch. Others get the report in the step summary only; a commit there that says `Fix issue #12` sets the label `fix-pending` on that issue. The names of tags count too (`v*`): all tags of a workflow share an issue, which a later tag closes whose commit comes after the failing one.",
        examples: &["default, release/*", "main, staging"],
    },
    InputSpec {
        name: "skip-pull-requests",
        kind: Kind::Bool,
        need: Need::Default("true"),
        doc: "Whether runs of pull requests get the report in the step summary only: their authors see them fail anyway. One that says `Fix issue #12` sets the label `fix-pending` on that issue, unless it is from a fork.",
        examples: &["true"],
    },
    InputSpec {
        name: "labels",
        kind: Kind::Words,
        need: Need::Default("bug, ci-failure"),
        doc: "Labels of a new issue. GitHub makes those that it does not know.",
        examples: &["bug, ci-failure"],
    },
    InputSpec {
        name: "marker-label",
        kind: Kind::Text,
        need: Need::Default(MARKER_LABEL),
        doc: "The label by which issues are found again. A new issue always gets it, and it must stay there.",
        examples: &["ci-failure"],
    },
    InputSpec {
        name: "assignees",
        kind: Kind::Words,
        need: Need::Optional,
        doc: "Logins of the people to whom a new issue is assigned.",
        examples: &["octocat"],
    },
    InputSpec {
        name: "environment",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "The environment that was deployed to. Without it: what the workflow's file says of the job that failed.",
        examples: &["production"],
    },
    InputSpec {
        name: "needs",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "`toJSON(needs)`: which jobs failed, where the token may not read them (`actions: read`), and which may fail.",
        examples: &["{\"test\": {\"result\": \"failure\", \"outputs\": {}}}"],
    },
    InputSpec {
        name: "run-id",
        kind: Kind::Integer { min: 1, max: 999_999_999_999_999 },
        need: Need::Optional,
        doc: "The run that is looked at. Without it: the one that started this one (`workflow_run`), else this one.",
        examples: &["1234567890"],
    },
    InputSpec {
        name: "reopen-window",
        kind: Kind::Duration,
        need: Need::Default("14d"),
        doc: "How long after it was closed an issue is opened again. Later a new one is made that names it.",
        examples: &["14d"],
    },
    InputSpec {
        name: "close-on-success",
        kind: Kind::Bool,
        need: Need::Default("true"),
        doc: "Whether an issue is closed when everything that was broken succeeds on a later commit; what is flaky (it failed and succeeded on the same commit), in three runs in a row.",
        examples: &["true"],
    },
    InputSpec {
        name: "login",
        kind: Kind::Text,
        need: Need::Default("github-actions[bot]"),
        doc: "Whose issues are ours: the login behind `token`. To be set together with it.",
        examples: &["my-app[bot]"],
    },
    InputSpec {
        name: "slack-webhook",
        kind: Kind::Secret,
        need: Need::Optional,
        doc: "Address of a Slack incoming webhook: a channel is told of the run too. Runs that get no issue because of `branches` or `skip-pull-requests` are not told.",
        examples: &["${{ secrets.SLACK_WEBHOOK }}"],
    },
    InputSpec {
        name: "notify-on",
        kind: Kind::Choice(When::WORDS),
        need: Need::Default("change"),
        doc: "When the channel is told: of every run that failed; when it begins to fail, more of it fails, a fix did not hold, it is flaky or it succeeds again; or of every run.",
        examples: &["change", "always"],
    },
    InputSpec {
        name: "title",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "Template for the title of a new issue. The README lists the variables.",
        examples: &["{{ workflow }} is red on {{ branch }}: {{ stage }}"],
    },
    InputSpec {
        name: "body",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "Template for the text of the issue; `{{ report }}` is the built-in one.",
        examples: &["Please look, @acme/on-call.\n\n{{ report }}"],
    },
    InputSpec {
        name: "comment",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "Template for comments; `{{ news }}` is the built-in sentence.",
        examples: &["{{ news }} See [the run]({{ run_url }})."],
    },
    InputSpec {
        name: "template",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "Path of a file with all three templates, read from the default branch: `title` and `comment` in its front matter, the text below. Each of the inputs `title`, `body` and `comment` wins over it.",
        examples: &[".github/failure-issue.md"],
    },
    InputSpec {
        name: "timeout",
        kind: Kind::Duration,
        need: Need::Default("60s"),
        doc: "How long all requests to GitHub may take together, waits included.",
        examples: &["60s"],
    },
    InputSpec {
        name: "dry-run",
        kind: Kind::Bool,
        need: Need::Default("false"),
        doc: "Whether only to say what would be done, with the whole text of the issue.",
        examples: &["true"],
    },
    InputSpec {
        name: "token",
        kind: Kind::Secret,
        need: Need::Optional,
        doc: "Reads the run and writes the issue. Without it: the job's own token.",
        examples: &["${{ secrets.ISSUE_TOKEN }}"],
    },
];
