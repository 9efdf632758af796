//! Reports of steps before: judged before anything is built, so that none of these runs needs Docker or a registry.

use serde_json::{Value, json};

use super::place::Place;
use crate::kit::scene::Ran;

const FILES: [(&str, &str); 2] = [("VERSION", "1.4.0\n"), ("Dockerfile", "FROM scratch\n")];

/// JSON of Trivy with one finding.
pub fn trivy(id: &str, severity: &str, fixed: &str) -> String {
    json!({
        "SchemaVersion": 2,
        "ArtifactName": "acme/shop",
        "Results": [{"Target": "acme/shop", "Class": "os-pkgs", "Vulnerabilities": [{
            "VulnerabilityID": id, "PkgName": "libexample3", "InstalledVersion": "3.0.1",
            "FixedVersion": fixed, "Status": if fixed.is_empty() { "affected" } else { "fixed" }, "Severity": severity, "Title": "A read behind the end",
        }]}],
    })
    .to_string()
}

/// JSON of Grype without a finding.
const CLEAN: &str = r#"{"matches": [], "descriptor": {"name": "grype"}}"#;

/// JSON of Grype with one finding.
pub fn grype(id: &str, severity: &str) -> String {
    let vulnerability =
        json!({"id": id, "severity": severity, "fix": {"state": "not-fixed", "versions": []}});
    json!({"descriptor": {"name": "grype"}, "matches": [{"vulnerability": vulnerability, "artifact": {"name": "libexample3", "version": "3.0.1"}}]})
        .to_string()
}

/// A run without Docker, so that it ends where it would be needed.
fn run(files: &[(&str, &str)], inputs: &[(&str, &str)]) -> (Place, Ran) {
    let files: Vec<_> = FILES.iter().chain(files).copied().collect();
    let place = Place::new(&files);
    let own =
        [("mode", "build"), ("image", "acme/shop"), ("environment", "uat"), ("push", "false")];
    let given = own.iter().filter(|(name, _)| inputs.iter().all(|(one, _)| one != name));
    let inputs: Vec<_> = given.chain(inputs).copied().collect();
    let ran = place.run_with(&inputs, &[("PATH", "/nonexistent")]);
    (place, ran)
}

#[test]
fn inputs_that_make_no_scan() {
    let many = vec!["a.json"; 21].join("\n");
    for (inputs, words) in [
        (
            &[("scan-gate", "high")][..],
            "`scan-gate` has no meaning without `scan` or `scan-report`",
        ),
        (&[("scan-new-only", "true")], "`scan-new-only` has no meaning without"),
        (&[("scan-ignore-unfixed", "true")], "`scan-ignore-unfixed` has no meaning without"),
        (&[("scan-baseline", "a.json")], "`scan-baseline` has no meaning without"),
        (&[("sarif-file", "a.sarif")], "`sarif-file` has no meaning without"),
        (
            &[("scan", "trivy"), ("scan-report", "a.json")],
            "`scan` and `scan-report` are both given",
        ),
        (&[("scan", "trivy"), ("scan-baseline", "a.json")], "`scan-baseline` is for `scan-report`"),
        (&[("scan-report", "a.json"), ("scan-new-only", "true")], "needs `scan-baseline`"),
        (&[("scan", "trivy"), ("scan-new-only", "true")], "no meaning without `scan-gate`"),
        (&[("scan", "trivy"), ("scan-ignore-unfixed", "true")], "no meaning without `scan-gate`"),
        (&[("scan-report", &many)], "more than 20 lines"),
        (&[("scan-report", "a.json"), ("image", "a/b\na/c")], "`scan-report` is about one image"),
        (&[("scan", "trivy"), ("sarif-file", "../x.sarif")], "leads out of the repository"),
        (&[("scan", "trivy"), ("sarif-file", "/etc/x.sarif")], "leads out of the repository"),
        (
            &[("scan", "trivy"), ("push", "false"), ("outputs", "type=oci,dest=i.tar")],
            "`outputs` puts it elsewhere",
        ),
        (
            &[("scan", "trivy"), ("push", "false"), ("platforms", "linux/amd64,linux/arm64")],
            "which is of one platform",
        ),
        (&[("scan", "snyk")], "trivy"),
        (&[("scan-gate", "severe")], "critical"),
    ] {
        let (_, ran) = run(&[], inputs);
        assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{words}: {}", ran.log);
        ran.says(words);
    }
}

