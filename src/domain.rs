//! Decisions. Pure: no `async`, no clock, no environment, no files; time and randomness are arguments.

pub mod action;
pub mod backup;
pub mod compose;
pub mod env_file;
pub mod event;
pub mod health;
pub mod input;
pub mod job;
pub mod release;
