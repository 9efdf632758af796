//! A job that fails and succeeds on the same commit.

use super::*;
use crate::domain::incident::memory::{FLAKES, STEADY_AFTER};

/// An issue as it goes from run to run.
struct Life {
    state: State,
    memory: Memory,
    said: Vec<Told>,
}

impl Life {
    /// `test` failed in run 1, on the commit `c1`.
    fn begun() -> Self {
        Self { state: State::Open, memory: created(1, &["test"]), said: Vec::new() }
    }

    fn plan(&self, news: &News) -> Plan {
        decide(Some(&known(self.state, &self.memory)), news, RULES, |_| true)
    }

    fn goes_on(&mut self, news: &News) -> Change {
        let plan = self.plan(news);
        self.said.extend(plan.comment.clone());
        self.state = match plan.change {
            Change::Close(_) => State::Completed(news.seen.at),
            Change::Reopen(_) | Change::Create { .. } => State::Open,
            Change::Update(_) | Change::Nothing(_) => self.state,
        };
        self.memory = plan.memory.unwrap_or_else(|| self.memory.clone());
        plan.change
    }

    fn test(&self) -> &Section {
        self.memory.sections.iter().find(|section| section.job == "test").unwrap()
    }

    fn steady(&self) -> usize {
        self.test().flaky.as_ref().map_or(0, |flaky| flaky.steady.len())
    }
}

/// The run of that number on the commit `c1`.
fn on_c1(number: u64, attempt: u64, news: &News) -> News {
    let seen = Seen { number, attempt, sha: "c1".into(), ..news.seen.clone() };
    News { seen, ..news.clone() }
}

fn green(number: u64) -> News {
    news(number, &[], &["test"])
}

fn red(number: u64) -> News {
    news(number, &["test"], &[])
}

fn flaky() -> Told {
    Told::Flaky(vec!["test".into()])
}

fn steady() -> Told {
    Told::Steady(vec!["test".into()])
}

#[test]
fn a_success_on_the_commit_that_failed_is_told_once_and_three_later_runs_close_it() {
    let mut life = Life::begun();
    let again = on_c1(1, 2, &green(1));
    let plan = life.plan(&again);
    assert!(plan.turns_flaky && plan.memory.as_ref().unwrap().is_open());
    assert_eq!(life.goes_on(&again), Change::Update(7));
    assert_eq!((life.said.as_slice(), life.steady()), ([flaky()].as_slice(), 0), "no later run");
    assert!(matches!(life.goes_on(&again), Change::Nothing(_)), "looked at twice");
    for number in 2..4 {
        assert!(!life.plan(&green(number)).turns_flaky);
        assert_eq!(life.goes_on(&green(number)), Change::Update(7));
        let mut attempt = green(number);
        attempt.seen.attempt = 2;
        assert_eq!(life.goes_on(&attempt), Change::Update(7), "it is counted as a success");
        assert_eq!(life.steady(), usize::try_from(number).unwrap() - 1, "attempts are one run");
    }
    assert_eq!(life.test().flaky.as_ref().unwrap().successes, 5);
    assert_eq!(life.goes_on(&green(4)), Change::Close(7));
    assert_eq!(life.said, [flaky(), steady()]);
    assert!(life.test().is_steady_again() && !life.test().is_gone);
}

#[test]
fn a_nightly_on_a_commit_that_stays_closes_by_itself() {
    let mut life = Life::begun();
    let changes: Vec<Change> =
        (2..5).map(|number| life.goes_on(&on_c1(number, 1, &green(number)))).collect();
    assert_eq!(changes, [Change::Update(7), Change::Update(7), Change::Close(7)]);
    assert_eq!(life.memory.flakes.len(), 1, "one failure, however many successes");
}

