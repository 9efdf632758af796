//! The baseline: found for a change, written for a push to a base branch.

use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

use crate::actions::World;
use crate::actions::coverage_gate::change::{self, Checkout, Judged};
use crate::actions::coverage_gate::inputs::{Inputs, Keep};
use crate::adapters::git::RefError;
use crate::adapters::git::baseline::{Found, Kind, Store, ref_name};
use crate::adapters::git::diff::diff;
use crate::adapters::host::files;
use crate::adapters::host::reports;
use crate::domain::coverage::base::Sha;
use crate::domain::coverage::baseline::{self as codec};
use crate::domain::coverage::counts::Counts;
use crate::domain::coverage::gate::{Assessment, Verdict};
use crate::domain::coverage::judge::Baseline;
use crate::failure::{Failure, Outcome};

/// How far back a baseline is looked for, in commits: as far as baselines are kept. One request, for commits alone.
const FIRST_PARENTS: u32 = 200;

/// How many baselines are kept.
const KEPT: usize = FIRST_PARENTS as usize;

/// The largest baseline file that is read, in bytes.
const FILE_BYTES: u64 = 256 << 20;

/// The first line of a baseline file: which commit it measured.
const COMMIT: &str = "mta-coverage-of ";

/// Finds the baseline of a change.
///
/// # Errors
/// One that cannot be read is an error: only a store that answered and is empty is "missing".
pub async fn find(
    inputs: &Inputs,
    world: World<'_>,
    checkout: Option<&Checkout>,
    judged: &Judged,
) -> Result<Baseline, Failure> {
    let keep = match &inputs.keep {
        Keep::Nowhere(why) => return Ok(Baseline::NotAsked(why.clone())),
        keep => keep,
    };
    let Some(checkout) = checkout else {
        return Ok(Baseline::NotAsked("this folder is no git checkout".to_owned()));
    };
    let Some(base) = &judged.base else {
        return Ok(Baseline::NotAsked("there is no change to compare".to_owned()));
    };
    let found = match keep {
        Keep::File(path) => in_file(&inputs.folder.join(path))?,
        _ if checkout.repo.remote_shown().is_none() && !world.job.on_runner => {
            return Ok(Baseline::NotAsked("the checkout has no remote `origin`".to_owned()));
        }
        keep => in_store(inputs, keep, checkout, &base.commit).await?,
    };
    match found {
        Kept::Missing => Ok(Baseline::Missing),
        Kept::Lost(why) => Ok(Baseline::Lost(why)),
        Kept::Found { commit, older_by, files } => {
            let tree = if commit == base.commit {
                base.tree.clone()
            } else {
                checkout.repo.tree_of(&commit).await.map_err(change::failed)?
            };
            let diff = diff(&checkout.repo, &tree, &checkout.tree).await.map_err(change::failed)?;
            Ok(Baseline::Found { files, commit: commit.to_string(), older_by, diff })
        }
    }
}

/// What a store holds for a change.
enum Kept {
    Found { commit: Sha, older_by: u32, files: BTreeMap<String, Counts> },
    Missing,
    Lost(String),
}

async fn in_store(
    inputs: &Inputs,
    keep: &Keep,
    checkout: &Checkout,
    base: &Sha,
) -> Result<Kept, Failure> {
    let name = store_name(inputs, keep)?;
    let store = store(keep, checkout, &name);
    let parents =
        checkout.repo.first_parents(base, FIRST_PARENTS + 1).await.map_err(change::failed)?;
    match store.lookup(&parents).await.map_err(|error| unavailable(&error))? {
        Found::Hit { sha, older_by, bytes } => {
            let files = decode(&bytes, &name)?;
            Ok(Kept::Found { commit: sha, older_by, files })
        }
        Found::NoRef => Ok(Kept::Missing),
        Found::NoEntry { entries, newest } => Ok(Kept::Lost(format!(
            "{name} has {entries} baselines{}, and none of {} or its {FIRST_PARENTS} first parents; the next push to the base \
             branch that is measured and passes writes one, and a rerun of the newest does it too",
            newest.map(|newest| format!(", the newest of {}", newest.short())).unwrap_or_default(),
            base.short(),
        ))),
    }
}

fn in_file(path: &Utf8Path) -> Result<Kept, Failure> {
    let unreadable = |why: String| {
        Failure::new(Outcome::Failed, format!("the baseline {path} cannot be read"))
            .why(why)
            .help("delete it, and let a push to the base branch write it anew")
    };
    if files::kind(path).map_err(|error| unreadable(error.to_string()))?.is_none() {
        return Ok(Kept::Missing);
    }
    let bytes = reports::bytes(path, FILE_BYTES).map_err(|error| unreadable(error.to_string()))?;
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let first = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let commit = first.strip_prefix(COMMIT).and_then(Sha::parse);
    let commit = commit
        .ok_or_else(|| unreadable(format!("its first line is not `{COMMIT}` and a commit")))?;
    let files = decode(&bytes[end + 1..], path.as_str())?;
    Ok(Kept::Found { commit, older_by: 0, files })
}

