//! Refuses a deploy that would make a second stack beside the one that is meant, or leave data behind in a volume of
//! another name. Before anything is touched.

use std::collections::BTreeSet;

use crate::actions::steps::checkout::Checkout;
use crate::actions::steps::site::Site;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::host::store::Store;
use crate::domain::compose::model::Model;
use crate::domain::compose::project::ProjectName;
use crate::domain::compose::renamed::{Held, Renamed, renamed};
use crate::domain::first_contact::{Clash, Newcomer, clash, other_projects};
use crate::domain::release::state::State;
use crate::domain::shown::{pasted, visible};
use crate::failure::{Failure, Outcome};

/// Holds the rendered model against what is on the host. `containers` are those of the project.
///
/// # Errors
/// [`Outcome::BadInput`] with the ways out; [`Outcome::Unavailable`] where the engine does not answer.
pub async fn check(
    site: &Site<'_>,
    checkout: &Checkout,
    model: &Model,
    containers: &[ContainerInfo],
) -> Result<(), Failure> {
    if containers.is_empty() && site.store.state()?.current.is_none() {
        meet_neighbours(site, checkout, model).await?;
    }
    keep_volumes(site, model, containers).await
}

async fn meet_neighbours(
    site: &Site<'_>,
    checkout: &Checkout,
    model: &Model,
) -> Result<(), Failure> {
    let neighbours = site.engine.neighbours().await?;
    let mut ours = other_projects(&site.project, &neighbours);
    ours.retain(|project| is_deployed_by_us(site, project));
    let services = model.expected();
    let newcomer = Newcomer {
        project: &site.project,
        named_by: checkout.named_by,
        files: &checkout.compose_files,
        services: &services,
        ports: &model.published(),
    };
    match clash(&newcomer, &neighbours, &ours) {
        None => Ok(()),
        Some(clash) => Err(refused(&newcomer, &clash, &ours)),
    }
}

/// Whether a release of the project is recorded beside ours. A folder alone says nothing: a run that was refused leaves
/// one. A record that cannot be read is one.
fn is_deployed_by_us(site: &Site<'_>, project: &str) -> bool {
    let (Ok(project), Some(state_dir)) = (ProjectName::new(project), site.store.root().parent())
    else {
        return false;
    };
    let nothing = |state: Option<State>| state.unwrap_or_default() == State::default();
    !Store::peek(state_dir, &project).is_ok_and(nothing)
}

fn refused(newcomer: &Newcomer<'_>, clash: &Clash, ours: &BTreeSet<String>) -> Failure {
    let name = newcomer.project;
    match clash {
        Clash::Twin { project } => Failure::new(
            Outcome::BadInput,
            format!("this stack seems to run already, as the Compose project `{project}`"),
        )
        .why(format!(
            "`{project}` was made from files of the same names and has the same services ({}). Nobody has named this \
             project: `{name}` was derived from the repository, and would be a second stack with empty volumes",
            newcomer.services.join(", ")
        ))
        .help(format!(
            "set `project-name: {project}` to take that stack over, or `project-name: {name}` to say that a second one \
             is meant"
        )),
        Clash::Port { port, container, project, may_be } => {
            let whose = match project {
                Some(project) => format!("of the Compose project `{}`", visible(project)),
                None => "of no Compose project".to_owned(),
            };
            let help = match (may_be, project) {
                (Some(project), _) => format!(
                    "if it is this stack under another name, set `project-name: {project}` to take that stack over; \
                     else stop it, or publish another port"
                ),
                (None, Some(project)) if ours.contains(project) => {
                    "that stack is deployed by mta too: publish another port, or stop it".to_owned()
                }
                (None, Some(_)) => "stop it, or publish another port".to_owned(),
                (None, None) => {
                    format!("stop it (docker stop {container}), or publish another port")
                }
            };
            Failure::new(
                Outcome::BadInput,
                format!("port {port} is taken by the container {container} {whose}"),
            )
            .why(format!("the project `{name}` has never been deployed here, and publishes it too"))
            .help(help)
        }
    }
}

async fn keep_volumes(
    site: &Site<'_>,
    model: &Model,
    containers: &[ContainerInfo],
) -> Result<(), Failure> {
    let mut held = Vec::new();
    for container in containers {
        let volumes = container.mounts.iter().filter(|m| m.kind == "volume" && m.writable);
        held.extend(volumes.map(|mount| Held {
            service: container.service.clone(),
            target: mount.destination.clone(),
            volume: mount.name.clone(),
        }));
    }
    for renamed in renamed(model, &held) {
        if !site.engine.volume_exists(&renamed.new).await? {
            return Err(left_behind(&renamed));
        }
    }
    Ok(())
}

fn left_behind(Renamed { old, key, new }: &Renamed) -> Failure {
    let Held { service, target, volume } = old;
    let make = pasted("docker volume create", new);
    let make = make.as_deref().unwrap_or("docker volume create ...");
    Failure::new(
        Outcome::BadInput,
        format!("the service `{service}` has the volume {volume} at {target}, and would get {new} instead"),
    )
    .why(format!("there is no volume {new} yet: it would be empty, and the data would be left behind in {volume}"))
    .help(format!(
        "keep the volume: `volumes: {{ {key}: {{ name: {volume} }} }}`; or copy the data into {new} first; or, if an \
         empty one is meant, make it: {make}"
    ))
}
