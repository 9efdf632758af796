//! `mode: exists`: whether an image is in its registry.

use crate::actions::build_push::ending;
use crate::actions::build_push::inputs::{Login, Wanted};
use crate::actions::build_push::registries::{Registries, failed};
use crate::actions::{Ending, World};
use crate::adapters::registry::{Details, Error};
use crate::failure::Failure;
use crate::report::build_push::Looked;

/// Looks for it.
///
/// # Errors
/// It could not be found out.
pub async fn story(wanted: &Wanted, login: &Login, world: World<'_>) -> Result<Ending, Failure> {
    let mut registries = Registries::new(login, world)?;
    let (looked, lack) = look(wanted, &mut registries).await.map_err(|error| failed(&error))?;
    Ok(ending::of_looked(&looked, wanted.must_exist, lack.as_ref(), world))
}

/// Looks, and answers what of the details could not be found out: that it is there is known then all the same.
async fn look(
    wanted: &Wanted,
    registries: &mut Registries<'_>,
) -> Result<(Looked, Option<Failure>), Error> {
    let Wanted { reference, details, .. } = wanted;
    let repository = reference.repository();
    let client = registries.client(repository.registry()).await?;
    let found = client.find(reference).await?;
    let asked = match &found {
        Some(found) if *details => Some(client.details(repository, found).await),
        _ => None,
    };
    let (details, lack) = match asked.transpose() {
        Ok(details) => (details, None),
        Err(error) => (None, Some(failed(&error))),
    };
    let found = found.map(|found| (found.digest, found.media_type));
    let details = details.map(|Details { platforms, pulled }| (platforms, pulled));
    Ok((Looked { reference: reference.clone(), found, details }, lack))
}
