//! `mode: plan`: what would be tagged, and what would move.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::actions::build_push::asking::{There, ask};
use crate::actions::build_push::ending;
use crate::actions::build_push::inputs::{Asked, Image, Login};
use crate::actions::build_push::registries::{Registries, failed};
use crate::actions::build_push::versions::Versions;
use crate::actions::{Ending, World};
use crate::domain::image::Repository;
use crate::domain::tags::{self, Facts, GitRef, Plan};
use crate::domain::version::{Found, Looked, Origin};
use crate::failure::Failure;
use crate::report::build_push::{Asking, Planning};

/// Plans all images.
///
/// # Errors
/// What keeps an image from having its tags, of all images.
pub async fn story(asked: &Asked, login: &Login, world: World<'_>) -> Result<Ending, Vec<Failure>> {
    let one = |failure| vec![failure];
    let versions = Versions::open(world).await.map_err(one)?;
    let mut registries = Registries::new(login, world).map_err(one)?;
    let mut plannings = Vec::new();
    for (image, found, plan) in decided(asked, &versions, world)? {
        let (plan, asking) = if asked.offline {
            (plan, Asking::Left)
        } else {
            against(plan, &image.name, &mut registries).await
        };
        plannings.push(Planning { image: image.name.clone(), found, plan, asking });
    }
    Ok(ending::of_plan(&plannings, world))
}

/// An image, its version, and its tags as if it were the first.
pub type Decided<'a> = (&'a Image, Option<Found>, Plan);

/// The versions and tags of all images.
///
/// # Errors
/// What keeps an image from having its tags, of all images.
pub fn decided<'a>(
    asked: &'a Asked,
    versions: &Versions,
    world: World<'_>,
) -> Result<Vec<Decided<'a>>, Vec<Failure>> {
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for image in &asked.images {
        match decide(image, asked, versions, world) {
            Ok((found, plan)) => all.push((image, found, plan)),
            Err(failure) if failures.contains(&failure) => {}
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(all) } else { Err(failures) }
}

fn decide(
    image: &Image,
    asked: &Asked,
    versions: &Versions,
    world: World<'_>,
) -> Result<(Option<Found>, Plan), Failure> {
    let looked = match versions.of(image) {
        Ok(looked) => Some(looked),
        // Also where no tag has a version in its name it says whether `latest` may move; but nobody has to have one then.
        Err(failure) if asked.recipe.needs_version() || image.from != Origin::Auto => {
            return Err(failure);
        }
        Err(_) => None,
    };
    let (found, lack) = match looked {
        Some(Looked::Found(found)) => (Some(found), None),
        Some(Looked::Nowhere(lack)) => (None, Some(lack)),
        None => (None, None),
    };
    let facts = Facts {
        version: found.as_ref().map(|found| &found.version),
        lack: lack.as_ref(),
        sha: &world.job.sha,
        git_ref: GitRef::parse(&world.job.git_ref),
        default_branch: versions.default_branch(),
        at: TimeZone::UTC.to_datetime(Timestamp::now()),
    };
    let plan = tags::plan(&asked.recipe, &facts)?;
    Ok((found, plan))
}

/// The plan against what the registry has. What it does not tell keeps nobody from planning.
async fn against(
    plan: Plan,
    image: &Repository,
    registries: &mut Registries<'_>,
) -> (Plan, Asking) {
    let registry = image.registry();
    if let Some(failure) = registries.silent(registry) {
        return (plan, Asking::Failed(failure.clone()));
    }
    let asked = async {
        let client = registries.client(registry).await?;
        ask(plan.clone(), image, client, false).await
    };
    match asked.await {
        Ok((plan, There { images: mut listed, .. })) => {
            listed.retain(|tag| plan.tags.iter().any(|planned| planned.tag == *tag));
            (plan, Asking::Listed(listed))
        }
        Err(error) => {
            let failure = failed(&error);
            registries.remember(registry, &error, &failure);
            (plan, Asking::Failed(failure))
        }
    }
}
