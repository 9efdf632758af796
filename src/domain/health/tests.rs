//! What fires and what must not, rule by rule.

use super::*;

const NOW: i64 = 1_000_000;

/// A container that was started so many seconds before the look.
fn container(service: &str, state: &str, health: Option<&str>, uptime: i64) -> Container {
    Container {
        id: format!("id-{service}"),
        service: service.into(),
        name: format!("shop-{service}-1"),
        state: state.into(),
        health: health.map(Into::into),
        started_at: Timestamp::from_second(NOW - uptime).ok(),
        restart_policy: "always".into(),
        ..Container::default()
    }
}

fn with(mut container: Container, change: impl FnOnce(&mut Container)) -> Container {
    change(&mut container);
    container
}

fn looping(restarts: u64) -> Container {
    with(container("app", "restarting", None, 1), |c| {
        c.restarts = restarts;
        c.exit_code = 3;
    })
}

fn look(containers: Vec<Container>) -> Look {
    let now = Timestamp::from_second(NOW).unwrap();
    Look { now, expected: vec!["app".into()], containers, ..Look::default() }
}

/// Judged by a run that made all containers itself.
fn judge(look: &Look) -> Verdict {
    Judge::new([]).judge(look)
}

fn missing(look: &Look) -> Vec<String> {
    match judge(look) {
        Verdict::Healthy => Vec::new(),
        Verdict::NotYet { missing, .. } | Verdict::Sick(missing) => missing,
    }
}

fn is_final(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Sick(_))
}

#[test]
fn healthy_is_what_runs_and_says_so() {
    assert_eq!(
        judge(&look(vec![container("app", "running", Some("healthy"), 0)])),
        Verdict::Healthy
    );
    assert_eq!(judge(&look(vec![container("app", "running", None, 5)])), Verdict::Healthy);
}

#[test]
fn every_other_state_is_named() {
    let table = [
        (look(vec![]), "app: no container"),
        (look(vec![container("app", "running", Some("starting"), 9)]), "app: starting"),
        (look(vec![container("app", "running", Some("unhealthy"), 9)]), "app: unhealthy"),
        (look(vec![container("app", "running", None, 1)]), "app: running for 1 s"),
        (look(vec![container("app", "created", None, 0)]), "app: created"),
        (look(vec![container("app", "exited", None, 0)]), "app: exited with code 0"),
        (look(vec![looping(1)]), "app: restarting after exit code 3 (1 times)"),
    ];
    for (look, says) in table {
        assert_eq!(missing(&look), [says]);
    }
    let killed = with(container("app", "running", Some("healthy"), 9), |c| c.oom_killed = true);
    assert_eq!(judge(&look(vec![killed.clone()])), Verdict::Healthy, "it went on");
    let killed = with(killed, |c| c.state = "restarting".into());
    assert_eq!(missing(&look(vec![killed])), ["app: killed by the kernel, out of memory"]);
}

#[test]
fn what_does_not_pass_by_itself_is_final() {
    let unhealthy = container("app", "running", Some("unhealthy"), 9);
    let exited = with(container("app", "exited", None, 9), |c| {
        c.exit_code = 1;
        c.restart_policy = "no".into();
    });
    let on_failure = |code, restarts, limit| {
        with(exited.clone(), |c| {
            (c.exit_code, c.restarts, c.restart_limit) = (code, restarts, limit);
            c.restart_policy = "on-failure".into();
        })
    };
    let policy = |name: &str| with(exited.clone(), |c| c.restart_policy = name.into());
    let young = |restarts| with(container("app", "running", None, 1), |c| c.restarts = restarts);
    let oom = |state| with(container("app", state, None, 9), |c| c.oom_killed = true);
    let table = [
        ("three restarts", looping(3), true),
        ("two restarts", looping(2), false),
        ("three restarts, runs at this moment", young(3), true),
        ("two restarts, runs at this moment", young(2), false),
        ("unhealthy", unhealthy.clone(), true),
        ("starting", container("app", "running", Some("starting"), 9), false),
        (
            "unhealthy when it ended, restarted",
            with(unhealthy, |c| c.state = "restarting".into()),
            false,
        ),
        ("out of memory", oom("restarting"), true),
        ("a process of it out of memory, it runs", oom("running"), false),
        ("ended, no policy", policy(""), true),
        ("ended, never restarted", exited.clone(), true),
        ("ended, always restarted", policy("always"), false),
        ("ended, restarted unless stopped", policy("unless-stopped"), false),
        ("ended, a policy of a newer engine", policy("sometimes"), false),
        ("failed, restarted on failure", on_failure(1, 9, 0), true),
        ("failed, restarted on failure, again", on_failure(1, 2, 0), false),
        ("failed, restarted on failure, used up", on_failure(1, 2, 2), true),
        ("ended with 0, restarted on failure", on_failure(0, 0, 0), true),
        ("dead", container("app", "dead", None, 9), true),
        ("created", container("app", "created", None, 9), false),
        ("removing", container("app", "removing", None, 9), false),
        ("paused", container("app", "paused", None, 9), false),
    ];
    for (what, container, wanted) in table {
        assert_eq!(is_final(&judge(&look(vec![container]))), wanted, "{what}");
    }
    assert!(!is_final(&judge(&look(vec![]))), "no container");
    let healthy = with(container("app", "running", Some("healthy"), 0), |c| c.restarts = 9);
    assert_eq!(judge(&look(vec![healthy])), Verdict::Healthy, "it is well by now");
    let says = missing(&look(vec![young(4)]));
    assert_eq!(says, ["app: restarted 4 times, running for 1 s"]);
}

