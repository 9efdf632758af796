//! Which builder is taken and where results are kept, by what `docker` is asked: no builder in a container can be had in
//! these tests, because its image cannot be pulled. The `docker` of these tests is a script that answers as Docker 20.10 and
//! buildx 0.13 do, and pushes nothing: the image is in the registry before.

use super::place::Place;
use crate::kit::registry::{
    Content, Distribution, Fault, FaultProxy, Repository, accept_all, digest, installed,
};
use crate::kit::scene::Ran;

/// What the script is told of the engine.
#[derive(Clone, Copy, Default)]
struct Engine {
    /// What `docker info` says of its storage.
    has_store: bool,
    /// Whether the image of a builder can be pulled.
    pulls: bool,
    /// Whether our own builder is there already.
    has_own: bool,
}

struct Fake {
    place: Place,
    image: String,
}

impl Fake {
    fn new(host: &str, engine: Engine) -> Self {
        let place =
            Place::new(&[("VERSION", "1.4.0\n"), ("Dockerfile", "FROM scratch\nCOPY VERSION /\n")]);
        let path = |name: &str| place.scene().path(name).display().to_string();
        let storage = if engine.has_store {
            r#"[["driver-type","io.containerd.snapshotter.v1"]]"#
        } else {
            "null"
        };
        let start = if engine.pulls {
            "exit 0"
        } else {
            "echo 'ERROR: Error response from daemon: no such host' >&2; exit 1"
        };
        let own =
            if engine.has_own { "exit 0" } else { "echo 'ERROR: no builder found' >&2; exit 1" };
        let script = format!(
            "#!/bin/sh\n\
             echo \"$@\" >> {log}\n\
             case \"$*\" in\n\
             'buildx version') echo github.com/docker/buildx 0.13.1 x;;\n\
             'buildx inspect --bootstrap '*) {start};;\n\
             'buildx inspect mta-'*) {own};;\n\
             'buildx inspect none') echo 'ERROR: no builder \"none\" found' >&2; exit 1;;\n\
             'buildx inspect'*) printf 'Name:   default\\nDriver: docker\\n\\nNodes:\\nName: default\\n';;\n\
             'buildx create '*) echo made;;\n\
             'buildx rm '*) ;;\n\
             'info '*) echo '{storage}';;\n\
             'buildx build '*/two:*) echo 'ERROR: of the test' >&2; exit 1;;\n\
             'buildx build '*) ;;\n\
             *) echo \"unknown: $*\" >&2; exit 64;;\n\
             esac\n",
            log = path("asked"),
        );
        place.scene().write("../bin/docker", &script);
        let file = place.scene().path("bin/docker");
        fs_err::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Self { place, image: format!("{host}/acme/shop") }
    }

    fn build(&self, more: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
        let own = [("mode", "build"), ("image", self.image.as_str()), ("environment", "uat")];
        let own = own.iter().filter(|(name, _)| more.iter().all(|(one, _)| one != name));
        let bin = self.place.scene().path("bin").display().to_string();
        let path = format!("{bin}:/usr/bin:/bin");
        let env: Vec<_> =
            [("PATH", path.as_str())].into_iter().chain(env.iter().copied()).collect();
        self.place.run_with(&own.chain(more).copied().collect::<Vec<_>>(), &env)
    }

    /// What `docker` was asked, with `HOST` for the registry.
    fn asked(&self) -> String {
        let text = fs_err::read_to_string(self.place.scene().path("asked")).unwrap_or_default();
        text.replace(&self.image, "IMAGE")
    }

    /// The arguments of the build that say something about a builder or a cache.
    fn of_cache(&self) -> Vec<String> {
        let asked = self.asked();
        let build = asked.lines().find(|line| line.starts_with("buildx build")).unwrap_or_default();
        let is_it = |word: &&str| word.starts_with("--cache") || word.starts_with("--builder");
        build.split(' ').filter(is_it).map(str::to_owned).collect()
    }
}

/// A registry that has an image of the commit, and of `latest`.
async fn registry() -> Distribution {
    let registry = Distribution::open().await;
    for tag in ["uat-0123456", "uat-latest"] {
        Content::oci_image(&registry.url(), "acme/shop").tag(tag).push().await;
    }
    registry
}

