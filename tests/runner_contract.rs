//! What we write, read by an independent model of the runner: nothing more is obeyed than was meant, and what is
//! obeyed says what was meant.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

#[path = "runner_contract/commands.rs"]
mod commands;
#[path = "runner_contract/harness.rs"]
mod harness;
#[path = "runner_contract/output_files.rs"]
mod output_files;
#[path = "runner_contract/sessions.rs"]
mod sessions;
#[path = "runner_contract/texts.rs"]
mod texts;
