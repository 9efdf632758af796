//! JSON of Trivy (`trivy image --format json`): `Results[].Vulnerabilities[]`. What else it looks for (secrets,
//! misconfigurations, licenses) is left out.

use serde::Deserialize;

use crate::domain::scan::finding::{Finding, Findings};
use crate::domain::scan::severity::Severity;
use crate::domain::scan::walk::{Unreadable, each};

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
    each(text, &["Results", "Vulnerabilities"], &mut |_, one: Vulnerability| {
        let severity = Severity::parse(&one.severity.unwrap_or_default());
        let finding = Finding::new(&one.id, &one.package.unwrap_or_default(), severity)
            .installed(&one.installed.unwrap_or_default())
            .mended(&one.fixed.unwrap_or_default())
            .titled(&one.title.unwrap_or_default());
        findings.add(finding)
    })?;
    Ok(findings)
}
