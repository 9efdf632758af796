//! The protocol of the GitHub Actions runner, and its stand-in for people at a terminal.
//!
//! What comes from the runner (environment, context, signals) and what goes to it (commands, masks, outputs, summary).
//! It knows nothing of engines, hosts or databases: other adapters emit events, and a [`session::Session`] shows them.
//! The contract is tested in `tests/it/runner/contract.rs` against an independent model of the runner.

pub mod clock;
pub mod command;
pub mod console;
pub mod context;
pub mod diagnostics;
pub mod environment;
pub mod foreign;
pub mod git_files;
pub mod mask;
pub mod outputs;
pub mod panic;
mod random;
pub mod redactor;
pub mod session;
pub mod signals;
pub mod summary;
pub mod terminal;
