//! Coverage: what reports say, and whether a change may pass. Pure.

pub mod arms;
pub mod base;
pub mod baseline;
pub mod counts;
pub mod diff;
pub mod edits;
pub mod exclusions;
pub mod formats;
pub mod gate;
pub mod judge;
pub mod line_map;
pub mod lines;
pub mod patch;
pub mod paths;
pub mod project;
pub mod python;
pub mod ratio;
pub mod regression;
pub mod report;
pub mod rules;
pub mod shown;
pub mod statements;
