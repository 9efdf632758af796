//! What the tests of several subjects share: servers that behave as the real ones do, and the places to run `mta` in.

pub mod act;
pub mod cut;
pub mod engine;
pub mod engine26;
pub mod git_server;
pub mod github;
pub mod mta;
pub mod owner;
pub mod postgres;
pub mod process;
pub mod python;
pub mod registry;
pub mod runner;
pub mod scene;
pub mod scratch_git;
pub mod shop;
pub mod slack;
pub mod stack;
