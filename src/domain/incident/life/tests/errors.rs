//! A job that fails with another error than before.

use super::*;

fn reason(job: &str, headline: &str) -> Reason {
    Reason {
        stage: job.into(),
        job: 1,
        headline: headline.into(),
        exit_code: Some(1),
        excerpt: Vec::new(),
        fingerprint: headline.to_owned(),
    }
}

/// `test` fails in the run of that number with this error.
fn red(number: u64, headline: &str) -> News {
    News { reasons: vec![reason("test", headline)], ..news(number, &["test"], &[]) }
}

fn after(plan: &Plan, news: &News) -> Plan {
    let known = known(State::Open, plan.memory.as_ref().unwrap());
    decide(Some(&known), news, RULES, |_| true)
}

fn other(headline: &str) -> Told {
    Told::OtherError(vec![Error { job: "test".into(), headline: headline.into() }])
}

#[test]
fn another_error_is_told_and_the_same_is_not() {
    let first = decide(None, &red(1, "one"), RULES, |_| true);
    let same = after(&first, &red(2, "one"));
    assert_eq!((same.change.clone(), same.comment.clone()), (Change::Update(7), None));
    let changed = after(&same, &red(3, "two"));
    assert_eq!(
        (changed.change.clone(), changed.comment.clone()),
        (Change::Update(7), Some(other("two")))
    );
    let test = section(&changed, "test");
    let former: Vec<_> = test.former.iter().map(|one| one.headline.as_str()).collect();
    assert_eq!((former, test.count, test.first.number), (vec!["one"], 3, 1));
    assert_eq!(
        after(&changed, &red(3, "two")),
        Plan::nothing(Why::AlreadyKnown),
        "looked at twice"
    );
    assert_eq!(after(&changed, &red(4, "two")).comment, None);
}

#[test]
fn an_error_that_is_not_known_is_no_other_one() {
    let first = decide(None, &red(1, "one"), RULES, |_| true);
    let gone = after(&first, &news(2, &["test"], &[]));
    assert_eq!(gone.comment, None, "its log is gone");
    assert_eq!(after(&gone, &red(3, "one")).comment, None);
    assert_eq!(after(&gone, &red(3, "two")).comment, Some(other("two")));
    let late = after(&decide(None, &news(1, &["test"], &[]), RULES, |_| true), &red(2, "two"));
    assert_eq!(late.comment, None, "what it was before nobody knows");
}

#[test]
fn another_job_and_a_fix_that_did_not_hold_are_told_first() {
    let first = decide(None, &red(1, "one"), RULES, |_| true);
    let mut more = red(2, "two");
    more.failed.push("e2e".into());
    assert_eq!(after(&first, &more).comment, Some(Told::MoreFail(vec!["e2e".into()])));
    let mut claimed = red(2, "two");
    claimed.claims = vec![Claim { sha: "c2".into(), issues: vec![7] }];
    assert_eq!(after(&first, &claimed).comment, Some(Told::NotHeld("c2".into())));
}

#[test]
fn errors_that_take_turns_say_one_thing_a_day_and_a_success_begins_anew() {
    let mut plan = decide(None, &red(1, "one"), RULES, |_| true);
    let mut said = Vec::new();
    for hour in 2..60 {
        let number = u64::try_from(hour).unwrap();
        let news = at_hour(hour, red(number, if number % 2 == 0 { "two" } else { "one" }));
        plan = after(&plan, &news);
        said.extend((!plan.is_quiet).then_some(hour));
    }
    assert_eq!(said, [2, 27, 52]);
    assert_eq!(section(&plan, "test").former.len(), 1);
    let fixed = after(&plan, &news(60, &[], &["test"]));
    let known = known(State::Completed(at(60)), fixed.memory.as_ref().unwrap());
    let again = decide(Some(&known), &red(61, "two"), RULES, |_| true);
    assert_eq!(again.comment, Some(Told::FailsAgain(vec!["test".into()])));
    assert!(section(&again, "test").former.is_empty());
}

#[test]
fn who_cannot_read_a_comment_that_is_owed_leaves_the_issue_alone() {
    let first = decide(None, &red(1, "one"), RULES, |_| true).memory.unwrap();
    assert_eq!(first.version, 1);
    let known = |comments, memory: &Memory| Known { comments, ..known(State::Open, memory) };
    let owing = decide(Some(&known(Some(3), &first)), &red(2, "two"), RULES, |_| true);
    let owing = owing.memory.unwrap();
    assert_eq!((owing.version, owing.owed.is_some()), (2, true));
    assert_eq!(Memory::of_body(&owing.line()), Recalled::All(owing.clone()));
    let settled = decide(Some(&known(Some(4), &owing)), &red(3, "two"), RULES, |_| true);
    assert_eq!(settled.memory.unwrap().version, 1, "it came");
}
