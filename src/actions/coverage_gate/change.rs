//! The change that is judged: the checkout, what it is compared with, and what differs.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;

use crate::actions::World;
use crate::actions::coverage_gate::inputs::Inputs;
use crate::actions::steps::parallel::in_parallel;
use crate::adapters::git::base::{Base, Found};
use crate::adapters::git::diff::diff;
use crate::adapters::git::files::Kind;
use crate::adapters::git::repo::{Access, Repo};
use crate::adapters::git::{Credentials, GitError};
use crate::adapters::host::process::{ChildEnv, ProcessError};
use crate::adapters::host::reports as disk;
use crate::domain::coverage::base::{Asked, Head, Inside, Plan, Sha, plan};
use crate::domain::coverage::diff::{ChangeKind, ChangedFile, Diff, Hunk};
use crate::domain::coverage::judge::Change;
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::patch::is_code;
use crate::domain::coverage::project::{Project, ending};
use crate::domain::coverage::python::{self, Continuation};
use crate::domain::coverage::statements::says_something;
use crate::failure::{Failure, Outcome};

/// Most bytes of a `go.mod` that are read.
const GO_MOD: usize = 1024 * 1024;

/// Most bytes of a source file that are read; what is larger is generated.
const SOURCE: u64 = 16 * 1024 * 1024;

/// A checkout that git can read.
pub struct Checkout {
    /// The repository.
    pub repo: Repo,
    /// The tree that is judged: that of HEAD on a runner, the working tree by hand.
    pub tree: Sha,
    /// Its regular files.
    pub tracked: BTreeSet<String>,
    /// The modules of its `go.mod` files: prefix of names and folder.
    pub go_modules: Vec<(String, String)>,
}

/// The change, and what it is compared with if there is something.
pub struct Judged {
    /// The change.
    pub change: Change,
    /// The base of it.
    pub base: Option<Base>,
}

/// Opens the checkout. `None` where there is none and none is needed.
///
/// # Errors
/// A checkout is needed wherever a change is judged.
pub async fn open(inputs: &Inputs, world: World<'_>) -> Result<Option<Checkout>, Failure> {
    let access = Access {
        env: ChildEnv::from_process(),
        cancel: world.cancel.clone(),
        credentials: credentials(inputs.token.as_ref(), &world.job.server_url),
    };
    let repo = match Repo::open(&world.job.workspace, access).await {
        Ok(repo) => repo,
        Err(error @ GitError::NoRepository { .. }) => return without(inputs, world, &error),
        Err(error) => return Err(failed(error)),
    };
    let tree = if world.job.on_runner {
        repo.head_tree().clone()
    } else {
        repo.working_tree().await.map_err(failed)?
    };
    let files = repo.files(&tree).await.map_err(failed)?;
    let mut go_modules = Vec::new();
    for file in files.iter().filter(|file| file.path == "go.mod" || file.path.ends_with("/go.mod"))
    {
        let text = repo.blob(&file.id, GO_MOD).await.map_err(failed)?;
        if let Some(module) = module_of(&String::from_utf8_lossy(&text)) {
            go_modules.push((module, file.path.trim_end_matches("go.mod").to_owned()));
        }
    }
    let tracked =
        files.into_iter().filter(|file| file.kind == Kind::File).map(|file| file.path).collect();
    Ok(Some(Checkout { repo, tree, tracked, go_modules }))
}

/// Without a checkout there is no change to judge. That is an error where one is meant to be.
fn without(
    inputs: &Inputs,
    world: World<'_>,
    error: &GitError,
) -> Result<Option<Checkout>, Failure> {
    let nobody = Head { sha: zero(), parents: Vec::new() };
    let wants = plan(world.job, &nobody, Asked::read(inputs.base.as_deref()));
    if matches!(wants, Ok(Plan::NoPatch { .. })) {
        return Ok(None);
    }
    let help = if world.job.on_runner {
        "let `actions/checkout` run before, in the same job and without `path`"
    } else {
        "run it in the checkout that was tested; `--base none` judges the totals alone, on purpose"
    };
    Err(Failure::new(Outcome::Failed, "the changed lines cannot be judged").why(error).help(help))
}

/// Some commit: only whether there is a change is asked for.
fn zero() -> Sha {
    Sha::parse(&"1".repeat(40)).unwrap_or_else(|| unreachable!("forty digits are an id"))
}

/// What differs between the base and what is judged.
pub async fn find(
    inputs: &Inputs,
    world: World<'_>,
    checkout: Option<&Checkout>,
) -> Result<Judged, Failure> {
    let Some(checkout) = checkout else {
        return Ok(Judged {
            change: Change::None("this folder is no git checkout".to_owned()),
            base: None,
        });
    };
    let plan = plan(world.job, checkout.repo.head(), Asked::read(inputs.base.as_deref()))
        .map_err(|refusal| Failure::new(Outcome::Failed, refusal.what).help(refusal.help))?;
    match checkout.repo.base(&plan).await.map_err(failed)? {
        Found::NoPatch { why } => Ok(Judged { change: Change::None(why), base: None }),
        Found::Base(base) => {
            let diff = diff(&checkout.repo, &base.tree, &checkout.tree).await.map_err(failed)?;
            refuse_itself(&plan, &base, &diff, checkout)?;
            Ok(Judged {
                change: Change::Known {
                    continuations: continuations(&diff, checkout),
                    diff,
                    base: base.words.clone(),
                },
                base: Some(base),
            })
        }
    }
}

