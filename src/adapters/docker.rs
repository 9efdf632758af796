//! The Docker engine and Docker Compose, both at one endpoint.

pub mod compose;
pub mod endpoint;
pub mod engine;
pub mod exec;

pub use engine::Engine;
