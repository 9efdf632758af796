//! Steps that several stories share. They use adapters and decisions, and never a story.

pub mod aftermath;
pub mod checkout;
pub mod database;
pub mod drift;
pub mod ending;
pub mod first_contact;
pub mod former;
pub mod github;
pub mod http;
pub mod images;
pub mod migrate;
pub mod older;
pub mod orphans;
pub mod parallel;
pub mod phases;
pub mod plan;
pub mod prune;
pub mod referred;
pub mod site;
pub mod stage;
pub mod switch;
pub mod watch;
