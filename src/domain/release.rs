//! Releases: what each is called, what is recorded of it; what it brings up ([`content`]), what becomes of the
//! containers that are there ([`fate`]), and which of them runs, can come back and is kept ([`state`]).

pub mod content;
pub mod fate;
pub mod state;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::health::Policy;

/// Names one release: `20261123T020304Z-1a2b3c4-4711.1` (UTC time, commit, run and attempt).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(String);

impl ReleaseId {
    /// Makes an id. `parts` follow the time stamp, joined by `-`; characters that a file name should not have become
    /// `-`, empty parts are left out.
    pub fn new(now: Timestamp, parts: &[&str]) -> Self {
        let mut id = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            id.push('-');
            id.extend(part.chars().take(40).map(|c| if is_safe(c) { c } else { '-' }));
        }
        Self(id)
    }

    /// The same, or with `-2`, `-3`, ... where it is one of `known`: two releases may be made within a second.
    #[must_use]
    pub fn unlike(self, known: &[Self]) -> Self {
        let taken = |id: &Self| known.contains(id);
        if !taken(&self) {
            return self;
        }
        let numbered = (2u32..).map(|number| Self(format!("{self}-{number}")));
        numbered.into_iter().find(|id| !taken(id)).unwrap_or(self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ReleaseId> for String {
    fn from(id: ReleaseId) -> Self {
        id.0
    }
}

impl TryFrom<String> for ReleaseId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = !text.is_empty()
            && text.len() <= 200
            && text.chars().all(is_safe)
            && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if plain { Ok(Self(text)) } else { Err(format!("`{text}` is no release id")) }
    }
}

fn is_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Where a release comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// `mta deploy` made it.
    Deployed,
    /// It ran before `mta` came; put together from the running containers.
    Found,
}

/// The image that a service of a release runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// As the compose file names it: `ghcr.io/org/shop:v2`.
    pub reference: String,
    /// The image's id, `sha256:...`: what runs, whatever the tag means later.
    pub id: String,
    /// The local tag of ours that keeps the image from `docker image prune`.
    pub pin: String,
    /// `repository@sha256:...` of registries that have it.
    pub digests: Vec<String>,
}

/// A file of the checkout that a release mounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountedFile {
    /// SHA-256 of the content, or of the target of a symbolic link.
    pub sha256: String,
    /// Permission bits.
    pub mode: u32,
    /// Whether it is a symbolic link.
    #[serde(default)]
    pub link: bool,
}

/// What is recorded of a release, without secrets: `releases/<id>/release.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Version of this format.
    pub version: u32,
    /// Its name.
    pub id: ReleaseId,
    /// Where it comes from.
    pub origin: Origin,
    /// When it was made.
    pub created: Timestamp,
    /// Commit of the checkout; empty if unknown.
    pub sha: String,
    /// Branch or tag; empty if unknown.
    pub ref_name: String,
    /// Page of the run that made it; empty if made by hand.
    pub run_url: String,
    /// What each service runs.
    pub images: BTreeMap<String, Image>,
    /// Mounted files, by path relative to the project directory.
    pub files: BTreeMap<String, MountedFile>,
    /// Folders that a service mounts and that are not in the checkout: data, created when absent, never removed.
    pub data_folders: Vec<String>,
    /// When it counts as healthy.
    pub health: Policy,
    /// The service that runs the database, if the deploy named one.
    #[serde(default)]
    pub database_service: Option<String>,
    /// Whether containers of the project that it does not have are removed also where we did not make them.
    #[serde(default)]
    pub remove_orphans: bool,
}

/// A backup that is being restored and swapped in, recorded before it begins: after a kill the next run undoes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// The Compose service of the database.
    pub service: String,
    /// The live database.
    pub database: String,
    /// What the names of the databases beside it are made with.
    pub id: String,
}

/// A migration that has begun with the pending release: what is known of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// In whose new image the command runs.
    pub service: String,
    /// The Compose service of the database, if one is named.
    pub database_service: Option<String>,
    /// The backups that were made before.
    pub backups: Vec<String>,
    /// Whether the command came to its end with 0; else the database may be half migrated.
    pub ended: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ReleaseId {
        ReleaseId::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn an_id_is_a_safe_file_name() {
        let now = "2026-11-23T02:03:04Z".parse().unwrap();
        let made = ReleaseId::new(now, &["1a2b3c4", "../x y", ""]);
        assert_eq!(made.as_str(), "20261123T020304Z-1a2b3c4-..-x-y");
        for bad in ["", "../x", "a/b", "a b", ".hidden", "ü"] {
            assert!(ReleaseId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_releases_of_one_second_have_two_names() {
        assert_eq!(id("a").unlike(&[id("b")]), id("a"));
        assert_eq!(id("a").unlike(&[id("a"), id("a-2")]), id("a-3"));
    }
}
