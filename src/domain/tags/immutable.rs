//! Whether the tag of a version may move to another image.
//!
//! While a version is being worked on, each build moves `uat-v1.4.0`: nobody raises the version for every merge. Once
//! that image was promoted (`prod-v1.4.0` has its digest) or released (`v1.4.0`), the version is told to others, and what is
//! built next is another one.

use std::collections::BTreeMap;

use crate::domain::image::{Digest, Tag};

use super::clean::clean;
use super::plan::Plan;
use super::standing::{Fate, Kind, Planned};

/// How many other tags of a version are looked at: those with the shortest names, which are of releases and environments
/// and not of branches.
const MOST: usize = 100;

/// When the tag of a version stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Immutable {
    /// Once its image has a tag of that version in another class.
    Promoted,
    /// Always: what is built is another version.
    Error,
    /// Always: nothing is built then.
    Skip,
    /// Never.
    Overwrite,
}

/// What may be done with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is built, and its tags move.
    Build,
    /// Its tags point to the image of the same commit already, and stay.
    SameCommit {
        /// The tag of the version.
        tag: Tag,
        /// The image.
        digest: Digest,
    },
    /// There is one, and nothing is built.
    Skip {
        /// The tag of the version.
        tag: Tag,
        /// The image.
        digest: Digest,
    },
    /// Another image has the version.
    Taken {
        /// The tag of the version.
        tag: Tag,
        /// The tag of another class that its image has too.
        by: Option<Tag>,
    },
}

/// The tags whose images have to be known for [`verdict`].
pub fn to_look_at(plan: &Plan, listed: &[Tag], immutable: Immutable) -> Vec<Tag> {
    let versions: Vec<&Planned> = versions(plan, listed).collect();
    if versions.is_empty() || immutable == Immutable::Overwrite {
        return Vec::new();
    }
    let mut tags: Vec<Tag> = versions.iter().map(|one| one.tag.clone()).collect();
    tags.extend(of_commit(plan, listed).cloned());
    if immutable == Immutable::Promoted {
        tags.extend(versions.iter().flat_map(|one| others(plan, one, listed)).cloned());
    }
    tags
}

/// What may be done, by the images that tags point to.
pub fn verdict(
    plan: &Plan,
    listed: &[Tag],
    digests: &BTreeMap<Tag, Digest>,
    immutable: Immutable,
) -> Verdict {
    if immutable == Immutable::Overwrite {
        return Verdict::Build;
    }
    let of_commit = of_commit(plan, listed).and_then(|tag| digests.get(tag));
    for one in versions(plan, listed) {
        let Some(digest) = digests.get(&one.tag) else { continue };
        let by = others(plan, one, listed).find(|tag| digests.get(*tag) == Some(digest)).cloned();
        let tag = one.tag.clone();
        let is_fixed = match immutable {
            Immutable::Promoted => by.is_some(),
            Immutable::Error | Immutable::Skip => true,
            Immutable::Overwrite => false,
        };
        if !is_fixed {
            continue;
        }
        let digest = digest.clone();
        return match immutable {
            _ if of_commit == Some(&digest) => Verdict::SameCommit { tag, digest },
            Immutable::Skip => Verdict::Skip { tag, digest },
            _ => Verdict::Taken { tag, by },
        };
    }
    Verdict::Build
}

/// The tags of a version that are to move and are there.
fn versions<'a>(plan: &'a Plan, listed: &'a [Tag]) -> impl Iterator<Item = &'a Planned> {
    plan.tags.iter().filter(|one| {
        one.kind == Kind::Version && one.fate == Fate::Set && listed.contains(&one.tag)
    })
}

/// The tag of the commit, if it is there.
fn of_commit<'a>(plan: &'a Plan, listed: &[Tag]) -> Option<&'a Tag> {
    let commit = plan.tags.iter().find(|one| one.kind == Kind::Commit)?;
    listed.contains(&commit.tag).then_some(&commit.tag)
}

