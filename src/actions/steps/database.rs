//! The database as a step of deploy and rollback.

use crate::actions::steps::site::Site;
use crate::domain::input::Values;
use crate::domain::release::Release;
use crate::failure::{Failure, Outcome};

/// A backup that was chosen.
pub struct Chosen;
/// Prepared.
pub struct Prepared;
/// Swapped.
pub struct Swapped {
    /// The backup's name.
    pub backup: String,
}

impl Swapped {
    /// Words.
    pub fn kept(&self) -> String {
        String::new()
    }
}

fn no() -> Failure {
    Failure::new(Outcome::Bug, "not here yet")
}

pub async fn before_migration(_: &Site<'_>, _: &str) -> Result<String, Failure> {
    Err(no())
}
pub fn choose(_: &Site<'_>, _: &Values, _: &str) -> Result<Chosen, Failure> {
    Err(no())
}
pub async fn prepare(
    _: &Site<'_>,
    _: &Values,
    _: &Release,
    _: &Chosen,
) -> Result<Prepared, Failure> {
    Err(no())
}
pub async fn swap_in(_: &Site<'_>, _: Prepared) -> Result<Swapped, Failure> {
    Err(no())
}
pub async fn swap_back(_: &Site<'_>, _: Swapped) -> Result<(), Failure> {
    Err(no())
}
