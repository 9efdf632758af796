//! Any text as a valid tag.

use sha2::{Digest, Sha256};

use crate::domain::image::Tag;

/// Hex digits of a hash behind a tag.
const DIGITS: usize = 7;

/// The text as a tag: runs of what no tag may have become one hyphen (as docker/metadata-action does it), dots and
/// hyphens at the beginning are dropped, and what is longer than 128 characters is cut and gets a hash of the whole.
/// `None` if nothing is left.
pub fn clean(text: &str) -> Option<Tag> {
    let cleaned = hyphenated(text);
    let kept = trimmed(&cleaned);
    // What was dropped at the beginning may have taken the place of more.
    let is_cut = cleaned.len() > Tag::MAX;
    if is_cut { hashed(kept, text) } else { Tag::parse(kept).ok() }
}

/// The text with a hyphen in the place of each run of what no tag may have, as far as a tag can be long, and a
/// character more where it is longer.
pub(super) fn hyphenated(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(Tag::MAX + 1));
    let mut is_gap = false;
    for c in text.chars() {
        if cleaned.len() > Tag::MAX {
            break;
        }
        if Tag::may_have(c) {
            cleaned.push(c);
        } else if !is_gap {
            cleaned.push('-');
        }
        is_gap = !Tag::may_have(c);
    }
    cleaned
}

/// The text without what no tag begins with.
pub(super) fn trimmed(cleaned: &str) -> &str {
    cleaned.trim_start_matches(['.', '-'])
}

/// A tag with a hash of the text that it was made of behind it.
pub(super) fn hashed(cleaned: &str, text: &str) -> Option<Tag> {
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = hex.get(..DIGITS).unwrap_or_default();
    let kept = cleaned.get(..cleaned.len().min(Tag::MAX - DIGITS - 1)).unwrap_or_default();
    let tag = if kept.is_empty() { hash.to_owned() } else { format!("{kept}-{hash}") };
    Tag::parse(&tag).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(text: &str) -> Option<String> {
        clean(text).map(|tag| tag.to_string())
    }

    #[test]
    fn what_no_tag_may_have_becomes_a_hyphen() {
        for (text, tag) in [
            ("main", Some("main")),
            ("feature/login", Some("feature-login")),
            ("feature//a b", Some("feature-a-b")),
            ("1.4.0+build.5", Some("1.4.0-build.5")),
            ("-weird.branch", Some("weird.branch")),
            (".x", Some("x")),
            ("../..", None),
            ("_x", Some("_x")),
            ("fêté/x", Some("f-t-x")),
            ("a\n::error::b", Some("a-error-b")),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(cleaned(text).as_deref(), tag, "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut_and_stay_different() {
        let long = "a".repeat(128);
        assert_eq!(cleaned(&long), Some(long.clone()));
        let (one, other) =
            (cleaned(&format!("{long}b")).unwrap(), cleaned(&format!("{long}c")).unwrap());
        assert_eq!((one.len(), &one[..121]), (128, format!("{}-", "a".repeat(120)).as_str()));
        assert_ne!(one, other);
        assert!(clean(&"é/".repeat(1 << 20)).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_tag_is_always_valid_and_cleaning_it_again_changes_nothing(text in "(\\PC|[/.a-z-]){0,200}") {
            if let Some(tag) = clean(&text) {
                prop_assert_eq!(Tag::parse(tag.as_str()), Ok(tag.clone()));
                prop_assert_eq!(clean(tag.as_str()), Some(tag));
            }
        }

        #[test]
        fn what_is_valid_stays(text in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}") {
            prop_assert_eq!(cleaned(&text), Some(text));
        }
    }
}
