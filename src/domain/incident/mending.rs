//! What a run proves about a job that is broken: that it works again, that it is gone for good, or nothing.
//!
//! - It works again when it succeeded in a later run, with every leg that failed. On the same commit nothing mended it:
//!   it is flaky then, and works again after three such runs in a row.
//! - It is gone for good when a green run that skipped nothing does not have it any more.
//! - Where jobs still ran, or where the job succeeded without a leg that failed, [`GONE_AFTER`] such runs are needed: a job
//!   may not be listed yet, and a matrix that is made anew for each run may have left the leg out.

use crate::domain::incident::jobs::Verdict;
use crate::domain::incident::memory::{Flake, LEGS, Memory, Section, Success};
use crate::domain::incident::news::{News, OnSameCommit};

/// So many runs in a row that do not have a job, or a leg, though they should, and it counts as gone.
pub const GONE_AFTER: usize = 3;

/// What a run says about a job that is broken.
#[derive(Debug, PartialEq, Eq)]
enum Sign {
    /// Nothing.
    Nothing,
    /// It works.
    Works,
    /// It is no part of the workflow any more.
    Gone,
    /// It is not there, or these legs are not.
    Missing(Vec<String>),
}

/// Whether a run that comes after the failing commit would change what is known of a job.
pub fn says_something(section: &Section, news: &News) -> bool {
    sign(section, news) != Sign::Nothing
}

/// Takes in what a run proves. `comes_after` says of a failing commit whether the run's commit comes after it. Answers
/// whether anything is known that was not.
pub fn mend(memory: &mut Memory, news: &News, comes_after: impl Fn(&str) -> bool) -> bool {
    let mut is_changed = false;
    let Memory { sections, flakes, .. } = memory;
    for section in sections {
        let sign = sign(section, news);
        if sign == Sign::Nothing || !comes_after(&section.last.sha) {
            continue;
        }
        is_changed |= take_in(section, sign, (news, flakes));
    }
    if memory.has_more && news.is_green && !memory.sections.iter().any(Section::is_open) {
        memory.has_more = false;
        is_changed = true;
    }
    if is_changed && memory.newest.place() < news.seen.place() {
        memory.newest = news.seen.clone();
    }
    is_changed
}

fn take_in(section: &mut Section, sign: Sign, (news, flakes): (&News, &mut Vec<Flake>)) -> bool {
    let place = news.seen.place();
    if let Sign::Missing(legs) = sign {
        // Attempts of one run are one.
        if section.missing.iter().any(|(number, _)| *number == place.0) {
            return false;
        }
        section.missing.push(place);
        section.legs = legs;
        if section.missing.len() < GONE_AFTER {
            return true;
        }
        section.is_gone = true;
    } else if sign == Sign::Works && news.on_same_commit == OnSameCommit::Flaky {
        match section.succeed(&news.seen, flakes) {
            Success::Known => return false,
            Success::Flaky | Success::Counted => {
                // The legs stay: the next success has to have them too.
                section.missing.clear();
                return true;
            }
            Success::Mended | Success::Steady => section.legs.clear(),
        }
    } else {
        section.is_gone = sign == Sign::Gone;
        section.legs.clear();
    }
    section.missing.clear();
    section.fixed = Some(news.seen.clone());
    true
}

/// Takes in which legs of a job failed.
pub fn remember_legs(section: &mut Section, news: &News) {
    section.missing.clear();
    let failed = news.legs.iter().filter(|leg| leg.verdict == Verdict::Failed);
    for leg in failed.filter(|leg| leg.job == section.job) {
        if section.legs.len() < LEGS && !section.legs.contains(&leg.name) {
            section.legs.push(leg.name.clone());
        }
    }
}

