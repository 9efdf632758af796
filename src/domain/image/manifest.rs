//! What a manifest lists (<https://github.com/opencontainers/image-spec>): the parts of one image, or images of several
//! platforms.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Digest, Invalid, MediaType, Platform};

/// How many parts one manifest may list. Images have less than 130 layers, indexes some 20 platforms.
const MOST: usize = 2000;

/// The annotation by which `BuildKit` says what a manifest is attached to.
const ATTACHED: &str = "vnd.docker.reference.digest";

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// One image.
    Image {
        /// Its configuration, which says for what platform it is.
        config: Part,
        /// Its layers, packed.
        layers: Vec<Part>,
    },
    /// Several images, one a platform, and what is attached to them.
    Index(Vec<Child>),
}

/// What a manifest consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A manifest in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The manifest.
    pub part: Part,
    /// For what platform it is; `None` if the index does not say.
    pub platform: Option<Platform>,
    /// Whether it is no image but attached to one: where it was built, what is in it.
    pub is_attached: bool,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "mediaType")]
    media_type: Option<String>,
    config: Option<RawPart>,
    layers: Option<Vec<RawPart>>,
    manifests: Option<Vec<RawPart>>,
}

#[derive(Deserialize)]
struct RawPart {
    digest: String,
    /// The specification has it as a signed number.
    size: i64,
    platform: Option<RawPlatform>,
    annotations: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct RawPlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

/// The configuration of an image, as far as it says what it runs on.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

impl Manifest {
    /// Reads the bytes that a registry sent under a media type.
    ///
    /// # Errors
    /// They are not of it, or it is none that lists an image.
    pub fn parse(media_type: &MediaType, bytes: &[u8]) -> Result<Self, Invalid> {
        Self::read(media_type, bytes)
            .map_err(|why| Invalid::new("manifest", media_type.as_str(), why))
    }

    fn read(media_type: &MediaType, bytes: &[u8]) -> Result<Self, &'static str> {
        let raw: Raw =
            serde_json::from_slice(bytes).map_err(|_| "it is not the JSON of a manifest")?;
        let is_other = |named: &str| MediaType::parse(named).as_ref() != Ok(media_type);
        if raw.media_type.as_deref().is_some_and(is_other) {
            return Err("it says that it is of another media type");
        }
        if media_type.is_index() {
            // A client that reads both would see another image than one that reads the first.
            if raw.config.is_some() || raw.layers.is_some() {
                return Err("it is an index and has layers");
            }
            let children =
                bounded(raw.manifests.ok_or("it is an index without a list of manifests")?)?;
            return children.into_iter().map(child).collect::<Result<_, _>>().map(Self::Index);
        }
        if !media_type.is_manifest() {
            return Err("it is neither an image nor an index");
        }
        if raw.manifests.is_some() {
            return Err("it is an image and has a list of manifests");
        }
        let config = part(&raw.config.ok_or("it has no configuration")?)?;
        let layers = bounded(raw.layers.ok_or("it has no list of layers")?)?;
        let layers = layers.iter().map(part).collect::<Result<_, _>>()?;
        Ok(Self::Image { config, layers })
    }

    /// The image of an index that has only one, and what is attached to that.
    pub fn sole(&self) -> Option<&Child> {
        let Self::Index(children) = self else { return None };
        let mut images = children.iter().filter(|child| !child.is_attached);
        images.next().filter(|_| images.next().is_none())
    }

    /// How many bytes it takes to pull an image: configuration and layers, each once; 0 for an index.
    pub fn pulled(&self) -> u64 {
        let Self::Image { config, layers } = self else { return 0 };
        let mut seen = BTreeMap::from([(&config.digest, config.size)]);
        seen.extend(layers.iter().map(|layer| (&layer.digest, layer.size)));
        seen.into_values().fold(0, u64::saturating_add)
    }
}

/// The platform that the configuration of an image names; `None` if it names none.
pub fn platform_of(config: &[u8]) -> Option<Platform> {
    let Config { os, architecture, variant } = serde_json::from_slice(config).ok()?;
    Platform::of(&os, &architecture, variant.as_deref())
        .ok()
        .filter(|platform| !platform.is_unknown())
}

fn bounded(parts: Vec<RawPart>) -> Result<Vec<RawPart>, &'static str> {
    if parts.len() > MOST { Err("it lists more than 2000 parts") } else { Ok(parts) }
}

fn part(raw: &RawPart) -> Result<Part, &'static str> {
    let digest = Digest::parse(&raw.digest).map_err(|_| "one of its digests is none")?;
    let size = u64::try_from(raw.size).map_err(|_| "one of its sizes is below zero")?;
    Ok(Part { digest, size })
}

