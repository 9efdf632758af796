use super::*;
use crate::domain::incident::jobs::{Stage, Standing};
use crate::domain::incident::key::{Scope, assign};
use crate::domain::incident::reason::Reason;
use crate::domain::incident::run::Run;
use proptest::prelude::*;

const RULES: Rules = Rules { window: Duration::from_hours(14 * 24), closes: true };

fn run(number: u64) -> Run {
    Run {
        id: 100 + number,
        number,
        attempt: 1,
        sha: format!("c{number}"),
        path: "ci.yml".into(),
        branch: "main".into(),
        ..Run::default()
    }
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
}

fn key() -> Key {
    let stage = Stage::new("test", Standing::Failed);
    assign(Scope::Workflow, (&run(1), &[]), &[&stage], |_| Vec::new()).remove(0).0
}

/// What the run of that number says, on the day of that number.
fn news(number: u64, failed: &[&str], passed: &[&str]) -> News {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    News {
        seen: Seen::new(&run(number), at(i64::try_from(number).unwrap())),
        failed: names(failed),
        passed: names(passed),
        present: names(&[failed, passed].concat()),
        legs: Vec::new(),
        is_green: failed.is_empty(),
        has_skipped: false,
        has_unfinished: false,
        on_same_commit: OnSameCommit::Flaky,
        reasons: Vec::new(),
        claims: Vec::new(),
    }
}

fn known(state: State, memory: &Memory) -> Known {
    let recalled = Recalled::All(memory.clone());
    Known { number: 7, key: key(), state, recalled, labels: Vec::new(), comments: None }
}

fn created(number: u64, failed: &[&str]) -> Memory {
    decide(None, &news(number, failed, &[]), RULES, |_| true).memory.unwrap()
}

/// What is decided for an issue that began with run 1, in which `test` failed.
fn next(state: State, news: &News) -> Plan {
    decide(Some(&known(state, &created(1, &["test"]))), news, RULES, |_| true)
}

fn section<'a>(plan: &'a Plan, job: &str) -> &'a Section {
    plan.memory.as_ref().unwrap().sections.iter().find(|section| section.job == job).unwrap()
}

#[test]
fn the_first_failure_makes_an_issue_and_a_green_run_none() {
    let plan = decide(None, &news(1, &["test", "e2e"], &["lint"]), RULES, |_| true);
    assert_eq!(
        (plan.change.clone(), plan.comment.clone()),
        (Change::Create { earlier: None }, None)
    );
    assert_eq!((section(&plan, "e2e").count, plan.memory.as_ref().unwrap().runs), (1, 1));
    let plan = decide(None, &news(1, &[], &["test"]), RULES, |_| true);
    assert_eq!(plan, Plan::nothing(Why::NothingBroken));
}

#[test]
fn a_repetition_is_counted_without_a_word() {
    let plan = next(State::Open, &news(2, &["test"], &[]));
    assert_eq!((plan.change.clone(), plan.comment.clone()), (Change::Update(7), None));
    let test = section(&plan, "test");
    assert_eq!((test.count, test.first.number, test.last.number), (2, 1, 2));
    assert_eq!(
        plan.memory.unwrap().history.iter().map(|past| past.seen.number).collect::<Vec<_>>(),
        [2, 1]
    );
}

#[test]
fn the_same_run_counts_once_however_often_it_is_looked_at() {
    assert_eq!(next(State::Open, &news(1, &["test"], &[])), Plan::nothing(Why::AlreadyKnown));
    let mut later = news(1, &["test"], &[]);
    later.seen.at = at(3);
    assert_eq!(next(State::Open, &later), Plan::nothing(Why::AlreadyKnown));
    let plan = next(State::Open, &news(1, &["e2e"], &[]));
    assert_eq!(plan.comment, Some(Told::MoreFail(vec!["e2e".into()])));
    let memory = plan.memory.unwrap();
    assert_eq!(
        (memory.runs, memory.history[0].jobs.clone()),
        (1, vec!["test".into(), "e2e".into()])
    );
}