#[test]
fn a_failure_between_is_counted_without_a_word_and_begins_anew() {
    let mut life = Life::begun();
    life.goes_on(&on_c1(2, 1, &green(2)));
    life.goes_on(&green(3));
    assert_eq!(life.steady(), 2);
    assert_eq!(life.goes_on(&red(4)), Change::Update(7));
    assert_eq!((life.steady(), life.test().count), (0, 2));
    for number in 5..7 {
        assert_eq!(life.goes_on(&green(number)), Change::Update(7), "no later commit mends it");
    }
    assert_eq!(life.goes_on(&green(7)), Change::Close(7));
    assert_eq!(life.said, [flaky(), steady()]);
}

#[test]
fn what_proves_nothing_is_not_counted() {
    let mut life = Life::begun();
    life.goes_on(&on_c1(1, 2, &green(1)));
    life.goes_on(&green(5));
    assert_eq!(life.plan(&green(4)), Plan::nothing(Why::Older), "an older run");
    let plan = decide(Some(&known(State::Open, &life.memory)), &green(6), RULES, |_| false);
    assert_eq!(plan, Plan::nothing(Why::NotFixed), "an older commit");
    let mut skipped = news(6, &[], &["lint"]);
    skipped.present.push("test".into());
    assert_eq!(life.goes_on(&skipped), Change::Nothing(Why::NotFixed));
    assert_eq!(life.steady(), 1);
}

#[test]
fn a_later_commit_mends_at_once_what_was_not_flaky_and_so_does_one_of_a_pull_request() {
    let mut life = Life::begun();
    assert_eq!(life.goes_on(&green(2)), Change::Close(7));
    assert_eq!(life.said, [Told::Fixed]);
    let mut life = Life::begun();
    let pull = News { on_same_commit: OnSameCommit::Mended, ..on_c1(1, 2, &green(1)) };
    assert_eq!(life.goes_on(&pull), Change::Close(7), "it may have no later run");
    assert_eq!((life.said, life.memory.flakes), (vec![Told::Fixed], vec![]));
}

#[test]
fn what_was_flaky_is_remembered_when_it_is_opened_again() {
    let mut life = Life::begun();
    for number in 2..5 {
        life.goes_on(&on_c1(number, 1, &green(number)));
    }
    assert_eq!(life.goes_on(&red(6)), Change::Reopen(7));
    assert_eq!((life.memory.flakes.len(), life.test().flaky.as_ref()), (1, None));
    let again = News { seen: Seen { attempt: 2, ..red(6).seen }, ..green(6) };
    assert!(life.plan(&again).turns_flaky);
    life.goes_on(&again);
    let commits: Vec<&str> = life.memory.flakes.iter().map(|one| one.failed.sha.as_str()).collect();
    assert_eq!(commits, ["c6", "c1"]);
}

#[test]
fn all_legs_that_failed_have_to_pass() {
    use crate::domain::incident::jobs::Verdict;
    use crate::domain::incident::news::Leg;
    let leg = |name: &str, verdict| Leg { job: "test".into(), name: name.into(), verdict };
    let mut life = Life::begun();
    let failed = [leg("test (a)", Verdict::Failed), leg("test (b)", Verdict::Failed)];
    let first = News { legs: failed.to_vec(), ..red(2) };
    life.goes_on(&first);
    let both = |number| {
        let legs = vec![leg("test (a)", Verdict::Succeeded), leg("test (b)", Verdict::Succeeded)];
        News { legs, ..green(number) }
    };
    let one = News { legs: vec![leg("test (a)", Verdict::Succeeded)], ..green(2) };
    let again = |news: News| News { seen: Seen { attempt: 2, ..first.seen.clone() }, ..news };
    assert!(!life.plan(&again(one)).turns_flaky);
    life.goes_on(&again(both(2)));
    assert_eq!((life.said.as_slice(), life.test().legs.len()), ([flaky()].as_slice(), 2));
    for number in 3..5 {
        life.goes_on(&both(number));
    }
    let one = News { legs: vec![leg("test (a)", Verdict::Succeeded)], ..green(5) };
    assert_eq!((life.goes_on(&one), life.steady()), (Change::Update(7), 2), "b is missing");
    let both = News { legs: vec![leg("test (b)", Verdict::Succeeded)], ..green(6) };
    assert_eq!(life.goes_on(&both), Change::Close(7));
}

