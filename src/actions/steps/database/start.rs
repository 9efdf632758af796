//! The database's service is started and waited for, without the rest of the stack.

use crate::actions::steps::site::Site;
use crate::actions::steps::{switch, watch};
use crate::adapters::docker::container::ContainerInfo;
use crate::domain::compose::model::Model;
use crate::domain::health::Policy;
use crate::domain::release::Release;
use crate::failure::{Failure, Outcome};

/// Starts the service of the database if it does not run: its container may have been stopped, or removed. It is that of
/// `release`, whose files and model lie in the project directory afterwards.
pub async fn unless_running(
    site: &Site<'_>,
    service: &str,
    release: &Release,
) -> Result<(), Failure> {
    let containers = site.containers().await?;
    if containers.iter().any(|c| c.service == service && c.state == "running") {
        return Ok(());
    }
    site.note(format!("the database's service `{service}` does not run: starting it"));
    let model = switch::place(site, release)?;
    self::service(site, &model, service, &release.health, &containers).await
}

/// Starts a service of the model in the project directory, and waits until it is healthy. `before` are the containers at
/// the start of the story.
pub async fn service(
    site: &Site<'_>,
    model: &Model,
    service: &str,
    policy: &Policy,
    before: &[ContainerInfo],
) -> Result<(), Failure> {
    site.compose
        .up_service(&switch::rendering(site), service, site.world.events, site.world.cancel)
        .await?;
    let policy = Policy { url: None, command: None, ..policy.clone() };
    let alone = model.only(service);
    match watch::watch(site, &alone, &policy, before).await? {
        None => Ok(()),
        Some(reasons) => Err(Failure::new(
            Outcome::NeedsPerson,
            format!("the database service `{service}` did not become healthy"),
        )
        .why(reasons.join("; "))
        .help(format!("look at it: docker compose -p {} logs {service}", site.project))),
    }
}