fn sign(section: &Section, news: &News) -> Sign {
    if !section.is_open() || section.last.place() >= news.seen.place() {
        return Sign::Nothing;
    }
    let works = |name: &String| {
        news.legs.iter().any(|leg| leg.name == *name && leg.verdict == Verdict::Succeeded)
    };
    if news.passed.contains(&section.job) {
        let left: Vec<String> = section.legs.iter().filter(|name| !works(name)).cloned().collect();
        return if left.is_empty() { Sign::Works } else { Sign::Missing(left) };
    }
    let is_there = news.present.contains(&section.job);
    match (news.is_green && !news.has_skipped && !is_there, news.has_unfinished) {
        (false, _) => Sign::Nothing,
        (true, false) => Sign::Gone,
        (true, true) => Sign::Missing(section.legs.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::memory::{Seen, VERSION};
    use crate::domain::incident::news::Leg;
    use jiff::Timestamp;

    fn seen(number: u64) -> Seen {
        let sha = format!("c{number}");
        Seen { run: number, number, attempt: 1, sha, at: Timestamp::UNIX_EPOCH }
    }

    /// A green run that has the job `test` with these legs, unless there are none.
    fn green(number: u64, legs: &[&str]) -> News {
        let leg = |name: &&str| Leg {
            job: "test".into(),
            name: (*name).to_owned(),
            verdict: Verdict::Succeeded,
        };
        let mut jobs = vec!["lint".to_owned()];
        jobs.extend((!legs.is_empty()).then(|| "test".to_owned()));
        News {
            seen: seen(number),
            failed: Vec::new(),
            passed: jobs.clone(),
            present: jobs,
            legs: legs.iter().map(leg).collect(),
            is_green: true,
            has_skipped: false,
            has_unfinished: false,
            on_same_commit: OnSameCommit::Flaky,
            reasons: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// `test` failed in run 1 with these legs.
    fn broken(legs: &[&str]) -> Memory {
        let mut section = Section::begun("test", &seen(1));
        section.legs = legs.iter().map(ToString::to_string).collect();
        Memory {
            version: VERSION,
            runs: 1,
            newest: seen(1),
            sections: vec![section],
            has_more: false,
            history: Vec::new(),
            suspects: None,
            flakes: Vec::new(),
            said_at: None,
            owed: None,
        }
    }

    #[test]
    fn a_matrix_without_the_leg_that_failed_is_not_mended() {
        let mut memory = broken(&["test (a)", "test (b)"]);
        assert!(mend(&mut memory, &green(2, &["test (b)", "test (c)"]), |_| true));
        assert_eq!(memory.sections[0].legs, ["test (a)"], "b works again");
        assert!(memory.is_open());
        assert!(mend(&mut memory, &green(3, &["test (a)"]), |_| true));
        assert!(!memory.is_open() && !memory.sections[0].is_gone);
    }

    #[test]
    fn a_leg_that_three_runs_do_not_have_is_gone_and_not_called_fixed() {
        let mut memory = broken(&["test (a)"]);
        for number in 2..4 {
            let run = green(number, &["test (b)"]);
            assert!(mend(&mut memory, &run, |_| true));
            assert!(!mend(&mut memory, &run, |_| true), "looked at twice it counts once");
            let mut again = run.clone();
            again.seen.attempt = 2;
            assert!(!mend(&mut memory, &again, |_| true), "run twice it counts once");
            assert!(
                !mend(&mut memory, &green(number, &["test (b)"]), |_| false),
                "no later commit"
            );
            assert!(memory.is_open());
        }
        assert!(mend(&mut memory, &green(4, &["test (b)"]), |_| true));
        assert!(!memory.is_open() && memory.sections[0].is_gone);
        assert_eq!(memory.newest.number, 4);
    }

    #[test]
    fn a_failure_between_begins_the_count_anew() {
        let mut memory = broken(&["test (a)"]);
        mend(&mut memory, &green(2, &["test (b)"]), |_| true);
        mend(&mut memory, &green(3, &["test (b)"]), |_| true);
        let mut red = green(4, &["test (b)"]);
        red.legs[0].verdict = Verdict::Failed;
        remember_legs(&mut memory.sections[0], &red);
        memory.sections[0].last = seen(4);
        assert_eq!(memory.sections[0].legs, ["test (a)", "test (b)"]);
        mend(&mut memory, &green(5, &["test (b)"]), |_| true);
        assert!(memory.is_open());
        assert_eq!(memory.sections[0].legs, ["test (a)"]);
    }

    #[test]
    fn a_job_that_was_renamed_goes_though_another_one_reports_beside_ours() {
        let mut memory = broken(&[]);
        let absent = |number| News { has_unfinished: true, ..green(number, &[]) };
        mend(&mut memory, &absent(2), |_| true);
        mend(&mut memory, &absent(3), |_| true);
        assert!(memory.is_open());
        mend(&mut memory, &absent(4), |_| true);
        assert!(!memory.is_open() && memory.sections[0].is_gone);

        let mut memory = broken(&[]);
        assert!(mend(&mut memory, &green(2, &[]), |_| true));
        assert!(memory.sections[0].is_gone, "nothing runs any more: one run is enough");
        for other in [
            News { has_skipped: true, ..green(2, &[]) },
            News { is_green: false, ..green(2, &[]) },
            News { present: vec!["test".into()], ..green(2, &[]) },
            green(1, &["test"]),
        ] {
            assert!(!says_something(&broken(&[]).sections[0], &other), "{other:?}");
        }
    }

    #[test]
    fn more_jobs_than_are_kept_apart_wait_for_a_green_run_and_not_for_who_reports() {
        let mut memory = broken(&[]);
        memory.has_more = true;
        let run = News { has_unfinished: true, ..green(2, &["test"]) };
        assert!(mend(&mut memory, &run, |_| true));
        assert!(!memory.is_open());
    }

    #[test]
    fn legs_are_remembered_up_to_a_limit() {
        let mut memory = broken(&[]);
        let names: Vec<String> = (0..300).map(|number| format!("test ({number})")).collect();
        let mut red = green(2, &names.iter().map(String::as_str).collect::<Vec<_>>());
        red.legs.iter_mut().for_each(|leg| leg.verdict = Verdict::Failed);
        remember_legs(&mut memory.sections[0], &red);
        assert_eq!(memory.sections[0].legs.len(), LEGS);
    }
}
