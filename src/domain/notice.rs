//! Whether people are told of a run in a chat, and what is news in it. Pure.
//!
//! An issue is for whoever mends it; a message reaches everybody in a channel. So what is said is decided once for a
//! run, from what the run was and what was done with its issues, and repetitions are said only where asked for.

use crate::domain::incident::jobs::Verdict;
use crate::domain::incident::life::{Change, Why};
use crate::domain::incident::run::Run;
use crate::domain::incident::told::Told;

/// When people are told: the input `notify-on`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Of every run that failed.
    Failure,
    /// When something changed: it fails, more of it fails, a fix did not hold, it turned flaky, it works again.
    #[default]
    Change,
    /// Of every run.
    Always,
}

impl When {
    /// The words of the input.
    pub const WORDS: &[&str] = &["failure", "change", "always"];

    /// Reads a word; anything else is the default.
    pub fn of(word: &str) -> Self {
        match word {
            "failure" => Self::Failure,
            "always" => Self::Always,
            _ => Self::Change,
        }
    }

    /// The word of the input.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Change => "change",
            Self::Always => "always",
        }
    }

    /// Whether people are told of this.
    pub const fn tells(self, news: &News) -> bool {
        match self {
            Self::Always => true,
            Self::Failure => news.is_failure(),
            Self::Change => {
                !matches!(news, News::StillFails | News::Late | News::Passed | News::Undecided)
            }
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A stage failed.
    Failed,
    /// Nothing failed, was cancelled or is unfinished.
    Green,
    /// Neither: it was cancelled, or did nothing.
    Undecided,
}

/// How the run before ended: the newest earlier one of these that succeeded or failed. One of a pull request says
/// nothing of a branch that only has the same name, as that of a fork may.
pub fn before(run: &Run, others: &[Run]) -> Option<Ended> {
    let is_earlier = |other: &&Run| {
        other.number < run.number && other.is_of_pull_request() == run.is_of_pull_request()
    };
    let ended = |other: &Run| match Verdict::of(Some(&other.conclusion)) {
        Verdict::Succeeded => Some((other.place(), Ended::Green)),
        Verdict::Failed => Some((other.place(), Ended::Failed)),
        Verdict::Cancelled | Verdict::Skipped | Verdict::Unfinished => None,
    };
    let all = others.iter().filter(is_earlier).filter_map(ended);
    all.max_by_key(|(place, _)| *place).map(|(_, ended)| ended)
}

/// What is known of the time before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// The issues that the run says something about.
    Issues(&'a [Touched<'a>]),
    /// No issue could be read or written, as without the permission; how the run before ended, if that is known.
    Before(Option<Ended>),
}

/// What a run meant for one issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched<'a> {
    /// What was done with it.
    pub change: &'a Change,
    /// What its readers were told.
    pub told: Option<&'a Told>,
    /// Whether something of it is still broken, as far as it was written anew.
    pub is_open: bool,
}

/// What there is to say of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It fails, and nothing of it was known to be broken.
    Fails,
    /// It fails; whether it did before is not known.
    Failed,
    /// It had been mended, and fails again.
    FailsAgain,
    /// It was broken, and these jobs fail since this run.
    MoreFail(Vec<String>),
    /// A commit says that it mends this, and the run of it failed.
    NotHeld,
    /// These jobs failed and succeeded on the same commit.
    Flaky {
        /// The jobs.
        jobs: Vec<String>,
        /// Whether others failed in the run.
        has_failed: bool,
    },
    /// It fails as before.
    StillFails,
    /// It failed, and a newer run says more: it ended late.
    Late,
    /// All that was broken succeeded.
    Recovered,
    /// Nothing is broken.
    Passed,
    /// It ended without a result.
    Undecided,
}

impl News {
    /// Whether the run failed.
    pub const fn is_failure(&self) -> bool {
        match self {
            Self::Recovered | Self::Passed | Self::Undecided => false,
            Self::Flaky { has_failed, .. } => *has_failed,
            _ => true,
        }
    }
}

/// What there is to say.
pub fn news(ended: Ended, known: Known<'_>) -> News {
    match (ended, known) {
        (Ended::Failed, Known::Issues(issues)) => failure(issues),
        (Ended::Failed, Known::Before(Some(Ended::Failed))) => News::StillFails,
        (Ended::Failed, Known::Before(Some(Ended::Green))) => News::Fails,
        (Ended::Failed, Known::Before(_)) => News::Failed,
        (_, Known::Issues(issues)) if has_recovered(issues) => News::Recovered,
        (_, Known::Issues(issues)) if !flaky(issues).is_empty() => {
            News::Flaky { jobs: flaky(issues), has_failed: false }
        }
        (Ended::Green, Known::Before(Some(Ended::Failed))) => News::Recovered,
        (Ended::Green, _) => News::Passed,
        (Ended::Undecided, _) => News::Undecided,
    }
}