/// Where only the working tree can differ from the base, it must: else a commit is compared with itself, as on a CI that
/// names the change's own branch. Other new files than sources are what a build left.
fn refuse_itself(
    plan: &Plan,
    base: &Base,
    diff: &Diff,
    checkout: &Checkout,
) -> Result<(), Failure> {
    let head = &checkout.repo.head().sha;
    let working_tree = matches!(plan, Plan::MergeBase { inside: Inside::WorkingTree, .. });
    let changes = |file: &ChangedFile| file.kind != ChangeKind::Added || is_code(&file.path);
    if !working_tree || base.commit != *head || diff.files.iter().any(changes) {
        return Ok(());
    }
    let what = format!("there is no change to judge: the base is HEAD itself ({})", head.short());
    Err(Failure::new(Outcome::Failed, what)
        .why(format!("{}, and the working tree changes no source file", base.words))
        .help("name the branch or commit before the change by `--base`; `--base none` judges the totals alone, on purpose"))
}

/// Of the changed Python files, the lines that belong to a statement above them; as they lie there, because that is what
/// the tests ran. A file that cannot be read has none.
fn continuations(diff: &Diff, checkout: &Checkout) -> BTreeMap<String, Vec<Continuation>> {
    let files: Vec<&str> = diff
        .files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| ending(path).as_deref() == Some("py"))
        .collect();
    let read = in_parallel(&files, |path| {
        let source = disk::bytes(&checkout.repo.top().join(path), SOURCE).unwrap_or_default();
        ((*path).to_owned(), python::continuations(&source))
    });
    read.into_iter().collect()
}

/// Adds the lines that lie within a statement by what the reports say: where a format names the end of each, and counts
/// only its first line.
pub fn add_told(change: &mut Change, project: &Project, checkout: &Checkout) {
    let Change::Known { diff, continuations, .. } = change else { return };
    for file in &diff.files {
        let Some(measured) = project.files.get(&file.path) else { continue };
        let ranges: Vec<Range> = file.hunks.iter().filter_map(Hunk::added_range).collect();
        let mut told = measured.statements.continuations(&ranges);
        told.retain(|one| measured.lines.get(one.line).is_none());
        if told.is_empty() || continuations.contains_key(&file.path) {
            continue;
        }
        let source = disk::bytes(&checkout.repo.top().join(&file.path), SOURCE).unwrap_or_default();
        let mut lines = source.split(|byte| *byte == b'\n').zip(1..).peekable();
        told.retain(|one| {
            while lines.next_if(|(_, line)| *line < one.line).is_some() {}
            lines.peek().is_some_and(|(text, line)| *line == one.line && says_something(text))
        });
        continuations.insert(file.path.clone(), told);
    }
}

fn credentials(token: Option<&SecretString>, server: &str) -> Option<Credentials> {
    Some(Credentials { token: token?.clone(), server: server.to_owned() })
}

/// What git could not do, as the end of a run.
pub fn failed(error: GitError) -> Failure {
    match error {
        GitError::Refused { what, help } => Failure::new(Outcome::Failed, what).help(help),
        GitError::Process(ProcessError::Cancelled(_)) => {
            Failure::new(Outcome::Unavailable, "the run was cancelled")
                .why("nothing was judged")
                .help("run the job again")
        }
        GitError::Unavailable { what, why } => Failure::new(Outcome::Unavailable, what)
            .why(why)
            .help("nothing was judged: run the job again when the server answers, and let the job have `permissions: contents: read`"),
        error @ (GitError::NotFound | GitError::TooOld(_)) => Failure::new(Outcome::Unavailable, error.to_string())
            .help("install git 2.31 or later on this machine"),
        error => Failure::new(Outcome::Failed, "git could not say what the change is").why(error)
            .help("try the command in the checkout; if git works there, this is a defect of mta: report it"),
    }
}

/// The name of a Go module, from its `go.mod`.
fn module_of(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("module"))?;
    let line = line.split("//").next()?.trim();
    let name = line.trim_matches('"');
    (line.len() < 1000 && !name.is_empty() && !name.contains(char::is_whitespace))
        .then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_from_go_mod() {
        for (text, module) in [
            ("module example.com/shop\n\ngo 1.22\n", Some("example.com/shop")),
            ("// hello\nmodule \"example.com/a\" // why\n", Some("example.com/a")),
            ("go 1.22\n", None),
            ("module \n", None),
        ] {
            assert_eq!(module_of(text).as_deref(), module, "{text}");
        }
    }
}
