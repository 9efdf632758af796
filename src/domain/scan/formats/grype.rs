//! JSON of Grype (`grype -o json`): `matches[]`. What its own rules ignore stands elsewhere and is left out.

use serde::Deserialize;

use crate::domain::scan::finding::{Finding, Findings};
use crate::domain::scan::severity::Severity;
use crate::domain::scan::walk::{Unreadable, each, few};

#[derive(Deserialize)]
struct Match {
    vulnerability: Vulnerability,
    artifact: Artifact,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    severity: Option<String>,
    description: Option<String>,
    fix: Option<Mended>,
}

#[derive(Deserialize)]
struct Mended {
    #[serde(default, deserialize_with = "few")]
    versions: Vec<String>,
    state: Option<String>,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: Option<String>,
}

/// Reads it.
///
/// # Errors
/// It is not of this form, or has too many findings.
pub fn read(text: &str) -> Result<Findings, Unreadable> {
    let mut findings = Findings::default();
    each(text, &["matches"], &mut |_, one: Match| {
        let Match { vulnerability, artifact } = one;
        let severity = Severity::read(vulnerability.severity.as_deref())?;
        let finding = Finding::new(&vulnerability.id, &artifact.name, severity)
            .installed(&artifact.version.unwrap_or_default())
            .titled(&vulnerability.description.unwrap_or_default());
        findings.add(match vulnerability.fix {
            Some(fix) => mended(finding, &fix),
            None => finding,
        })
    })?;
    Ok(findings)
}

fn mended(finding: Finding, fix: &Mended) -> Finding {
    match fix.state.as_deref() {
        Some("not-fixed" | "wont-fix") => finding.mended(""),
        Some("fixed") if fix.versions.is_empty() => finding.mended("a later version"),
        Some("fixed") => finding.mended(&fix.versions.join(", ")),
        // It does not know whether there is one.
        _ => finding,
    }
}
