use super::*;

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(1_790_000_000 + second).ok()
}

fn job(name: &str, conclusion: &str, second: i64) -> Job {
    let verdict = Verdict::of(Some(conclusion));
    Job {
        id: 1,
        name: name.into(),
        verdict,
        started: at(second - 10),
        completed: at(second),
        steps: Vec::new(),
    }
}

fn step(number: u64, conclusion: &str) -> Step {
    let verdict = Verdict::of(Some(conclusion));
    Step { name: format!("step {number}"), number, verdict, started: None, completed: None }
}

fn seen(jobs: &[Job]) -> Vec<(String, Standing)> {
    let stages = stages(jobs, |name| name.starts_with("optional"));
    stages.into_iter().map(|stage| (stage.name, stage.standing)).collect()
}

#[test]
fn what_failed_comes_first_in_the_order_in_which_it_did() {
    let found = seen(&[
        job("lint", "success", 5),
        job("e2e", "failure", 90),
        job("test", "timed_out", 60),
        job("deploy", "skipped", 91),
        job("docs", "skipped", 1),
        job("optional", "failure", 10),
        job("notify", "cancelled", 95),
    ]);
    let expected = [
        ("test", Standing::Failed),
        ("e2e", Standing::Failed),
        ("lint", Standing::Passed),
        ("deploy", Standing::Blocked),
        ("docs", Standing::Skipped),
        ("optional", Standing::Tolerated),
        ("notify", Standing::Cancelled),
    ];
    assert_eq!(found, expected.map(|(name, standing)| (name.to_owned(), standing)));
}

#[test]
fn a_matrix_is_one_stage_and_its_cancelled_legs_are_no_failures() {
    let found = stages(
        &[
            job("test (3.11)", "cancelled", 20),
            job("test (3.12)", "failure", 19),
            job("test (3.13)", "success", 18),
            job("build (a)", "success", 5),
            job("build (b)", "cancelled", 21),
        ],
        |_| false,
    );
    let shown: Vec<_> = found.iter().map(|stage| (stage.name.as_str(), stage.standing)).collect();
    assert_eq!(shown, [("test", Standing::Failed), ("build", Standing::Cancelled)]);
    let failed: Vec<_> = found[0].failed_legs().map(|leg| leg.name.as_str()).collect();
    assert_eq!(failed, ["test (3.12)"]);
}

#[test]
fn one_leg_that_is_not_allowed_to_fail_makes_the_stage_fail() {
    let legs = [job("x (optional)", "failure", 1), job("x (needed)", "failure", 2)];
    assert_eq!(standing(&legs, |name| name.contains("optional")), Standing::Failed);
    assert_eq!(standing(&legs[..1], |name| name.contains("optional")), Standing::Tolerated);
}

#[test]
fn a_job_that_runs_has_failed_when_one_of_its_steps_has() {
    let running =
        |steps| Job { verdict: Verdict::Unfinished, completed: None, steps, ..job("a", "", 0) };
    assert!(!running(vec![step(1, "success"), step(2, "")]).has_failed());
    let failed = running(vec![step(1, "success"), step(2, "failure"), step(3, "failure")]);
    assert_eq!(failed.failed_step().unwrap().number, 2);
    assert_eq!(standing(&[failed], |_| false), Standing::Failed);
    assert_eq!(standing(&[running(Vec::new())], |_| false), Standing::Unfinished);
}

#[test]
fn a_job_that_took_as_long_as_it_may_has_failed() {
    for (conclusion, limit, expected) in [
        ("cancelled", 10, Verdict::Failed),
        ("cancelled", 11, Verdict::Cancelled),
        ("success", 10, Verdict::Succeeded),
        ("skipped", 0, Verdict::Skipped),
    ] {
        let mut job = job("e2e", conclusion, 60);
        job.end_by(Duration::from_secs(limit));
        assert_eq!(job.verdict, expected, "{conclusion} {limit}");
    }
}

#[test]
fn conclusions_are_read_and_unknown_ones_are_failures() {
    for (word, verdict) in [
        (None, Verdict::Unfinished),
        (Some("neutral"), Verdict::Succeeded),
        (Some("stale"), Verdict::Cancelled),
        (Some("startup_failure"), Verdict::Failed),
        (Some("a word of tomorrow"), Verdict::Failed),
    ] {
        assert_eq!(Verdict::of(word), verdict, "{word:?}");
    }
}

#[test]
fn a_run_without_jobs_failed_in_its_file_if_it_failed() {
    for (conclusion, failed) in [
        ("startup_failure", true),
        ("failure", true),
        ("action_required", false),
        ("cancelled", false),
        ("success", false),
        ("", false),
    ] {
        let stage = of_file("ci.yml", conclusion);
        assert_eq!(stage, failed.then(|| Stage::new("ci.yml", Standing::Failed)), "{conclusion}");
    }
}

#[test]
fn legs_are_cut_from_names_and_nothing_else() {
    for (name, expected) in [
        ("test", "test"),
        ("test (3.12, linux)", "test"),
        ("test (a (b))", "test"),
        ("build (a) / push (b, c)", "build / push"),
        ("call / inner", "call / inner"),
        ("test (src / lib)", "test"),
        ("test (aaaaaaaaaaaaaaa, bbbbbbbbbb...", "test"),
        ("deploy (prod", "deploy (prod"),
        ("(odd)", "(odd)"),
        ("a/b", "a/b"),
        (" / ", " / "),
        ("", ""),
    ] {
        assert_eq!(family(name), expected, "{name}");
    }
}
