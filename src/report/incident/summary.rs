//! The step summary: what was done with which issue, and the report itself.

use crate::domain::incident::life::{Change, Why};
use crate::domain::incident::promise::{LABEL, Mark, Marked};
use crate::domain::incident::told::Told;
use crate::report::markdown::{heading, prose};

/// What was done with an issue, in one line. `told` is what its readers are told, `number` that of a new one, `issue`
/// shows one.
pub fn done(
    (change, told): (&Change, Option<&Told>),
    number: Option<u64>,
    is_dry: bool,
    issue: impl Fn(u64) -> String,
) -> String {
    let verb =
        |past: &str, would: &str| if is_dry { format!("Would {would}") } else { past.to_owned() };
    match change {
        Change::Nothing(why) => format!("{}.", reason(*why)),
        Change::Create { .. } => match number {
            Some(number) => format!("Opened {}.", issue(number)),
            None => "Would open an issue.".to_owned(),
        },
        Change::Update(number) => format!("{} {}.", verb("Updated", "update"), issue(*number)),
        Change::Reopen(number) => format!("{} {}.", verb("Reopened", "reopen"), issue(*number)),
        Change::Close(number) => {
            let why = match told {
                Some(Told::Gone(_)) => "what was broken succeeded or is gone",
                Some(Told::Steady(_)) => {
                    "what was broken succeeded, and what was flaky is steady again"
                }
                _ => "all that was broken succeeded",
            };
            format!("{} {}: {why}.", verb("Closed", "close"), issue(*number))
        }
    }
}

/// That an issue is to be fixed by what the run is for, in one line.
pub fn marked(one: &Marked, issue: &str) -> String {
    let mark = match one.mark {
        Mark::Set => format!("labelled `{LABEL}`"),
        Mark::There => format!("it has the label `{LABEL}` already"),
        Mark::Wanted => format!("would label it `{LABEL}`"),
    };
    format!("{issue} is to be fixed by {}: {mark}.", one.by.noun())
}

/// Why nothing was done.
fn reason(why: Why) -> String {
    match why {
        Why::NothingBroken => "Nothing is broken".to_owned(),
        Why::Older => "A later run was looked at already: this one says nothing new".to_owned(),
        Why::AlreadyKnown => "The issue knows of this run already".to_owned(),
        Why::NotFixed => "What is broken did not succeed on a later commit".to_owned(),
        Why::Overtaken(number) => {
            format!("What failed succeeded in the newer run {number} already")
        }
        Why::NewerFormat(version) => format!(
            "The issue was written by a newer version of mta (format {version}): use that version here too"
        ),
    }
}

/// The head of the summary: what was done, one line each.
pub fn head(lines: &[String]) -> String {
    format!("{}\n{}\n", heading(2, "create-failure-issue"), lines.join("\n\n"))
}

/// Why there is no issue.
pub fn without(why: &str) -> String {
    format!("No issue: {}.", prose(why))
}

/// The lines that a workflow needs so that the token may write issues.
pub fn permissions() -> String {
    let lines = ["permissions:", "  issues: write", "  actions: read", "  contents: read"];
    format!(
        "The job needs\n\n```yaml\n{}\n```\n\nA pull request of a fork never gets a token that can write.\n",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_did_not_succeed() {
        let said = |told: Option<&Told>| {
            done((&Change::Close(11), told), Some(11), false, |number| format!("#{number}"))
        };
        let gone = Told::Gone(vec!["test".into()]);
        assert_eq!(said(Some(&gone)), "Closed #11: what was broken succeeded or is gone.");
        let steady = Told::Steady(vec!["test".into()]);
        let words = "Closed #11: what was broken succeeded, and what was flaky is steady again.";
        assert_eq!(said(Some(&steady)), words);
        for told in [None, Some(&Told::Fixed)] {
            assert_eq!(said(told), "Closed #11: all that was broken succeeded.");
        }
    }
}
