//! `mode: build` against an engine that keeps several platforms and what attests an image: Docker 26 with containerd's
//! image store. The servers run beside the test, which waits for `mta`: so each has two threads.

use serde_json::Value;

use super::place::{Place, SHA, plugins, tags, whole};
use crate::kit::engine26::Engine26;
use crate::kit::registry::{Distribution, OCI_INDEX, Repository, accept_all, installed};
use crate::kit::scene::Ran;

/// An image of one file, for any platform.
const FILES: [(&str, &str); 2] = [
    ("VERSION", "1.4.0\n"),
    ("Dockerfile", "FROM scratch\nARG GIT_COMMIT\nLABEL commit=$GIT_COMMIT\nCOPY VERSION /\n"),
];

const BOTH: (&str, &str) = ("platforms", "linux/amd64, linux/arm64");

/// A checkout, an engine that builds it, and a registry that keeps what comes of it.
struct Shop {
    engine: Engine26,
    registry: Distribution,
    place: Place,
    image: String,
}

impl Shop {
    /// `None` where this machine has no such engine or no registry.
    async fn open() -> Option<Self> {
        if !installed() {
            return None;
        }
        let engine = Engine26::start()?;
        let registry = Distribution::open().await;
        let image = format!("{}/acme/shop", registry.host());
        Some(Self { engine, registry, place: Place::new(&FILES), image })
    }

    fn repository(&self) -> Repository {
        Repository::new(&self.registry.url(), "acme/shop")
    }

    /// Builds a commit for an environment.
    fn build(&self, sha: &str, more: &[(&str, &str)]) -> Ran {
        let own = [("image", self.image.as_str()), ("environment", "uat")];
        let mut command = self.place.command(&own.iter().chain(more).copied().collect::<Vec<_>>());
        command.env("GITHUB_SHA", sha).env("DOCKER_HOST", self.engine.host()).envs(plugins());
        self.place.scene().ran(&command.output().unwrap())
    }

    /// Looks at an image.
    fn exists(&self, tag: &str) -> Ran {
        let reference = format!("{}:{tag}", self.image);
        self.place.run(&[("mode", "exists"), ("ref", &reference), ("details", "true")])
    }
}

