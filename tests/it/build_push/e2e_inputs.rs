//! Inputs of `mode: build` that buildx is told, against the real engine.

use super::e2e_build::{SMALL, Shop, VERSION, points_to};
use crate::kit::registry::{Distribution, Repository, installed};
use crate::kit::stack::{IMAGE, docker};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_steps_are_given() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let dockerfile = format!(
        "FROM {IMAGE}\n\
         RUN --mount=type=secret,id=of_env --mount=type=secret,id=of_file cat /run/secrets/of_env /run/secrets/of_file | wc -c\n\
         RUN grep db.internal /etc/hosts && ulimit -n\n"
    );
    let files =
        [VERSION, ("Dockerfile", dockerfile.as_str()), ("keys/a,b", "of-a-file-of-the-test\n")];
    let shop = Shop::new(registry.host(), &files);
    let inputs = [
        ("secret-envs", "of_env=MTA_TEST_WORD"),
        ("secret-files", "of_file=keys/a,b"),
        ("add-hosts", "db.internal:10.1.0.5"),
        ("no-cache", "true"),
        ("buildx-args", "--label=of=buildx-args"),
        ("load", "true"),
    ];
    let env = [("MTA_TEST_WORD", "of-a-variable-of-the-test")];
    let ran = shop.build_with(&inputs, &env);
    assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}\n{}", ran.log, ran.summary);
    ran.says("47").says("10.1.0.5");
    for secret in ["of-a-variable-of-the-test", "of-a-file-of-the-test"] {
        assert!(!ran.log.contains(secret) && !ran.summary.contains(secret), "{}", ran.log);
    }
    assert!(shop.left().is_empty());
    let repository = Repository::new(&registry.url(), "acme/shop");
    assert_eq!(points_to(&repository, "uat-latest").await, ran.output("digest"));

    let missing = [("secret-envs", "a=MTA_TEST_NOT_THERE"), ("secret-files", "b=keys/none")];
    let ran = shop.build(&missing);
    assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{}", ran.log);
    ran.says("no variable MTA_TEST_NOT_THERE").says("no file keys/none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_instead_of_an_image_in_a_registry() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let shop = Shop::new(registry.host(), &[VERSION, SMALL]);
    let ran = shop.build(&[("push", "false"), ("outputs", "type=local,dest=out")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let made = fs_err::read_to_string(shop.place.scene().path("work/out/VERSION")).unwrap();
    assert_eq!(made, VERSION.1);
    let ran = shop.build(&[("outputs", "type=image,oci-mediatypes=true")]);
    assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}", ran.log);
}

/// Each with what to do about it; an engine that keeps images as a registry does can do all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_engines_own_builder_cannot_do_is_told() {
    if !docker() || !installed() || keeps_images_as_a_registry_does() {
        return;
    }
    let registry = Distribution::open().await;
    let shop = Shop::new(registry.host(), &[VERSION, SMALL]);
    for (inputs, words) in [
        (&[("annotations", "a=b")][..], "can do what is asked (`annotations`)"),
        (&[("sbom", "true")], "can do what is asked (`sbom`)"),
        (&[("attests", "type=sbom")], "can do what is asked (`attests`)"),
        (&[("push", "false"), ("outputs", "type=oci,dest=o.tar")], "makes only `type=docker`"),
        (&[("push", "false"), ("outputs", "a\nb")], "a BuildKit before 0.13 has one output"),
        (&[("allow", "security.insecure")], "the builder does not give what `allow` asks for"),
    ] {
        let ran = shop.build(inputs);
        assert_eq!((ran.code, ran.output("result")), (75, "unavailable"), "{words}: {}", ran.log);
        ran.says(words);
    }
    assert!(Repository::new(&registry.url(), "acme/shop").tags().await.is_empty());
}

fn keeps_images_as_a_registry_does() -> bool {
    crate::kit::stack::docker_out(&["info", "--format", "{{json .DriverStatus}}"])
        .contains("io.containerd.snapshotter")
}
