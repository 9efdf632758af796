//! Images to push into any registry: their blobs, manifests and indexes are made here, byte by byte the same each time.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use mta_actions::adapters::http;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The four above, as a client that wants to know what really is there asks.
pub fn accept_all() -> String {
    [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(", ")
}

/// `sha256:...` of bytes.
pub fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!("sha256:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// What lies in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub media_type: String,
    pub digest: String,
    pub size: usize,
}

/// A manifest or an index that was pushed.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub media_type: String,
    pub digest: String,
    pub size: usize,
    pub bytes: Vec<u8>,
    /// `os/architecture` or `os/architecture/variant`; empty for an index.
    pub platform: String,
    /// Configuration and layers; none for an index.
    pub blobs: Vec<Blob>,
    /// What an index lists, in its order: the images, then their attestations.
    pub children: Vec<Self>,
}

/// A repository of a registry, into which the pieces are pushed one by one.
#[derive(Clone, Debug)]
pub struct Repository {
    client: http::Client,
    base: String,
    name: String,
    authorization: Option<String>,
}

impl Repository {
    /// `base` is the address of the registry, `name` that of the repository in it.
    pub fn new(base: &str, name: &str) -> Self {
        let (base, name) = (base.to_owned(), name.to_owned());
        Self { client: http::client().unwrap(), base, name, authorization: None }
    }

    /// The same with a value for the header `Authorization`.
    pub fn authorized(mut self, authorization: &str) -> Self {
        self.authorization = Some(authorization.to_owned());
        self
    }

    /// Begins a request; `path` comes behind `/v2/NAME/`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(method, &format!("{}/v2/{}/{path}", self.base, self.name))
    }

    fn at(&self, method: Method, url: &str) -> RequestBuilder {
        let url: Url = url.parse().unwrap();
        let request = self.client.towards(&url).request(method, url);
        let request = request.timeout(Duration::from_secs(20));
        match &self.authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    }

    /// Asks for a manifest with these media types in `Accept`; none are sent as `*/*`.
    pub async fn manifest(&self, reference: &str, accept: &str) -> Response {
        let request = self.request(Method::GET, &format!("manifests/{reference}"));
        request.header("accept", accept).send().await.unwrap()
    }

    /// The tags, in the order of the registry; of a registry that makes pages the first page.
    pub async fn tags(&self) -> Vec<String> {
        let answer = self.request(Method::GET, "tags/list").send().await.unwrap();
        let list: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let tags = list["tags"].as_array().cloned().unwrap_or_default();
        tags.iter().map(|tag| tag.as_str().unwrap().to_owned()).collect()
    }

    /// Pushes a blob.
    pub async fn push_blob(&self, media_type: &str, bytes: &[u8]) -> Blob {
        let begun = self.request(Method::POST, "blobs/uploads/").send().await.unwrap();
        assert_eq!(begun.status(), 202, "{begun:?}");
        let place = begun.headers()["location"].to_str().unwrap();
        let mut place = Url::parse(&self.base).unwrap().join(place).unwrap();
        let digest = digest(bytes);
        place.query_pairs_mut().append_pair("digest", &digest);
        let put = self.at(Method::PUT, place.as_str()).body(bytes.to_vec());
        let done = put.header("content-type", "application/octet-stream").send().await.unwrap();
        assert_eq!(done.status(), 201, "{done:?}");
        Blob { media_type: media_type.to_owned(), digest, size: bytes.len() }
    }

    /// Pushes the bytes of a manifest under a tag or a digest and checks what the registry says of it.
    pub async fn push_manifest(&self, reference: &str, media_type: &str, bytes: &[u8]) {
        let put = self.request(Method::PUT, &format!("manifests/{reference}"));
        let put = put.header("content-type", media_type).body(bytes.to_vec());
        let done = put.send().await.unwrap();
        assert_eq!(done.status(), 201, "{done:?}");
        assert_eq!(done.headers()["docker-content-digest"].to_str().unwrap(), digest(bytes));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    DockerImage,
    DockerList,
    OciImage,
    OciIndex,
}