#[test]
fn reports_that_cannot_be_read_cost_nothing() {
    let deep = format!("{{\"matches\": {}", "[".repeat(100_000));
    let nothing = r#"{"version": "2.1.0", "runs": []}"#;
    for (text, words) in [
        (None, "`scan-report`: scan.json cannot be read: there is no such file"),
        (Some(""), "EOF while parsing a value at line 1 column 0"),
        (Some("{}"), "none of JSON of Trivy, JSON of Grype and SARIF 2.1.0"),
        (
            Some(
                "{\"descriptor\": {\"name\": \"grype\"}, \"matches\": [\n  {\"vulnerability\": 5}\n]}",
            ),
            "at line 2 column",
        ),
        (Some(&deep), "EOF while parsing a list at line 1 column 1000"),
        (Some(nothing), "it has no run: nothing was scanned"),
        (Some("{\"SchemaVersion\": \"\\n::error::x\"}"), "invalid type: string"),
    ] {
        let files: Vec<_> = text.iter().map(|text| ("scan.json", *text)).collect();
        let (_, ran) = run(&files, &[("scan-report", "scan.json")]);
        assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{words}: {}", ran.log);
        ran.says(words).says("let the step that scans write it before this one");
        assert!(!ran.log.lines().any(|line| line.starts_with("::error::x")), "{}", ran.log);
    }
    let report = trivy("CVE-2026-0001", "LOW", "");
    let inputs = [("scan-report", "a.json"), ("scan-baseline", "b.json")];
    let (_, ran) = run(&[("a.json", &report)], &inputs);
    assert_eq!(ran.code, 64);
    ran.says("`scan-baseline`: b.json cannot be read");
    // With what is wrong of the image, all at once.
    let (_, ran) = run(&[], &[("scan-report", "a.json"), ("file", "no")]);
    ran.says("a.json cannot be read").says("no Dockerfile no");
    // A pipe has no end.
    let place = Place::new(&FILES);
    let status = std::process::Command::new("mkfifo").arg(place.scene().path("work/pipe")).status();
    assert!(status.unwrap().success());
    let own =
        [("mode", "build"), ("image", "acme/shop"), ("environment", "uat"), ("push", "false")];
    let inputs: Vec<_> = own.into_iter().chain([("scan-report", "pipe")]).collect();
    let ran = place.run(&inputs);
    assert_eq!(ran.code, 64);
    ran.says("it is no file");
}

#[test]
fn a_report_stops_the_build_before_it_begins() {
    let report = trivy("CVE-2026-0001", "HIGH", "3.0.2");
    let files = [("scan.json", report.as_str())];
    let inputs =
        [("scan-report", "scan.json"), ("scan-gate", "high"), ("sarif-file", "out/scan.sarif")];
    let (place, ran) = run(&files, &inputs);
    assert_eq!((ran.code, ran.output("result")), (1, "failed"), "{}", ran.log);
    assert_eq!(ran.output("scan-result"), "failed");
    let counts: Value = serde_json::from_str(ran.output("vulnerabilities")).unwrap();
    let told = ["total", "failing", "new", "critical", "high"].map(|name| counts[name].as_u64());
    assert_eq!(told, [1, 1, 0, 0, 1].map(Some));
    ran.says("acme/shop did not pass the scan").says("nothing of it was pushed");
    ran.says("| `CVE-2026-0001` | ❌ high | `libexample3` | `3.0.1` | `3.0.2` |");
    assert_eq!(ran.log.matches("::error ").count(), 1, "{}", ran.log);
    assert!(!ran.log.contains("::warning"), "{}", ran.log);
    assert_eq!((ran.output("tags"), ran.output("refs"), ran.output("digest")), ("", "", ""));
    let path = place.scene().path("work/out/scan.sarif").canonicalize().unwrap();
    assert_eq!(ran.output("sarif-file"), path.to_str().unwrap());
    let sarif: Value = serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "CVE-2026-0001");
}

