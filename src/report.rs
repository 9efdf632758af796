//! Words: Markdown, annotations, tables. Pure; escaping for the runner and writing are the adapters' business.

pub mod annotation;
pub mod backup;
pub mod build_push;
pub mod chat;
pub mod coverage;
pub mod docs;
pub mod findings;
pub mod incident;
pub mod markdown;
pub mod release;
pub mod summary;
pub mod uri;
