//! The version that the tags of a commit say.

use std::collections::BTreeMap;

use super::lack::Lack;
use crate::domain::version::Version;

/// What git says of the commit that is built.
#[derive(Clone, Copy, Debug, Default)]
pub struct Git<'a> {
    /// The tag that started the run, without `refs/tags/`. It says the version, whatever other tags the commit has.
    pub started_by: Option<&'a str>,
    /// The tags of the commit itself, `git tag --points-at HEAD`.
    pub tags: &'a [String],
    /// The tags of commits before it, `git tag --merged HEAD`: for the message alone, since a later commit is not their
    /// version.
    pub earlier: &'a [String],
    /// Whether the clone lacks commits or tags (`git rev-parse --is-shallow-repository`).
    pub is_shallow: bool,
}

/// How many tags a message names.
const NAMED: usize = 5;

/// How many numbers a tag has that does not move: `v1.4.0`.
const FIXED: usize = 3;

/// A tag and the version that it says.
pub(super) type Tagged<'a> = (&'a str, Version);

/// The tag that says a version, and the version.
pub(super) fn version<'a>(git: &Git<'a>) -> Result<Tagged<'a>, Lack> {
    let found = released(versions(git)?);
    match found.as_slice() {
        [only] => Ok(only.clone()),
        several => {
            let names: Vec<&str> = several.iter().take(NAMED).map(|(tag, _)| *tag).collect();
            let why = format!("the commit has several tags that disagree: {}", names.join(", "));
            Err(Lack::unknown("git", why)
                .help("keep one of them, or name a file with `version-from`"))
        }
    }
}

/// Without pre-releases of a release that is among them: the commit of `v1.4.0-rc.2` became `v1.4.0`.
fn released(mut found: Vec<Tagged<'_>>) -> Vec<Tagged<'_>> {
    let releases: Vec<Version> = found
        .iter()
        .map(|(_, version)| version.clone())
        .filter(|version| !version.is_before_release())
        .collect();
    let is_of = |version: &Version, release: &Version| {
        version.parts() == release.parts()
            && (0..release.parts()).all(|at| version.part(at) == release.part(at))
    };
    found.retain(|(_, version)| {
        !version.is_before_release() || !releases.iter().any(|release| is_of(version, release))
    });
    found
}

/// The tags that say versions, at least one, and one for each version: `v1.4.0`. A tag that is the beginning of another
/// here (`v1`, `v1.4`) moves from release to release and does not count; nor does one with a single number. Where a tag
/// started the run it is that one, or those with which it moves.
pub(super) fn versions<'a>(git: &Git<'a>) -> Result<Vec<Tagged<'a>>, Lack> {
    let parsed = |tag: &'a String| Some((tag.as_str(), Version::parse(tag).ok()?));
    let mut tags: Vec<Tagged<'a>> = git.tags.iter().filter_map(parsed).collect();
    if let Some(tag) = git.started_by {
        let started = Version::parse(tag).map_err(|why| no_version(tag, &format!("it {why}")))?;
        if started.parts() >= FIXED {
            return Ok(vec![(tag, started)]);
        }
        tags.retain(|(_, version)| is_start(&started, version));
        tags.push((tag, started));
    }
    let mut all: BTreeMap<&str, &Tagged<'a>> = BTreeMap::new();
    for tagged in tags.iter().filter(|(_, version)| version.parts() > 1) {
        all.entry(tagged.1.as_str()).or_insert(tagged);
    }
    let moves = |text: &str| {
        let longer = format!("{text}.");
        let mut behind = all.range(longer.as_str()..);
        behind.next().is_some_and(|(other, _)| other.starts_with(&longer))
    };
    let found = all.iter().filter(|(text, _)| !moves(text)).map(|(_, found)| (*found).clone());
    let found: Vec<Tagged<'a>> = found.collect();
    match (found.is_empty(), git.started_by) {
        (false, _) => Ok(found),
        (true, Some(tag)) => Err(no_version(tag, "a single number moves from release to release")),
        (true, None) => Err(none(git)),
    }
}

/// Whether a version is the beginning of another: `1.4` of `1.4.0`.
fn is_start(short: &Version, long: &Version) -> bool {
    long.as_str().strip_prefix(short.as_str()).is_some_and(|rest| rest.starts_with('.'))
}

fn no_version(tag: &str, why: &str) -> Lack {
    Lack::absent("git", format!("the tag that started the run, `{tag}`, is no version: {why}")).help(
        "start the run with a tag such as v1.4.0, or name a file with `version-from`, such as VERSION",
    )
}

