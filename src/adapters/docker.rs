//! The container engine: where it is, what runs on it, and Docker Compose as a program.
//!
//! Knows nothing of releases, databases or GitHub.

mod api;
pub mod compose;
pub mod container;
pub mod endpoint;
pub mod engine;
pub mod image;
pub mod logs;
