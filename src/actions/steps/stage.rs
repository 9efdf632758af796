//! A release is made: rendered by Compose, checked, its images obtained, its files copied, its record written.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::actions::steps::checkout::Checkout;
use crate::actions::steps::site::Site;
use crate::adapters::docker::compose::Rendering;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::git;
use crate::adapters::host::files;
use crate::adapters::host::tree::{self, Source};
use crate::domain::compose::model::{HostPath, Model, Purpose};
use crate::domain::health::Policy;
use crate::domain::release::{Image, MountedFile, Origin, Release, ReleaseId};
use crate::failure::{Failure, Outcome, Place};

/// What Compose made of the checkout, in the overlay.
pub struct Rendered {
    /// The model; its paths lie in the overlay.
    pub model: Model,
    /// The words for Compose that name the same files again (pull, build).
    pub rendering: Rendering,
}

/// Lets Compose resolve the checkout, with the inputs' files on top, in a folder of ours.
pub async fn render(site: &Site<'_>, checkout: &Checkout) -> Result<Rendered, Failure> {
    let overlay = site.store.render();
    tree::overlay(&checkout.root, &overlay, &checkout.written)
        .map_err(|error| disk(&overlay, &error))?;
    let folder = overlay.join(&checkout.folder);
    let env_file = Some(folder.join(".env")).filter(|file| file.is_file());
    let rendering = Rendering {
        project: site.project.as_str().to_owned(),
        folder,
        files: checkout.compose_files.iter().map(|file| overlay.join(file)).collect(),
        env_file,
        profiles: checkout.profiles.clone(),
    };
    let json = site
        .compose
        .render(&rendering, site.world.events, site.world.cancel)
        .await
        .map_err(|failure| of_the_checkout(failure, &overlay, checkout))?;
    let mut model = Model::parse(&json).map_err(|error| {
        Failure::new(Outcome::Bug, "what `docker compose config` printed is not understood")
            .why(error)
    })?;
    model.forget_profiles();
    Ok(Rendered { model, rendering })
}

/// Compose speaks of files in the overlay; its reader knows those of the checkout.
fn of_the_checkout(mut failure: Failure, overlay: &Utf8Path, checkout: &Checkout) -> Failure {
    let prefix = format!("{overlay}/");
    failure.what = failure.what.replace(&prefix, "");
    failure.why = failure.why.replace(&prefix, "");
    if failure.outcome == Outcome::BadInput && failure.place.is_none() {
        let named = checkout.compose_files.iter().find(|file| failure.why.contains(file.as_str()));
        let file = named.unwrap_or(&checkout.compose_files[0]).to_string();
        failure.place = Some(Place { file, line: line_in(&failure.why), column: None });
    }
    failure
}