#[test]
fn another_job_that_fails_is_a_section_and_told_once() {
    let plan = next(State::Open, &news(2, &["test", "e2e"], &[]));
    assert_eq!(plan.comment, Some(Told::MoreFail(vec!["e2e".into()])));
    let memory = plan.memory.unwrap();
    let plan =
        decide(Some(&known(State::Open, &memory)), &news(3, &["test", "e2e"], &[]), RULES, |_| {
            true
        });
    assert_eq!((plan.comment.clone(), section(&plan, "e2e").count), (None, 2));
}

#[test]
fn it_closes_with_the_last_section_and_not_before() {
    let memory = next(State::Open, &news(2, &["test", "e2e"], &[])).memory.unwrap();
    let plan =
        decide(Some(&known(State::Open, &memory)), &news(3, &["e2e"], &["test"]), RULES, |_| true);
    assert_eq!((plan.change.clone(), plan.comment.clone()), (Change::Update(7), None));
    assert!(!section(&plan, "test").is_open() && section(&plan, "e2e").is_open());
    let memory = plan.memory.unwrap();
    let plan =
        decide(Some(&known(State::Open, &memory)), &news(4, &[], &["test", "e2e"]), RULES, |_| {
            true
        });
    assert_eq!((plan.change, plan.comment), (Change::Close(7), Some(Told::Fixed)));
}

#[test]
fn only_a_success_of_the_same_job_on_a_later_commit_closes() {
    let plan = next(State::Open, &news(2, &[], &["lint"]));
    let mut other = news(2, &[], &["lint"]);
    other.present.push("test".into());
    assert_eq!(
        plan.change,
        Change::Close(7),
        "a green run without the job: it is no part of the workflow any more"
    );
    assert_eq!(next(State::Open, &other), Plan::nothing(Why::NotFixed), "it was skipped");
    other.present.pop();
    other.has_skipped = true;
    assert_eq!(
        next(State::Open, &other),
        Plan::nothing(Why::NotFixed),
        "skipped under another name"
    );
    other.has_skipped = false;
    other.is_green = false;
    assert_eq!(next(State::Open, &other), Plan::nothing(Why::NotFixed), "not all of it was green");

    let memory = created(1, &["test"]);
    let green = news(2, &[], &["test"]);
    assert_eq!(to_compare(&known(State::Open, &memory), &green), ["c1"]);
    let plan = decide(Some(&known(State::Open, &memory)), &green, RULES, |_| false);
    assert_eq!(plan, Plan::nothing(Why::NotFixed), "an older commit was run again");
    let mut again = news(1, &[], &["test"]);
    again.seen.attempt = 2;
    assert_eq!(to_compare(&known(State::Open, &memory), &again), Vec::<String>::new());
    let plan = decide(Some(&known(State::Open, &memory)), &again, RULES, |_| false);
    assert_eq!(plan.comment, Some(Told::Flaky(vec!["test".into()])), "no change has mended it");
    assert_eq!(plan.change, Change::Update(7));
}

#[test]
fn a_run_that_is_older_than_what_is_known_says_nothing() {
    let memory = next(State::Open, &news(5, &["test"], &[])).memory.unwrap();
    for older in [news(4, &["test", "e2e"], &[]), news(4, &[], &["test"])] {
        let plan = decide(Some(&known(State::Open, &memory)), &older, RULES, |_| true);
        assert_eq!(plan, Plan::nothing(Why::Older));
    }
}

/// A plan for an issue that owes the comment of run 2, an hour or more ago, with so many comments now.
fn owes(state: State, comments: Option<u64>, news: &News) -> (Plan, Option<Owed>) {
    let first = Known { comments: Some(3), ..known(State::Open, &created(1, &["test"])) };
    let more = decide(Some(&first), &self::news(2, &["test", "lint"], &[]), RULES, |_| true);
    let more = more.memory.unwrap();
    let owed = more.owed.clone().map(|owed| *owed);
    assert_eq!(owed.as_ref().unwrap().told, Told::MoreFail(vec!["lint".into()]));
    let known = Known { comments, ..known(state, &more) };
    (decide(Some(&known), news, RULES, |_| true), owed)
}

