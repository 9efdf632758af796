//! The image that is replaced: what a moving tag points to before it moves, and how what was built differs from it.

use crate::adapters::registry::{Client, Error, Whole};
use crate::domain::image::{Difference, Manifest, Reference, Repository, Tag};
use crate::domain::tags::{Fate, Kind, Plan, Planned};

/// The tag that moves to what is built: the one that is pulled where nobody names a version. One that stays where it is
/// replaces nothing.
pub fn floating(plan: &Plan) -> Option<&Tag> {
    let moves = |one: &&Planned, kind: Kind| one.kind == kind && one.fate == Fate::Set;
    let of = |kind: Kind| plan.tags.iter().find(|one| moves(one, kind)).map(|one| &one.tag);
    of(Kind::Latest).or_else(|| of(Kind::Series)).or_else(|| of(Kind::Ref))
}

/// What a tag points to, read by its digest.
///
/// # Errors
/// It could not be found out.
pub async fn at(name: &Reference, client: &Client<'_>) -> Result<Option<Whole>, Error> {
    match client.find(name).await? {
        Some(found) => client.manifest(&name.repository().at(found.digest)).await.map(Some),
        None => Ok(None),
    }
}

/// The manifest of the only image there is; `None` for several platforms. What attests an image makes an index of one, too.
///
/// # Errors
/// It could not be read.
pub async fn sole(
    image: &Repository,
    whole: &Whole,
    client: &Client<'_>,
) -> Result<Option<Manifest>, Error> {
    match (&whole.manifest, whole.manifest.sole()) {
        (_, Some(child)) => {
            let child = client.manifest(&image.at(child.part.digest.clone())).await?;
            Ok(Some(child.manifest).filter(|manifest| matches!(manifest, Manifest::Image { .. })))
        }
        (Manifest::Image { .. }, None) => Ok(Some(whole.manifest.clone())),
        (Manifest::Index(_), None) => Ok(None),
    }
}

/// How an image differs from the one to which the moving tag of a plan points, with the name of that; `None` where there
/// is none, or it is the same. Six requests at most, of which a registry counts three as pulls.
///
/// # Errors
/// It could not be found out.
pub async fn difference(
    (image, plan): (&Repository, &Plan),
    (whole, now): (&Whole, &Manifest),
    client: &Client<'_>,
) -> Result<Option<(String, Difference)>, Error> {
    let Some(tag) = floating(plan) else { return Ok(None) };
    let name = image.tagged(tag.clone());
    let Some(before) = at(&name, client).await? else { return Ok(None) };
    if before.found.digest == whole.found.digest {
        return Ok(None);
    }
    let Some(former) = sole(image, &before, client).await? else { return Ok(None) };
    let config = match now {
        Manifest::Image { config, .. } => client.configuration(image, config).await.ok(),
        Manifest::Index(_) => None,
    };
    let difference = Difference::between(&former, now, config.as_deref());
    Ok(difference.map(|difference| (name.familiar(), difference)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tags::{Facts, GitRef, Recipe, plan};
    use crate::domain::version::Version;
    use jiff::civil::DateTime;

    #[test]
    fn what_is_replaced_is_what_the_moving_tag_points_to() {
        let version = Version::parse("1.4.0").unwrap();
        let facts = Facts {
            version: Some(&version),
            lack: None,
            sha: "0123456789abcdef0123456789abcdef01234567",
            git_ref: GitRef::Branch("main"),
            default_branch: Some("main"),
            at: DateTime::constant(2026, 1, 2, 3, 4, 5, 0),
        };
        for (lines, tag) in [
            ("{{version}}\nlatest\n{{major}}.{{minor}}", Some("latest")),
            ("{{version}}\n{{branch}}\n{{major}}.{{minor}}", Some("1.4")),
            ("{{version}}\n{{branch}}", Some("main")),
            ("{{version}}\n{{sha}}", None),
        ] {
            let plan = plan(&Recipe::patterns(lines).unwrap(), &facts).unwrap();
            assert_eq!(floating(&plan).map(Tag::as_str), tag, "{lines}");
        }
        // `latest` is on a higher version, and stays there.
        let lines = "{{version}}\nlatest\n{{major}}.{{minor}}";
        let mut plan = plan(&Recipe::patterns(lines).unwrap(), &facts).unwrap();
        let latest = plan.tags.iter_mut().find(|one| one.kind == Kind::Latest).unwrap();
        latest.fate = Fate::Stays(Version::parse("2.0.0").unwrap());
        assert_eq!(floating(&plan).map(Tag::as_str), Some("1.4"));
    }
}
