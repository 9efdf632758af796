//! Releases: what ran, in which order, and which one "previous" means.
//!
//! The lineage is an undo stack, not a list by time: after a rollback from v2 to v1, `previous` is what came before v1,
//! and a deploy after that has v1 as its former release.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::health::Policy;

/// How many releases of a project are kept on the host, besides the current and the pending one.
pub const KEEP_RELEASES: usize = 10;

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

/// Which release runs, which one is being brought up, and the way back: `state.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Version of this format.
    pub version: u32,
    /// The release that was healthy last.
    pub current: Option<ReleaseId>,
    /// The release that is being brought up; still there after a kill.
    pub pending: Option<ReleaseId>,
    /// Releases that were current, oldest first; the current one is among them.
    pub lineage: Vec<ReleaseId>,
    /// The backup that is being restored with the pending release.
    #[serde(default)]
    pub restore: Option<Restore>,
}

impl State {
    /// Records that `id` is about to be brought up.
    #[must_use]
    pub fn begin(mut self, id: ReleaseId) -> Self {
        self.version = 1;
        self.pending = Some(id);
        self
    }

    /// Records that a backup is about to be restored with the pending release.
    #[must_use]
    pub fn restoring(mut self, restore: Option<Restore>) -> Self {
        self.restore = restore;
        self
    }

    /// Records that `id` is healthy.
    #[must_use]
    pub fn commit(mut self, id: ReleaseId) -> Self {
        let known = self.lineage.iter().position(|old| *old == id);
        if known.is_none() {
            let here =
                self.current.as_ref().and_then(|c| self.lineage.iter().position(|old| old == c));
            self.lineage.truncate(here.map_or(0, |index| index + 1));
            self.lineage.push(id.clone());
        }
        self.version = 1;
        self.current = Some(id);
        self.pending = None;
        self.restore = None;
        self
    }

    /// Records that the pending release was given up and the current one stands.
    #[must_use]
    pub fn abandon(mut self) -> Self {
        self.pending = None;
        self.restore = None;
        self
    }

    /// The release before the current one.
    pub fn previous(&self) -> Option<&ReleaseId> {
        self.back(1)
    }

    /// The release that `to` means: `previous`, `current`, an id, a unique part of an id, or how many to go back.
    ///
    /// `known` are the releases that exist. The error says what is wrong and lists them.
    pub fn target(&self, to: &str, known: &[ReleaseId]) -> Result<ReleaseId, String> {
        let exists = |id: &ReleaseId| known.contains(id);
        let found = match to {
            "previous" => {
                self.previous().cloned().ok_or("there is no release before the current one")
            }
            "current" => self.current.clone().ok_or("there is no current release"),
            steps if steps.len() <= 4 && steps.parse::<usize>().is_ok_and(|n| n > 0) => self
                .back(steps.parse().unwrap_or(usize::MAX))
                .cloned()
                .ok_or("there are not that many earlier releases"),
            id => {
                let mut matching = known.iter().filter(|known| known.as_str() == id);
                matching.next().cloned().ok_or("there is no release of that id")
            }
        };
        match found {
            Ok(id) if exists(&id) => Ok(id),
            Ok(id) => {
                Err(format!("release {id} is no longer on this host; {}", listed(known, self)))
            }
            Err(why) => Err(format!("{why}; {}", listed(known, self))),
        }
    }

    /// Releases that may be deleted: all but the current, the pending and the newest [`KEEP_RELEASES`].
    pub fn expendable(&self, known: &[ReleaseId]) -> Vec<ReleaseId> {
        let mut order: Vec<&ReleaseId> = known.iter().collect();
        order.sort();
        let kept = order.len().saturating_sub(KEEP_RELEASES);
        let needed = |id: &ReleaseId| {
            self.current.as_ref() == Some(id)
                || self.pending.as_ref() == Some(id)
                || self.previous() == Some(id)
        };
        order[..kept].iter().filter(|id| !needed(id)).map(|id| (*id).clone()).collect()
    }

