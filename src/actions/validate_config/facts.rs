//! What only this machine knows: whose a file is, which networks and volumes the engine has.

use std::collections::BTreeSet;

use crate::adapters::docker::endpoint::Endpoint;
use crate::adapters::docker::engine::Engine;
use crate::adapters::host::checkout::Checkout;
use crate::adapters::host::process::{self, ChildEnv};
use crate::domain::compose::rules::externals::{self, External, Kind};
use crate::domain::env_file::rules::{Owner, permissions};
use crate::domain::finding::Finding;
use crate::domain::git_files::Private;
use crate::failure::Failure;

/// The external networks and volumes that the engine does not have.
///
/// # Errors
/// Where the engine does not answer: what was not asked is not there for nobody.
pub async fn missing(externals: &[External]) -> Result<Vec<Finding>, Failure> {
    let endpoint = Endpoint::find(&ChildEnv::from_process())?;
    let engine = Engine::connect(&endpoint).await?;
    let mut there = BTreeSet::new();
    let wanted: BTreeSet<(Kind, &str)> =
        externals.iter().map(|one| (one.kind, one.name.as_str())).collect();
    for (kind, name) in wanted {
        let is_there = match kind {
            Kind::Network => engine.network_exists(name).await?,
            Kind::Volume => engine.volume_exists(name).await?,
        };
        there.extend(is_there.then(|| (kind, name.to_owned())));
    }
    Ok(externals::missing(externals, &there))
}

/// Files with secrets that others on this host can read.
pub fn rights(checkout: &Checkout, private: &[Private]) -> Vec<Finding> {
    let own = process::own_user();
    let one = |path: &str, shown: &str| {
        let rights = checkout.rights(path)?;
        let owner = if rights.owner == own || own == 0 { Owner::Own } else { Owner::Other };
        permissions((path, shown), rights.mode, owner)
    };
    private.iter().filter_map(|private| one(&private.path, &private.shown)).collect()
}
