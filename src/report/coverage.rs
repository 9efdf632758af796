//! The coverage gate in words and pictures: functions over one
//! [`Assessment`](crate::domain::coverage::gate::Assessment). Pure.

pub mod annotations;
pub mod badge;
mod cells;
pub mod comment;
pub mod html;
pub mod json;
#[cfg(test)]
mod samples;
pub mod sarif;
mod sections;
pub mod summary;
pub mod verdict;
pub(super) mod words;
