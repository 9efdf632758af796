//! The fixtures: where they are, what they are, and how their names compare.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mta_actions::domain::coverage::formats;
use mta_actions::domain::coverage::report::{Detail, Measured, Report, Unreadable};

/// What lies in the folders and is no report in a format that is read: sources, and what the tools say in words.
const NO_REPORTS: [&str; 11] = [
    "README.md",
    "make",
    "report.txt",
    "line.txt",
    "branch.txt",
    "combined.txt",
    "set.txt",
    "count.txt",
    "last-run.json",
    "program.cpp",
    "header.h",
];

/// What cannot be read: gcovr's `JaCoCo` does not say which lines ran; gcovr's and gcov's summaries; what is compressed.
pub const REFUSED: [&str; 4] = [
    "gcov/jacoco.xml",
    "gcov/gcovr-summary.json",
    "gcov/gcov-summary.txt",
    "gcov/cart.gcov.json.gz",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/coverage")
}

pub fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of all reports, refused ones excepted, as `folder/file`.
pub fn all() -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let tool = entry.unwrap().file_name().into_string().unwrap();
        for file in fs::read_dir(folder().join(&tool)).into_iter().flatten() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            if file.file_type().unwrap().is_file() && !NO_REPORTS.contains(&name.as_str()) {
                names.push(format!("{tool}/{name}"));
            }
        }
    }
    names.retain(|name| !REFUSED.contains(&name.as_str()));
    names.sort();
    names
}

pub fn parse(mut input: &[u8], detail: Detail) -> Result<Report, Unreadable> {
    formats::read(&mut input, detail)
}

pub fn read(name: &str) -> Report {
    parse(&bytes(name), Detail::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A report's file names without the root under which the tool ran.
pub fn without_root(name: &str) -> String {
    let roots = ["C:/src/shop/", "/src/shop/src/", "/src/shop/", "/app/", "./"];
    let name = roots.iter().find_map(|root| name.strip_prefix(root)).unwrap_or(name);
    name.to_owned()
}

/// A relative name lies under the report's `<source>`: `pytest --cov=shop` writes `cart.py` and `/app/shop` in XML, but
/// `shop/cart.py` in JSON and LCOV.
fn under_root(report: &Report, name: &str) -> String {
    match report.roots.as_slice() {
        [root] if !name.starts_with('/') => without_root(&format!("{root}/{name}")),
        _ => without_root(name),
    }
}

/// The files of several reports as one, by name without root. Files without a single line are left out: Cobertura and
/// LCOV name them, others do not.
pub fn joined(names: &[&str]) -> BTreeMap<String, Measured> {
    let mut files: BTreeMap<String, Measured> = BTreeMap::new();
    for name in names {
        let report = read(name);
        for (file, measured) in &report.files {
            files.entry(under_root(&report, file)).or_default().merge(measured);
        }
    }
    files.retain(|_, measured| measured.has_lines());
    files
}
