//! The world. Each adapter runs real clients against endpoints that are parameters, and emits events to a sink.

pub mod chat;
pub mod docker;
pub mod git;
pub mod github;

pub mod host;
pub mod http;
pub mod postgres;
pub mod registry;
pub mod runner;
pub mod storage;
