//! A build of an image by BuildKit: how it is asked for, and what its output tells. Pure.
//!
//! | file | what is in it |
//! |---|---|
//! | `order` | [`Order`]: what is built, as arguments of `docker buildx build` |
//! | `way` | [`Way`]: what builds on this machine, and what it cannot do |
//! | `output` | [`output_faults`]: where the result goes, and what goes together |
//! | `extra` | what is handed on to buildx as it stands, and what cannot be |
//! | `progress` | [`Progress`]: the output of a build as it comes, put in order: a group for each stage |
//! | `warning` | [`Warning`]: what BuildKit warns of in a Dockerfile |
//! | `step` | [`Step`]: one step of a build, and what all steps come to |
//! | `cache` | [`Cache`]: where the results of steps are kept for later builds |
//! | `builder` | [`Builder`]: what builds, and whether it can do what is asked |
//! | `cause` | [`cause()`]: what to do about the errors that builds end with |

pub mod builder;
pub mod cache;
mod cause;
mod extra;
mod order;
mod output;
mod progress;
mod step;
mod warning;
mod way;

pub use builder::{Builder, Need, need};
pub use cache::{Cache, Means, Names};
pub use cause::{Cause, cause, passes, place};
pub use extra::{annotation_fault, annotations, argument_fault};
pub use order::{Attestations, Order, Sandbox, Secret};
pub use output::{faults as output_faults, writes_files};
pub use progress::{Progress, Shown};
pub use step::{Step, cached, slowest};
pub use warning::Warning;
pub use way::{INSTALL, Plain, Way, numbers, plain};
