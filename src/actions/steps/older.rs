//! Whether a deploy brings an older commit over a newer one: told, and never an error.

use crate::actions::steps::site::Site;
use crate::adapters::git::GitError;
use crate::adapters::git::repo::{Access, Repo};
use crate::adapters::host::process::ChildEnv;
use crate::domain::coverage::base::Sha;
use crate::domain::event::{Annotation, Event, Level};
use crate::failure::Failure;
use crate::report::release::{Account, Note};

/// Tells of a checkout that comes before the commit of the current release, as far as the checkout itself can tell: a
/// shallow one mostly cannot, and nothing is fetched.
pub async fn tell(site: &Site<'_>, account: &mut Account) -> Result<(), Failure> {
    let Some(current) = site.store.state()?.current else { return Ok(()) };
    let release = site.store.release(&current)?;
    // A release records the commit of its job. The same job may have checked out another one, then as now.
    let Some(newer) = Sha::parse(&release.sha).filter(|sha| sha.as_str() != site.world.job.sha)
    else {
        return Ok(());
    };
    let older = match before(site, &newer).await {
        Ok(Some(older)) => older,
        Ok(None) => return Ok(()),
        Err(error) => {
            let said = format!("whether the checkout is older than {newer} is not known: {error}");
            site.world.events.emit(Event::Debug(said));
            return Ok(());
        }
    };
    let (older, newer) = (older.short(), newer.short());
    let text = format!(
        "this deploys commit {older}, which is older than {newer} of the release that runs ({current})"
    );
    site.world.events.emit(Event::Annotated(Annotation {
        level: Level::Notice,
        title: "an older commit over a newer one".to_owned(),
        message: text.clone(),
        place: None,
    }));
    account.notes.push(Note { text, command: None });
    Ok(())
}

/// The commit that is checked out, if it comes before another one.
async fn before(site: &Site<'_>, newer: &Sha) -> Result<Option<Sha>, GitError> {
    let world = site.world;
    let access =
        Access { env: ChildEnv::from_process(), cancel: world.cancel.clone(), credentials: None };
    let repo = Repo::open(&world.job.workspace, access).await?;
    let is_older = repo.head_is_before(newer).await?;
    Ok(is_older.then(|| repo.head().sha.clone()))
}
