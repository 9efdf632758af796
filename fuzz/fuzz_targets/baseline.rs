//! Baselines: whatever is taken for one can be written again and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::coverage::baseline::{decode, encode};

fuzz_target!(|data: &[u8]| {
    let whole = [b"mta-coverage 1\n", data].concat();
    if let Ok(files) = decode(&whole) {
        assert!(files.len() <= whole.len(), "more files than bytes");
        assert_eq!(decode(&encode(&files)), Ok(files));
    }
});