/// What will be pushed.
#[derive(Clone, Debug)]
pub struct Content {
    repository: Repository,
    shape: Shape,
    tags: Vec<String>,
    platform: String,
    labels: Vec<(String, String)>,
    text: String,
}

impl Content {
    fn of(shape: Shape, base: &str, name: &str) -> Self {
        Self {
            repository: Repository::new(base, name),
            shape,
            tags: Vec::new(),
            platform: "linux/amd64".to_owned(),
            labels: Vec::new(),
            text: "of the test".to_owned(),
        }
    }

    /// A Docker image, schema 2, for `linux/amd64`.
    pub fn image(base: &str, name: &str) -> Self {
        Self::of(Shape::DockerImage, base, name)
    }

    /// An OCI image for `linux/amd64`.
    pub fn oci_image(base: &str, name: &str) -> Self {
        Self::of(Shape::OciImage, base, name)
    }

    /// A Docker manifest list with images for `linux/amd64` and `linux/arm64/v8`.
    pub fn list(base: &str, name: &str) -> Self {
        Self::of(Shape::DockerList, base, name)
    }

    /// An OCI index with the same two images and the attestation of each, as `BuildKit` makes it.
    pub fn oci_index(base: &str, name: &str) -> Self {
        Self::of(Shape::OciIndex, base, name)
    }

    /// One more tag. Without any it is pushed by its digest.
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// `os/architecture` or `os/architecture/variant` of an image.
    pub fn platform(mut self, platform: &str) -> Self {
        platform.clone_into(&mut self.platform);
        self
    }

    /// A label in the configuration of the images.
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What stands in the one file of the layer: another text makes another image.
    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// A value for the header `Authorization`.
    pub fn authorized(mut self, authorization: &str) -> Self {
        self.repository = self.repository.authorized(authorization);
        self
    }

    /// Pushes it; panics when the registry does not take it.
    pub async fn push(self) -> Pushed {
        let (is_oci, is_index) = match self.shape {
            Shape::DockerImage => (false, false),
            Shape::DockerList => (false, true),
            Shape::OciImage => (true, false),
            Shape::OciIndex => (true, true),
        };
        let pushed = if is_index {
            self.index(is_oci).await
        } else {
            self.one(&self.platform, is_oci).await
        };
        let by_digest = [pushed.digest.clone()];
        for reference in if self.tags.is_empty() { &by_digest } else { self.tags.as_slice() } {
            self.repository.push_manifest(reference, &pushed.media_type, &pushed.bytes).await;
        }
        pushed
    }

