//! The way back: a stack that runs without a record of ours is recorded before the first deploy touches it; a release
//! that a killed run left pending is undone before anything else happens.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;
use serde_json::Value;

use crate::actions::steps::aftermath;
use crate::actions::steps::database;
use crate::actions::steps::images;
use crate::actions::steps::migrate;
use crate::actions::steps::prune;
use crate::actions::steps::site::Site;
use crate::actions::steps::stage::{disk, keep};
use crate::actions::steps::switch;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::docker::exec::{Exec, ExecCommand};
use crate::adapters::host::files::{
    canonical, remove_tree, write_atomic_with_parents as write_with_parents,
};
use crate::adapters::host::tree::{self, Source};
use crate::domain::compose::found;
use crate::domain::compose::model::Model;
use crate::domain::health::Policy;
use crate::domain::release::state::State;
use crate::domain::release::{Image, MountedFile, Origin, Release, ReleaseId};
use crate::failure::{Failure, Outcome};
use crate::report::release::{Account, Note};

/// The release that runs: the current one, else what is found running, else none.
pub async fn release(site: &Site<'_>) -> Result<Option<Release>, Failure> {
    let state = site.store.state()?;
    if let Some(current) = &state.current {
        return site.store.release(current).map(Some);
    }
    let containers = site.containers().await?;
    // What a first deploy of ours left after it failed was never healthy: there is no way back to it.
    if containers.iter().all(|container| site.is_ours(container)) {
        return Ok(None);
    }
    let release = record(site, &containers).await?;
    site.note(format!("found a running stack, recorded as release {}", release.id));
    site.store.save_state(&state.commit(release.id.clone()))?;
    Ok(Some(release))
}

/// Whether a release brings up what the former one runs already. What cannot be read is not the same.
pub fn runs_already(site: &Site<'_>, release: &Release, former: Option<&Release>) -> bool {
    let content = |release: &Release| site.store.content(release).ok();
    let former = former.and_then(content);
    former.is_some() && content(release) == former
}

/// Records a stack that runs without us.
async fn record(site: &Site<'_>, containers: &[ContainerInfo]) -> Result<Release, Failure> {
    let now = Timestamp::now();
    let mut inspected = Vec::new();
    let mut image_configs: BTreeMap<String, Value> = BTreeMap::new();
    for container in containers {
        inspected.push(site.engine.inspect_raw(&container.id).await?);
        image_configs.insert(
            container.image_id.clone(),
            site.engine.inspect_image_raw(&container.image_id).await?,
        );
    }
    let staging = site.store.begin_staging()?;
    let mut model = found::rebuild(site.project.as_str(), &inspected, &image_configs);
    let files = rescue(site, &mut model, containers, &staging).await?;
    let mut images = BTreeMap::new();
    for container in containers {
        let pin = images::pin(site.project.as_str(), &container.service, &container.image_id);
        let digests = site.engine.repo_digests(&container.image_id).await?;
        let image = Image {
            reference: container.image.clone(),
            id: container.image_id.clone(),
            pin,
            digests,
        };
        images.insert(container.service.clone(), image);
    }
    model
        .pin(&images.iter().map(|(service, image)| (service.clone(), image.pin.clone())).collect());
    keep(&staging, &model, None).map_err(|error| disk(&staging, &error))?;
    let release = Release {
        version: 1,
        id: ReleaseId::new(now, &["found"]).unlike(&site.store.releases()?),
        origin: Origin::Found,
        created: now,
        sha: String::new(),
        ref_name: String::new(),
        run_url: String::new(),
        images,
        files,
        data_folders: Vec::new(),
        health: Policy::default(),
        database_service: None,
        remove_orphans: false,
    };
    site.store.finish_staging(&release)?;
    images::hold(site, &release).await?;
    Ok(release)
}

