//! Whether a tag that moves from release to release moves now, and which other tags tell where it stands.
//!
//! A registry keeps no history: that `latest` is 1.5.0 is known only because it has the digest of `1.5.0`. So whoever
//! can ask it looks for the digest of a guarded tag among those of its [`rivals`], and only a higher version counts.

use std::cmp::Ordering;

use crate::domain::image::Tag;
use crate::domain::version::Version;

/// How many rivals are worth a question to the registry.
const MOST: usize = 100;

/// How many of them are releases, where there are more than that of both.
const RELEASES: usize = 50;

/// How many numbers say a whole version: `1.4` and `1` are series of it.
const WHOLE: usize = 3;

/// What a tag says of its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One version: `1.4.0`, `uat-v1.4.0`.
    Version,
    /// One commit: `uat-1a2b3c4`.
    Commit,
    /// The highest version: `latest`, `uat-latest`.
    Latest,
    /// The highest version of a series: `1.4`, `1`.
    Series,
    /// What was built last of a branch, a tag or a pull request.
    Ref,
    /// Something of its own.
    Other,
}

/// What becomes of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It points to the image that is built.
    Set,
    /// It stays where it is, at this version, which is higher.
    Stays(Version),
}

/// What becomes of a tag of this kind that stands on a version. A tag for the highest version never moves to a lower
/// one; it moves to the same one, and where either version or their order is not known.
pub fn fate(kind: Kind, stands_on: Option<&Version>, built: Option<&Version>) -> Fate {
    let (Kind::Latest | Kind::Series, Some(standing), Some(built)) = (kind, stands_on, built)
    else {
        return Fate::Set;
    };
    match built.compared(standing) {
        Some(Ordering::Less) => Fate::Stays(standing.clone()),
        _ => Fate::Set,
    }
}

/// One tag of the image that is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The tag.
    pub tag: Tag,
    /// What it says of its image.
    pub kind: Kind,
    /// Whether it is set or stays.
    pub fate: Fate,
    /// The version that it is of, if there is one.
    pub version: Option<Version>,
    /// What it was made of, where that is another text: to be told.
    pub instead_of: Option<String>,
    /// Where to look for the version that it stands on.
    pub(super) family: Option<Family>,
}

impl Planned {
    /// Whether it moves only where it does not stand on a higher version.
    pub fn is_guarded(&self) -> bool {
        matches!(self.kind, Kind::Latest | Kind::Series) && self.version.is_some()
    }
}

/// The tags with which a tag that moves shares its versions: `uat-v1.4.0` is one of the family of `uat-latest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// What stands before their versions, without the `v`: `uat-`.
    before: String,
    /// What stands behind them: `-alpine`.
    behind: String,
    /// How many numbers their versions share: 0 for `latest`, 2 for `1.4`.
    shared: usize,
}

impl Family {
    /// That of a tag for the highest version, which is named so: `latest`, `uat-latest`, `latest-alpine`.
    pub(super) fn of_latest(tag: &Tag) -> Option<Self> {
        let text = tag.as_str();
        let before =
            text.strip_suffix("latest").filter(|before| before.is_empty() || before.ends_with('-'));
        let behind = || text.strip_prefix("latest").filter(|behind| behind.starts_with('-'));
        match before {
            Some(before) => Some(Self::new(before, "", 0)),
            None => behind().map(|behind| Self::new("", behind, 0)),
        }
    }

    /// That of a series, by what stands before and behind its numbers.
    pub(super) fn new(before: &str, behind: &str, shared: usize) -> Self {
        // `v1.4` has versions with and without the letter, as `latest` has.
        let bare = before
            .strip_suffix('v')
            .filter(|bare| !bare.ends_with(|c: char| c.is_ascii_alphanumeric()));
        Self { before: bare.unwrap_or(before).to_owned(), behind: behind.to_owned(), shared }
    }

