//! Reports of our own making, in the forms of the tools.

use proptest::prelude::*;

use super::*;
use crate::domain::scan::finding::Fix;

const TRIVY: &str = include_str!("samples/trivy.json");
const GRYPE: &str = include_str!("samples/grype.json");
const TRIVY_SARIF: &str = include_str!("samples/trivy.sarif");
const GRYPE_SARIF: &str = include_str!("samples/grype.sarif");

/// What makes a report one of Grype.
const OF_GRYPE: &str = r#""descriptor": {"name": "grype"}"#;

/// The findings, a line each.
fn told(text: &str) -> String {
    let (format, findings) = read(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let line = |one: &crate::domain::scan::finding::Finding| {
        let fix = match &one.fix {
            Fix::In(versions) => format!("mended in {versions}"),
            Fix::None => "not mended".to_owned(),
            Fix::Unknown => "fix not known".to_owned(),
        };
        let severity = one.severity.word();
        let title = if one.title.is_empty() { String::new() } else { format!("; {}", one.title) };
        format!("{severity} {} {} {}: {fix}{title}", one.id, one.package, one.installed)
    };
    let lines: Vec<String> = findings.iter().map(line).collect();
    format!("{format:?}\n{}", lines.join("\n"))
}

fn why(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

#[test]
fn json_of_trivy() {
    insta::assert_snapshot!(told(TRIVY), @r"
    Trivy
    critical CVE-2026-0001 libexample3 3.0.1-1: mended in 3.0.2-1; libexample: a read behind the end
    medium CVE-2026-0002 libexample3 3.0.1-1: not mended
    high CVE-2026-0003 example-http 2.0.0: mended in 2.0.7, 1.26.18; example-http: a header goes to another host
    unknown TEMP-0000001-ABCDEF tar 1.35: fix not known
    ");
}

#[test]
fn json_of_grype() {
    insta::assert_snapshot!(told(GRYPE), @r"
    Grype
    critical CVE-2026-0001 libexample3 3.0.1-1: mended in 3.0.2-1; A read behind the end.
    negligible CVE-2026-0004 tar 1.35: not mended
    medium CVE-2026-0005 tar 1.35: not mended
    low CVE-2026-0006 tar 1.35: fix not known
    high GHSA-aaaa-bbbb-cccc example-http 2.0.0: mended in 2.0.7, 1.26.18
    ");
}

#[test]
fn sarif_of_trivy_and_grype() {
    insta::assert_snapshot!(told(TRIVY_SARIF), @r"
    Sarif
    critical CVE-2026-0001 libexample3 3.0.1-1: mended in 3.0.2-1; libexample: a read behind the end
    medium CVE-2026-0002 libexample3 3.0.1-1: not mended
    ");
    insta::assert_snapshot!(told(GRYPE_SARIF), @r"
    Sarif
    critical CVE-2026-0001 libexample3 3.0.1-1: mended in 3.0.2-1; CVE-2026-0001 critical vulnerability for libexample3 package
    low CVE-2026-0004 tar 1.35: fix not known; CVE-2026-0004 low vulnerability for tar package
    ");
}

#[test]
fn a_finding_of_two_tools_is_the_same() {
    let (_, mut all) = read(TRIVY).unwrap();
    let before = all.clone();
    all.add_all(read(TRIVY_SARIF).unwrap().1).unwrap();
    let told = |all: &Findings| {
        let one = |one: &crate::domain::scan::Finding| format!("{} {:?}", one.id, one.severity);
        all.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(told(&all), told(&before), "what the JSON has, the SARIF of the same scan has");
}

#[test]
fn an_image_without_findings_has_a_report_all_the_same() {
    for text in [
        r#"{"SchemaVersion": 2, "ArtifactName": "a"}"#,
        r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": null}"#,
        r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Target": "a"}, {"Target": "b", "Vulnerabilities": null}]}"#,
        r#"{"matches": [], "descriptor": {"name": "grype"}}"#,
        r#"{"matches": null, "descriptor": {"name": "grype"}}"#,
        r#"{"version": "2.1.0", "runs": [{"results": []}]}"#,
        "\u{feff}{\"matches\": [], \"descriptor\": {\"name\": \"grype\"}}",
    ] {
        assert_eq!(read(text).unwrap().1.iter().count(), 0, "{text}");
    }
}

#[test]
fn levels_and_scores_of_sarif() {
    let result = |rule: &str, result: &str| {
        let text = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"rules": [{{"id": "R", {rule} "x": 0}}]}}}},
            "results": [{{"ruleId": "R", {result} "message": {{"text": "x"}}}}]}}]}}"#
        );
        read(&text).unwrap().1.iter().map(|one| one.severity.word()).collect::<Vec<_>>().join(",")
    };
    let score = |text: &str| format!(r#""properties": {{"security-severity": {text}}},"#);
    for (rule, own, severity) in [
        (score("\"9.8\""), "", "critical"),
        (score("9"), "", "critical"),
        (score("7.5"), r#""level": "note","#, "high"),
        (score("\"0.0\""), r#""level": "error","#, "high"),
        (score("\"0.0\""), "", "unknown"),
        (score("-1"), r#""level": "note","#, "low"),
        (score("\"\""), r#""level": "warning","#, "medium"),
        (score("null"), "", "medium"),
        (r#""defaultConfiguration": {"level": "error"},"#.to_owned(), "", "high"),
        (
            r#""defaultConfiguration": {"level": "error"},"#.to_owned(),
            r#""level": "none","#,
            "unknown",
        ),
        (String::new(), "", "medium"),
        (String::new(), r#""kind": "pass","#, ""),
        (String::new(), r#""kind": "notApplicable","#, ""),
        (String::new(), r#""kind": "informational","#, ""),
        (score("9"), r#""kind": "open","#, "unknown"),
        (score("9"), r#""kind": "review","#, "unknown"),
        (score("9"), r#""baselineState": "absent","#, ""),
        (score("9"), r#""baselineState": "unchanged","#, "critical"),
        (
            score("9"),
            r#""suppressions": [{"kind": "external", "status": "accepted"}],"#,
            "critical",
        ),
        (String::new(), r#""kind": "fail", "level": "error","#, "high"),
    ] {
        assert_eq!(result(&rule, own), severity, "{rule} {own}");
    }
}

/// A rule has one score for all packages; the text of a result has the word of its own.
#[test]
fn the_worse_of_score_and_word_counts() {
    let result = |word: &str, package: &str| {
        format!(
            r#"{{"ruleId": "CVE-1", "ruleIndex": 0, "level": "note", "message": {{"text": "Package: {package}\nSeverity: {word}"}}}}"#
        )
    };
    let text = format!(
        r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"rules": [{{"id": "CVE-1", "properties": {{"security-severity": "2.0"}}}}]}}}},
        "results": [{}, {}, {}]}}]}}"#,
        result("CRITICAL", "a"),
        result("LOW", "b"),
        result("7.5 (CVSS)", "c"),
    );
    let (_, findings) = read(&text).unwrap();
    let words: Vec<&str> = findings.iter().map(|one| one.severity.word()).collect();
    assert_eq!(words, ["critical", "low", "low"]);
}

/// Rules of one name, of other components, and named by their place or the beginning of their name.
#[test]
fn the_rule_of_a_result_is_found_or_it_is_told() {
    let read = |driver: &str, more: &str, result: &str| {
        let text = format!(
            r#"{{"version": "2.1.0", "runs": [{{"results": []}}, {{"tool": {{"driver": {{"rules": [{driver}]}}, "extensions": [{more}]}},
            "results": [{{{result}, "message": {{"text": "x"}}}}]}}]}}"#
        );
        let findings = read(&text).map_err(|error| error.to_string())?.1;
        let told =
            |one: &crate::domain::scan::Finding| format!("{} {}", one.id, one.severity.word());
        Ok::<_, String>(findings.iter().map(told).collect::<Vec<_>>().join(","))
    };
    let rule = |id: &str, score: &str| {
        format!(r#"{{"id": "{id}", "properties": {{"security-severity": "{score}"}}}}"#)
    };
    let (mild, bad, lesser) = (rule("M", "2.0"), rule("R", "9.8"), rule("R", "2.0"));
    let both = format!("{mild},{bad}");
    let beside = format!(r#"{{"rules": []}}, {{"rules": [{bad}]}}"#);
    for (driver, more, result, told) in [
        (&both, "", r#""ruleId": "R", "ruleIndex": 0"#, "R critical"),
        (&both, "", r#""ruleId": "R", "ruleIndex": -1"#, "R critical"),
        (&both, "", r#""ruleId": "R/part", "ruleIndex": 1"#, "R/part critical"),
        (&both, "", r#""ruleId": "R/part/of""#, "R/part/of critical"),
        (&both, "", r#""ruleIndex": 1"#, "R critical"),
        (&both, "", r#""rule": {"index": 1}"#, "R critical"),
        (&both, "", r#""ruleId": "X""#, "X medium"),
        (&format!("{lesser},{bad}"), "", r#""ruleId": "R", "ruleIndex": 0"#, "R critical"),
        (&format!("{bad},{lesser}"), "", r#""ruleId": "R", "ruleIndex": 1"#, "R critical"),
        (
            &mild,
            &beside,
            r#""ruleId": "R", "rule": {"index": 0, "toolComponent": {"index": 1}}"#,
            "R critical",
        ),
        (&mild, &beside, r#""rule": {"index": 0, "toolComponent": {"index": 1}}"#, "R critical"),
    ] {
        assert_eq!(read(driver, more, result).as_deref(), Ok(told), "{result}");
    }
    for result in [
        r#""ruleId": "X", "ruleIndex": 2"#,
        r#""ruleId": "X", "rule": {"index": 0, "toolComponent": {"index": 0}}"#,
        r#""ruleId": "X", "rule": {"toolComponent": {"index": -1}}"#,
        r#""ruleId": "X", "rule": {"index": 0, "toolComponent": {"index": -1}}"#,
        r#""ruleId": "X", "rule": {"index": 0, "toolComponent": {"name": "other"}}"#,
    ] {
        let why = read(&both, &beside, result).unwrap_err();
        assert!(why.contains("refers to a rule that is not there"), "{result}: {why}");
    }
}

/// A report about something else, and one of an image whose system is not known, say nothing of packages.
#[test]
fn a_report_that_recognised_no_packages_is_known() {
    let blind = |results: &str| {
        let text = format!(r#"{{"SchemaVersion": 2, "ArtifactName": "a", "Results": {results}}}"#);
        read(&text).unwrap().1.is_blind
    };
    for results in [
        "null",
        "[]",
        r#"[{"Target": "Dockerfile", "Class": "config", "Misconfigurations": [{}]}]"#,
        r#"[{"Target": "a", "Class": "secret"}]"#,
    ] {
        assert!(blind(results), "{results}");
    }
    assert!(!blind(r#"[{"Class": "secret"}, {"Target": "debian", "Class": "os-pkgs"}]"#));
    assert!(!blind(r#"[{"Target": "app", "Class": "lang-pkgs"}]"#));
    assert!(!read(GRYPE).unwrap().1.is_blind && !read(TRIVY).unwrap().1.is_blind);
}

#[test]
fn what_trivy_knows_of_a_fix() {
    let fix = |more: &str| {
        let text = format!(
            r#"{{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{{"Vulnerabilities": [{{"VulnerabilityID": "a", "Severity": "HIGH"{more}}}]}}]}}"#
        );
        read(&text).unwrap().1.iter().next().unwrap().fix.clone()
    };
    for status in ["affected", "will_not_fix", "fix_deferred", "end_of_life"] {
        assert_eq!(fix(&format!(r#", "Status": "{status}""#)), Fix::None, "{status}");
    }
    for status in ["unknown", "under_investigation", "not_affected", "news"] {
        assert_eq!(fix(&format!(r#", "Status": "{status}""#)), Fix::Unknown, "{status}");
    }
    assert_eq!(fix(""), Fix::Unknown);
    assert_eq!(fix(r#", "Status": "fixed""#), Fix::In("a later version".to_owned()));
    assert_eq!(fix(r#", "Status": "affected", "FixedVersion": "2""#), Fix::In("2".to_owned()));
}

#[test]
fn what_is_no_report_is_told_with_its_place() {
    for (text, words) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("<html>", "expected value at line 1 column 1"),
        ("[]", "invalid length 0"),
        ("{}", "none of JSON of Trivy, JSON of Grype and SARIF"),
        (r#"{"Results": []}"#, "none of JSON of Trivy"),
        (r#"{"SchemaVersion": 2, "ClusterName": "a", "Resources": []}"#, "none of JSON of Trivy"),
        (r#"{"artifacts": [], "descriptor": {"name": "syft"}}"#, "none of JSON of Trivy"),
        (r#"{"SchemaVersion": 1, "ArtifactName": "a"}"#, "of the schema 1, and 2 can be read"),
        (r#"{"SchemaVersion": "2"}"#, "expected u64 at line 1"),
        (
            r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": 7}"#,
            "expected a list at line 1 column 54",
        ),
        (
            r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Vulnerabilities": [{}]}]}"#,
            "missing field `VulnerabilityID`",
        ),
        (
            r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Vulnerabilities": [{"VulnerabilityID": 7}]}]}"#,
            "expected a string",
        ),
        (
            r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": [], "Results": []}"#,
            "`Results` is there twice",
        ),
        (
            r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Vulnerabilities": [{"VulnerabilityID": "a", "Severity": "HIGH", "Severity": "LOW"}]}]}"#,
            "duplicate field `Severity`",
        ),
        (r#"{"descriptor": {"name": "grype"}, "matches": [{}]}"#, "missing field `vulnerability`"),
        (r#"{"matches": []}"#, "none of JSON of Trivy, JSON of Grype"),
        (
            r#"{"matches": [], "descriptor": {"name": "other"}}"#,
            "none of JSON of Trivy, JSON of Grype",
        ),
        (r#"{"matches": [], "matches": []}"#, "duplicate field `matches`"),
        (r#"{"matches": ["#, "EOF while parsing a list"),
        (r#"{"version": "1.0.0", "runs": []}"#, "it is SARIF 1.0.0"),
        (r#"{"runs": []}"#, "without a `version`"),
        (r#"{"version": "2.1.0", "runs": []}"#, "it has no run"),
        (r#"{"version": "2.1.0", "runs": [{}]}"#, "run 1 has no `results`"),
        (r#"{"version": "2.1.0", "runs": [{"results": null}]}"#, "run 1 has no `results`"),
        (
            r#"{"version": "2.1.0", "runs": [{"results": [], "invocations": [{"executionSuccessful": false}]}]}"#,
            "run 1 says that the scan failed",
        ),
        (
            r#"{"version": "2.1.0", "runs": [{"results": [{"message": {"text": "x"}}]}]}"#,
            "has no `ruleId`",
        ),
        (
            r#"{"version": "2.1.0", "runs": [{"results": [{"ruleId": "a", "kind": "Fail"}]}]}"#,
            "a result is of the kind `Fail`",
        ),
        (
            r#"{"version": "2.1.0", "runs": [{"results": [{"ruleId": "a", "level": "ERROR"}]}]}"#,
            "a finding has the level `ERROR`",
        ),
        (
            r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"rules": [{"id": "a", "properties": {"security-severity": "CVSS:3.1/AV:N"}}]}}, "results": []}]}"#,
            "`security-severity` is `CVSS:3.1/AV:N`, which is no number",
        ),
        (
            r#"{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Vulnerabilities": [{"VulnerabilityID": "a", "Severity": "SEVERE"}]}]}"#,
            "a finding has the severity `SEVERE`",
        ),
        (
            r#"{"descriptor": {"name": "grype"}, "matches": [{"vulnerability": {"id": "a", "severity": "bad"}, "artifact": {"name": "b"}}]}"#,
            "a finding has the severity `bad`",
        ),
    ] {
        let told = why(text);
        assert!(told.contains(words), "{text}: {told}");
    }
    let done = "{\"executionSuccessful\": true},".repeat(8);
    let ninth = format!(
        r#"{{"version": "2.1.0", "runs": [{{"results": [], "invocations": [{done}{{"executionSuccessful": false}}]}}]}}"#
    );
    assert!(why(&ninth).contains("run 1 says that the scan failed"), "{}", why(&ninth));
    assert!(!why("{\"SchemaVersion\": \"\\u001b[31m\\n::error::x\"}").contains(['\u{1b}', '\n']));
}

#[test]
fn many_small_entries_and_deep_ones_are_bounded() {
    let entry = r#"{"vulnerability": {"id": "a", "fix": {"versions": [VERSIONS]}}, "artifact": {"name": "b"}}"#;
    let versions = entry.replace("VERSIONS", &vec!["\"\""; 500_000].join(","));
    let (_, findings) = read(&format!("{{{OF_GRYPE}, \"matches\": [{versions}]}}")).unwrap();
    assert_eq!(findings.iter().count(), 1);
    let many: Vec<String> = (0..=100_000)
        .map(|number| {
            format!(r#"{{"vulnerability": {{"id": "{number}"}}, "artifact": {{"name": "b"}}}}"#)
        })
        .collect();
    assert!(
        why(&format!("{{{OF_GRYPE}, \"matches\": [{}]}}", many.join(",")))
            .contains("more than 100000")
    );
    let deep = "[".repeat(100_000);
    assert!(why(&format!("{{\"matches\": {deep}")).contains("line 1 column"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn no_part_and_no_change_of_a_report_makes_it_panic(
        which in 0usize..4,
        from in 0usize..4_000,
        with in "[\\[\\]{}\":,0-9a-z\\\\]{0,4}",
    ) {
        let text = [TRIVY, GRYPE, TRIVY_SARIF, GRYPE_SARIF][which];
        let from = from % text.len();
        if text.is_char_boundary(from) && text.is_char_boundary(from + 1) {
            let changed = format!("{}{with}{}", &text[..from], &text[from + 1..]);
            if let Ok((_, findings)) = read(&changed) {
                prop_assert!(findings.iter().all(|one| one.id.chars().count() <= 201));
            }
            let _ = read(&text[..from]);
        }
    }
}
