//! What is wrong with the inputs, gathered so that all of it is told at once.

use crate::domain::input::Values;

/// What is wrong with the inputs.
#[derive(Default)]
pub struct Faults(Vec<String>);

impl Faults {
    /// All of them.
    pub fn all(&self) -> &[String] {
        &self.0
    }

    /// Notes one.
    pub fn add(&mut self, why: impl Into<String>) {
        self.0.push(why.into());
    }

    /// Notes why something cannot be read.
    pub fn keep<T, E: ToString>(&mut self, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.add(error.to_string())).ok()
    }
}

/// The text of an input, if there is one.
pub fn given(values: &Values, name: &str) -> Option<String> {
    values.text(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
