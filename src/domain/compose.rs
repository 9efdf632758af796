//! Compose projects: their names and the model that Compose resolved.

pub mod found;
pub mod interpolate;
pub mod model;
pub mod project;
