//! References: which image of which repository of which registry.

use std::fmt;

use super::{Digest, Invalid, Parts, Registry, Tag};

/// Namespace of the official images on Docker Hub.
const OFFICIAL: &str = "library/";

/// How long the path of a repository may be, in bytes.
const LONGEST_PATH: usize = 255;

/// A repository of a registry: `docker.io/library/nginx`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: Registry,
    path: String,
}

impl Repository {
    /// Reads the name of a repository, completed as Docker does it: `nginx` is `docker.io/library/nginx`.
    ///
    /// # Errors
    /// What of it no name may have; a tag or a digest behind it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts = Parts::of(text);
        if parts.tag.is_some() || parts.digest.is_some() {
            let why = "a tag or a digest does not belong to the name of an image";
            return Err(Invalid::new("image name", text, why));
        }
        Self::new(&parts).map_err(|why| Invalid::new("image name", text, why))
    }

    fn new(parts: &Parts<'_>) -> Result<Self, &'static str> {
        let path = parts.path();
        if path.contains(|c: char| c.is_ascii_uppercase()) {
            return Err("its name has capitals");
        }
        if path.split('/').any(str::is_empty) {
            return Err("a part of its name is empty");
        }
        if !path.split('/').all(is_component) {
            return Err("its name has a character or a separator that no name may have");
        }
        let registry = match parts.registry() {
            Some(host) => Registry::parse(host).map_err(|invalid| invalid.why())?,
            None if parts.tag.is_none() && parts.digest.is_none() && is_identifier(path) => {
                return Err("64 hex digits are the id of an image, not its name");
            }
            None => Registry::docker_hub(),
        };
        let is_official = registry.is_docker_hub() && !path.contains('/');
        let path = if is_official { format!("{OFFICIAL}{path}") } else { path.to_owned() };
        if path.len() > LONGEST_PATH {
            return Err("its name is longer than 255 characters");
        }
        Ok(Self { registry, path })
    }

    /// The registry that has it.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Its path on the registry: `library/nginx`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The short form that Docker shows: `nginx`. Where that would be read as another repository (`docker.io/a.b/c`
    /// without its registry), it is the whole name.
    pub fn familiar(&self) -> String {
        if !self.registry.is_docker_hub() || Parts::of(&self.path).registry().is_some() {
            return self.to_string();
        }
        match self.path.strip_prefix(OFFICIAL) {
            Some(name) if !name.contains('/') => name.to_owned(),
            _ => self.path.clone(),
        }
    }

    /// The reference of a tag in it.
    pub fn tagged(&self, tag: Tag) -> Reference {
        Reference { repository: self.clone(), tag: Some(tag), digest: None }
    }

    /// The reference of a digest in it.
    pub fn at(&self, digest: Digest) -> Reference {
        Reference { repository: self.clone(), tag: None, digest: Some(digest) }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

/// A reference to an image: a repository, and a tag, a digest, both or none of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl Reference {
    /// Reads a reference, completed as Docker does it: `nginx:1` is `docker.io/library/nginx:1`. A tag that is not
    /// there is not made up; [`Self::tag_or_latest`] does that.
    ///
    /// Two texts that distribution's own reader takes are refused: one whose first part has a dot or a colon and is no
    /// host (it would belong to no registry), and a digest of another algorithm than sha256 and sha512.
    ///
    /// # Errors
    /// What of it no reference may have.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::new(&Parts::of(text)).map_err(|why| Invalid::new("image reference", text, why))
    }

    fn new(parts: &Parts<'_>) -> Result<Self, &'static str> {
        if parts.name.is_empty() {
            return Err("it has no name");
        }
        if [Some(parts.name), parts.tag, parts.digest].into_iter().flatten().any(has_blank) {
            return Err("it has a blank");
        }
        let tag = match parts.tag {
            Some("") => return Err("nothing stands behind the colon"),
            Some(tag) => Some(Tag::parse(tag).map_err(|_| "its tag is invalid")?),
            None => None,
        };
        let digest = parts.digest.map(Digest::parse).transpose();
        let digest = digest.map_err(|_| "its digest is not `sha256:` and 64 hex digits")?;
        Ok(Self { repository: Repository::new(parts)?, tag, digest })
    }

    /// The repository.
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, if it names one.
    pub const fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, if it names one. Where both are named, the digest decides and the tag only says how it was called.
    pub const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The tag; `latest` where it names neither a tag nor a digest.
    pub fn tag_or_latest(&self) -> Option<Tag> {
        match (&self.tag, &self.digest) {
            (None, None) => Some(Tag::latest()),
            (tag, _) => tag.clone(),
        }
    }

    /// The last part of a request for its manifest, `/v2/<path>/manifests/<this>`: digest, tag or `latest`.
    pub fn selector(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => Tag::latest().to_string(),
        }
    }

    /// The short form that Docker shows: `nginx:1`.
    pub fn familiar(&self) -> String {
        self.behind(self.repository.familiar())
    }

    fn behind(&self, mut name: String) -> String {
        if let Some(tag) = &self.tag {
            name.push(':');
            name.push_str(tag.as_str());
        }
        if let Some(digest) = &self.digest {
            name.push('@');
            name.push_str(&digest.to_string());
        }
        name
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.behind(self.repository.to_string()))
    }
}

fn has_blank(text: &str) -> bool {
    text.contains(char::is_whitespace)
}

/// Whether a name without anything else would be taken for an image's id.
fn is_identifier(path: &str) -> bool {
    path.len() == 64 && path.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a part of a path is letters and digits in lower case, with one dot, one or two `_`, or hyphens between them.
fn is_component(part: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let known = |c: char| is_plain(c) || matches!(c, '.' | '_' | '-');
    let mut separators = part.split(is_plain).filter(|separator| !separator.is_empty());
    part.starts_with(is_plain)
        && part.ends_with(is_plain)
        && part.chars().all(known)
        && separators.all(|separator| {
            matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        })
}
