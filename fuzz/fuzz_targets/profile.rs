//! Go profiles and the text of gcov.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mta_actions_fuzz::report_after(b"mode: set\n", data));