#[test]
fn a_container_of_before_is_judged_by_what_happens_from_then() {
    let before = with(container("app", "running", None, 900), |c| c.restarts = 5);
    let unhealthy = |c: &mut Container| c.health = Some("unhealthy".into());
    let restarted = |restarts| {
        with(before.clone(), |c| {
            (c.state, c.restarts) = ("restarting".into(), restarts);
            c.started_at = Timestamp::from_second(NOW - 1).ok();
        })
    };
    let oom = |restarts| with(restarted(restarts), |c| c.oom_killed = true);
    let ended = |policy: &str| {
        with(before.clone(), |c| (c.state, c.restart_policy) = ("exited".into(), policy.into()))
    };
    let by_this_run = |change: fn(&mut Container)| {
        with(before.clone(), |c| {
            (c.restarts, c.started_at) = (0, Timestamp::from_second(NOW - 9).ok());
            change(c);
        })
    };
    let table = [
        ("restarts of before", restarted(5), false),
        ("two more", restarted(7), false),
        ("three more", restarted(8), true),
        ("out of memory, restarted", oom(6), false),
        ("unhealthy", with(before.clone(), unhealthy), false),
        (
            "unhealthy after the engine restarted it",
            with(by_this_run(|c| c.restarts = 6), unhealthy),
            false,
        ),
        ("ended and restarted", ended("always"), false),
        ("ended for good", ended("no"), true),
        ("started by this run, unhealthy", with(by_this_run(|_| ()), unhealthy), true),
        (
            "started by this run, three restarts",
            by_this_run(|c| (c.restarts, c.state) = (3, "restarting".into())),
            true,
        ),
        (
            "another container, unhealthy",
            with(by_this_run(|c| c.id = "new".into()), unhealthy),
            true,
        ),
    ];
    for (what, container, wanted) in table {
        let verdict = Judge::new([before.clone()]).judge(&look(vec![container]));
        assert_eq!(is_final(&verdict), wanted, "{what}");
    }
    // It did not run before, so this run has started it.
    let stopped = with(before.clone(), |c| c.state = "exited".into());
    let now = look(vec![with(before.clone(), unhealthy)]);
    assert!(is_final(&Judge::new([stopped]).judge(&now)));
}

#[test]
fn a_service_may_fail_while_what_it_depends_on_is_not_well() {
    let both = |app: &Container, db: &Container| Look {
        depends_on: BTreeMap::from([("app".to_owned(), vec!["db".to_owned(), "off".to_owned()])]),
        ..look(vec![app.clone(), db.clone()])
    };
    let (starting, well) = (
        container("db", "running", Some("starting"), 1),
        container("db", "running", Some("healthy"), 9),
    );
    let mut one = Judge::new([]);
    assert!(is_final(&one.judge(&both(&looping(3), &well))), "nothing to wait for");

    let mut one = Judge::new([]);
    assert!(!is_final(&one.judge(&both(&looping(5), &starting))), "it waits for the database");
    assert!(!is_final(&one.judge(&both(&looping(5), &well))), "no try since then");
    assert!(is_final(&one.judge(&both(&looping(6), &well))), "tried again and ended again");

    let mut one = Judge::new([]);
    let tries = with(looping(5), |c| c.state = "running".into());
    assert!(!is_final(&one.judge(&both(&tries, &starting))));
    assert!(!is_final(&one.judge(&both(&looping(6), &well))), "that try began too early");
    assert!(is_final(&one.judge(&both(&looping(7), &well))));

    let sick = |failures| {
        with(container("app", "running", Some("unhealthy"), 9), |c| c.failures = failures)
    };
    let mut one = Judge::new([]);
    assert!(!is_final(&one.judge(&both(&sick(3), &starting))));
    assert!(!is_final(&one.judge(&both(&sick(4), &well))), "that check may have begun before");
    assert!(is_final(&one.judge(&both(&sick(5), &well))));

    let mut other = both(&looping(3), &starting);
    other.depends_on.clear();
    assert!(is_final(&Judge::new([]).judge(&other)), "it does not depend on it");
}

