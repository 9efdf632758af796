//! Whether a tag that moves from release to release moves now.

use std::cmp::Ordering;

use crate::domain::version::Version;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_highest_version_is_guarded() {
        let version = |text: &str| Version::parse(text).unwrap();
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
}