/// `yaml: line 7: ...`
fn line_in(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("line ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Refuses what cannot be deployed, before anything is touched. `named` are inputs and the services that they name.
pub fn check(
    site: &Site<'_>,
    model: &Model,
    named: &[(&'static str, &str)],
) -> Result<(), Failure> {
    let services = model.services();
    if services.is_empty() {
        return Err(bad(
            "the compose files have no service",
            "",
            "name another file with `compose-files`",
        ));
    }
    for (input, service) in named {
        if !services.iter().any(|known| known == service) {
            let what = format!(
                "the input `{input}` names the service `{service}`, which is not in the compose files"
            );
            return Err(bad(
                &what,
                &format!("they have {}", services.join(", ")),
                "name one of these",
            ));
        }
    }
    for service in &services {
        if model.image(service).is_none() && !model.built().contains(service) {
            let what = format!("the service `{service}` has neither `image:` nor `build:`");
            return Err(bad(&what, "", "say what it runs"));
        }
    }
    let fast = model.uses_start_interval();
    if !fast.is_empty() && !site.engine.has_start_interval() {
        let what =
            format!("`healthcheck.start_interval` of {} needs Docker Engine 25", fast.join(", "));
        let why = format!(
            "this host has {}; Compose would leave the containers created, not started",
            site.engine.version()
        );
        return Err(bad(&what, &why, "remove it, or update the engine"));
    }
    in_a_container(&site.world.job.workspace, &site.store.render(), model)
}

/// Inside a container of the runner, a path below the workspace means nothing to the engine of the host.
fn in_a_container(workspace: &Utf8Path, overlay: &Utf8Path, model: &Model) -> Result<(), Failure> {
    if !workspace.starts_with("/github/workspace") {
        return Ok(());
    }
    let mounted =
        model.host_paths().into_iter().find(|path| Utf8Path::new(&path.path).starts_with(overlay));
    match mounted {
        None => Ok(()),
        Some(HostPath { service, path, .. }) => Err(bad(
            &format!(
                "the service `{service}` mounts {} of the checkout, and this action runs in a container",
                Utf8Path::new(&path).strip_prefix(overlay).unwrap_or(Utf8Path::new(&path))
            ),
            "the engine would look for that path on the host and mount an empty folder",
            "use the action `org/mta-actions/deploy`, which runs on the host, instead of the Docker variant",
        )),
    }
}

/// Refuses to take a folder of the checkout over into the project directory while a container that is not of ours writes
/// to it: that is live data, and a copy of it would be torn and go its own way.
pub async fn spare_live_data(
    site: &Site<'_>,
    checkout: &Checkout,
    model: &Model,
    running: &[ContainerInfo],
) -> Result<(), Failure> {
    let overlay = site.store.render();
    for HostPath { service, path, purpose } in model.host_paths() {
        let Ok(relative) = Utf8Path::new(&path).strip_prefix(&overlay) else { continue };
        let place = checkout.root.join(relative);
        let mounts = || running.iter().flat_map(|container| &container.mounts);
        let live = mounts().any(|m| m.writable && Utf8Path::new(&m.source) == place);
        if purpose == Purpose::Bind
            && live
            && holds_something(&place)
            && git::holds_untracked(&checkout.root, relative).await
        {
            return Err(bad(
                &format!(
                    "the service `{service}` keeps data in {relative} of the checkout, and a container writes to it now"
                ),
                "a release does not mount the checkout, so it would start with a copy of live data",
                &format!(
                    "name the folder by its absolute path in the compose file ({place}), or stop the stack and move it to {}",
                    site.store.work().join(relative)
                ),
            ));
        }
    }
    Ok(())
}

fn holds_something(folder: &Utf8Path) -> bool {
    folder.is_dir() && files::names(folder).is_ok_and(|names| !names.is_empty())
}

/// Copies what the release mounts, pins its images, writes its record. From now on it can be brought up without the
/// checkout and without a registry.
pub fn write(
    site: &Site<'_>,
    checkout: &Checkout,
    model: Model,
    making: Making,
) -> Result<Release, Failure> {
    let pins = making.images.iter().map(|(service, image)| (service.clone(), image.pin.clone()));
    let gathered = draft(site, checkout, model, &pins.collect())?;
    let release = Release {
        version: 1,
        id: making.id,
        origin: Origin::Deployed,
        created: making.now,
        sha: site.world.job.sha.clone(),
        ref_name: site.world.job.ref_name.clone(),
        run_url: site.world.job.run_url(),
        images: making.images,
        files: gathered.files,
        data_folders: gathered.data_folders,
        health: making.health,
        database_service: making.database_service,
        remove_orphans: making.remove_orphans,
    };
    site.store.finish_staging(&release)?;
    Ok(release)
}

/// Puts what Compose will read of a release into the staging folder: its files, its model with each image replaced by
/// the tag that pins it, its environment. Until it is recorded it is scratch, which [`clean_up`] removes.
pub fn draft(
    site: &Site<'_>,
    checkout: &Checkout,
    mut model: Model,
    pins: &BTreeMap<String, String>,
) -> Result<Gathered, Failure> {
    let overlay = site.store.render();
    let staging = site.store.begin_staging()?;
    let gathered = gather(site, checkout, &model, &staging)?;
    label(&mut model, &gathered, overlay.as_str());
    model.relocate(overlay.as_str(), site.store.work().as_str());
    model.pin(pins);
    let env = files::read_optional(&overlay.join(&checkout.folder).join(".env"))
        .map_err(|e| disk(&overlay, &e))?;
    keep(&staging, &model, env.as_deref()).map_err(|error| disk(&staging, &error))?;
    Ok(gathered)
}

/// Removes the overlay and what was drafted, which hold secrets. Best effort: the next run does the same.
pub fn clean_up(site: &Site<'_>) {
    if let Err(failure) = site.store.tidy() {
        tracing::debug!("scratch was not removed: {failure}");
    }
}

/// What a release is made with, besides its files.
pub struct Making {
    /// Its name.
    pub id: ReleaseId,
    /// When.
    pub now: Timestamp,
    /// What its services run.
    pub images: BTreeMap<String, Image>,
    /// When it is healthy.
    pub health: Policy,
    /// The service that runs the database.
    pub database_service: Option<String>,
    /// Whether what it does not have is removed from the project.
    pub remove_orphans: bool,
}

/// Writes model and environment into the folder of a release. Both may hold secrets: mode 0600.
pub fn keep(staging: &Utf8Path, model: &Model, env: Option<&str>) -> io::Result<()> {
    files::write_atomic(&staging.join("compose.json"), model.to_json().as_bytes(), 0o600)?;
    files::write_atomic(&staging.join("env"), env.unwrap_or_default().as_bytes(), 0o600)
}

/// What a release mounts of the checkout.
pub struct Gathered {
    files: BTreeMap<String, MountedFile>,
    data_folders: Vec<String>,
}

fn gather(
    site: &Site<'_>,
    checkout: &Checkout,
    model: &Model,
    staging: &Utf8Path,
) -> Result<Gathered, Failure> {
    let overlay = site.store.render();
    let real = files::canonical(&overlay).map_err(|error| disk(&overlay, &error))?;
    let paths = model.host_paths();
    let secrets: Vec<Utf8PathBuf> = paths
        .iter()
        .filter(|path| path.purpose == Purpose::Secret)
        .filter_map(|path| {
            Utf8Path::new(&path.path).strip_prefix(&overlay).ok().map(Utf8Path::to_owned)
        })
        .collect();
    let into = staging.join("files");
    let source =
        Source { overlay: &real, checkout: &checkout.root, into: &into, secrets: &secrets };
    let mut gathered = Gathered { files: BTreeMap::new(), data_folders: Vec::new() };
    for HostPath { service, path, purpose } in &paths {
        let Ok(relative) = Utf8Path::new(path).strip_prefix(&overlay) else {
            outside(site, service, path)?;
            continue;
        };
        let found = tree::collect(&source, relative, &mut gathered.files)
            .map_err(|error| unusable_mount(service, &into, &error))?;
        let empty = !gathered.files.keys().any(|file| Utf8Path::new(file).starts_with(relative));
        match (found, purpose) {
            (true, Purpose::Bind) if empty => gathered.data_folders.push(relative.to_string()),
            (true, _) => {}
            (false, Purpose::Bind) => gathered.data_folders.push(relative.to_string()),
            (false, Purpose::Secret | Purpose::Config) => return Err(absent(service, relative)),
        }
    }
    gathered.data_folders.dedup();
    Ok(gathered)
}

/// A mount that cannot be copied is the checkout's fault, unless it is our disk that is full.
fn unusable_mount(service: &str, into: &Utf8Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => disk(into, error),
        _ => bad(
            &format!("a mount of the service `{service}` cannot be used"),
            &error.to_string(),
            "",
        ),
    }
}

/// A path below the state folder but not in the overlay was `../` in the compose file.
fn outside(site: &Site<'_>, service: &str, path: &str) -> Result<(), Failure> {
    if Utf8Path::new(path).starts_with(site.store.root()) {
        return Err(bad(
            &format!("the service `{service}` mounts a path above the checkout by `..`"),
            "a release has to stand on its own when the checkout is gone",
            "use a path of the checkout, or an absolute one of the host",
        ));
    }
    Ok(())
}

fn absent(service: &str, path: &Utf8Path) -> Failure {
    bad(
        &format!("the service `{service}` uses the file {path}, which is not there"),
        "it is neither in the checkout nor written by the input `secret-files`",
        &format!("add a line `{path}=...` to `secret-files`"),
    )
}

fn label(model: &mut Model, gathered: &Gathered, overlay: &str) {
    let mut digests: BTreeMap<String, Sha256> = BTreeMap::new();
    for HostPath { service, path, .. } in model.host_paths() {
        let Ok(relative) = Utf8Path::new(&path).strip_prefix(overlay) else { continue };
        for (name, file) in
            gathered.files.iter().filter(|(name, _)| Utf8Path::new(name).starts_with(relative))
        {
            let digest = digests.entry(service.clone()).or_default();
            digest.update(format!("{name}\0{}\0{:o}\n", file.sha256, file.mode));
        }
    }
    for (service, digest) in digests {
        model.label_content(&service, &files::hex(&digest.finalize())[..32]);
    }
}

fn bad(what: &str, why: &str, help: &str) -> Failure {
    Failure::new(Outcome::BadInput, what).why(why).help(help)
}

/// A file of ours that cannot be written or read, while nothing on the host was changed yet.
pub fn disk(path: &Utf8Path, error: &io::Error) -> Failure {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: free some space and run again"
        }
        _ => "check the folder's owner and permissions, then run again",
    };
    Failure::new(Outcome::Unavailable, format!("failed to work in {path}")).why(error).help(help)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn in_a_container_of_the_runner_only_mounts_of_the_checkout_are_refused() {
        let model = |source: &str| {
            let volume = json!({ "type": "bind", "source": source, "target": "/x" });
            Model::from_value(json!({ "services": { "app": { "volumes": [volume] } } }))
        };
        let refused = |workspace: &str, source: &str| {
            in_a_container(workspace.into(), "/state/render".into(), &model(source)).is_err()
        };
        assert!(refused("/github/workspace", "/state/render/conf"));
        assert!(!refused("/github/workspace", "/etc/localtime"));
        assert!(!refused("/home/runner/work/shop", "/state/render/conf"));
    }

    #[test]
    fn a_full_disk_is_not_the_checkouts_fault() {
        let outcome =
            |kind: io::ErrorKind| unusable_mount("app", "/s".into(), &kind.into()).outcome;
        assert_eq!(outcome(io::ErrorKind::StorageFull), Outcome::Unavailable);
        assert_eq!(outcome(io::ErrorKind::InvalidInput), Outcome::BadInput);
    }

    #[test]
    fn the_line_of_a_yaml_error_is_found() {
        assert_eq!(line_in("yaml: line 7: mapping values are not allowed"), Some(7));
        assert_eq!(line_in("services.app: additional property x"), None);
    }
}
