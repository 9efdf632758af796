//! Reads the reports: found by patterns, recognised by content, several at a time.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::coverage_gate::inputs::Inputs;
use crate::actions::steps::parallel::in_parallel;
use crate::adapters::host::{files, reports};
use crate::domain::coverage::formats;
use crate::domain::coverage::project::Read;
use crate::domain::coverage::report::{Detail, Measured, Report};
use crate::failure::{Failure, Outcome, Place};

/// All reports of a run, in the order of the patterns and then of names.
///
/// # Errors
/// A pattern without a file, a file that is no report or only the beginning of one, fewer reports than asked for: never a
/// smaller result.
pub fn read_all(inputs: &Inputs, workspace: &Utf8Path) -> Result<Vec<Read>, Failure> {
    let files = find(inputs)?;
    let detail = Detail { hits: inputs.html };
    let read = in_parallel(&files, |file| read_one(file, workspace, detail));
    let mut reads = Vec::new();
    for one in read {
        let read = one?;
        if !says_anything(&read.report) {
            return Err(no_verdict(format!("the report `{}` holds no executable line", read.name))
                .why("the tests of this shard did not run, or their coverage tool looked at another folder")
                .help("let the tool print what it measured, or take the report out of `reports`")
                .at(Place { file: read.name, line: None, column: None }));
        }
        reads.push(read);
    }
    Ok(reads)
}

/// Whether a report holds a line, or counts of some: one that holds neither must not count as a shard.
fn says_anything(report: &Report) -> bool {
    let holds = |file: &Measured| {
        let counts = [file.line_ratio(), file.branch_ratio(), file.statement_ratio()];
        counts.iter().any(|ratio| ratio.total > 0)
    };
    report.files.values().any(holds)
}

fn find(inputs: &Inputs) -> Result<Vec<Utf8PathBuf>, Failure> {
    let mut all: Vec<Utf8PathBuf> = Vec::new();
    let mut known = BTreeSet::new();
    for pattern in &inputs.reports {
        let found = reports::matching(&inputs.folder, pattern).map_err(|error| {
            no_verdict(format!("`reports`: {error}"))
                .help("correct the pattern, or the folder's rights")
        })?;
        if found.is_empty() {
            return Err(no_verdict(format!(
                "`reports`: no file matches `{pattern}` in {}",
                inputs.folder
            ))
            .why("the tests did not write it, or somewhere else")
            .help(
                "let the step before print where it writes the report (`ls`), and name that file",
            ));
        }
        for file in found {
            // By its real name: a report must not count twice because a link or `..` leads to it.
            let real = files::canonical(&file).unwrap_or_else(|_| file.clone());
            if known.insert(real) {
                all.push(file);
            }
        }
    }
    let count = all.len() as u64;
    if count < inputs.min_reports {
        return Err(no_verdict(format!(
            "`min-reports` asks for {}, and {count} matched",
            inputs.min_reports
        ))
        .why("a shard is missing: what it covers would be missing in the count")
        .help("let every test job upload its report, and download all of them before this step"));
    }
    Ok(all)
}

fn read_one(file: &Utf8Path, workspace: &Utf8Path, detail: Detail) -> Result<Read, Failure> {
    let name = file.strip_prefix(workspace).unwrap_or(file).to_string();
    let unreadable = |error: std::io::Error| {
        no_verdict(format!("the report `{name}` cannot be read"))
            .why(error)
            .help("check the file's rights, and that nothing writes it any more")
    };
    let mut input = reports::open(file).map_err(unreadable)?;
    match formats::read(&mut *input, detail) {
        Ok(report) => Ok(Read { name, report }),
        Err(wrong) => {
            let (line, column) = (u32::try_from(wrong.line).ok(), u32::try_from(wrong.column).ok());
            Err(no_verdict(format!("`{name}`:{wrong}"))
                .help("a test run that was killed leaves half a report: run it again. If the tool wrote it like that, let it write another \
                    format: those that are read are in the README")
                .at(Place { file: name, line, column }))
        }
    }
}

/// A failure that leaves the gate without a verdict: exit code 1, never a pass.
pub fn no_verdict(what: String) -> Failure {
    Failure::new(Outcome::Failed, what)
}
