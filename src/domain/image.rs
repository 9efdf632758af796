//! Names of images as registries and engines take them, as types that cannot be invalid: references, tags, digests,
//! media types, platforms. Nothing here knows of a network.
//!
//! The grammar is that of distribution's reference specification
//! (<https://pkg.go.dev/github.com/distribution/reference>), short names are completed as Docker does it (`nginx` is
//! `docker.io/library/nginx`).

mod difference;
mod digest;
mod manifest;
mod media_type;
mod parts;
mod platform;
mod reference;
mod registry;
mod tag;

use std::fmt;

use crate::domain::shown::visible;

pub use difference::{Difference, Layer};
pub use digest::{Algorithm, Digest};
pub use manifest::{Child, Manifest, Part, platform_of};
pub use media_type::{MediaType, Unnamed};
pub use parts::Parts;
pub use platform::Platform;
pub use reference::{Reference, Repository};
pub use registry::Registry;
pub use tag::Tag;

/// How much of an invalid text its message repeats, in characters.
const SHOWN: usize = 150;

/// Why a text is not what it should be: `invalid tag "-x": it begins with a dot or a hyphen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    what: &'static str,
    text: String,
    why: &'static str,
}

impl Invalid {
    fn new(what: &'static str, text: &str, why: &'static str) -> Self {
        let text = without_login(text);
        let mut shown = visible(&text.chars().take(SHOWN).collect::<String>());
        if text.chars().nth(SHOWN).is_some() {
            shown.push_str("...");
        }
        Self { what, text: shown, why }
    }

    /// The cause alone: `its name has capitals`.
    pub const fn why(&self) -> &'static str {
        self.why
    }
}

/// The text without what stands before the host of an address: `user:password@host` may be written where a reference or
/// a registry belongs. Behind the `@` of a reference is a digest.
fn without_login(text: &str) -> String {
    let is_digest = |text: &str| ["sha256:", "sha512:"].iter().any(|name| text.starts_with(name));
    match text.rsplit_once('@') {
        Some((_, host)) if !is_digest(host) => format!("***@{host}"),
        _ => text.to_owned(),
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, text, why } = self;
        write!(f, "invalid {what} \"{text}\": {why}")
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests;
