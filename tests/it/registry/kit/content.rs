//! The real program, and what is pushed into it.

use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::Value;

use crate::kit::process;
use crate::kit::registry::{
    Content, DOCKER_LIST, DOCKER_MANIFEST, Distribution, OCI_INDEX, OCI_MANIFEST, PASSWORD, Pushed,
    Repository, accept_all, digest, installed,
};

const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// Status, media type and digest of a manifest.
async fn head(repository: &Repository, reference: &str, accept: &str) -> (u16, String, String) {
    let answer = repository.manifest(reference, accept).await;
    let text = |name: &str| {
        let value = answer.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    (answer.status().as_u16(), text("content-type"), text("docker-content-digest"))
}

fn is(pushed: &Pushed) -> (u16, String, String) {
    (200, pushed.media_type.clone(), pushed.digest.clone())
}

#[tokio::test]
async fn what_is_pushed_is_there_as_it_was_pushed() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let url = registry.url();
    let repository = Repository::new(&url, "acme/shop");
    let made = [
        (Content::image(&url, "acme/shop"), DOCKER_MANIFEST, 0),
        (Content::list(&url, "acme/shop"), DOCKER_LIST, 2),
        (Content::oci_image(&url, "acme/shop"), OCI_MANIFEST, 0),
        (Content::oci_index(&url, "acme/shop"), OCI_INDEX, 4),
    ];
    for (content, media_type, children) in made {
        let pushed = content.tag("v1").tag("latest").push().await;
        assert_eq!((&*pushed.media_type, pushed.children.len()), (media_type, children));
        assert_eq!(pushed.size, pushed.bytes.len());
        for reference in ["v1", "latest", &pushed.digest] {
            assert_eq!(head(&repository, reference, &accept_all()).await, is(&pushed));
        }
        let answer = repository.manifest("v1", &accept_all()).await;
        assert_eq!(answer.bytes().await.unwrap(), pushed.bytes);
        for child in &pushed.children {
            assert_eq!(head(&repository, &child.digest, &accept_all()).await, is(child));
        }
    }
    let mut tags = repository.tags().await;
    tags.sort();
    assert_eq!(tags, ["latest", "v1"]);
}