fn none(git: &Git<'_>) -> Lack {
    if git.is_shallow {
        return Lack::absent("git", "the commit has no version tag here, and the clone is shallow")
            .help("fetch tags and history: `fetch-depth: 0` for actions/checkout, or `git fetch --tags --unshallow`");
    }
    let versions = git.earlier.iter().filter_map(|tag| Some((tag, Version::parse(tag).ok()?)));
    let highest = versions.filter(|(_, version)| version.parts() > 1).reduce(|one, other| {
        if other.1.compared(&one.1) == Some(std::cmp::Ordering::Greater) { other } else { one }
    });
    let why = match highest {
        Some((tag, _)) => {
            format!("the commit has no version tag; it comes after {tag}, and is not that version")
        }
        None => "the commit has no tag that is a version, such as v1.4.0".to_owned(),
    };
    Lack::absent("git", why).help(
        "tag the commit and build the tag, or name a file with `version-from`, such as VERSION",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_of(
        started_by: Option<&str>,
        tags: &[&str],
        earlier: &[&str],
        is_shallow: bool,
    ) -> String {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let (tags, earlier) = (owned(tags), owned(earlier));
        match version(&Git { started_by, tags: &tags, earlier: &earlier, is_shallow }) {
            Ok((tag, version)) => format!("{tag} {version}"),
            Err(lack) => format!("{:?}: {}", lack.kind, lack.why),
        }
    }

    fn told(tags: &[&str], earlier: &[&str], is_shallow: bool) -> String {
        told_of(None, tags, earlier, is_shallow)
    }

    #[test]
    fn the_tag_that_started_the_run_is_the_version() {
        let none = "Absent: the tag that started the run, ";
        for (tag, tags, expected) in [
            ("v1.4.0", &["v1.4.0", "v1.4.0-rc.1", "v1.5.0"][..], "v1.4.0 1.4.0".to_owned()),
            ("v1.4.0-rc.1", &["v1.4.0", "v1.4.0-rc.1"], "v1.4.0-rc.1 1.4.0-rc.1".to_owned()),
            ("v1.4.0", &["v1.4.0.1"], "v1.4.0 1.4.0".to_owned()),
            ("v1.4.0", &[], "v1.4.0 1.4.0".to_owned()),
            ("2026.11", &["v1.4.0"], "2026.11 2026.11".to_owned()),
            // It moves with one of the others.
            ("v1", &["v1", "v1.4", "v1.4.0", "v2.0.0"], "v1.4.0 1.4.0".to_owned()),
            ("v1.4", &["v1.4.0", "v1.5.0", "v1.40.0"], "v1.4.0 1.4.0".to_owned()),
            (
                "v1",
                &["v1.4.0", "v1.5.0"],
                "Unknown: the commit has several tags that disagree: v1.4.0, v1.5.0".to_owned(),
            ),
            (
                "v1",
                &["v2.0.0"],
                format!("{none}`v1`, is no version: a single number moves from release to release"),
            ),
            (
                "nightly",
                &["v1.4.0"],
                format!("{none}`nightly`, is no version: it does not begin with a digit"),
            ),
            (
                "backend/v1.4.0",
                &["v1.4.0"],
                format!("{none}`backend/v1.4.0`, is no version: it does not begin with a digit"),
            ),
        ] {
            assert_eq!(told_of(Some(tag), tags, &[], false), expected, "{tag} {tags:?}");
        }
    }

    #[test]
    fn the_tag_of_the_commit_itself() {
        for (tags, expected) in [
            (&["v1.4.0"][..], "v1.4.0 1.4.0"),
            (&["v1", "v1.4", "v1.4.0"], "v1.4.0 1.4.0"),
            (&["v1.4.0", "1.4.0"], "v1.4.0 1.4.0"),
            (
                &["v1.4", "v1.40.0"],
                "Unknown: the commit has several tags that disagree: v1.4, v1.40.0",
            ),
            (&["nightly", "v1.4.0-rc.1", "latest"], "v1.4.0-rc.1 1.4.0-rc.1"),
            (&["2026.11"], "2026.11 2026.11"),
            (
                &["v1.4.0", "v1.4.1"],
                "Unknown: the commit has several tags that disagree: v1.4.0, v1.4.1",
            ),
            (&["v1.4.0", "v1.4.0-rc.1"], "v1.4.0 1.4.0"),
            (
                &["v1.4.0", "v1.5.0-rc.1"],
                "Unknown: the commit has several tags that disagree: v1.4.0, v1.5.0-rc.1",
            ),
            (&["v1"], "Absent: the commit has no tag that is a version, such as v1.4.0"),
            (
                &["backend-v1.4.0"],
                "Absent: the commit has no tag that is a version, such as v1.4.0",
            ),
        ] {
            assert_eq!(told(tags, &[], false), expected, "{tags:?}");
        }
    }

    #[test]
    fn a_later_commit_is_not_the_version_before_it() {
        let told_later = told(&[], &["v1.9.0", "v1.10.0", "x", "v1.2.0"], false);
        assert_eq!(
            told_later,
            "Absent: the commit has no version tag; it comes after v1.10.0, and is not that version"
        );
        let shallow = told(&[], &[], true);
        assert_eq!(shallow, "Absent: the commit has no version tag here, and the clone is shallow");
        let lack = version(&Git { is_shallow: true, ..Git::default() }).unwrap_err();
        assert!(lack.help.contains("fetch-depth: 0"), "{}", lack.help);
    }
}
