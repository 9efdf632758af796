//! What a manifest is, by the header `Content-Type` that a registry sends with it.

use std::fmt;

use super::Invalid;

/// The media type of a manifest. The four that images are made of have names; any other is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaType {
    /// `application/vnd.oci.image.index.v1+json`: a list of manifests, one a platform.
    OciIndex,
    /// `application/vnd.oci.image.manifest.v1+json`: one image.
    OciManifest,
    /// `application/vnd.docker.distribution.manifest.list.v2+json`: Docker's form of an index.
    DockerList,
    /// `application/vnd.docker.distribution.manifest.v2+json`: Docker's form of a manifest.
    DockerManifest,
    /// Another.
    Other(Unnamed),
}

/// A media type that has no name here: `type/subtype`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unnamed(String);

impl MediaType {
    /// All that a request has to accept: a registry that is asked for fewer converts a manifest, which changes its
    /// digest, or says that there is none.
    pub const MANIFESTS: [Self; 4] =
        [Self::OciIndex, Self::OciManifest, Self::DockerList, Self::DockerManifest];

    /// Reads the value of `Content-Type`; parameters such as `; charset=utf-8` do not count, nor do capitals.
    ///
    /// # Errors
    /// It is not `type/subtype` of the characters that RFC 6838 (4.2) allows.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if let Some(known) = Self::MANIFESTS.into_iter().find(|one| one.as_str() == essence) {
            return Ok(known);
        }
        match essence.split_once('/') {
            Some((class, name)) if is_name(class) && is_name(name) => {
                Ok(Self::Other(Unnamed(essence)))
            }
            _ => Err(Invalid::new("media type", text, "it is not `type/subtype`")),
        }
    }

    /// The text without parameters.
    pub fn as_str(&self) -> &str {
        match self {
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
            Self::OciManifest => "application/vnd.oci.image.manifest.v1+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
            Self::DockerManifest => "application/vnd.docker.distribution.manifest.v2+json",
            Self::Other(Unnamed(text)) => text,
        }
    }

    /// Whether it lists manifests, one a platform.
    pub const fn is_index(&self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerList)
    }

    /// Whether it is one image.
    pub const fn is_manifest(&self) -> bool {
        matches!(self, Self::OciManifest | Self::DockerManifest)
    }
}

/// Whether a text is a `restricted-name` of RFC 6838.
fn is_name(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
    text.len() <= 127
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(known)
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
