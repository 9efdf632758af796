//! What an image is told about itself: arguments of its Dockerfile, and labels.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::job::Job;
use crate::domain::version::Version;

/// Arguments that every build gets, and those of the inputs, which count before them.
pub fn build_args(
    own: &[(String, SecretString)],
    version: Option<&Version>,
    job: &Job,
    at: Timestamp,
) -> Vec<String> {
    let given = [
        ("GIT_COMMIT", job.sha.clone()),
        ("VERSION", version.map(ToString::to_string).unwrap_or_default()),
        ("BUILD_DATE", second(at)),
    ];
    let is_own = |name: &str| own.iter().any(|(own, _)| own == name);
    let given = given.into_iter().filter(|(name, value)| !value.is_empty() && !is_own(name));
    let given = given.map(|(name, value)| format!("{name}={value}"));
    given
        .chain(own.iter().map(|(name, value)| format!("{name}={}", value.expose_secret())))
        .collect()
}

/// The labels of the OCI (image specification, annotations), and those of the inputs, which count before them.
pub fn labels(own: &[String], version: Option<&Version>, job: &Job, at: Timestamp) -> Vec<String> {
    let repository = &job.event["repository"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let url = format!("{}/{}", job.server_url, job.repository);
    let given = [
        ("title", job.repository.rsplit('/').next().unwrap_or_default().to_owned()),
        ("description", text(&repository["description"])),
        ("licenses", text(&repository["license"]["spdx_id"])),
        ("source", url.clone()),
        ("url", url),
        ("version", version.map(ToString::to_string).unwrap_or_default()),
        ("revision", job.sha.clone()),
        ("created", second(at)),
    ];
    let given = given.into_iter().filter(|(_, value)| !value.is_empty());
    let given = given.map(|(name, value)| format!("org.opencontainers.image.{name}={value}"));
    // Of two of one name the later one counts.
    given.chain(own.iter().cloned()).collect()
}

/// A time in whole seconds: `2026-01-02T03:04:05Z`.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job() -> Job {
        Job {
            repository: "acme/shop".into(),
            sha: "0123456789abcdef0123456789abcdef01234567".into(),
            server_url: "https://github.com".into(),
            event: json!({"repository": {"description": "A shop, small", "license": {"spdx_id": "MIT"}}}),
            ..Job::default()
        }
    }

    #[test]
    fn a_build_knows_its_commit_version_and_time() {
        let version = Version::parse("1.4.0").unwrap();
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let own = [
            ("VERSION".to_owned(), "mine".to_owned().into()),
            ("LIST".to_owned(), "a,b".to_owned().into()),
        ];
        assert_eq!(
            build_args(&own, Some(&version), &job(), at),
            [
                "GIT_COMMIT=0123456789abcdef0123456789abcdef01234567",
                "BUILD_DATE=2026-01-02T03:04:05Z",
                "VERSION=mine",
                "LIST=a,b",
            ]
        );
        let without = build_args(&[], None, &job(), at);
        assert!(!without.iter().any(|one| one.starts_with("VERSION")), "{without:?}");
        let labels =
            labels(&["org.opencontainers.image.title=Shop".to_owned()], Some(&version), &job(), at);
        insta::assert_snapshot!(labels.join("\n"), @r"
        org.opencontainers.image.title=shop
        org.opencontainers.image.description=A shop, small
        org.opencontainers.image.licenses=MIT
        org.opencontainers.image.source=https://github.com/acme/shop
        org.opencontainers.image.url=https://github.com/acme/shop
        org.opencontainers.image.version=1.4.0
        org.opencontainers.image.revision=0123456789abcdef0123456789abcdef01234567
        org.opencontainers.image.created=2026-01-02T03:04:05Z
        org.opencontainers.image.title=Shop
        ");
    }
}