/// Files that the found stack mounts from the workspace. The checkout has a new version of them by now, while the
/// containers still hold the one that they were started with, so each is read inside its container (`docker cp` would
/// read the new one: the engine resolves the mount by its path) and mounted from the project directory afterwards.
/// Folders may hold live data: they are never copied and stay where they are.
async fn rescue(
    site: &Site<'_>,
    model: &mut Model,
    containers: &[ContainerInfo],
    staging: &Utf8Path,
) -> Result<BTreeMap<String, MountedFile>, Failure> {
    let workspace = &site.world.job.workspace;
    let rescued = staging.join("rescued");
    let into = staging.join("files");
    let mut files = BTreeMap::new();
    for host in model.host_paths() {
        let Ok(relative) = Utf8Path::new(&host.path).strip_prefix(workspace) else { continue };
        let container = containers.iter().find(|c| c.service == host.service);
        let Some((container, target)) =
            container.and_then(|c| Some((c, c.mount_target(&host.path)?)))
        else {
            continue;
        };
        let Some(bytes) = held_version(site, container, target).await else { continue };
        write_with_parents(&rescued.join(relative), &bytes, 0o644)
            .map_err(|error| disk(&rescued, &error))?;
        let root = canonical(&rescued).map_err(|error| disk(&rescued, &error))?;
        let source = Source { overlay: &root, checkout: &root, into: &into, secrets: &[] };
        tree::collect(&source, relative, &mut files).map_err(|error| disk(&root, &error))?;
        model.relocate(&host.path, site.store.work().join(relative).as_str());
    }
    remove_tree(&rescued).map_err(|error| disk(&rescued, &error))?;
    Ok(files)
}

/// The content of a mounted file as its container sees it; `None` for a folder, or where the container has no `cat`.
async fn held_version(site: &Site<'_>, container: &ContainerInfo, target: &str) -> Option<Vec<u8>> {
    let argv = ["cat", "--", target].map(ToOwned::to_owned).to_vec();
    let command = ExecCommand { container: container.id.clone(), argv, env: Vec::new() };
    let exec = Exec::start(&site.engine, &command).await.ok()?;
    let (bytes, done) = exec.pour(Vec::new()).await.ok()?;
    (done.code == 0).then_some(bytes)
}

/// What settling did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// There was nothing to settle.
    Clean,
    /// A pending release was undone; this one runs.
    Returned(ReleaseId),
    /// A first release was pending; there is nothing to return to. These containers were left.
    NothingBefore(ReleaseId, Vec<String>),
    /// The current release does not become healthy again, or cannot be brought up.
    Sick(Failure),
}

/// Puts right what a killed or cancelled run left: containers of a migration, a database that was swapped in, a pending
/// release. Whatever comes of it, nothing is pending afterwards: the next deploy or rollback must be able to run. Only
/// where the engine does not tell what runs, or the database cannot be asked, it stays recorded.
pub async fn settle(site: &Site<'_>, account: &mut Account) -> Result<Settled, Failure> {
    begin_settling(site, account).await?;
    undo_restore(site).await?;
    settle_pending(site).await
}

/// What needs neither the database nor the current release.
async fn begin_settling(site: &Site<'_>, account: &mut Account) -> Result<(), Failure> {
    migrate::remove_containers(site).await?;
    tell_of_migration(site, account, &site.store.state()?);
    Ok(())
}

/// Undoes a restore that ended early.
async fn undo_restore(site: &Site<'_>) -> Result<(), Failure> {
    let state = site.store.state()?;
    let Some(restore) = &state.restore else { return Ok(()) };
    let current = state.current.as_ref().map(|id| site.store.release(id)).transpose()?;
    database::undo(site, restore, current.as_ref()).await?;
    site.store.save_state(&state.clone().restoring(None))
}

