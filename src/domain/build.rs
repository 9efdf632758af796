//! A build of an image by BuildKit: how it is asked for, and what its output tells. Pure.
//!
//! | file | what is in it |
//! |---|---|
//! | `order` | [`Order`]: what is built, as arguments of `docker buildx build` |
//! | `progress` | [`Progress`]: the output of a build as it comes, put in order: a group for each stage |
//! | `step` | [`Step`]: one step of a build, and what all steps come to |
//! | `cache` | [`Cache`]: where the results of steps are kept for later builds |
//! | `builder` | [`Builder`]: what builds, and whether it can do what is asked |
//! | `cause` | [`cause()`]: what to do about the errors that builds end with |

pub mod builder;
pub mod cache;
mod cause;
mod order;
mod progress;
mod step;

pub use builder::{Builder, Need, need};
pub use cache::{Cache, Means, Names};
pub use cause::{Cause, cause, passes, place};
pub use order::{Order, Secret};
pub use progress::{Progress, Shown};
pub use step::{Step, cached, slowest};
