//! What is told of scans, as a whole.

use super::*;
use crate::domain::scan::{Finding, Findings, judge, read};

fn findings() -> Findings {
    let mut all = Findings::default();
    for finding in [
        Finding::new("CVE-2026-0001", "libexample3", Severity::Critical)
            .installed("3.0.1")
            .mended("3.0.2")
            .titled("A read behind the end"),
        Finding::new("CVE-2026-0002", "libexample3", Severity::High).installed("3.0.1").mended(""),
        Finding::new("CVE-2026-0003", "tar", Severity::Unknown).installed("1.35"),
    ] {
        all.add(finding).unwrap();
    }
    all
}

fn scanned(gate: Option<Severity>, found: &Findings, before: Option<&Findings>) -> Scanned {
    let rules = Rules { gate, only_new: before.is_some(), ignores_unfixed: false };
    Scanned {
        by: "trivy 0.60.0".to_owned(),
        rules,
        judged: judge(rules, found.clone(), before),
        before: before.map_or(Before::Left, |_| Before::Of("r.io/shop:uat-latest".to_owned())),
    }
}

/// What the image before had: the critical one in another version.
fn before() -> Findings {
    let mut all = Findings::default();
    let same = Finding::new("CVE-2026-0001", "libexample3", Severity::High).installed("2.9");
    all.add(same).unwrap();
    all
}

