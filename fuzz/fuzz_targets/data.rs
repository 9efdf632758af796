//! The data file of coverage.py, a SQLite database.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mta_actions_fuzz::report_after(b"SQLite format 3\0", data));
