//! Any bytes as the files that may say a version, under names that choose the readers. What is found stands in the file
//! that is named as its place.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::known::Entry;
use mta_actions_fuzz::domain::version::{Git, Origin, Request, Source, find};

const NAMES: [&str; 7] = [
    "VERSION",
    "package.json",
    "pyproject.toml",
    "Cargo.toml",
    "__manifest__.py",
    "__init__.py",
    "m.py",
];

/// Whether the characters of a version stand in a text, in their order. A tuple of numbers, texts side by side and keys
/// of tables are no further apart than that; escapes and numbers that are not decimal are not looked into.
fn stands_in(version: &str, text: &str) -> bool {
    let mut rest = text.chars();
    let is_escaped =
        ["\\", "0x", "0X", "0o", "0O", "0b", "0B"].iter().any(|sign| text.contains(sign));
    is_escaped
        || version.chars().filter(char::is_ascii_alphanumeric).all(|c| rest.any(|other| other == c))
}

fn lines(text: &str) -> usize {
    1 + text.replace("\r\n", "\n").matches(['\n', '\r']).count()
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let whole = String::from_utf8_lossy(bytes);
    // What is behind the first mark stands in every other file.
    let (text, others) = whole.split_once("=====").unwrap_or((whole.as_ref(), ""));
    let asked = RefCell::new(Vec::new());
    let read = |path: &str| {
        assert!(
            !path.starts_with('/') && path != ".." && !path.starts_with("../"),
            "{path} is outside"
        );
        asked.borrow_mut().push(path.to_owned());
        let text = if path == name { text } else { others };
        if path != name && others.is_empty() { Entry::Absent } else { Entry::Text(text.into()) }
    };
    for origin in [Origin::Auto, Origin::File { path: name.to_owned(), key: None }] {
        let request = Request { from: &origin, folder: "", given: None, git: Git::default() };
        let answer = find(&request, &read);
        assert_eq!(answer, find(&request, &read), "another answer the second time");
        let (place, line) = match &answer {
            Ok(found) => {
                let Source::File { path, line } = &found.source else {
                    panic!("found in no file: {found:?}")
                };
                let text = if path == name { text } else { others };
                assert!(stands_in(found.version.raw(), text), "it does not stand there: {found:?}");
                (path.clone(), *line)
            }
            Err(failure) => match &failure.place {
                Some(place) => (place.file.clone(), place.line.unwrap_or(1)),
                None => continue,
            },
        };
        assert!(asked.borrow().contains(&place) || answer.is_err(), "{place} was not read");
        let text = if place == name { text } else { others };
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        assert!((1..=lines(text)).contains(&line), "line {line} of {place}: {answer:?}");
    }
    assert!(asked.borrow().len() <= 2000, "{} files are read", asked.borrow().len());
});
