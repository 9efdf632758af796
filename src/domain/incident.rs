//! Failures of workflows, and the issue that tells of one: what failed, whether it is known already, and what is to be
//! done with the issue.
//!
//! - [`run`]: which run is meant; [`jobs`] and [`workflow`]: what of it failed, what only followed
//! - [`key`]: which issue a failure belongs to; [`memory`]: what an issue knows of earlier runs
//! - [`life`]: what is done with the issue
//! - [`closing`]: commits that say that they fix one

pub mod closing;
pub mod descent;
pub mod issue;
pub mod jobs;
pub mod key;
pub mod life;
pub mod memory;
pub mod run;
pub mod workflow;
