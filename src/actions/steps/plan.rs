//! What a deploy would do, for `dry-run: true`.

use std::collections::BTreeMap;

use crate::actions::steps::checkout::Checkout;
use crate::actions::steps::images::{self, Pull};
use crate::actions::steps::site::Site;
use crate::actions::steps::stage::{self, Rendered};
use crate::adapters::docker::compose::Rendering;
use crate::adapters::docker::container::ContainerInfo;
use crate::domain::release::Release;
use crate::domain::release::fate::{self, Found, Maker, Service};
use crate::failure::Failure;
use crate::report::release::{Change, PlannedService, Source};

/// What a deploy is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// When to pull.
    pub pull: Pull,
    /// Whether containers go that others made.
    pub remove_orphans: bool,
}

/// An image as a compose file names it, and its id if it is on the host.
struct Named {
    reference: String,
    id: Option<String>,
}

/// Holds what the checkout says against what runs, as Compose will. Nothing is pulled, and only scratch is written.
pub async fn preview(
    site: &Site<'_>,
    checkout: &Checkout,
    rendered: &Rendered,
    asked: Asked,
) -> Result<Vec<PlannedService>, Failure> {
    let running = site.containers().await?;
    let state = site.store.state()?;
    let current = state.current.map(|id| site.store.release(&id)).transpose()?;
    let mut named = BTreeMap::new();
    for service in rendered.model.services() {
        let reference = images::reference(site, rendered, &service);
        let id = site.engine.image_id(&reference).await?;
        named.insert(service, Named { reference, id });
    }
    let hashes = hashes(site, checkout, rendered, &named, &running).await?;
    let services: Vec<_> = named
        .iter()
        .map(|(name, named)| service(site, rendered, name, (named, hashes.get(name)), &running))
        .collect();
    let fates = fate::decide(&services, site.compose.cascade());
    let built = rendered.model.built();
    let mut plan = Vec::new();
    for ((service, Named { reference, .. }), fate) in named.iter().zip(fates) {
        let source = match asked.pull {
            _ if built.contains(service) => Source::Build,
            // By digest it is that one for ever.
            Pull::Always if !reference.contains('@') => Source::Registry,
            _ => Source::Host,
        };
        let from = image_before(service, current.as_ref(), &running);
        plan.push(PlannedService::of(service, (&from, reference), source, &fate));
    }
    plan.extend(orphans(site, &named, &running, asked));
    Ok(plan)
}

/// Compose's hash of each service's settings, as `up` will compare it: of the model that the release would have, in
/// which the namespaces that are shared are those of the containers that are there.
async fn hashes(
    site: &Site<'_>,
    checkout: &Checkout,
    rendered: &Rendered,
    named: &BTreeMap<String, Named>,
    running: &[ContainerInfo],
) -> Result<BTreeMap<String, String>, Failure> {
    let mut containers = BTreeMap::new();
    for container in running {
        containers.entry(container.service.clone()).or_insert_with(|| container.id.clone());
    }
    let mut model = rendered.model.clone();
    model.join_namespaces(&containers);
    let pins = named.iter().map(|(service, Named { reference, id })| {
        let pin = id.as_ref().map(|id| images::pin(site.project.as_str(), service, id));
        // What is not here yet has no pin, and for Compose every service has to have an image.
        (service.clone(), pin.unwrap_or_else(|| reference.clone()))
    });
    stage::draft(site, checkout, model, &pins.collect())?;
    let staging = site.store.staging();
    let rendering = Rendering {
        project: site.project.as_str().to_owned(),
        folder: site.store.work(),
        files: vec![staging.join("compose.json")],
        env_file: Some(staging.join("env")),
        profiles: Vec::new(),
    };
    let mut hashes = site.compose.config_hashes(&rendering, site.world.cancel).await?;
    hashes.retain(|service, _| {
        let bound_to = rendered.model.bound_to(service);
        let all_there = bound_to.iter().all(|name| containers.contains_key(name));
        all_there && !rendered.model.borrows_volumes(service)
    });
    Ok(hashes)
}

/// A service as it shall be, and what it has.
fn service(
    site: &Site<'_>,
    rendered: &Rendered,
    name: &str,
    (named, hash): (&Named, Option<&String>),
    running: &[ContainerInfo],
) -> Service {
    let found = running.iter().filter(|container| container.service == name);
    let found = found.map(|container| Found {
        image: container.image_id.clone(),
        hash: container.config_hash().to_owned(),
        runs: container.state == "running",
        maker: if site.is_ours(container) {
            Maker::Ours
        } else {
            Maker::Elsewhere(container.working_dir().map(str::to_owned))
        },
    });
    Service {
        name: name.to_owned(),
        image: named.id.clone(),
        hash: hash.cloned(),
        replicas: rendered.model.replicas(name),
        depends_on: rendered.model.depends_on().remove(name).unwrap_or_default(),
        bound_to: rendered.model.bound_to(name),
        found: found.collect(),
    }
}

/// The image that a service has, as it was named then: containers of ours name the tag that pins it.
fn image_before(service: &str, current: Option<&Release>, running: &[ContainerInfo]) -> String {
    let recorded = current.and_then(|release| release.images.get(service));
    let found = running.iter().find(|container| container.service == service);
    let named = found.map(|container| container.image.as_str());
    recorded.map(|image| image.reference.as_str()).or(named).unwrap_or_default().to_owned()
}

/// Containers whose service is not in the compose files.
fn orphans(
    site: &Site<'_>,
    named: &BTreeMap<String, Named>,
    running: &[ContainerInfo],
    asked: Asked,
) -> Vec<PlannedService> {
    let orphans = running.iter().filter(|container| !named.contains_key(&container.service));
    orphans
        .map(|container| {
            let goes = asked.remove_orphans || site.is_ours(container);
            let (change, why) = if goes {
                (Change::Removed, "it is no longer in the compose files")
            } else {
                (
                    Change::Unchanged,
                    "it is not in the compose files, and mta did not make it: left alone",
                )
            };
            PlannedService {
                service: container.service.clone(),
                image: container.image.clone(),
                change,
                why: why.to_owned(),
            }
        })
        .collect()
}
