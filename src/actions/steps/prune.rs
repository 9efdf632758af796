//! Old releases go, with the tags that held their images. Never an error: a full shelf must not turn a success red.

use crate::actions::steps::images;
use crate::actions::steps::site::Site;
use crate::actions::steps::stage;
use crate::domain::event::{Annotation, Event, Level};
use crate::failure::Failure;

/// Deletes releases that nobody needs any more.
pub async fn old_releases(site: &Site<'_>) {
    if let Err(failure) = prune(site).await {
        site.world.events.emit(Event::Annotated(Annotation {
            level: Level::Warning,
            title: "old releases were not deleted".to_owned(),
            message: failure.to_string(),
            place: None,
        }));
    }
}

async fn prune(site: &Site<'_>) -> Result<(), Failure> {
    let known = site.store.releases()?;
    let gone = site.store.state()?.expendable(&known);
    let kept: Vec<_> = known
        .iter()
        .filter(|id| !gone.contains(id))
        .filter_map(|id| site.store.release(id).ok())
        .collect();
    for id in &gone {
        if let Ok(release) = site.store.release(id) {
            images::release_hold(site, &release, &kept).await;
        }
        site.store
            .remove_release(id)
            .map_err(|error| stage::disk(&site.store.release_dir(id), &error))?;
        site.note(format!("release {id} was deleted: {} newer ones are kept", kept.len()));
    }
    Ok(())
}