fn child(raw: RawPart) -> Result<Child, &'static str> {
    let part = part(&raw)?;
    let is_attached = raw.annotations.as_ref().is_some_and(|all| all.contains_key(ATTACHED))
        || raw.platform.as_ref().is_some_and(|platform| platform.os == "unknown");
    let platform = raw
        .platform
        .and_then(|it| Platform::of(&it.os, &it.architecture, it.variant.as_deref()).ok());
    Ok(Child { part, platform: platform.filter(|platform| !platform.is_unknown()), is_attached })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> String {
        format!("sha256:{}", String::from(digit).repeat(64))
    }

    fn part(digit: char, size: u64) -> String {
        format!(r#"{{"mediaType":"x/y","digest":"{}","size":{size}}}"#, digest(digit))
    }

    fn image() -> String {
        let (config, one, two) = (part('a', 10), part('b', 200), part('c', 3000));
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{one},{two},{one}]}}"#)
    }

    #[test]
    fn an_image_is_pulled_with_each_part_once() {
        for media_type in [MediaType::OciManifest, MediaType::DockerManifest] {
            assert_eq!(Manifest::parse(&media_type, image().as_bytes()).unwrap().pulled(), 3210);
        }
    }

    #[test]
    fn an_index_names_platforms_and_attachments_have_none() {
        let child = |digit, platform: &str| {
            format!(r#"{{"digest":"{}","size":7,"platform":{platform}}}"#, digest(digit))
        };
        let text = format!(
            r#"{{"manifests":[{},{},{},{}]}}"#,
            child('a', r#"{"os":"linux","architecture":"amd64"}"#),
            child('b', r#"{"os":"linux","architecture":"arm","variant":"v7"}"#),
            child('c', r#"{"os":"unknown","architecture":"unknown"}"#),
            child('d', "null"),
        );
        for media_type in [MediaType::OciIndex, MediaType::DockerList] {
            let Manifest::Index(children) = Manifest::parse(&media_type, text.as_bytes()).unwrap()
            else {
                panic!("no index");
            };
            let shown: Vec<Option<String>> =
                children.iter().map(|one| one.platform.as_ref().map(ToString::to_string)).collect();
            assert_eq!(
                shown,
                [Some("linux/amd64".into()), Some("linux/arm/v7".into()), None, None]
            );
        }
    }

    #[test]
    fn what_is_attached_to_an_image_does_not_make_two_of_it() {
        let attached =
            part('d', 7).replace('}', &format!(r#","annotations":{{"{ATTACHED}":"x"}}}}"#));
        let (one, two) = (part('a', 7), part('b', 7));
        for (listed, sole) in [
            (vec![&one], Some('a')),
            (vec![&attached, &one, &attached], Some('a')),
            (vec![&one, &two, &attached], None),
            (vec![&attached], None),
            (vec![], None),
        ] {
            let list: Vec<&str> = listed.into_iter().map(String::as_str).collect();
            let text = format!(r#"{{"manifests":[{}]}}"#, list.join(","));
            let manifest = Manifest::parse(&MediaType::OciIndex, text.as_bytes()).unwrap();
            let found = manifest.sole().map(|child| child.part.digest.to_string());
            assert_eq!(found, sole.map(digest), "{text}");
        }
        let manifest = Manifest::parse(&MediaType::OciManifest, image().as_bytes()).unwrap();
        assert_eq!(manifest.sole(), None);
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let told = |media_type: MediaType, text: &str| {
            Manifest::parse(&media_type, text.as_bytes()).unwrap_err().why().to_owned()
        };
        for (media_type, text, why) in [
            (MediaType::OciManifest, "", "it is not the JSON of a manifest"),
            (MediaType::OciManifest, "[]", "it is not the JSON of a manifest"),
            (MediaType::OciManifest, "{}", "it has no configuration"),
            (MediaType::OciIndex, "{}", "it is an index without a list of manifests"),
            (
                MediaType::OciIndex,
                r#"{"manifests":[],"layers":[]}"#,
                "it is an index and has layers",
            ),
            (
                MediaType::OciManifest,
                r#"{"manifests":[]}"#,
                "it is an image and has a list of manifests",
            ),
            (
                MediaType::OciManifest,
                r#"{"mediaType":"application/vnd.oci.image.index.v1+json"}"#,
                "it says that it is of another media type",
            ),
            (
                MediaType::OciManifest,
                r#"{"config":{"digest":"sha256:1","size":1},"layers":[]}"#,
                "one of its digests is none",
            ),
            (
                MediaType::OciManifest,
                &image().replace("200", "-1"),
                "one of its sizes is below zero",
            ),
            (
                MediaType::OciManifest,
                &image().replace("200", "18446744073709551615"),
                "it is not the JSON of a manifest",
            ),
        ] {
            assert_eq!(told(media_type, text), why, "{text}");
        }
        let other =
            MediaType::parse("application/vnd.docker.distribution.manifest.v1+json").unwrap();
        assert_eq!(told(other, &image()), "it is neither an image nor an index");
        let many = format!(r#"{{"manifests":[{}]}}"#, vec![part('a', 1); MOST + 1].join(","));
        assert_eq!(told(MediaType::OciIndex, &many), "it lists more than 2000 parts");
    }

    #[test]
    fn a_configuration_names_its_platform() {
        let of = |text: &str| platform_of(text.as_bytes()).map(|platform| platform.to_string());
        assert_eq!(
            of(r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#),
            Some("linux/arm64".into())
        );
        assert_eq!(of("{}"), None);
        assert_eq!(of("x"), None);
        assert_eq!(of(r#"{"os":"unknown","architecture":"unknown"}"#), None);
    }
}
