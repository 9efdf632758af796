//! `mode: plan`: what would be tagged, and what would move.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::actions::build_push::ending;
use crate::actions::build_push::inputs::{Asked, Image, Login};
use crate::actions::build_push::registries::{Registries, failed};
use crate::actions::build_push::versions::Versions;
use crate::actions::{Ending, World};
use crate::adapters::registry::{Client, Error};
use crate::domain::image::{Digest, Repository, Tag};
use crate::domain::tags::{self, Facts, GitRef, Plan, Planned, rivals, version_for};
use crate::domain::version::{Found, Looked, Origin, Version};
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
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for image in &asked.images {
        match decide(image, asked, &versions, world) {
            Ok((found, plan)) => all.push((image, found, plan)),
            Err(failure) if failures.contains(&failure) => {}
            Err(failure) => failures.push(failure),
        }
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    let mut plannings = Vec::new();
    for (image, found, plan) in all {
        let (plan, asking) = if asked.offline {
            (plan, Asking::Left)
        } else {
            against(plan, &image.name, &mut registries).await
        };
        plannings.push(Planning { image: image.name.clone(), found, plan, asking });
    }
    Ok(ending::of_plan(&plannings, world))
}

/// The version of an image and its tags, as if it were the first.
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
        let client = registries.client(image.registry()).await?;
        let listed = match client.tags(image).await {
            // The first push makes the repository.
            Err(Error::Absent { .. }) => Vec::new(),
            listed => listed?,
        };
        let standing = standing(&plan, &listed, image, client).await?;
        Ok::<_, Error>((listed, standing))
    };
    match asked.await {
        Ok((mut listed, standing)) => {
            let plan = plan.standing(&standing);
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

/// On which version each guarded tag stands, as far as that is one that holds it back: the version whose tag has the
/// same digest.
async fn standing(
    plan: &Plan,
    listed: &[Tag],
    image: &Repository,
    client: &Client<'_>,
) -> Result<BTreeMap<Tag, Version>, Error> {
    let mut standing = BTreeMap::new();
    let mut digests = BTreeMap::new();
    for planned in plan.guarded().into_iter().filter(|planned| listed.contains(&planned.tag)) {
        if let Some(version) = stands_on(planned, listed, image, (client, &mut digests)).await? {
            standing.insert(planned.tag.clone(), version);
        }
    }
    Ok(standing)
}

/// Digests by tag, each asked for once.
type Digests = BTreeMap<Tag, Option<Digest>>;

async fn stands_on(
    planned: &Planned,
    listed: &[Tag],
    image: &Repository,
    (client, digests): (&Client<'_>, &mut Digests),
) -> Result<Option<Version>, Error> {
    let rivals = rivals(planned, listed);
    if rivals.is_empty() {
        return Ok(None);
    }
    let mut own = None;
    for tag in std::iter::once(&planned.tag).chain(&rivals) {
        let digest = if let Some(digest) = digests.get(tag) {
            digest.clone()
        } else {
            let found = client.find(&image.tagged(tag.clone())).await?;
            digests.entry(tag.clone()).or_insert(found.map(|found| found.digest)).clone()
        };
        match (&own, digest) {
            (None, None) => return Ok(None),
            (None, digest) => own = digest,
            (Some(own), Some(digest)) if *own == digest => return Ok(version_for(planned, tag)),
            _ => {}
        }
    }
    Ok(None)
}
