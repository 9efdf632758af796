//! The JSON formats: coverage.py, Istanbul, SimpleCov, llvm-cov, gcov.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mta_actions_fuzz::report_after(b"{", data));
