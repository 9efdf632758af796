//! Images of the engine: which one a name means now, and names of ours that keep one alive.

use bollard::query_parameters::{RemoveImageOptions, TagImageOptions};
use serde::Deserialize;

use crate::adapters::docker::engine::Engine;
use crate::failure::Failure;

/// An image of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Image {
    /// `sha256:...`, names the content.
    pub id: String,
    /// Local names: `shop/app:v1`.
    #[serde(rename = "RepoTags", default, deserialize_with = "nullable")]
    pub tags: Vec<String>,
    /// Names in registries: `registry/shop/app@sha256:...`.
    #[serde(rename = "RepoDigests", default, deserialize_with = "nullable")]
    pub digests: Vec<String>,
}

fn nullable<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// What became of a tag that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untagged {
    /// It is gone, and so is the image if this was its last name.
    Removed,
    /// There was none.
    Absent,
    /// It stays: it is the last name of an image that a container uses.
    InUse,
}

impl Engine {
    /// The image that an id or a name means now; `None` if the engine has none.
    pub async fn image(&self, reference: &str) -> Result<Option<Image>, Failure> {
        self.inspected("images", reference).await
    }

    /// Id of the image that a name means now; `None` if the engine has none.
    pub async fn image_id(&self, reference: &str) -> Result<Option<String>, Failure> {
        Ok(self.image(reference).await?.map(|image| image.id))
    }

    /// Gives an image one more name. The name moves here if another image had it.
    pub async fn tag(&self, id: &str, repository: &str, tag: &str) -> Result<(), Failure> {
        let options =
            TagImageOptions { repo: Some(repository.to_owned()), tag: Some(tag.to_owned()) };
        let tagged = self.client.tag_image(id, Some(options)).await;
        tagged.map_err(|error| self.broken(&format!("tag {id} as {repository}:{tag}"), &error))
    }

    /// Takes a name away. Never removes an image that a container uses.
    pub async fn untag(&self, reference: &str) -> Result<Untagged, Failure> {
        use bollard::errors::Error::DockerResponseServerError as Refused;
        let options = RemoveImageOptions { force: false, noprune: false, platforms: None };
        match self.client.remove_image(reference, Some(options), None).await {
            Ok(_) => Ok(Untagged::Removed),
            Err(Refused { status_code: 404, .. }) => Ok(Untagged::Absent),
            Err(Refused { status_code: 409, .. }) => Ok(Untagged::InUse),
            Err(error) => Err(self.broken(&format!("remove the tag {reference}"), &error)),
        }
    }
}
