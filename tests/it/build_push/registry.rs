//! `mode: exists`, and plans against a registry that has something. The servers run beside the test, which waits for
//! `mta`: so each has two threads.

use super::place::{Place, tags};
use crate::kit::registry::{
    Answer, Content, Distribution, Fault, FaultProxy, PASSWORD, TokenServer, installed,
};

fn host(url: &str) -> &str {
    url.strip_prefix("http://").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_there_or_not() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let index = Content::oci_index(&registry.url(), "acme/shop").tag("v1").push().await;
    let place = Place::new(&[]);
    let name = |rest: &str| format!("{}/acme/shop{rest}", registry.host());
    let look = |rest: &str, more: &[(&str, &str)]| {
        let reference = name(rest);
        let inputs = [("mode", "exists"), ("ref", reference.as_str())];
        place.run(&inputs.iter().chain(more).copied().collect::<Vec<_>>())
    };
    let ran = look(":v1", &[]);
    assert_eq!(
        (ran.code, ran.output("exists"), ran.output("digest")),
        (0, "true", index.digest.as_str())
    );
    assert_eq!(ran.output("media-type"), "application/vnd.oci.image.index.v1+json");
    assert_eq!((ran.output("platforms"), ran.output("size")), ("", ""));
    ran.says("exists: sha256:");
    let ran = look(":v1", &[("details", "true")]);
    assert_eq!(ran.output("platforms"), "linux/amd64,linux/arm64");
    assert!(ran.output("size").parse::<u64>().unwrap() > 100, "{}", ran.log);
    let ran = look(":v2", &[]);
    assert_eq!((ran.code, ran.output("exists"), ran.output("digest")), (0, "false", ""));
    let ran = look(":v2", &[("must-exist", "true"), ("details", "true")]);
    assert_eq!(
        (ran.code, ran.output("exists"), ran.output("result")),
        (1, "false", "failed"),
        "{}",
        ran.log
    );
    ran.says("does not exist");
    let ran = look("", &[]);
    assert_eq!(ran.output("exists"), "false", "without a tag it is `latest`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_found_out_is_no_answer() {
    if !installed() {
        return;
    }
    let tokens = TokenServer::start().await;
    tokens.user("ada", "lovelace-the-word");
    let registry = Distribution::token(&tokens).await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let place = Place::new(&[]);
    let reference = format!("{}/acme/shop:v1", host(&proxy.url()));
    let look = |more: &[(&str, &str)]| {
        let inputs = [("mode", "exists"), ("ref", reference.as_str())];
        place.run(&inputs.iter().chain(more).copied().collect::<Vec<_>>())
    };
    let right = [("username", "ada"), ("password", "lovelace-the-word")];
    let wrong = [("username", "ada"), ("password", "byron-the-word")];
    for (inputs, words) in [
        (&[][..], "set `username` and `password`"),
        (&right, "may read it"),
        (&wrong, "does not take the login"),
    ] {
        let ran = look(inputs);
        assert_eq!(
            (ran.code, ran.output("exists"), ran.output("result")),
            (64, "", "bad-input"),
            "{}",
            ran.log
        );
        ran.says(words);
        let all =
            format!("{}{}{:?}", ran.log.replace("::add-mask::", ""), ran.summary, ran.outputs);
        let shown = all.lines().filter(|line| line.contains("-the-word")).collect::<Vec<_>>();
        let masks: Vec<&str> =
            ran.log.lines().filter(|line| line.starts_with("::add-mask::")).collect();
        assert!(
            shown.iter().all(|line| masks.iter().any(|mask| mask.ends_with(*line))),
            "{shown:?}"
        );
    }
    proxy.always(
        "",
        Fault::Answer(Answer::error(429, "TOOMANYREQUESTS", "x").with("Retry-After", 3600)),
    );
    let ran = look(&right);
    assert_eq!(
        (ran.code, ran.output("exists"), ran.output("result")),
        (75, "", "unavailable"),
        "{}",
        ran.log
    );
    ran.says("asks to wait 3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_never_moves_to_a_lower_version() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let url = registry.url();
    let push = async |text: &str, tags: &[&str]| {
        let content = Content::image(&url, "acme/shop").text(text);
        tags.iter().fold(content, |content, tag| content.tag(tag)).push().await;
    };
    push("old", &["uat-v1.4.0"]).await;
    push("new", &["uat-v1.5.0", "uat-latest"]).await;
    push("other", &["1.9.0", "prod-v2.0.0", "prod-latest"]).await;
    let image = format!("{}/acme/shop", registry.host());
    let plan = |version: &str, more: &[(&str, &str)]| {
        let place = Place::new(&[("VERSION", version)]);
        let inputs = [("image", image.as_str()), ("environment", "uat")];
        let ran = place.run(&inputs.iter().chain(more).copied().collect::<Vec<_>>());
        assert_eq!(ran.code, 0, "{}", ran.log);
        ran
    };
    let ran = plan("1.4.1", &[]);
    assert_eq!(tags(&ran), ["uat-v1.4.1", "uat-0123456"]);
    assert_eq!(ran.output("kept"), format!("{image}:uat-latest"));
    ran.says("it stands on 1.5.0, which is higher than 1.4.1");
    for (version, primary) in [("1.5.0", "uat-v1.5.0"), ("1.6.0", "uat-v1.6.0")] {
        let ran = plan(version, &[]);
        assert_eq!(tags(&ran), ["uat-latest", primary, "uat-0123456"]);
        assert_eq!(ran.output("kept"), "");
        let says_taken = ran.log.contains("this version is there already");
        assert_eq!(says_taken, version == "1.5.0", "{}", ran.log);
    }
    // Of another family, and what stands on nothing that is known.
    let ran = plan("1.0.0", &[("environment", "prod")]);
    assert_eq!(ran.output("kept"), format!("{image}:prod-latest"));
    push("stray", &["uat-latest"]).await;
    assert_eq!(plan("1.4.1", &[]).output("kept"), "");
    // A line without a version moves it no more than one with it.
    let ran = plan("1.0.0", &[("environment", ""), ("tags", "prod-latest\n{{sha}}")]);
    assert_eq!(ran.output("kept"), format!("{image}:prod-latest"));
    // Not asked, it is not held back.
    assert_eq!(plan("1.0.0", &[("environment", "prod"), ("offline", "true")]).output("kept"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_without_an_answer_of_the_registry_says_so() {
    if !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let image = format!("{}/acme/shop", registry.host());
    let place = Place::new(&[("VERSION", "1.4.0")]);
    let ran = place.run(&[("image", &image), ("environment", "uat")]);
    assert_eq!((ran.code, tags(&ran).len()), (0, 3), "{}", ran.log);
    ran.says("::warning title=build-push%3A not known which tags are there").says("  set    ");
    let ran = place.run(&[
        ("image", &image),
        ("environment", "uat"),
        ("username", "ada"),
        ("password", PASSWORD),
    ]);
    assert!(!ran.log.contains("::warning"), "{}", ran.log);
    ran.says("  new    ");
}

/// What `docker login` left, in a file and with a helper; and a variable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logins_of_the_machine_are_used() {
    if !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    Content::image(&registry.url(), "acme/shop")
        .authorized(&format!("Basic {}", base64("ada", PASSWORD)))
        .tag("v1")
        .push()
        .await;
    let place = Place::new(&[]);
    let reference = format!("{}/acme/shop:v1", registry.host());
    let look =
        |env: &[(&str, &str)]| place.run_with(&[("mode", "exists"), ("ref", &reference)], env);
    assert_eq!(look(&[]).code, 64);
    let config = format!(
        r#"{{"auths":{{"{}":{{"auth":"{}"}}}}}}"#,
        registry.host(),
        base64("ada", PASSWORD)
    );
    assert_eq!(look(&[("DOCKER_AUTH_CONFIG", &config)]).output("exists"), "true");
    let folder = place.scene().path("temp/.docker");
    fs_err::create_dir(&folder).unwrap();
    fs_err::write(folder.join("config.json"), &config).unwrap();
    assert_eq!(look(&[]).output("exists"), "true");
    // A helper of one registry comes first; what it answers is never shown.
    let helpers = place.scene().path("temp/helpers");
    fs_err::create_dir(&helpers).unwrap();
    let helper = |script: &str| {
        let path = helpers.join("docker-credential-test");
        fs_err::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::process::Command::new("chmod").arg("755").arg(&path).status().unwrap();
    };
    let config = format!(r#"{{"credHelpers":{{"{}":"test"}}}}"#, registry.host());
    fs_err::write(folder.join("config.json"), config).unwrap();
    let path = format!("{}:{}", helpers.display(), std::env::var("PATH").unwrap());
    let with_helper = || look(&[("PATH", &path)]);
    helper(&format!(
        r#"[ "$1" = get ] && [ "$(cat)" = "{}" ] && echo '{{"Username":"ada","Secret":"{PASSWORD}"}}'"#,
        registry.host()
    ));
    assert_eq!(with_helper().output("exists"), "true");
    helper("echo credentials not found in native keychain; exit 1");
    with_helper().says("set `username` and `password`");
    helper("echo the-word-of-the-helper; exit 3");
    let ran = with_helper();
    assert_eq!(ran.code, 64, "{}", ran.log);
    ran.says("`docker-credential-test get` failed (3)");
    helper("echo '{the-word-of-the-helper'");
    ran.says("docker-credential-test");
    assert!(!format!("{}{}", with_helper().log, ran.log).contains("the-word"), "{}", ran.log);
    fs_err::write(folder.join("config.json"), "{\"auths\": the-word").unwrap();
    let ran = look(&[]);
    assert!(ran.code == 64 && !ran.log.contains("the-word"), "{}", ran.log);
    ran.says("config.json is not the JSON that Docker writes");
}

fn base64(user: &str, password: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"))
}

/// A registry on this machine that wants TLS is asked without first, as Docker may do, and then with it; its certificate
/// is of a private authority.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_with_a_certificate_of_ones_own() {
    if !installed() {
        return;
    }
    let (registry, root) = Distribution::tls().await;
    let place = Place::new(&[]);
    let root = root.display().to_string();
    for host in ["127.0.0.1", "localhost"] {
        let reference = registry.host().replace("127.0.0.1", host) + "/acme/shop:v1";
        let inputs = [("mode", "exists"), ("ref", reference.as_str())];
        let ran = place.run_with(&inputs, &[("SSL_CERT_FILE", &root)]);
        assert_eq!((ran.code, ran.output("exists")), (0, "false"), "{}", ran.log);
        let ran = place.run(&inputs);
        assert_eq!((ran.code, ran.output("exists")), (75, ""), "{}", ran.log);
        ran.says("certificate").says("`SSL_CERT_FILE`");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_list_of_tags_is_not_an_empty_one() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    Content::image(&registry.url(), "acme/shop").tag("uat-v9.0.0").tag("uat-latest").push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let image = format!("{}/acme/shop", host(&proxy.url()));
    let place = Place::new(&[("VERSION", "1.4.0")]);
    let plan = || place.run(&[("image", &image), ("environment", "uat")]);
    assert_eq!(plan().output("kept"), format!("{image}:uat-latest"));
    let link = |value: &str| Fault::Header("Link", Some(value.to_owned()));
    for fault in [
        Fault::Answer(Answer::new(404, "<html>no")),
        Fault::Answer(Answer::new(200, r#"{"message":"welcome"}"#)),
        Fault::Answer(Answer::new(200, r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#)),
        Fault::Answer(Answer::new(200, "[null]")),
        link("<http://[bad>; rel=\"next\""),
        link("/v2/acme/shop/tags/list?last=x; rel=next"),
        link("</v2/acme/none/tags/list>; rel=\"next\""),
    ] {
        proxy.heal();
        proxy.once("GET /v2/acme/shop/tags/", fault.clone());
        let ran = plan();
        assert!(ran.log.contains("::warning"), "{fault:?}: {}", ran.log);
        assert!(ran.summary.contains("It is not known which tags are there"), "{}", ran.summary);
    }
}

/// What a server repeats of a request is not shown, whoever said the password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_repeats_the_login_is_not_repeated() {
    if !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let login = base64("ada", PASSWORD);
    let text = format!("got Basic {login}, which is {PASSWORD}");
    proxy.nth(1, Fault::Answer(Answer::error(403, "DENIED", &text)));
    let image = format!("{}/acme/shop", host(&proxy.url()));
    let config = format!(r#"{{"auths":{{"{}":{{"auth":"{login}"}}}}}}"#, host(&proxy.url()));
    let inputs = [("image", image.as_str()), ("tags", "{{sha}}")];
    let ran = Place::new(&[]).run_with(&inputs, &[("DOCKER_AUTH_CONFIG", &config)]);
    ran.says("got Basic ***, which is ***");
    let all = format!("{}{}{:?}", ran.log, ran.summary, ran.outputs);
    assert!(!all.contains(PASSWORD) && !all.contains(&login), "{all}");
}

/// That an image is there stays known where its parts may not be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_that_cannot_be_had_take_nothing_from_the_answer() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    Content::image(&registry.url(), "acme/shop").tag("v1").push().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    proxy.always("GET /v2/acme/shop/blobs/", Fault::error(403, "DENIED"));
    let reference = format!("{}/acme/shop:v1", host(&proxy.url()));
    let ran = Place::new(&[]).run(&[("mode", "exists"), ("ref", &reference), ("details", "true")]);
    assert_eq!(
        (ran.code, ran.output("exists"), ran.output("size")),
        (64, "true", ""),
        "{}",
        ran.log
    );
    assert!(ran.output("digest").starts_with("sha256:"));
    ran.says("not allowed to read the configuration of");
}

/// It would cost each image the same wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_does_not_answer_is_asked_once() {
    if !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    proxy.always(
        "",
        Fault::Answer(Answer::error(429, "TOOMANYREQUESTS", "x").with("Retry-After", u64::MAX)),
    );
    let images = format!("{0}/acme/one\n{0}/acme/two\n{0}/acme/three", host(&proxy.url()));
    let ran = Place::new(&[]).run(&[("image", &images), ("tags", "{{sha}}")]);
    assert_eq!((ran.code, tags(&ran).len(), proxy.lines().len()), (0, 3, 1), "{}", ran.log);
    assert_eq!(ran.log.matches("::warning").count(), 1, "{}", ran.log);
}

/// A plan that was broken off is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_ends_as_cancelled() {
    if !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let place = Place::new(&[]);
    let (config, helpers) =
        (place.scene().path("temp/.docker"), place.scene().path("temp/helpers"));
    for folder in [&config, &helpers] {
        fs_err::create_dir(folder).unwrap();
    }
    let text = format!(r#"{{"credHelpers":{{"{}":"slow"}}}}"#, registry.host());
    fs_err::write(config.join("config.json"), text).unwrap();
    let (helper, began) = (helpers.join("docker-credential-slow"), place.scene().path("began"));
    fs_err::write(&helper, format!("#!/bin/sh\ntouch {}\nexec sleep 60\n", began.display()))
        .unwrap();
    std::process::Command::new("chmod").arg("755").arg(&helper).status().unwrap();
    let path = format!("{}:{}", helpers.display(), std::env::var("PATH").unwrap());
    let image = format!("{}/acme/shop", registry.host());
    let mut command = place.planning(&[("image", &image), ("tags", "{{sha}}")]);
    command
        .env("PATH", path)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !began.exists() {
        assert!(std::time::Instant::now() < deadline, "the helper was not asked");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let ran = place.scene().ran(&child.wait_with_output().unwrap());
    assert_eq!(
        (ran.code, ran.output("result"), ran.output("tags")),
        (75, "unavailable", ""),
        "{}",
        ran.log
    );
}
