//! Findings in words: for the log, the run's page, the step summary, tools and code scanning. Pure. Whatever is shown
//! of a file goes through [`shown`], which hides the secrets in it.

pub mod annotations;
pub mod json;
pub mod sarif;
pub mod shown;
pub mod summary;
pub mod terminal;
