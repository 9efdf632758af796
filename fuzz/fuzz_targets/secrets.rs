//! Any bytes under a name that chooses the reader, looked at for secrets. What is found is hidden.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::secrets::{Piece, Scanner};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| match Scanner::new() {
    Ok(scanner) => scanner,
    Err(error) => panic!("the search cannot be built: {error}"),
});

const NAMES: [&str; 8] =
    ["a.py", ".env", "config.yml", ".netrc", "dump.sql", "wp-config.php", ".npmrc", "settings.py"];

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let path = NAMES[usize::from(*first) % NAMES.len()];
    for finding in SCANNER.scan(&Piece { path, bytes, first_line: 1 }) {
        assert!(!finding.hidden.is_empty(), "a secret that nothing hides: {finding:?}");
    }
});