#[test]
fn a_failed_gate_in_summary_log_and_error() {
    let one = scanned(Some(Severity::High), &findings(), None);
    insta::assert_snapshot!(one.section(), @r"

    ❌ Scan by trivy 0.60.0: failed the gate `high` by 2 findings.

    | severity | findings | that count |
    | --- | --- | --- |
    | critical | 1 | 1 |
    | high | 1 | 1 |
    | unknown | 1 | 0 |

    | finding | severity | package | installed | fixed in |
    | --- | --- | --- | --- | --- |
    | `CVE-2026-0001` | ❌ critical | `libexample3` | `3.0.1` | `3.0.2` |
    | `CVE-2026-0002` | ❌ high | `libexample3` | `3.0.1` | no fix yet |
    | `CVE-2026-0003` | unknown | `tar` | `1.35` | not said |
    ");
    insta::assert_snapshot!(one.lines().join("\n"), @r"
      scan by trivy 0.60.0: 1 critical, 1 high, 1 unknown; failed the gate `high` by 2 findings
        CVE-2026-0001 (critical) in libexample3 3.0.1, fixed in 3.0.2
        CVE-2026-0002 (high) in libexample3 3.0.1, no fix yet
    ");
    let pushed = Reference::parse("r.io/shop:uat-0123456").unwrap();
    let failure = one.failure("r.io/shop:uat-0123456", Some(&pushed));
    assert_eq!(failure.outcome, Outcome::Failed);
    insta::assert_snapshot!(failure.to_string(), @r"
    r.io/shop:uat-0123456 did not pass the scan: CVE-2026-0001 (critical) in libexample3 3.0.1, fixed in 3.0.2; CVE-2026-0002 (high) in libexample3 3.0.1, no fix yet (`scan-gate: high`); r.io/shop:uat-0123456 was pushed, and no other tag was set
    What to do: build it with the versions that mend it, or on a newer base image; what is known and accepted goes into the scanner's own list (`.trivyignore`, `.grype.yaml`)
    ");
    assert!(one.failure("r.io/shop", None).why.ends_with("; nothing of it was pushed"));
}

#[test]
fn what_is_new_has_a_column_of_its_own() {
    let one = scanned(Some(Severity::High), &findings(), Some(&before()));
    insta::assert_snapshot!(one.section(), @r"

    ❌ Scan by trivy 0.60.0: failed the gate `high` by 1 finding, compared with r.io/shop:uat-latest.

    | severity | findings | that count | new |
    | --- | --- | --- | --- |
    | critical | 1 | 0 | 0 |
    | high | 1 | 1 | 1 |
    | unknown | 1 | 0 | 1 |

    | finding | severity | package | installed | fixed in | new |
    | --- | --- | --- | --- | --- | --- |
    | `CVE-2026-0002` | ❌ high | `libexample3` | `3.0.1` | no fix yet | new |
    | `CVE-2026-0001` | critical | `libexample3` | `3.0.1` | `3.0.2` |  |
    | `CVE-2026-0003` | unknown | `tar` | `1.35` | not said | new |
    ");
    insta::assert_snapshot!(one.json().to_string(), @r#"{"total":3,"failing":1,"new":2,"critical":1,"high":1,"medium":0,"low":0,"negligible":0,"unknown":1,"result":"failed","by":"trivy 0.60.0"}"#);
    let mut nothing = one;
    nothing.before = Before::Nothing("there is no r.io/shop:uat-latest".to_owned());
    assert!(
        nothing.lines()[1].contains("compared with nothing (there is no r.io/shop:uat-latest)")
    );
}

#[test]
fn no_findings_and_no_gate() {
    let one = scanned(Some(Severity::High), &Findings::default(), None);
    insta::assert_snapshot!(one.section(), @r"

    ✅ Scan by trivy 0.60.0: passed the gate `high`. It has no known vulnerability.
    ");
    assert_eq!((one.word(), one.warning("build-push", "r.io/shop")), ("passed", None));
    assert_eq!(scanned(None, &findings(), None).word(), "off");
    let mut blind = Findings::default();
    blind.is_blind = true;
    let one = scanned(Some(Severity::High), &blind, None);
    assert!(one.section().contains("high`. No package was recognised in it"), "{}", one.section());
    let warning = one.warning("build-push", "r.io/shop").unwrap();
    assert!(warning.message.starts_with("No package was recognised in it"), "{warning:?}");
    // One platform was not looked into, and another has something mild.
    let mut half = before();
    assert_eq!(scanned(Some(Severity::Critical), &half, None).warning("build-push", "x"), None);
    half.is_blind = true;
    let warning = scanned(Some(Severity::Critical), &half, None).warning("build-push", "x");
    assert!(warning.unwrap().message.starts_with("No package was recognised in it"));
}

#[test]
fn a_warning_where_something_was_let_pass() {
    let told = |gate, found: &Findings| {
        let warning = scanned(gate, found, None).warning("build-push", "r.io/shop");
        warning.map(|one| one.message)
    };
    let all = findings();
    assert_eq!(
        told(None, &all).unwrap(),
        "1 critical finding stopped nothing, because `scan-gate` is off"
    );
    let unknown = told(Some(Severity::Critical), &all).unwrap();
    assert!(unknown.starts_with("1 finding of no known severity, which no gate counts"));
    assert_eq!(told(None, &before()), None);
    assert_eq!(told(Some(Severity::Low), &before()), None);
}

#[test]
fn many_findings_are_cut_and_counted() {
    let mut many = Findings::default();
    for number in 0..50 {
        let id = format!("CVE-{number:03}");
        many.add(Finding::new(&id, "tar", Severity::High)).unwrap();
    }
    let one = scanned(Some(Severity::High), &many, None);
    let section = one.section();
    assert_eq!(section.matches("CVE-").count(), SHOWN);
    assert!(section.contains("\nand 30 more\n") && section.contains("| high | 50 | 50 |"));
    assert_eq!(one.lines().last().unwrap(), "    and 47 more");
    let why = one.failure("r.io/shop", None).why;
    assert!(why.contains("CVE-002") && !why.contains("CVE-003") && why.contains("and 47 more"));
}

#[test]
fn hostile_names_stay_names() {
    let mut all = Findings::default();
    let evil = Finding::new("CVE`|<b>\n::error::x", "<img src=x> @octocat", Severity::High)
        .installed("1 | 2\u{202e}")
        .mended("[x](http://evil)");
    all.add(evil).unwrap();
    let one = scanned(Some(Severity::Low), &all, None);
    for line in one.section().lines().chain(one.lines().join("\n").lines()) {
        assert!(!line.starts_with("::"), "{line}");
    }
    let section = one.section();
    assert!(section.contains("``CVE`\\|<b> ::error::x``"), "{section}");
    assert!(section.contains("`<img src=x> @octocat`"), "{section}");
}

#[test]
fn sarif_says_what_was_read() {
    let one = scanned(Some(Severity::High), &findings(), Some(&before()));
    let text = sarif(&[("r.io/acme/shop".to_owned(), &one)]);
    let (_, again) = read(&text).unwrap();
    let told = |all: &Findings| {
        let line = |one: &Finding| {
            (
                one.id.clone(),
                one.package.clone(),
                one.installed.clone(),
                one.fix.clone(),
                one.severity,
            )
        };
        all.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(told(&again), told(&findings()));
    let document: Value = serde_json::from_str(&text).unwrap();
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules[0]["properties"]["security-severity"], "9.5");
    assert_eq!(rules[0]["shortDescription"]["text"], "A read behind the end");
    assert!(rules[2]["properties"].get("security-severity").is_none(), "not known");
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "r.io/acme/shop");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&run["results"][0]).unwrap(), @r#"
    {
      "ruleId": "CVE-2026-0002",
      "ruleIndex": 1,
      "level": "error",
      "message": {
        "text": "Package: libexample3\nInstalled Version: 3.0.1\nFixed Version: \nSeverity: high\nImage: r.io/acme/shop"
      },
      "locations": [
        {
          "physicalLocation": {
            "artifactLocation": {
              "uri": "r.io/acme/shop"
            },
            "region": {
              "startLine": 1,
              "startColumn": 1,
              "endLine": 1,
              "endColumn": 1
            }
          },
          "logicalLocations": [
            {
              "name": "libexample3",
              "kind": "module"
            }
          ]
        }
      ],
      "partialFingerprints": {
        "mtaScan/v1": "32901deef59ba64e259d37e5f50702ba"
      },
      "properties": {
        "counts": true,
        "new": true
      }
    }
    "#);
}

#[test]
fn sarif_of_several_images_is_sorted_and_bounded() {
    let one = scanned(None, &findings(), None);
    let images = [("b".to_owned(), &one), ("a".to_owned(), &one)];
    let document: Value = serde_json::from_str(&sarif(&images)).unwrap();
    let results = document["runs"][0]["results"].as_array().unwrap();
    let line = |one: &Value| {
        format!(
            "{} {}",
            one["level"], one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        )
    };
    let lines: Vec<String> = results.iter().map(line).collect();
    assert_eq!(lines[..3], ["\"error\" \"a\"", "\"error\" \"b\"", "\"error\" \"a\""]);
    let text = sarif::document(&images, 4);
    assert_eq!(text.matches("\"ruleIndex\":").count(), 4, "what services take");
    assert!(text.contains("\"omitted\":2") && !text.contains("CVE-2026-0003"), "the worst stay");
}
