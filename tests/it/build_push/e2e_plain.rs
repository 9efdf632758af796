//! `mode: build` where there is no buildx: `docker build` and `docker push` of the `docker` commands that this machine has.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::e2e_build::{SMALL, Shop, VERSION, points_to};
use super::place::tags;
use crate::kit::registry::{Distribution, Fault, FaultProxy, Repository, installed};
use crate::kit::stack::{IMAGE, docker};

/// A configuration of Docker with a buildx that does not work: it comes before that of the machine.
fn without_buildx() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("cli-plugins");
    fs_err::create_dir(&plugins).unwrap();
    fs_err::write(folder.path().join("config.json"), "{}").unwrap();
    let plugin = plugins.join("docker-buildx");
    fs_err::write(&plugin, "#!/bin/sh\nexit 1\n").unwrap();
    fs_err::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A `docker` command: a folder of the `PATH`, and whether it builds with BuildKit by itself, as those before 23 do.
struct Docker {
    path: String,
    has_buildkit: bool,
}

/// The `docker` commands of this machine.
fn commands() -> Vec<Docker> {
    let (path, mut seen) = (std::env::var("PATH").unwrap(), Vec::new());
    // `/bin` is `/usr/bin` on most machines.
    let mut is_new = |folder: &&str| {
        let file = fs_err::canonicalize(Path::new(folder).join("docker")).ok();
        file.is_some_and(|file| {
            !seen.contains(&file) && {
                seen.push(file);
                true
            }
        })
    };
    let folders: Vec<&str> = path.split(':').filter(|folder| is_new(folder)).collect();
    let of = |folder: &str| {
        let output =
            Command::new(Path::new(folder).join("docker")).arg("--version").output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let major = said.strip_prefix("Docker version ")?.split('.').next()?.parse::<u32>().ok()?;
        Some(Docker { path: format!("{folder}:{path}"), has_buildkit: major < 23 })
    };
    folders.into_iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_buildx_it_is_built_pushed_and_tagged_all_the_same() {
    if !docker() || !installed() {
        return;
    }
    let config = without_buildx();
    let config = config.path().to_str().unwrap();
    for Docker { path, has_buildkit } in commands() {
        let registry = Distribution::open().await;
        let proxy = FaultProxy::before(&registry.url()).await;
        let host = proxy.url().strip_prefix("http://").unwrap().to_owned();
        let dockerfile = format!(
            "FROM {IMAGE}\nARG VERSION\nRUN echo '{{'; echo \"of $VERSION\"\nCOPY VERSION /x\n"
        );
        let shop = Shop::new(&host, &[VERSION, ("Dockerfile", &dockerfile)]);
        let env = [("DOCKER_CONFIG", config), ("PATH", path.as_str())];
        // What the registry refuses for a while is pushed again, and not built again.
        proxy.once("PUT /v2/acme/shop/manifests/uat-0123456", Fault::error(503, "UNAVAILABLE"));
        let ran = shop.build_with(&[("add-hosts", "db:10.0.0.1")], &env);
        assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}\n{}", ran.log, ran.summary);
        assert_eq!(tags(&ran), ["uat-latest", "uat-v1.4.0", "uat-0123456"]);
        let repository = Repository::new(&registry.url(), "acme/shop");
        for tag in ["uat-latest", "uat-v1.4.0", "uat-0123456"] {
            assert_eq!(points_to(&repository, tag).await, ran.output("digest"));
        }
        ran.says("::notice title=build-push%3A built without buildx::").says("of 1.4.0");
        ran.says(if has_buildkit { "the engine's own BuildKit" } else { "from before BuildKit" });
        let builds = ran.log.matches("building ").count();
        assert_eq!(builds, 1, "{}", ran.log);
        assert!(shop.left().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_had_without_buildx_is_not_left_out_silently() {
    if !docker() || !installed() {
        return;
    }
    let config = without_buildx();
    let config = config.path().to_str().unwrap();
    let registry = Distribution::open().await;
    for Docker { path, has_buildkit } in commands() {
        let env = [("DOCKER_CONFIG", config), ("PATH", path.as_str())];
        let shop = Shop::new(registry.host(), &[VERSION, SMALL]);
        let wishes =
            [("platforms", "linux/amd64,linux/arm64"), ("sbom", "true"), ("annotations", "a=b")];
        let ran = shop.build_with(&wishes, &env);
        assert_eq!((ran.code, ran.output("result")), (75, "unavailable"), "{}", ran.log);
        ran.says("`annotations`, `platforms`, `sbom` cannot be had without buildx");
        ran.says("docker-buildx-plugin");

        let dockerfile =
            format!("FROM {IMAGE}\nRUN --mount=type=secret,id=tok wc -c < /run/secrets/tok\n");
        let shop = Shop::new(registry.host(), &[VERSION, ("Dockerfile", &dockerfile)]);
        let secret = [("push", "false"), ("secrets", "tok=a-secret-of-the-build")];
        let ran = shop.build_with(&secret, &env);
        if has_buildkit {
            assert_eq!(ran.code, 0, "{}", ran.log);
        } else {
            assert_eq!(ran.code, 75, "{}", ran.log);
            ran.says("`secrets` cannot be had without buildx");
            let ran = shop.build_with(&[("push", "false")], &env);
            assert_eq!(ran.code, 75, "{}", ran.log);
            ran.says("the Dockerfile has words that only BuildKit knows");
        }

        let shop =
            Shop::new(registry.host(), &[VERSION, ("Dockerfile", "FROM scratch\nCOPI x /\n")]);
        let ran = shop.build_with(&[], &env);
        assert_eq!(ran.code, 64, "{}", ran.log);
        ran.says("file=Dockerfile,line=2");
        let failing = format!("FROM {IMAGE}\nRUN echo '::error::of the build'; exit 3\n");
        let shop = Shop::new(registry.host(), &[VERSION, ("Dockerfile", &failing)]);
        let ran = shop.build_with(&[], &env);
        assert_eq!(ran.code, 1, "{}", ran.log);
        assert!(
            !ran.log.lines().any(|line| line.starts_with("::error::of the build")),
            "{}",
            ran.log
        );
    }
    assert!(Repository::new(&registry.url(), "acme/shop").tags().await.is_empty());
}
