//! The command line: hands inputs to a story and its ending to the runner.

pub mod arguments;
pub mod docs;
