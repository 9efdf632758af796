//! Failures of workflows, and the issue that tells of one: what failed and why, whether it is known already, and what is to
//! be done with the issue.
//!
//! - [`run`]: which run is meant; [`jobs`] and [`workflow`]: what of it failed, what only followed
//! - [`log`], [`cause`], [`fingerprint`]: what a job's log says, which lines explain it, by what it is known again
//! - [`reason`]: that, ready to be told
//! - [`key`]: which issue a failure belongs to; [`issue`] and [`memory`]: which are ours, and what one knows of earlier runs
//! - [`news`]: what a run says about the jobs of one issue; [`mending`]: what of it proves that something works again
//! - [`life`]: what is done with the issue; [`descent`]: which commit comes after which
//! - [`suspects`]: commits that may have broken it; [`closing`]: commits that say that they fix one;
//!   [`promise`]: the label that tells of it meanwhile
//! - [`told`]: what people are told in a comment

pub mod cause;
pub mod closing;
pub mod descent;
pub mod fingerprint;
pub mod issue;
pub mod jobs;
pub mod key;
pub mod life;
pub mod log;
pub mod memory;
pub mod mending;
pub mod news;
pub mod promise;
pub mod reason;
pub mod run;
pub mod suspects;
pub mod told;
pub mod workflow;
