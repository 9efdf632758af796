//! Decisions. Pure: no `async`, no clock, no environment, no files; time and randomness are arguments.

pub mod action;
pub mod backup;
pub mod compose;
pub mod coverage;
pub mod env_file;
pub mod event;
pub mod finding;
pub mod first_contact;
pub mod foreign_comment;
pub mod git_files;
pub mod globs;
pub mod health;
pub mod input;
pub mod interpolate;
pub mod job;
pub mod known;
pub mod odoo;
pub mod pull_request;
pub mod release;
pub mod repository;
pub mod secret_key;
pub mod secrets;
pub mod shown;
pub mod sticky;
pub mod validation;
pub mod yaml;
