//! Which pages of the server the comment and the annotations lead to.
//!
//! A pull request is judged as its merge commit, which no branch holds and which the server forgets. What a reader sees
//! is the newest commit of the pull request: its pages are linked, and the check run that shows annotations belongs to it
//! (by the same commit `mode: post` finds a run's pull request). So lines are counted as that commit counts them. Where it
//! cannot be had, links lead to the merge commit, whose lines are right for as long as the server has it.

use std::collections::BTreeSet;

use crate::actions::World;
use crate::actions::coverage_gate::change::Checkout;
use crate::adapters::git::GitError;
use crate::adapters::git::diff::diff_of;
use crate::domain::coverage::base::Sha;
use crate::domain::coverage::gate::Assessment;
use crate::domain::coverage::shown::Shown;
use crate::domain::event::Annotation;
use crate::report::coverage::comment::Links;

/// The most files whose lines are looked up: more than any comment shows.
const FILES: usize = 500;

/// The links of a run that judged nothing, or lines that the newest commit has itself.
pub fn plain(world: World<'_>, checkout: Option<&Checkout>) -> Links {
    let job = world.job;
    let text = |pointer| job.event.pointer(pointer).and_then(serde_json::Value::as_str);
    let tested = checkout.map(|checkout| checkout.repo.head().sha.as_str());
    let commit = text("/pull_request/head/sha").or(tested).unwrap_or(&job.sha).to_owned();
    let repository = text("/pull_request/head/repo/full_name").unwrap_or(&job.repository);
    let blob_base = (job.on_runner && !commit.is_empty())
        .then(|| format!("{}/{repository}/blob/{commit}/", job.server_url));
    Links { commit, run_url: job.run_url(), blob_base, shown: Shown::default() }
}

/// The links of a verdict.
pub async fn find(world: World<'_>, checkout: Option<&Checkout>, assessment: &Assessment) -> Links {
    let links = plain(world, checkout);
    let (Some(checkout), Some(proposed)) = (checkout, Sha::parse(&links.commit)) else {
        return links;
    };
    let files = with_lines(assessment);
    let tested = checkout.repo.head();
    if !world.job.on_runner || !tested.parents.contains(&proposed) || files.is_empty() {
        return links;
    }
    if let Ok(shown) = shown(checkout, &proposed, &files).await {
        return Links { shown, ..links };
    }
    let (server, repository) = (&world.job.server_url, &world.job.repository);
    let blob_base = Some(format!("{server}/{repository}/blob/{}/", tested.sha));
    Links { blob_base, ..links }
}

async fn shown(
    checkout: &Checkout,
    proposed: &Sha,
    files: &BTreeSet<&str>,
) -> Result<Shown, GitError> {
    let tree = checkout.repo.tree_of(proposed).await?;
    let paths: Vec<&str> = files.iter().copied().collect();
    let diff = diff_of(&checkout.repo, (&checkout.tree, &tree), &paths).await?;
    Ok(Shown::through(diff, paths))
}

/// The files of which lines are shown.
fn with_lines(assessment: &Assessment) -> BTreeSet<&str> {
    let patch = assessment.patch.iter().flat_map(|patch| &patch.files);
    let changed = patch.filter(|file| !file.uncovered.is_empty()).map(|file| &file.path);
    let lost = assessment.regression.iter().flat_map(|found| &found.indirect);
    let ways_round = assessment.exclusions.iter().map(|exclusion| &exclusion.path);
    let all = changed.chain(ways_round).chain(lost.map(|file| &file.path));
    all.map(String::as_str).take(FILES).collect()
}

/// An annotation at the line that the page of the pull request has. Where it has none, the file is named.
pub fn moved(mut annotation: Annotation, shown: &Shown) -> Annotation {
    if let Some(place) = &mut annotation.place {
        place.line = place.line.and_then(|line| shown.line(&place.file, line));
    }
    annotation
}
