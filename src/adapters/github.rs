//! GitHub's REST API, on github.com and on GitHub Enterprise Server.
//!
//! octocrab moves the requests, and nothing else of it is used: it repeats a POST after a lost answer (one call made three
//! issues), does not wait when asked to, and refuses an answer for a field that it does not know. Ours are:
//! - [`client`]: addresses, headers, the time that an operation may take
//! - [`retry`] and [`pacing`]: when a request is repeated, and how fast writes follow each other
//! - [`errors`]: what GitHub said, and which permission is missing
//! - [`creation`]: a POST whose answer is lost is looked up, never repeated blindly
//! - [`pages`]: lists; [`comments`], [`compare`], [`contents`], [`issues`], [`labels`], [`logs`], [`pulls`], [`refs`],
//!   [`runs`]: what is asked for
//!
//! Every operation has a budget of time; what does not fit into it is an error, not a wait. `tests/it/github.rs` runs all
//! of it against a server that answers, and fails, as GitHub does.

pub mod client;
pub mod comments;
pub mod compare;
pub mod contents;
pub mod creation;
pub mod errors;
pub mod issues;
pub mod labels;
pub mod logs;
pub mod pacing;
pub mod pages;
pub mod pulls;
pub mod refs;
pub mod retry;
pub mod runs;
mod transport;