    /// Two images, by their digests, and the index of them, which is not yet pushed.
    async fn index(&self, is_oci: bool) -> Pushed {
        let mut children = Vec::new();
        for platform in ["linux/amd64", "linux/arm64/v8"] {
            children.push(self.one(platform, is_oci).await);
        }
        let mut entries: Vec<Value> =
            children.iter().map(|child| entry(child, &child.platform)).collect();
        if is_oci {
            for of in children.clone() {
                let proof = self.attestation(&of.digest).await;
                let mut entry = entry(&proof, &proof.platform);
                entry["annotations"] = json!({
                    "vnd.docker.reference.digest": of.digest,
                    "vnd.docker.reference.type": "attestation-manifest",
                });
                entries.push(entry);
                children.push(proof);
            }
        }
        for child in &children {
            self.repository.push_manifest(&child.digest, &child.media_type, &child.bytes).await;
        }
        let media_type = if is_oci { OCI_INDEX } else { DOCKER_LIST };
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries});
        made(media_type, &index, String::new(), Vec::new(), children)
    }

    /// An image whose blobs are pushed and whose manifest is not.
    async fn one(&self, platform: &str, is_oci: bool) -> Pushed {
        let tar = archive(&format!("{} for {platform}\n", self.text));
        let labels: serde_json::Map<String, Value> =
            self.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let mut config = json!({
            "created": "2026-01-02T03:04:05Z",
            "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [digest(&tar)]},
            "history": [{"created": "2026-01-02T03:04:05Z", "created_by": "COPY . . # of the test"}],
        });
        put_platform(&mut config, platform);
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&tar).unwrap();
        let (config_type, layer_type) = if is_oci {
            (
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.oci.image.layer.v1.tar+gzip",
            )
        } else {
            (
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
            )
        };
        let config = self.repository.push_blob(config_type, config.to_string().as_bytes()).await;
        let layer = self.repository.push_blob(layer_type, &packed.finish().unwrap()).await;
        let media_type = if is_oci { OCI_MANIFEST } else { DOCKER_MANIFEST };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": descriptor(&config),
            "layers": [descriptor(&layer)],
        });
        made(media_type, &manifest, platform.to_owned(), vec![config, layer], Vec::new())
    }

    /// What `BuildKit` says of how an image was made: a manifest for a platform that nobody has.
    async fn attestation(&self, of: &str) -> Pushed {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://slsa.dev/provenance/v0.2",
            "subject": [{"name": "of the test", "digest": {"sha256": of.replace("sha256:", "")}}],
            "predicate": {"builder": {"id": ""}},
        });
        let statement = statement.to_string();
        let layer_type = "application/vnd.in-toto+json";
        let layer = self.repository.push_blob(layer_type, statement.as_bytes()).await;
        let mut config = json!({
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(statement.as_bytes())]},
        });
        put_platform(&mut config, "unknown/unknown");
        let config_type = "application/vnd.oci.image.config.v1+json";
        let config = self.repository.push_blob(config_type, config.to_string().as_bytes()).await;
        let mut described = descriptor(&layer);
        described["annotations"] =
            json!({"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(&config),
            "layers": [described],
        });
        let platform = "unknown/unknown".to_owned();
        made(OCI_MANIFEST, &manifest, platform, vec![config, layer], Vec::new())
    }
}

fn made(
    media_type: &str,
    manifest: &Value,
    platform: String,
    blobs: Vec<Blob>,
    children: Vec<Pushed>,
) -> Pushed {
    // With line ends and blanks, as the tools push it: whoever reads and writes it again changes its digest.
    let bytes = serde_json::to_vec_pretty(manifest).unwrap();
    let (digest, size) = (digest(&bytes), bytes.len());
    Pushed { media_type: media_type.to_owned(), digest, size, bytes, platform, blobs, children }
}

fn descriptor(blob: &Blob) -> Value {
    json!({"mediaType": blob.media_type, "digest": blob.digest, "size": blob.size})
}

/// A line of an index.
fn entry(child: &Pushed, platform: &str) -> Value {
    let mut of = json!({});
    put_platform(&mut of, platform);
    json!({
        "mediaType": child.media_type, "digest": child.digest, "size": child.size, "platform": of,
    })
}

fn put_platform(into: &mut Value, platform: &str) {
    for (name, value) in ["os", "architecture", "variant"].iter().zip(platform.split('/')) {
        into[*name] = json!(value);
    }
}

/// A tar archive (ustar, POSIX.1-1988) with one file: docker can unpack it.
fn archive(text: &str) -> Vec<u8> {
    let mut head = [0_u8; 512];
    let size = format!("{:011o}", text.len());
    let fields: [(usize, &str); 8] = [
        (0, "file.txt"),
        (100, "0000644"),
        (108, "0000000"),
        (116, "0000000"),
        (124, &size),
        (136, "00000000000"),
        (148, "        0"),
        (257, "ustar\u{0}00"),
    ];
    for (place, value) in fields {
        head[place..place + value.len()].copy_from_slice(value.as_bytes());
    }
    // The sum is taken with blanks in its own place.
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut tar = head.to_vec();
    tar.extend(text.as_bytes());
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    tar
}
