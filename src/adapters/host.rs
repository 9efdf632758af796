//! The machine we run on: files, locks, child processes. Knows nothing of Docker or GitHub.

pub mod checkout;
pub mod files;
pub mod guard;
pub mod lock;
pub mod process;
pub mod reports;
pub mod scratch;
pub mod store;
pub mod tree;
pub mod windows;