    fn back(&self, steps: usize) -> Option<&ReleaseId> {
        let current = self.current.as_ref()?;
        let here = self.lineage.iter().position(|id| id == current)?;
        self.lineage.get(here.checked_sub(steps)?)
    }
}

fn listed(known: &[ReleaseId], state: &State) -> String {
    if known.is_empty() {
        return "no release of this project exists on this host".to_owned();
    }
    let mut known: Vec<_> = known.to_vec();
    known.sort();
    known.reverse();
    let lines: Vec<_> = known
        .iter()
        .map(|id| {
            let mark = if state.current.as_ref() == Some(id) { " (current)" } else { "" };
            format!("{id}{mark}")
        })
        .collect();
    format!("these exist: {}", lines.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ReleaseId {
        ReleaseId::try_from(text.to_owned()).unwrap()
    }

    fn after(commits: &[&str]) -> State {
        commits.iter().fold(State::default(), |state, name| state.begin(id(name)).commit(id(name)))
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

    #[test]
    fn previous_goes_back_again_after_a_rollback_and_never_forward() {
        let state = after(&["v1", "v2", "v3"]);
        assert_eq!(state.previous(), Some(&id("v2")));
        let state = state.begin(id("v2")).commit(id("v2"));
        assert_eq!(state.previous(), Some(&id("v1")));
        let state = state.begin(id("v1")).commit(id("v1"));
        assert_eq!(state.previous(), None);
    }

    #[test]
    fn a_deploy_after_a_rollback_has_what_ran_as_its_former_release() {
        let state = after(&["v1", "v2"]).commit(id("v1"));
        let state = state.begin(id("v3")).commit(id("v3"));
        assert_eq!(state.previous(), Some(&id("v1")));
        assert_eq!(state.lineage, [id("v1"), id("v3")]);
    }

    #[test]
    fn a_pending_release_that_is_given_up_changes_nothing_else() {
        let state = after(&["v1", "v2"]);
        let restore = Restore { service: "db".into(), database: "shop".into(), id: "1".into() };
        assert_eq!(state.clone().begin(id("v3")).restoring(Some(restore)).abandon(), state);
    }

    #[test]
    fn a_target_is_named_in_each_way_or_refused_with_the_list() {
        let known = [id("v1"), id("v2"), id("v3"), id("other")];
        let state = after(&["v1", "v2", "v3"]);
        assert_eq!(state.target("previous", &known), Ok(id("v2")));
        assert_eq!(state.target("2", &known), Ok(id("v1")));
        assert_eq!(state.target("other", &known), Ok(id("other")));
        assert_eq!(
            state.target("3", &known).unwrap_err(),
            "there are not that many earlier releases; these exist: v3 (current), v2, v1, other"
        );
        assert_eq!(
            state.target("v9", &known[..1]).unwrap_err(),
            "there is no release of that id; these exist: v1"
        );
        assert_eq!(
            state.target("previous", &known[..1]).unwrap_err(),
            "release v2 is no longer on this host; these exist: v1"
        );
        assert_eq!(
            State::default().target("previous", &[]).unwrap_err(),
            "there is no release before the current one; no release of this project exists on this host"
        );
    }

    #[test]
    fn what_is_needed_is_never_expendable() {
        let names: Vec<_> = (10..30).map(|n| format!("r{n}")).collect();
        let known: Vec<_> = names.iter().map(|n| id(n)).collect();
        let state = after(&["r10", "r11"]).begin(id("r12"));
        let gone = state.expendable(&known);
        assert_eq!(gone.len(), 20 - KEEP_RELEASES - 3);
        for needed in ["r10", "r11", "r12", "r20", "r29"] {
            assert!(!gone.contains(&id(needed)), "{needed}");
        }
        assert!(state.expendable(&known[..KEEP_RELEASES]).is_empty());
    }
}