#[test]
fn a_job_that_runs_once_may_end_with_zero_only() {
    let mut done =
        look(vec![with(container("app", "exited", None, 0), |c| c.restart_policy.clear())]);
    done.may_finish = vec!["app".into()];
    assert_eq!(judge(&done), Verdict::Healthy);
    done.containers[0].exit_code = 3;
    assert_eq!(judge(&done), Verdict::Sick(vec!["app: exited with code 3".into()]));
}

#[test]
fn probes_count_as_well_and_are_never_final() {
    let mut look = look(vec![container("app", "running", Some("healthy"), 9)]);
    look.url = Some(Ok(()));
    look.command = Some(Ok(()));
    assert_eq!(judge(&look), Verdict::Healthy);
    look.url = Some(Err("http://x/health answered 503".into()));
    let missing = vec!["http://x/health answered 503".into()];
    assert_eq!(judge(&look), Verdict::NotYet { missing, rest: None });
}

#[test]
fn what_does_not_pass_is_said_first_and_youth_is_no_reason() {
    let mut look = look(vec![
        container("app", "running", None, 1),
        container("web", "running", Some("unhealthy"), 9),
        container("job", "created", None, 9),
    ]);
    look.expected.extend(["job".to_owned(), "web".to_owned()]);
    look.url = Some(Err("http://x/ answered 503".into()));
    let reasons = ["web: unhealthy", "job: created", "http://x/ answered 503"];
    assert_eq!(judge(&look), Verdict::Sick(reasons.map(Into::into).to_vec()));
}

#[test]
fn the_rest_is_known_where_nothing_is_missing_but_uptime() {
    let rest = |look: &Look| match judge(look) {
        Verdict::NotYet { rest, .. } => rest,
        other => panic!("{other:?}"),
    };
    let young = |service, uptime| container(service, "running", None, uptime);
    let mut both = look(vec![young("app", 4), young("web", 2)]);
    assert_eq!(rest(&both), Some(Duration::from_secs(1)), "web is not expected");
    both.expected.push("web".into());
    assert_eq!(rest(&both), Some(Duration::from_secs(3)));
    both.url = Some(Err("http://x/ answered 503".into()));
    assert_eq!(rest(&both), None);
}

#[test]
fn the_next_look_comes_with_the_interval_or_the_rest_and_never_after_the_end() {
    let policy = Policy { delay: Duration::from_secs(10), ..Policy::default() };
    assert_eq!(policy.budget(), Duration::from_secs(160));
    let pause = |spent, rest| {
        let rest = Option::<u64>::map(rest, Duration::from_secs);
        policy.pause(Duration::from_secs(spent), rest).map(|pause| pause.as_secs())
    };
    assert_eq!(pause(10, None), Some(2));
    assert_eq!(pause(10, Some(5)), Some(5), "no look before");
    assert_eq!(pause(10, Some(1)), Some(1), "and none after");
    assert_eq!(pause(159, None), Some(1));
    assert_eq!(pause(159, Some(5)), Some(1));
    assert_eq!((pause(160, None), pause(999, Some(1))), (None, None));
}

#[test]
fn absurd_numbers_are_bounded() {
    let policy = Policy { retries: u64::MAX, interval: Duration::MAX, ..Policy::default() };
    assert_eq!((policy.budget(), policy.longest_start()), (Duration::MAX, Duration::MAX));
}

#[test]
fn patients_are_those_that_are_not_well_the_young_only_where_none_is_worse() {
    let young = container("web", "running", None, 1);
    let again = with(young.clone(), |c| c.restarts = 3);
    let well = container("db", "running", Some("healthy"), 9);
    let names = |containers: Vec<Container>| {
        let look = look(containers);
        patients(&look).into_iter().map(|(_, says)| says).collect::<Vec<_>>()
    };
    assert_eq!(names(vec![well.clone(), young.clone()]), ["web: running for 1 s"]);
    assert_eq!(
        names(vec![looping(3), well.clone(), young]),
        ["app: restarting after exit code 3 (3 times)"]
    );
    assert_eq!(names(vec![looping(3), again]).len(), 2, "it only looks young");
    assert_eq!(names(vec![well]), [""; 0]);
}
