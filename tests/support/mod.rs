//! What several test programs share.

pub mod fake_runner;
