//! A model of the GitHub Actions runner, written from its source's rules and not from our code.
//!
//! `commands` reads lines as the runner does, `files` reads file commands, `log` applies masks and limits, `harness`
//! runs a composite action. Where `act` differs from the runner, this follows the runner.

pub mod commands;
pub mod files;
pub mod harness;
pub mod log;
pub mod manifest;
