//! What a deploy would do, for `dry-run: true`.

use std::collections::BTreeSet;

use crate::actions::steps::images;
use crate::actions::steps::site::Site;
use crate::actions::steps::stage::Rendered;
use crate::adapters::docker::container::ContainerInfo;
use crate::domain::shown::visible;
use crate::failure::Failure;
use crate::report::release::{Change, PlannedService};

/// Compares what the checkout says with what runs. Nothing is pulled and nothing is written but scratch.
pub async fn preview(
    site: &Site<'_>,
    rendered: &Rendered,
    remove_orphans: bool,
) -> Result<Vec<PlannedService>, Failure> {
    let running = site.containers().await?;
    let current = match site.store.state()?.current {
        Some(id) => Some(site.store.release(&id)?),
        None => None,
    };
    let mut plan = Vec::new();
    for service in rendered.model.services() {
        let reference = images::reference(site, rendered, &service);
        let here = site.engine.image_id(&reference).await?;
        let old = running.iter().find(|container| container.service == service);
        let recorded = current.as_ref().and_then(|release| release.images.get(&service));
        let (change, why) = match (old, &here) {
            (None, _) => (Change::Created, "it does not run yet".to_owned()),
            (Some(_), None) => {
                (Change::Recreated, format!("{reference} is not on this host and would be pulled"))
            }
            (Some(old), Some(id)) if old.image_id != *id => {
                let from = recorded.map_or(old.image.as_str(), |image| image.reference.as_str());
                (Change::Recreated, format!("its image changes from {from} to {reference}"))
            }
            (Some(_), Some(_)) => (
                Change::Unchanged,
                "same image; recreated only if its settings or files changed".to_owned(),
            ),
        };
        let mut of_service = running.iter().filter(|container| container.service == service);
        let foreign = of_service.find(|container| !site.is_ours(container));
        let (change, why) = match foreign {
            Some(container) => (Change::Recreated, taken_over(container, change, &why)),
            None => (change, why),
        };
        plan.push(PlannedService { service, image: reference, change, why });
    }
    let planned: BTreeSet<String> = plan.iter().map(|planned| planned.service.clone()).collect();
    let gone = running.iter().filter(|container| !planned.contains(&container.service));
    let removed = gone.map(|container| {
        let goes = remove_orphans || site.is_ours(container);
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
    });
    plan.extend(removed);
    Ok(plan)
}

/// Why a container that was made elsewhere is recreated: our release names its image by another tag, and mounts files
/// from our project directory. What else changes of it is told before.
fn taken_over(container: &ContainerInfo, change: Change, why: &str) -> String {
    let folder = container.working_dir().map(visible);
    let folder = folder.as_deref().unwrap_or("another project directory");
    let taken = format!("it was made from {folder} and is taken over");
    if change == Change::Recreated { format!("{why}; {taken}") } else { taken }
}