#[test]
fn a_comment_that_did_not_come_is_late_and_one_that_came_is_forgotten() {
    let again = news(3, &["test", "lint"], &[]);
    for (comments, is_late) in [(Some(3), true), (Some(2), true), (Some(4), false), (None, false)] {
        let (plan, owed) = owes(State::Open, comments, &again);
        assert_eq!(plan.late, owed.filter(|_| is_late), "{comments:?}");
        assert_eq!(plan.memory.unwrap().owed, None, "{comments:?}");
    }
    let (plan, _) = owes(State::NotPlanned, Some(3), &again);
    assert_eq!(plan.late, None, "a person does not want to hear of it");
}

#[test]
fn a_run_that_changes_nothing_says_what_is_late_and_one_that_may_be_underway_is_waited_for() {
    let mut again = news(2, &["test", "lint"], &[]);
    let (plan, owed) = owes(State::Open, Some(3), &again);
    assert_eq!((plan.change, plan.late), (Change::Nothing(Why::AlreadyKnown), None));
    assert_eq!(plan.memory, None, "it was looked at just now");
    again.seen.at = at(3);
    let (plan, _) = owes(State::Open, Some(3), &again);
    assert_eq!((plan.change, plan.late), (Change::Nothing(Why::AlreadyKnown), owed.clone()));
    assert_eq!(plan.memory.map(|memory| (memory.runs, memory.owed)), Some((2, None)));
    let mut soon = news(3, &["test", "lint"], &[]);
    soon.seen.at = at(2);
    let (plan, _) = owes(State::Open, Some(3), &soon);
    assert_eq!((plan.late, plan.memory.unwrap().owed.map(|owed| *owed)), (None, owed));
}

#[test]
fn an_older_run_of_the_same_moment_is_counted_once_and_breaks_nothing_new() {
    let memory = created(2, &["test"]);
    let older = news(1, &["test", "e2e"], &[]);
    let plan = counted(&known(State::Open, &memory), &older);
    let counted_once = plan.memory.clone().unwrap();
    assert_eq!((plan.change, plan.comment), (Change::Update(7), None));
    assert_eq!((counted_once.runs, counted_once.newest.number), (2, 2));
    let numbers: Vec<u64> = counted_once.history.iter().map(|past| past.seen.number).collect();
    assert_eq!(numbers, [2, 1]);
    let [section] = counted_once.sections.as_slice() else { panic!("{counted_once:?}") };
    assert_eq!((section.count, section.first.number, section.last.number), (2, 1, 2));
    for (memory, news) in [(&counted_once, &older), (&memory, &news(1, &[], &["test"]))] {
        let plan = counted(&known(State::Open, memory), news);
        assert_eq!(plan, Plan::nothing(Why::AlreadyKnown));
    }
}

#[test]
fn what_comes_back_reopens_its_issue_inside_the_window() {
    let closed = next(State::Open, &news(2, &[], &["test"])).memory.unwrap();
    let again = |state, number| {
        decide(Some(&known(state, &closed)), &news(number, &["test"], &[]), RULES, |_| true)
    };
    let plan = again(State::Completed(at(2)), 16);
    assert_eq!(plan.change, Change::Reopen(7));
    assert_eq!(plan.comment, Some(Told::FailsAgain(vec!["test".into()])));
    assert_eq!((section(&plan, "test").count, plan.memory.as_ref().unwrap().runs), (1, 2));
    assert_eq!(again(State::Completed(at(2)), 17).change, Change::Create { earlier: Some(7) });
    let green = decide(
        Some(&known(State::Completed(at(2)), &closed)),
        &news(3, &[], &["test"]),
        RULES,
        |_| true,
    );
    assert_eq!(green, Plan::nothing(Why::NothingBroken));
    let by_hand = next(State::Completed(at(1)), &news(2, &[], &["test"]));
    assert_eq!((by_hand.change.clone(), by_hand.comment.clone()), (Change::Update(7), None));
    assert!(!section(&by_hand, "test").is_open(), "closed by a person, and then it was green");
}

