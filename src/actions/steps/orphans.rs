//! Containers of the project whose service a release does not have. Those that we made go; others are a person's: a service
//! of a profile that was started by hand, another compose file of the same project, another repository's.

use crate::actions::steps::site::Site;
use crate::domain::compose::model::Model;
use crate::domain::event::{Annotation, Event, Level};
use crate::failure::Failure;

/// Removes those that are ours, all of them where that is asked for, and says which are left.
pub async fn settle(site: &Site<'_>, model: &Model, remove_all: bool) -> Result<(), Failure> {
    let services = model.services();
    let mut left = Vec::new();
    for container in site.containers().await? {
        if services.contains(&container.service) {
            continue;
        }
        if !remove_all && !site.is_ours(&container) {
            left.push(container.name);
            continue;
        }
        site.engine.stop_and_remove(&container).await?;
        site.note(format!("removed {}: its service is not in the release", container.name));
    }
    if !left.is_empty() {
        site.world.events.emit(Event::Annotated(Annotation {
            level: Level::Notice,
            title: "containers of the project were left alone".to_owned(),
            message: format!(
                "{}: their services are not in the compose files, and mta did not make them. \
                 `remove-orphans: true` removes such containers, `profiles` names the profiles that belong to the stack",
                left.join(", ")
            ),
            place: None,
        }));
    }
    Ok(())
}