const HOSTED: [(&str, &str); 1] = [("RUNNER_ENVIRONMENT", "github-hosted")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_keeps_what_it_built_needs_no_other_builder() {
    if !installed() {
        return;
    }
    let registry = registry().await;
    let fake = Fake::new(registry.host(), Engine::default());
    let ran = fake.build(&[], &[]);
    assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}", ran.log);
    let inline = ["--cache-from=type=registry,ref=IMAGE:uat-latest", "--cache-to=type=inline"];
    assert_eq!(fake.of_cache(), inline);
    assert!(!fake.asked().contains("buildx create"), "{}", fake.asked());
    let off = Fake::new(registry.host(), Engine::default());
    assert_eq!(off.build(&[("cache", "off")], &HOSTED).code, 0);
    assert_eq!(off.of_cache(), [""; 0]);
    assert_eq!(
        off.asked().lines().count(),
        2,
        "nothing is asked that does not matter: {}",
        off.asked()
    );
    let told = Fake::new(registry.host(), Engine::default());
    let inputs =
        [("builder", "wide"), ("cache-from", "r.io/a:c"), ("cache-to", "type=s3,bucket=b")];
    assert_eq!(told.build(&inputs, &[]).code, 0);
    let as_told = ["--cache-from=r.io/a:c", "--cache-to=type=s3,bucket=b", "--builder=wide"];
    assert_eq!(told.of_cache(), as_told);
    let here = Fake::new(registry.host(), Engine::default());
    assert_eq!(here.build(&[("push", "false")], &HOSTED).code, 0);
    assert_eq!(
        here.of_cache(),
        ["--cache-from=type=registry,ref=IMAGE:uat-latest"],
        "nothing is written"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_begins_empty_gets_a_builder_of_ours_or_builds_without() {
    if !installed() {
        return;
    }
    let registry = registry().await;
    let own = [
        "--cache-to=type=registry,ref=IMAGE:buildcache-1.4.0-main,mode=max,image-manifest=true,oci-mediatypes=true,\
         ignore-error=true",
        "--builder=mta-org-shop",
    ];
    for has_own in [false, true] {
        let fake = Fake::new(registry.host(), Engine { pulls: true, has_own, ..Engine::default() });
        let ran = fake.build(&[], &HOSTED);
        assert_eq!(
            (ran.code, fake.of_cache().as_slice()),
            (0, own.map(str::to_owned).as_slice()),
            "{}",
            ran.log
        );
        let create = "buildx create --name mta-org-shop --driver docker-container --driver-opt network=host\n";
        assert_eq!(fake.asked().contains(create), !has_own, "{}", fake.asked());
        // The script has written none.
        ran.says("buildcache-1.4.0-main was not written");
    }
    let fake = Fake::new(registry.host(), Engine::default());
    let ran = fake.build(&[], &HOSTED);
    assert_eq!(
        (ran.code, fake.of_cache().last().map(String::as_str)),
        (0, Some("--cache-to=type=inline"))
    );
    ran.says(
        "the builder mta-org-shop could not be started: `docker buildx inspect --bootstrap mta-org-shop` failed: Error response from daemon: no such host",
    );
    let asked = fake.asked();
    assert!(
        asked.contains("buildx rm --force mta-org-shop\n"),
        "nothing half made is left: {asked}"
    );
    for (inputs, words) in [
        (("cache", "registry"), "can do what is asked (`cache: registry`)"),
        (("platforms", "linux/amd64, linux/arm64"), "can do what is asked (several `platforms`)"),
        (("provenance", "mode=max"), "can do what is asked (`provenance`)"),
    ] {
        let fake = Fake::new(registry.host(), Engine::default());
        let ran = fake.build(&[inputs], &[]);
        assert_eq!((ran.code, ran.output("tags")), (75, ""), "{}", ran.log);
        ran.says(words).says("let the engine pull moby/buildkit");
        assert!(!fake.asked().contains("buildx build"), "{}", fake.asked());
        // The one that is named has to do.
        let ran = fake.build(&[inputs, ("builder", "default")], &[]);
        assert_eq!(ran.code, 64, "{}", ran.log);
        ran.says("the builder default cannot do what is asked");
    }
    let ran = fake.build(&[("builder", "none"), ("cache", "registry")], &[]);
    assert_eq!(ran.code, 75, "{}", ran.log);
    ran.says("no builder \"none\" found").says("`docker buildx ls`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_general_names_of_a_cache_are_set_to_the_one_that_is_written() {
    if !installed() {
        return;
    }
    let registry = registry().await;
    let repository = Repository::new(&registry.url(), "acme/shop");
    for (tag, text) in [
        ("buildcache-1.4.0-main", "a cache"),
        ("buildcache-v1.4.0", "the version"),
        ("uat-v1.4.0", "the version"),
    ] {
        Content::oci_image(&registry.url(), "acme/shop").text(text).tag(tag).push().await;
    }
    let fake = Fake::new(registry.host(), Engine { has_store: true, ..Engine::default() });
    // That a cache is called as a version of a class is, promotes nothing.
    let ran = fake.build(&[("immutable", "promoted")], &[]);
    assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}", ran.log);
    assert_eq!(fake.of_cache()[0], "--cache-from=type=registry,ref=IMAGE:buildcache-1.4.0-main");
    assert_eq!(fake.of_cache().len(), 2, "only what is there is read: {:?}", fake.of_cache());
    let mut digests = Vec::new();
    for tag in ["buildcache-1.4.0-main", "buildcache-main", "buildcache", "uat-latest"] {
        let answer = repository.manifest(tag, &accept_all()).await;
        digests.push(digest(&answer.bytes().await.unwrap()));
    }
    assert!(digests[0] == digests[1] && digests[1] == digests[2], "{digests:?}");
    assert_ne!(digests[0], digests[3]);
    assert!(!ran.output("refs").contains("buildcache"), "{}", ran.output("refs"));
}

#[test]
fn githubs_cache_has_to_be_reachable() {
    let fake = Fake::new("127.0.0.1:9", Engine::default());
    let ran = fake.build(&[("cache", "gha")], &[]);
    assert_eq!((ran.code, fake.asked().as_str()), (64, ""), "{}", ran.log);
    ran.says("actions/github-script").says("cache: registry");
    for (inputs, words) in [
        (&[("cache", "local")][..], "needs `cache-folder`"),
        (&[("cache-folder", "x")], "is for `cache: local`"),
        (&[("cache", "off"), ("cache-from", "r.io/a:b")], "one of them says what is meant"),
        (&[("cache-to", "r.io/a:b")], "wants `type=...,name=value`"),
    ] {
        let ran = fake.build(inputs, &[]);
        assert_eq!((ran.code, fake.asked().as_str()), (64, ""), "{}", ran.log);
        ran.says(words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn githubs_cache_is_told_to_the_build_alone() {
    if !installed() {
        return;
    }
    let registry = registry().await;
    let fake = Fake::new(registry.host(), Engine { has_store: true, ..Engine::default() });
    let token = ("ACTIONS_RUNTIME_TOKEN", "word-of-the-runtime");
    let ran =
        fake.build(&[("cache", "gha")], &[token, ("ACTIONS_RESULTS_URL", "http://127.0.0.1:9/")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let line = |name: &str| format!("--cache-{name}=type=gha,scope=IMAGE");
    assert_eq!(
        fake.of_cache(),
        [line("from"), format!("{},mode=max,ignore-error=true", line("to"))]
    );
    let shown: Vec<&str> =
        ran.log.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    assert!(!shown.join("\n").contains(token.1) && !fake.asked().contains(token.1), "{}", ran.log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pushed_and_could_not_be_read_back_is_no_unchanged_registry() {
    if !installed() {
        return;
    }
    let registry = registry().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    proxy.always("GET /v2/acme/shop/manifests/", Fault::error(403, "DENIED"));
    let fake = Fake::new(proxy.url().strip_prefix("http://").unwrap(), Engine::default());
    let ran = fake.build(&[], &[]);
    assert_eq!((ran.code, ran.output("result")), (4, "needs-person"), "{}", ran.log);
    assert_eq!(ran.output("refs"), format!("{}:uat-0123456", fake.image));
    assert_eq!(ran.output("digest"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_images_one_that_fails_leaves_no_other_untold() {
    if !installed() {
        return;
    }
    let registry = registry().await;
    let fake = Fake::new(registry.host(), Engine::default());
    let images = ["shop", "two", "three"].map(|name| format!("{}/acme/{name}", registry.host()));
    let ran = fake.build(&[("image", &images.join("\n"))], &[]);
    assert_eq!((ran.code, ran.output("result")), (4, "needs-person"), "{}", ran.log);
    let refs = ran.output("refs");
    assert!(
        refs.lines().count() == 3 && refs.lines().all(|one| one.starts_with(&images[0])),
        "{refs}"
    );
    let three = ran.summary.split(&format!("#### {}", images[2])).nth(1).expect("it is told");
    assert!(three.contains("Not built."), "{}", ran.summary);
    assert!(ran.summary.contains("of the test\n\nWhat to do: "), "{}", ran.summary);
    // Alone it has changed nothing.
    let ran = fake.build(&[("image", &images[1])], &[]);
    assert_eq!((ran.code, ran.output("result")), (1, "failed"), "{}", ran.log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rerun_sets_no_tag_that_is_right_already() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let all = ["uat-0123456", "uat-v1.4.0", "uat-latest"];
    let image = Content::oci_image(&registry.url(), "acme/shop");
    all.iter().fold(image, |image, tag| image.tag(tag)).push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let fake = Fake::new(proxy.url().strip_prefix("http://").unwrap(), Engine::default());
    let ran = fake.build(&[("immutable", "error")], &[]);
    assert_eq!((ran.code, ran.output("refs").lines().count()), (0, 3), "{}", ran.log);
    assert!(!proxy.lines().iter().any(|line| line.starts_with("PUT")), "{:?}", proxy.lines());
    assert!(!fake.asked().contains("buildx build"), "{}", fake.asked());
    // A build sets all, wherever they are.
    let ran = fake.build(&[("immutable", "overwrite")], &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert_eq!(proxy.lines().iter().filter(|line| line.starts_with("PUT")).count(), 2);
}
