//! What a registry has of an image, as far as it says which tags may move.

use std::collections::BTreeMap;

use crate::adapters::registry::{Client, Error};
use crate::domain::build::cache::is_cache;
use crate::domain::image::{Digest, Repository, Tag};
use crate::domain::tags::{
    Immutable, Plan, Planned, Verdict, rivals, to_look_at, verdict, version_for,
};
use crate::domain::version::Version;

/// The tags that a registry has of an image.
#[derive(Clone, Debug, Default)]
pub struct There {
    /// Those of images.
    pub images: Vec<Tag>,
    /// Those of results of steps, which are no images.
    pub caches: Vec<Tag>,
}

/// A plan against what the registry has now, and the tags that are there. Most registries forbid to read what does not exist,
/// so that before a first push that `may_be_new` is no refusal: whether it may be pushed, the push says.
///
/// # Errors
/// It could not be found out.
pub async fn ask(
    plan: Plan,
    image: &Repository,
    client: &Client<'_>,
    may_be_new: bool,
) -> Result<(Plan, There), Error> {
    let listed = match client.tags(image).await {
        // The first push makes the repository.
        Err(Error::Absent { .. }) => Vec::new(),
        Err(Error::Forbidden { has_login: true, .. }) if may_be_new => Vec::new(),
        listed => listed?,
    };
    let (caches, images) = listed.into_iter().partition(is_cache);
    let there = There { images, caches };
    let standing = standing(&plan, &there.images, image, client).await?;
    Ok((plan.standing(&standing), there))
}

/// Whether the tags of the version may move, to the image `ours` if it is there already.
///
/// # Errors
/// It could not be found out.
pub async fn judge(
    (plan, listed): (&Plan, &[Tag]),
    image: &Repository,
    client: &Client<'_>,
    (immutable, ours): (Immutable, Option<&Digest>),
) -> Result<Verdict, Error> {
    let mut digests = BTreeMap::new();
    for tag in to_look_at(plan, listed, immutable) {
        if let Some(found) = client.find(&image.tagged(tag.clone())).await? {
            digests.insert(tag, found.digest);
        }
    }
    // What points to the image already moves nowhere.
    digests.retain(|_, digest| Some(&*digest) != ours);
    Ok(verdict(plan, listed, &digests, immutable))
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
