//! Steps that several stories share. They use adapters and decisions, and never a story.

pub mod checkout;
pub mod database;
