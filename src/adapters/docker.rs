//! The Docker engine and Docker Compose, both at one endpoint. Knows nothing of releases, databases or GitHub.

mod api;
pub mod buildx;
pub mod changes;
pub mod compose;
pub mod container;
pub mod endpoint;
pub mod engine;
pub mod exec;
pub mod logs;
pub mod private;
pub mod scanner;
pub mod unfinished;

pub use engine::Engine;
