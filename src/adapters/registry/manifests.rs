//! Whether an image is there, and what its manifest lists.
//!
//! A request accepts all four media types: a registry that is asked for fewer converts what it has, which changes the
//! digest, or says that there is none. `HEAD` is asked first, because registries do not count it as a pull; where its
//! answer lacks the digest or the type, the manifest itself is read and its digest calculated.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use tokio::time::Instant;

use crate::domain::image::{
    Child, Digest, Manifest, MediaType, Part, Platform, Reference, Repository, platform_of,
};

use super::client::{Answer, Call, Client};
use super::errors::Error;

/// The largest manifest, in bytes: what the specification wants registries to take.
const LARGEST: usize = 4 * 1024 * 1024;

/// The largest configuration of an image that is read, in bytes.
const LARGEST_CONFIG: usize = 4 * 1024 * 1024;

/// Images of one index that are looked into.
const MOST_IMAGES: usize = 30;

/// What every request for a manifest accepts.
const ACCEPTED: &[MediaType] = &MediaType::MANIFESTS;

/// The first form of Docker's manifests, which some registries still have.
const FORMER: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// An image that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The digest of its manifest.
    pub digest: Digest,
    /// What its manifest is.
    pub media_type: MediaType,
}

/// An image's manifest as its registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its digest and what it is.
    pub found: Found,
    /// Its bytes: other ones would have another digest.
    pub bytes: Vec<u8>,
    /// What it lists.
    pub manifest: Manifest,
}

/// What an image consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// For what it is, in the order of the index. What is attached to an image, such as its provenance, is for nothing.
    pub platforms: Vec<Platform>,
    /// How many bytes a pull takes, packed; where it is for several platforms, that of the largest.
    pub pulled: u64,
}

