//! Compose projects: their names and the model that Compose resolved.

pub mod model;
pub mod project;
