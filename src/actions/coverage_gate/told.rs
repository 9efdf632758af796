//! What a run left beside its verdict, and what it could not leave.

use crate::domain::event::{Annotation, Level};
use crate::failure::Failure;

/// What was left, and what could not be.
#[derive(Default)]
pub struct Told {
    /// Output and path of each file.
    pub files: Vec<(&'static str, String)>,
    /// Warnings.
    pub annotations: Vec<Annotation>,
    /// The comment, ready to be posted.
    pub comment: String,
}

impl Told {
    /// Tells what could not be left. It never changes the verdict.
    pub fn warn(&mut self, title: &str, failure: &Failure) {
        self.say(Level::Warning, title, failure.to_string());
    }

    /// Says something on the run's page.
    pub fn say(&mut self, level: Level, title: &str, message: String) {
        self.annotations.push(Annotation { level, title: title.to_owned(), message, place: None });
    }
}
