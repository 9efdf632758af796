//! Cobertura XML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| mta_actions_fuzz::report_after(
    b"<coverage line-rate=\"1\"><packages><package>",
    data
));
