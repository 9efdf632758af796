//! What a run found out, for what it leaves.

use std::collections::BTreeMap;

use crate::actions::coverage_gate::change::{Checkout, Judged};
use crate::domain::coverage::counts::Counts;
use crate::domain::coverage::gate::Assessment;
use crate::domain::coverage::project::Project;
use crate::report::coverage::comment::Links;

/// What a run found out.
pub struct Findings {
    /// The verdict and what it rests on.
    pub assessment: Assessment,
    /// The reports.
    pub project: Project,
    /// The checkout.
    pub checkout: Option<Checkout>,
    /// The change.
    pub judged: Judged,
    /// The judged form of every file.
    pub counts: BTreeMap<String, Counts>,
    /// Where its lines can be looked at.
    pub links: Links,
}