/// What an index lists, `PLATFORM` or `attestation of PLATFORM`, and the media type.
async fn listed(repository: &Repository, tag: &str) -> (String, Vec<String>) {
    let answer = repository.manifest(tag, &accept_all()).await;
    let media_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    let index: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let children = index["manifests"].as_array().cloned().unwrap_or_default();
    let platform = |child: &Value| {
        let part = |name: &str| child["platform"][name].as_str().unwrap().to_owned();
        format!("{}/{}", part("os"), part("architecture"))
    };
    let named = |child: &Value| {
        let of = &child["annotations"]["vnd.docker.reference.digest"];
        match children.iter().find(|one| one["digest"] == *of) {
            Some(image) => format!("attestation of {}", platform(image)),
            None => platform(child),
        }
    };
    (media_type, children.iter().map(named).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_platforms_are_one_index_under_all_tags() {
    let Some(shop) = Shop::open().await else { return };
    let repository = shop.repository();
    let ran = shop.build(SHA, &[BOTH]);
    assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}\n{}", ran.log, ran.summary);
    assert_eq!(tags(&ran), ["uat-latest", "uat-v1.4.0", "uat-0123456"]);
    assert_eq!(ran.output("size"), "", "of which platform?");
    assert_eq!(ran.output("ref"), format!("{}@{}", shop.image, ran.output("digest")));
    for tag in ["uat-latest", "uat-v1.4.0", "uat-0123456"] {
        assert_eq!(whole(&repository, tag).await, ran.output("digest"), "{tag}");
    }
    let all = ["linux/amd64", "linux/arm64"];
    let attested = all.map(|platform| format!("attestation of {platform}"));
    let everything = all.map(str::to_owned).into_iter().chain(attested).collect::<Vec<_>>();
    assert_eq!(listed(&repository, "uat-latest").await, (OCI_INDEX.to_owned(), everything.clone()));
    let looked = shop.exists("uat-v1.4.0");
    assert_eq!(
        (looked.output("digest"), looked.output("media-type"), looked.output("platforms")),
        (ran.output("digest"), OCI_INDEX, "linux/amd64,linux/arm64"),
        "{}",
        looked.log
    );
    let size: u64 = looked.output("size").parse().unwrap();
    assert!((100..10_000).contains(&size), "of one platform: {size}");

    // The same commit: nothing is built. Another: its tags move, and what they stood on stays whole.
    let again = shop.build(SHA, &[BOTH, ("immutable", "error")]);
    again.says("nothing was built");
    assert_eq!((again.code, again.output("digest")), (0, ran.output("digest")), "{}", again.log);
    let other = shop.build(&SHA.replace('0', "a"), &[BOTH]);
    assert_eq!(other.code, 0, "{}", other.log);
    assert_ne!(other.output("digest"), ran.output("digest"));
    assert_eq!(whole(&repository, "uat-latest").await, other.output("digest"));
    assert_eq!(whole(&repository, "uat-0123456").await, ran.output("digest"));
    assert_eq!(listed(&repository, "uat-0123456").await.1, everything);

    let plain = shop.build(&SHA.replace('0', "b"), &[BOTH, ("provenance", "false")]);
    assert_eq!(plain.code, 0, "{}", plain.log);
    let (_, platforms) = listed(&repository, "uat-latest").await;
    assert_eq!(platforms, all);
    assert_eq!(whole(&repository, "uat-latest").await, plain.output("digest"));
}

/// By default what attests an image makes an index of one, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_platform_with_what_attests_it_and_without() {
    let Some(shop) = Shop::open().await else { return };
    let repository = shop.repository();
    let ran = shop.build(SHA, &[]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.log, ran.summary);
    let (media_type, children) = listed(&repository, "uat-v1.4.0").await;
    assert_eq!((media_type.as_str(), children.len()), (OCI_INDEX, 2), "{children:?}");
    assert_eq!(children[1], format!("attestation of {}", children[0]));
    assert_eq!(whole(&repository, "uat-latest").await, ran.output("digest"));
    let looked = shop.exists("uat-latest");
    assert_eq!(looked.output("platforms"), children[0]);
    assert_eq!((looked.output("size"), ran.output("size").is_empty()), (ran.output("size"), false));

    let notes = ("annotations", "labels\nx.y=labels");
    let plain = shop.build(&SHA.replace('0', "a"), &[("provenance", "false"), notes]);
    assert_eq!(plain.code, 0, "{}\n{}", plain.log, plain.summary);
    let before = format!("Against `{}:uat-latest` before: ", shop.image);
    assert!(plain.summary.contains(&before), "{}", plain.summary);
    let manifest = repository.manifest("uat-latest", &accept_all()).await;
    let manifest: Value = serde_json::from_slice(&manifest.bytes().await.unwrap()).unwrap();
    let told = |name: &str| manifest["annotations"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(told("org.opencontainers.image.version"), "1.4.0", "{manifest}");
    assert_eq!(told("x.y"), "labels", "{manifest}");
    let (media_type, children) = listed(&repository, "uat-v1.4.0").await;
    assert!(media_type != OCI_INDEX && children.is_empty(), "{media_type}: {children:?}");
    assert_eq!(whole(&repository, "uat-latest").await, plain.output("digest"));
    assert_eq!(shop.exists("uat-latest").output("size"), plain.output("size"));

    let built = shop.build(&SHA.replace('0', "b"), &[BOTH, ("push", "false")]);
    assert_eq!((built.code, built.output("digest")), (0, ""), "{}\n{}", built.log, built.summary);
    built.says("and not pushed");
    assert_eq!(whole(&repository, "uat-latest").await, plain.output("digest"));
}
