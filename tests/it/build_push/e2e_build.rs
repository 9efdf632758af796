//! `mode: build` against the real engine and a real registry. The servers run beside the test, which waits for `mta`: so
//! each has two threads.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::place::{Place, SHA, plugins, tags};
use crate::kit::registry::{
    Answer, Content, Distribution, Fault, FaultProxy, PASSWORD, Repository, accept_all, digest,
    installed,
};
use crate::kit::scene::Ran;
use crate::kit::stack::{IMAGE, docker, docker_out};

/// The version of what is built.
pub const VERSION: (&str, &str) = ("VERSION", "1.4.0\n");

/// An image of one file: it needs no other image.
pub const SMALL: (&str, &str) =
    ("Dockerfile", "FROM scratch\nARG GIT_COMMIT\nLABEL commit=$GIT_COMMIT\nCOPY VERSION /\n");

/// What a registry at `HOST:PORT` is asked to keep.
pub struct Shop {
    pub place: Place,
    pub image: String,
    /// What its images have and no other test's.
    label: String,
}

impl Shop {
    pub fn new(host: &str, files: &[(&str, &str)]) -> Self {
        let label = format!("mta.test={host}");
        Self { place: Place::new(files), image: format!("{host}/acme/shop"), label }
    }

    pub fn build(&self, more: &[(&str, &str)]) -> Ran {
        self.build_at(SHA, more)
    }

    /// Builds a commit.
    fn build_at(&self, sha: &str, more: &[(&str, &str)]) -> Ran {
        self.build_with(more, &[("GITHUB_SHA", sha)])
    }

    /// Builds with more variables of the job.
    pub fn build_with(&self, more: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
        let mut command = self.place.command(&self.inputs(more));
        let command = command.envs(plugins()).envs(env.iter().copied());
        self.place.scene().ran(&command.output().unwrap())
    }

    pub fn inputs<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = [("image", self.image.as_str()), ("environment", "uat"), ("labels", &self.label)];
        own.iter().chain(more).copied().collect()
    }

    /// What is left in the folder for temporary files.
    pub fn left(&self) -> Vec<String> {
        let entries = fs_err::read_dir(self.place.scene().path("temp")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("mta-docker")).collect()
    }
}

/// Builds that follow one another leave images without a name.
impl Drop for Shop {
    fn drop(&mut self) {
        let label = format!("label={}", self.label);
        for id in docker_out(&["images", "--quiet", "--no-trunc", "--filter", &label]).lines() {
            docker_out(&["rmi", "--force", id]);
        }
    }
}