/// What passes goes on to where Docker is needed.
#[test]
fn what_a_gate_lets_pass() {
    let high = trivy("CVE-2026-0001", "HIGH", "3.0.2");
    let unfixed = trivy("CVE-2026-0001", "HIGH", "");
    let other = grype("CVE-2026-0001", "Critical");
    for (files, inputs, code) in [
        (&[("a", high.as_str())][..], &[("scan-gate", "critical")][..], 75),
        (&[("a", &high)], &[], 75),
        (&[("a", &high)], &[("scan-gate", "low")], 1),
        (&[("a", &high)], &[("scan-gate", "high"), ("scan-ignore-unfixed", "true")], 1),
        (&[("a", &unfixed)], &[("scan-gate", "high"), ("scan-ignore-unfixed", "true")], 75),
        (&[("a", &high), ("b", &other)], &[("scan-gate", "critical"), ("scan-report", "a\nb")], 1),
        (
            &[("a", &high), ("b", &other)],
            &[("scan-gate", "high"), ("scan-new-only", "true"), ("scan-baseline", "b")],
            75,
        ),
        (
            &[("a", &high), ("b", CLEAN)],
            &[("scan-gate", "high"), ("scan-new-only", "true"), ("scan-baseline", "b")],
            1,
        ),
    ] {
        let own = [("scan-report", "a")];
        let given = own.iter().filter(|_| inputs.iter().all(|(name, _)| *name != "scan-report"));
        let inputs: Vec<_> = given.chain(inputs).copied().collect();
        let (_, ran) = run(files, &inputs);
        assert_eq!(ran.code, code, "{inputs:?}: {}\n{}", ran.log, ran.summary);
        if code == 75 {
            ran.says("`docker` was not found");
            assert_ne!(ran.output("scan-result"), "failed");
        }
    }
}

/// The same finding in two reports is one, and its worst severity counts.
#[test]
fn two_reports_are_one() {
    let (trivy, grype) = (trivy("CVE-2026-0001", "HIGH", ""), grype("CVE-2026-0001", "Critical"));
    let inputs = [("scan-report", "a\nb"), ("scan-gate", "critical")];
    let (_, ran) = run(&[("a", &trivy), ("b", &grype)], &inputs);
    let counts: Value = serde_json::from_str(ran.output("vulnerabilities")).unwrap();
    assert_eq!((counts["total"].as_u64(), counts["critical"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn the_file_never_leaves_the_repository() {
    let outside = tempfile::tempdir().unwrap();
    let files: Vec<_> = FILES.into_iter().chain([("a", CLEAN)]).collect();
    let place = Place::new(&files);
    fs_err::write(place.scene().path("work/a"), grype("CVE-1", "High")).unwrap();
    fs_err::os::unix::fs::symlink(outside.path(), place.scene().path("work/out")).unwrap();
    let inputs = [
        ("mode", "build"),
        ("image", "acme/shop"),
        ("environment", "uat"),
        ("push", "false"),
        ("scan-report", "a"),
        ("scan-gate", "low"),
        ("sarif-file", "out/deep/scan.sarif"),
    ];
    let ran = place.run_with(&inputs, &[("PATH", "/nonexistent")]);
    assert_eq!((ran.code, ran.output("sarif-file")), (1, ""), "{}", ran.log);
    ran.says("`sarif-file` was not written").says("behind a link that leads out");
    assert_eq!(fs_err::read_dir(outside.path()).unwrap().count(), 0);
}

/// What stands in a report is neither a command of the workflow nor Markdown.
#[test]
fn a_hostile_report_is_only_text() {
    let report = trivy("CVE`\n::error::x\n<script>|", "HIGH", "[x](http://evil.example)");
    let (_, ran) = run(&[("a", &report)], &[("scan-report", "a"), ("scan-gate", "low")]);
    assert_eq!(ran.code, 1);
    assert!(!ran.log.lines().any(|line| line.starts_with("::error::x")), "{}", ran.log);
    assert!(ran.summary.contains("``CVE` ::error::x <script>\\|``"), "{}", ran.summary);
}
