//! Which databases are meant: those that an input names, else all that the server has and that are not ours.

use super::bench::{Bench, note};
use crate::adapters::postgres::catalog;
use crate::failure::{Failure, Outcome};

/// The database that every server has, also where nobody uses it.
const MAINTENANCE: &str = "postgres";

/// The databases that are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Those with a table, by name.
    pub full: Vec<String>,
    /// Those without one.
    pub empty: Vec<String>,
}

/// Finds the databases: those that are `named`, else all but templates, what a restore of ours keeps, and an empty
/// `postgres` beside others.
///
/// # Errors
/// [`Outcome::BadInput`] where a named one does not exist, with the list of those that do.
pub async fn find(bench: Bench<'_>, named: &[String]) -> Result<Which, Failure> {
    let mut session = bench.server.session(MAINTENANCE).await?;
    let (kept, others): (Vec<_>, Vec<_>) = catalog::databases(&mut session)
        .await?
        .into_iter()
        .partition(|listed| listed.kept().is_some());
    let all: Vec<String> = others.into_iter().map(|listed| listed.name).collect();
    if let Some(missing) = named.iter().find(|name| !all.contains(name)) {
        return Err(Failure::new(
            Outcome::BadInput,
            format!("the input `databases` names {missing}, which the server does not have"),
        )
        .why(format!("it has {}", all.join(", ")))
        .help("name one of these, or leave `databases` out to take all of them"));
    }
    let mut which = Which::default();
    for name in all.iter().filter(|name| named.is_empty() || named.contains(name)) {
        let mut session = bench.server.session(name).await?;
        let side = if catalog::has_tables(&mut session).await? {
            &mut which.full
        } else {
            &mut which.empty
        };
        side.push(name.clone());
    }
    if named.is_empty() {
        skip(bench, &mut which, kept.into_iter().map(|listed| listed.name).collect());
    }
    Ok(which)
}

/// Says what is left out where no input names what is meant.
fn skip(bench: Bench<'_>, which: &mut Which, kept: Vec<String>) {
    let is_one_of_many = which.full.len() + which.empty.len() > 1;
    if is_one_of_many && which.empty.iter().any(|name| name == MAINTENANCE) {
        which.empty.retain(|name| name != MAINTENANCE);
        note(bench, format!("the database {MAINTENANCE} is empty and not the only one: left out"));
    }
    for name in kept {
        note(bench, format!("the database {name} is kept by an earlier restore: left out"));
    }
}
