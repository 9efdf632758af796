//! Drift: where what runs is not what the current release says. A run that was cut off from the engine while it brought
//! a release up leaves it, and so does a person at the host.

use std::collections::BTreeMap;

use crate::actions::steps::site::Site;
use crate::adapters::docker::compose::Rendering;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::host::files;
use crate::domain::compose::model::Model;
use crate::domain::release::Release;
use crate::failure::{Failure, Outcome};

/// Where services run other images or with other settings than those of the current release, one sentence each, for after
/// that was put right.
pub async fn differences(site: &Site<'_>) -> Result<Vec<String>, Failure> {
    let Some(current) = site.store.state()?.current else { return Ok(Vec::new()) };
    let release = site.store.release(&current)?;
    let containers = site.containers().await?;
    let hashes = hashes(site, &release).await.unwrap_or_else(|failure| {
        tracing::debug!("the settings are not compared: {failure}");
        BTreeMap::new()
    });
    let running = containers.iter().filter(|container| container.state == "running");
    Ok(running.filter_map(|container| difference(site, container, &release, &hashes)).collect())
}

fn difference(
    site: &Site<'_>,
    container: &ContainerInfo,
    release: &Release,
    hashes: &BTreeMap<String, String>,
) -> Option<String> {
    let (service, id) = (&container.service, &release.id);
    let image = release.images.get(service)?;
    if image.id != container.image_id {
        let (ran, has) = (&container.image_id, &image.id);
        return Some(format!("the service `{service}` ran {ran}, release {id} has {has}"));
    }
    // Another version of Compose may hash the same settings to something else; of what others made we know no settings.
    let is_known = site.is_ours(container)
        && container.compose_version().is_some_and(|version| site.compose.is_version(version));
    let hash = hashes.get(service).filter(|_| is_known)?;
    (hash != container.config_hash())
        .then(|| format!("the service `{service}` ran with other settings than release {id} has"))
}

/// Compose's hash of the settings of each service of a release, where it is the one that `up` computes: not of services
/// that share a namespace or volumes, which `up` hashes with the container's id in its place.
async fn hashes(site: &Site<'_>, release: &Release) -> Result<BTreeMap<String, String>, Failure> {
    let folder = site.store.release_dir(&release.id);
    let file = folder.join("compose.json");
    let unread =
        |error: String| Failure::new(Outcome::Failed, format!("{file} cannot be read")).why(error);
    let text = files::read_optional(&file).map_err(|error| unread(error.to_string()))?;
    let model =
        Model::parse(&text.unwrap_or_default()).map_err(|error| unread(error.to_string()))?;
    let rendering = Rendering {
        project: site.project.as_str().to_owned(),
        folder: site.store.work(),
        files: vec![file.clone()],
        env_file: Some(folder.join("env")),
        profiles: Vec::new(),
    };
    let mut hashes = site.compose.config_hashes(&rendering, site.world.cancel).await?;
    hashes
        .retain(|service, _| model.bound_to(service).is_empty() && !model.borrows_volumes(service));
    Ok(hashes)
}