    /// The version that a tag of the family says, if it is one version and no series.
    fn version(&self, tag: &Tag, built: &Version) -> Option<Version> {
        let text = tag.as_str().strip_prefix(&self.before)?.strip_suffix(&self.behind)?;
        let version = Version::parse(text).ok()?;
        let numbers = version.parts();
        let is_whole = numbers >= built.parts().min(WHOLE) && numbers > self.shared;
        let is_same = |at| version.part(at).map(number) == built.part(at).map(number);
        let is_ours = is_whole && !is_of_commit(text) && (0..self.shared).all(is_same);
        is_ours.then_some(version)
    }
}

/// A number without its zeros.
fn number(part: &str) -> &str {
    part.trim_start_matches('0')
}

/// Whether a text is a short commit, or a version with one behind it (`1.4.0-1a2b3c4`): it has the image of a version
/// that has a tag of its own.
fn is_of_commit(text: &str) -> bool {
    let last = text.rsplit('-').next().unwrap_or(text);
    last.len() == 7 && last.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The version that another tag of the repository says, as far as it tells where a planned tag stands: `uat-v1.5.0`
/// says 1.5.0 for `uat-latest`, and nothing for `latest`.
pub fn version_for(planned: &Planned, tag: &Tag) -> Option<Version> {
    let (family, built) = (planned.family.as_ref()?, planned.version.as_ref()?);
    if *tag == planned.tag { None } else { family.version(tag, built) }
}

/// The tags of the repository that would hold back a planned tag if it stood on them: those that say one version of
/// the same family which is higher than the one that is built. The highest come first, and not more than 100: of many,
/// half are releases, since pre-releases and variants (`1.5.0-alpine`) are more numerous.
pub fn rivals(planned: &Planned, listed: &[Tag]) -> Vec<Tag> {
    let Some(built) = &planned.version else { return Vec::new() };
    let (mut releases, mut others) = (Vec::new(), Vec::new());
    for tag in listed {
        let higher = version_for(planned, tag)
            .filter(|version| version.compared(built) == Some(Ordering::Greater));
        if let Some(version) = higher {
            let into = if version.is_before_release() { &mut others } else { &mut releases };
            insert(into, (version, tag));
        }
    }
    releases.truncate(RELEASES.max(MOST - others.len()));
    others.truncate(MOST - releases.len());
    for one in others {
        insert(&mut releases, one);
    }
    releases.into_iter().map(|(_, tag)| tag.clone()).collect()
}

/// Puts a tag in its place among the highest ones, once.
fn insert<'a>(into: &mut Vec<(Version, &'a Tag)>, one: (Version, &'a Tag)) {
    let order = |(version, tag): &(Version, &Tag)| one.0.ranked(version).then(tag.cmp(&one.1));
    if let Err(at) = into.binary_search_by(order) {
        into.insert(at, one);
        into.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn tag(text: &str) -> Tag {
        Tag::parse(text).unwrap()
    }

    #[test]
    fn only_the_highest_version_is_guarded() {
        let of = |kind, stands_on: Option<&str>, built: Option<&str>| {
            fate(kind, stands_on.map(version).as_ref(), built.map(version).as_ref())
        };
        for kind in [Kind::Latest, Kind::Series] {
            assert_eq!(of(kind, Some("1.4.0"), Some("1.3.9")), Fate::Stays(version("1.4.0")));
            assert_eq!(of(kind, Some("1.4.0"), Some("1.4.0-rc.1")), Fate::Stays(version("1.4.0")));
            assert_eq!(of(kind, Some("1.4.0"), Some("1.4.0")), Fate::Set);
            assert_eq!(of(kind, Some("1.4.0"), Some("1.10.0")), Fate::Set);
            assert_eq!(of(kind, Some("1.4.post1"), Some("1.4")), Fate::Set);
            assert_eq!(of(kind, None, Some("1.0.0")), Fate::Set);
            assert_eq!(of(kind, Some("1.0.0"), None), Fate::Set);
        }
        for kind in [Kind::Version, Kind::Commit, Kind::Ref, Kind::Other] {
            assert_eq!(of(kind, Some("2.0.0"), Some("1.0.0")), Fate::Set);
        }
    }

    fn latest(text: &str, built: &str) -> Planned {
        let (tag, version) = (tag(text), Some(version(built)));
        let family = Family::of_latest(&tag);
        Planned { tag, kind: Kind::Latest, fate: Fate::Set, version, instead_of: None, family }
    }

    fn series(before: &str, numbers: &str, behind: &str, built: &str) -> Planned {
        let family = Some(Family::new(before, behind, numbers.split('.').count()));
        let tag = tag(&format!("{before}{numbers}{behind}"));
        Planned { tag, kind: Kind::Series, family, ..latest("latest", built) }
    }

    fn rivals_of(planned: &Planned, listed: &[&str]) -> String {
        let listed: Vec<Tag> = listed.iter().map(|text| tag(text)).collect();
        let rivals: Vec<String> = rivals(planned, &listed).iter().map(Tag::to_string).collect();
        rivals.join(" ")
    }

    /// Every kind of tag that repositories have.
    const LISTED: [&str; 32] = [
        "1",
        "1.4",
        "1.4.0",
        "1.4.1",
        "1.4.7",
        "v1.4.8",
        "v1.4",
        "1.5",
        "1.5.0",
        "v1.5.0",
        "1.10.0",
        "1.5.0-rc.1",
        "1.4.2-rc.1",
        "1.5.0-1a2b3c4",
        "1.5.0-alpine",
        "v1.6.0-alpine",
        "1.4.9-alpine",
        "1.4-alpine",
        "latest",
        "latest-alpine",
        "uat-latest",
        "uat-v1.5.0",
        "uat-1.6.0",
        "uat-1.7.0-rc.1",
        "uat-v1.3.0",
        "uat-1a2b3c4",
        "uat-9999999",
        "prod-v1.5.0",
        "main",
        "sha-1a2b3c4",
        "2x",
        "nightly-2.0.0",
    ];

    #[test]
    fn the_rivals_of_a_tag() {
        for (planned, expected) in [
            (
                latest("latest", "1.4.2"),
                "1.10.0 v1.6.0-alpine 1.5.0 v1.5.0 1.5.0-rc.1 1.5.0-alpine 1.4.9-alpine v1.4.8 1.4.7",
            ),
            (latest("latest", "1.5.0"), "1.10.0 v1.6.0-alpine"),
            (latest("latest", "1.10.0"), ""),
            (latest("uat-latest", "1.4.2"), "uat-1.7.0-rc.1 uat-1.6.0 uat-v1.5.0"),
            (latest("uat-latest", "1.7.0"), ""),
            (latest("latest-alpine", "1.4.2"), "v1.6.0-alpine 1.5.0-alpine 1.4.9-alpine"),
            (latest("prod-latest", "v1.4.2"), "prod-v1.5.0"),
            (latest("test-latest", "1.4.2"), ""),
            (series("", "1.4", "", "1.4.2"), "1.4.9-alpine v1.4.8 1.4.7"),
            (series("v", "1.4", "", "1.4.2"), "1.4.9-alpine v1.4.8 1.4.7"),
            (series("", "1.4", "-alpine", "1.4.2"), "1.4.9-alpine"),
            (series("", "1", "-alpine", "1.4.2"), "v1.6.0-alpine 1.5.0-alpine 1.4.9-alpine"),
            (series("uat-", "1", "", "1.4.2"), "uat-1.7.0-rc.1 uat-1.6.0 uat-v1.5.0"),
            (series("", "2", "", "2.0.0"), ""),
        ] {
            assert_eq!(rivals_of(&planned, &LISTED), expected, "{planned:?}");
            for rival in rivals(&planned, &LISTED.map(tag)) {
                let built = planned.version.as_ref().unwrap();
                let version = version_for(&planned, &rival).unwrap();
                assert_eq!(version.compared(built), Some(Ordering::Greater), "{rival}");
            }
        }
        let unknown = Planned { version: None, ..latest("latest", "1.0.0") };
        assert_eq!(rivals_of(&unknown, &LISTED), "");
        assert_eq!(version_for(&latest("latest", "1.4.2"), &tag("uat-v1.5.0")), None);
    }

    #[test]
    fn versions_of_few_or_many_numbers_have_rivals_too() {
        let odoo = ["17.0", "17.0.1", "17.0.1.2.4", "17.0.1.3.0", "17.0.2.0.0", "18.0.1.0.0"];
        let built = "17.0.1.2.3";
        let all = "18.0.1.0.0 17.0.2.0.0 17.0.1.3.0 17.0.1.2.4";
        assert_eq!(rivals_of(&latest("latest", built), &odoo), all);
        assert_eq!(rivals_of(&series("", "17.0.1", "", built), &odoo), "17.0.1.3.0 17.0.1.2.4");
        let years = ["2026", "2026.11", "2026.9", "2027.1.1", "2027"];
        assert_eq!(rivals_of(&latest("latest", "2026.10"), &years), "2027.1.1 2026.11");
        assert_eq!(rivals_of(&series("", "2026", "", "2026.10"), &years), "2026.11");
        let builds = ["41", "42", "43", "1234567", "1a2b3c4", "12345678"];
        assert_eq!(rivals_of(&latest("latest", "42"), &builds), "12345678 43");
    }

    #[test]
    fn releases_are_not_crowded_out() {
        let mut listed: Vec<Tag> = (0..200).map(|at| tag(&format!("3.0.0-rc.{at}"))).collect();
        listed.extend((0..200).map(|at| tag(&format!("2.0.{at}"))));
        let names: Vec<String> =
            rivals(&latest("latest", "1.0.0"), &listed).iter().map(Tag::to_string).collect();
        assert_eq!(
            (names.len(), names[0].as_str(), names[49].as_str()),
            (100, "3.0.0-rc.199", "3.0.0-rc.150")
        );
        assert_eq!((names[50].as_str(), names[99].as_str()), ("2.0.199", "2.0.150"));
        let of_one: Vec<Tag> = rivals(&latest("latest", "1.0.0"), &listed[..30]);
        assert_eq!((of_one.len(), of_one[0].as_str()), (30, "3.0.0-rc.29"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rivals_are_higher_and_in_order_and_hold_the_tag_back(
            built in "[0-3](\\.[0-3]){0,4}(-rc\\.[0-9]|rc1)?",
            which in 0..4_usize,
            listed in proptest::collection::vec(
                "(uat-)?(v?[0-3](\\.[0-3]){0,4}(-?rc\\.?[0-9])?|latest)(-alpine)?|[a-z0-9_][a-z0-9_.-]{0,9}", 0..60,
            ),
        ) {
            let planned = match which {
                0 => latest("latest", &built),
                1 => latest("uat-latest", &built),
                2 => latest("latest-alpine", &built),
                _ => series("", built.split('.').next().unwrap_or_default(), "", &built),
            };
            let listed: Vec<Tag> = listed.iter().filter_map(|text| Tag::parse(text).ok()).collect();
            let built = version(&built);
            let found = rivals(&planned, &listed);
            prop_assert!(found.len() <= 100 && !found.contains(&planned.tag));
            let mut before: Option<Version> = None;
            for rival in &found {
                prop_assert!(listed.contains(rival));
                let version = version_for(&planned, rival).unwrap();
                prop_assert_eq!(version.compared(&built), Some(Ordering::Greater), "{}", rival);
                let stays = fate(planned.kind, Some(&version), Some(&built));
                prop_assert_eq!(stays, Fate::Stays(version.clone()));
                if let Some(before) = before.replace(version.clone()) {
                    prop_assert_ne!(before.compared(&version), Some(Ordering::Less));
                }
            }
        }
    }
}
