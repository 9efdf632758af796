//! Words: Markdown, annotations, tables. Pure; escaping for the runner and writing are the adapters' business.

pub mod docs;