/// Undoes a release that was left pending.
async fn settle_pending(site: &Site<'_>) -> Result<Settled, Failure> {
    let state = site.store.state()?;
    let Some(pending) = state.pending.clone() else { return Ok(Settled::Clean) };
    let current = state.current.as_ref().map(|id| site.store.release(id)).transpose()?;
    let Some(current) = current else {
        let left = site.containers().await.map_err(|unseen| not_seen(site, &pending, unseen))?;
        site.store.save_state(&state.abandon())?;
        given_up(site, &pending).await;
        let names = left.into_iter().map(|container| container.name).collect();
        return Ok(Settled::NothingBefore(pending, names));
    };
    site.note(format!(
        "release {pending} was left pending by a run that ended early; returning to {}",
        current.id
    ));
    let returned = return_to(site, &current).await;
    if site.world.cancel.is_cancelled() {
        returned?;
        return Ok(Settled::Returned(current.id));
    }
    if returned.is_err() {
        site.containers().await.map_err(|unseen| still_pending(site, &current.id, unseen))?;
    }
    site.store.save_state(&state.abandon())?;
    given_up(site, &pending).await;
    Ok(match returned {
        Ok(()) => Settled::Returned(current.id),
        Err(failure) => Settled::Sick(failure),
    })
}

/// The engine does not tell what runs: then nothing may be recorded as settled.
fn still_pending(site: &Site<'_>, current: &ReleaseId, unseen: Failure) -> Failure {
    let help = format!(
        "release {current} is not confirmed to run, and stays recorded as the one to return to. When the engine answers, \
         the next run of the action does it, or: `{}`",
        site.command("recover", &[])
    );
    unseen.ending(Outcome::NeedsPerson).help(help)
}

/// The same where there is no release to return to.
fn not_seen(site: &Site<'_>, pending: &ReleaseId, unseen: Failure) -> Failure {
    let help = format!(
        "what runs is not known: release {pending}, the first one, stays recorded as pending. When the engine answers, \
         the next run of the action looks, or: `{}`",
        site.command("recover", &[])
    );
    unseen.ending(Outcome::NeedsPerson).help(help)
}

/// A run that was killed after its migration had begun could not tell what is known of the database.
fn tell_of_migration(site: &Site<'_>, account: &mut Account, state: &State) {
    let (Some(migrated), Some(pending)) = (&state.migration, &state.pending) else { return };
    let mut notes = aftermath::notes(site, migrated, None);
    if let Some(first) = notes.first_mut() {
        first.text = format!("A run that brought release {pending} up ended early. {}", first.text);
    }
    let lines: Vec<_> = notes.iter().map(Note::line).collect();
    site.warn("the database was being migrated", lines.join(" "));
    account.notes.extend(notes);
}

async fn given_up(site: &Site<'_>, pending: &ReleaseId) {
    let why = format!("the run that brought release {pending} up ended before it was healthy");
    prune::failed_release(site, pending, &why).await;
}

/// What a run needs of what an earlier one left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The database: a restore that cannot be undone ends the run.
    Database,
    /// The application alone: a restore that cannot be undone now stays recorded, with a warning.
    Application,
}

/// As [`settle`], before a deploy, a rollback or a backup: a current release that is not well is a reason to go on, with a
/// warning.
pub async fn settle_and_go_on(
    site: &Site<'_>,
    account: &mut Account,
    needs: Needs,
) -> Result<(), Failure> {
    begin_settling(site, account).await?;
    if let Err(failure) = undo_restore(site).await {
        if needs == Needs::Database {
            return Err(failure);
        }
        site.warn("a restore that ended early is not undone yet", failure.to_string());
        return Ok(());
    }
    if let Settled::Sick(failure) = settle_pending(site).await? {
        site.warn("the current release is not well", failure.to_string());
    }
    Ok(())
}