impl Client<'_> {
    /// Looks for an image; `None` means that the registry says that there is none. One request where there is one and
    /// the registry's answer to `HEAD` is whole.
    ///
    /// # Errors
    /// It could not be found out: not allowed, limited, not reached, or an answer that is of no registry.
    pub async fn find(&self, reference: &Reference) -> Result<Option<Found>, Error> {
        let deadline = self.deadline();
        let call = manifest(reference);
        let head = Call { method: Method::HEAD, ..call.clone() };
        let mut is_there = false;
        match self.send(&head, deadline).await {
            Ok(answer) => {
                is_there = true;
                if let Some(found) = told(&answer).filter(|_| answer.status == 200) {
                    return matching(reference, found, &call.what).map(Some);
                }
            }
            Err(Error::Absent { refusal, .. }) if refusal.says_absent => return Ok(None),
            Err(Error::Absent { .. }) => {}
            // Some proxies do not know `HEAD`.
            Err(Error::Refused { refusal, .. }) if matches!(refusal.status, 400 | 405 | 501) => {}
            Err(error) => return Err(error),
        }
        match self.send(&call, deadline).await {
            Ok(answer) => {
                Self::checked(reference, &answer, &call.what).map(|(found, _)| Some(found))
            }
            Err(Error::Absent { .. }) if is_there => {
                let why = "the registry says that it is there, and that it is not".to_owned();
                Err(Error::Unusable { what: call.what, why })
            }
            Err(Error::Absent { refusal, .. }) if refusal.says_absent => Ok(None),
            // A web server that is no registry says 404 to whatever it is asked.
            Err(Error::Absent { refusal, .. }) => {
                let why = format!("{refusal}, which is not how a registry says that there is none");
                Err(Error::Unusable { what: call.what, why })
            }
            Err(error) => Err(error),
        }
    }

    /// The manifest of an image, its bytes checked against its digest.
    ///
    /// # Errors
    /// It is not there, not to be had, or is not what it says.
    pub async fn manifest(&self, reference: &Reference) -> Result<Whole, Error> {
        let call = manifest(reference);
        let answer = self.send(&call, self.deadline()).await?;
        let (found, bytes) = Self::checked(reference, &answer, &call.what)?;
        let manifest = Manifest::parse(&found.media_type, &bytes)
            .map_err(|why| Error::Unusable { what: call.what, why: why.why().to_owned() })?;
        Ok(Whole { found, bytes, manifest })
    }

    /// Lets a tag point to an image that its repository has already. The registry takes the manifest only if it has all
    /// that it lists, so that a tag never points to half of an image. Done twice it comes to the same.
    ///
    /// # Errors
    /// It was not taken: not allowed, limited, not reached, or what it needs is not there.
    pub async fn tag(&self, reference: &Reference, whole: &Whole) -> Result<(), Error> {
        let read = manifest(reference);
        let scope = format!("{},push", read.scope);
        let body = Some((whole.found.media_type.clone(), whole.bytes.clone()));
        let call = Call { method: Method::PUT, accept: &[], body, scope, ..read };
        let answer = self.send(&call, self.deadline()).await?;
        let named =
            answer.headers.get(DIGEST).and_then(|value| Digest::parse(value.to_str().ok()?).ok());
        let is_it = match named {
            Some(named) => named == whole.found.digest,
            None => self.find(reference).await?.is_some_and(|now| now.digest == whole.found.digest),
        };
        if is_it {
            return Ok(());
        }
        let why = format!("the registry keeps another image than {}", whole.found.digest);
        Err(Error::Unusable { what: call.what, why })
    }

    /// What an image consists of. For an index, each of its images is looked into, which registries count as pulls.
    ///
    /// # Errors
    /// It is not there, not to be had, or is not what it says.
    pub async fn details(&self, repository: &Repository, found: &Found) -> Result<Details, Error> {
        let deadline = self.deadline();
        let parsed = self.parsed(repository, &found.digest, deadline).await?;
        let Manifest::Index(children) = parsed else {
            return self.image(repository, &parsed, deadline).await;
        };
        let unusable = |why: &str| {
            let what = repository.at(found.digest.clone()).to_string();
            Error::Unusable { what, why: why.to_owned() }
        };
        let mut images: Vec<Child> = Vec::new();
        for child in children.into_iter().filter(|child| !child.is_attached) {
            if !images.iter().any(|known| known.part.digest == child.part.digest) {
                images.push(child);
            }
        }
        if images.len() > MOST_IMAGES {
            return Err(unusable("it lists more than 30 images"));
        }
        let mut details = Details::default();
        for image in images {
            let manifest = self.parsed(repository, &image.part.digest, deadline).await?;
            if matches!(manifest, Manifest::Index(_)) {
                return Err(unusable("it is an index of indexes, which are not looked into"));
            }
            let platforms = match image.platform {
                Some(platform) => vec![platform],
                None => self.image(repository, &manifest, deadline).await?.platforms,
            };
            details.pulled = details.pulled.max(manifest.pulled());
            details.platforms.extend(platforms);
        }
        Ok(details)
    }

    /// What one image consists of: its platform stands in its configuration.
    async fn image(
        &self,
        repository: &Repository,
        manifest: &Manifest,
        deadline: Instant,
    ) -> Result<Details, Error> {
        let Manifest::Image { config, .. } = manifest else { return Ok(Details::default()) };
        let bytes = self.blob(repository, config, deadline).await?;
        let platforms = platform_of(&bytes).into_iter().collect();
        Ok(Details { platforms, pulled: manifest.pulled() })
    }

    /// The configuration of an image, its bytes checked against its digest. No registry counts it as a pull.
    ///
    /// # Errors
    /// It is not there, not to be had, or is not what it says.
    pub async fn configuration(
        &self,
        repository: &Repository,
        config: &Part,
    ) -> Result<Vec<u8>, Error> {
        self.blob(repository, config, self.deadline()).await
    }

    async fn blob(
        &self,
        repository: &Repository,
        config: &Part,
        deadline: Instant,
    ) -> Result<Vec<u8>, Error> {
        let what = format!("the configuration of {repository}, {}", config.digest);
        let path = format!("blobs/{}", config.digest);
        let call = Call { most: LARGEST_CONFIG, ..Call::of(repository, what, &path) };
        let answer = self.send(&call, deadline).await?;
        if !config.digest.is_of(&answer.body) {
            let why = "the bytes are not those of its digest".to_owned();
            return Err(Error::Unusable { what: call.what, why });
        }
        Ok(answer.body)
    }

    /// The manifest of a digest, its bytes checked against that.
    async fn parsed(
        &self,
        repository: &Repository,
        digest: &Digest,
        deadline: Instant,
    ) -> Result<Manifest, Error> {
        let reference = repository.at(digest.clone());
        let call = manifest(&reference);
        let answer = self.send(&call, deadline).await?;
        let (found, bytes) = Self::checked(&reference, &answer, &call.what)?;
        Manifest::parse(&found.media_type, &bytes)
            .map_err(|why| Error::Unusable { what: call.what, why: why.why().to_owned() })
    }

    fn checked(
        reference: &Reference,
        answer: &Answer,
        what: &str,
    ) -> Result<(Found, Vec<u8>), Error> {
        let unusable = |why: &str| Error::Unusable { what: what.to_owned(), why: why.to_owned() };
        let media_type = media_type(&answer.headers)
            .ok_or_else(|| unusable("the answer is no manifest: it is of another media type"))?;
        if answer.status != 200 {
            return Err(unusable("the answer has no manifest"));
        }
        let named =
            answer.headers.get(DIGEST).and_then(|value| Digest::parse(value.to_str().ok()?).ok());
        if named.as_ref().is_some_and(|digest| !digest.is_of(&answer.body)) {
            return Err(unusable("the bytes are not those of the digest that the registry names"));
        }
        let asked = reference.digest();
        if asked.is_some_and(|digest| !digest.is_of(&answer.body)) {
            return Err(unusable("the bytes are not those of the digest that was asked for"));
        }
        if !FORMER.contains(&media_type.as_str()) {
            Manifest::parse(&media_type, &answer.body).map_err(|why| unusable(why.why()))?;
        }
        let digest = asked.cloned().or(named).unwrap_or_else(|| Digest::of(&answer.body));
        Ok((Found { digest, media_type }, answer.body.clone()))
    }
}

fn manifest(reference: &Reference) -> Call {
    let path = format!("manifests/{}", reference.selector());
    Call {
        accept: ACCEPTED,
        most: LARGEST,
        ..Call::of(reference.repository(), reference.to_string(), &path)
    }
}

/// What the answer to `HEAD` tells; `None` where it lacks something.
fn told(answer: &Answer) -> Option<Found> {
    let headers = &answer.headers;
    let digest = Digest::parse(headers.get(DIGEST)?.to_str().ok()?).ok()?;
    Some(Found { digest, media_type: media_type(headers)? })
}

/// The media type of a manifest. Pages of web servers are none, nor is the JSON of another interface.
fn media_type(headers: &HeaderMap) -> Option<MediaType> {
    let media_type = MediaType::parse(headers.get(CONTENT_TYPE)?.to_str().ok()?).ok()?;
    let is_known = media_type.is_index() || media_type.is_manifest();
    (is_known || FORMER.contains(&media_type.as_str())).then_some(media_type)
}

/// A registry that is asked for a digest and answers with another is not to be trusted.
fn matching(reference: &Reference, found: Found, what: &str) -> Result<Found, Error> {
    match reference.digest() {
        Some(asked) if *asked != found.digest => {
            let why = format!("the registry answers with another digest, {}", found.digest);
            Err(Error::Unusable { what: what.to_owned(), why })
        }
        _ => Ok(found),
    }
}
