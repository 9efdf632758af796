//! What git says of a change: `--raw -z`, the byte 255, then the patch.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::coverage::diff::parse::parse;

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == 0xff).unwrap_or(data.len());
    let (raw, patch) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    if let Ok(diff) = parse(raw, patch) {
        assert!(diff.files.len() <= raw.len(), "more files than bytes");
        let hunks = || diff.files.iter().flat_map(|file| &file.hunks);
        let texts = || hunks().flat_map(|hunk| hunk.added.iter().chain(&hunk.removed));
        assert!(hunks().count() + texts().count() <= patch.len(), "more lines than bytes");
        // A byte that is not UTF-8 takes three in its place.
        assert!(
            texts().map(String::len).sum::<usize>() <= 4 * patch.len(),
            "more text than there was"
        );
    }
});
