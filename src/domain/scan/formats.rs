//! Reports of scanners, known by what is in them.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::finding::Findings;
use super::walk::Unreadable;

mod grype;
mod sarif;
mod trivy;

/// What a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON of Trivy.
    Trivy,
    /// JSON of Grype.
    Grype,
    /// SARIF 2.1.0 of any scanner.
    Sarif,
}

/// What stands at the top of a report, as far as it tells what it is.
#[derive(Deserialize)]
struct Top {
    #[serde(rename = "SchemaVersion")]
    schema: Option<u64>,
    #[serde(rename = "ArtifactName")]
    artifact: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "is_there")]
    matches: bool,
    #[serde(default, deserialize_with = "is_there")]
    runs: bool,
    version: Option<String>,
    descriptor: Option<Descriptor>,
}

/// What wrote a report.
#[derive(Deserialize)]
struct Descriptor {
    name: Option<String>,
}

/// Whether a key is there, also where it is `null`: Go writes an empty list so.
fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}

/// Reads a report of any format.
///
/// # Errors
/// It is no report that is known, it is not whole, or it has more findings than can be kept.
pub fn read(text: &str) -> Result<(Format, Findings), Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let format = format(&serde_json::from_str(text)?)?;
    let findings = match format {
        Format::Trivy => trivy::read(text),
        Format::Grype => grype::read(text),
        Format::Sarif => sarif::read(text),
    }?;
    Ok((format, findings))
}

fn format(top: &Top) -> Result<Format, Unreadable> {
    match top {
        Top { runs: true, version, .. } => match version.as_deref() {
            Some(version) if version.starts_with("2.1.") => Ok(Format::Sarif),
            Some(version) => {
                Err(Unreadable::new(&format!("it is SARIF {version}, and 2.1.0 can be read")))
            }
            None => Err(Unreadable::new("it is SARIF without a `version`")),
        },
        Top { schema: Some(2), artifact: Some(_), .. } => Ok(Format::Trivy),
        Top { schema: Some(schema), artifact: Some(_), .. } => Err(Unreadable::new(&format!(
            "it is JSON of Trivy of the schema {schema}, and 2 can be read"
        ))),
        Top { matches: true, descriptor: Some(Descriptor { name: Some(name) }), .. }
            if name == "grype" =>
        {
            Ok(Format::Grype)
        }
        _ => Err(Unreadable::new("it is none of JSON of Trivy, JSON of Grype and SARIF 2.1.0")),
    }
}

#[cfg(test)]
mod tests;
