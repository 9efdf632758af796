//! Images: pulled or built, then known by id and held by a local tag of ours.

use std::collections::BTreeMap;

use crate::actions::steps::checkout::Checkout;
use crate::actions::steps::site::Site;
use crate::actions::steps::stage::{Rendered, disk};
use crate::adapters::docker::compose::Rendering;
use crate::adapters::host::files;
use crate::domain::registry::Wanted;
use crate::domain::release::{Image, Release};
use crate::failure::{Failure, Outcome};

/// When to pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// Every image, every time.
    Always,
    /// What is not on the host.
    Missing,
    /// Nothing.
    Never,
}

impl Pull {
    /// The value of the input `pull`.
    pub fn read(word: Option<&str>) -> Self {
        match word {
            Some("never") => Self::Never,
            Some("missing") => Self::Missing,
            _ => Self::Always,
        }
    }
}

/// Builds what the checkout builds and pulls the rest.
pub async fn obtain(
    site: &Site<'_>,
    rendered: &Rendered,
    checkout: &Checkout,
    pull: Pull,
) -> Result<(), Failure> {
    let built = rendered.model.built();
    let mut wanted = Vec::new();
    for service in rendered.model.services() {
        if built.contains(&service) {
            continue;
        }
        let Some(image) = rendered.model.image(&service).map(ToOwned::to_owned) else { continue };
        let is_here = site.engine.image_id(&image).await?.is_some();
        if pull == Pull::Always || (pull == Pull::Missing && !is_here) {
            wanted.push(Wanted { service, image, is_here });
        }
    }
    if !wanted.is_empty() {
        site.compose
            .pull(&rendered.rendering, &wanted, site.world.events, site.world.cancel)
            .await?;
    }
    if !built.is_empty() {
        let rendering = build_from_checkout(site, rendered, checkout)?;
        site.compose.build(&rendering, &built, site.world.events, site.world.cancel).await?;
    }
    site.go_on()
}

/// A build context must be the checkout itself: in the overlay it would be links.
fn build_from_checkout(
    site: &Site<'_>,
    rendered: &Rendered,
    checkout: &Checkout,
) -> Result<Rendering, Failure> {
    let mut model = rendered.model.clone();
    model.relocate(site.store.render().as_str(), checkout.root.as_str());
    let file = site.store.run().join("build.json");
    files::write_atomic(&file, model.to_json().as_bytes(), 0o600)
        .map_err(|error| disk(&file, &error))?;
    Ok(Rendering {
        folder: checkout.root.join(&checkout.folder),
        files: vec![file],
        ..rendered.rendering.clone()
    })
}

/// What each service will run, by id.
pub async fn resolve(
    site: &Site<'_>,
    rendered: &Rendered,
) -> Result<BTreeMap<String, Image>, Failure> {
    let mut images = BTreeMap::new();
    for service in rendered.model.services() {
        let reference = reference(site, rendered, &service);
        let Some(id) = site.engine.image_id(&reference).await? else {
            return Err(Failure::new(
                Outcome::Unavailable,
                format!("the image {reference} of the service `{service}` is not on this host"),
            )
            .help("set `pull: missing` or `pull: always`, or bring the image to the host before"));
        };
        let digests = site.engine.repo_digests(&id).await?;
        let pin = pin(site.project.as_str(), &service, &id);
        images.insert(service, Image { reference, id, pin, digests });
    }
    Ok(images)
}

/// The image that a service names; Compose names what it builds after project and service.
pub fn reference(site: &Site<'_>, rendered: &Rendered, service: &str) -> String {
    match rendered.model.image(service) {
        Some(image) => image.to_owned(),
        None => format!("{}-{service}", site.project),
    }
}

/// The tag that holds an image. It is made from the image's id, so that the same image has the same name in every
/// release and Compose sees no change; `.invalid` can never be pulled from (RFC 2606).
pub fn pin(project: &str, service: &str, id: &str) -> String {
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    let name: String = service
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    format!("mta.invalid/{project}/{name}:{}", hex.get(..12).unwrap_or(hex))
}

/// Makes sure that every image of a release is on the host under its tag. Needs no registry while the image is there;
/// without it, the registry's digest is the way to have it again.
pub async fn hold(site: &Site<'_>, release: &Release) -> Result<(), Failure> {
    for (service, image) in &release.images {
        if site.engine.image_id(&image.pin).await?.as_deref() == Some(&image.id) {
            continue;
        }
        if site.engine.image_id(&image.id).await?.is_none() {
            fetch(site, service, image).await?;
        }
        site.engine.tag(&image.id, &image.pin).await?;
    }
    Ok(())
}

async fn fetch(site: &Site<'_>, service: &str, image: &Image) -> Result<(), Failure> {
    let mut why = format!("{} was deleted, and it came from no registry", image.id);
    for digest in &image.digests {
        site.note(format!(
            "{service}: {} is gone from this host, pulling {digest}",
            image.reference
        ));
        match site.compose.pull_image(digest, site.world.events, site.world.cancel).await {
            Ok(()) if site.engine.image_id(&image.id).await?.is_some() => return Ok(()),
            Ok(()) => why = format!("{} was deleted, and {digest} is another image now", image.id),
            Err(failure) => {
                why = format!("{} was deleted; {}: {}", image.id, failure.what, failure.why);
            }
        }
    }
    Err(Failure::new(
        Outcome::Unavailable,
        format!("the image {} of the service `{service}` is gone from this host", image.reference),
    )
    .why(why)
    .help("deploy again from the commit of that release"))
}

/// Removes the tags of a release that no other release needs.
pub async fn release_hold(site: &Site<'_>, gone: &Release, kept: &[Release]) {
    for image in gone.images.values() {
        let needed =
            kept.iter().any(|release| release.images.values().any(|other| other.pin == image.pin));
        if !needed {
            site.engine.untag(&image.pin).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_made_from_the_image_alone() {
        let id = format!("sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(pin("shop", "App", &id), "mta.invalid/shop/app:0123456789ab");
        assert_eq!(pin("shop", "_My..app-", "short"), "mta.invalid/shop/my-app:short");
        assert_eq!(pin("shop", "app", "short"), "mta.invalid/shop/app:short");
    }

    #[test]
    fn the_word_of_the_input_is_understood() {
        assert_eq!(Pull::read(Some("never")), Pull::Never);
        assert_eq!(Pull::read(Some("missing")), Pull::Missing);
        assert_eq!(Pull::read(Some("always")), Pull::Always);
    }
}
