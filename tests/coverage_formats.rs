//! Reports that the tools themselves wrote (`tests/fixtures/coverage`), read as a gate reads them: the integers are those
//! of the tools, two formats of one run say the same, and half a report is none.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

#[path = "coverage_formats/damage.rs"]
mod damage;
#[path = "coverage_formats/fixtures.rs"]
mod fixtures;
#[path = "coverage_formats/same_run.rs"]
mod same_run;
#[path = "coverage_formats/totals.rs"]
mod totals;
