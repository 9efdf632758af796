//! The version that the tags of a commit say.

use std::collections::BTreeMap;

use super::lack::Lack;
use crate::domain::shown::visible;
use crate::domain::version::Version;

/// What git says of the commit that is built.
#[derive(Clone, Copy, Debug, Default)]
pub struct Git<'a> {
    /// The tags of the commit itself: that which started the run, and those of `git tag --points-at HEAD`.
    pub tags: &'a [String],
    /// The tags of commits before it, `git tag --merged HEAD`: for the message alone, since a later commit is not their
    /// version.
    pub earlier: &'a [String],
    /// Whether the clone lacks commits or tags (`git rev-parse --is-shallow-repository`).
    pub is_shallow: bool,
}

/// How many tags a message names.
const NAMED: usize = 5;

/// The tag that says a version, and the version: `v1.4.0`. A tag that is the beginning of another here (`v1`, `v1.4`)
/// moves from release to release and does not count; nor does one with a single number.
pub(super) fn version(git: &Git<'_>) -> Result<(String, Version), Lack> {
    let mut all: BTreeMap<&str, (&str, Version)> = BTreeMap::new();
    let versions: Vec<(&str, Version)> =
        git.tags.iter().filter_map(|tag| Some((tag.as_str(), Version::parse(tag).ok()?))).collect();
    for (tag, version) in versions.iter().filter(|(_, version)| version.parts() > 1) {
        all.entry(version.as_str()).or_insert_with(|| (tag, version.clone()));
    }
    let is_start = |text: &str| {
        let longer = format!("{text}.");
        let mut behind = all.range(longer.as_str()..);
        behind.next().is_some_and(|(other, _)| other.starts_with(&longer))
    };
    let found: Vec<&(&str, Version)> =
        all.iter().filter(|(text, _)| !is_start(text)).map(|(_, found)| found).collect();
    match found.as_slice() {
        [(tag, version)] => Ok(((*tag).to_owned(), version.clone())),
        [] => Err(none(git)),
        several => {
            let names: Vec<String> =
                several.iter().take(NAMED).map(|(tag, _)| visible(tag)).collect();
            let why = format!("the commit has several tags that disagree: {}", names.join(", "));
            Err(Lack::unknown("git", why)
                .help("keep one of them, or name a file with `version-from`"))
        }
    }
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
        Some((tag, _)) => format!(
            "the commit has no version tag; it comes after {}, and is not that version",
            visible(tag)
        ),
        None => "the commit has no tag that is a version, such as v1.4.0".to_owned(),
    };
    Lack::absent("git", why).help(
        "tag the commit and build the tag, or name a file with `version-from`, such as VERSION",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tags: &[&str], earlier: &[&str], is_shallow: bool) -> String {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let (tags, earlier) = (owned(tags), owned(earlier));
        match version(&Git { tags: &tags, earlier: &earlier, is_shallow }) {
            Ok((tag, version)) => format!("{tag} {version}"),
            Err(lack) => format!("{:?}: {}", lack.kind, lack.why),
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
            (
                &["v1.4.0", "v1.4.0-rc.1"],
                "Unknown: the commit has several tags that disagree: v1.4.0, v1.4.0-rc.1",
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