#[test]
fn where_it_is_not_to_be_closed_all_else_is_the_same() {
    let rules = Rules { closes: false, ..RULES };
    let mut memory = created(1, &["test"]);
    let mut said = Vec::new();
    for number in 2..6 {
        let news = on_c1(number, 1, &green(number));
        let plan = decide(Some(&known(State::Open, &memory)), &news, rules, |_| true);
        assert!(!matches!(plan.change, Change::Close(_)));
        said.extend(plan.comment);
        memory = plan.memory.unwrap_or(memory);
    }
    assert_eq!(said, [flaky(), steady()]);
}

#[test]
fn another_job_that_fails_is_told_and_another_error_of_a_flaky_one_is_not() {
    let reason = |headline: &str| Reason {
        stage: "test".into(),
        job: 1,
        headline: headline.into(),
        exit_code: None,
        excerpt: Vec::new(),
        fingerprint: headline.into(),
    };
    let first = News { reasons: vec![reason("one")], ..red(1) };
    let memory = decide(None, &first, RULES, |_| true).memory.unwrap();
    let mut life = Life { state: State::Open, memory, said: Vec::new() };
    life.goes_on(&on_c1(2, 1, &green(2)));
    assert_eq!(life.memory.flakes[0].error, "one");
    life.goes_on(&News { reasons: vec![reason("two")], ..red(3) });
    assert_eq!(life.said, [flaky()]);
    life.goes_on(&news(4, &["test", "e2e"], &[]));
    assert_eq!(life.said[1..], [Told::MoreFail(vec!["e2e".into()])]);
}

#[test]
fn a_person_who_does_not_plan_to_mend_it_hears_nothing() {
    let mut life = Life { state: State::NotPlanned, ..Life::begun() };
    let again = on_c1(1, 2, &green(1));
    assert!(!life.plan(&again).turns_flaky, "no label either");
    assert_eq!(life.goes_on(&again), Change::Update(7));
    assert_eq!(life.said, []);
}

#[test]
fn a_newer_run_on_the_same_commit_makes_an_issue_needless() {
    assert!(is_overtaken(&red(1), &on_c1(2, 1, &green(2))));
}

#[test]
fn only_the_newest_are_kept_and_they_come_back() {
    let mut life = Life::begun();
    for number in 2..40 {
        life.goes_on(&red(number));
        let again = News { seen: Seen { attempt: 2, ..red(number).seen }, ..green(number) };
        life.goes_on(&again);
    }
    assert_eq!((life.memory.flakes.len(), life.memory.flakes[0].failed.number), (FLAKES, 39));
    assert_eq!(Memory::of_body(&life.memory.line()), Recalled::All(life.memory.clone()));
    assert_eq!((life.test().count, life.said.len()), (39, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened before, so many green runs close it: nobody has to.
    #[test]
    fn green_runs_close_whatever_was_before(runs in prop::collection::vec((any::<bool>(), any::<bool>()), 1..30)) {
        let mut life = Life::begun();
        let mut number = 1;
        for (is_red, is_new_commit) in runs {
            number += 1;
            let news = if is_red { red(number) } else { green(number) };
            let news = if is_new_commit { news } else { on_c1(number, 1, &news) };
            life.goes_on(&news);
        }
        let mut said = life.said.clone();
        said.dedup();
        prop_assert_eq!(said.len(), life.said.len(), "nothing is told twice: {:?}", life.said);
        for _ in 0..STEADY_AFTER {
            number += 1;
            life.goes_on(&green(number));
        }
        prop_assert!(life.state != State::Open, "{:?}", life.memory);
    }
}
