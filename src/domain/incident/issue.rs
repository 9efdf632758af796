//! Issues as GitHub tells them, and which of them are ours.

use crate::domain::incident::key::Key;
use crate::domain::incident::life::{Known, State};
use crate::domain::incident::memory::Memory;
use crate::domain::incident::run::Run;
use crate::domain::sticky::Author;

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Login of who opened it; empty if the account is gone.
    pub author: String,
    /// The text, Markdown.
    pub body: String,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Whether it is open.
    pub state: State,
    /// How many comments it has; `None` where GitHub does not say it.
    pub comments: Option<u64>,
}

impl Issue {
    /// Whether it was opened by that login. GitHub does not tell upper from lower case in logins.
    pub fn is_of(&self, author: &Author) -> bool {
        self.author.eq_ignore_ascii_case(author.login())
    }
}

/// What an issue knows, if we opened it for the workflow and branch of a run. Anybody can write our marker, so it counts
/// only where the issue is ours.
pub fn known(issue: &Issue, run: &Run, author: &Author) -> Option<Known> {
    let key = Key::of_body(&issue.body, run).filter(|_| issue.is_of(author))?;
    let recalled = Memory::of_body(&issue.body);
    let (number, state, comments) = (issue.number, issue.state, issue.comments);
    Some(Known { number, key, state, recalled, labels: issue.labels.clone(), comments })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::jobs::{Stage, Standing};
    use crate::domain::incident::key::{Scope, assign};

    #[test]
    fn a_marker_counts_only_in_an_issue_that_is_ours() {
        let run = Run { path: "ci.yml".into(), branch: "main".into(), ..Run::default() };
        let stage = Stage::new("test", Standing::Failed);
        let (key, _) = assign(Scope::Workflow, (&run, &[]), &[&stage], |_| Vec::new()).remove(0);
        let issue = |number, author: &str| Issue {
            number,
            author: author.into(),
            body: format!("{}\nwords", key.line()),
            labels: Vec::new(),
            state: State::Open,
            comments: None,
        };
        let all = [issue(1, "mallory"), issue(2, "GitHub-Actions[bot]"), issue(3, "")];
        let ours = |run: &Run| {
            all.iter().filter_map(|issue| known(issue, run, &Author::Own)).collect::<Vec<_>>()
        };
        let found = ours(&run);
        assert_eq!(found.iter().map(|known| known.number).collect::<Vec<_>>(), [2]);
        assert_eq!(found[0].key, key);
        let other = Run { branch: "dev".into(), ..run };
        assert_eq!(ours(&other), []);
    }
}
