//! Where backups are kept.

pub mod local;
