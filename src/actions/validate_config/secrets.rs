//! Every file of the checkout that git would commit, looked at for secrets.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::steps::parallel::in_parallel;
use crate::adapters::git::listing::Listing;
use crate::adapters::host::windows::{self, Next};
use crate::domain::finding::{Finding, Span};
use crate::domain::limit::LIMIT;
use crate::domain::secrets::{Binary, Piece, Scanner, is_binary};
use crate::failure::{Failure, Outcome};

/// Most secrets that are kept of a file, and of all: a dump of passwords is no list of findings.
const OF_A_FILE: usize = 1_000;
const OF_ALL: usize = 20_000;

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The secrets.
    pub findings: Vec<Finding>,
    /// How many files were looked at.
    pub files: usize,
    /// How many were left out because they are binary.
    pub binary: usize,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(String, String)>,
}

/// What became of one file.
enum Seen {
    Text(Vec<Finding>),
    Binary,
    Nothing,
    Unreadable(String),
}

/// The tracked files and those that git does not ignore; without a repository every file.
pub fn paths(top: &Utf8Path, listing: Option<&Listing>) -> BTreeSet<String> {
    match listing {
        Some(listing) => listing.tracked.union(&listing.untracked).cloned().collect(),
        None => below(top),
    }
}

/// Looks at files.
pub fn scan(top: &Utf8Path, paths: &BTreeSet<String>) -> Result<Scanned, Failure> {
    let scanner = Scanner::new().map_err(|error| {
        Failure::new(Outcome::Bug, "the search for secrets could not be built").why(error)
    })?;
    let paths: Vec<&String> = paths.iter().collect();
    let seen = in_parallel(&paths, |path| look(&scanner, (top, path)));
    let mut all = Scanned::default();
    for (path, seen) in paths.into_iter().zip(seen) {
        match seen {
            Seen::Text(findings) => {
                all.files += 1;
                if all.findings.len() < OF_ALL {
                    all.findings.extend(findings);
                    if all.findings.len() >= OF_ALL {
                        let what = format!(
                            "the repository has more than {OF_ALL} findings of secrets: those of the files behind this one are left out"
                        );
                        all.findings.push(Finding::new(&LIMIT, Span::file(path), what));
                    }
                }
            }
            Seen::Binary => all.binary += 1,
            Seen::Nothing => {}
            Seen::Unreadable(why) => all.unreadable.push((path.clone(), why)),
        }
    }
    Ok(all)
}

/// A file in the index that is not there was deleted: nothing of it can be leaked from here.
fn look(scanner: &Scanner, (top, path): (&Utf8Path, &str)) -> Seen {
    let mut findings = Vec::new();
    let mut binary = Binary::No;
    let read = windows::each(&top.join(path), &mut |window| {
        if window.first_line == 1 && is_binary(window.bytes) == Binary::Yes {
            binary = Binary::Yes;
            return Next::Stop;
        }
        let piece = Piece { path, bytes: window.bytes, first_line: window.first_line };
        findings.extend(scanner.scan(&piece));
        if findings.len() <= OF_A_FILE {
            return Next::More;
        }
        findings.truncate(OF_A_FILE);
        let what =
            format!("the file has more than {OF_A_FILE} secrets: the rest of it is left out");
        findings.push(Finding::new(&LIMIT, Span::file(path), what));
        Next::Stop
    });
    match read {
        Ok(true) if binary == Binary::Yes => Seen::Binary,
        Ok(true) => Seen::Text(findings),
        Ok(false) => Seen::Nothing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Seen::Nothing,
        Err(error) => Seen::Unreadable(error.to_string()),
    }
}

/// Every file below a folder, links not followed.
fn below(top: &Utf8Path) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut folders: Vec<Utf8PathBuf> = vec![Utf8PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = top.join(&folder).read_dir_utf8() else { continue };
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => folders.push(path),
                Ok(kind) if kind.is_file() => {
                    paths.insert(path.into_string());
                }
                _ => {}
            }
        }
    }
    paths
}