/// Brings the current release up again.
pub async fn return_to(site: &Site<'_>, release: &Release) -> Result<(), Failure> {
    let current = &release.id;
    let before = site.containers().await?;
    let switched = switch::bring_up(site, release, &before).await?;
    let Some(sickness) = switched.verdict else { return Ok(()) };
    Err(Failure::new(
        Outcome::NeedsPerson,
        format!("release {current} does not become healthy again"),
    )
    .why(sickness.reasons.join("; "))
    .help(format!(
        "look at it: docker compose -p {} ps; then deploy a release that is well, or roll back further",
        site.project
    )))
}

/// Returns to the former release after `failure`, and says how that went: [`Outcome::RolledBack`], or
/// [`Outcome::NeedsPerson`] where there is nothing to return to or the former release fails too. A rollback is never
/// rolled back.
pub async fn come_back(
    site: &Site<'_>,
    account: &mut Account,
    failure: Failure,
) -> Result<(), Failure> {
    let state = site.store.state()?;
    let Some(former) = account.previous.clone() else {
        account.running = None;
        return Err(first_failed(site, state, failure).await);
    };
    let returned = return_to_former(site, account, &former).await;
    if site.world.cancel.is_cancelled() {
        returned?;
        return Err(failure);
    }
    let ended = match returned {
        Ok(took) => failure.ending(Outcome::RolledBack).help(format!(
            "release {} runs again, {} s later. Find the cause in the logs of the step summary, then deploy again",
            former.id,
            took.as_secs()
        )),
        Err(second) if site.containers().await.is_err() => {
            account.running = None;
            return Err(still_pending(site, &former.id, failure.why(second)));
        }
        Err(second) => {
            account.running = None;
            failure.ending(Outcome::NeedsPerson).help(format!(
                "the former release {} did not come back well either: {second}. Look at it: docker compose -p {} ps; \
                 then deploy again, or run the action `rollback`",
                former.id, site.project
            ))
        }
    };
    match site.store.save_state(&state.abandon()) {
        Ok(()) => Err(ended),
        Err(second) => {
            let help = format!("{}. And {second}", ended.help);
            Err(ended.ending(Outcome::NeedsPerson).help(help))
        }
    }
}

/// The first release failed, and there is none to return to. It is given up when it was seen what of it is there.
async fn first_failed(site: &Site<'_>, state: State, failure: Failure) -> Failure {
    let left = match (site.containers().await, &state.pending) {
        (Ok(left), _) => left,
        (Err(unseen), Some(pending)) => {
            let why = format!("{}; {}: {}", failure.why, unseen.what, unseen.why);
            return not_seen(site, pending, failure.why(why));
        }
        (Err(unseen), None) => {
            return failure.ending(Outcome::NeedsPerson).help(unseen.to_string());
        }
    };
    if let Err(second) = site.store.save_state(&state.abandon()) {
        return failure.ending(Outcome::NeedsPerson).help(second.to_string());
    }
    if left.is_empty() {
        return failure;
    }
    failure.ending(Outcome::NeedsPerson).help(format!(
        "there was no release before, so the containers were left for you to look at: docker compose -p {} ps. \
         Deploy again when the cause is known",
        site.project
    ))
}

/// Brings the former release up and says how long it took until it was healthy.
async fn return_to_former(
    site: &Site<'_>,
    account: &mut Account,
    former: &Release,
) -> Result<Duration, Failure> {
    let before = site.containers().await?;
    let back = switch::bring_up(site, former, &before).await?;
    account.back = back.changes;
    match back.verdict {
        None => Ok(back.took),
        Some(sickness) => Err(Failure::new(Outcome::NeedsPerson, sickness.reasons.join("; "))),
    }
}

/// The release is up and healthy, but that could not be written down: the next run would undo it.
pub fn not_recorded(failure: &Failure) -> Failure {
    let why = format!("{}: {}", failure.what, failure.why);
    let help = format!(
        "{}. Then deploy the same release again: the next run would undo this one",
        failure.help
    );
    Failure::new(Outcome::NeedsPerson, "the release is healthy, but it could not be recorded")
        .why(why)
        .help(help)
}