/// Of several issues the loudest is what is said: there is one message for a run.
fn failure(issues: &[Touched<'_>]) -> News {
    let any = |is: fn(&Change) -> bool| issues.iter().any(|one| is(one.change));
    let more = issues.iter().filter_map(|one| match one.told {
        Some(Told::MoreFail(jobs)) => Some(jobs.clone()),
        _ => None,
    });
    let more: Vec<String> = more.flatten().collect();
    let has_not_held = || issues.iter().any(|one| matches!(one.told, Some(Told::NotHeld(_))));
    match () {
        () if any(|change| matches!(change, Change::Create { .. })) => News::Fails,
        () if any(|change| matches!(change, Change::Reopen(_))) => News::FailsAgain,
        () if !more.is_empty() => News::MoreFail(more),
        () if has_not_held() => News::NotHeld,
        () if !flaky(issues).is_empty() => News::Flaky { jobs: flaky(issues), has_failed: true },
        () if issues.iter().all(|one| is_unreadable(one.change)) => News::Failed,
        () if issues.iter().all(|one| is_late(one.change)) => News::Late,
        () => News::StillFails,
    }
}

/// The jobs that turned flaky.
fn flaky(issues: &[Touched<'_>]) -> Vec<String> {
    let told = issues.iter().filter_map(|one| match one.told {
        Some(Told::Flaky(jobs)) => Some(jobs.clone()),
        _ => None,
    });
    told.flatten().collect()
}

/// Whether something that was broken is not any more, and nothing else is.
fn has_recovered(issues: &[Touched<'_>]) -> bool {
    let is_mended = |one: &Touched<'_>| {
        matches!(one.change, Change::Update(_) | Change::Close(_)) && !one.is_open
    };
    let is_broken = |one: &Touched<'_>| {
        one.is_open || is_unreadable(one.change) || *one.change == Change::Nothing(Why::NotFixed)
    };
    issues.iter().any(is_mended) && !issues.iter().any(is_broken)
}

const fn is_late(change: &Change) -> bool {
    matches!(change, Change::Nothing(Why::Older | Why::Overtaken(_)))
}

const fn is_unreadable(change: &Change) -> bool {
    matches!(change, Change::Nothing(Why::NewerFormat(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: Change = Change::Create { earlier: None };
    const UPDATED: Change = Change::Update(11);
    const CLOSED: Change = Change::Close(11);
    const NOT_FIXED: Change = Change::Nothing(Why::NotFixed);
    const NEWER: Change = Change::Nothing(Why::NewerFormat(9));

    const fn broken<'a>(change: &'a Change, told: Option<&'a Told>) -> Touched<'a> {
        Touched { change, told, is_open: true }
    }

    const fn mended<'a>(change: &'a Change, told: Option<&'a Told>) -> Touched<'a> {
        Touched { change, told, is_open: false }
    }

    #[test]
    fn what_is_news_in_a_failure() {
        let e2e = Told::MoreFail(vec!["e2e".into()]);
        let not_held = Told::NotHeld("b".repeat(40));
        let again = Told::FailsAgain(vec!["test".into()]);
        let known = Change::Nothing(Why::AlreadyKnown);
        let older = Change::Nothing(Why::Older);
        let overtaken = Change::Nothing(Why::Overtaken(9));
        let flaky = Told::Flaky(vec!["e2e".into()]);
        let and_flaky = News::Flaky { jobs: vec!["e2e".into()], has_failed: true };
        let table: [(&[Touched<'_>], News); 11] = [
            (&[broken(&UPDATED, Some(&flaky))], and_flaky),
            (&[broken(&CREATED, None)], News::Fails),
            (&[broken(&Change::Reopen(11), Some(&again))], News::FailsAgain),
            (&[broken(&UPDATED, Some(&e2e))], News::MoreFail(vec!["e2e".into()])),
            (&[broken(&UPDATED, Some(&not_held))], News::NotHeld),
            (&[broken(&UPDATED, None)], News::StillFails),
            (&[mended(&known, None)], News::StillFails),
            (&[mended(&older, None)], News::Late),
            (&[mended(&overtaken, None)], News::Late),
            (&[mended(&NEWER, None)], News::Failed),
            (&[], News::Failed),
        ];
        for (issues, expected) in table {
            assert_eq!(news(Ended::Failed, Known::Issues(issues)), expected, "{issues:?}");
        }
        for (before, expected) in [
            (None, News::Failed),
            (Some(Ended::Undecided), News::Failed),
            (Some(Ended::Green), News::Fails),
            (Some(Ended::Failed), News::StillFails),
        ] {
            assert_eq!(news(Ended::Failed, Known::Before(before)), expected);
        }
    }

    #[test]
    fn of_several_issues_the_loudest_counts() {
        let e2e = Told::MoreFail(vec!["e2e".into()]);
        let (still, more) = (broken(&UPDATED, None), broken(&UPDATED, Some(&e2e)));
        assert_eq!(
            news(Ended::Failed, Known::Issues(&[still, broken(&CREATED, None), more])),
            News::Fails
        );
        assert_eq!(
            news(Ended::Failed, Known::Issues(&[still, more])),
            News::MoreFail(vec!["e2e".into()])
        );
        let fixed = mended(&CLOSED, Some(&Told::Fixed));
        assert_eq!(news(Ended::Failed, Known::Issues(&[fixed, still])), News::StillFails);
    }

    #[test]
    fn it_works_again_when_nothing_is_broken_any_more() {
        let fixed = mended(&CLOSED, Some(&Told::Fixed));
        let by_a_person = mended(&UPDATED, None);
        let quiet = mended(&Change::Nothing(Why::NothingBroken), None);
        for ended in [Ended::Green, Ended::Undecided] {
            assert_eq!(news(ended, Known::Issues(&[fixed])), News::Recovered);
            assert_eq!(news(ended, Known::Issues(&[quiet, by_a_person])), News::Recovered);
        }
        for other in [broken(&UPDATED, None), mended(&NOT_FIXED, None), mended(&NEWER, None)] {
            assert_eq!(
                news(Ended::Green, Known::Issues(&[fixed, other])),
                News::Passed,
                "{other:?}"
            );
        }
        let flaky = Told::Flaky(vec!["e2e".into()]);
        let turned = News::Flaky { jobs: vec!["e2e".into()], has_failed: false };
        let flaky = broken(&UPDATED, Some(&flaky));
        assert_eq!(news(Ended::Green, Known::Issues(&[fixed, flaky])), turned);
        assert_eq!(news(Ended::Green, Known::Issues(&[broken(&UPDATED, None)])), News::Passed);
        assert_eq!(news(Ended::Green, Known::Issues(&[quiet])), News::Passed);
        assert_eq!(news(Ended::Green, Known::Issues(&[])), News::Passed);
        assert_eq!(news(Ended::Green, Known::Before(None)), News::Passed);
        assert_eq!(news(Ended::Green, Known::Before(Some(Ended::Green))), News::Passed);
        assert_eq!(news(Ended::Green, Known::Before(Some(Ended::Failed))), News::Recovered);
        for before in [None, Some(Ended::Failed)] {
            assert_eq!(news(Ended::Undecided, Known::Before(before)), News::Undecided);
        }
    }

    #[test]
    fn who_asks_for_what_is_told() {
        let more = News::MoreFail(Vec::new());
        let flaky = |has_failed| News::Flaky { jobs: Vec::new(), has_failed };
        let table = [
            (flaky(true), [true, true, true]),
            (flaky(false), [false, true, true]),
            (News::Fails, [true, true, true]),
            (News::Failed, [true, true, true]),
            (News::FailsAgain, [true, true, true]),
            (more, [true, true, true]),
            (News::NotHeld, [true, true, true]),
            (News::StillFails, [true, false, true]),
            (News::Late, [true, false, true]),
            (News::Recovered, [false, true, true]),
            (News::Passed, [false, false, true]),
            (News::Undecided, [false, false, true]),
        ];
        for (news, expected) in table {
            let told = [When::Failure, When::Change, When::Always].map(|when| when.tells(&news));
            assert_eq!(told, expected, "{news:?}");
        }
        for word in When::WORDS {
            assert_eq!(When::of(word).word(), *word);
        }
        assert_eq!(When::of("other"), When::default());
    }

    #[test]
    fn the_run_before_is_the_newest_that_came_to_an_end() {
        let run = |number, attempt, event: &str, conclusion: &str| Run {
            number,
            attempt,
            event: event.into(),
            conclusion: conclusion.into(),
            ..Run::default()
        };
        let this = run(9, 1, "push", "");
        let table = [
            (
                vec![run(7, 1, "push", "failure"), run(8, 1, "schedule", "success")],
                Some(Ended::Green),
            ),
            (
                vec![run(8, 1, "push", "success"), run(8, 2, "push", "timed_out")],
                Some(Ended::Failed),
            ),
            (
                vec![run(8, 1, "push", "cancelled"), run(7, 1, "push", "failure")],
                Some(Ended::Failed),
            ),
            (vec![run(9, 1, "push", "failure"), run(10, 1, "push", "failure")], None),
            (vec![run(8, 1, "pull_request", "failure")], None),
            (vec![run(8, 1, "push", "")], None),
            (vec![], None),
        ];
        for (others, expected) in table {
            assert_eq!(before(&this, &others), expected, "{others:?}");
        }
    }
}