#[test]
fn a_persons_not_planned_is_respected_until_it_was_green() {
    let plan = next(State::NotPlanned, &news(40, &["test"], &[]));
    assert_eq!((plan.change.clone(), plan.comment.clone()), (Change::Update(7), None));
    let memory = plan.memory.unwrap();
    let plan =
        decide(Some(&known(State::NotPlanned, &memory)), &news(41, &[], &["test"]), RULES, |_| {
            true
        });
    assert_eq!((plan.change.clone(), plan.comment.clone()), (Change::Update(7), None));
    let memory = plan.memory.unwrap();
    let plan =
        decide(Some(&known(State::NotPlanned, &memory)), &news(42, &["test"], &[]), RULES, |_| {
            true
        });
    assert_eq!(plan.change, Change::Create { earlier: Some(7) });
}

#[test]
fn a_fix_that_does_not_hold_is_said() {
    let mut red = news(2, &["test"], &[]);
    red.claims = vec![
        Claim { sha: "c2".into(), issues: vec![7] },
        Claim { sha: "c1".into(), issues: vec![8] },
    ];
    let plan = next(State::Open, &red);
    assert_eq!((plan.change, plan.comment), (Change::Update(7), Some(Told::NotHeld("c2".into()))));
    let plan = next(State::Completed(at(2)), &red);
    assert_eq!((plan.change, plan.comment), (Change::Reopen(7), Some(Told::NotHeld("c2".into()))));
    red.claims.remove(0);
    assert_eq!(next(State::Open, &red).comment, None);
}

#[test]
fn where_it_is_not_to_be_closed_it_is_said_once_that_all_is_green() {
    let rules = Rules { closes: false, ..RULES };
    let memory = created(1, &["test"]);
    let plan =
        decide(Some(&known(State::Open, &memory)), &news(2, &[], &["test"]), rules, |_| true);
    assert_eq!((plan.change, plan.comment), (Change::Update(7), Some(Told::Fixed)));
    let memory = plan.memory.unwrap();
    let plan =
        decide(Some(&known(State::Open, &memory)), &news(3, &[], &["test"]), rules, |_| true);
    assert_eq!(plan, Plan::nothing(Why::NothingBroken));
}

#[test]
fn what_a_person_edited_away_begins_anew_and_what_is_newer_is_left_alone() {
    let edited =
        Known { recalled: Recalled::Nothing, ..known(State::Open, &created(1, &["test"])) };
    let plan = decide(Some(&edited), &news(9, &["test"], &[]), RULES, |_| true);
    assert_eq!(
        (plan.change.clone(), plan.comment.clone(), section(&plan, "test").count),
        (Change::Update(7), None, 1)
    );
    let green = decide(Some(&edited), &news(9, &[], &["test"]), RULES, |_| true);
    assert_eq!((green.change, green.comment), (Change::Close(7), Some(Told::Fixed)));
    let newer = Known { recalled: Recalled::Newer(2), ..edited };
    assert_eq!(
        decide(Some(&newer), &news(9, &["test"], &[]), RULES, |_| true),
        Plan::nothing(Why::NewerFormat(2))
    );
}

