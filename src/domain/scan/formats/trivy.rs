//! JSON of Trivy (`trivy image --format json`): `Results[].Vulnerabilities[]`. What else it looks for (secrets,
//! misconfigurations, licenses) is left out.

use serde::Deserialize;

use crate::domain::scan::finding::{Finding, Findings};
use crate::domain::scan::severity::Severity;
use crate::domain::scan::walk::{Unreadable, each};

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "Class")]
    class: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(rename = "PkgName")]
    package: Option<String>,
    #[serde(rename = "InstalledVersion")]
    installed: Option<String>,
    #[serde(rename = "FixedVersion")]
    fixed: Option<String>,
    #[serde(rename = "Status")]
    status: Option<String>,
    #[serde(rename = "Severity")]
    severity: Option<String>,
    #[serde(rename = "Title")]
    title: Option<String>,
}

/// Reads it.
///
/// # Errors
/// It is not of this form, or has too many findings.
pub fn read(text: &str) -> Result<Findings, Unreadable> {
    let mut findings = Findings::default();
    findings.is_blind = true;
    each(text, &["Results"], &mut |_, part: Part| {
        let is_seen = matches!(part.class.as_deref(), Some("os-pkgs" | "lang-pkgs"));
        findings.is_blind &= !is_seen;
        Ok(())
    })?;
    each(text, &["Results", "Vulnerabilities"], &mut |_, one: Vulnerability| {
        let severity = Severity::read(one.severity.as_deref())?;
        let finding = Finding::new(&one.id, &one.package.unwrap_or_default(), severity)
            .installed(&one.installed.unwrap_or_default())
            .titled(&one.title.unwrap_or_default());
        findings.add(mended(finding, one.fixed.as_deref(), one.status.as_deref()))
    })?;
    Ok(findings)
}

/// What is known of a fix: its version, else by the status (`pkg/fanal/types`, `Status`).
fn mended(finding: Finding, fixed: Option<&str>, status: Option<&str>) -> Finding {
    match (fixed.filter(|version| !version.trim().is_empty()), status) {
        (Some(version), _) => finding.mended(version),
        (None, Some("affected" | "will_not_fix" | "fix_deferred" | "end_of_life")) => {
            finding.mended("")
        }
        (None, Some("fixed")) => finding.mended("a later version"),
        // It does not know whether there is one. Before Trivy 0.41 no report had a status.
        (None, _) => finding,
    }
}
