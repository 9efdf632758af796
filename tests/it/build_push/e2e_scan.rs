//! Scanners between the build and the tags, against the real engine and a real registry. The scanners themselves cannot be
//! had here: scripts stand for them that take the arguments that are documented, and no others.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::e2e_build::{SMALL, Shop, VERSION, base64, interrupt, points_to};
use super::place::{SHA, plugins};
use super::scan::{grype, trivy};
use crate::kit::registry::{Distribution, PASSWORD, Repository, installed};
use crate::kit::scene::Ran;
use crate::kit::stack::docker;

/// A shop whose runs find the scanners.
struct Scanned {
    shop: Shop,
    folder: tempfile::TempDir,
}

impl Scanned {
    fn new(host: &str) -> Self {
        Self { shop: Shop::new(host, &[VERSION, SMALL]), folder: tempfile::tempdir().unwrap() }
    }

    /// What a scanner says of the image with this digest; `report` is for all others.
    fn says(&self, of: &str, text: &str) {
        let name = of.strip_prefix("sha256:").unwrap_or(of);
        fs_err::write(self.folder.path().join(name), text).unwrap();
    }

    /// What was scanned since the last time, a line each.
    fn calls(&self) -> Vec<String> {
        let path = self.folder.path().join("calls");
        let text = fs_err::read_to_string(&path).unwrap_or_default();
        let _ = fs_err::remove_file(path);
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    fn command(&self, sha: &str, more: &[(&str, &str)]) -> Command {
        let scanners =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/build_push/scanners");
        let path = format!("{}:{}", scanners.display(), std::env::var("PATH").unwrap());
        let mut command = self.shop.place.command(&self.shop.inputs(more));
        command.env("GITHUB_SHA", sha).env("PATH", path).envs(plugins());
        command.env("TRIVY_TEST", self.folder.path()).env("GRYPE_TEST", self.folder.path());
        command.env("GRYPE_FAIL_ON_SEVERITY", "low").env("SSH_AUTH_SOCK", "/nonexistent/agent");
        command
    }

    fn run(&self, sha: &str, more: &[(&str, &str)]) -> Ran {
        self.shop.place.scene().ran(&self.command(sha, more).output().unwrap())
    }
}

fn names(ran: &Ran, output: &str) -> Vec<String> {
    ran.output(output).lines().map(|one| one.rsplit(':').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_stands_before_the_tags_that_others_pull() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    let scanned = Scanned::new(registry.host());
    let basic = base64(&format!("ada:{PASSWORD}"));
    let repository = Repository::new(&registry.url(), "acme/shop");
    let repository = repository.authorized(&format!("Basic {basic}"));
    let inputs = |more: &[(&'static str, &'static str)]| {
        let own =
            [("username", "ada"), ("password", PASSWORD), ("scan", "trivy"), ("scan-gate", "high")];
        own.iter().chain(more).copied().collect::<Vec<_>>()
    };
    let (second, third) = (SHA.replace('0', "a"), SHA.replace('0', "b"));

    scanned.says("report", &trivy("CVE-2026-0001", "MEDIUM", "3.0.2"));
    let first = scanned.run(SHA, &inputs(&[]));
    assert_eq!((first.code, first.output("scan-result")), (0, "passed"), "{}", first.log);
    assert_eq!(names(&first, "refs"), ["uat-0123456", "uat-v1.4.0", "uat-latest"]);
    let image = format!("{}/acme/shop@{}", registry.host(), first.output("digest"));
    assert_eq!(scanned.calls(), [format!("remote {image} {basic}")], "by digest, logged in");
    first.says("Scan by trivy 0.60.0: passed the gate `high`").says("| medium | 1 | 0 |");

    scanned.says("report", &trivy("CVE-2026-0002", "CRITICAL", "3.0.2"));
    for _ in 0..2 {
        let ran = scanned.run(&second, &inputs(&[("sarif-file", "scan.sarif")]));
        assert_eq!((ran.code, ran.output("result")), (1, "failed"), "{}\n{}", ran.log, ran.summary);
        assert_eq!(ran.output("scan-result"), "failed");
        assert_eq!(names(&ran, "refs"), ["uat-a123456"]);
        assert_eq!(names(&ran, "tags"), ["uat-a123456"]);
        ran.says("acme/shop:uat-a123456 was pushed, and no other tag was set");
        assert_eq!(points_to(&repository, "uat-a123456").await, ran.output("digest"));
        for tag in ["uat-latest", "uat-v1.4.0"] {
            assert_eq!(points_to(&repository, tag).await, first.output("digest"), "it stays");
        }
        let errors = ran.log.lines().filter(|line| line.starts_with("::error"));
        assert_eq!(errors.count(), 1, "{}", ran.log);
        let json: Value = serde_json::from_str(ran.output("json")).unwrap();
        assert_eq!(json[0]["scan"]["critical"], 1);
        let path = scanned.shop.place.scene().path("work/scan.sarif");
        let sarif: Value = serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
        assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "CVE-2026-0002");
        assert!(scanned.shop.left().is_empty());
    }
    scanned.calls();

    // The image that is replaced has it too.
    scanned.says(first.output("digest"), &trivy("CVE-2026-0002", "HIGH", "3.0.9"));
    let ran = scanned.run(&third, &inputs(&[("scan-new-only", "true")]));
    assert_eq!(
        (ran.code, ran.output("scan-result")),
        (0, "passed"),
        "{}\n{}",
        ran.log,
        ran.summary
    );
    ran.says(", compared with").says("acme/shop:uat-latest");
    let calls = scanned.calls();
    assert!(calls[0].contains(ran.output("digest")) && calls[1].contains(first.output("digest")));
    assert_eq!(points_to(&repository, "uat-latest").await, ran.output("digest"));
    let shown = ran.log.lines().filter(|line| !line.starts_with("::add-mask::"));
    assert!(!shown.chain(ran.summary.lines()).any(|line| line.contains(PASSWORD)), "{}", ran.log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_found_out_lets_nothing_pass() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let scanned = Scanned::new(registry.host());
    let repository = Repository::new(&registry.url(), "acme/shop");
    let inputs = [("scan", "trivy"), ("scan-gate", "critical")];
    for (report, words) in [
        ("fail", "the database cannot be downloaded"),
        ("nothing", "it wrote no report"),
        ("{}", "its report cannot be read: it is none of"),
    ] {
        scanned.says("report", report);
        let ran = scanned.run(SHA, &inputs);
        assert_eq!((ran.code, ran.output("result")), (75, "unavailable"), "{}", ran.log);
        ran.says(words);
        assert_eq!(
            (names(&ran, "refs"), ran.output("scan-result")),
            (vec!["uat-0123456".to_owned()], "")
        );
        assert_eq!(repository.tags().await, ["uat-0123456"]);
    }
    // Without a scanner nothing is built.
    let mut command = scanned.shop.place.command(&scanned.shop.inputs(&[("scan", "grype")]));
    let ran = scanned.shop.place.scene().ran(&command.envs(plugins()).output().unwrap());
    assert_eq!(ran.code, 75, "{}", ran.log);
    ran.says("the scanner grype was not found").says("install grype in a step before");
    assert!(!ran.log.contains("building "), "{}", ran.log);

    // No tag of the commit: the image would be pulled before it is scanned, and compared with itself.
    for tags in ["latest", "{{version}}\nlatest", "{{branch}}"] {
        for new in ["true", "false"] {
            let more = [("tags", tags), ("environment", ""), ("scan-new-only", new)];
            let ran = scanned.run(SHA, &inputs.into_iter().chain(more).collect::<Vec<_>>());
            assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{tags}: {}", ran.log);
            ran.says("would be pulled before it has passed").says("add the line `{{sha}}`");
            assert_eq!(repository.tags().await, ["uat-0123456"]);
        }
    }

    // Nobody is there to be replaced: all is new.
    scanned.says("report", &trivy("CVE-2026-0002", "CRITICAL", ""));
    let new = [("scan", "trivy"), ("scan-gate", "critical"), ("scan-new-only", "true")];
    let ran = scanned.run(SHA, &new);
    assert_eq!(ran.code, 1, "{}", ran.log);
    ran.says("compared with nothing (there is no");
    let unfixed: Vec<_> = new.into_iter().chain([("scan-ignore-unfixed", "true")]).collect();
    let first = scanned.run(SHA, &unfixed);
    assert_eq!(first.code, 0, "{}", first.log);

    // What is replaced cannot be scanned: nothing is let off.
    scanned.says(first.output("digest"), "fail");
    let ran = scanned.run(&SHA.replace('0', "a"), &new);
    assert_eq!((ran.code, ran.output("scan-result")), (75, ""), "{}", ran.log);
    ran.says("the database cannot be downloaded");
    assert_eq!(points_to(&repository, "uat-latest").await, first.output("digest"));

    // Cancelled while it scans.
    scanned.says("report", "wait");
    scanned.calls();
    let mut command = scanned.command(&SHA.replace('0', "c"), &inputs);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while scanned.calls().is_empty() {
        assert!(Instant::now() < until, "it was never scanned");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let begun = Instant::now();
    interrupt(child.id());
    let ran = scanned.shop.place.scene().ran(&child.wait_with_output().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(7), "the runner gives 7.5 s");
    assert_eq!(
        (ran.output("result"), names(&ran, "refs")),
        ("unavailable", vec!["uat-c123456".to_owned()])
    );
    ran.says("the run was cancelled");
    assert!(scanned.shop.left().is_empty(), "{:?}", scanned.shop.left());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_pushed_is_scanned_where_it_is() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let scanned = Scanned::new(registry.host());
    let name = format!("{}/acme/shop:uat-0123456", registry.host());
    scanned.says("report", &grype("CVE-2026-0001", "Critical"));
    let inputs = |gate: &'static str| [("push", "false"), ("scan", "grype"), ("scan-gate", gate)];
    let ran = scanned.run(SHA, &inputs("critical"));
    assert_eq!((ran.code, ran.output("result")), (1, "failed"), "{}", ran.log);
    ran.says("nothing of it was pushed");
    assert_eq!(scanned.calls(), [format!("docker:{name}")]);
    let ran = scanned.run(SHA, &inputs("off"));
    assert_eq!((ran.code, ran.output("scan-result")), (0, "off"), "{}", ran.log);
    ran.says("1 critical finding stopped nothing, because `scan-gate` is off");
    let repository = Repository::new(&registry.url(), "acme/shop");
    assert!(repository.tags().await.is_empty());

    // What was pushed is pulled by its digest.
    scanned.calls();
    let ran = scanned.run(SHA, &[("scan", "grype")]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    let image = format!("{}/acme/shop@{}", registry.host(), ran.output("digest"));
    assert_eq!(scanned.calls(), [format!("registry:{image}")]);
}
