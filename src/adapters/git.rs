//! Git: what the checkout holds, what a change is, what it is compared with, and where baselines are kept.
//!
//! Nothing here changes the user's repository: what has to be fetched or built goes to private repositories in a
//! temporary folder ([`repo`]), which borrow the objects of the checkout. Only git as a program is used, 2.31 or later.

pub mod base;
pub mod baseline;
pub mod branch_file;
mod command;
pub mod diff;
mod error;
pub mod files;
mod history;
pub mod listing;
mod private;
mod remote;
pub mod repo;
mod server_ref;
pub mod tags;
mod untracked;
mod worktree;

pub use error::GitError;
pub use remote::Credentials;
pub use server_ref::RefError;
pub use untracked::holds_untracked;
pub use worktree::Edited;
