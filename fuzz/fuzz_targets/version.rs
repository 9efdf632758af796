//! Any bytes as a file that may say a version, under a name that chooses the reader. What is found stands in the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::known::Entry;
use mta_actions_fuzz::domain::version::{Git, Origin, Request, find};

const NAMES: [&str; 6] =
    ["VERSION", "package.json", "pyproject.toml", "Cargo.toml", "__manifest__.py", "__init__.py"];

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let text = String::from_utf8_lossy(bytes);
    let read = |path: &str| {
        assert!(!path.starts_with('/') && !path.starts_with(".."), "{path} is outside");
        if path == name { Entry::Text(text.as_ref().into()) } else { Entry::Absent }
    };
    let origin = Origin::File { path: name.to_owned(), key: None };
    let request = Request { from: &origin, folder: "", given: None, git: Git::default() };
    if let Ok(found) = find(&request, &read) {
        assert!(found.version.raw().len() <= text.len().max(1) * 2, "longer than its file: {found:?}");
    }
});
