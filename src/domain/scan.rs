//! What scanners say of an image: their reports read, and a gate that judges them. Pure.
//!
//! | file | what is in it |
//! |---|---|
//! | `severity` | [`Severity`]: how bad a finding is, by its word, its score or its level |
//! | `finding` | [`Finding`], and [`Findings`]: each once, of all reports |
//! | `formats` | [`read`]: Trivy's JSON, Grype's JSON and SARIF, known by what is in them |
//! | `walk` | lists deep in a document, read entry by entry |
//! | `gate` | [`judge`]: which findings count, and whether the image passes |
//! | `tool` | [`Tool`]: how a scanner is called |
//!
//! Reports are foreign: they are bounded, and what cannot be read whole is an error, never "no findings".

mod finding;
mod formats;
mod gate;
mod severity;
mod tool;
mod walk;

pub use finding::{Finding, Findings, Fix, MOST};
pub use formats::{Format, read};
pub use gate::{Judged, Row, Rules, judge, matters};
pub use severity::Severity;
pub use tool::{Target, Tool};
pub use walk::Unreadable;
