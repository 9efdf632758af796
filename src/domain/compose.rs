//! Compose projects: their names and the model that Compose resolved.

pub mod found;
pub mod model;
pub mod project;