fn decode(bytes: &[u8], name: &str) -> Result<BTreeMap<String, Counts>, Failure> {
    codec::decode(bytes).map_err(|error| {
        Failure::new(Outcome::Unavailable, format!("the baseline in {name} cannot be used"))
            .why(error)
            .help("it was written by another version, or is damaged: the next push to the base branch writes a new one")
    })
}

/// Whether baselines are kept at all.
pub fn is_kept(inputs: &Inputs) -> bool {
    !matches!(inputs.keep, Keep::Nowhere(_))
}

/// Whether this run is for a push to a base branch, on the commit that was pushed: never a pull request, whose authors
/// would choose what they are compared with.
pub fn is_base_push(inputs: &Inputs, world: World<'_>, head: &Sha) -> bool {
    let job = world.job;
    let text = |pointer: &str| job.event.pointer(pointer).and_then(serde_json::Value::as_str);
    let Some(branch) = text("/ref").and_then(|name| name.strip_prefix("refs/heads/")) else {
        return false;
    };
    let is_base = if inputs.baseline_branches.is_empty() {
        text("/repository/default_branch") == Some(branch)
    } else {
        inputs.baseline_branches.matches(branch)
    };
    job.on_runner && job.event_name == "push" && is_base && text("/after") == Some(head.as_str())
}

/// Why a run says nothing that others may be compared with: tests that broke off cover less than they would, and a commit
/// that does not pass is no measure. `None` where it does.
pub fn is_unfit(inputs: &Inputs, assessment: &Assessment) -> Option<String> {
    match (assessment.verdict(), inputs.tests_outcome.as_str()) {
        (Verdict::Pass, "success") => None,
        (Verdict::Pass, "") => Some(
            "it is not known how the tests ended: say it by `tests-outcome`, such as the `outcome` of their step"
                .to_owned(),
        ),
        (Verdict::Pass, outcome) => Some(format!("the tests ended with `{outcome}` (`tests-outcome`)")),
        _ => Some("this commit does not pass".to_owned()),
    }
}

/// Writes the baseline of the commit that is checked out.
pub async fn write(
    inputs: &Inputs,
    checkout: &Checkout,
    counts: &BTreeMap<String, Counts>,
) -> Result<String, Failure> {
    let commit = &checkout.repo.head().sha;
    let bytes = codec::encode(counts);
    match &inputs.keep {
        Keep::File(path) => {
            let path: Utf8PathBuf = inputs.folder.join(path);
            let whole = [format!("{COMMIT}{commit}\n").as_bytes(), &bytes].concat();
            files::write_atomic_with_parents(&path, &whole, 0o644).map_err(|error| {
                Failure::new(Outcome::Failed, format!("the baseline {path} cannot be written"))
                    .why(error)
                    .help("give the runner's user the right to write there")
            })?;
            Ok(path.to_string())
        }
        keep => {
            let name = store_name(inputs, keep)?;
            store(keep, checkout, &name)
                .write(commit, &bytes)
                .await
                .map_err(|error| unavailable(&error))?;
            Ok(name)
        }
    }
}

fn store<'a>(keep: &Keep, checkout: &'a Checkout, name: &'a str) -> Store<'a> {
    Store { repo: &checkout.repo, kind: kind(keep), name, limit: KEPT }
}

fn kind(keep: &Keep) -> Kind {
    if *keep == Keep::Branch { Kind::Branch } else { Kind::Ref }
}

fn store_name(inputs: &Inputs, keep: &Keep) -> Result<String, Failure> {
    let kind = kind(keep);
    let name = match kind {
        Kind::Ref => inputs.name.clone(),
        Kind::Branch => format!("mta-coverage/{}", inputs.name),
    };
    ref_name(kind, &name).map_err(|why| {
        Failure::new(Outcome::BadInput, "`name` names no baseline")
            .why(why)
            .help("use letters, digits, `-`, `_` and `.`")
    })
}

fn unavailable(error: &RefError) -> Failure {
    Failure::new(Outcome::Unavailable, error.to_string()).help(
        "run the job again; with `no-regression: false` coverage is judged without a baseline",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_file_is_whole_or_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("base")).unwrap();
        assert!(matches!(in_file(&path), Ok(Kept::Missing)));
        let commit = "a".repeat(40);
        let files = BTreeMap::from([(
            "a.py".to_owned(),
            Counts { lines: [(1, true)].into_iter().collect(), ..Counts::default() },
        )]);
        let whole = [format!("{COMMIT}{commit}\n").into_bytes(), codec::encode(&files)].concat();
        fs_err::write(&path, &whole).unwrap();
        assert!(matches!(in_file(&path), Ok(Kept::Found { files: found, .. }) if found == files));
        for part in [0, 10, 57, whole.len() - 1] {
            fs_err::write(&path, &whole[..part]).unwrap();
            assert!(in_file(&path).is_err(), "{part} bytes");
        }
    }
}