/// Tags of the same version in another class, or of a release: `prod-v1.4.0`, `v1.4.0`, `1.4.0`.
fn others<'a>(
    plan: &'a Plan,
    version: &'a Planned,
    listed: &'a [Tag],
) -> impl Iterator<Item = &'a Tag> {
    let text = version.version.as_ref().and_then(|version| clean(version.as_str()));
    let is_other = move |tag: &&Tag| {
        let before = text.as_ref().and_then(|text| tag.as_str().strip_suffix(text.as_str()));
        let bare = before.map(|before| before.strip_suffix('v').unwrap_or(before));
        let is_same = bare.is_some_and(|bare| bare.is_empty() || bare.ends_with('-'));
        is_same && !plan.tags.iter().any(|own| own.tag == **tag)
    };
    let mut others: Vec<&Tag> = listed.iter().filter(is_other).collect();
    others.sort_by_key(|tag| tag.as_str().len());
    others.truncate(MOST);
    others.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tags::{Class, Facts, GitRef, Recipe, plan};
    use crate::domain::version::Version;
    use jiff::civil::DateTime;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn tag(text: &str) -> Tag {
        Tag::parse(text).unwrap()
    }

    fn planned(recipe: &Recipe) -> Plan {
        let version = Version::parse("1.4.0").unwrap();
        let facts = Facts {
            version: Some(&version),
            lack: None,
            sha: SHA,
            git_ref: GitRef::Branch("main"),
            default_branch: Some("main"),
            at: DateTime::constant(2026, 1, 2, 3, 4, 5, 0),
        };
        plan(recipe, &facts).unwrap()
    }

    /// The verdict where the registry has these tags, each with the image of a letter.
    fn said(recipe: &Recipe, has: &[(&str, char)], immutable: Immutable) -> String {
        let plan = planned(recipe);
        let listed: Vec<Tag> = has.iter().map(|(name, _)| tag(name)).collect();
        let looked = to_look_at(&plan, &listed, immutable);
        let digest = |letter: char| Digest::of(letter.to_string().as_bytes());
        let digests = has
            .iter()
            .map(|(name, letter)| (tag(name), digest(*letter)))
            .filter(|(tag, _)| looked.contains(tag))
            .collect();
        match verdict(&plan, &listed, &digests, immutable) {
            Verdict::Build => "build".to_owned(),
            Verdict::SameCommit { tag, .. } => format!("same {tag}"),
            Verdict::Skip { tag, .. } => format!("skip {tag}"),
            Verdict::Taken { tag, by: Some(by) } => format!("{tag} taken by {by}"),
            Verdict::Taken { tag, by: None } => format!("{tag} taken"),
        }
    }

    #[test]
    fn a_version_moves_until_it_was_promoted() {
        let uat = Recipe::Class(Class::parse("uat").unwrap());
        for (has, expected) in [
            (&[][..], "build"),
            (&[("uat-v1.4.0", 'a'), ("uat-latest", 'a')], "build"),
            (&[("uat-v1.4.0", 'a'), ("uat-0123456", 'a')], "build"),
            (&[("uat-v1.4.0", 'a'), ("prod-v1.4.0", 'a')], "uat-v1.4.0 taken by prod-v1.4.0"),
            (&[("uat-v1.4.0", 'a'), ("v1.4.0", 'a')], "uat-v1.4.0 taken by v1.4.0"),
            (&[("uat-v1.4.0", 'a'), ("1.4.0", 'a')], "uat-v1.4.0 taken by 1.4.0"),
            // Built for another environment: the same version, another image.
            (&[("uat-v1.4.0", 'a'), ("dev-v1.4.0", 'b')], "build"),
            // Other versions, and tags that only end alike.
            (
                &[
                    ("uat-v1.4.0", 'a'),
                    ("prod-v1.3.0", 'a'),
                    ("prod-v11.4.0", 'a'),
                    ("x1.4.0", 'a'),
                ],
                "build",
            ),
            // Run again at the commit that was promoted.
            (&[("uat-v1.4.0", 'a'), ("prod-v1.4.0", 'a'), ("uat-0123456", 'a')], "same uat-v1.4.0"),
            (
                &[("uat-v1.4.0", 'a'), ("prod-v1.4.0", 'a'), ("uat-0123456", 'b')],
                "uat-v1.4.0 taken by prod-v1.4.0",
            ),
            (&[("prod-v1.4.0", 'a')], "build"),
        ] {
            assert_eq!(said(&uat, has, Immutable::Promoted), expected, "{has:?}");
        }
    }

    #[test]
    fn what_is_asked_for_counts() {
        let uat = Recipe::Class(Class::parse("uat").unwrap());
        let has = [("uat-v1.4.0", 'a'), ("prod-v1.4.0", 'a'), ("1.4.0", 'a')];
        for (recipe, immutable, expected) in [
            (&uat, Immutable::Error, "uat-v1.4.0 taken"),
            (&uat, Immutable::Skip, "skip uat-v1.4.0"),
            (&uat, Immutable::Overwrite, "build"),
            (&Recipe::Release, Immutable::Error, "1.4.0 taken"),
        ] {
            let said = said(recipe, &has, immutable);
            assert!(said.starts_with(expected), "{immutable:?}: {said}");
        }
        for immutable in [Immutable::Error, Immutable::Skip] {
            let has = [("uat-v1.4.0", 'a'), ("uat-0123456", 'a')];
            assert_eq!(said(&uat, &has, immutable), "same uat-v1.4.0");
            assert_eq!(said(&uat, &[("uat-0123456", 'a')], immutable), "build");
        }
        assert!(to_look_at(&planned(&uat), &[tag("uat-v1.4.0")], Immutable::Overwrite).is_empty());
    }
}
