//! Decisions. Pure: no `async`, no clock, no environment, no files; time and randomness are arguments.

pub mod action;
pub mod event;
pub mod input;
pub mod job;
