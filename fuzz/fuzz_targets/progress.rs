//! Any bytes as the output of a build: groups open and close in turn, and nothing is kept beyond what was said.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::build::{Progress, Shown};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut progress = Progress::default();
    let mut is_open = false;
    let mut see = |shown: Vec<Shown>| {
        for one in shown {
            match one {
                Shown::Begin(_) => assert!(!std::mem::replace(&mut is_open, true), "a group in a group"),
                Shown::End => assert!(std::mem::replace(&mut is_open, false), "an end of nothing"),
                Shown::Line(_) | Shown::Busy(_) => {}
            }
        }
    };
    text.lines().for_each(|line| see(progress.take(line)));
    see(progress.end());
    assert!(!is_open, "a group that stays open");
    assert!(progress.steps().len() <= data.len() && progress.warnings().len() <= data.len());
});
