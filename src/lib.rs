//! The map of the crate.
//!
//! `mta` validates, deploys, backs up and rolls back Docker Compose stacks, and judges coverage, on a GitHub Actions
//! runner or by hand.
//!
//! | room | what is in it |
//! |---|---|
//! | [`failure`] | what went wrong, why, what to do; the exit codes |
//! | [`domain`] | decisions: pure functions over values. No clock, no files, no network, no environment |
//! | [`report`] | words: Markdown, annotations, tables. Pure |
//! | [`adapters`] | the world: runner, host, git, http, github, chat, registry, docker, postgres, storage |
//! | [`actions`] | stories: one per action, read from top to bottom |
//! | [`cli`] | the command line; hands inputs to a story and its ending to the runner |
//!
//! Who may use whom: `failure` <- `domain` <- `report` <- `adapters` <- `actions` <- `cli` <- `main`.
//! Inside `adapters` only `host` <- `git`, `http` <- `github`, `http` <- `chat`, `host`, `http` <- `registry`, `host` <- `docker` <- `postgres`,
//! `host` <- `storage`; `runner` is used by none of the others: adapters emit [`domain::event::Event`]s to a sink that is passed in.
//! `tests/it/layering.rs` reads the `use` lines and names the line that breaks the rule.

pub mod actions;
pub mod adapters;
pub mod cli;
pub mod domain;
pub mod failure;
pub mod report;