#[test]
fn of_many_jobs_the_first_are_kept_apart_and_the_rest_waits_for_a_green_run() {
    let names: Vec<String> = (0..60).map(|number| format!("job {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let memory = created(1, &names);
    assert_eq!((memory.sections.len(), memory.has_more), (SECTIONS, true));
    let mut part = news(2, &[], &names[..SECTIONS]);
    part.is_green = false;
    let plan = decide(Some(&known(State::Open, &memory)), &part, RULES, |_| true);
    assert_eq!(plan.change, Change::Update(7));
    let plan = decide(
        Some(&known(State::Open, &plan.memory.unwrap())),
        &news(3, &[], &names),
        RULES,
        |_| true,
    );
    assert_eq!(plan.change, Change::Close(7));
}

#[test]
fn the_oldest_open_issue_is_the_one_and_its_twins_go() {
    let memory = created(1, &["test"]);
    let with = |number, state| Known { number, ..known(state, &memory) };
    let all = [
        with(9, State::Open),
        with(3, State::Completed(at(0))),
        with(8, State::Open),
        with(1, State::Duplicate),
        with(5, State::NotPlanned),
    ];
    let (one, twins) = choose(&all, &key());
    assert_eq!(one.unwrap().number, 8);
    assert_eq!(twins.iter().map(|known| known.number).collect::<Vec<_>>(), [9]);
    let (one, twins) = choose(&all[3..], &key());
    assert_eq!((one.unwrap().number, twins.len()), (5, 0));
    assert_eq!(
        choose(&all[3..4], &key()).0.unwrap().number,
        1,
        "a person says that another one stands for it"
    );
}

/// A run of that number at that hour.
fn at_hour(hour: i64, news: News) -> News {
    let at = Timestamp::from_second(1_790_000_000 + hour * 3_600).unwrap();
    News { seen: Seen { at, ..news.seen }, ..news }
}

#[test]
fn a_job_that_flaps_says_one_thing_a_day() {
    let mut known = known(State::Open, &created(1, &["test"]));
    let mut said = Vec::new();
    for hour in 2..80 {
        let number = u64::try_from(hour).unwrap();
        let is_red = number % 2 == 1;
        let news = if is_red { news(number, &["test"], &[]) } else { news(number, &[], &["test"]) };
        let plan = decide(Some(&known), &at_hour(hour, news), RULES, |_| true);
        let expected = if is_red { Change::Reopen(7) } else { Change::Close(7) };
        assert_eq!(plan.change, expected, "{hour}: it is opened and closed without a word too");
        assert!(plan.comment.is_some(), "it is news, for a channel");
        said.extend((!plan.is_quiet).then_some(hour));
        let at = plan.memory.as_ref().unwrap().newest.at;
        let state = if is_red { State::Open } else { State::Completed(at) };
        known = Known { state, recalled: Recalled::All(plan.memory.unwrap()), ..known };
    }
    assert_eq!(said, [2, 27, 52, 77]);
}

#[test]
fn an_issue_that_is_closed_while_it_is_written_is_decided_anew() {
    let red = news(2, &["test"], &[]);
    let memory = next(State::Open, &red).memory.unwrap();
    let now = |state| decide(Some(&known(state, &memory)), &red, RULES, |_| true);
    let plan = now(State::Completed(at(2)));
    assert_eq!(plan.change, Change::Reopen(7));
    let section = section(&plan, "test");
    assert_eq!((section.count, plan.memory.as_ref().unwrap().runs), (2, 2), "counted once");
    assert_eq!(now(State::NotPlanned), Plan::nothing(Why::AlreadyKnown), "a person said so");
}

#[test]
fn a_newer_run_overtakes_where_all_that_failed_succeeded_in_it() {
    let red = news(1, &["test", "e2e"], &["lint"]);
    assert!(is_overtaken(&red, &news(2, &[], &["test", "e2e"])));
    let mut skipped = news(2, &[], &["test"]);
    skipped.present.push("e2e".into());
    assert!(!is_overtaken(&red, &skipped), "it did not run");
    assert!(!is_overtaken(&red, &news(2, &["e2e"], &["test"])));
    assert!(decide(None, &red, RULES, |_| true).opens());
    assert!(next(State::Completed(at(1)), &news(2, &["test"], &[])).opens());
    assert!(!next(State::Open, &news(2, &["test"], &[])).opens());
}

#[test]
fn a_job_is_broken_in_the_open_issues_that_have_it_the_last_first() {
    let mut memory = created(1, &["test"]);
    let with = |state, memory: &Memory| [known(state, memory)];
    assert_eq!(broken_in(&with(State::Open, &memory), "test"), [key()]);
    assert_eq!(broken_in(&with(State::Open, &memory), "e2e"), []);
    assert_eq!(broken_in(&with(State::Completed(at(1)), &memory), "test"), []);
    assert_eq!(broken_in(&[], "test"), []);
    memory.has_more = true;
    let others = with(State::Open, &memory);
    assert_eq!(broken_in(&others, "e2e"), [key()], "it may be among the others");
    let nothing = Known { recalled: Recalled::Nothing, ..known(State::Open, &memory) };
    assert_eq!(broken_in(&[nothing], "test"), []);
    let of_job = |job: &str, number| {
        let stage = Stage::new(job, Standing::Failed);
        let key = assign(Scope::Job, (&run(1), &[]), &[&stage], |_| Vec::new()).remove(0).0;
        Known { key, ..known(State::Open, &created(number, &["test"])) }
    };
    let all = [of_job("a", 2), of_job("b", 4), of_job("c", 3)];
    let keys = [1, 2, 0].map(|at: usize| all[at].key.clone());
    assert_eq!(broken_in(&all, "test"), keys);
}

#[test]
fn a_job_that_is_gone_is_not_called_fixed() {
    let plan = next(State::Open, &news(2, &[], &["lint"]));
    assert_eq!(
        (plan.change, plan.comment),
        (Change::Close(7), Some(Told::Gone(vec!["test".into()])))
    );
}

#[test]
fn why_it_failed_stays_known_when_a_later_log_cannot_be_had() {
    let with_reason = |number, headline: &str| {
        let mut red = news(number, &["test"], &[]);
        red.reasons.push(Reason {
            stage: "test".into(),
            job: 1,
            headline: headline.into(),
            exit_code: Some(1),
            excerpt: Vec::new(),
            fingerprint: String::new(),
        });
        red
    };
    let told = |plan: &Plan| {
        let reason = section(plan, "test").reason.clone().unwrap();
        (reason.headline, reason.seen.number)
    };
    let after = |plan: &Plan, news: &News| {
        let known = known(State::Open, plan.memory.as_ref().unwrap());
        decide(Some(&known), news, RULES, |_| true)
    };
    let first = decide(None, &with_reason(1, "one"), RULES, |_| true);
    let mut again = with_reason(1, "one");
    again.seen.at = at(2);
    assert_eq!(after(&first, &again), Plan::nothing(Why::AlreadyKnown));
    let lost = after(&first, &news(2, &["test"], &[]));
    assert_eq!(told(&lost), ("one".to_owned(), 1));
    let other = after(&lost, &with_reason(3, "two"));
    assert_eq!(told(&other), ("two".to_owned(), 3));
    let closed = after(&other, &news(4, &[], &["test"]));
    assert_eq!((closed.change.clone(), told(&closed)), (Change::Close(7), ("two".to_owned(), 3)));
}

fn any_news() -> impl Strategy<Value = (Vec<bool>, Vec<bool>, bool)> {
    (
        prop::collection::vec(any::<bool>(), 3),
        prop::collection::vec(any::<bool>(), 3),
        any::<bool>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_runs_ends_as_it_should(runs in prop::collection::vec(any_news(), 1..30)) {
        const JOBS: [&str; 3] = ["a", "b", "c"];
        let mut issue: Option<(State, Memory)> = None;
        let mut broken = std::collections::BTreeSet::new();
        for (number, (failed, passed, descends)) in (1..).zip(runs) {
            let of = |flags: &[bool]| JOBS.iter().zip(flags).filter(|(_, flag)| **flag).map(|(job, _)| *job).collect::<Vec<_>>();
            let failed = of(&failed);
            let passed: Vec<&str> = of(&passed).into_iter().filter(|job| !failed.contains(job)).collect();
            let mut news = news(number, &failed, &passed);
            news.present = JOBS.map(str::to_owned).to_vec();
            let state = issue.as_ref().map(|(state, memory)| known(*state, memory));
            let plan = decide(state.as_ref(), &news, RULES, |_| descends);
            broken.extend(failed.iter().copied());
            if descends { broken.retain(|job| !passed.contains(job)); }
            if let Some(memory) = &plan.memory {
                prop_assert!(memory.history.len() <= HISTORY && memory.runs >= memory.history.len() as u64);
            }
            let memory = plan.memory.clone();
            issue = match plan.change {
                Change::Nothing(_) => issue,
                Change::Create { .. } | Change::Reopen(_) => Some((State::Open, memory.unwrap())),
                Change::Update(_) => Some((issue.unwrap().0, memory.unwrap())),
                Change::Close(_) => Some((State::Completed(news.seen.at), memory.unwrap())),
            };
            let is_open = issue.as_ref().is_some_and(|(state, _)| *state == State::Open);
            prop_assert_eq!(is_open, !broken.is_empty(), "run {} {:?}", number, plan);
            if let Some((state, memory)) = &issue {
                let again = decide(Some(&known(*state, memory)), &news, RULES, |_| descends);
                prop_assert!(matches!(again.change, Change::Nothing(_)), "twice: {:?}", again);
            }
        }
    }
}

mod errors;
mod flaky;
