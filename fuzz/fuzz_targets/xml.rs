//! JaCoCo, Clover and OpenCover XML, and what is XML and no report.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mta_actions_fuzz::report(data));
