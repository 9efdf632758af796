//! Compose projects: their names, the files as Compose reads them, the rules that they keep, and the model that Compose
//! resolved.

mod canonical;
pub mod discover;
pub mod found;
pub mod host_port;
pub mod load;
mod merge;
pub mod model;
mod mount;
mod places;
mod port;
pub mod project;
pub mod renamed;
pub mod rules;
mod schema;
pub mod stack;
mod typed;
pub mod variables;