#[tokio::test]
async fn an_index_says_platforms_and_attestations_and_an_image_its_labels() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let url = registry.url();
    let index = Content::oci_index(&url, "a/b").push().await;
    let json: Value = serde_json::from_slice(&index.bytes).unwrap();
    let entries = json["manifests"].as_array().unwrap();
    let platforms: Vec<String> = entries.iter().map(|e| e["platform"].to_string()).collect();
    assert_eq!(platforms[0], r#"{"os":"linux","architecture":"amd64"}"#);
    assert_eq!(platforms[1], r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#);
    for (place, of) in [(2, 0), (3, 1)] {
        assert_eq!(platforms[place], r#"{"os":"unknown","architecture":"unknown"}"#);
        let notes = &entries[place]["annotations"];
        assert_eq!(notes["vnd.docker.reference.type"], "attestation-manifest");
        assert_eq!(notes["vnd.docker.reference.digest"], index.children[of].digest);
    }
    let content = Content::image(&url, "a/b").platform("linux/arm/v7").label("version", "1.2");
    let image = content.text("another").push().await;
    let blob = format!("blobs/{}", image.blobs[0].digest);
    let config = Repository::new(&url, "a/b").request(Method::GET, &blob).send().await.unwrap();
    let bytes = config.bytes().await.unwrap();
    assert_eq!((digest(&bytes), bytes.len()), (image.blobs[0].digest.clone(), image.blobs[0].size));
    let config: Value = serde_json::from_slice(&bytes).unwrap();
    let told = ["os", "architecture", "variant"].map(|name| config[name].as_str().unwrap());
    assert_eq!(told, ["linux", "arm", "v7"]);
    assert_eq!(config["config"]["Labels"]["version"], "1.2");
    let plain = Content::image(&url, "a/b").push().await;
    assert_ne!(plain.digest, image.digest);
    assert_eq!(plain.digest, Content::image(&url, "a/b").push().await.digest);
}

#[tokio::test]
async fn what_does_not_say_all_it_takes_gets_something_else() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let repository = Repository::new(&registry.url(), "acme/shop");
    let list = Content::list(&registry.url(), "acme/shop").tag("list").push().await;
    let index = Content::oci_index(&registry.url(), "acme/shop").tag("index").push().await;
    assert_eq!(head(&repository, "list", &accept_all()).await, is(&list));
    assert_eq!(head(&repository, "index", &accept_all()).await, is(&index));
    assert_eq!(head(&repository, "list", DOCKER_MANIFEST).await, is(&list.children[0]));
    let (status, media_type, converted) = head(&repository, "list", "*/*").await;
    assert_eq!((status, &*media_type), (200, SCHEMA_1));
    let known = [&list.digest, &list.children[0].digest, &list.children[1].digest];
    assert!(!known.contains(&&converted) && converted.starts_with("sha256:"), "{converted}");
    let docker_only = format!("{DOCKER_LIST}, {DOCKER_MANIFEST}");
    assert_eq!(head(&repository, "index", &docker_only).await.0, 404);
}

#[tokio::test]
async fn what_is_put_must_be_what_it_says_it_is() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let list = Content::list(&registry.url(), "acme/shop").tag("v1").push().await;
    let put = async |name: &str, media_type: &str| {
        let repository = Repository::new(&registry.url(), name);
        let put =
            repository.request(Method::PUT, "manifests/v2").header("content-type", media_type);
        let answer = put.body(list.bytes.clone()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, said) = put("acme/shop", DOCKER_MANIFEST).await;
    assert!(status == 400 && said.contains("MANIFEST_INVALID"), "{status} {said}");
    let (status, said) = put("acme/other", DOCKER_LIST).await;
    assert!(status == 400 && said.contains("MANIFEST_BLOB_UNKNOWN"), "{status} {said}");
    assert!(said.contains(&list.children[1].digest), "{said}");
    assert_eq!(put("acme/shop", DOCKER_LIST).await.0, 201);
}

#[tokio::test]
async fn the_list_of_tags_comes_whole_whatever_is_asked() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let mut content = Content::image(&registry.url(), "acme/shop");
    for number in 0..7 {
        content = content.tag(&format!("v{number}"));
    }
    content.push().await;
    let repository = Repository::new(&registry.url(), "acme/shop");
    let answer = repository.request(Method::GET, "tags/list?n=2").send().await.unwrap();
    assert!(answer.headers().get("link").is_none(), "{answer:?}");
    let list: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(list["tags"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn digests_are_deleted_and_tags_are_not() {
    if !installed() {
        return;
    }
    let delete = async |registry: &Distribution, reference: &str| {
        let repository = Repository::new(&registry.url(), "acme/shop");
        let delete = repository.request(Method::DELETE, &format!("manifests/{reference}"));
        delete.send().await.unwrap().status().as_u16()
    };
    let registry = Distribution::open().await;
    let image = Content::image(&registry.url(), "acme/shop").tag("v1").push().await;
    assert_eq!(delete(&registry, "v1").await, 400);
    assert_eq!(delete(&registry, &image.digest).await, 202);
    let repository = Repository::new(&registry.url(), "acme/shop");
    assert_eq!(head(&repository, "v1", &accept_all()).await.0, 404);
    let firm = Distribution::without_delete().await;
    let image = Content::image(&firm.url(), "acme/shop").tag("v1").push().await;
    assert_eq!(delete(&firm, &image.digest).await, 405);
}

#[tokio::test]
async fn a_password_opens_what_has_one() {
    if !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let answer = async |value: Option<&str>| {
        let mut repository = Repository::new(&registry.url(), "acme/shop");
        if let Some(value) = value {
            repository = repository.authorized(value);
        }
        repository.manifest("v1", &accept_all()).await
    };
    let closed = answer(None).await;
    assert_eq!(closed.status(), 401);
    assert_eq!(closed.headers()["www-authenticate"], "Basic realm=\"the-realm\"");
    let basic = |user: &str, password: &str| {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
    };
    for (user, password) in [("ada", "another"), ("bob", PASSWORD)] {
        assert_eq!(answer(Some(&basic(user, password))).await.status(), 401);
    }
    let right = basic("ada", PASSWORD);
    assert_eq!(answer(Some(&right)).await.status(), 404);
    Content::image(&registry.url(), "acme/shop").tag("v1").authorized(&right).push().await;
    assert_eq!(answer(Some(&right)).await.status(), 200);
}

#[tokio::test]
async fn a_registry_ends_with_its_value_and_leaves_nothing() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let (pid, host) = (registry.pid(), registry.host().to_owned());
    let arguments = process::arguments(pid);
    let file = arguments.split_whitespace().last().unwrap().to_owned();
    assert!(process::runs(pid) && file.ends_with("config.yml"), "{arguments}");
    assert!(registry.url().ends_with(&host));
    drop(registry);
    assert!(!process::runs(pid));
    assert!(!fs_err::exists(file).unwrap());
}

#[test]
#[ignore = "started by another test with an environment of its own"]
fn child_that_looks_for_the_program() {
    println!("INSTALLED {}", installed());
}

#[test]
fn where_the_program_is_missing_a_test_fails_unless_that_is_known() {
    let (_, module) = module_path!().split_once("::").unwrap();
    let looked = |environment: &[(&str, &str)]| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        let name = format!("{module}::child_that_looks_for_the_program");
        test.args([&name, "--exact", "--ignored", "--nocapture"]).env_clear();
        let output = test.envs(environment.iter().copied()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let nowhere = ("MTA_CACHE", "/no/such/folder");
    for environment in [&[nowhere][..], &[nowhere, ("MTA_TEST_DOCKER", "required")]] {
        let (success, said) = looked(environment);
        assert!(!success && said.contains("run `scripts/setup registry`"), "{said}");
    }
    let (success, said) = looked(&[nowhere, ("MTA_TEST_DOCKER", "absent")]);
    assert!(success && said.contains("SKIPPED: ") && said.contains("INSTALLED false"), "{said}");

    // Found in each place: on the path, in the cache, in the cache's own default.
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().to_str().unwrap();
    let unpacked = "mta-actions/debian/docker-registry/usr/bin";
    for folder in ["bin".to_owned(), unpacked.to_owned(), format!(".cache/{unpacked}")] {
        let folder = scratch.path().join(folder);
        fs_err::create_dir_all(&folder).unwrap();
        fs_err::write(folder.join("docker-registry"), "").unwrap();
    }
    let (path, cache) = (format!("/no:{root}/bin"), format!("{root}/mta-actions"));
    for places in [
        &[nowhere, ("PATH", &*path)][..],
        &[("MTA_CACHE", &*cache)],
        &[("XDG_CACHE_HOME", root)],
        &[("HOME", root)],
    ] {
        let (success, said) = looked(places);
        assert!(success && said.contains("INSTALLED true"), "{places:?}: {said}");
    }
}

#[tokio::test]
#[ignore = "started by another test, which kills it"]
async fn child_with_a_registry() {
    let registry = Distribution::open().await;
    println!("PID {}", registry.pid());
    std::future::pending::<()>().await;
}

#[test]
fn a_registry_ends_with_a_test_that_is_killed() {
    use std::io::{BufRead, BufReader};
    if !installed() {
        return;
    }
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut test = Command::new(std::env::current_exe().unwrap());
    test.args([&format!("{module}::child_with_a_registry"), "--exact", "--ignored", "--nocapture"]);
    let scratch = tempfile::tempdir().unwrap();
    let mut test =
        test.env("TMPDIR", scratch.path()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(test.stdout.take().unwrap()).lines().map_while(Result::ok);
    let pid = { said }.find_map(|line| line.split_once("PID ")?.1.parse().ok()).unwrap();
    assert!(process::runs(pid));
    test.kill().unwrap();
    test.wait().unwrap();
    process::gone(&[pid]);
}
