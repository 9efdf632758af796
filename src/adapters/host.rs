//! The machine we run on: files, locks, child processes. Knows nothing of Docker or GitHub.

pub mod files;
pub mod lock;