/// The digest that a tag points to.
pub async fn points_to(repository: &Repository, tag: &str) -> String {
    let answer = repository.manifest(tag, &accept_all()).await;
    assert_eq!(answer.status(), 200, "{tag}");
    digest(&answer.bytes().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_step_from_source_to_an_image_with_all_its_tags() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let dockerfile = format!(
        "FROM {IMAGE} AS first\nARG VERSION\nRUN --mount=type=secret,id=tok echo \"of $VERSION\"; wc -c < /run/secrets/tok\n\
         FROM first\nCOPY VERSION /x\n"
    );
    let shop = Shop::new(registry.host(), &[VERSION, ("Dockerfile", &dockerfile)]);
    let login =
        [("username", "ada"), ("password", PASSWORD), ("secrets", "tok=a-secret-of-the-build")];
    let ran = shop.build(&login);
    assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}\n{}", ran.log, ran.summary);
    assert_eq!(tags(&ran), ["uat-latest", "uat-v1.4.0", "uat-0123456"]);
    let refs: Vec<&str> =
        ran.output("refs").lines().map(|one| one.rsplit(':').next().unwrap()).collect();
    assert_eq!(refs, ["uat-0123456", "uat-v1.4.0", "uat-latest"], "what moves is set last");
    assert_eq!(ran.output("ref"), format!("{}@{}", shop.image, ran.output("digest")));
    let basic = format!("Basic {}", base64(&format!("ada:{PASSWORD}")));
    let repository = Repository::new(&registry.url(), "acme/shop").authorized(&basic);
    for tag in ["uat-latest", "uat-v1.4.0", "uat-0123456"] {
        assert_eq!(points_to(&repository, tag).await, ran.output("digest"));
    }
    // Groups of stages, and what the steps said in them.
    for words in ["build stage first", "of 1.4.0", "docker pull", "Built in"] {
        ran.says(words);
    }
    let json: Value = serde_json::from_str(ran.output("json")).unwrap();
    assert_eq!(
        (json[0]["steps"].as_u64(), json[0]["built"].as_bool()),
        (Some(2), Some(true)),
        "{json}"
    );
    let config = docker_out(&[
        "inspect",
        "--format",
        "{{json .Config.Labels}}",
        &format!("{}:uat-0123456", shop.image),
    ]);
    let labels: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(labels["org.opencontainers.image.revision"], SHA);
    assert_eq!(labels["org.opencontainers.image.version"], "1.4.0");
    // Nothing of what is secret is left or was shown.
    assert!(shop.left().is_empty(), "{:?}", shop.left());
    let shown: Vec<&str> =
        ran.log.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    for secret in [PASSWORD, "a-secret-of-the-build", basic.as_str()] {
        assert!(
            !shown.iter().any(|line| line.contains(secret)) && !ran.summary.contains(secret),
            "{}",
            ran.log
        );
    }
    let own = std::env::var_os("DOCKER_CONFIG").map(std::path::PathBuf::from);
    let own =
        own.map(|folder| fs_err::read_to_string(folder.join("config.json")).unwrap_or_default());
    assert!(
        !own.unwrap_or_default().contains(registry.host()),
        "the user's own configuration stays"
    );

    let wrong = [("username", "ada"), ("password", "not-the-password")];
    let ran = shop.build(&wrong);
    assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{}", ran.log);
    assert!(
        !ran.log.contains("build stage"),
        "a login that is wrong is found out before anything is built"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_registry_refuses_for_a_while_is_tried_again_and_not_built_again() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let shop = Shop::new(proxy.url().strip_prefix("http://").unwrap(), &[VERSION, SMALL]);
    let limited = Answer::error(429, "TOOMANYREQUESTS", "x").with("Retry-After", 1);
    for (tag, fault) in [
        ("uat-v1.4.0", Fault::Answer(limited)),
        ("uat-v1.4.0", Fault::error(503, "UNAVAILABLE")),
        ("uat-latest", Fault::LoseRequest),
        ("uat-latest", Fault::LoseAnswer),
    ] {
        proxy.once(&format!("PUT /v2/acme/shop/manifests/{tag}"), fault);
    }
    let ran = shop.build(&[]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.log, ran.summary);
    let puts = |tag: &str| {
        let line = format!("PUT /v2/acme/shop/manifests/{tag}");
        proxy.lines().iter().filter(|one| **one == line).count()
    };
    assert_eq!((puts("uat-0123456"), puts("uat-v1.4.0"), puts("uat-latest")), (1, 3, 3));
    let repository = Repository::new(&registry.url(), "acme/shop");
    for tag in ["uat-latest", "uat-v1.4.0", "uat-0123456"] {
        assert_eq!(points_to(&repository, tag).await, ran.output("digest"));
    }

    // The push itself too; what is built is not built again.
    proxy.heal();
    proxy.once("PUT /v2/acme/shop/manifests/uat-0123456", Fault::error(503, "UNAVAILABLE"));
    let ran = shop.build(&[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    ran.says("once more in 2 s");

    // One that stays keeps the rest from being told as done.
    proxy.heal();
    proxy.always("PUT /v2/acme/shop/manifests/uat-v1.4.0", Fault::error(403, "DENIED"));
    let ran = shop.build(&[]);
    assert_eq!(ran.output("result"), "needs-person", "{}", ran.log);
    ran.says("not allowed to write");
    let names = |name: &str| {
        ran.output(name)
            .lines()
            .map(|one| one.rsplit(':').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (names("refs"), names("tags")),
        (vec!["uat-0123456".to_owned()], vec!["uat-0123456".to_owned()])
    );
    assert_ne!(points_to(&repository, "uat-latest").await, ran.output("digest"), "it did not move");

    // Registries forbid to read what does not exist: that keeps no image from its first push.
    proxy.heal();
    proxy.once("GET /v2/acme/shop/tags/list", Fault::error(403, "DENIED"));
    let ran = shop.build(&[("username", "ada"), ("password", "of-nobody-here")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
}

/// A release of a higher version ends while tags are set: what it has moved stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_release_moves_meanwhile_stays() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let place = Place::new(&[VERSION, SMALL]);
    let image = format!("{}/acme/shop", proxy.url().strip_prefix("http://").unwrap());
    let inputs = [("image", image.as_str()), ("tags", "{{sha}}\n{{version}}\nlatest")];
    let at = "PUT /v2/acme/shop/manifests/1.4.0";
    let limited = Answer::error(429, "TOOMANYREQUESTS", "x").with("Retry-After", 4);
    proxy.once(at, Fault::Answer(limited));
    let mut command = place.command(&inputs);
    command.envs(plugins()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while !proxy.lines().iter().any(|line| line.starts_with(at)) {
        assert!(Instant::now() < until, "{at} never came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // It waits four seconds for another attempt.
    let content = Content::image(&registry.url(), "acme/shop").text("higher");
    let higher = content.tag("2.0.0").tag("latest").push().await.digest;
    let ran = place.scene().ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}", ran.log);
    let repository = Repository::new(&registry.url(), "acme/shop");
    assert_eq!(points_to(&repository, "latest").await, higher, "{}", ran.log);
    assert_eq!(points_to(&repository, "1.4.0").await, ran.output("digest"));
    assert_eq!(ran.output("kept"), format!("{image}:latest"));
    assert!(ran.summary.contains("it stands on 2.0.0, which is higher"), "{}", ran.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_request_every_tag_points_to_a_whole_image() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let shop = Shop::new(proxy.url().strip_prefix("http://").unwrap(), &[VERSION, SMALL]);
    let repository = Repository::new(&registry.url(), "acme/shop");
    for at in [
        "PUT /v2/acme/shop/manifests/uat-0123456",
        "GET /v2/acme/shop/manifests/uat-0123456",
        "PUT /v2/acme/shop/manifests/uat-v1.4.0",
        "PUT /v2/acme/shop/manifests/uat-latest",
    ] {
        proxy.heal();
        proxy.always(at, Fault::Silence);
        let inputs = shop.inputs(&[("secrets", "tok=a-secret-of-the-build")]);
        let mut command = shop.place.command(&inputs);
        let mut child =
            command.envs(plugins()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_mins(1);
        while !proxy.lines().iter().any(|line| line.starts_with(at)) {
            assert!(
                Instant::now() < until && child.try_wait().unwrap().is_none(),
                "{at} never came"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for tag in repository.tags().await {
            points_to(&repository, &tag).await;
        }
        assert_eq!(shop.left().len(), 1, "a killed run leaves its folder");
        proxy.heal();
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let ran = shop.build(&[]);
            assert_eq!(ran.code, 0, "after {at}: {}\n{}", ran.log, ran.summary);
            assert_eq!(points_to(&repository, "uat-latest").await, ran.output("digest"));
            // The guard of a build that was killed holds the folder until the build has ended.
            if shop.left().is_empty() {
                break;
            }
            assert!(Instant::now() < until, "the next run removes it: {:?}", shop.left());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_moves_until_it_was_promoted() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let shop = Shop::new(registry.host(), &[VERSION, SMALL]);
    let repository = Repository::new(&registry.url(), "acme/shop");
    let other = SHA.replace('0', "a");
    let first = shop.build(&[]);
    let second = shop.build_at(&other, &[]);
    assert_eq!((first.code, second.code), (0, 0), "{}\n{}", first.log, second.log);
    assert_ne!(first.output("digest"), second.output("digest"));
    assert!(!first.summary.contains("Against"), "{}", first.summary);
    let same = format!("Against `{}:uat-latest` before: 0 of 1 layer new, 0 B to pull", shop.image);
    assert!(second.summary.contains(&same), "{}", second.summary);
    assert_eq!(points_to(&repository, "uat-v1.4.0").await, second.output("digest"), "it moves");

    let manifest = repository.manifest("uat-v1.4.0", &accept_all()).await;
    let media_type = manifest.headers()["content-type"].to_str().unwrap().to_owned();
    repository.push_manifest("prod-v1.4.0", &media_type, &manifest.bytes().await.unwrap()).await;
    let third = shop.build(&[]);
    assert_eq!((third.code, third.output("result")), (64, "bad-input"), "{}", third.log);
    third.says("acme/shop:prod-v1.4.0 too: it was promoted").says("raise the version in VERSION:1");
    third.says("file=VERSION,line=1");
    assert!(!third.log.contains("build stage") && !third.log.contains("building "));
    assert_eq!(points_to(&repository, "uat-0123456").await, first.output("digest"));

    let again = shop.build_at(&other, &[]);
    assert_eq!(again.code, 0, "{}", again.log);
    again.says("nothing was built").says("has the image of this commit");
    assert_eq!(again.output("digest"), second.output("digest"));

    // A run that was killed may have set some of its tags: the next one sets the rest.
    let manifest = repository.manifest("uat-0123456", &accept_all()).await;
    repository.push_manifest("uat-latest", &media_type, &manifest.bytes().await.unwrap()).await;
    let again = shop.build_at(&other, &[]);
    again.says("nothing was built");
    assert_eq!((again.code, again.output("digest")), (0, second.output("digest")), "{}", again.log);
    assert_eq!(points_to(&repository, "uat-latest").await, second.output("digest"));

    assert!(!again.summary.contains("Against"), "{}", again.summary);
    shop.place.scene().write("Dockerfile", &format!("{}COPY Dockerfile /\n", SMALL.1));
    let forced = shop.build(&[("immutable", "overwrite")]);
    assert_eq!(forced.code, 0, "{}", forced.log);
    assert!(forced.summary.contains("1 of 2 layers new"), "{}", forced.summary);
    assert!(forced.summary.contains("| `COPY Dockerfile /` |"), "{}", forced.summary);
    let json: Value = serde_json::from_str(forced.output("json")).unwrap();
    assert_eq!(json[0]["difference"]["new-layers"], 1, "{json}");
    assert_eq!(points_to(&repository, "uat-v1.4.0").await, forced.output("digest"));
    assert_eq!(points_to(&repository, "prod-v1.4.0").await, second.output("digest"));
    assert_eq!(shop.build(&[("immutable", "error")]).code, 0, "the same commit");
    let skipped = shop.build_at(&other, &[("immutable", "skip")]);
    skipped.says("nothing was built");
    assert_eq!((skipped.code, skipped.output("digest")), (0, forced.output("digest")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_built_is_told_with_its_line_and_moves_nothing() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let failing = format!("FROM {IMAGE}\nRUN echo '::error::of the build'; exit 3\n");
    for (dockerfile, inputs, code, words) in [
        (failing.as_str(), &[][..], 1, "exit code: 3"),
        ("FROM scratch\nCOPY absent /\n", &[], 64, "names what is not in `context`"),
        ("FROM scratch\nCOPI VERSION /\n", &[], 64, "line of the Dockerfile"),
        (SMALL.1, &[("target", "runtime")], 64, "name of a stage"),
        (SMALL.1, &[("file", "docker/Dockerfile")], 64, "no Dockerfile"),
        (SMALL.1, &[("context", "../other")], 64, "leads out of the repository"),
        (SMALL.1, &[("platforms", "linux/amd64, linux/arm64")], 75, "buildx create"),
    ] {
        let shop = Shop::new(registry.host(), &[VERSION, ("Dockerfile", dockerfile)]);
        let ran = shop.build(inputs);
        assert_eq!(ran.code, code, "{words}: {}\n{}", ran.log, ran.summary);
        ran.says(words);
        assert!(
            !ran.log.lines().any(|line| line.starts_with("::error::of the build")),
            "{}",
            ran.log
        );
        assert!(shop.left().is_empty());
    }
    let file = ("docker/uat", "FROM scratch\nCOPI VERSION /\n");
    let shop = Shop::new(registry.host(), &[VERSION, file]);
    shop.build(&[("file", "docker/uat")]).says("file=docker/uat,line=2");
    let repository = Repository::new(&registry.url(), "acme/shop");
    assert!(repository.tags().await.is_empty());
}

/// No tag of a commit: the version itself is what is pushed, and its own push does not hold it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_never_moves_is_set_once() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let shop = Shop::new(registry.host(), &[VERSION, SMALL]);
    let wishes = [("tags", "{{version}}\nlatest"), ("immutable", "error")];
    let ran = shop.build(&wishes);
    assert_eq!(
        (ran.code, tags(&ran)),
        (0, vec!["1.4.0".to_owned(), "latest".to_owned()]),
        "{}",
        ran.log
    );
    let ran = shop.build_at(&SHA.replace('0', "a"), &wishes);
    assert_eq!(ran.code, 64, "{}", ran.log);
    ran.says("1.4.0 is there already");
}

/// What is secret goes with a run that is cancelled, wherever it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_at_any_request_it_leaves_no_secret_and_tells_what_is_set() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let shop = Shop::new(proxy.url().strip_prefix("http://").unwrap(), &[VERSION, SMALL]);
    for (at, result, set) in [
        ("GET /v2/acme/shop/tags/list", "unavailable", ""),
        ("PUT /v2/acme/shop/manifests/uat-0123456", "unavailable", ""),
        ("PUT /v2/acme/shop/manifests/uat-latest", "needs-person", "uat-v1.4.0"),
    ] {
        proxy.heal();
        proxy.always(at, Fault::Silence);
        let login =
            [("username", "ada"), ("password", PASSWORD), ("secrets", "tok=a-secret-of-the-build")];
        let mut command = shop.place.command(&shop.inputs(&login));
        let child =
            command.envs(plugins()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let until = Instant::now() + Duration::from_mins(1);
        while !proxy.lines().iter().any(|line| line.starts_with(at)) {
            assert!(Instant::now() < until, "{at} never came");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let begun = Instant::now();
        interrupt(child.id());
        let output = child.wait_with_output().unwrap();
        assert!(
            begun.elapsed() < Duration::from_secs(7),
            "the runner gives 7.5 s: {:?}",
            begun.elapsed()
        );
        let ran = shop.place.scene().ran(&output);
        assert_eq!(ran.output("result"), result, "{at}: {}\n{}", ran.log, ran.summary);
        ran.says("the run was cancelled");
        let last = ran.output("refs").rsplit(':').next().unwrap_or_default();
        assert_eq!(last, set, "{at}");
        assert!(shop.left().is_empty(), "{at}: {:?}", shop.left());
    }
}

/// Interrupts a process as the runner does.
pub fn interrupt(pid: u32) {
    let done =
        std::process::Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap();
    assert!(done.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_images_in_one_step_and_one_that_is_not_pushed() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let files = [
        ("api/VERSION", "2.0.0\n"),
        ("api/Dockerfile", "FROM scratch\nCOPY VERSION /\n"),
        ("web/package.json", "{\"version\": \"3.1.0\"}"),
        ("web/Dockerfile.uat", "FROM scratch AS web\nCOPY package.json /\n"),
    ];
    let shop = Shop::new(registry.host(), &files);
    let list = format!(
        "- image: {0}/acme/api\n  context: api\n- image: {0}/acme/web\n  context: web\n  file: web/Dockerfile.uat\n  target: web\n",
        registry.host()
    );
    let inputs = [("images", list.as_str()), ("environment", "uat"), ("labels", &shop.label)];
    let run = |more: &[(&str, &str)]| {
        let inputs: Vec<_> = inputs.iter().chain(more).copied().collect();
        let mut command = shop.place.command(&inputs);
        shop.place.scene().ran(&command.envs(plugins()).output().unwrap())
    };
    let ran = run(&[("push", "false")]);
    assert_eq!((ran.code, ran.output("digest"), ran.output("refs")), (0, "", ""), "{}", ran.log);
    ran.says("and not pushed");
    let ran = run(&[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    for (name, tag) in [("acme/api", "uat-v2.0.0"), ("acme/web", "uat-v3.1.0")] {
        points_to(&Repository::new(&registry.url(), name), tag).await;
    }
}

pub fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}
