//! LCOV 1 and 2.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mta_actions_fuzz::report_after(b"TN:\nSF:a\n", data));
