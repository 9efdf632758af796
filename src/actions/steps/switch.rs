//! A release is brought up and watched. Deploy, rollback and recovery do it the same way.

use std::time::{Duration, Instant};

use camino::Utf8Path;

use crate::actions::steps::images;
use crate::actions::steps::orphans;
use crate::actions::steps::site::Site;
use crate::actions::steps::watch;
use crate::adapters::docker::compose::Rendering;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::host::files;
use crate::adapters::host::tree;
use crate::domain::compose::model::Model;
use crate::domain::release::Release;
use crate::failure::{Failure, Outcome};
use crate::report::release::{Change, Sickness};

/// What became of bringing a release up.
#[derive(Debug, Default)]
pub struct Switched {
    /// What happened to each service, sorted by name.
    pub changes: Vec<(String, Change)>,
    /// Whether it is healthy, or why not.
    pub verdict: Option<Sickness>,
    /// How long it took from the first command to the verdict.
    pub took: Duration,
}

/// Brings a release up and watches it.
///
/// A release that does not become healthy is no error here: it is a verdict. An error means that the release could not
/// even be tried, or that the run was cancelled.
///
/// `before` are the containers at the start of the story, to say what became of them, and not to condemn one for what it
/// did before.
pub async fn bring_up(
    site: &Site<'_>,
    release: &Release,
    before: &[ContainerInfo],
) -> Result<Switched, Failure> {
    let began = Instant::now();
    site.finish_unfinished().await?;
    images::hold(site, release).await?;
    let model = place(site, release)?;
    let limit = release.health.longest_start();
    let up = site.compose.up(&rendering(site), limit, site.world.events, site.world.cancel).await;
    let mut verdict = match up {
        Ok(()) => {
            orphans::settle(site, &model, release.remove_orphans).await?;
            watch::watch(site, &model, &release.health, before).await?
        }
        Err(failure) => Some(vec![failure.to_string()]),
    };
    cancelled(site, release)?;
    let after = site.containers().await?;
    let sickness = match verdict.take() {
        None => None,
        Some(reasons) => Some(watch::examine(site, &model, reasons).await?),
    };
    Ok(Switched { changes: changes(before, &after), verdict: sickness, took: began.elapsed() })
}

fn cancelled(site: &Site<'_>, release: &Release) -> Result<(), Failure> {
    if !site.world.cancel.is_cancelled() {
        return Ok(());
    }
    Err(Failure::new(
        Outcome::NeedsPerson,
        format!("cancelled while release {} was brought up", release.id),
    )
    .why("it is recorded as pending")
    .help(format!(
        "the next step of the action, the next deploy, or `{}` returns to the current release",
        site.command("recover", &[])
    )))
}

/// Brings the project directory to a release and says what Compose runs from.
pub fn place(site: &Site<'_>, release: &Release) -> Result<Model, Failure> {
    let from = site.store.release_dir(&release.id);
    let work = site.store.work();
    let broken = |path: &Utf8Path, error: std::io::Error| {
        Failure::new(
            Outcome::Unavailable,
            format!("failed to bring {path} to release {}", release.id),
        )
        .why(error)
        .help("put the cause right and run again: nothing else was changed")
    };
    let text = files::read_optional(&from.join("compose.json")).map_err(|e| broken(&from, e))?;
    let text = text.unwrap_or_default();
    let model = Model::parse(&text).map_err(|error| broken(&from, error.into()))?;
    let env =
        files::read_optional(&from.join("env")).map_err(|e| broken(&from, e))?.unwrap_or_default();
    tree::materialise(&work, &from.join("files"), &release.files).map_err(|e| broken(&work, e))?;
    for folder in &release.data_folders {
        files::create_dir_shared(&work.join(folder)).map_err(|e| broken(&work, e))?;
    }
    let own = site.store.run();
    files::write_atomic(&own.join("compose.json"), text.as_bytes(), 0o600)
        .and_then(|()| files::write_atomic(&own.join("env"), env.as_bytes(), 0o600))
        .map_err(|e| broken(&own, e))?;
    Ok(model)
}

/// The words for Compose that name the project directory.
pub fn rendering(site: &Site<'_>) -> Rendering {
    let work = site.store.work();
    Rendering {
        project: site.project.as_str().to_owned(),
        files: vec![site.store.run().join("compose.json")],
        env_file: Some(site.store.run().join("env")),
        profiles: Vec::new(),
        folder: work,
    }
}

fn changes(before: &[ContainerInfo], after: &[ContainerInfo]) -> Vec<(String, Change)> {
    let mut services: Vec<&String> =
        before.iter().chain(after).map(|container| &container.service).collect();
    services.sort();
    services.dedup();
    let ids = |side: &[ContainerInfo], service: &String| {
        let mut ids: Vec<String> =
            side.iter().filter(|c| c.service == *service).map(|c| c.id.clone()).collect();
        ids.sort();
        ids
    };
    services
        .into_iter()
        .map(|service| {
            let change = match (ids(before, service), ids(after, service)) {
                (old, new) if old == new => Change::Unchanged,
                (old, _) if old.is_empty() => Change::Created,
                (_, new) if new.is_empty() => Change::Removed,
                _ => Change::Recreated,
            };
            (service.clone(), change)
        })
        .collect()
}
