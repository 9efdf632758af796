//! The tags of an image that is built: which it gets, which of them move, and which stay where they are.
//!
//! | recipe | tags |
//! |---|---|
//! | [`Recipe::Class`], `uat` | `uat-latest`, `uat-v1.4.0`, `uat-1a2b3c4` |
//! | [`Recipe::Release`] | `1.4.0`, `1.4.0-1a2b3c4`, `latest`, `main` |
//! | [`Recipe::Patterns`] | what each line says: `{{version}}`, `type=semver,pattern={{major}}.{{minor}}` |
//!
//! With the first two a pull request gets the tag of its commit alone; [`Recipe::Release`] leaves `latest` where it is
//! on other branches than the default one. What moves never goes back: [`plan()`] makes the tags, [`rivals`] says which
//! tags of the registry tell where they stand ([`version_for`] at which version), and [`Plan::standing`] which stay.
//!
//! Whether the tag of a version may move at all says [`verdict`].
//!
//! A tag is always valid: what no tag may have becomes a hyphen, what is too long is cut, and where two would be the
//! same the later gets a hash. The lines know the types and priorities of docker/metadata-action, as far as
//! [`Pattern::parse`] says; what it does not know it refuses by name. `parity` lists what both make of the same lines.

mod clean;
mod facts;
mod fields;
mod immutable;
mod pattern;
mod plan;
mod standing;
mod template;

pub use clean::clean;
pub use facts::{Facts, GitRef};
pub use immutable::{Immutable, Verdict, to_look_at, verdict};
pub use pattern::Pattern;
pub use plan::{Class, LeftOut, Plan, Recipe, plan};
pub use standing::{Fate, Kind, Planned, fate, rivals, version_for};

#[cfg(test)]
mod parity;
#[cfg(test)]
mod tests;
