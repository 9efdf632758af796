//! Old releases go, with the tags that held their images; of one that failed only the record and the reason stay. Never
//! an error: a full shelf must not turn a success red.

use camino::Utf8PathBuf;

use crate::actions::steps::images;
use crate::actions::steps::site::Site;
use crate::actions::steps::stage;
use crate::domain::release::ReleaseId;
use crate::domain::shown::pasted;
use crate::failure::Failure;
use crate::report::release::{Account, Note};

/// Deletes releases that nobody needs any more.
pub async fn old_releases(site: &Site<'_>) {
    if let Err(failure) = prune(site).await {
        site.warn("old releases were not deleted", failure.to_string());
    }
}

/// After a run that failed: why its release did is kept beside the record, and told to the reader.
pub async fn after_failure(site: &Site<'_>, account: &mut Account, failure: &Failure) {
    let Some(tried) = &account.tried else { return };
    let Some(path) = failed_release(site, &tried.id, &account.why(failure)).await else { return };
    let command = pasted("cat", path.as_str());
    let text = "Why it failed is kept on the host, with the end of the logs:".to_owned();
    account.notes.push(Note { text, command });
}

/// Keeps why a release failed and removes what may hold secrets. Nothing happens to one that was current once: it may
/// come back yet; nor to a pending one: the next run needs it.
pub async fn failed_release(site: &Site<'_>, id: &ReleaseId, why: &str) -> Option<Utf8PathBuf> {
    let known = site.store.releases().ok()?;
    if !site.store.state().ok()?.failed(&known).contains(&id) {
        return None;
    }
    let why = site.world.events.harmless(why).join("\n");
    let kept = site.store.keep_failure(id, &format!("{why}\n"));
    old_releases(site).await;
    let folder = site.store.release_dir(id);
    kept.inspect_err(|error| {
        site.warn("why the release failed was not kept", stage::disk(&folder, error).to_string());
    })
    .ok()
}

async fn prune(site: &Site<'_>) -> Result<(), Failure> {
    let known = site.store.releases()?;
    let state = site.store.state()?;
    let disk = |id: &ReleaseId, error| stage::disk(&site.store.release_dir(id), &error);
    for id in state.failed(&known) {
        site.store.strip(id).map_err(|error| disk(id, error))?;
    }
    let gone = state.expendable(&known);
    let kept: Vec<_> = known
        .iter()
        .filter(|id| !gone.contains(id))
        .filter_map(|id| site.store.release(id).ok())
        .collect();
    for id in &gone {
        if let Ok(release) = site.store.release(id) {
            images::release_hold(site, &release, &kept).await;
        }
        site.store.remove_release(id).map_err(|error| disk(id, error))?;
        site.note(format!("release {id} was deleted: {} others are kept", kept.len()));
    }
    Ok(())
}
