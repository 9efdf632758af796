//! Reports of another commit: they know nothing of the change, and what they do not know would owe nothing.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::actions::World;
use crate::actions::coverage_gate::change::{self, Checkout};
use crate::actions::coverage_gate::reports::no_verdict;
use crate::actions::steps::parallel::in_parallel;
use crate::adapters::git::Edited;
use crate::adapters::host::reports as disk;
use crate::domain::coverage::diff::{ChangeKind, ChangedFile, Hunk};
use crate::domain::coverage::edits::first_mismatch;
use crate::domain::coverage::judge::Change;
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::project::{Project, Read};
use crate::failure::{Failure, Place};

/// The largest report that is compared with what is committed, in bytes.
const COMPARED: usize = 64 * 1024 * 1024;

const RUN_THE_TESTS: &str =
    "run the tests on the commit that is checked out, and do not restore reports from a cache";

/// A report that knows lines below a file's end measured another file, or an older one.
pub fn refuse_beyond_the_end(project: &Project, checkout: &Checkout) -> Result<(), Failure> {
    let last = project.files.iter().filter_map(|(path, file)| Some((path, file.lines.last()?)));
    let files: Vec<(&String, u32)> = last.collect();
    let top = checkout.repo.top();
    let stale = in_parallel(&files, |(path, last)| {
        // A file that is gone from the working tree cannot be compared; the diff speaks for it.
        let lines = disk::line_count(&top.join(path), u64::from(*last)).ok()?;
        // Some tools report the place after the last line end.
        (u64::from(*last) > lines + 1).then_some((*path, *last, lines))
    });
    let Some((path, last, lines)) = stale.into_iter().flatten().next() else { return Ok(()) };
    Err(no_verdict(format!("the reports know line {last} of `{path}`, which has {lines} lines"))
        .why("a stale or foreign report")
        .help(RUN_THE_TESTS)
        .at(Place { file: path.clone(), line: None, column: None }))
}

/// A report that is in the repository and lies there as it was committed was not written by the tests of this job.
pub async fn refuse_committed(
    reads: &[Read],
    checkout: &Checkout,
    workspace: &Utf8Path,
) -> Result<(), Failure> {
    let tracked = |read: &&Read| checkout.tracked.contains(&read.name);
    let suspects: Vec<&Read> = reads.iter().filter(tracked).collect();
    if suspects.is_empty() {
        return Ok(());
    }
    let files = checkout.repo.files(&checkout.tree).await.map_err(change::failed)?;
    for read in suspects {
        let Some(file) = files.iter().find(|file| file.path == read.name) else { continue };
        let committed = checkout.repo.blob(&file.id, COMPARED).await.map_err(change::failed)?;
        let here = disk::bytes(&workspace.join(&read.name), COMPARED as u64 + 1);
        if here.is_ok_and(|here| here == committed) {
            return Err(no_verdict(format!(
                "the report `{}` is committed in the repository, and is as it was committed",
                read.name
            ))
            .why("the tests of this run did not write it, so it knows nothing of the change")
            .help("let the tests write it in this job, and take it out of the repository: `git rm --cached`, and a line in `.gitignore`")
            .at(Place { file: read.name.clone(), line: None, column: None }));
        }
    }
    Ok(())
}

/// A report that names a file which the change takes away was made before it.
pub fn refuse_deleted(project: &Project, change: &Change) -> Result<(), Failure> {
    let Change::Known { diff, .. } = change else { return Ok(()) };
    let unmapped = &project.mapping.unmapped;
    let gone = diff.files.iter().filter_map(|file| match file.kind {
        ChangeKind::Deleted => Some(&file.path),
        _ => file.old_path.as_ref().filter(|old| **old != file.path),
    });
    let Some(path) = gone.into_iter().find(|path| unmapped.contains(path)) else { return Ok(()) };
    Err(no_verdict(format!("the reports know `{path}`, which this change deletes or renames"))
        .why("a report of an older commit")
        .help(RUN_THE_TESTS))
}

/// A changed file that was written after a report which names it was not measured as it is now: on a runner the checkout
/// wrote it, and the report is of an earlier run. Of several reports the oldest counts, because each lends its hits.
pub fn refuse_older(
    project: &Project,
    change: &Change,
    checkout: &Checkout,
    world: World<'_>,
) -> Result<(), Failure> {
    let workspace = &world.job.workspace;
    let oldest = |path: &str| {
        let times = project.naming(path).filter_map(|source| {
            Some((disk::written(&workspace.join(&source.name)).ok()?, &source.name))
        });
        times.min_by_key(|(written, _)| *written)
    };
    let older = |file: &ChangedFile| {
        let (written, report) = oldest(&file.path)?;
        let here = disk::written(&checkout.repo.top().join(&file.path)).ok()?;
        (here > written).then_some(report)
    };
    let found = measured(project, change).find_map(|file| Some((&file.path, older(file)?)));
    let Some((path, report)) = found else { return Ok(()) };
    let help = if world.job.on_runner {
        "run the tests after the checkout, and hand reports over as artifacts: a cache gives back those of another commit. If a cached \
         layer of an image build holds the report of just these files, `touch` it before this step"
    } else {
        "run the tests again, then the gate"
    };
    Err(no_verdict(format!("`{path}` was written after the report `{report}`, which names it"))
        .why("that report knows nothing of what changed since, and its hits would count")
        .help(help)
        .at(Place { file: path.clone(), line: None, column: None }))
}

/// On a runner the commit is judged, and the tests ran what lies in the checkout. Where a step changed a file so that its
/// lines moved, or rewrote lines of the change, the reports speak of other lines than the commit.
pub async fn refuse_edited(
    project: &Project,
    change: &Change,
    checkout: &Checkout,
) -> Result<(), Failure> {
    let changed: BTreeMap<&str, &ChangedFile> =
        measured(project, change).map(|file| (file.path.as_str(), file)).collect();
    if changed.is_empty() {
        return Ok(());
    }
    for file in checkout.repo.edited().await.map_err(change::failed)? {
        let Some(changed) = changed.get(file.path.as_str()) else { continue };
        if file.added + file.removed == 0 {
            continue;
        }
        let edits = checkout.repo.edits(&file.path).await.map_err(change::failed)?;
        let proposed: Vec<Range> = changed.hunks.iter().filter_map(Hunk::added_range).collect();
        let counted = project.files.get(&file.path).map(|measured| &measured.lines);
        let Some(line) = counted.and_then(|lines| first_mismatch(&edits, lines, &proposed)) else {
            continue;
        };
        return Err(edited(&file, line));
    }
    Ok(())
}

fn edited(file: &Edited, line: u32) -> Failure {
    no_verdict(format!(
        "`{}` is not as the commit has it from line {line} on (lines added: {}, taken away: {})",
        file.path, file.added, file.removed
    ))
    .why("a step of this job changed it, so the reports count other lines than those of the commit")
    .help("commit what that step does to the file, or let it run after this one")
    .at(Place { file: file.path.clone(), line: Some(line), column: None })
}

/// The changed files that a report knows.
fn measured<'a>(project: &'a Project, change: &'a Change) -> impl Iterator<Item = &'a ChangedFile> {
    let files = match change {
        Change::Known { diff, .. } => &diff.files[..],
        Change::None(_) => &[],
    };
    files.iter().filter(|file| project.files.contains_key(&file.path))
}
