//! Comments: only what is news.

use crate::domain::incident::memory::{STEADY_AFTER, Seen};
use crate::domain::incident::told::{Error, Told};
use crate::report::incident::Links;
use crate::report::markdown::code;

/// Jobs that are named.
const NAMED: usize = 10;

/// What people are told.
pub fn comment(links: &Links, seen: &Seen, told: &Told) -> String {
    let run = links.run(seen);
    let commit = links.commit(&seen.sha);
    match told {
        Told::MoreFail(jobs) => format!("Since run {run} ({commit}) {} too.", fail(jobs)),
        Told::OtherError(errors) => format!("In run {run} ({commit}) {}.", others(errors)),
        Told::FailsAgain(jobs) => format!("It is back: in run {run} ({commit}) {}.", fail(jobs)),
        Told::NotHeld(sha) => {
            format!(
                "The fix did not hold: {} says that it fixes this, and run {run} ({commit}) failed.",
                links.commit(sha)
            )
        }
        Told::Fixed => format!("All that was broken succeeded in run {run} ({commit})."),
        Told::Flaky(jobs) => format!(
            "{} failed and succeeded on the same commit ({commit}, run {run}): flaky. From now on its failures and \
             successes are counted without a word, and it is steady again after {STEADY_AFTER} runs in a row that succeed.",
            names(jobs)
        ),
        Told::Steady(jobs) => format!(
            "All that was broken succeeded in run {run} ({commit}). Steady again, with {STEADY_AFTER} successes in a row: {}.",
            names(jobs)
        ),
        Told::Gone(jobs) => format!(
            "Nothing of what was broken is left since run {run} ({commit}). Gone, or without the legs that failed: {}.",
            names(jobs)
        ),
    }
}

/// That this issue is the same as another.
pub fn duplicate(of: u64) -> String {
    format!("Two runs opened an issue at the same moment: #{of} stands for both.")
}

fn fail(jobs: &[String]) -> String {
    let verb = if jobs.len() == 1 { "fails" } else { "fail" };
    format!("{} {verb}", names(jobs))
}

/// Each with its line; of those without one the job alone.
fn others(errors: &[Error]) -> String {
    let said = |error: &Error| {
        let job = code(&error.job);
        match error.headline.as_str() {
            "" => format!("{job} fails with another error now"),
            line => format!("{job} fails with another error now: {}", code(line)),
        }
    };
    let more = errors.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", errors.iter().take(NAMED).map(said).collect::<Vec<_>>().join("; "))
}

fn names(jobs: &[String]) -> String {
    let named: Vec<String> = jobs.iter().take(NAMED).map(|job| code(job)).collect();
    let more = jobs.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
