//! Backups: their names, what is recorded of them, which are kept, and the names and SQL of a restore.

pub mod archive;
pub mod kept;
pub mod manifest;
pub mod name;
pub mod restore;
pub mod retention;
pub mod room;
pub mod sql;
