//! Any bytes as a report of a scanner: Trivy, Grype, SARIF; read, and judged against itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::scan::{MOST, Rules, Severity, judge, read};

fuzz_target!(|data: &[u8]| {
    let Ok((_, found)) = read(&String::from_utf8_lossy(data)) else { return };
    let count = found.iter().count();
    assert!(count <= MOST && count <= data.len(), "{count} findings of {} bytes", data.len());
    let rules = Rules { gate: Some(Severity::Unknown), only_new: true, ignores_unfixed: false };
    let judged = judge(rules, found.clone(), Some(&found));
    assert!(judged.has_passed(), "what was there before is new");
});
